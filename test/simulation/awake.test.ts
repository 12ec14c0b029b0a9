import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const AWAKE_FOR_MS = 30_000;

/** Bob's mobile has just registered, and is up. */
function scene(awakeForMs = AWAKE_FOR_MS, transport: 'udp' | 'tcp' = 'tcp') {
  const world = serviceWorld({ config: { push: { awakeForMs } } });
  const alice = world.phone('alice');
  const mobile = world.phone('mobile', {
    user: 'bob',
    transport,
    push: { provider: 'apns', prid: 'token' },
    instance: 'urn:uuid:00000000-0000-1000-8000-000a95a0e128',
    onInvite: 'answer',
  });
  mobile.register();
  world.run(500);
  const wake = () => {
    mobile.relaunch(world.wire(mobile.wire.local.host, transport));
    mobile.register();
  };
  world.push.subscribe('token', wake, { afterMs: 1000 });
  /** Calls Bob; how many pushes went out before the call was answered. */
  const pushesOfCall = () => {
    const before = world.push.sent('incoming-call').length;
    const call = alice.call('bob');
    world.run(200);
    const answeredAtOnce = call.state === 'answered';
    world.run(3000);
    expect(call.state).toBe('answered');
    call.bye();
    world.run(500);
    const pushes = world.push.sent('incoming-call').length - before;
    expect(answeredAtOnce, 'rings at once if and only if it is not pushed').toBe(pushes === 0);
    return pushes;
  };
  return { world, mobile, pushesOfCall };
}

describe('a device that is known awake (push.awakeForSeconds)', () => {
  it('is rung directly while its connection is open and its REGISTER fresh', () => {
    const { world, pushesOfCall } = scene();
    expect(pushesOfCall()).toBe(0);
    world.run(AWAKE_FOR_MS - 10_000);
    expect(pushesOfCall()).toBe(0);
    expectQuiet(world);
  });

  it('is pushed once the time has passed, and rung directly again after its next REGISTER', () => {
    const { world, mobile, pushesOfCall } = scene();
    world.run(AWAKE_FOR_MS);
    expect(pushesOfCall()).toBe(1);
    // What the push woke has registered, and stays awake for a while.
    expect(pushesOfCall()).toBe(0);
    world.run(AWAKE_FOR_MS);
    mobile.register();
    world.run(200);
    expect(pushesOfCall()).toBe(0);
    expectQuiet(world);
  });

  it('stays awake by refreshing, counted from the latest', () => {
    const { world, mobile, pushesOfCall } = scene();
    for (let n = 0; n < 4; n++) {
      world.run(AWAKE_FOR_MS - 5000);
      mobile.register();
    }
    world.run(AWAKE_FOR_MS - 5000);
    expect(pushesOfCall()).toBe(0);
  });

  it.each(['closes', 'is reset'])('is pushed as soon as its connection %s', (how) => {
    const { world, mobile, pushesOfCall } = scene();
    if (how === 'closes') mobile.sleep();
    else world.network.breakStreams(mobile.wire.local.host);
    world.run(200);
    expect(pushesOfCall()).toBe(1);
    expectQuiet(world);
  });

  it('is not put to sleep by the end of an older connection', () => {
    const { world, mobile, pushesOfCall } = scene();
    const old = mobile.wire;
    // `relaunch` closes the old connection; here it closes late, as over a network that was left behind.
    const { close } = old;
    old.close = () => {};
    mobile.relaunch(world.wire(mobile.wire.local.host, 'tcp'));
    mobile.register();
    world.run(1000);
    close.call(old);
    world.run(1000);
    expect(pushesOfCall()).toBe(0);
  });

  it('is never assumed over UDP, where nobody sees an app go', () => {
    expect(scene(AWAKE_FOR_MS, 'udp').pushesOfCall()).toBe(1);
  });

  it('is never assumed by default', () => {
    expect(scene(0).pushesOfCall()).toBe(1);
  });
});
