import { expect, it, describe as suite } from 'vitest';
import { asked, describe, MediaWorld, OURS, PCMU, sdpOf } from '../support/media-world.ts';

suite('a relayed call', () => {
  it('passes what either says, byte for byte, and counts it', () => {
    const world = new MediaWorld();
    const { a, b, bridge } = world.talk();
    a.voice = 0x11;
    a.talk(1000);
    b.talk(400);
    a.sendRtcp(Buffer.from([0x80, 200, 0, 1, 1, 2, 3, 4]));
    world.run(2000);
    expect(b.streams).toHaveLength(1);
    expect(b.streams[0]).toMatchObject({ packets: 50, from: { host: OURS } });
    expect(b.streams[0]?.latest[7]?.payload).toEqual(Buffer.alloc(160, 0x11));
    expect(b.streams[0]?.latest.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, n) => 1000 + n));
    expect([a.packets, b.rtcp, a.rtcp]).toEqual([20, 1, 0]);
    bridge.close();
    expect(world.told).toEqual(['a opened', 'b opened', 'a heard 0', 'b heard 0', 'a closed', 'b closed']);
    expect(world.counted.get('a')).toEqual({ packets: 49, lost: 0, jitterMs: 0 });
    expect([world.plane.size, world.sockets.size, world.timers.size]).toEqual([0, 0, 0]);
  });

  it('counts what was lost on the way', () => {
    const world = new MediaWorld({}, 3);
    world.rtp.path('10.0.0.2', '*', { loss: 0.1, jitterMs: 10 });
    const { a, b, bridge } = world.talk();
    a.talk(20_000);
    world.run(21_000);
    bridge.close();
    const { packets, lost, jitterMs } = world.counted.get('a') ?? { packets: 0, lost: 0, jitterMs: 0 };
    expect(packets).toBe(b.packets - 1);
    expect(packets + lost).toBeGreaterThan(990);
    expect(lost).toBeGreaterThan(50);
    expect(jitterMs).toBeGreaterThan(1);
  });

  it('reaches a phone behind NAT where its packets come from', () => {
    const world = new MediaWorld();
    world.rtp.nat('192.168.1.2', '10.0.0.2');
    const a = world.phone('192.168.1.2');
    const b = world.phone('10.0.0.3');
    const bridge = world.bridge();
    b.reach(describe(bridge, 'caller', sdpOf('192.168.1.2', ...PCMU), 'offer'));
    a.reach(describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'answer'));
    b.talk(5000);
    world.run(1000);
    expect(a.packets).toBe(0);
    a.talk(100);
    world.run(1000);
    expect(a.packets).toBeGreaterThan(40);
    const before = a.packets;
    // Nobody else gets in.
    const stranger = world.phone('10.0.0.66');
    stranger.remote = a.remote;
    stranger.talk(3000);
    world.run(1000);
    expect(stranger.packets).toBe(0);
    expect(a.packets).toBeGreaterThan(before + 40);
    expect(b.streams.map(({ packets }) => packets)).toEqual([5]);
  });

  it('relays what it cannot read: T.38, video', () => {
    const world = new MediaWorld();
    const lines = (port: number) => [
      ...PCMU,
      `m=video ${port + 2} RTP/AVP 96`,
      'a=rtpmap:96 H264/90000',
      `m=image ${port + 4} udptl t38`,
    ];
    const bridge = world.bridge();
    const offered = describe(bridge, 'caller', sdpOf('10.0.0.2', ...lines(40_000)), 'offer');
    const answered = describe(bridge, 'fork', sdpOf('10.0.0.3', ...lines(40_000)), 'answer');
    const ports = (sdp: string): number[] => [...sdp.matchAll(/^m=\S+ (\d+)/gm)].map(([, port]) => Number(port));
    expect(new Set([...ports(offered), ...ports(answered)]).size).toBe(6);
    const fax = world.phone('10.0.0.2', 40_004);
    const other = world.phone('10.0.0.3', 40_004);
    fax.remote = { host: OURS, port: ports(answered)[2] ?? 0 };
    fax.raw(Buffer.from('any bytes'));
    world.run(100);
    expect(other.packets).toBe(1);
    // A line that is refused gives its ports back.
    expect(world.sockets.size).toBe(6);
    describe(bridge, 'caller', sdpOf('10.0.0.2', ...lines(40_000)), 'offer');
    describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU, 'm=video 0 RTP/AVP 96', 'm=image 0 udptl t38'), 'answer');
    expect(world.sockets.size).toBe(2);
  });

  it('tells no party where the other is, in lines that are refused either', () => {
    const world = new MediaWorld();
    const { a, b, bridge } = world.talk();
    const away = ['c=IN IP4 10.0.0.9', 'a=rtcp:4009 IN IP4 10.0.0.9', 'a=candidate:1 1 UDP 1 10.0.0.9 4000 typ host'];
    const said = [
      describe(bridge, 'caller', sdpOf('10.0.0.2', ...PCMU, 'm=video 4 RTP/AVP 31', ...away), 'offer'),
      describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU, 'm=video 0 RTP/AVP 31', ...away), 'answer'),
      describe(bridge, 'caller', sdpOf('10.0.0.2', 'm=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 31', ...away), 'offer'),
      describe(bridge, 'fork', sdpOf('10.0.0.3', 'm=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 31'), 'answer'),
    ];
    const where = said.flatMap((sdp) => sdp.match(/^(?:c|a=rtcp|a=candidate).* 10\.0\.0\.[^1]$/gm) ?? []);
    expect([where, world.sockets.size]).toEqual([[], 0]);
    // They talk again once they want to, and are not told of as if they passed us by.
    b.reach(describe(bridge, 'caller', sdpOf('10.0.0.2', ...PCMU), 'offer'));
    a.reach(describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'answer'));
    a.talk(1000);
    b.talk(1000);
    world.run(1200);
    expect([a.packets, b.packets]).toEqual([50, 50]);
    expect(world.told.filter((one) => one.includes('unanchored'))).toEqual([]);
  });

  it('keeps its ports from one description to the next', () => {
    const world = new MediaWorld();
    const bridge = world.bridge();
    const offer = sdpOf('10.0.0.2', ...PCMU);
    const first = describe(bridge, 'caller', offer, 'offer');
    describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'answer');
    expect(describe(bridge, 'caller', offer, 'offer')).toBe(first);
    expect(describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU, 'a=recvonly'), 'answer')).toContain('a=recvonly');
  });

  it('changes nothing for an offer that nobody takes', () => {
    const world = new MediaWorld();
    const { a, b, bridge } = world.talk();
    a.talk(3000);
    b.talk(3000);
    world.run(1000);
    // It would move, and have another number for keys.
    const moved = sdpOf('10.0.0.9', 'm=audio 40000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000', 'm=video 4 RTP/AVP 31');
    describe(bridge, 'caller', moved, 'offer');
    world.run(1000);
    expect(a.packets).toBeGreaterThan(95);
    describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'offer');
    describe(bridge, 'caller', sdpOf('10.0.0.2', ...PCMU), 'answer');
    world.run(2000);
    expect([a.packets, b.packets]).toEqual([150, 150]);
    expect(world.sockets.size).toBe(2);
    // Taken, it moves.
    const elsewhere = world.phone('10.0.0.9');
    describe(bridge, 'caller', moved, 'offer');
    describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU, 'm=video 0 RTP/AVP 31'), 'answer');
    b.talk(1000);
    world.run(2000);
    expect([a.packets, elsewhere.packets]).toEqual([150, 50]);
  });

  it('hears a stream stall, and go on; not while the party is on hold', () => {
    const world = new MediaWorld();
    const { a, bridge } = world.talk();
    a.talk(1000);
    world.run(10_500);
    expect(world.told).toEqual(['a opened', 'b opened', 'a heard 0']);
    world.run(1000);
    a.talk(1000);
    world.run(1000);
    expect(world.told.slice(3)).toEqual(['a stopped', 'a heard 0']);
    describe(bridge, 'caller', sdpOf('10.0.0.2', ...PCMU, 'a=inactive'), 'offer');
    describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU, 'a=inactive'), 'answer');
    world.run(60_000);
    expect(world.told).toHaveLength(5);
    describe(bridge, 'caller', sdpOf('10.0.0.2', ...PCMU), 'offer');
    describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'answer');
    world.run(9000);
    expect(world.told).toHaveLength(5);
    world.run(2000);
    expect(world.told.slice(5)).toEqual(['a stopped']);
  });

  it('does not carry encrypted media, and says so once', () => {
    const world = new MediaWorld();
    const bridge = world.bridge();
    const offer = sdpOf('10.0.0.2', 'm=audio 4 RTP/SAVP 0', 'a=crypto:1 x inline:y');
    expect(describe(bridge, 'caller', offer, 'offer')).toBe(offer);
    expect(describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'answer')).toBe(sdpOf('10.0.0.3', ...PCMU));
    expect(describe(bridge, 'caller', offer, 'offer')).toBe(offer);
    expect(world.told).toEqual([
      'a unanchored: the audio is encrypted (SRTP): rtpengine carries that, the built-in relay does not',
    ]);
    expect(world.sockets.size).toBe(0);
    // What is offered in clear is carried again.
    expect(describe(bridge, 'fork', sdpOf('10.0.0.3', ...PCMU), 'offer')).toContain(OURS);
  });

  it('refuses in words when no port is left, and takes none in vain', () => {
    const world = new MediaWorld({ ports: { first: 20_000, last: 20_005 } });
    world.talk();
    const other = world.bridge();
    expect(asked((told) => other.describe('caller', sdpOf('10.0.0.2', ...PCMU), 'offer', told))).toEqual({
      status: 503,
      reason: 'No Media Ports Left',
    });
    other.close();
    expect(world.sockets.size).toBe(2);
  });

  it('takes any packets without harm', () => {
    const world = new MediaWorld();
    const { a, b } = world.talk();
    const bytes = Buffer.from('80ffffffffffffffffffffffffffffffffff', 'hex');
    for (let length = 0; length <= bytes.length; length++) a.raw(bytes.subarray(0, length));
    for (let first = 0; first < 256; first++) a.raw(Buffer.alloc(20, first));
    a.sendRtcp(Buffer.alloc(0));
    a.sendRtcp(Buffer.alloc(1500, 0xff));
    world.run(100);
    a.talk(100);
    world.run(200);
    expect(b.packets).toBeGreaterThanOrEqual(5);
  });
});

suite('an order to anchor', () => {
  it('is not taken where the config says never, but for whom the service attends', () => {
    const world = new MediaWorld({ anchor: 'never' });
    const [caller, fork] = [world.party('a', '10.0.0.2'), world.party('b', '10.0.0.3')];
    expect(world.plane.bridge({ call: 'call:1', caller, fork, attended: undefined })).toBeUndefined();
    const attended = world.plane.attend('call:1', caller);
    expect(world.plane.bridge({ call: 'call:1', caller, fork, attended })).toBeDefined();
  });

  it('names the address that is advertised', () => {
    const world = new MediaWorld({
      advertise: [
        { local: '10.9.9.9', host: '203.0.113.1' },
        { local: OURS, host: '203.0.113.5' },
      ],
    });
    expect(describe(world.bridge(), 'caller', sdpOf('10.0.0.2', ...PCMU), 'offer')).toContain('c=IN IP4 203.0.113.5\r\n');
  });
});
