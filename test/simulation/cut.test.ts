import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

/** A confirmed call between two phones over this transport. */
function talking(transport: 'udp' | 'tcp' | 'ws') {
  const world = serviceWorld();
  const [alice, bob] = [world.phone('alice', { transport }), world.phone('bob', { transport })];
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  const call = alice.call('bob');
  world.run(500);
  const callee = bob.incoming;
  if (callee === undefined || !call.confirmed) throw new Error('no call');
  return { world, alice, bob, call, callee };
}

describe('a connection that breaks while two talk', () => {
  it.each(['caller', 'callee'] as const)('the %s’s: the other hangs up, is answered at once, and the call is over', (who) => {
    const { world, alice, bob, call, callee } = talking('tcp');
    world.network.breakStreams((who === 'caller' ? alice : bob).wire.local.host);
    // Nobody is listening there any more.
    world.network.partition((who === 'caller' ? alice : bob).wire.local.host, '*');
    world.run(1000);
    // The break alone ends nothing: the phone may come back.
    expect([call.state, callee.state]).toEqual(['answered', 'answered']);
    const bye = (who === 'caller' ? callee : call).bye();
    world.run(100);
    expect(bye?.status).toBe(200);
    world.run(40_000);
    expect(world.service.stories).toMatchObject([{ outcome: 'answered' }]);
    world.network.heal();
    expectQuiet(world);
  });

  it.each(['caller', 'callee'] as const)('the %s’s, which comes back on another one and hangs up itself', (who) => {
    const { world, alice, bob, call, callee } = talking('tcp');
    world.network.breakStreams((who === 'caller' ? alice : bob).wire.local.host);
    world.run(1000);
    const bye = (who === 'caller' ? call : callee).bye();
    world.run(200);
    expect(bye?.status).toBe(200);
    expect((who === 'caller' ? callee : call).end).toBe('hungUp');
    expectQuiet(world);
  });

  it.each(['caller', 'callee'] as const)('the %s’s, which registered again: it hears the other’s BYE on the new one', (who) => {
    const { world, alice, bob, call, callee } = talking('tcp');
    const phone = who === 'caller' ? alice : bob;
    world.network.breakStreams(phone.wire.local.host);
    world.run(100);
    phone.register();
    world.run(500);
    (who === 'caller' ? callee : call).bye();
    world.run(500);
    expect((who === 'caller' ? call : callee).end).toBe('hungUp');
    expectQuiet(world);
  });

  it.each([{}, { sdp: '' }])(
    'while a re-INVITE %o waits there: its 2xx on another one is acknowledged, and the talk goes on',
    (offer) => {
      const { world, alice, bob, call, callee } = talking('tcp');
      const asked = callee.reInvite(offer);
      world.run(10);
      // Alice has the request, and her 2xx is on its way.
      world.network.breakStreams(alice.wire.local.host);
      world.run(40_000);
      expect(asked.status).toBe(500);
      expect(alice.complaints).toEqual([]);
      expect(alice.received('ACK').length).toBeGreaterThanOrEqual(1);
      expect([call.state, callee.state]).toEqual(['answered', 'answered']);
      callee.bye();
      world.run(1000);
      expect(bob.complaints).toEqual([]);
      expectQuiet(world);
    },
  );

  it('after the callee’s 2xx: each repetition, on another one, has its ACK there', () => {
    const world = serviceWorld();
    const [alice, bob] = [world.phone('alice'), world.phone('bob', { transport: 'ws' })];
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const call = alice.call('bob');
    // The caller's ACK is with the service, and what it made of it is on its way to Bob.
    world.run(27);
    expect([call.confirmed, bob.received('ACK').length]).toEqual([true, 0]);
    world.network.breakStreams(bob.wire.local.host);
    world.run(5_000);
    expect(bob.received('ACK').length).toBeGreaterThanOrEqual(1);
    // What is asked of him goes there too.
    call.bye();
    world.run(100);
    expect(bob.incoming?.end).toBe('hungUp');
    expectQuiet(world);
  });

  it.each([{}, { sdp: '' }])('after the 2xx to a re-INVITE %o: each repetition, on another one, has its ACK there', (offer) => {
    const { world, alice, call, callee } = talking('ws');
    const asked = callee.reInvite(offer);
    // Bob's ACK is on its way to her.
    world.run(27);
    expect([asked.status, alice.received('ACK').length]).toEqual([200, 0]);
    world.network.breakStreams(alice.wire.local.host);
    world.run(5_000);
    expect(alice.received('ACK').length).toBeGreaterThanOrEqual(1);
    callee.bye();
    world.run(100);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('before the caller’s ACK and BYE: who could not be told that it is over is told with the ACK to its next 2xx', () => {
    const world = serviceWorld();
    const [alice, bob] = [world.phone('alice'), world.phone('bob', { transport: 'ws' })];
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const call = alice.call('bob', { ack: { afterMs: 700 } });
    world.run(600);
    world.network.breakStreams(bob.wire.local.host);
    world.run(200);
    call.bye();
    world.run(200);
    expect([call.end, bob.incoming?.state, bob.received('ACK').length]).toEqual(['bye', 'answered', 0]);
    world.run(1_000);
    expect([bob.received('ACK').length, bob.incoming?.end]).toEqual([1, 'hungUp']);
    expectQuiet(world);
  });

  it('at any time of a transfer: a 2xx to a re-INVITE of our own has its ACK on whatever connection it comes', () => {
    let late = 0;
    // The re-INVITE leaves after 15 ms, and the ACK arrives after 30.
    for (let cutMs = 10; cutMs < 36; cutMs += 1) {
      const world = serviceWorld({ users: ['alice', 'bob', 'carol'] });
      const [alice, bob, carol] = [world.phone('alice', { transport: 'ws' }), world.phone('bob'), world.phone('carol')];
      for (const phone of [alice, bob, carol]) phone.register();
      world.run(500);
      const call = alice.call('bob');
      world.run(200);
      bob.incoming?.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
      world.run(cutMs);
      world.network.breakStreams(alice.wire.local.host);
      const before = alice.received('ACK').length;
      world.run(5_000);
      late += alice.received('ACK').length - before;
      expect(call.state, `cut after ${cutMs} ms`).toBe('answered');
      call.bye();
      world.run(100);
      bob.incoming?.bye();
      expectQuiet(world);
    }
    expect(late).toBeGreaterThanOrEqual(10);
  });

  it('while it rings: the callee’s fork is over, or its 200 still counts; the caller is never left without an end', () => {
    for (const comesBack of [true, false]) {
      const world = serviceWorld();
      const alice = world.phone('alice', { transport: 'tcp' });
      const bob = world.phone('bob', { transport: 'tcp', onInvite: { ringAfterMs: 10, answerAfterMs: 5000 } });
      for (const phone of [alice, bob]) phone.register();
      world.run(500);
      const call = alice.call('bob');
      world.run(1000);
      world.network.breakStreams(bob.wire.local.host);
      if (!comesBack) world.network.partition(bob.wire.local.host, '*');
      world.run(70_000);
      expect(call.status).not.toBe(0);
      call.bye();
      world.network.heal();
      world.run(70_000);
      bob.incoming?.bye();
      world.run(300_000);
      expect(world.service.service.engine.countActors('call')).toBe(0);
      expect(world.service.service.openLegs).toBe(0);
    }
  });
});

describe('a phone on UDP that is gone while two talk', () => {
  it('leaves what it is asked without answer: 408 to who asked; BYE is answered at once', () => {
    const { world, bob, call, callee } = talking('udp');
    world.network.partition(bob.wire.local.host, '*');
    const info = call.request('INFO');
    world.run(31_000);
    expect(info.status).toBe(0);
    world.run(2_000);
    expect(info.status).toBe(408);
    if (call.state === 'answered') {
      const bye = call.bye();
      world.run(100);
      expect(bye?.status).toBe(200);
    }
    world.run(100_000);
    expect(world.service.service.engine.countActors('call')).toBe(0);
    world.network.heal();
    callee.bye();
    expectQuiet(world);
  });
});
