/** What is to be played, in the words of rtpengine. */
import { join } from 'node:path';
import type { Prompt } from '../../../machines/vocabulary/media.ts';
import { encode } from '../../rtp/g711.ts';
import { isTone, toneSamples } from '../../rtp/tones.ts';
import { wavHeader } from '../../rtp/wav.ts';
import type { Said } from './bencode.ts';

/** Something that the daemon plays, a pause, or one line that says why it cannot be. */
export type Sound = { readonly words: { readonly [name: string]: Said } } | { readonly silentMs: number } | string;

const NAME = /^[\w][\w.-]{0,63}(?:\/[\w][\w.-]{0,63}){0,3}$/;
const LONGEST_SILENCE_MS = 60_000;
/** A datagram holds no more, and each listener costs one. */
const MAX_BLOB = 48_000;

/** `folder`: absolute, and the daemon sees the same files there; undefined: there are none. */
export function soundOf(prompt: Prompt, folder: string | undefined): Sound {
  const [kind, argument] = prompt.split(':', 2);
  if (argument === undefined) return fileOf(prompt, folder);
  if (kind === 'tone') return isTone(argument) ? toneOf(argument) : `there is no tone ${argument}`;
  const silentMs = kind === 'silence' && /^\d{1,5}$/.test(argument) ? Number(argument) : Number.NaN;
  return silentMs <= LONGEST_SILENCE_MS ? { silentMs } : `${prompt}: write tone:NAME, silence:MILLISECONDS or the name of a file`;
}

function fileOf(name: string, folder: string | undefined): Sound {
  if (folder === undefined) return `${name}: there is no folder of prompts; set media.prompts`;
  // No way out of the folder.
  if (!NAME.test(name)) return `${name}: write the name of a file in media.prompts, without .wav`;
  return { words: { file: join(folder, `${name}.wav`) } };
}

const tones = new Map<string, Sound>();

/** Tones are ours, so that they sound alike whoever plays them; the daemon gets them as a small file. */
function toneOf(name: Parameters<typeof toneSamples>[0]): Sound {
  let sound = tones.get(name);
  if (sound === undefined) {
    const audio = encode('PCMU', toneSamples(name)).subarray(0, MAX_BLOB);
    sound = { words: { blob: Buffer.concat([wavHeader('PCMU', 1, audio.length), audio]).toString('latin1') } };
    tones.set(name, sound);
  }
  return sound;
}
