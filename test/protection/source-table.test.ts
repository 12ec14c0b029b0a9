import { describe, expect, it } from 'vitest';
import { type Source, SourceTable } from '../../src/protection/source-table.ts';

const table = (max: number) => new SourceTable(max, (name) => ({ name }) as Source);

describe('the table of sources', () => {
  it('stays within its bound', () => {
    const sources = table(100);
    for (let i = 0; i < 10_000; i++) {
      sources.of(`10.0.${i >> 8}.${i & 255}`);
      expect(sources.size).toBeLessThanOrEqual(100);
    }
  });

  it('keeps those that are heard of, whoever else comes', () => {
    const sources = table(100);
    const known = sources.of('192.0.2.1');
    for (let i = 0; i < 10_000; i++) {
      sources.of(`10.0.${i >> 8}.${i & 255}`);
      if (i % 40 === 0) expect(sources.of('192.0.2.1')).toBe(known);
    }
    expect(sources.known('10.0.0.1')).toBeUndefined();
  });
});
