/** What the arguments of a command that speaks to a running service say. */
import { parseArgs } from 'node:util';
import { exitCode, isProblem, type Problem, problem, reasonOf } from '../../errors.ts';
import type { Command, Given } from '../command.ts';
import type { Door, Refusal } from './door.ts';
import { doorOf } from './door-of.ts';

/** Arguments as read. */
export interface Asked {
  readonly door: Door;
  readonly isJson: boolean;
  readonly words: readonly string[];
  /** Options of the command's own; of those that are not given nothing. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** A command's own options and how many words it takes. */
export interface Wanted {
  readonly options?: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  readonly words?: readonly [least: number, most: number];
}

const COMMON = {
  url: { type: 'string' },
  token: { type: 'string' },
  config: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** Reads the arguments and does what is asked; says what is wrong with them, or what was refused, in one line. */
export async function obey(
  { name, usage }: Pick<Command, 'name' | 'usage'>,
  given: Given,
  wanted: Wanted,
  work: (asked: Asked) => Promise<Refusal | undefined>,
): Promise<number> {
  const asked = read(given, wanted);
  if (isProblem(asked)) {
    given.complain(`${asked.problem}; write callweave ${name} ${usage}`.trimEnd());
    return exitCode.config;
  }
  const refusal = await work(asked);
  if (refusal === undefined) return exitCode.ok;
  given.complain(refusal.problem);
  return refusal.code;
}

function read(given: Given, { options = {}, words: [least, most] = [0, 0] }: Wanted): Asked | Problem {
  try {
    const { values, positionals } = parseArgs({
      args: [...given.args],
      options: { ...COMMON, ...options },
      allowPositionals: true,
    });
    if (positionals.length < least) return problem('a word is missing');
    if (positionals.length > most) return problem(`"${positionals[most]}" is one word too many`);
    const door = doorOf(values, given);
    return isProblem(door) ? door : { door, isJson: values.json === true, words: positionals, options: values };
  } catch (error) {
    return problem(reasonOf(error));
  }
}

/** `7` is the call `call:7`. */
export const callOf = (word: string): string => (/^\d+$/.test(word) ? `call:${word}` : word);
