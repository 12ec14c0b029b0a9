/** `callweave hangup`, `fork`, `pickup` and `raise`: orders to a service that runs. */
import { exitCode, isProblem, type Problem, problem } from '../../errors.ts';
import type { Command, Given } from '../command.ts';
import { type Asked, callOf, obey } from './asked.ts';
import { ask, type Refusal } from './door.ts';

async function order(
  given: Given,
  { door, isJson }: Asked,
  path: string,
  body: unknown,
  done: string,
): Promise<Refusal | undefined> {
  const answer = await ask(door, 'POST', path, body);
  if (isProblem(answer)) return answer as Refusal;
  given.say(isJson ? JSON.stringify(answer ?? {}) : done);
  return undefined;
}

const pathOf = (word: string, what: string): string => `/calls/${encodeURIComponent(callOf(word))}/${what}`;

/** Ends a call. */
export const hangup = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [1, 1] }, (asked) => {
    const [word = ''] = asked.words;
    return order(given, asked, pathOf(word, 'hangup'), {}, `${callOf(word)} is ended`);
  });

/** Rings somebody beside whoever rings in a call. */
export const fork = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [2, 2] }, (asked) => {
    const [word = '', to = ''] = asked.words;
    return order(given, asked, pathOf(word, 'fork'), { to }, `${to} is rung in ${callOf(word)}`);
  });

/** Has a user pick a ringing call up. */
export const pickup = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [2, 2] }, (asked) => {
    const [word = '', by = ''] = asked.words;
    return order(given, asked, pathOf(word, 'pickup'), { by }, `the phones of ${by} ring for ${callOf(word)}`);
  });

const MAX_ATTRIBUTES = 64;

/** Posts a fact. */
export const raise = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [1, 1 + MAX_ATTRIBUTES] }, async (asked) => {
    const [type = '', ...pairs] = asked.words;
    const attributes = attributesOf(pairs);
    if (isProblem(attributes)) return { problem: attributes.problem, code: exitCode.config };
    return order(given, asked, '/facts', { type, attributes }, `${type} is raised`);
  });

/** `name=text`, and `name:=JSON` for numbers, true and false. */
function attributesOf(pairs: readonly string[]): Record<string, unknown> | Problem {
  const attributes: Record<string, unknown> = Object.create(null);
  for (const pair of pairs) {
    const [, name, isJson, value] = /^([A-Za-z]\w*)(:)?=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      return problem(`"${pair}" is no attribute; write name=text, or name:=5 for a number, true or false`);
    const read = isJson === undefined ? value : jsonOf(value);
    if (read === undefined) return problem(`"${pair}" is no JSON behind :=; write name=text for a text`);
    attributes[name] = read;
  }
  return attributes;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
