import { describe, expect, it } from 'vitest';
import type { UserConfig } from '../../src/config.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';

const PRID = 'token-of-bob';
const push = { provider: 'apns', prid: PRID };

/** Bob's account can be woken without any binding. */
function scene(config: object = {}) {
  const user = (name: string): UserConfig => ({ name, password: `${name}-secret`, displayName: undefined, wakeable: undefined });
  const bob: UserConfig = { ...user('bob'), wakeable: { ...push, param: undefined } };
  const users = new Map([
    ['alice', user('alice')],
    ['bob', bob],
  ]);
  const world = serviceWorld({ config: { users, ...config } });
  const alice = world.phone('alice');
  alice.register();
  world.run(200);
  return { world, alice };
}

describe('an account that can be woken', () => {
  it('is not pushed while its device is known awake, which rings at once', () => {
    const { world, alice } = scene({ push: { awakeForMs: 60_000 } });
    const mobile = world.phone('mobile', { user: 'bob', push, transport: 'tcp', onInvite: 'answer' });
    mobile.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(500);
    expect(call.state).toBe('answered');
    expect(world.push.pushes).toEqual([]);
    call.bye();
    expectQuiet(world);
  });

  it('is pushed once by its binding, and not again for the account, while that one sleeps', () => {
    const { world, alice } = scene();
    const mobile = world.phone('mobile', { user: 'bob', push, onInvite: 'answer' });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, PRID, { afterMs: 500 });
    const call = alice.call('bob');
    world.run(2000);
    expect(call.state).toBe('answered');
    expect(world.push.sent('incoming-call')).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it('is pushed beside a desk phone that rings, and its mobile is rung as it registers', () => {
    const { world, alice } = scene();
    const desk = world.phone('desk', { user: 'bob', onInvite: 'ring' });
    desk.register();
    const mobile = world.phone('mobile', { user: 'bob', push, onInvite: { ringAfterMs: 100, answerAfterMs: 500 } });
    world.sleepUntilPushed(mobile, PRID, { afterMs: 1000 });
    world.run(200);
    const call = alice.call('bob');
    world.run(3000);
    expect(call.state).toBe('answered');
    expect(mobile.received('INVITE')).toHaveLength(1);
    expect(desk.calls[0]?.endReason).toContain('Call completed elsewhere');
    call.bye();
    expectQuiet(world);
  });
});

describe('sleeping devices in odd orders', () => {
  /** Two mobiles of Carol's, asleep. */
  function two() {
    const world = serviceWorld({ users: ['alice', 'carol'] });
    const alice = world.phone('alice');
    const mobiles = ['one', 'two'].map((name) => world.phone(name, { user: 'carol', push: { provider: 'apns', prid: name } }));
    for (const phone of [alice, ...mobiles]) phone.register();
    world.run(500);
    const [first, second] = mobiles;
    if (first === undefined || second === undefined) throw new Error('two mobiles');
    return { world, alice, first, second };
  }

  it('one declines as soon as it is awake, the other wakes later and answers', () => {
    const { world, alice, first, second } = two();
    first.onInvite = { decline: 486 };
    second.onInvite = 'answer';
    world.sleepUntilPushed(first, 'one', { afterMs: 1000 });
    world.sleepUntilPushed(second, 'two', { afterMs: 8000 });
    const call = alice.call('carol');
    world.run(5000);
    expect(call.status).toBe(0);
    world.run(5000);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
    expect(world.push.sent('cancelled')).toEqual([]);
  });

  it('both decline: the call ends at once with their answer', () => {
    const { world, alice, first, second } = two();
    for (const [phone, prid] of [
      [first, 'one'],
      [second, 'two'],
    ] as const) {
      phone.onInvite = { decline: 486 };
      world.sleepUntilPushed(phone, prid, { afterMs: 1000 });
    }
    const call = alice.call('carol');
    world.run(2000);
    expect(call.status).toBe(486);
    expectQuiet(world);
  });

  it('one unregisters during the wait, the other cannot be pushed: the caller waits for nobody', () => {
    const { world, alice, first, second } = two();
    second.sleep();
    world.push.subscribe('one', () => {}, { times: 0 });
    const call = alice.call('carol');
    world.run(500);
    expect(call.status).toBe(0);
    first.unregister();
    world.run(200);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('a device that unregisters and comes back during the wait is rung', () => {
    const { world, alice, first, second } = two();
    first.onInvite = 'answer';
    second.sleep();
    for (const prid of ['one', 'two']) world.push.subscribe(prid, () => {}, { times: 0 });
    const call = alice.call('carol');
    world.run(300);
    first.unregister();
    world.run(200);
    first.register();
    world.run(500);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('a device whose push failed for good registers anyway while another is awaited, and is rung', () => {
    const { world, alice, first, second } = two();
    second.sleep();
    world.push.subscribe('two', () => {}, { times: 0 });
    const call = alice.call('carol');
    world.run(500);
    first.onInvite = 'answer';
    first.register();
    world.run(500);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('a push delivered twice makes one fork', () => {
    const { world, alice, first, second } = two();
    second.sleep();
    world.push.subscribe('two', () => {}, { times: 0 });
    first.onInvite = 'ring';
    world.sleepUntilPushed(first, 'one', { afterMs: 500, times: 2 });
    const call = alice.call('carol');
    world.run(3000);
    expect(first.received('INVITE')).toHaveLength(1);
    call.cancel();
    expectQuiet(world);
  });

  it('a CANCEL at the instant of the REGISTER leaves one INVITE and its CANCEL, or none, and nothing behind', () => {
    for (let offset = -6; offset <= 6; offset++) {
      const { world, alice, first, second } = two();
      second.sleep();
      for (const prid of ['one', 'two']) world.push.subscribe(prid, () => {}, { times: 0 });
      first.onInvite = 'ring';
      const call = alice.call('carol');
      world.run(500);
      if (offset < 0) call.cancel();
      else first.register();
      world.run(Math.abs(offset));
      if (offset < 0) first.register();
      else call.cancel();
      world.run(1000);
      expect(call.status, `offset ${offset}`).toBe(487);
      const rung = first.received('INVITE').length;
      expect(rung).toBeLessThanOrEqual(1);
      if (rung === 1) expect(first.calls[0]?.end).toBe('cancelled');
      expectQuiet(world);
    }
  });

  it('a device that comes back at another address is rung there, with the Call-ID of its push', () => {
    const { world, alice, first, second } = two();
    second.sleep();
    world.push.subscribe('two', () => {}, { times: 0 });
    first.onInvite = 'answer';
    world.sleepUntilPushed(first, 'one', { afterMs: 500 });
    const before = first.contactUri;
    const call = alice.call('carol');
    world.run(2000);
    expect(first.contactUri).not.toBe(before);
    expect(first.received('INVITE').at(-1)?.message.uri).toBe(first.contactUri);
    expect(first.calls[0]?.callId).toBe(world.push.sent('incoming-call', 'one')[0]?.request.callId);
    call.bye();
    expectQuiet(world);
  });
});

describe('MESSAGE to several devices', () => {
  it('is answered by the best of them, and by the first that takes it', () => {
    for (const [said, heard] of [
      [[404, 200], 200],
      [[404, 480], 404],
      [[503, 503], 500],
      [[302, 401], 480],
    ] as const) {
      const world = serviceWorld({ config: { auth: 'none' } });
      const peers = said.map((status, n) => {
        const peer = new RawPeer(world, `10.0.9.${n + 1}`);
        peer.register('bob');
        peer.hears = (message) => {
          if (message.method === 'MESSAGE') peer.reply(message, status);
        };
        return peer;
      });
      world.run(200);
      const sent = world.phone('alice').request('MESSAGE', 'bob', { body: 'hi', contentType: 'text/plain' });
      world.run(500);
      expect(sent.status, said.join()).toBe(heard);
      for (const peer of peers) expect(peer.requests('MESSAGE')).toHaveLength(1);
      expectQuiet(world);
    }
  });
});
