import { expect, it } from 'vitest';
import { FlowCache } from '../../src/transport/flow-cache.ts';

it('keeps what is used and forgets what is not, within its bound', () => {
  const cache = new FlowCache<string>(10);
  cache.set('used', 1, 'used');
  cache.set('unused', 1, 'unused');
  for (let port = 1; port <= 1000; port++) {
    cache.set('other', port, `other ${port}`);
    expect(cache.get('used', 1)).toBe('used');
    expect(cache.size).toBeLessThanOrEqual(10);
  }
  expect(cache.get('unused', 1)).toBeUndefined();
  expect(cache.get('other', 1000)).toBe('other 1000');
  expect(cache.get('other', 1)).toBeUndefined();
});
