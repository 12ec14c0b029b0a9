import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';
import { expectQuiet } from '../support/quiet.ts';

/** Bob sends Alice, with whom he talks, on to Carol, while nothing reaches Alice. */
function transferring() {
  const world = serviceWorld({ users: ['alice', 'bob', 'carol'] });
  const [alice, bob, carol] = [world.phone('alice'), world.phone('bob'), world.phone('carol')];
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  const call = alice.call('bob');
  world.run(200);
  const { incoming } = bob;
  if (incoming === undefined) throw new Error('no call');
  const open = world.network.partition(alice.wire.local.host, '*');
  incoming.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
  return { world, alice, bob, carol, call, bobs: incoming, open };
}

describe('a party that does not answer the re-INVITE of a transfer', () => {
  it('is given up after 30 s, so that the new one does not wait for its ACK until it gives up itself', () => {
    const { world, carol, bobs } = transferring();
    world.run(29_900);
    expect([carol.incoming?.state, carol.received('ACK').length]).toEqual(['answered', 0]);
    world.run(300);
    expect([carol.incoming?.end, carol.received('ACK').length]).toEqual(['hungUp', 1]);
    world.network.heal();
    world.run(5_000);
    bobs.bye();
    expectQuiet(world);
  });

  it('is told its earlier session again if it agrees after that', () => {
    const { world, alice, bob, call, bobs, open } = transferring();
    world.run(30_500);
    open();
    // The last repetition of the re-INVITE.
    world.run(1_500);
    expect(alice.received('ACK').length).toBeGreaterThanOrEqual(1);
    world.run(5_000);
    expect(call.remoteSdp).toContain(`c=IN IP4 ${bob.wire.local.host}`);
    expect([call.state, bobs.state]).toEqual(['answered', 'answered']);
    call.bye();
    world.run(100);
    expect(bobs.end).toBe('hungUp');
    expect(world.complaints).toEqual([]);
    expectQuiet(world);
  });
});

describe('a party whose 2xx waits for its ACK while it is transferred', () => {
  const transferred = () => {
    const world = serviceWorld({ users: ['alice', 'bob', 'carol'] });
    const [alice, bob, carol] = [world.phone('alice'), world.phone('bob'), world.phone('carol')];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(200);
    const { incoming: bobs } = bob;
    if (bobs === undefined) throw new Error('no call');
    // Bob is heard, and hears nothing.
    const open = world.network.block(SERVICE_HOST, bob.wire.local.host);
    const asked = bobs.reInvite();
    world.run(100);
    call.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(100);
    call.bye();
    world.run(5_000);
    return { world, bob, carol, bobs, asked, open };
  };

  it('gets it again until then, though the call in which it asked is over, and is joined after that', () => {
    const { world, bob, carol, bobs, asked, open } = transferred();
    // Nobody may make an offer to who has one of his own open (RFC 3261 §14.1).
    const offered = () =>
      world.packets.filter(({ to, text }) => to.host === bob.wire.local.host && text.startsWith('INVITE')).length;
    expect(offered()).toBe(1);
    open();
    world.run(10_000);
    expect(offered()).toBe(2);
    expect([asked.status, bobs.state, carol.incoming?.state]).toEqual([200, 'answered', 'answered']);
    expect([bobs.remoteSdp, carol.incoming?.remoteSdp]).toEqual([
      expect.stringContaining(`c=IN IP4 ${carol.wire.local.host}`),
      expect.stringContaining(`c=IN IP4 ${bob.wire.local.host}`),
    ]);
    bobs.bye();
    world.run(100);
    expect(carol.incoming?.end).toBe('hungUp');
    expect(world.complaints).toEqual([]);
    expectQuiet(world);
  });

  it('is hung up if it never hears of it', () => {
    const { world, carol } = transferred();
    world.run(70_000);
    expect(carol.incoming?.state).toBe('ended');
    world.network.heal();
    expectQuiet(world);
  });
});

describe('a party whose 2xx to an empty re-INVITE comes twice', () => {
  it('waits for the answer to its offer, which is not refused meanwhile', () => {
    const world = serviceWorld({ users: ['alice', 'bob', 'carol'] });
    const [alice, bob, carol] = [world.phone('alice'), world.phone('bob'), world.phone('carol')];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const [first, second] = [alice.call('bob'), alice.call('carol')];
    world.run(200);
    world.network.path(carol.wire.local.host, SERVICE_HOST, { duplication: 1 });
    const replaced = `${second.callId};to-tag=${second.dialog?.remoteTag};from-tag=${second.localTag}`;
    first.request('REFER', { headers: [['Refer-To', `<sip:carol@example.com?Replaces=${encodeURIComponent(replaced)}>`]] });
    world.run(1_000);
    expect([bob.incoming?.remoteSdp, carol.incoming?.remoteSdp]).toEqual([
      expect.stringContaining(`c=IN IP4 ${carol.wire.local.host}`),
      expect.stringContaining(`c=IN IP4 ${bob.wire.local.host}`),
    ]);
    bob.incoming?.bye();
    world.run(100);
    expect(carol.incoming?.end).toBe('hungUp');
    expect(world.complaints).toEqual([]);
    expectQuiet(world);
  });
});
