import { describe, expect, it } from 'vitest';
import type { UserConfig } from '../../src/config.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const PRID = 'token-of-bobs-mobile';
const push = { provider: 'apns', prid: PRID, param: 'TEAM.app.voip' };

/** Alice awake, Bob's mobile registered and then asleep, woken `wakesAfterMs` after a push. */
function scene(options: ServiceWorldOptions & { readonly wakesAfterMs?: number; readonly times?: number } = {}) {
  const world = serviceWorld(options);
  const alice = world.phone('alice');
  const mobile = world.phone('mobile', { user: 'bob', push, onInvite: { ringAfterMs: 100, answerAfterMs: 2000 } });
  alice.register();
  mobile.register();
  world.run(500);
  const { wakesAfterMs = 1000, times = 1 } = options;
  world.sleepUntilPushed(mobile, PRID, { afterMs: wakesAfterMs, times });
  return { world, alice, mobile };
}
const invitesOf = (phone: Phone): number => phone.received('INVITE').length;

describe('a call to a sleeping phone', () => {
  it('pushes, waits, rings the phone the moment it registers, and connects', () => {
    const { world, alice, mobile } = scene();
    const call = alice.call('bob');
    world.run(500);
    expect(invitesOf(mobile)).toBe(0);
    expect(alice.received(182)).toHaveLength(1);
    expect(world.push.sent('incoming-call', PRID)).toHaveLength(1);
    const pushed = world.push.sent('incoming-call', PRID)[0]?.request;
    world.run(1000);
    expect(invitesOf(mobile)).toBe(1);
    expect(mobile.calls[0]?.callId).toBe(pushed?.callId);
    expect(pushed?.callerUri).toBe('sip:alice@example.com');
    expect(pushed?.ttlMs).toBe(20_000);
    world.run(2500);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
    expect(world.push.pushes).toHaveLength(1);
    expect(world.service.stories[0]?.devices).toMatch(/was pushed .*registered and was called .*rang .*answered/);
  });

  it('sends the 200 to REGISTER before the INVITE it sets free', () => {
    const { world, alice, mobile } = scene();
    alice.call('bob');
    world.run(1500);
    const order = mobile.history
      .filter(({ direction }) => direction === 'in')
      .map(({ message }) => message.method || message.status);
    const invite = order.indexOf('INVITE');
    expect(invite).toBeGreaterThan(0);
    expect(order[invite - 1]).toBe(200);
  });

  it('is open although the desk phone declines at once', () => {
    const { world, alice, mobile } = scene();
    const desk = world.phone('desk', { user: 'bob', onInvite: { ringAfterMs: 10, decline: 486, declineAfterMs: 50 } });
    desk.register();
    world.run(200);
    const call = alice.call('bob');
    world.run(300);
    expect(invitesOf(desk)).toBe(1);
    expect(call.state).toBe('ringing');
    world.run(4000);
    expect(invitesOf(mobile)).toBe(1);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('gives the best answer collected once the wake limit passes', () => {
    const { world, alice } = scene({ times: 0 });
    world.phone('desk', { user: 'bob', onInvite: { decline: 486 } }).register();
    world.run(200);
    const call = alice.call('bob');
    world.run(19_900);
    expect(call.status).toBe(0);
    world.run(200);
    expect(call.status).toBe(486);
    expectQuiet(world);
    expect(world.push.sent('cancelled')).toHaveLength(1);
  });

  it('is 480 where nobody answered anything', () => {
    const { world, alice } = scene({ times: 0 });
    const call = alice.call('bob');
    world.run(20_500);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('lets a desk phone ring on after the wake limit, and a late mobile ring beside it', () => {
    const { world, alice, mobile } = scene({ wakesAfterMs: 25_000 });
    const desk = world.phone('desk', { user: 'bob', onInvite: 'ring' });
    desk.register();
    world.run(200);
    const call = alice.call('bob');
    world.run(24_000);
    expect(call.state).toBe('ringing');
    world.run(4000);
    expect(invitesOf(mobile)).toBe(1);
    expect(call.state).toBe('answered');
    expect(desk.calls[0]?.endReason).toContain('Call completed elsewhere');
    call.bye();
    expectQuiet(world);
  });

  it('rings a mobile that registers at 19.9 s and answers at 40 s', () => {
    const { world, alice, mobile } = scene({ wakesAfterMs: 19_850 });
    mobile.onInvite = { ringAfterMs: 100, answerAfterMs: 20_100 };
    const call = alice.call('bob');
    world.run(41_000);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('ends at once for all when the caller cancels, and takes the push back', () => {
    const { world, alice, mobile } = scene({ wakesAfterMs: 5000 });
    const call = alice.call('bob');
    world.run(1000);
    call.cancel();
    world.run(100);
    expect(call.status).toBe(487);
    expect(world.push.sent('cancelled', PRID)).toMatchObject([{ request: { reason: 'cancelled' } }]);
    world.run(10_000);
    expect(mobile.received(200, 'REGISTER').length).toBeGreaterThan(0);
    expect(invitesOf(mobile)).toBe(0);
    expectQuiet(world);
  });

  it('makes one fork however often the device registers', () => {
    const { world, alice, mobile } = scene({ times: 1 });
    mobile.onInvite = 'ring';
    alice.call('bob');
    world.run(1200);
    for (let n = 0; n < 20; n++) {
      mobile.register();
      world.run(50);
    }
    expect(invitesOf(mobile)).toBe(1);
  });

  it('does not fork on a REGISTER with a wrong password', () => {
    const { world, alice, mobile } = scene({ times: 0 });
    alice.call('bob');
    world.run(300);
    mobile.relaunch(world.wire(mobile.wire.local.host));
    mobile.usePassword('wrong');
    mobile.register();
    world.run(1000);
    expect(mobile.received(403)).toHaveLength(1);
    expect(invitesOf(mobile)).toBe(0);
    mobile.usePassword('bob-secret');
    mobile.register();
    world.run(1000);
    expect(invitesOf(mobile)).toBe(1);
  });

  it('ends early when the woken device declines and nobody else is left', () => {
    const { world, alice, mobile } = scene();
    mobile.onInvite = { decline: 486 };
    const call = alice.call('bob');
    world.run(1500);
    expect(call.status).toBe(486);
    expectQuiet(world);
  });

  it('ends early when the push cannot be delivered', () => {
    const { world, alice } = scene();
    world.push.fault = 'unknown';
    const call = alice.call('bob');
    world.run(500);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('wakes an account without any binding where the config says so', () => {
    const wakeable = { provider: 'apns', prid: PRID, param: undefined };
    const user = (name: string) => ({ name, password: `${name}-secret`, displayName: undefined, wakeable: undefined });
    const users = new Map<string, UserConfig>([
      ['alice', user('alice')],
      ['bob', { ...user('bob'), wakeable }],
    ]);
    const world = serviceWorld({ config: { users } });
    const alice = world.phone('alice');
    const mobile = world.phone('mobile', { user: 'bob', onInvite: 'answer' });
    alice.register();
    world.sleepUntilPushed(mobile, PRID, { afterMs: 1000 });
    world.run(200);
    const call = alice.call('bob');
    world.run(2000);
    expect(call.state).toBe('answered');
    expect(mobile.calls[0]?.callId).toBe(world.push.sent('incoming-call')[0]?.request.callId);
    call.bye();
    expectQuiet(world);
  });

  it('pushes nothing for a binding that expired or was removed', () => {
    const world = serviceWorld();
    const alice = world.phone('alice');
    const mobile = world.phone('mobile', { user: 'bob', push });
    alice.register();
    mobile.register({ expiresSeconds: 60 });
    world.run(61_000);
    const call = alice.call('bob');
    world.run(200);
    expect(call.status).toBe(480);
    mobile.register();
    world.run(200);
    mobile.unregister();
    world.run(200);
    const second = alice.call('bob');
    world.run(200);
    expect(second.status).toBe(480);
    expect(world.push.pushes).toEqual([]);
  });

  it('rings a wakeable device that registers at the instant of the INVITE, in whichever order they come', () => {
    for (let offset = -12; offset <= 12; offset++) {
      const { world, alice, mobile } = scene({ times: 0, seed: 100 + offset });
      mobile.relaunch(world.wire(mobile.wire.local.host));
      mobile.onInvite = 'answer';
      if (offset < 0) mobile.register();
      world.run(Math.abs(offset));
      const call = alice.call('bob');
      if (offset >= 0) mobile.register();
      world.run(3000);
      // A REGISTER that was complete before the INVITE leaves the phone asleep: it is pushed, and registers again.
      if (invitesOf(mobile) === 0) {
        expect(world.push.sent('incoming-call')).toHaveLength(1);
        mobile.register();
        world.run(3000);
      }
      expect(invitesOf(mobile), `offset ${offset} ms`).toBe(1);
      expect(call.state).toBe('answered');
    }
  });
});
