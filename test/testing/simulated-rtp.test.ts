import { describe, expect, it } from 'vitest';
import { PhoneMedia } from '../../src/testing/phone-media.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { RtpNetwork, SimulatedRtpSockets } from '../../src/testing/simulated-rtp.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

function network(seed = 1) {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const rtp = new RtpNetwork({ timers, random: new SeededRandom(seed) });
  const phone = (host: string): PhoneMedia => new PhoneMedia({ network: rtp, timers, local: { host, port: 40_000 } });
  const pair = (a = phone('10.0.0.2'), b = phone('10.0.0.3')) => {
    a.remote = b.local;
    b.remote = a.local;
    return [a, b] as const;
  };
  return { time, rtp, phone, pair };
}

describe('phones with media', () => {
  it('hear what the others say, and are silent until they are told to talk', () => {
    const { time, pair } = network();
    const [a, b] = pair();
    time.advance(1000);
    expect(b.packets).toBe(0);
    a.talk(200);
    a.sendRtcp(Buffer.alloc(8));
    time.advance(1000);
    expect(b.streams[0]).toMatchObject({ packets: 10, from: a.local });
    expect(b.streams[0]?.latest.map(({ marker }) => marker).indexOf(true)).toBe(0);
    expect([b.rtcp, a.packets]).toEqual([1, 0]);
  });

  it('press keys that are heard once each, with 20 % loss as well', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { time, rtp, pair } = network(seed);
      rtp.weather({ loss: 0.2, jitterMs: 3, duplication: 0.1 });
      const [a, b] = pair();
      a.press('1199#');
      time.advance(3000);
      expect(b.keys).toBe('1199#');
      expect(rtp.lost).toBeGreaterThan(0);
    }
  });

  it('behind NAT are reached only by those they sent to', () => {
    const { time, rtp, pair } = network();
    const [a, b] = pair();
    rtp.nat('10.0.0.2', '203.0.113.1');
    b.talk(20);
    time.advance(100);
    // Its own address is no way in.
    expect(a.packets).toBe(0);
    a.talk(20);
    time.advance(100);
    const from = b.streams[0]?.from;
    expect(from?.host).toBe('203.0.113.1');
    b.remote = from;
    b.talk(20);
    time.advance(100);
    expect(a.packets).toBe(1);
    rtp.renewNat('10.0.0.2');
    b.talk(20);
    time.advance(100);
    expect(a.packets).toBe(1);
  });
});

describe('the service’s pairs of the simulated network', () => {
  it('are taken, used and given back', () => {
    const { time, rtp, phone } = network();
    const sockets = new SimulatedRtpSockets(rtp, { first: 20_000, last: 20_003 });
    const one = sockets.take('10.0.0.1');
    const two = sockets.take('10.0.0.1');
    expect([one?.port, two?.port, sockets.take('10.0.0.1')]).toEqual([20_000, 20_002, undefined]);
    const a = phone('10.0.0.2');
    a.reach('v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 20000 RTP/AVP 0\r\n');
    const heard: number[] = [];
    if (one !== undefined) one.hearer = { rtp: (bytes) => heard.push(bytes.length), rtcp: () => heard.push(0) };
    a.talk(40);
    time.advance(100);
    expect(heard).toEqual([172, 172]);
    one?.close();
    expect(sockets.take('10.0.0.1')?.port).toBe(20_000);
    sockets.close();
    expect(sockets.size).toBe(0);
  });
});
