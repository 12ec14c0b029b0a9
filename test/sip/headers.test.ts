import { describe, expect, it } from 'vitest';
import {
  casedName,
  formatNameAddr,
  header,
  integerHeader,
  longName,
  parseNameAddr,
  splitList,
  tokens,
  unquoted,
  withHeader,
} from '../../src/sip/headers.ts';
import { reasonPhrase, responseTo } from '../../src/sip/response.ts';
import { INVITE, request, wire } from './messages.ts';

const NONE = Object.create(null) as Record<string, string | null>;
const invite = request(
  wire([...INVITE, 'Timestamp: 54', 'Expires: 3600', 'Session-Expires: 1800;refresher=uac', 'Min-SE: 90x', 'Subject: -1']),
);

describe('parseNameAddr', () => {
  it.each([
    ['<sip:a@b>', '', 'sip:a@b'],
    ['sip:a@b;tag=1', '', 'sip:a@b'],
    ['"A, <B>; \\"C\\"" <sip:a@b;x=y>;tag=1', '"A, <B>; \\"C\\""', 'sip:a@b;x=y'],
    ['A B  <sip:a@b>', 'A B', 'sip:a@b'],
    ['J\xe9r\xf4me <tel:+1>', '"J\xe9r\xf4me"', 'tel:+1'],
    ['sip:a@b;x="<sip:c@d>"', '', 'sip:a@b'],
    ['<https://example.com/x?y=z>;purpose=icon', '', 'https://example.com/x?y=z'],
  ])('%s', (text, name, uri) => {
    expect(parseNameAddr(text)).toMatchObject({ name, uri });
  });

  it.each([
    '',
    '<>',
    '<sip:a@b',
    'sip:a@b>',
    '"x" sip:a@b',
    '"x <sip:a@b>',
    'x"y" <sip:a@b>',
    '<sip:a b>',
    '<sip:a@b> x',
    '<sip:a@b>;',
    '<sip:a@b>;=x',
    '<sip:a@b>;x=',
    '<a>',
  ])('refuses %j', (text) => {
    expect(parseNameAddr(text)).toBeUndefined();
  });
});

describe('formatNameAddr', () => {
  it.each([
    ['', '<sip:a@b>'],
    ['Bob Smith', 'Bob Smith <sip:a@b>'],
    ['"Bob"', '"Bob" <sip:a@b>'],
    ['Smith, Bob', '"Smith, Bob" <sip:a@b>'],
    ['"unfinished', '"\\"unfinished" <sip:a@b>'],
    ['"a" <sip:evil@x>, "b"', '"\\"a\\" <sip:evil@x>, \\"b\\"" <sip:a@b>'],
    ['"a\\"', '"\\"a\\\\\\"" <sip:a@b>'],
  ])('%j', (name, text) => {
    expect(formatNameAddr({ name, uri: 'sip:a@b', params: NONE })).toBe(text);
    expect(parseNameAddr(text)?.uri).toBe('sip:a@b');
  });
  it('undoes quotes', () => {
    expect(unquoted('"a \\"b\\" \\\\"')).toBe('a "b" \\');
    expect(unquoted('plain')).toBe('plain');
  });
});

describe('lists', () => {
  it('split outside quotes and brackets', () => {
    expect(splitList('"a,b" <x,y> , c,d')).toEqual(['"a,b" <x,y>', 'c', 'd']);
    expect(splitList('a,')).toEqual(['a', '']);
    expect(splitList('a,b,c', 2)).toBeUndefined();
    expect(splitList('a,b', 2)).toEqual(['a', 'b']);
  });
  it('of tokens leave out what is empty, and are bounded', () => {
    expect(tokens(['100rel, timer', ' ,replaces'])).toEqual(['100rel', 'timer', 'replaces']);
    expect(tokens(undefined)).toEqual([]);
    expect(tokens(['a,'.repeat(500), 'b,'.repeat(500)])).toHaveLength(70);
  });
});

describe('headers of a message', () => {
  it('by name, as integers, with others set', () => {
    expect(header(invite, 'timestamp')).toBe('54');
    expect(header(invite, 'date')).toBeUndefined();
    expect(integerHeader(invite, 'expires')).toBe(3600);
    expect(integerHeader(invite, 'session-expires')).toBe(1800);
    for (const name of ['min-se', 'subject', 'date']) expect(integerHeader(invite, name)).toBeUndefined();
    expect([...withHeader(new Map([['a', ['1']]]), 'b', '2', '3')]).toEqual([
      ['a', ['1']],
      ['b', ['2', '3']],
    ]);
    expect([...withHeader(new Map([['a', ['1']]]), 'a')]).toEqual([]);
  });
  it('are named in any case and spelling', () => {
    for (const name of ['v', 'V', 'via', 'VIA', 'vIa']) expect(longName(name)).toBe('via');
    expect(longName('X-Custom')).toBe('x-custom');
    expect(['call-id', 'cseq', 'www-authenticate', 'mime-version', 'x-custom'].map(casedName)).toEqual([
      'Call-ID',
      'CSeq',
      'WWW-Authenticate',
      'MIME-Version',
      'X-Custom',
    ]);
  });
});

describe('responseTo (RFC 3261 §8.2.6)', () => {
  it('copies what a response copies and adds our tag', () => {
    const ringing = responseTo(invite, 180, undefined, 'our-tag');
    expect(ringing).toMatchObject({
      status: 180,
      reason: 'Ringing',
      via: invite.via,
      from: invite.from,
      callId: invite.callId,
      cseq: invite.cseq,
    });
    expect(ringing.to).toMatchObject({ uri: invite.to.uri, params: { tag: 'our-tag' } });
    expect(invite.to.params.tag).toBeUndefined();
    expect(ringing.headers.has('timestamp')).toBe(false);
  });
  it('leaves a tag that is there', () => {
    const inDialog = { ...invite, to: { ...invite.to, params: Object.assign(Object.create(null), { tag: 'old' }) } };
    expect(responseTo(inDialog, 200, 'Fine', 'new')).toMatchObject({ reason: 'Fine', to: { params: { tag: 'old' } } });
  });
  it('carries Timestamp on 100, and no tag unless one is given', () => {
    const trying = responseTo(invite, 100);
    expect(trying.headers.get('timestamp')).toEqual(['54']);
    expect(trying.to.params.tag).toBeUndefined();
  });
  it('has a phrase for every status', () => {
    expect([100, 486, 555, 199, 299, 499, 699].map(reasonPhrase)).toEqual([
      'Trying',
      'Busy Here',
      'Push Notification Service Not Supported',
      'Early Dialog Terminated',
      'OK',
      'Request Failure',
      'Global Failure',
    ]);
  });
});
