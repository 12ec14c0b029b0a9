import { expect, it } from 'vitest';
import { type CacheSettings, DnsCache } from '../../src/dns/cache.ts';
import { SimulatedResolver, type Zone } from '../../src/testing/simulated-resolver.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

function caching(zone: Zone, settings: Partial<CacheSettings> = {}) {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const resolver = new SimulatedResolver(zone).runOn(timers);
  const cache = new DnsCache(resolver, timers, settings);
  const heard: (readonly string[])[] = [];
  const ask = (name: string): void => cache.ask('A', name, (records) => void heard.push(records));
  return { time, resolver, cache, heard, ask };
}
const ZONE = { 'A a.example.net': ['192.0.2.1'] };

it('asks once for equal questions at a time, and not again within the time to live', () => {
  const { time, resolver, heard, ask } = caching(ZONE);
  for (const name of ['a.example.net', 'A.Example.NET', 'a.example.net.']) ask(name);
  time.advance(20);
  expect(heard).toEqual([['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1']]);
  time.advance(59_000);
  ask('a.example.net');
  expect(heard).toHaveLength(4);
  expect(resolver.asked).toEqual(['A a.example.net']);
  time.advance(2_000);
  ask('a.example.net');
  expect(resolver.asked).toHaveLength(2);
});

it('keeps the time to live within its bounds', () => {
  const { time, resolver, ask } = caching(ZONE, { minTtlMs: 5_000, maxTtlMs: 10_000 });
  for (const [ttlMs, keptMs] of [
    [0, 5_000],
    [1e12, 10_000],
  ] as const) {
    resolver.ttlMs = ttlMs;
    resolver.asked.length = 0;
    ask('a.example.net');
    time.advance(20 + keptMs - 1);
    ask('a.example.net');
    expect(resolver.asked).toHaveLength(1);
    time.advance(1);
    ask('a.example.net');
    expect(resolver.asked).toHaveLength(2);
    time.advance(20_000);
  }
});

it('remembers that there are none, and for less long that nobody answered', () => {
  const { time, resolver, heard, ask } = caching({ 'A down.example.net': 'failed' });
  ask('none.example.net');
  ask('down.example.net');
  time.advance(20);
  expect(heard).toEqual([[], []]);
  time.advance(4_900);
  ask('down.example.net');
  expect(resolver.asked).toHaveLength(2);
  time.advance(100);
  ask('down.example.net');
  ask('none.example.net');
  expect(resolver.asked).toHaveLength(3);
});

it('serves old records while name servers fail (RFC 8767), for a day', () => {
  const { time, resolver, heard, ask } = caching(ZONE);
  ask('a.example.net');
  time.advance(60_020);
  resolver.delayMs = Number.POSITIVE_INFINITY;
  ask('a.example.net');
  time.advance(2_000);
  expect(heard.at(-1)).toEqual(['192.0.2.1']);
  time.advance(86_400_000);
  ask('a.example.net');
  time.advance(2_000);
  expect(heard.at(-1)).toEqual([]);
});

it('takes an answer that comes after its time for the next question', () => {
  const { time, resolver, heard, ask } = caching(ZONE);
  resolver.delayMs = 3_000;
  ask('a.example.net');
  time.advance(2_000);
  expect(heard).toEqual([[]]);
  time.advance(1_000);
  ask('a.example.net');
  expect(heard.at(-1)).toEqual(['192.0.2.1']);
});

it('is bounded in entries and in open questions', () => {
  const { time, cache, heard, ask } = caching({}, { maxEntries: 10, maxOpen: 20 });
  for (let n = 0; n < 50; n += 1) ask(`h${n}.example.net`);
  expect([cache.open, heard.length]).toEqual([20, 30]);
  time.advance(20);
  expect([cache.open, heard.length, cache.size]).toEqual([0, 50, 10]);
});
