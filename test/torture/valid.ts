/** RFC 4475 §3.1.1: valid messages. */
import { expect } from 'vitest';
import type { SipRequest } from '../../src/sip/message.ts';
import { headerOf, linesOf, uriOf, valuesOf } from '../../src/testing/phone-message.ts';
import { messageOf } from './markup.ts';
import { FINE, type Torture } from './torture.ts';

const requestIn = (message: { kind: string }): SipRequest => {
  expect(message.kind).toBe('request');
  return message as SipRequest;
};
/** Everybody is a user, and nobody is asked who he is. */
export const OPEN = { config: { auth: 'none' as const, domains: ['example.com'], nat: { pingMs: 0 } }, users: [] };

export const VALID: readonly Torture[] = [
  {
    name: 'wsinv',
    section: '§3.1.1.1',
    title: 'a short tortuous INVITE',
    reads: (message) => {
      const invite = requestIn(message);
      expect(invite.uri).toBe('sip:vivekg@chair-dnrc.example.com;unknownparam');
      expect(invite.to.params.tag).toBe('1918181833n');
      expect(invite.from).toMatchObject({ name: '"J Rosenberg \\\\\\""', params: { tag: '98asjd8' } });
      expect(invite.cseq).toEqual({ seq: 9, method: 'INVITE' });
      expect(invite.via.map((via) => [via.transport, via.host, via.params.branch])).toEqual([
        ['UDP', '192.0.2.2', '390skdjuw'],
        ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
        ['UDP', '192.168.255.111', 'z9hG4bK30239'],
      ]);
      expect(invite.headers.get('max-forwards')).toEqual(['0068']);
      expect(invite.headers.get('subject')).toEqual(['']);
      expect(invite.headers.get('newfangledheader')).toEqual(['newfangled value continued newfangled value']);
      expect(invite.headers.get('unknownheaderwithunusualvalue')).toEqual([';;,,;;,;']);
      expect(invite.contact).toMatchObject([{ params: { newparam: 'newvalue', secondparam: null, q: '0.33' } }]);
    },
    config: { domains: ['chair-dnrc.example.com'] },
    users: ['vivekg'],
    // It has a To tag, and the dialog is not ours (RFC 3261 §12.2.2). Without the tag it rings: see torture.test.ts.
    outcome: {
      status: 481,
      reason: 'Call/Transaction Does Not Exist',
      as: (answer) => expect(valuesOf(answer, 'via')).toHaveLength(3),
    },
  },
  {
    name: 'intmeth',
    section: '§3.1.1.2',
    title: 'a wide range of valid characters',
    transport: 'tcp',
    reads: (message) => {
      const unusual = requestIn(message);
      expect(unusual.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
      expect(unusual.to.name).toBe('"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f"');
      expect(unusual.from.params.tag).toBe("_token~1'+`*%!-.");
      expect(unusual.from.name).toBe("token1~` token2'+_ token3*%!.-");
      expect(unusual.callId).toBe('intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
      expect(unusual.headers.get("extensionheader-!.%*+_`'~")).toEqual([
        Buffer.from('EFBBBFE5A4A7E5819CE99BBB', 'hex').toString('latin1'),
      ]);
    },
    outcome: {
      status: 501,
      reason: 'Not Implemented',
      as: (answer) => expect(headerOf(answer, 'allow')).toContain('INVITE'),
    },
  },
  {
    name: 'esc01',
    section: '§3.1.1.3',
    title: 'valid use of the % escaping mechanism',
    reads: (message) => {
      const invite = requestIn(message);
      expect(invite.uri).toBe('sip:sips%3Auser%40example.com@example.net');
      expect(invite.to.uri).toBe('sip:%75se%72@example.com');
    },
    config: { domains: ['example.com'] },
    users: ['user'],
    // Its Request-URI is of a domain that is not ours.
    outcome: { status: 403, reason: 'Not A Domain Of Ours' },
  },
  {
    name: 'escnull',
    section: '§3.1.1.4',
    title: 'escaped nulls in URIs',
    ...OPEN,
    reads: FINE,
    outcome: {
      status: 200,
      reason: 'OK',
      as: (answer) =>
        expect(valuesOf(answer, 'contact').map(uriOf).sort()).toEqual([
          'sip:%00%00@host5.example.com',
          'sip:%00@host5.example.com',
        ]),
    },
  },
  {
    name: 'esc02',
    section: '§3.1.1.5',
    title: 'use of % when it is not an escape',
    transport: 'tcp',
    reads: (message) => {
      const unusual = requestIn(message);
      expect(unusual.method).toBe('RE%47IST%45R');
      expect(unusual.to.name).toBe('"%Z%45"');
      expect(unusual.contact).toHaveLength(2);
    },
    outcome: { status: 501, reason: 'Not Implemented' },
  },
  {
    name: 'lwsdisp',
    section: '§3.1.1.6',
    title: 'no LWS between display name and <',
    reads: (message) => expect(requestIn(message).from).toMatchObject({ name: 'caller', uri: 'sip:caller@example.com' }),
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: 'longreq',
    section: '§3.1.1.7',
    title: 'long values in header fields',
    transport: 'tcp',
    users: ['user'],
    reads: (message) => {
      const invite = requestIn(message);
      expect(invite.via).toHaveLength(34);
      expect(invite.via[33]?.params.branch).toBe(`very${'long'.repeat(50)}branchvalue`);
      expect(invite.from.params.tag).toBe(`12${'982'.repeat(50)}424`);
      expect(invite.callId).toHaveLength(11 + 120 + 10);
    },
    outcome: {
      reaches: 'user',
      as: (seen) => {
        const long = 'long'.repeat(20);
        expect(linesOf(seen, `Unknown-${long}-Name`)).toEqual([
          `unknown-${long}-value; unknown-${long}-parameter-name = unknown-${long}-parameter-value`,
        ]);
        expect(headerOf(seen, 'to')).toContain(`very${'long'.repeat(25)}ParameterNameWithNoValue`);
      },
    },
  },
  {
    name: 'dblreq',
    section: '§3.1.1.8',
    title: 'extra trailing octets in a UDP datagram',
    ...OPEN,
    reads: (message) => expect(requestIn(message).body).toBe(''),
    outcome: {
      status: 200,
      reason: 'OK',
      as: (answer, { answers, world }) => {
        expect(uriOf(headerOf(answer, 'contact'))).toBe('sip:j.user@host.example.com');
        expect(answers).toHaveLength(1);
        expect(world.service.service.engine.countActors('call')).toBe(0);
      },
    },
  },
  {
    name: 'semiuri',
    section: '§3.1.1.9',
    title: 'semicolon-separated parameters in a user part',
    reads: (message) => expect(requestIn(message).uri).toBe('sip:user;par=u%40example.net@example.com'),
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: 'transports',
    section: '§3.1.1.10',
    title: 'varied and unknown transport types',
    reads: (message) =>
      expect(requestIn(message).via.map(({ transport }) => transport)).toEqual(['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP']),
    outcome: { status: 200, reason: 'OK', as: (answer) => expect(linesOf(answer, 'via')).toHaveLength(5) },
  },
  {
    name: 'mpart01',
    section: '§3.1.1.11',
    title: 'a multipart MIME message',
    config: { domains: ['example.org'] },
    users: ['kumiko'],
    from: { host: '127.0.0.1', port: 5070 },
    reads: (message) => {
      expect(requestIn(message).body).toHaveLength(553);
      expect(requestIn(message).body).toContain('\0');
    },
    outcome: {
      reaches: 'kumiko',
      as: (seen) => {
        expect(seen.body).toBe(messageOf('rfc4475/mpart01').slice(-553));
        expect(headerOf(seen, 'identity')).toMatch(/^r5mwreLuyDRYBi.*teeivUhkMWYUA=$/);
        expect(headerOf(seen, 'content-transfer-encoding')).toBe('binary');
      },
    },
  },
  {
    name: 'unreason',
    section: '§3.1.1.12',
    title: 'an unusual reason phrase',
    reads: (message) =>
      expect(message).toMatchObject({ kind: 'response', reason: expect.stringMatching(/^= 2\*\*3 \* 5\*\*2 \xd0\xbd\xd0\xbe /) }),
    outcome: { dropped: '' },
  },
  {
    name: 'noreason',
    section: '§3.1.1.13',
    title: 'an empty reason phrase',
    reads: (message) => expect(message).toMatchObject({ kind: 'response', status: 100, reason: '' }),
    outcome: { dropped: 'stray-response' },
  },
];
