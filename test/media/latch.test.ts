import { describe, expect, it } from 'vitest';
import { Latch, NO_SSRC } from '../../src/media/latch.ts';

const SIGNALS = '203.0.113.7';
const INSIDE = '192.168.1.5';
const OURS = 0xabcd;
const described = (host = INSIDE, port = 4000): Latch => {
  const latch = new Latch(SIGNALS);
  latch.describe(host, port);
  return latch;
};
const to = ({ host, port }: Latch) => `${host}:${port}`;

describe('a latch', () => {
  it('sends to where the description says until a source is heard, and then there', () => {
    const latch = described();
    expect(to(latch)).toBe('192.168.1.5:4000');
    expect(latch.admits(SIGNALS, 62_000, OURS, 0)).toBe(true);
    expect(to(latch)).toBe('203.0.113.7:62000');
  });

  it('sends nowhere that is no machine', () => {
    for (const host of ['0.0.0.0', '239.1.1.1', 'phone.example.com', '']) expect(to(described(host))).toBe(':0');
    expect(to(described(INSIDE, 0))).toBe(':0');
  });

  it('is not taken by a later stranger, whoever it is and whatever it sends', () => {
    const latch = described();
    latch.admits(SIGNALS, 62_000, OURS, 0);
    for (let n = 0; n < 100; n++) {
      expect(latch.admits('198.51.100.9', 4000 + n, n, 10_000 + n)).toBe(false);
      expect(latch.admits('198.51.100.9', 4000, 7, 10_000 + n)).toBe(false);
      // Of the same host, another program.
      expect(latch.admits(SIGNALS, 62_001, 7, 10_000 + n)).toBe(false);
    }
    expect(to(latch)).toBe('203.0.113.7:62000');
  });

  it('leaves a stranger that came first for a source that is more surely the party', () => {
    const latch = described('198.51.100.1');
    expect(latch.admits('198.51.100.9', 9, 1, 0)).toBe(false);
    expect(latch.admits('198.51.100.9', 9, 2, 0)).toBe(false);
    expect(latch.admits('198.51.100.9', 9, 2, 0)).toBe(true);
    expect(latch.admits(SIGNALS, 62_000, OURS, 1)).toBe(true);
    expect(latch.admits('198.51.100.9', 9, 2, 2)).toBe(false);
    expect(latch.admits('198.51.100.1', 4000, OURS, 3)).toBe(true);
    expect(latch.admits(SIGNALS, 62_000, OURS, 4)).toBe(false);
    expect(to(latch)).toBe('198.51.100.1:4000');
  });

  it('sends nothing to a stranger while the party can be reached as it said, however silent it is', () => {
    for (const host of ['198.51.100.1', SIGNALS]) {
      const latch = described(host);
      latch.admits('198.51.100.9', 9, 1, 0);
      expect(latch.admits('198.51.100.9', 9, 1, 20)).toBe(true);
      expect(to(latch)).toBe(`${host}:4000`);
    }
    const behindNat = described();
    behindNat.admits('198.51.100.9', 9, 1, 0);
    behindNat.admits('198.51.100.9', 9, 1, 20);
    expect(to(behindNat)).toBe('198.51.100.9:9');
  });

  it('is not opened by a hold', () => {
    const latch = described();
    latch.admits(SIGNALS, 62_000, OURS, 0);
    latch.describe('0.0.0.0', 4000);
    for (const ms of [1, 2, 3]) expect(latch.admits('198.51.100.9', 9, 1, ms)).toBe(false);
    expect(latch.admits(SIGNALS, 62_000, OURS, 4)).toBe(true);
    expect(to(latch)).toBe('203.0.113.7:62000');
  });

  it('knows an IPv6 address however it is written', () => {
    const latch = new Latch('2001:db8::7');
    latch.describe('2001:DB8:0:0:0:0:0:5', 4000);
    expect(latch.admits('2001:db8::5', 4000, OURS, 0)).toBe(true);
    expect(latch.admits('2001:db8::7', 4000, OURS, 0)).toBe(false);
  });

  it('follows the same stream to elsewhere, once its source was silent', () => {
    const latch = described();
    latch.admits(SIGNALS, 62_000, OURS, 0);
    expect(latch.admits('198.51.100.9', 1, OURS, 1_999)).toBe(false);
    expect(latch.admits('198.51.100.9', 1, OURS + 1, 2_000)).toBe(false);
    expect(latch.admits('198.51.100.9', 1, OURS, 2_000)).toBe(true);
    expect(to(latch)).toBe('198.51.100.9:1');
    expect(latch.admits('198.51.100.9', 2, OURS, 2_001)).toBe(false);
  });

  it('follows nothing without an SSRC', () => {
    const latch = described();
    expect(latch.admits(SIGNALS, 62_000, NO_SSRC, 0)).toBe(true);
    expect(latch.admits('198.51.100.9', 1, NO_SSRC, 60_000)).toBe(false);
  });

  it('begins anew with a new description, and hears the old source until another one comes', () => {
    const latch = described();
    latch.admits(SIGNALS, 62_000, OURS, 0);
    latch.describe('192.168.1.6', 4000);
    // It was behind NAT: nobody can be sent to its new address inside.
    expect(to(latch)).toBe('203.0.113.7:62000');
    expect(latch.admits(SIGNALS, 62_000, OURS, 1)).toBe(true);
    expect(latch.admits(SIGNALS, 62_004, OURS + 1, 2)).toBe(true);
    expect(latch.admits(SIGNALS, 62_000, OURS, 3)).toBe(false);
    expect(to(latch)).toBe('203.0.113.7:62004');
  });

  it('sends to a new address at once where the old one was heard as described', () => {
    const latch = described('198.51.100.1');
    latch.admits('198.51.100.1', 4000, OURS, 0);
    latch.describe('198.51.100.2', 5000);
    expect(to(latch)).toBe('198.51.100.2:5000');
    expect(latch.admits('198.51.100.1', 4000, OURS, 1)).toBe(true);
    expect(to(latch)).toBe('198.51.100.2:5000');
    latch.describe('198.51.100.2', 5000);
    expect(latch.admits('198.51.100.2', 5000, OURS, 2)).toBe(true);
    expect(latch.admits('198.51.100.1', 4000, OURS, 3)).toBe(false);
  });
});
