import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { type Birth, defineScenario } from '../../../machines/scenario.ts';
import type { FactOf } from '../../../machines/vocabulary/descriptor.ts';
import * as facts from '../../../machines/vocabulary/facts.ts';
import {
  AttackFailure,
  type AttackOptions,
  act,
  attack,
  callHistories,
  type History,
  invariant,
  playHistory,
  restart,
} from '../../../src/testing/index.ts';

/** It never ends: what a chart does that forgot a deadline. */
const leaking = defineScenario({
  name: 'leaking',
  startsOn: [facts.callOffered.where({})],
  listensTo: () => [],
  machine: setup({
    types: { input: {} as Birth<FactOf<typeof facts.callOffered>>, events: {} as FactOf<typeof facts.callOffered> },
  }).createMachine({
    id: 'leaking',
    initial: 'waiting',
    states: { waiting: {} },
  }),
});
const nobodyIsBusy = invariant('nobody is busy', 'no call fails with 486', (_, took) =>
  took.of(facts.callFailed).flatMap(({ status, callee }) => (status === 486 ? [`${callee} was busy`] : [])),
);

function failureOf(options: AttackOptions): AttackFailure {
  try {
    attack(options);
  } catch (error) {
    if (error instanceof AttackFailure) return error;
    throw error;
  }
  throw new Error('the attack found nothing');
}

const sound = { seed: 5, histories: callHistories, runs: 60, invariants: [nobodyIsBusy] };

describe('an attack', () => {
  it('finds a chart that never ends, with the smallest history that shows it', () => {
    const failure = failureOf({ scenarios: [leaking], seed: 3 });
    expect(failure.name).toBe('AttackFailure');
    expect(failure.message).toContain('leaking does not withstand history');
    expect(failure.message).toContain('leaking:1');
    expect(failure.history.acts).toHaveLength(1);
    expect(failure.history.acts[0]).toMatchObject({ act: 'calls', atMs: 0 });
    expect(failure.history.phones.length).toBeLessThanOrEqual(2);
  });

  it('tells the invariant, what was done, and draws it', () => {
    const { message, broken } = failureOf(sound);
    expect(broken).toMatchObject([{ invariant: 'nobody is busy' }]);
    expect(message).toContain('nobody is busy: no call fails with 486');
    expect(message).toMatch(/^ +\d+\.\d{3} s {2}\w+ calls \w+/m);
    expect(message).toMatch(/◀─+ 486 Busy Here ─+/);
    expect(message).toContain('· call.failed (486)');
    expect(message).toMatch(/^phones {3}\w+: \w+; /m);
  });

  it('is played again, history, ladder and all, by what it printed', () => {
    const { message, replay, history } = failureOf(sound);
    const [, printed = ''] = /REPLAY='([^']+)'/.exec(message) ?? [];
    expect(printed).toBe(replay);
    const again = failureOf({ ...sound, replay: printed });
    expect(again.history).toEqual(history);
    const behind = (text: string): string => text.slice(text.indexOf('\n'));
    expect(behind(again.message)).toBe(behind(message));
    expect(again.message).toContain('does not withstand history 1.');
    process.env.REPLAY = printed;
    try {
      expect(failureOf(sound).history).toEqual(history);
      expect(attack({ name: 'another', runs: 2, invariants: [] }).runs).toBe(2);
    } finally {
      delete process.env.REPLAY;
    }
  });

  it('refuses a replay that is none', () => {
    expect(() => attack({ replay: '12' })).toThrow('"12" replays nothing');
  });

  it('plays acts of a user, and tells them', () => {
    const dial = act('dials nobody', fc.nat(3), (scene, n) => {
      scene.phone(n)?.call('nobody');
    });
    const found = invariant('everybody is there', 'nobody is called who is not there', ({ phones }) =>
      phones.flatMap((phone) => phone.sent('INVITE').map(({ message }) => message.uri)).filter((uri) => uri.includes('nobody')),
    );
    const failure = failureOf({ acts: [dial], invariants: [found], seed: 2 });
    expect(failure.history.acts).toMatchObject([{ act: 'dials nobody' }]);
    expect(failure.message).toContain('  dials nobody 0');
    expect(() => attack({ acts: [act('calls', fc.nat(1), () => {})] })).toThrow('two acts are called "calls"');
  });

  it('shows what throws', () => {
    const failure = failureOf({
      acts: [
        act('breaks', fc.constant(0), () => {
          throw new Error('broken on purpose');
        }),
      ],
      invariants: [],
      seed: 2,
    });
    expect(failure.broken).toMatchObject([{ invariant: 'nothing throws' }]);
    expect(failure.message).toContain('broken on purpose');
  });

  it('counts what it played, the same for the same seed', () => {
    const count = () => attack({ seed: 9, runs: 5 });
    expect(count()).toEqual(count());
    expect(count().runs).toBe(5);
    expect(count().simulatedMs).toBeGreaterThan(5 * 200_000);
  });
});

describe('a history', () => {
  const phone = { transport: 'udp', habit: 'answer' } as const;
  const history: History = {
    seed: 1,
    phones: [
      { ...phone, user: 0 },
      { ...phone, user: 1 },
    ],
    network: {},
    acts: [
      { atMs: 0, act: 'calls', with: { phone: 0, to: 1, offers: true, ackAfterMs: 0 } },
      { atMs: 500, act: restart.name, with: 0 },
    ],
  };

  it('is played alone', () => {
    const { told, broken } = playHistory(history, { invariants: [] });
    expect(broken).toEqual([]);
    expect(told.slice(0, 2)).toEqual(['   0.000 s  alice calls bob', '   0.500 s  the service is killed and starts again']);
  });

  it('may have a phone that says nothing for longer than anybody waits, and answers then (RFC 3261 §17.1.1.2)', () => {
    const silent = { ...phone, habit: 'silent' as const, user: 1 };
    const late = { atMs: 40_000, act: 'answers', with: 1 };
    const acts = [...history.acts.slice(0, 1), late, { atMs: 45_000, act: 'dies', with: [1, undefined] }];
    const { told } = playHistory({ ...history, phones: [...history.phones.slice(0, 1), silent], acts }, {});
    expect(told).toContain('  40.000 s  bob answers');
  });

  it('with an act that nobody knows is a mistake', () => {
    const acts = [{ atMs: 0, act: 'sings', with: 0 }];
    expect(() => playHistory({ ...history, acts }, { invariants: [] })).toThrow('no act is called "sings"');
  });
});
