import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import { call } from '../../machines/call.ts';
import { leg } from '../../machines/leg.ts';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import { diversion } from '../../machines/supervisors/diversion.ts';
import { ringBack } from '../../machines/supervisors/ring-back.ts';
import type { FactOf, Raw } from '../../machines/vocabulary/descriptor.ts';
import { defineFact, integer, text } from '../../machines/vocabulary/descriptor.ts';
import { legFailed } from '../../machines/vocabulary/facts.ts';
import { isProblem } from '../../src/errors.ts';
import type { CallJournal, JournalEntry } from '../../src/journal/format.ts';
import { readJournal } from '../../src/journal/read.ts';
import { replay } from '../../src/testing/replay/replay.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const read = (line: string | undefined): CallJournal => {
  const journal = readJournal(line ?? '');
  if (isProblem(journal)) throw new Error(journal.problem);
  return journal;
};

/** Bob's desk declines, his other phone rings and is answered; Alice hangs up. */
function answered(options: ServiceWorldOptions = {}): CallJournal {
  const world = serviceWorld({ journals: true, startMs: 1_700_000_000_000, ...options });
  const alice = world.phone('alice');
  const desk = world.phone('desk', { user: 'bob', onInvite: { decline: 603 } });
  const mobile = world.phone('mobile', { user: 'bob', onInvite: { ringAfterMs: 100, answerAfterMs: 2_000 } });
  for (const phone of [alice, desk, mobile]) phone.register();
  world.run(500);
  const outgoing = alice.call('bob');
  world.run(4_000);
  outgoing.bye();
  expectQuiet(world);
  return read(world.service.journals[0]);
}

describe('a replay', () => {
  it('of an answered call is the same, with all its entries', () => {
    const journal = answered();
    const { isSame, entries, lines, ladder } = replay(journal);
    expect({ isSame, entries, lines }).toEqual({ isSame: true, entries: journal.entries.length, lines: [] });
    expect(ladder).toMatch(/1 invite\.received ─+▶/);
  });

  it('says exactly where a chart with another guard goes on in another way', () => {
    const journal = answered();
    // 603 ends the search (RFC 3261 §21.6.2), as if the policy said so.
    const strict = { ...call, machine: call.machine.provide({ guards: { endsSearch: () => true } as never }) };
    const { isSame, entries, lines, ladder } = replay(journal, { scenarios: [strict] });
    expect(isSame).toBe(false);
    const declined = journal.entries.find(({ fact }) => fact?.type === 'leg.failed')?.n ?? 0;
    // What was in the mailbox already came as before; the first thing of the call's own is another.
    expect(entries).toBeGreaterThanOrEqual(declined);
    expect(lines[0]).toMatch(/^entry \d+ of \d+ of call:1 differs, 0\.\d+ s after its beginning$/);
    expect(lines.join('\n')).toMatch(/got {7}command leg\.reject to leg:1\/0 of call:1 at 0\.\d+ s: status 603/);
    expect(lines.join('\n')).toMatch(/because of \d+ /);
    expect(lines.join('\n')).toContain('call:1 in "releasing"');
    expect(ladder).toContain('leg.failed');
  });

  it('says where a delay is another', () => {
    const world = serviceWorld({ journals: true });
    const alice = world.phone('alice');
    const bob = world.phone('bob', { onInvite: { ringAfterMs: 100, answerAfterMs: 600_000 } });
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    alice.call('bob');
    expectQuiet(world);
    const journal = read(world.service.journals[0]);
    expect(replay(journal).isSame).toBe(true);
    for (const ringLimit of [58_000, 62_000]) {
      const other = { ...leg, machine: leg.machine.provide({ delays: { ringLimit } as never }) };
      const { isSame, lines } = replay(journal, { scenarios: [other] });
      expect(isSame).toBe(false);
      expect(lines[0]).toContain(', 60.000 s after its beginning');
      expect(lines.join('\n')).toContain('expected  timer xstate.after.ringLimit.leg.outgoing of leg:1/1 at 60.000 s');
      expect(lines.join('\n')).toContain(ringLimit < 60_000 ? 'at: 60.000 s → 58.000 s' : 'got       nothing');
      // A service that had no time for so long may have been that late.
      expect(replay({ ...journal, busyMs: 2_000 }, { scenarios: [other] }).isSame).toBe(ringLimit < 60_000);
    }
  });

  it('says who is born, or ends, beyond what the journal has', () => {
    const journal = answered();
    const watch = defineScenario({
      name: 'watch',
      startsOn: [legFailed.where({})],
      listensTo: () => [],
      machine: setup({ types: { input: {} as Birth<FactOf<typeof legFailed>> } }).createMachine({
        initial: 'over',
        states: { over: { type: 'final' } },
      }),
    });
    expect(replay(journal, { scenarios: [watch] }).lines.join('\n')).toContain(
      'born: nothing → [{"scenario":"watch","address":"watch:replay-1"}]',
    );
    const stays = { ...journal, entries: journal.entries.slice(0, -1) };
    expect(replay(stays).lines[0]).toBe(`call:1 is over after ${stays.entries.length} entries, but goes on here`);
    const mute = { ...diversion, startsOn: [] };
    expect(replay(journal, { scenarios: [mute as never] }).lines[0]).toMatch(/^it cannot be played: scenario diversion: /);
  });

  it('posts an input that came while the service was busy before what was taken meanwhile', () => {
    const journal = answered();
    const ack = journal.entries.findIndex(({ fact }) => fact?.type === 'ack.received');
    // The entry before it, and all that comes after, was taken a moment later; the ACK had arrived by then.
    const entries = journal.entries.map((entry, index): JournalEntry => {
      const { at, takenAt = at } = entry;
      if (index < ack - 1) return entry;
      if (index === ack - 1) return { ...entry, takenAt: (journal.entries[ack]?.at ?? 0) + 0.25 };
      return { ...entry, at: index === ack ? at : at + 0.25, takenAt: takenAt + 0.25 };
    });
    expect(replay({ ...journal, entries })).toMatchObject({ isSame: true, lines: [] });
  });

  it('plays as far as a call had come that was asked for while it went on', () => {
    const world = serviceWorld({ journals: true });
    const alice = world.phone('alice');
    const bob = world.phone('bob', { onInvite: 'answer' });
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const outgoing = alice.call('bob');
    world.run(2_000);
    const journal = world.service.service.journalOf('call:1');
    expect(journal?.outcome).toBe('open');
    expect(replay(read(JSON.stringify(journal)))).toMatchObject({ isSame: true, lines: [] });
    outgoing.bye();
    expectQuiet(world);
  });
});

const struck = defineFact('device.struck', { device: text(), times: integer() });
const strikes = setup({
  types: {
    context: {} as { device: string; times: number },
    input: {} as Birth<FactOf<typeof legFailed>>,
    events: {} as FactOf<typeof legFailed>,
    emitted: {} as Raw<typeof struck>,
  },
  delays: { window: 60_000 },
  actions: { tell: emit(({ context: { device, times } }) => struck({ device, times })) },
}).createMachine({
  id: 'strikes',
  context: ({ input }) => ({ device: input.fact.device, times: 1 }),
  initial: 'counting',
  states: {
    counting: { on: { 'leg.failed': { actions: 'tell' } }, after: { window: 'over' } },
    over: { type: 'final', entry: 'tell' },
  },
});
/** One case for all calls of a device: it belongs to the first, and hears of the others. */
const strikesScenario = defineScenario({
  name: 'strikes',
  startsOn: [legFailed.where({})],
  oncePer: ({ device }) => device,
  listensTo: ({ device }) => [legFailed.where({ device })],
  machine: strikes,
});

describe('calls that meet', () => {
  it('in a case of one of them play again one by one', () => {
    const scenarios = [strikesScenario];
    const world = serviceWorld({ journals: true, scenarios, facts: [struck] });
    const [alice, carol] = [world.phone('alice'), world.phone('carol')];
    const bob = world.phone('bob', { onInvite: { ringAfterMs: 10, declineAfterMs: 1_000, decline: 486 } as never });
    for (const phone of [alice, carol, bob]) phone.register();
    world.run(500);
    alice.call('bob');
    world.run(200);
    carol.call('bob');
    expectQuiet(world);
    const journals = world.service.journals.map(read);
    expect(journals.map(({ call }) => call)).toEqual(['call:1', 'call:2']);
    expect(journals[1]?.entries.flatMap(({ withheld = [] }) => withheld)).toEqual(['strikes']);
    for (const journal of journals)
      expect(replay(journal, { scenarios, facts: [struck] })).toMatchObject({ isSame: true, lines: [] });
    expect(replay(journals[0] as CallJournal).lines.join('\n')).toContain('born: [{"scenario":"strikes"');
  });

  it('at the same sleeping user play again one by one', () => {
    const world = serviceWorld({ journals: true });
    const [alice, carol] = [world.phone('alice'), world.phone('carol')];
    const mobile = world.phone('mobile', { user: 'bob', push: { provider: 'apns', prid: 'tok-of-bob' }, onInvite: 'ring' });
    for (const phone of [alice, carol, mobile]) phone.register();
    world.run(500);
    world.sleepUntilPushed(mobile, 'tok-of-bob', { afterMs: 1_000 });
    const calls = [alice.call('bob'), carol.call('bob')];
    world.run(5_000);
    for (const one of calls) one.cancel();
    expectQuiet(world);
    expect(world.service.journals).toHaveLength(2);
    for (const journal of world.service.journals.map(read)) expect(replay(journal)).toMatchObject({ isSame: true });
  });
});

describe('scenarios beside the service’s own', () => {
  it('are told who talks, and place calls of their own', () => {
    const scenarios = [{ scenario: ringBack, settings: {} }];
    const world = serviceWorld({ journals: true, scenarios, config: { codes: ['*37', '#37'] } });
    const [alice, bob, carol] = [world.phone('alice'), world.phone('bob'), world.phone('carol')];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const talk = carol.call('bob');
    world.run(500);
    bob.onInvite = { decline: 486 };
    alice.call('bob');
    world.run(1_000);
    alice.call('sip:*37@example.com');
    world.run(1_000);
    talk.bye();
    bob.onInvite = 'answer';
    world.run(20_000);
    for (const phone of [alice, bob]) for (const one of phone.calls) one.bye();
    expectQuiet(world);
    const journals = world.service.journals.map(read);
    expect(journals.length).toBeGreaterThan(3);
    expect(journals.flatMap(({ entries }) => entries).some(({ current }) => current !== undefined)).toBe(true);
    for (const journal of journals) expect(replay(journal, { scenarios })).toMatchObject({ isSame: true, lines: [] });
  });

  it('may make a secret of what they know: the journal has its name alone', () => {
    const journal = answered();
    const entries = journal.entries.map((entry) =>
      entry.command?.type === 'leg.answer' ? { ...entry, command: { ...entry.command, fork: 'hidden-7' } } : entry,
    );
    expect(replay({ ...journal, entries } as CallJournal)).toMatchObject({ isSame: true });
  });
});

describe('a line that cannot be played', () => {
  const good = () => JSON.parse(JSON.stringify(answered())) as Record<string, unknown>;
  it.each<[string, (journal: Record<string, unknown>) => unknown, string]>([
    ['of a later version', (journal) => ({ ...journal, version: 2 }), 'it is of version 2; this callweave plays version 1'],
    ['of another program', () => ({ log: 'x' }), 'it is no journal of callweave'],
    ['without entries', (journal) => ({ ...journal, entries: [] }), 'it has no entries'],
    ['with a list for a name', (journal) => ({ ...journal, call: [] }), 'call is no text'],
    [
      'with an entry of nothing',
      (journal) => ({ ...journal, entries: [{ n: 1, at: 0, by: 'x', cause: 0 }] }),
      'entry 1 is neither a fact nor a command nor a timer',
    ],
    [
      'with an effect before its cause',
      (journal) => ({ ...journal, entries: [{ n: 1, at: 0, by: 'x', cause: 1, fact: { type: 'a.b' } }] }),
      'entry 1 has a cause that is not before it',
    ],
  ])('%s says why', (_, change, why) => {
    expect(readJournal(JSON.stringify(change(good())))).toEqual({ problem: why });
  });

  it('since it is cut says so', () => {
    expect(readJournal('{"callweave":"journal","ver')).toEqual({ problem: expect.stringMatching(/^it is no JSON: /) });
    const cut = { ...answered(), cut: 'it went on' };
    expect(replay(cut)).toMatchObject({ isSame: false, lines: ['it cannot be played: it went on'] });
  });

  it('names the fact that nobody knows', () => {
    const journal = answered();
    const [first, ...others] = journal.entries;
    const strange = { ...journal, entries: [{ ...first, fact: { type: 'moon.risen' } }, ...others] } as CallJournal;
    expect(replay(strange).lines).toEqual(['it cannot be played: cannot post a fact: there is no fact "moon.risen"']);
  });

  it('is none because of keys that nobody knows', () => {
    const journal = good();
    const entries = (journal.entries as object[]).map((entry) => ({ ...entry, colour: 'red' }));
    expect(replay(read(JSON.stringify({ ...journal, mood: 'good', entries })))).toMatchObject({ isSame: true });
  });
});
