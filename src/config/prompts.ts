/** Prompts as the config names them: tones, silence, and files of `media.prompts`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { text } from './forms.ts';
import type { KeyPath } from './wording.ts';

const TONES = ['ringing', 'busy', 'congestion', 'beep', 'hold'];
const SILENCE = /^silence:(\d{1,5})$/;
/** No path leads out of the folder. */
const FILE = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/;
const MAX_PROMPTS = 8;

const PROMPT = 'a prompt such as welcome, tone:beep or silence:500';
export const PROMPTS = `${PROMPT}, or a list of at most ${MAX_PROMPTS}`;

/** One prompt, or a few that are played one after the other. */
export const prompts = z
  .preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(text(PROMPT, { max: 128 }), { error: PROMPTS }).max(MAX_PROMPTS, { error: PROMPTS }),
  )
  .default([]);

type Complain = (path: KeyPath, what: string, fix: string) => void;

/** Looks whether prompts can be played. */
export class PromptCheck {
  readonly #folder: string | undefined;
  readonly #complain: Complain;

  constructor(folder: string | undefined, complain: Complain) {
    this.#folder = folder;
    this.#complain = complain;
  }

  check(path: KeyPath, written: readonly string[]): void {
    for (const [i, prompt] of written.entries()) {
      const fix = this.#fixOf(prompt);
      if (fix !== undefined) this.#complain([...path, i], JSON.stringify(prompt), fix);
    }
  }

  #fixOf(prompt: string): string | undefined {
    if (prompt.startsWith('tone:'))
      return TONES.includes(prompt.slice(5)) ? undefined : `write one of ${TONES.map((tone) => `tone:${tone}`).join(', ')}`;
    if (prompt.startsWith('silence:')) return SILENCE.test(prompt) ? undefined : 'write milliseconds, such as silence:500';
    if (!FILE.test(prompt)) return 'write the name of a WAV file without folder and .wav, such as welcome';
    if (this.#folder === undefined) return 'set media.prompts to the folder where it lies, or write a tone such as tone:beep';
    return existsSync(join(this.#folder, `${prompt}.wav`)) ? undefined : `put ${prompt}.wav into the folder of media.prompts`;
  }
}
