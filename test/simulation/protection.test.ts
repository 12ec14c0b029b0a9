import { describe, expect, it } from 'vitest';
import { answerTo, readChallenge } from '../../src/testing/phone-digest.ts';
import { type Header, headerOf, type PhoneMessage } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';

const ATTACKER = '203.0.113.66';
const REGISTRAR = 'sip:example.com';

function scene() {
  const lines: Record<string, unknown>[] = [];
  const world = serviceWorld({
    hearLog: (_level, message, fields) => {
      if (message.startsWith('source')) lines.push({ message, ...fields });
    },
  });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: 'answer' });
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  const { counters } = world.service.service.transactions;
  const said = (message: string) => lines.filter((line) => line.message === message);
  return { world, alice, bob, lines, said, counters };
}
type Scene = ReturnType<typeof scene>;

/** A REGISTER with credentials that answer this challenge. */
function guess(peer: RawPeer, challenged: PhoneMessage, user: string, password: string): void {
  const challenge = readChallenge(challenged);
  if (challenge === undefined) throw new Error('no challenge');
  const value = answerTo(challenge, { user, password }, { method: 'REGISTER', uri: REGISTRAR, count: 1, cnonce: 'raw' });
  peer.request('REGISTER', REGISTRAR, [
    ['To', `<sip:${user}@example.com>`],
    ['From', `<sip:${user}@example.com>;tag=raw`],
    ['Contact', `<${peer.contact}>`],
    ['Authorization', value],
  ]);
}

/** Guesses passwords of alice, as often as it is answered. */
function guesses({ world }: Pick<Scene, 'world'>, peer: RawPeer, times: number): number[] {
  peer.register('alice');
  world.run(100);
  const challenged = peer.answer;
  const before = peer.received.length;
  for (let i = 0; i < times; i++) {
    guess(peer, challenged, 'alice', `guess ${i}`);
    world.run(100);
  }
  return peer.received.slice(before).map(({ status }) => status);
}

function expectServing({ world, alice, bob }: Scene): void {
  const call = alice.call('bob');
  world.run(1000);
  expect(call.state).toBe('answered');
  call.bye();
  expectQuiet(world);
  expect([...alice.complaints, ...bob.complaints]).toEqual([]);
}

describe('who guesses passwords', () => {
  it('is banned after twenty, and served again after five minutes', () => {
    const all = scene();
    const { world, lines } = all;
    const peer = new RawPeer(world, ATTACKER);
    expect(guesses(all, peer, 50)).toEqual(Array(20).fill(403));
    expect(lines).toEqual([
      { message: 'source banned', source: ATTACKER, why: 'wrong credentials', seconds: 300, transport: 'all' },
    ]);
    const heard = peer.received.length;
    peer.request('OPTIONS', REGISTRAR);
    world.run(100);
    expect(peer.received).toHaveLength(heard);
    expectServing(all);
    peer.request('OPTIONS', REGISTRAR);
    world.run(100);
    expect(peer.answer.status).toBe(200);
    expect(lines.slice(1)).toEqual([{ message: 'source let in again', source: ATTACKER }]);
  });

  it('is cut off over TCP, and gets no new connection', () => {
    const all = scene();
    const peer = new RawPeer(all.world, ATTACKER, 'tcp');
    let closed = 0;
    peer.wire.onClosed = () => void closed++;
    expect(guesses(all, peer, 20)).toHaveLength(20);
    expect(closed).toBe(1);
    const heard = peer.received.length;
    peer.request('OPTIONS', REGISTRAR);
    all.world.run(1000);
    expect([closed, peer.received.length]).toEqual([2, heard]);
    expectServing(all);
  });

  it('bans nobody behind whose address phones are registered, or lately were', () => {
    const all = scene();
    const { world, alice, said } = all;
    const neighbour = new RawPeer(world, alice.wire.local.host);
    expect(guesses(all, neighbour, 60)).toHaveLength(60);
    expect(said('source banned')).toEqual([]);
    expect(said('source not banned, it has phones or calls')).toMatchObject([{ source: alice.wire.local.host }]);
    expectServing(all);
  });

  it('cannot get another banned, since a nonce is good for one source alone', () => {
    const all = scene();
    const { world, lines } = all;
    const attacker = new RawPeer(world, ATTACKER);
    attacker.register('alice');
    world.run(10);
    // What comes from here is as good as forged: it never received the challenge that it answers.
    const victim = new RawPeer(world, '198.51.100.7');
    for (let i = 0; i < 50; i++) guess(victim, attacker.answer, 'alice', `guess ${i}`);
    world.run(100);
    expect(new Set(victim.received.map(({ status }) => status))).toEqual(new Set([401]));
    expect(lines).toEqual([]);
    // And who knows the password is only asked once more.
    guess(victim, attacker.answer, 'alice', 'alice-secret');
    world.run(100);
    expect(headerOf(victim.answer, 'www-authenticate')).toContain('stale=true');
    expectServing(all);
  });

  it('is not who registers for the first time, or again and again', () => {
    const all = scene();
    const peer = new RawPeer(all.world, ATTACKER);
    for (let i = 0; i < 100; i++) peer.register('alice');
    all.world.run(100);
    expect(peer.received.map(({ status }) => status)).toEqual(Array(100).fill(401));
    expect(all.lines).toEqual([]);
  });
});

describe('names', () => {
  /** All that a stranger sees of an answer but what is random. */
  const seen = ({ status, reason, headers, body }: PhoneMessage): unknown => [
    status,
    reason,
    headers
      .filter(([name]) => !['via', 'call-id', 'cseq'].includes(name.toLowerCase()))
      .map(([name, value]): Header => [name, value.replace(/(tag|nonce)=("?)[0-9a-f]+/g, '$1=$2').replace(/(sip:)\w+@/g, '$1@')]),
    body,
  ];

  it('are not told apart by a wrong password, nor by a challenge', () => {
    const all = scene();
    const answers = ['alice', 'nobody'].map((user, i) => {
      const peer = new RawPeer(all.world, `203.0.113.${i}`);
      peer.register(user);
      all.world.run(10);
      const challenged = peer.answer;
      guess(peer, challenged, user, 'wrong');
      all.world.run(10);
      return [seen(challenged), seen(peer.answer)];
    });
    expect(answers[0]).toEqual(answers[1]);
    expectServing(all);
  });

  it.each(['INVITE', 'MESSAGE'])('are not told apart by an %s from elsewhere to who is not there', (method) => {
    const all = scene();
    const answers = ['carol', 'nobody'].map((user, i) => {
      const peer = new RawPeer(all.world, `203.0.113.${i}`);
      peer.request(method, `sip:${user}@example.com`, method === 'INVITE' ? [['Contact', `<${peer.contact}>`]] : []);
      all.world.run(1000);
      expect(peer.answer.status).toBe(480);
      return peer.received.map(seen);
    });
    expect(answers[0]).toEqual(answers[1]);
    expectServing(all);
  });

  it('are told to users: 404', () => {
    const all = scene();
    const call = all.alice.call('nobody');
    all.world.run(1000);
    expect(call.status).toBe(404);
    expectServing(all);
  });

  it('tried one after the other end in a ban, over UDP for UDP alone', () => {
    const all = scene();
    const peer = new RawPeer(all.world, ATTACKER);
    for (let i = 0; i < 100; i++) {
      peer.request('INVITE', `sip:${1000 + i}@example.com`, [['Contact', `<${peer.contact}>`]]);
      all.world.run(10);
    }
    expect(new Set(peer.received.map((message) => headerOf(message, 'call-id'))).size).toBe(20);
    expect(all.lines).toMatchObject([{ message: 'source banned', source: ATTACKER, why: 'unknown user', transport: 'udp' }]);
    expectServing(all);
  });
});

describe('floods', () => {
  it('of well-formed requests are cut to the rate, and others do not notice', () => {
    const all = scene();
    const { world, said } = all;
    const peer = new RawPeer(world, ATTACKER);
    for (let i = 0; i < 10_000; i++) peer.request('OPTIONS', REGISTRAR);
    world.run(100);
    expect(peer.received).toHaveLength(400);
    expect(said('source over the rate limit')).toHaveLength(1);
    expectServing(all);
  });

  it('of garbage end in a ban, before anything is read', () => {
    const all = scene();
    const { world, lines, counters } = all;
    const peer = new RawPeer(world, ATTACKER);
    for (let i = 0; i < 300; i++) peer.wire.send(`garbage ${i}\r\n\r\n`, { host: '10.0.0.1', port: 5060 });
    world.run(100);
    expect([...counters.values()]).toEqual([20]);
    expect(lines).toMatchObject([{ message: 'source banned', source: ATTACKER, why: 'malformed', transport: 'udp' }]);
    expectServing(all);
  });

  it('under the address of a user’s phone do not lock it out', () => {
    const all = scene();
    const { world, alice, said } = all;
    const spoofed = new RawPeer(world, alice.wire.local.host);
    for (let i = 0; i < 300; i++) spoofed.wire.send(`garbage ${i}\r\n\r\n`, { host: '10.0.0.1', port: 5060 });
    world.run(100);
    expect(said('source banned')).toEqual([]);
    world.run(2000);
    expectServing(all);
  });

  it('of scanners get no answer at all', () => {
    const all = scene();
    const { world, counters } = all;
    const peer = new RawPeer(world, ATTACKER);
    for (const method of ['OPTIONS', 'REGISTER', 'INVITE'])
      peer.request(method, REGISTRAR, [
        ['User-Agent', 'friendly-scanner'],
        ['Contact', `<${peer.contact}>`],
      ]);
    world.run(1000);
    expect(peer.received).toEqual([]);
    expect(counters.get('unwanted')).toBe(3);
    const overTcp = new RawPeer(world, ATTACKER, 'tcp');
    let closed = 0;
    overTcp.wire.onClosed = () => void closed++;
    overTcp.request('OPTIONS', REGISTRAR, [['User-Agent', 'sipvicious']]);
    world.run(1000);
    expect([closed, overTcp.received.length]).toEqual([1, 0]);
    expectServing(all);
  });
});
