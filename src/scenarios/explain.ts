/** What went wrong when a user's file was loaded: one line, with the line of the file where Node tells it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { reasonOf } from '../errors.ts';
import { LoadFault } from './fault.ts';

/** Where in which file, what and what to do. */
export interface Explained {
  /** The user's file that is at fault, perhaps one that the named file imports; undefined: the named one. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** With the fix, after a semicolon. */
  readonly what: string;
}

const OWN = [new URL('../', import.meta.url), new URL('../../machines/', import.meta.url)].map((url) => fileURLToPath(url));
const LOADER = fileURLToPath(new URL('load.', import.meta.url));
const CHECK_LIMIT_MS = 5_000;
const LONGEST_NAME = 80;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const quoted = (name = ''): string => JSON.stringify(name.slice(0, LONGEST_NAME));

/** The head of a syntax error's stack, or a frame of a module. */
const PLACE =
  /^((?:file:|\/|[A-Za-z]:\\)[^\n]*):(\d+)$|^ +at (?:[^\n]*\()?(?:async )?((?:file:|\/|[A-Za-z]:\\)[^\n]*?):(\d+):\d+\)?$/gm;

/** `file:///a/b.ts:3` at the head of a syntax error's stack, or the first frame of a user's file. */
function whereOf(error: unknown): { file: string; line: number } | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const [, head, headLine, frame, frameLine] of stack.matchAll(PLACE)) {
    const name = head ?? frame ?? '';
    const file = name.startsWith('file:') ? fileURLToPath(name.replace(/[?#].*$/, '')) : name;
    // Below the loader stand its callers.
    if (file.startsWith(LOADER)) return undefined;
    if (!isForeign(file)) return { file, line: Number(headLine ?? frameLine) };
  }
  return undefined;
}

/** Node tells no line for a syntax error in plain JavaScript that is imported; asked to check the file, it does. */
function lineByCheck(path: string): number | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8', timeout: CHECK_LIMIT_MS });
  const [, line] = /^.*:(\d+)\n/.exec(stderr ?? '') ?? [];
  return line === undefined ? undefined : Number(line);
}

const thrown = (error: unknown): string => `${error instanceof Error ? `${error.name}: ` : ''}${reasonOf(error)}`;

function missing(message: string): string {
  const [, name = ''] = /^Cannot find (?:package|module) '([^']+)'/.exec(message) ?? [];
  if (/^(?:[./]|[A-Za-z]:)/.test(name))
    return `there is no file ${JSON.stringify(name)}; mend the import, with its ending, such as ./facts.ts`;
  return `there is no package ${quoted(name)}; npm install it beside the file, or take the import out`;
}

function notExported(message: string): string | undefined {
  const [, from, name] = /requested module '([^']+)' does not provide an export named '([^']+)'/.exec(message) ?? [];
  if (name === undefined || from === undefined) return undefined;
  return `${quoted(from)} exports no ${quoted(name)}; if it is a type write import { type ${name.slice(0, LONGEST_NAME)} }, else mend the name`;
}

function whatOf(error: unknown): string {
  const message = reasonOf(error);
  switch (codeOf(error)) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `${message}; types are only taken out, so write plain JavaScript for it (a const object for an enum, fields for parameter properties)`;
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `${message.replace(/\. Expected .*$/, '')}; mend the syntax`;
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'Node runs no TypeScript under node_modules; name its .js, or move the file out';
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return missing(message);
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
      return `${message}; name the file itself`;
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return 'its ending is none that Node runs; write .ts, .mts, .js or .mjs';
  }
  if (error instanceof SyntaxError) return notExported(message) ?? `${message}; mend the syntax`;
  if (error instanceof LoadFault) return error.message;
  return `it throws ${JSON.stringify(thrown(error))} when it is loaded; mend what its top level does`;
}

/** Files whose lines say nothing to who wrote the scenario. */
const isForeign = (file: string): boolean => file.includes('node_modules') || OWN.some((folder) => file.startsWith(folder));

/** Says what was caught when the file at `path` was imported. */
export function explain(error: unknown, path: string): Explained {
  const where = error instanceof LoadFault ? undefined : whereOf(error);
  if (where !== undefined) return { ...where, what: whatOf(error) };
  const line = error instanceof SyntaxError ? lineByCheck(path) : undefined;
  return { file: undefined, line, what: whatOf(error) };
}
