import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../src/protection/source.ts';

describe('the source behind an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (host, source) => expect(sourceOf(host)).toBe(source));

  it('is the same however much of a /64 is used, and another beside it', () => {
    expect(sourceOf('2001:db8:a:b::1')).toBe(sourceOf('2001:db8:a:b:ffff:1:2:3'));
    expect(sourceOf('2001:db8:a:b::1')).not.toBe(sourceOf('2001:db8:a:c::1'));
  });
});
