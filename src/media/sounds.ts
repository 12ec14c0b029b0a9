/** What can be played, as it is sent: prompts from files, tones and silence, made once for all listeners. */
import { join } from 'node:path';
import type { Prompt } from '../../machines/vocabulary/media.ts';
import { isProblem } from '../errors.ts';
import { encode, type Law, SILENCE } from '../rtp/g711.ts';
import { isTone, keySamples, samplesIn, toneSamples } from '../rtp/tones.ts';
import { MAX_WAV_BYTES, readWav } from '../rtp/wav.ts';
import type { MediaFiles } from './files.ts';

/** Sound in either law; both are equally long. */
export type Sound = Readonly<Record<Law, Uint8Array>>;

const NAME = /^[\w][\w.-]{0,63}(?:\/[\w][\w.-]{0,63}){0,3}$/;
/** Of all prompts together, an hour of each law; what was not heard for longest is read anew. */
const MAX_CACHE_BYTES = 2 * 3600 * 8000;
const LONGEST_SILENCE_MS = 60_000;

const both = (samples: Int16Array): Sound => ({ PCMU: encode('PCMU', samples), PCMA: encode('PCMA', samples) });
const silent = (length: number): Sound => ({
  PCMU: new Uint8Array(length).fill(SILENCE.PCMU),
  PCMA: new Uint8Array(length).fill(SILENCE.PCMA),
});

export class Sounds {
  readonly #folder: string | undefined;
  readonly #files: MediaFiles;
  /** In order of use, the latest last. */
  readonly #kept = new Map<string, Sound>();
  #keptBytes = 0;

  /** `folder`: absolute; undefined: there are no files. */
  constructor(folder: string | undefined, files: MediaFiles) {
    this.#folder = folder;
    this.#files = files;
  }

  /** The sound of a prompt, or one line that says why there is none. */
  of(prompt: Prompt): Sound | string {
    const known = this.#kept.get(prompt);
    if (known !== undefined) {
      this.#kept.delete(prompt);
      this.#kept.set(prompt, known);
      return known;
    }
    const made = this.#make(prompt);
    if (typeof made !== 'string') this.#keep(prompt, made);
    return made;
  }

  /** How a key sounds. */
  key(digit: string, durationMs: number): Sound {
    const name = `key:${digit} ${durationMs}`;
    const known = this.#kept.get(name) ?? both(keySamples(digit, durationMs));
    if (!this.#kept.has(name)) this.#keep(name, known);
    return known;
  }

  #make(prompt: Prompt): Sound | string {
    const [kind, argument] = prompt.split(':', 2);
    if (argument === undefined) return this.#read(prompt);
    if (kind === 'tone') return isTone(argument) ? both(toneSamples(argument)) : `there is no tone ${argument}`;
    if (kind === 'silence' && /^\d{1,5}$/.test(argument) && Number(argument) <= LONGEST_SILENCE_MS)
      return silent(samplesIn(Number(argument)));
    return `${prompt}: write tone:NAME, silence:MILLISECONDS up to ${LONGEST_SILENCE_MS}, or the name of a file`;
  }

  #read(name: string): Sound | string {
    if (this.#folder === undefined) return `${name}: there is no folder of prompts; set media.prompts`;
    // No way out of the folder.
    if (!NAME.test(name)) return `${name}: write the name of a file in media.prompts, without .wav`;
    const path = join(this.#folder, `${name}.wav`);
    const bytes = this.#files.read(path, MAX_WAV_BYTES);
    if (isProblem(bytes)) return bytes.problem;
    const samples = readWav(bytes);
    if (typeof samples === 'string') return `${path}: ${samples}`;
    return samples.length === 0 ? `${path}: it has no sound in it` : both(samples);
  }

  #keep(name: string, sound: Sound): void {
    this.#kept.set(name, sound);
    this.#keptBytes += 2 * sound.PCMU.length;
    for (const [oldest, { PCMU }] of this.#kept) {
      if (this.#keptBytes <= MAX_CACHE_BYTES || oldest === name) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= 2 * PCMU.length;
    }
  }
}
