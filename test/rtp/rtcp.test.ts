import { describe, expect, it } from 'vitest';
import { isRtcp, middleOf, type Report, readRtcp, roundTripMs, writeReport } from '../../src/rtp/rtcp.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const BLOCK = { ssrc: 7, fractionLost: 64, lost: -3, highestSequence: 0x10005, jitterTicks: 80, lastSenderReport: 1, delay: 2 };
const report = (said: Partial<Report> = {}): Report => ({
  ssrc: 0xfffffffe,
  sender: undefined,
  blocks: [],
  cname: 'x@y',
  isBye: false,
  ...said,
});
const AT_MS = 1_800_000_000_250;

describe('RTCP (RFC 3550 §6)', () => {
  it.each([
    ['80c80006', true],
    ['81c90007', true],
    ['80cb0001', true],
    ['80cd0002', true],
    ['80600001', false],
    // Payload type 72 with a marker would look like it: nobody uses that (RFC 5761 §4).
    ['80e00001', false],
    ['80800001', false],
    ['40c80006', false],
  ])('is told from RTP on one port by %s', (head, is) => expect(isRtcp(hex(`${head} 00000001`))).toBe(is));

  it('is no RTCP when it is cut off', () => expect(isRtcp(hex('80c80006'))).toBe(false));

  it('is written with report, name and end', () => {
    const sender = { atMs: AT_MS, timestamp: 1600, packets: 10, bytes: 1600 };
    const bytes = writeReport(report({ sender, blocks: [BLOCK], isBye: true }));
    const seconds = (1_800_000_000 + 2_208_988_800) % 2 ** 32;
    expect(bytes.toString('hex')).toBe(
      [
        `81c8000c fffffffe ${seconds.toString(16).padStart(8, '0')} 40000000 00000640 0000000a 00000640`,
        '00000007 40fffffd 00010005 00000050 00000001 00000002',
        '81ca0003 fffffffe 01037840 79000000',
        '81cb0001 fffffffe',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
    expect(readRtcp(bytes)).toEqual([
      { kind: 'report', ssrc: 0xfffffffe, senderReport: middleOf(AT_MS), packets: 10, blocks: [BLOCK] },
      { kind: 'bye', ssrcs: [0xfffffffe] },
    ]);
  });

  it.each(['', 'a', 'ab', 'abc', 'abcd', 'x'.repeat(300)])('ends its name at a word (%s)', (cname) => {
    const bytes = writeReport(report({ cname }));
    expect(bytes.length % 4).toBe(0);
    expect(readRtcp(bytes)).toEqual([{ kind: 'report', ssrc: 0xfffffffe, senderReport: undefined, packets: 0, blocks: [] }]);
    const name = bytes.subarray(18);
    expect(name[name.subarray(0, bytes[17] ?? 0).length]).toBe(0);
  });

  it('tells how long the way is', () => {
    const block = { ...BLOCK, lastSenderReport: middleOf(AT_MS), delay: Math.round(0.5 * 65_536) };
    expect(roundTripMs(AT_MS + 620, block)).toBeCloseTo(120, 1);
    expect(roundTripMs(AT_MS + 400, block)).toBe(0);
    expect(roundTripMs(AT_MS, { ...block, lastSenderReport: 0 })).toBeUndefined();
    // The middle of NTP time wraps around every 18 hours.
    const before = 65_536_000 * 27_500 - 2_208_988_800_000 - 50;
    expect(roundTripMs(before + 100, { ...BLOCK, lastSenderReport: middleOf(before), delay: 0 })).toBeCloseTo(100, 1);
  });

  it.each([
    ['longer than it is', '80c90005 00000001'],
    ['fewer blocks than it says', '82c90001 00000001'],
    ['no sender', '80c80001 00000001'],
    ['fewer sources than it says', '9fcb0001 00000001'],
    ['another version within', '80c90001 00000001 00c90001 00000001'],
    ['a rest', '80c90001 00000001 8000'],
  ])('is not believed with %s', (_, text) => expect(readRtcp(hex(text))).toBeUndefined());

  it('leaves what it does not know unread', () => {
    expect(readRtcp(hex('81cd0002 00000001 00000002 80d00000'))).toEqual([]);
  });
});
