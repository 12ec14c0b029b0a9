import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';

const SERVICE = { host: '10.0.0.1', port: 5060 };
const RUNS = 25;

/** One change of a message: at a byte, at a token, or a line of another message. */
type Change = (lines: string[], other: readonly string[]) => string[];

const TOKENS = [
  'z9hG4bK',
  '0',
  '-1',
  '4294967296',
  '""',
  '<>',
  '*',
  'sip:',
  'tel:1',
  'INVITE',
  'tag=',
  ';lr',
  '__proto__',
  '\xc3\x28',
  '\0',
  ',,,',
];
const at = (lines: readonly string[], where: number): number => where % Math.max(lines.length, 1);

const changeByte = fc.record({ line: fc.nat(40), column: fc.nat(200), byte: fc.nat(255) }).map(
  ({ line, column, byte }): Change =>
    (lines) =>
      lines.map((text, i) => {
        if (i !== at(lines, line)) return text;
        const cut = column % (text.length + 1);
        return text.slice(0, cut) + String.fromCharCode(byte) + text.slice(cut + 1);
      }),
);
const changeToken = fc.record({ line: fc.nat(40), token: fc.nat(20), by: fc.constantFrom(...TOKENS) }).map(
  ({ line, token, by }): Change =>
    (lines) =>
      lines.map((text, i) => {
        if (i !== at(lines, line)) return text;
        const words = text.split(/([ ;,:@=<>"/]+)/);
        return words.map((word, w) => (w === 2 * (token % Math.ceil(words.length / 2)) ? by : word)).join('');
      }),
);
/** Puts a line of another message in the place of the header of that name, or beside it. */
const borrow = fc.record({ line: fc.nat(40), beside: fc.boolean() }).map(
  ({ line, beside }): Change =>
    (lines, other) => {
      const taken = other[1 + at(other.slice(1), line)] ?? '';
      const name = taken.slice(0, taken.indexOf(':') + 1);
      const kept = beside ? lines : lines.filter((text, i) => i === 0 || name === '' || !text.startsWith(name));
      return [...kept.slice(0, 1), taken, ...kept.slice(1)];
    },
);
/** The start line of one message over the head of another: a BYE as a REGISTER, an answer as a request. */
const otherStart: fc.Arbitrary<Change> = fc.constant((lines, other) => [other[0] ?? '', ...lines.slice(1)]);
const change = fc.oneof(
  { weight: 2, arbitrary: changeByte },
  { weight: 4, arbitrary: changeToken },
  { weight: 3, arbitrary: borrow },
  { weight: 1, arbitrary: otherStart },
);
const attack = fc.record({
  back: fc.nat(60),
  other: fc.nat(60),
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  /** 0 and 1: a stranger over UDP and over TCP; else a phone's own address. */
  from: fc.nat(4),
  afterMs: fc.nat(80),
});

/** Users who prove who they are call each other, hold, are cancelled, hang up and register anew; and the protection is as it comes. */
function busyWorld(seed: number) {
  const world = serviceWorld({ seed });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: { ringAfterMs: 50, answerAfterMs: 300 } });
  const carol = world.phone('carol', { transport: 'tcp', onInvite: 'ring' });
  const phones = [alice, bob, carol];
  for (const phone of phones) phone.register();
  world.run(300);
  const talk = alice.call('bob');
  const ringing = bob.call('carol');
  for (const [afterMs, act] of [
    [700, () => talk.state === 'answered' && talk.request('INFO')],
    [1000, () => talk.state === 'answered' && talk.reInvite()],
    [1300, () => ringing.state !== 'ended' && ringing.cancel()],
    [1500, () => bob.register()],
    [2500, () => talk.state === 'answered' && talk.bye()],
  ] as const)
    world.timers.set(afterMs, () => void act());
  return { world, phones };
}

describe('messages of its own dialogs, changed at bytes, tokens and lines', () => {
  let sent = 0;

  // An error that is logged or thrown ends `world.run`.
  test.prop(
    { seed: fc.nat(10_000), attacks: fc.array(attack, { minLength: 80, maxLength: 160 }) },
    { numRuns: RUNS, endOnFailure: true },
  )('break nothing, leave nothing, and keep nobody from calling', ({ seed, attacks }) => {
    const { world, phones } = busyWorld(seed);
    const strangers = [world.wire('10.0.99.1'), world.wire('10.0.99.2', 'tcp')];
    for (const { back, other, changes, from, afterMs } of attacks) {
      const packet = (n: number): string[] => (world.packets.at(-1 - (n % world.packets.length))?.text ?? '').split('\r\n');
      const text = changes.reduce((lines, make) => make(lines, packet(other)), packet(back)).join('\r\n');
      (strangers[from] ?? phones[from - 2]?.wire)?.send(text, SERVICE);
      sent++;
      world.run(afterMs);
    }
    for (const phone of phones) for (const call of phone.calls) if (call.state === 'answered') call.bye();
    world.run(400_000);
    const { engine, transactions, openLegs } = world.service.service;
    // Only a call whose BYE a forged CSeq made stale may still be there.
    const talking = engine.actors().filter(({ value }) => JSON.stringify(value) === '{"talking":"connected"}').length;
    expect({ legs: openLegs, transactions: transactions.size, backlog: engine.backlog }).toEqual({
      legs: 2 * talking,
      transactions: 0,
      backlog: 0,
    });
    // Under a new address, since what was forged under theirs may have moved or removed the others' bindings.
    const [dave, erin] = [world.phone('dave', { user: 'alice' }), world.phone('erin', { user: 'bob', onInvite: 'answer' })];
    for (const phone of [dave, erin]) phone.register();
    world.run(1000);
    const call = dave.call('bob');
    world.run(2000);
    expect(call.state).toBe('answered');
    call.bye();
    world.run(1000);
  });

  it('have been thousands', () => expect(sent).toBeGreaterThan(RUNS * 80 - 1));
});
