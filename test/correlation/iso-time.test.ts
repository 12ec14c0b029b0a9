import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from '../../src/correlation/iso-time.ts';

it('an instant is written as Date would write it', () => {
  const instants = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2999, 11, 31) });
  const examples: [number][] = [[0], [Date.UTC(2028, 1, 29, 23, 59, 59, 999)], [Date.UTC(2100, 1, 28, 23)]];
  fc.assert(
    fc.property(instants, (atMs) => {
      expect(isoTime(atMs)).toBe(new Date(atMs).toISOString());
    }),
    { examples },
  );
});
