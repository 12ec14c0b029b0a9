import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

/** A confirmed call between two phones over this transport. */
function talking(transport: 'udp' | 'tcp') {
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
