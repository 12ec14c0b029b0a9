import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { LINEAR } from '../../src/rtp/g711.ts';
import { ToneKeys } from '../../src/rtp/goertzel.ts';
import { KeyPresses } from '../../src/rtp/key-presses.ts';
import { OutgoingStream } from '../../src/rtp/outgoing.ts';
import { RtpHeader } from '../../src/rtp/packet.ts';
import { isRtcp, readRtcp } from '../../src/rtp/rtcp.ts';
import { readWav } from '../../src/rtp/wav.ts';
import { readDtmfInfo } from '../../src/sip/dtmf-info.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { hearPresses, PressWriter, type Sent } from '../support/presses.ts';
import { worlds } from '../support/worlds.ts';

const KEYS = '0123456789*#ABCD';
/** From 5 packets a press to some 30; at 48 kHz the longer ones have a second segment. */
const press = fc.record({
  digit: fc.constantFrom(...KEYS),
  pressMs: fc.integer({ min: 40, max: 1500 }),
  pauseMs: fc.integer({ min: 40, max: 900 }),
});
const start = fc.record({ ssrc: fc.nat(0xffffffff), sequence: fc.nat(0xffff), timestamp: fc.nat(0xffffffff) });
const clockRate = fc.constantFrom(8000, 16_000, 48_000);

/** Loses packets of each press but one, repeats some, and swaps some with those after them, within a press. */
function battered(packets: readonly Sent[], random: SeededRandom, loss: number): Sent[] {
  const kept = packets[Math.floor(random.fraction() * packets.length)];
  const come = packets
    .filter((packet) => packet === kept || random.fraction() >= loss)
    .flatMap((packet) => (random.fraction() < 0.3 ? [packet, packet] : [packet]))
    .map((packet) => ({ packet, at: packet.atMs + random.fraction() * 70 }));
  return come.toSorted((a, b) => a.at - b.at).map(({ packet }) => packet);
}

test.prop(
  [start, clockRate, fc.array(press, { minLength: 1, maxLength: 12 }), fc.nat(), fc.constantFrom(0, 0.05, 0.5, 0.95)],
  worlds(100),
)('presses whose packets are lost, repeated and reordered are one digit each, in order', (from, rate, presses, seed, loss) => {
  const random = new SeededRandom(seed);
  const stream = new OutgoingStream(from);
  const writer = new PressWriter(stream, rate);
  const come: Sent[] = [];
  for (const { digit, pressMs, pauseMs } of presses) {
    const before = writer.packets.length;
    writer.press(digit, pressMs, pauseMs);
    come.push(...battered(writer.packets.slice(before), random, loss));
  }
  const { digits, durationsMs } = hearPresses(come, rate);
  expect(digits).toBe(presses.map(({ digit }) => digit).join(''));
  expect(durationsMs).toHaveLength(presses.length);
  durationsMs.forEach((durationMs, n) => {
    expect(durationMs).toBeLessThanOrEqual((presses[n]?.pressMs ?? 0) + 20);
  });
  if (loss === 0)
    durationsMs.forEach((durationMs, n) => void expect(Math.abs(durationMs - (presses[n]?.pressMs ?? 0))).toBeLessThanOrEqual(1));
});

it('ten thousand presses of which 5 % of all packets are lost are all heard, once each, in order', () => {
  const random = new SeededRandom(2026);
  const writer = new PressWriter(new OutgoingStream({ ssrc: 1, sequence: 65_000, timestamp: 0xfff00000 }), 8000);
  const pressed = Array.from({ length: 10_000 }, () => KEYS[Math.floor(random.fraction() * KEYS.length)] ?? '').join('');
  for (const digit of pressed) writer.press(digit, 40 + 200 * random.fraction(), 40 + 200 * random.fraction());
  const come = writer.packets.filter(() => random.fraction() >= 0.05);
  expect(come.length).toBeLessThan(0.96 * writer.packets.length);
  const { digits, durationsMs } = hearPresses(come, 8000);
  expect(digits).toBe(pressed);
  expect(durationsMs).toHaveLength(10_000);
});

/** Keys that are down. */
class Down {
  count = 0;
  pressed(): void {
    this.count += 1;
  }
  released(): void {
    this.count -= 1;
  }
}

test.prop([fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 40 }), fc.nat()], worlds(200))(
  'hostile bytes never throw',
  (all, seed) => {
    const random = new SeededRandom(seed);
    const [keysDown, tonesDown] = [new Down(), new Down()];
    const keys = new KeyPresses(keysDown, 8000);
    const tones = new ToneKeys(tonesDown);
    const header = new RtpHeader();
    for (const [n, some] of all.entries()) {
      const bytes = Buffer.from(some);
      // Most of them pass for RTP, or nothing behind the header would be reached.
      if (random.fraction() < 0.8 && bytes.length > 1) bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
      if (header.read(bytes)) {
        expect(header.payloadStart).toBeGreaterThanOrEqual(12);
        expect(header.payloadEnd).toBeGreaterThanOrEqual(header.payloadStart);
        expect(header.payloadEnd).toBeLessThanOrEqual(bytes.length);
        keys.hear(header, bytes, n * 20);
        tones.hear(bytes, header.payloadStart, header.payloadEnd, LINEAR.PCMU);
      }
      isRtcp(bytes);
      readRtcp(bytes);
      readWav(bytes);
      readDtmfInfo('application/dtmf-relay', bytes.toString('latin1'));
      readDtmfInfo('application/dtmf', bytes.toString('latin1'));
      for (const { count } of [keysDown, tonesDown]) expect([0, 1]).toContain(count);
    }
    keys.expire(Number.POSITIVE_INFINITY);
    tones.end();
    expect([keysDown.count, tonesDown.count]).toEqual([0, 0]);
  },
);
