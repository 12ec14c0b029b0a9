import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { PortCycle } from '../../src/transport/rtp.ts';
import { UdpRtpSockets } from '../../src/transport/rtp-sockets.ts';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});
/** Far from what other tests bind. */
const sockets = (first: number, last: number, fraction = 0): UdpRtpSockets => {
  const made = new UdpRtpSockets({ first, last }, () => fraction);
  opened.push(made);
  return made;
};

describe('pairs of ports (RFC 3550 §11)', () => {
  it('are bound when they are taken, RTP on the even one', async () => {
    const pairs = sockets(31_001, 31_050, 0.5);
    const pair = pairs.take('127.0.0.1');
    if (pair === undefined) throw new Error('none was free');
    expect(pair.port % 2).toBe(0);
    const heard: string[] = [];
    pair.hearer = {
      rtp: (bytes, host) => heard.push(`rtp ${bytes} ${host}`),
      rtcp: (bytes, host) => heard.push(`rtcp ${bytes} ${host}`),
    };
    const peer = createSocket('udp4').bind(0, '127.0.0.1');
    await once(peer, 'listening');
    // In this order on one socket, and answered: when the answer is here, both were.
    peer.send('a', pair.port, '127.0.0.1');
    peer.send('b', pair.port + 1, '127.0.0.1');
    while (heard.length < 2) await new Promise((done) => setTimeout(done, 1));
    expect(heard.toSorted()).toEqual(['rtcp b 127.0.0.1', 'rtp a 127.0.0.1']);
    pair.sendRtcp(Buffer.from('c'), '127.0.0.1', peer.address().port);
    const [answer, from] = await once(peer, 'message');
    expect([String(answer), from.port]).toEqual(['c', pair.port + 1]);
    peer.close();
  });

  it('that others have are passed over, and none is given when all are taken', async () => {
    const foreign = createSocket('udp4').bind(31_103, '127.0.0.1');
    await once(foreign, 'listening');
    opened.push(foreign);
    const pairs = sockets(31_100, 31_107);
    const taken = [pairs.take('127.0.0.1'), pairs.take('127.0.0.1'), pairs.take('127.0.0.1')];
    expect(taken.map((pair) => pair?.port)).toEqual([31_100, 31_104, 31_106]);
    expect(pairs.take('127.0.0.1')).toBeUndefined();
    taken[1]?.close();
    taken[1]?.close();
    expect(pairs.size).toBe(2);
    expect(pairs.take('127.0.0.1')?.port).toBe(31_104);
  });

  it('are not there at an address that is not ours, and nothing throws', () => {
    const pairs = sockets(31_200, 31_210);
    expect(pairs.take('192.0.2.1')).toBeUndefined();
    const pair = pairs.take('::1');
    expect(pair?.host).toBe('::1');
    pair?.sendRtp(Buffer.from('x'), 'not an address', 1);
    pair?.sendRtp(Buffer.from('x'), '192.0.2.1', 70_000);
    pair?.close();
    pair?.sendRtp(Buffer.from('x'), '::1', 9);
    expect(pairs.size).toBe(0);
  });

  it('come again as late as can be', () => {
    const cycle = new PortCycle({ first: 20_001, last: 20_008 }, 0.99);
    expect(cycle.size).toBe(3);
    expect([1, 2, 3, 4].map(() => cycle.next())).toEqual([20_006, 20_002, 20_004, 20_006]);
    expect(new PortCycle({ first: 20_001, last: 20_002 }, 0).size).toBe(0);
  });
});
