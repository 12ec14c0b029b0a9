import { describe, expect, it } from 'vitest';
import type { InviteScript } from '../../src/testing/phone.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const LIMIT_MS = 60_000;

function scene(onInvite: InviteScript, options: ServiceWorldOptions = {}) {
  const told: string[] = [];
  const world = serviceWorld({
    hearLog: (_level, message, fields) => told.push(`${message} ${JSON.stringify(fields)}`),
    ...options,
    config: { drain: { limitMs: LIMIT_MS }, ...options.config },
  });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite });
  const carol = world.phone('carol');
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  let isDone = false;
  const drain = (): void =>
    world.service.service.drain(() => {
      isDone = true;
    });
  return { world, alice, bob, carol, told, drain, isDone: () => isDone };
}
const FAREWELL = 'SIP;cause=503;text="Service Stopping"';

describe('a service that drains', () => {
  it('is done at once where there is no call', () => {
    const { drain, isDone } = scene('answer');
    drain();
    expect(isDone()).toBe(true);
  });

  it('lets running calls finish, their parties may do in them what they like, and is done with the last', () => {
    const { world, alice, bob, drain, isDone, told } = scene('answer');
    const call = alice.call('bob');
    world.run(1000);
    drain();
    world.run(20_000);
    expect(isDone()).toBe(false);
    const info = call.request('INFO');
    world.run(1000);
    expect(info.status).toBe(200);
    bob.calls[0]?.bye();
    world.run(500);
    expect(isDone()).toBe(true);
    expect(call.end).toBe('hungUp');
    expect(told.filter((line) => line.startsWith('draining')).length).toBeGreaterThanOrEqual(4);
    expect(told.find((line) => line.startsWith('draining'))).toContain('"calls":1');
    expectQuiet(world);
  });

  it('refuses new calls with 503 and Retry-After, and still lets phones register', () => {
    const { world, alice, carol, drain } = scene('answer');
    const running = alice.call('bob');
    world.run(1000);
    drain();
    const late = carol.call('bob');
    carol.register();
    world.run(1000);
    expect(late.status).toBe(503);
    expect(Number(headerOf(carol.received(503)[0]?.message as never, 'Retry-After'))).toBeGreaterThan(0);
    expect(carol.received(200, 'REGISTER').length).toBeGreaterThanOrEqual(2);
    running.bye();
    expectQuiet(world);
  });

  it('ends what is left at its limit: both parties get BYE and its reason, and the record says so', () => {
    const { world, alice, bob, drain, isDone } = scene('answer');
    const call = alice.call('bob');
    world.run(1000);
    drain();
    world.run(LIMIT_MS - 1000);
    expect(call.state).toBe('answered');
    world.run(2000);
    expect(isDone()).toBe(true);
    expect(call.endReason).toBe(FAREWELL);
    expect(bob.calls[0]?.endReason).toBe(FAREWELL);
    expect(world.service.records).toMatchObject([{ outcome: 'answered', endedBy: 'service', how: 'ordered' }]);
    expectQuiet(world);
  });

  it('at its limit answers a caller whose phones ring, and cancels them with the reason', () => {
    const { world, alice, bob, drain, isDone } = scene('ring', { config: { drain: { limitMs: 5000 } } });
    const call = alice.call('bob');
    world.run(1000);
    drain();
    world.run(6000);
    expect(isDone()).toBe(true);
    expect(call.status).toBe(503);
    expect(bob.calls[0]?.end).toBe('cancelled');
    expect(bob.calls[0]?.endReason).toBe(FAREWELL);
    expectQuiet(world);
  });

  it('at its limit answers a caller who waits for a push, and takes the push back', () => {
    const { world, alice, drain, isDone } = scene('ring', {
      users: ['alice', 'bob', 'carol', 'dave'],
      config: { drain: { limitMs: 0 } },
    });
    const mobile = world.phone('mobile', { user: 'dave', push: { provider: 'apns', prid: 'p' } });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, 'p', { afterMs: 100_000 });
    const call = alice.call('dave');
    world.run(1000);
    expect(world.push.sent('incoming-call', 'p')).toHaveLength(1);
    drain();
    world.run(1000);
    expect(call.status).toBe(503);
    expect(world.push.sent('cancelled', 'p')).toHaveLength(1);
    world.run(5000);
    expect(isDone()).toBe(true);
  });

  it('does not wait for ever for a phone that is gone', () => {
    const { world, alice, bob, drain, isDone } = scene('answer', { config: { drain: { limitMs: 1000 } } });
    alice.call('bob');
    world.run(1000);
    bob.sleep();
    drain();
    world.run(1000 + 3000 + 500);
    expect(isDone()).toBe(true);
  });
});
