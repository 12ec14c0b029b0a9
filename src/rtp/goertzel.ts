/**
 * Hears keys as tones in the audio (ITU-T Q.23) within the limits of Q.24: by Goertzel's filters over blocks of 12.75 ms. Speech
 * and music are kept out by the share of the energy that the two tones must have, by their harmonics, and by their exact
 * frequencies, which the phases of two blocks in a row tell.
 */

const RATE = 8000;
/** A tone of 40 ms fills two of them wherever it begins, and a pause of 40 ms silences three. */
const BLOCK = 102;
const BLOCK_MS = (BLOCK * 1000) / RATE;
const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];
const KEYS = '123A456B789C*0#D';

/** Blocks in a row that make a key, and that end one: an interruption of 10 ms touches two. */
const HITS = 2;
const MISSES = 3;
/** Peak of a sine of 0 dBm0, and the least of either tone: Q.24 has -24 to -29 dBm for it. */
const PEAK_0_DBM0 = 22_300;
const LEAST_DBM0 = -27;
/**
 * Q.24: the low tone may be 8 dB louder (normal twist), the high one 4 dB (reverse); more here by what the filters of so short a
 * block take for each other's tone.
 */
const NORMAL_TWIST = 10 ** 0.95;
const REVERSE_TWIST = 10 ** 0.5;
/** By how much a tone has to be louder than the others of its group: 4 dB. */
const PEAK = 10 ** 0.4;
/**
 * Of all energy in a block, how much must be in the two tones: at a first look, where they may lie off the middle of their
 * filters, and once it is known how far.
 */
const SHARE = 0.6;
const EXACT_SHARE = 0.92;
/** What a second harmonic may have of its high tone: -13 dB. Those of the low ones lie among the high group. */
const HARMONIC = 10 ** -1.3;
/** Q.24: ±1.5 % are heard, ±3.5 % are not. */
const OFF = 0.02;

/** The power that a sine of an amplitude has in Goertzel's filter, and its energy, over one block. */
const powerOf = (peak: number): number => ((peak * BLOCK) / 2) ** 2;
const LEAST_POWER = powerOf(PEAK_0_DBM0 * 10 ** (LEAST_DBM0 / 20));
/** A block with less energy than two tones of the least level, one of them the least that the share leaves, is not looked at. */
const LEAST_ENERGY = (4 * LEAST_POWER) / BLOCK;

/** One frequency: power and phase of it in a block. */
interface Filter {
  readonly hz: number;
  readonly coefficient: number;
  readonly cos: number;
  readonly sin: number;
}

const filterAt = (hz: number): Filter => {
  const angle = (2 * Math.PI * hz) / RATE;
  return { hz, coefficient: 2 * Math.cos(angle), cos: Math.cos(angle), sin: Math.sin(angle) };
};
const LOW = LOW_HZ.map(filterAt);
const HIGH = HIGH_HZ.map(filterAt);
const HARMONICS = HIGH_HZ.map((hz) => filterAt(2 * hz));

/** A tone of the group that is the loudest, if it stands out. */
interface Found {
  index: number;
  power: number;
  phase: number;
}

/** Who is told of keys. */
export interface ToneListener {
  /** A key is heard: some 26 to 40 ms after it began. */
  pressed(digit: string): void;
  released(digit: string, durationMs: number): void;
}

/** The keys in one party's audio. */
export class ToneKeys {
  readonly #listener: ToneListener;
  readonly #block = new Float64Array(BLOCK);
  #filled = 0;
  #energy = 0;
  readonly #low: Found = { index: 0, power: 0, phase: 0 };
  readonly #high: Found = { index: 0, power: 0, phase: 0 };
  /** Key and phases of the block before; -1 for none. */
  #lastKey = -1;
  #lastLow = 0;
  #lastHigh = 0;
  /** Blocks in a row with that key, and with another or none than the one that is down. */
  #hits = 0;
  #misses = 0;
  /** -1: none. */
  #down = -1;
  #blocks = 0;

  constructor(listener: ToneListener) {
    this.#listener = listener;
  }

  /** G.711 codes as they come in packets; `table` is `LINEAR` of their law. */
  hear(bytes: Buffer, start: number, end: number, table: Int16Array): void {
    for (let at = start; at < end; at += 1) {
      const sample = table[bytes[at] ?? 0] ?? 0;
      this.#block[this.#filled] = sample;
      this.#energy += sample * sample;
      this.#filled += 1;
      if (this.#filled === BLOCK) this.#take();
    }
  }

  /** Nothing more will come for now: a key that is down is up. */
  end(): void {
    if (this.#down !== -1) this.#release();
    this.#filled = 0;
    this.#energy = 0;
    this.#lastKey = -1;
    this.#hits = 0;
  }

  #take(): void {
    const energy = this.#energy;
    const key = energy < LEAST_ENERGY ? -1 : this.#keyOf(energy);
    this.#filled = 0;
    this.#energy = 0;
    const isSame = key !== -1 && key === this.#lastKey && this.#isPure(energy);
    this.#hits = key === -1 ? 0 : isSame ? this.#hits + 1 : 1;
    this.#lastKey = key;
    this.#lastLow = this.#low.phase;
    this.#lastHigh = this.#high.phase;
    if (this.#down !== -1) this.#goOn(key);
    if (this.#down === -1 && this.#hits >= HITS) {
      this.#down = key;
      this.#blocks = this.#hits;
      this.#misses = 0;
      this.#listener.pressed(KEYS[key] ?? '');
    }
  }

  #goOn(key: number): void {
    if (key === this.#down) {
      this.#blocks += this.#misses + 1;
      this.#misses = 0;
      return;
    }
    this.#misses += 1;
    if (this.#misses >= MISSES || (key !== -1 && this.#hits >= HITS)) this.#release();
  }

  #release(): void {
    const digit = KEYS[this.#down] ?? '';
    this.#down = -1;
    this.#listener.released(digit, Math.round(this.#blocks * BLOCK_MS));
  }

  /** The key in the block; -1 for none. */
  #keyOf(energy: number): number {
    const [low, high] = [this.#low, this.#high];
    if (!this.#loudest(LOW, low) || !this.#loudest(HIGH, high)) return -1;
    if (low.power > high.power * NORMAL_TWIST || high.power > low.power * REVERSE_TWIST) return -1;
    // A pure tone of power p has an energy of 2p/N.
    if ((low.power + high.power) * 2 < SHARE * energy * BLOCK) return -1;
    const harmonic = HARMONICS[high.index];
    if (harmonic !== undefined && this.#powerAt(harmonic) > HARMONIC * high.power) return -1;
    return low.index * 4 + high.index;
  }

  /** Finds the loudest tone of a group; false unless it is loud enough and stands out. */
  #loudest(group: readonly Filter[], found: Found): boolean {
    found.power = 0;
    let second = 0;
    for (let n = 0; n < group.length; n += 1) {
      const filter = group[n];
      if (filter === undefined) continue;
      const power = this.#powerAt(filter);
      if (power > found.power) {
        second = found.power;
        found.power = power;
        found.index = n;
        found.phase = Math.atan2(this.#s1 * filter.sin, this.#s1 * filter.cos - this.#s2);
      } else if (power > second) second = power;
    }
    return found.power >= LEAST_POWER && found.power >= PEAK * second;
  }

  /** The filter's last two states: what phases are read from. */
  #s1 = 0;
  #s2 = 0;

  #powerAt({ coefficient }: Filter): number {
    let [s1, s2] = [0, 0];
    for (let n = 0; n < BLOCK; n += 1) {
      const s0 = (this.#block[n] ?? 0) + coefficient * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    this.#s1 = s1;
    this.#s2 = s2;
    return s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  }

  /** Whether both tones are where they belong, and there is hardly anything else. */
  #isPure(energy: number): boolean {
    const [low, high] = [LOW[this.#low.index]?.hz ?? 0, HIGH[this.#high.index]?.hz ?? 0];
    const lowOff = turnsOff(low, this.#lastLow, this.#low.phase);
    const highOff = turnsOff(high, this.#lastHigh, this.#high.phase);
    if (Math.abs(lowOff) > turnsIn(OFF * low) || Math.abs(highOff) > turnsIn(OFF * high)) return false;
    return (this.#low.power / passed(lowOff) + this.#high.power / passed(highOff)) * 2 >= EXACT_SHARE * energy * BLOCK;
  }
}

const turnsIn = (hz: number): number => (hz * BLOCK) / RATE;

/** How far a tone is off its frequency, in turns within a block: by how far its phase went on. Off by half a turn looks like none. */
function turnsOff(hz: number, before: number, now: number): number {
  const turns = (now - before) / (2 * Math.PI) - turnsIn(hz);
  return turns - Math.round(turns);
}

/** What a filter passes of the power of a tone that is so far off. */
const passed = (turns: number): number => (turns === 0 ? 1 : (Math.sin(Math.PI * turns) / (Math.PI * turns)) ** 2);
