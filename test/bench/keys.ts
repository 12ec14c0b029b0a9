/**
 * `node test/bench/keys.ts [presses]`: what hearing keys costs, as telephone-events of which 5 % are lost and as tones in G.711, and
 * whether all of them are heard, once each, in order. Ends with 1 where they are not.
 */
import { encode, LINEAR } from '../../src/rtp/g711.ts';
import { ToneKeys } from '../../src/rtp/goertzel.ts';
import { OutgoingStream } from '../../src/rtp/outgoing.ts';
import { keySamples } from '../../src/rtp/tones.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { hearPresses, PressWriter } from '../support/presses.ts';

const LOSS = 0.05;
const PACKET_BYTES = 160;
const KEYS = '0123456789*#ABCD';
const ROUNDS = 5;

const count = Number(process.argv[2] ?? 10_000);
const random = new SeededRandom(1);
const pressed = Array.from({ length: count }, () => KEYS[Math.floor(random.fraction() * KEYS.length)] ?? '').join('');

/** The best of some rounds: the others show the compiler and the neighbours at work. */
function bestUs(play: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    play();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, user + system);
  }
  return best;
}

function events(): boolean {
  const writer = new PressWriter(new OutgoingStream({ ssrc: 1, sequence: 0, timestamp: 0 }), 8000);
  for (const digit of pressed) writer.press(digit, 40 + 160 * random.fraction(), 40 + 160 * random.fraction());
  const come = writer.packets.filter(() => random.fraction() >= LOSS);
  let heard = '';
  const us = bestUs(() => {
    heard = hearPresses(come, 8000).digits;
  });
  tell('telephone-event', heard, us, come.length, `${writer.packets.length - come.length} packets lost`);
  return heard === pressed;
}

function tones(): boolean {
  const sounds = new Map([...KEYS].map((digit) => [digit, encode('PCMU', keySamples(digit, 60))]));
  const pause = Buffer.alloc(8 * 60, 0xff);
  const audio = Buffer.concat([...pressed].flatMap((digit) => [sounds.get(digit) ?? pause, pause]));
  let heard = '';
  const play = (bytes: Buffer): void => {
    heard = '';
    const released = (): void => {};
    const pressedNow = (digit: string): void => {
      heard += digit;
    };
    const keys = new ToneKeys({ pressed: pressedNow, released });
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) keys.hear(bytes, at, at + PACKET_BYTES, LINEAR.PCMU);
  };
  const us = bestUs(() => play(audio));
  const [asHeard, packets] = [heard, audio.length / PACKET_BYTES];
  tell('tones, 60 ms on and off', asHeard, us, packets, 'half of it silence');
  const speech = Buffer.from(Array.from({ length: audio.length }, () => random.fraction() * 256));
  const noiseUs = bestUs(() => play(speech));
  console.log(`| noise, no keys | | | ${(noiseUs / packets).toFixed(2)} | |`);
  return asHeard === pressed;
}

function tell(what: string, heard: string, us: number, packets: number, notes: string): void {
  const all = heard === pressed ? 'all, in order' : `${heard.length}`;
  console.log(`| ${what} | ${all} of ${count} | ${(us / count).toFixed(2)} | ${(us / packets).toFixed(2)} | ${notes} |`);
}

console.log('| keys as | heard | CPU µs a press | CPU µs a packet of 20 ms | |\n|---|---|---|---|---|');
const areHeard = [events(), tones()].every((heard) => heard);
process.exit(areHeard ? 0 : 1);
