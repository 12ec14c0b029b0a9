import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { ordered } from '../../src/dns/weight.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const records = fc.array(
  fc.record({ priority: fc.nat(3), weight: fc.oneof(fc.constant(0), fc.nat(65_535)), port: fc.nat(65_535), target: fc.string() }),
  { maxLength: 20 },
);

test.prop([records, fc.nat()])('every server is tried once, a lower priority never after a higher one', (all, seed) => {
  const found = ordered(all, new SeededRandom(seed));
  expect(found).toHaveLength(all.length);
  expect(new Set(found)).toEqual(new Set(all));
  expect(found.map(({ priority }) => priority)).toEqual(all.map(({ priority }) => priority).sort((a, b) => a - b));
});

it('is first as often as its weight says (RFC 2782), and with a weight of 0 hardly ever', () => {
  const weights = [60, 30, 10, 0];
  const servers = weights.map((weight) => ({ priority: 1, weight, port: 5060, target: `w${weight}` }));
  const random = new SeededRandom(7);
  const first = new Map<string, number>();
  const DRAWS = 20_000;
  for (let n = 0; n < DRAWS; n += 1) {
    const name = ordered(servers, random)[0]?.target ?? '';
    first.set(name, (first.get(name) ?? 0) + 1);
  }
  const share = (name: string): number => (first.get(name) ?? 0) / DRAWS;
  // Of 101 marks, 0 is the weightless one's.
  expect(share('w60')).toBeCloseTo(60 / 101, 1);
  expect(share('w30')).toBeCloseTo(30 / 101, 1);
  expect(share('w10')).toBeCloseTo(10 / 101, 1);
  expect(share('w0')).toBeGreaterThan(0.002);
  expect(share('w0')).toBeLessThan(0.03);
});
