import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';

describe('a plain call', () => {
  it('rings, is answered, and ends when the caller hangs up', () => {
    const world = serviceWorld();
    const alice = world.phone('alice');
    const bob = world.phone('bob', { onInvite: { ringAfterMs: 100, answerAfterMs: 1000 } });
    alice.register();
    bob.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(600);
    expect(call.state).toBe('ringing');
    world.run(1000);
    expect(call.state).toBe('answered');
    expect(call.confirmed).toBe(true);
    call.bye();
    world.run(500);
    expect(bob.calls[0]?.end).toBe('hungUp');
    expect(world.complaints).toEqual([]);
    expect(world.service.stories).toMatchObject([{ outcome: 'answered', status: 200 }]);
    world.run(200_000);
    expect(world.service.service.engine.countActors('call')).toBe(0);
    expect(world.service.service.engine.countActors('leg')).toBe(0);
    expect(world.service.service.transactions.size).toBe(0);
  });
});
