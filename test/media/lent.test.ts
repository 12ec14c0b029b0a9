import { expect, it, describe as suite } from 'vitest';
import type { Attended, MediaBridge } from '../../src/media/media.ts';
import { asked, describe, MediaWorld, PCMU, sdpOf, text } from '../support/media-world.ts';

/** a talks to b; c may be consulted by a. */
function consulting(offer?: string, answer?: string) {
  const world = new MediaWorld();
  const { a, b, bridge } = world.talk(offer, answer);
  const c = world.phone('10.0.0.4');
  const lent = bridge.lend?.('caller');
  return { world, a, b, c, bridge, lent };
}
function bridgeTo(world: MediaWorld, attended: Attended | undefined): MediaBridge {
  const order = { call: 'call:2', caller: world.party('a', '10.0.0.2'), fork: world.party('c', '10.0.0.4'), attended };
  const bridge = world.plane.bridge(order);
  if (bridge === undefined) throw new Error('it is not anchored');
  return bridge;
}
const C = sdpOf('10.0.0.4', 'm=audio 40000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000');

suite('a party that is lent', () => {
  it('talks to somebody else, in the session that it has, and to whom it talked before once it is given back', () => {
    const { world, a, b, c, bridge, lent } = consulting();
    const second = bridgeTo(world, lent);
    const offer = text((told) => second.offer(told));
    expect(offer).toMatch(/m=audio \d+ RTP\/AVP 0 101\r\n/);
    describe(second, 'fork', C, 'answer');
    a.talk(200);
    world.run(500);
    const alone = b.packets;
    expect([alone > 5, c.packets]).toEqual([true, 0]);
    c.reach(offer);
    second.connect();
    a.talk(400);
    b.talk(400);
    c.talk(400);
    world.run(1_000);
    expect([b.packets, c.packets, a.packets]).toEqual([alone, 20, 20]);
    // What c sends, since b's goes nowhere.
    expect(a.streams.map(({ packets }) => packets)).toEqual([20]);
    lent?.close();
    second.close();
    a.talk(200);
    b.talk(200);
    world.run(1_000);
    expect([b.packets - alone, c.packets, a.packets]).toEqual([10, 20, 30]);
    bridge.close();
    expect([world.plane.size, world.sockets.size, world.timers.size]).toEqual([0, 0, 0]);
  });

  it('is left by whom it talked to first: the other one hears nothing, and nothing is sent to closed sockets', () => {
    const { world, a, c, bridge, lent } = consulting();
    const second = bridgeTo(world, lent);
    c.reach(text((told) => second.offer(told)));
    describe(second, 'fork', C, 'answer');
    second.connect();
    bridge.close();
    a.talk(200);
    c.talk(200);
    world.run(500);
    lent?.close();
    second.close();
    world.run(500);
    expect([world.plane.size, world.sockets.size]).toEqual([0, 0]);
  });

  it('is told nothing new, whatever it is asked', () => {
    const { lent } = consulting();
    expect(asked((told) => lent?.answer(undefined, told))).toMatchObject({ status: 488 });
    expect(lent?.accept('')).toMatchObject({ status: 488 });
  });

  it('is none whose audio cannot be named to a third one, nor twice at a time', () => {
    const opus = ['m=audio 40000 RTP/AVP 96', 'a=rtpmap:96 opus/48000/2'];
    expect(consulting(sdpOf('10.0.0.2', ...opus), sdpOf('10.0.0.3', ...opus)).lent).toBeUndefined();
    const { bridge, lent } = consulting();
    expect([lent === undefined, bridge.lend?.('fork')]).toEqual([false, undefined]);
  });

  it('is offered with the one audio that the two agreed on', () => {
    const many = ['m=audio 40000 RTP/AVP 8 0 101', 'a=rtpmap:101 telephone-event/8000'];
    const { world, lent } = consulting(sdpOf('10.0.0.2', ...many), sdpOf('10.0.0.3', ...PCMU));
    expect(text((told) => bridgeTo(world, lent).offer(told))).toMatch(/m=audio \d+ RTP\/AVP 0 101\r\n/);
  });
});
