import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/sip/codec.ts';
import { Framer } from '../../src/sip/framing.ts';
import type { Exceptions } from '../../src/testing/invariants/armed.ts';
import { headerOf, linesOf, tagOf } from '../../src/testing/phone-message.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { INVALID } from './invalid.ts';
import { IPV6 } from './ipv6.ts';
import { expanded, messageOf } from './markup.ts';
import { type Scene, scene } from './scene.ts';
import { SEMANTICS } from './semantics.ts';
import type { Torture } from './torture.ts';
import { OPEN, VALID } from './valid.ts';

const RFC4475: readonly Torture[] = [...VALID, ...INVALID, ...SEMANTICS];
const filesOf = (folder: string): string[] =>
  readdirSync(new URL(`./${folder}`, import.meta.url)).map((file) => file.replace('.txt', ''));

/** Messages whose Content-Length is not that of their body, on purpose or by a slip of their authors. */
const ODD_LENGTHS = ['clerr', 'ncl', 'mcl01', 'multi01', 'dblreq', 'inv2543'];

describe('the messages', () => {
  it('are all 49 of RFC 4475 and all 12 of RFC 5118, each in a file of its name', () => {
    expect(RFC4475.map(({ name }) => name).sort()).toEqual(filesOf('rfc4475').sort());
    expect(IPV6.map(({ name }) => name).sort()).toEqual(filesOf('rfc5118').sort());
    expect([RFC4475.length, IPV6.length]).toEqual([49, 12]);
    expect(new Set(RFC4475.map(({ section }) => section)).size).toBe(49);
  });

  it('are the bytes that their markup stands for (RFC 4475 §2)', () => {
    expect(expanded('a: 1<repeat count=3>0</repeat>\n<allOneLine>\nb: <hex>20\n6F6E</hex>e,\n two\n</allOneLine>\n')).toBe(
      'a: 1000\r\nb:  one, two\r\n\r\n',
    );
  });

  it.each(RFC4475.filter(({ name }) => !ODD_LENGTHS.includes(name)))('$name has the length that it states', ({ name }) => {
    const [head = '', ...body] = messageOf(`rfc4475/${name}`).split('\r\n\r\n');
    const stated = /\r\n(?:Content-Length|l)\s*:\s*(\d+)/i.exec(head)?.[1];
    expect(body.join('\r\n\r\n')).toHaveLength(Number(stated));
  });
});

function readsAsItShould(folder: string, { name, reads, framing, transport }: Torture): void {
  const bytes = Buffer.from(messageOf(`${folder}/${name}`), 'latin1');
  const message = decode(bytes, { stream: transport !== undefined });
  if (typeof reads === 'object') expect(message).toMatchObject({ kind: 'defect', name: reads.defect });
  else {
    if (message.kind === 'defect') throw new Error(`${message.name}: ${message.reason}`);
    if (reads !== 'nothing to remark') reads(message);
    expect(decode(Buffer.from(encode(message), 'latin1'))).toEqual(message);
  }
  const framed = framing === undefined ? undefined : new Framer().push(bytes);
  if (framing === 'waits') expect(framed).toEqual([]);
  if (framing === 'closes') expect(framed).toMatchObject([{ kind: 'defect' }]);
}

const UNREAD: Exceptions = { 'answers go back': 'who watches reads no more of what is answered here than the service' };

/** The next one who asks is answered, and of what was nothing is left. */
function goesOn({ world }: Scene, except: Exceptions = {}): void {
  const next = new RawPeer(world, '10.0.9.8');
  next.request('OPTIONS', 'sip:example.com');
  world.run(1000);
  expect(next.answer.status).toBe(200);
  expectQuiet(world, except);
}

function reaches(user: string, text: string, played: Scene, as?: (seen: Scene['answers'][0], scene: Scene) => void): void {
  const { world, answers, send } = played;
  const phone = world.phone(user, { onInvite: 'ring', domain: played.domain });
  phone.register();
  world.run(1000);
  send(text);
  world.run(1000);
  const method = text.slice(0, text.indexOf(' '));
  const seen = phone.history.findLast(({ direction, message }) => direction === 'in' && message.method === method)?.message;
  if (seen === undefined) throw new Error('nothing came to the phone');
  as?.(seen, played);
  expect(answers.at(-1)?.status).toBe(method === 'INVITE' ? 180 : 200);
}

function playTorture(folder: string, torture: Torture): void {
  const text = messageOf(`${folder}/${torture.name}`);
  const played = scene(torture);
  const { outcome } = torture;
  if ('reaches' in outcome) reaches(outcome.reaches, text, played, outcome.as);
  else {
    const { world, answers, send } = played;
    send(text);
    world.run(1000);
    if ('dropped' in outcome) {
      expect(answers).toEqual([]);
      const { counters } = world.service.service.transactions;
      expect([...counters.keys()]).toEqual(outcome.dropped === '' ? [] : [outcome.dropped]);
    } else {
      const answer = answers.at(-1);
      expect(answer).toMatchObject({ status: outcome.status, reason: outcome.reason });
      if (answer !== undefined) outcome.as?.(answer, played);
    }
  }
  goesOn(played, typeof torture.reads === 'object' ? UNREAD : {});
}

describe.each(RFC4475)('RFC 4475 $section $name: $title', (torture) => {
  it('is read as it should be', () => readsAsItShould('rfc4475', torture));
  it('gets of the service what it should', () => playTorture('rfc4475', torture));
});

describe.each(IPV6)('RFC 5118 $section ($name): $title', (torture) => {
  it('is read as it should be', () => readsAsItShould('rfc5118', torture));
  it('gets of the service what it should', () => playTorture('rfc5118', torture));
});

describe('beyond the bytes of RFC 4475', () => {
  it('wsinv without its To tag rings, and its callee sees what it says', () => {
    const played = scene({ config: { domains: ['chair-dnrc.example.com', 'example.org'] }, users: ['vivekg'] });
    const text = messageOf('rfc4475/wsinv').replace(' ;   tag    = 1918181833n', '');
    reaches('vivekg', text, played, (seen) => {
      expect(headerOf(seen, 'from')).toMatch(/^"J Rosenberg \\\\\\"" <sip:jdrosen@example.com>;tag=/);
      expect(tagOf(seen, 'from')).not.toBe('98asjd8');
      expect(headerOf(seen, 'max-forwards')).toBe('67');
      expect(linesOf(seen, 'NewFangledHeader')).toEqual(['newfangled value continued newfangled value']);
      expect(linesOf(seen, 'UnknownHeaderWithUnusualValue')).toEqual([';;,,;;,;']);
      expect(seen.body).toBe(text.slice(-150));
    });
    goesOn(played);
  });

  it('what regescrt registered is shown with its escaped header, and called without it', () => {
    const { world, send, answers } = scene(OPEN);
    send(messageOf('rfc4475/regescrt').replace('M: <sip:user@example.com?', 'M: <sip:user@gw.example.net?'));
    world.run(1000);
    const caller = world.phone('caller');
    const asked = world.phone('user', { domain: 'example.com' });
    const query = asked.register({ contacts: [] });
    caller.call('user');
    world.run(1000);
    expect(query.contacts).toEqual([
      expect.stringMatching(/^<sip:user@gw\.example\.net\?Route=%3Csip:sip\.example\.com%3E>;expires=/),
    ]);
    const invite = answers.find(({ method }) => method === 'INVITE');
    // RFC 3261 §19.1.5: not in a Request-URI, and a Route of others is not honoured.
    expect(invite?.uri).toBe('sip:user@gw.example.net');
    expect(invite === undefined ? [] : linesOf(invite, 'route')).toEqual([]);
  });
});
