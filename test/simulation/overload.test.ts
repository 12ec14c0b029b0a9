import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';

function scene(limits: Partial<Config['limits']> = {}) {
  let [share, busyMs, untilMs] = [0, 0, 0];
  let now = () => 0;
  const world = serviceWorld({
    config: { limits: { overloadLagMs: 100, ...limits } },
    busyMs: () => {
      busyMs += share * (now() - untilMs);
      untilMs = now();
      return busyMs;
    },
  });
  now = () => world.now();
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: 'answer' });
  const carol = world.phone('carol', { onInvite: 'ring' });
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  const talk = alice.call('bob');
  const ringing = bob.call('carol');
  world.run(500);
  expect([talk.state, ringing.state]).toEqual(['answered', 'ringing']);
  /** Busy for so much of the time from now on, and long enough to be noticed. */
  const busyFor = (of: number) => {
    share = of;
    world.run(8000);
  };
  return { world, alice, bob, carol, talk, ringing, busyFor };
}

describe('a service that is behind its work', () => {
  it('refuses new calls with 503 and a Retry-After that is spread (RFC 3261 §21.5.4)', () => {
    const { world, alice, busyFor } = scene();
    busyFor(1);
    const calls = Array.from({ length: 60 }, () => alice.call('bob'));
    world.run(500);
    // A few always get through, to show whether there is room again.
    const refused = calls.filter(({ status }) => status === 503).length;
    expect(refused).toBeGreaterThan(45);
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(60 - refused);
    const waits = alice.received(503).map(({ message }) => Number(headerOf(message, 'retry-after')));
    expect(waits).toHaveLength(refused);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10);
    expect(new Set(waits).size).toBeGreaterThan(4);
    expect(world.service.service.engine.countActors('call')).toBe(2 + 60 - refused);
  });

  it('serves the calls that run, CANCEL and REGISTER, whatever comes new', () => {
    const { world, alice, bob, carol, talk, ringing, busyFor } = scene();
    busyFor(1);
    const [info, again] = [talk.request('INFO'), talk.reInvite()];
    const registration = bob.register();
    world.run(500);
    expect([info.status, again.status, registration.status]).toEqual([200, 200, 200]);
    expect(bob.received('ACK')).toHaveLength(2);
    ringing.cancel();
    world.run(500);
    expect([ringing.status, carol.calls[0]?.end]).toEqual([487, 'cancelled']);
    talk.bye();
    world.run(500);
    expect(bob.calls.map(({ end }) => end)).toContain('hungUp');
    expect(alice.received(503)).toEqual([]);
    expectQuiet(world);
  });

  const expectServed = ({ world, alice, bob, carol, talk, ringing }: ReturnType<typeof scene>) => {
    const requests = ['INFO', 'UPDATE', 'REFER', 'PRACK', 'OPTIONS', 'NOTIFY', 'FROBNICATE'].map((method) =>
      talk.request(method),
    );
    const again = talk.reInvite();
    world.run(500);
    // Whatever else became of them.
    expect(requests.map(({ status }) => status)).not.toContain(503);
    expect(requests.filter(({ status }) => status === 0)).toEqual([]);
    expect(again.status).toBe(200);
    expect(bob.received('ACK')).toHaveLength(2);
    ringing.cancel();
    world.run(500);
    expect([ringing.status, carol.calls[0]?.end]).toEqual([487, 'cancelled']);
    talk.bye();
    world.run(500);
    expect(bob.calls.map(({ end }) => end)).toContain('hungUp');
    expect(alice.received(503)).toEqual([]);
  };

  it('takes every request in a dialog, ACK and CANCEL when it refuses all it can', () => {
    const all = scene();
    all.busyFor(1);
    expectServed(all);
    expectQuiet(all.world);
  });

  it('takes them also when there are as many transactions as may be, while new work gets 503', () => {
    const all = scene({ transactions: 100, requestsPerSecondPerSource: 0 });
    const { world } = all;
    const crowd = new RawPeer(world);
    for (let i = 0; i < 300; i++) crowd.request('OPTIONS', 'sip:example.com');
    world.run(100);
    const answers = crowd.received.map(({ status }) => status);
    expect(answers.filter((status) => status === 503).length).toBeGreaterThan(190);
    expect(new Set(answers)).toEqual(new Set([200, 503]));
    expectServed(all);
    const refused = all.bob.call('alice');
    world.run(500);
    expect(refused.status).toBe(503);
    world.run(40_000);
    const taken = all.bob.call('carol');
    world.run(500);
    expect(taken.state).toBe('ringing');
    taken.cancel();
    expectQuiet(world);
  });

  it('rings a call that waits for a push, since its REGISTER is let in', () => {
    const { world, alice, busyFor } = scene();
    const mobile = world.phone('mobile', { user: 'carol', push: { provider: 'apns', prid: 'token' }, onInvite: 'answer' });
    mobile.register();
    world.run(200);
    world.sleepUntilPushed(mobile, 'token', { afterMs: 8000 });
    const call = alice.call('carol');
    world.run(200);
    busyFor(1);
    world.run(9000);
    expect(call.state).toBe('answered');
  });

  it('takes calls again when it has room', () => {
    const { world, alice, busyFor } = scene();
    busyFor(1);
    busyFor(0.1);
    const calls = Array.from({ length: 20 }, () => alice.call('bob'));
    world.run(500);
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
