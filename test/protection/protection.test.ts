import { describe, expect, it } from 'vitest';
import { type Offence, Protection, type ProtectionSettings } from '../../src/protection/protection.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { Flow } from '../../src/transport/transport.ts';

const SETTINGS: ProtectionSettings = {
  requestsPerSecondPerSource: 10,
  trusted: [
    { address: '127.0.0.0', bits: 8 },
    { address: '2001:db8:feed::', bits: 48 },
  ],
  scanners: ['friendly-scanner'],
  failuresBeforeBan: 3,
  banMs: 300_000,
};

function scene(settings: Partial<ProtectionSettings> = {}) {
  const time = new VirtualTime(1_000_000);
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const lines: Record<string, unknown>[] = [];
  const say = (fields: object, message: string) => void lines.push({ message, ...fields });
  const inStanding = new Set<string>();
  let scans = 0;
  const standing = {
    size: 100_000,
    has: (isFrom: (host: string) => boolean) => {
      scans++;
      return [...inStanding].some(isFrom);
    },
  };
  const log = { info: say, warn: say };
  const protection = new Protection({ settings: { ...SETTINGS, ...settings }, timers, log, standing });
  const closed: string[] = [];
  const flow = (host: string, reliable = false): Flow =>
    ({
      reliable,
      remote: { host, port: 5060 },
      ...(reliable ? { close: () => void closed.push(host) } : {}),
    }) as unknown as Flow;
  const admitted = (of: Flow, tries: number) => Array.from({ length: tries }, () => protection.admits(of)).filter(Boolean).length;
  const offend = (of: Flow, times: number, offence: Offence = 'wrong credentials') => {
    for (let i = 0; i < times; i++) protection.offended(of, offence);
  };
  const said = (message: string) => lines.filter((line) => line.message === message);
  return { time, timers, protection, lines, said, inStanding, closed, flow, admitted, offend, scans: () => scans };
}

describe('the rate limit', () => {
  it('lets a burst of two seconds through, then the rate', () => {
    const { time, flow, admitted } = scene();
    expect(admitted(flow('192.0.2.1'), 100)).toBe(20);
    time.advance(1000);
    expect(admitted(flow('192.0.2.1'), 100)).toBe(10);
    time.advance(60_000);
    expect(admitted(flow('192.0.2.1'), 100)).toBe(20);
  });

  it('counts each source by itself, IPv6 by its /64', () => {
    const { flow, admitted } = scene();
    expect(admitted(flow('192.0.2.1'), 100)).toBe(20);
    expect(admitted(flow('192.0.2.2'), 100)).toBe(20);
    expect(admitted(flow('2001:db8::1'), 15)).toBe(15);
    expect(admitted(flow('2001:db8::2'), 15)).toBe(5);
    expect(admitted(flow('2001:db8:0:1::2'), 15)).toBe(15);
  });

  it('says so once a minute for each source, with how many were dropped', () => {
    const { time, flow, admitted, lines } = scene();
    admitted(flow('192.0.2.1'), 100);
    admitted(flow('192.0.2.2'), 21);
    time.advance(60_000);
    admitted(flow('192.0.2.1'), 21);
    expect(lines).toEqual([
      { message: 'source over the rate limit', source: '192.0.2.1', perSecond: 10, dropped: 1 },
      { message: 'source over the rate limit', source: '192.0.2.2', perSecond: 10, dropped: 1 },
      { message: 'source over the rate limit', source: '192.0.2.1', perSecond: 10, dropped: 80 },
    ]);
  });

  it('knows no limit for who is trusted, from the start or later, and none at 0', () => {
    const { flow, admitted, protection } = scene();
    expect(admitted(flow('127.0.0.9'), 1000)).toBe(1000);
    expect(admitted(flow('2001:db8:feed:1::7'), 1000)).toBe(1000);
    expect(admitted(flow('198.51.100.7'), 1000)).toBe(20);
    protection.trust({ address: '198.51.100.0', bits: 24 });
    expect(admitted(flow('198.51.100.7'), 1000)).toBe(1000);
    const free = scene({ requestsPerSecondPerSource: 0 });
    expect(free.admitted(free.flow('192.0.2.1'), 1000)).toBe(1000);
  });

  it('forgets no ban, however many sources there are', () => {
    const { flow, protection, offend, admitted } = scene();
    offend(flow('192.0.2.1'), 3);
    for (let i = 0; i < 250_000; i++) protection.admits(flow(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
    expect(admitted(flow('192.0.2.1'), 1)).toBe(0);
  });
});

describe('a ban', () => {
  it('drops all of a source for its time, with one line at each end', () => {
    const { time, flow, offend, admitted, lines, protection, timers } = scene();
    offend(flow('192.0.2.1'), 2);
    expect(admitted(flow('192.0.2.1'), 1)).toBe(1);
    offend(flow('192.0.2.1'), 1);
    expect(admitted(flow('192.0.2.1'), 1)).toBe(0);
    expect(admitted(flow('192.0.2.1', true), 1)).toBe(0);
    expect(protection.admitsConnection('192.0.2.1')).toBe(false);
    expect(admitted(flow('192.0.2.2'), 1)).toBe(1);
    time.advance(299_999);
    expect(admitted(flow('192.0.2.1'), 1)).toBe(0);
    time.advance(1);
    expect(admitted(flow('192.0.2.1'), 1)).toBe(1);
    expect(protection.admitsConnection('192.0.2.1')).toBe(true);
    expect(lines).toEqual([
      { message: 'source banned', source: '192.0.2.1', why: 'wrong credentials', seconds: 300, transport: 'all' },
      { message: 'source let in again', source: '192.0.2.1' },
    ]);
    expect([protection.banned, timers.size]).toEqual([0, 0]);
  });

  it('takes failures within a minute, not those of yesterday', () => {
    const { time, flow, offend, said } = scene();
    for (let i = 0; i < 10; i++) {
      offend(flow('192.0.2.1'), 2);
      time.advance(60_000);
    }
    expect(said('source banned')).toEqual([]);
  });

  it('closes the connection that failed, and each other one when it speaks', () => {
    const { flow, offend, admitted, closed } = scene();
    offend(flow('192.0.2.1', true), 3);
    expect(closed).toEqual(['192.0.2.1']);
    admitted(flow('192.0.2.1', true), 1);
    expect(closed).toHaveLength(2);
  });

  it('is never for who is trusted, and for nobody at 0', () => {
    const { flow, offend, lines } = scene();
    offend(flow('127.0.0.1'), 100);
    expect(lines).toEqual([]);
    const free = scene({ failuresBeforeBan: 0 });
    free.offend(free.flow('192.0.2.1'), 1000);
    expect(free.lines).toEqual([]);
  });

  it('ends each in its own time', () => {
    const { time, flow, offend, said, protection } = scene();
    for (const host of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      offend(flow(host), 3);
      time.advance(1000);
    }
    expect(protection.banned).toBe(3);
    time.advance(298_000);
    expect(said('source let in again').map(({ source }) => source)).toEqual(['192.0.2.1', '192.0.2.2']);
    protection.stop();
    time.advance(10_000);
    expect(said('source let in again')).toHaveLength(2);
  });
});

describe('what anybody can do under another’s address', () => {
  it('closes UDP alone to it', () => {
    const { flow, offend, admitted, protection, said } = scene();
    offend(flow('192.0.2.1'), 3, 'malformed');
    expect(admitted(flow('192.0.2.1'), 1)).toBe(0);
    expect(admitted(flow('192.0.2.1', true), 1)).toBe(1);
    expect(protection.admitsConnection('192.0.2.1')).toBe(true);
    expect(said('source banned')).toMatchObject([{ why: 'malformed', transport: 'udp' }]);
  });

  it('does not add to what is proved', () => {
    const { flow, offend, lines } = scene();
    offend(flow('192.0.2.1'), 2, 'malformed');
    offend(flow('192.0.2.1'), 2, 'wrong credentials');
    expect(lines).toEqual([]);
  });

  it('bans nobody who has a phone or a call here, and who has is asked for seldom', () => {
    const { time, flow, offend, admitted, inStanding, said, scans } = scene();
    inStanding.add('192.0.2.1');
    offend(flow('192.0.2.1'), 1000, 'malformed');
    expect(scans()).toBe(1);
    time.advance(100);
    offend(flow('192.0.2.1'), 1000, 'malformed');
    expect(scans()).toBe(2);
    expect(admitted(flow('192.0.2.1'), 1)).toBe(1);
    expect(said('source banned')).toEqual([]);
    expect(said('source not banned, it has phones or calls')).toHaveLength(1);
  });

  it('nor who proved lately to know a password', () => {
    const { time, flow, offend, said, protection } = scene();
    protection.vouched(flow('192.0.2.1'));
    time.advance(3_599_000);
    offend(flow('192.0.2.1'), 100, 'malformed');
    expect(said('source banned')).toEqual([]);
    time.advance(61_000);
    offend(flow('192.0.2.1'), 100, 'malformed');
    expect(said('source banned')).toHaveLength(1);
  });

  it('a scanner is banned at its first word over TCP, since there it is itself', () => {
    const { flow, protection, said, closed } = scene();
    expect(protection.isScanner('Friendly-Scanner')).toBe(true);
    expect(protection.isScanner('Linphone')).toBe(false);
    expect(protection.isScanner(undefined)).toBe(false);
    protection.offended(flow('192.0.2.1'), 'scanner');
    expect(said('source banned')).toEqual([]);
    protection.offended(flow('192.0.2.1', true), 'scanner');
    expect(said('source banned')).toMatchObject([{ source: '192.0.2.1', why: 'scanner', transport: 'all' }]);
    expect(closed).toEqual(['192.0.2.1']);
  });
});
