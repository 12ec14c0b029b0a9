import { describe, expect, it } from 'vitest';
import type { Invariant } from '../../../src/testing/invariant.ts';
import { armedIn } from '../../../src/testing/invariants/armed.ts';
import { INVARIANTS } from '../../../src/testing/invariants/index.ts';
import { serviceWorld } from '../../../src/testing/service-world.ts';

const ringing = (invariants: readonly Invariant[] = INVARIANTS) => {
  const world = serviceWorld({ invariants });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: 'ring' });
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  const call = alice.call('bob');
  world.run(500);
  return { world, call, bob };
};

describe('nothing left', () => {
  it('tells of actors, transactions, legs and messages of a call that goes on, and of none when it is over', () => {
    const { world, call } = ringing();
    const left = armedIn(world)?.brokenAtRest().join('\n');
    for (const what of ['call:1 lives on in {"ringing":"trying"}', 'leg:1/0', 'leg:1/1', 'transactions', '2 legs', 'messages'])
      expect(left).toContain(what);
    expect(left).toContain('interests of nobody');
    expect(armedIn(world)?.broken()).toEqual([]);
    call.cancel();
    world.run(300_000);
    expect(armedIn(world)?.brokenAtRest()).toEqual([]);
    world.serviceTimers.set(1e9, () => {});
    expect(armedIn(world)?.brokenAtRest()).toEqual(['nothing left: 301.000 s: left over: 1 timers of nobody']);
  });
});

describe('phones saw no rule broken', () => {
  it('tells what they complain of', () => {
    const { world, bob } = ringing();
    bob.complaints.push('1.000 s, bob: forged');
    expect(armedIn(world)?.broken()).toEqual(['phones saw no rule broken: 1.000 s, bob: forged']);
  });
});

describe('a world', () => {
  it('does without what a test names, and knows no other name', () => {
    const { world, bob } = ringing();
    bob.complaints.push('forged');
    expect(armedIn(world)?.broken({ 'phones saw no rule broken': 'they are made to' })).toEqual([]);
    expect(() => armedIn(world)?.broken({ 'no such rule': '' })).toThrow('no invariant "no such rule"');
  });

  it('remembers no more than it is asked to', () => {
    const world = serviceWorld({ remembers: 5 });
    const alice = world.phone('alice');
    world.phone('bob', { onInvite: { decline: 486 } }).register();
    for (let n = 0; n < 20; n += 1) {
      alice.call('bob');
      world.run(1000);
    }
    expect(world.service.stories.length).toBeLessThanOrEqual(10);
    expect(world.packets.length).toBeLessThanOrEqual(10);
    expect(world.packets.length).toBeGreaterThanOrEqual(5);
  });
});
