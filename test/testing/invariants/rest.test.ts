import { describe, expect, it } from 'vitest';
import type { Invariant } from '../../../src/testing/invariant.ts';
import { armedIn } from '../../../src/testing/invariants/armed.ts';
import { INVARIANTS } from '../../../src/testing/invariants/index.ts';
import { RoamingWire } from '../../../src/testing/roaming-wire.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../../src/testing/service-world.ts';

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

describe('nothing left, while phones behind NAT are pinged', () => {
  /** Bob's Contact names where he was, as where a REGISTER's repetition leaves from another network. */
  const pinged = (network: ServiceWorldOptions['network'] = {}) => {
    const world = serviceWorld({ network });
    const wire = new RoamingWire(world.wire('198.51.100.1'), '192.168.1.20:5060');
    const bob = world.phone('bob', { wire });
    bob.register();
    // The REGISTER is forgotten by then, and a first ping is over.
    world.run(50_000);
    const left = (): string[] =>
      armedIn(world)
        ?.brokenAtRest()
        .map((line) => line.replace(/^.*over: /, '')) ?? [];
    /** Runs until the next ping has left. */
    const ping = (): void => {
      const before = world.packets.length;
      while (!world.packets.slice(before).some(({ text }) => text.startsWith('OPTIONS '))) world.run(250);
    };
    return { world, bob, left, ping };
  };

  it('tells nothing of pings: neither between them, nor of one that is open, answered, or over', () => {
    const { world, bob, left, ping } = pinged({ latencyMs: 400 });
    expect(left()).toEqual([]);
    ping();
    expect(left()).toEqual([]);
    world.run(2_000);
    expect(left()).toEqual([]);
    bob.vanish();
    ping();
    for (let seconds = 0; seconds < 60; seconds += 1) {
      world.run(1_000);
      expect(left()).toEqual([]);
    }
  });

  it('still tells of any other timer and transaction', () => {
    const { world, left, ping } = pinged();
    world.serviceTimers.set(1e9, () => {});
    expect(left()).toEqual(['1 timers of nobody']);
    ping();
    expect(left()).toEqual(['1 timers of nobody']);
    world.phone('carol').request('OPTIONS', 'sip:example.com');
    world.run(100);
    expect(left()).toEqual(['1 transactions', '2 timers of nobody']);
  });

  it('takes no question inside a call for a ping', () => {
    const world = serviceWorld();
    const alice = world.phone('alice');
    const bob = world.phone('bob');
    bob.register();
    world.run(500);
    alice.call('bob');
    world.run(50_000);
    bob.vanish();
    const before = world.packets.length;
    while (!world.packets.slice(before).some(({ text }) => text.startsWith('OPTIONS '))) world.run(250);
    world.run(6_000);
    expect(armedIn(world)?.brokenAtRest().join('\n')).toContain('left over: 1 transactions');
  });

  it('tells of pings to whom is registered no more', () => {
    const { world, bob, left } = pinged();
    bob.unregister();
    world.run(100_000);
    expect(left()).toEqual([]);
    Object.defineProperty(world.service.service, 'pinged', { value: 1 });
    expect(left()).toEqual(['pings of 1 devices, of which 0 are registered']);
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
