import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { reasonOf } from '../errors.ts';
import { type ConfigProblem, problemAt } from './problem.ts';
import { type KeyPath, keyName, nearest } from './wording.ts';

/** What was written, before any check, and where each part of it stands. */
export interface Source {
  /** The file as the user named it; `undefined` for the embedded presets. */
  readonly file: string | undefined;
  readonly written: unknown;
  /** The place and the name of a key, as an error line shows them. */
  locate(path: KeyPath): { readonly place: string; readonly key: string };
}

/** What config is read from. */
export interface ConfigInput {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const PRESET_FILE = 'callweave.yaml';
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const FILE_FIX = 'name a readable YAML file, such as --config callweave.yaml';

/** Finds and parses the config file, and lays the single environment overrides over it. */
export function readSource(input: ConfigInput): Source | ConfigProblem[] {
  const named = namedFile(input);
  if (Array.isArray(named)) return named;
  const source = named === undefined ? EMBEDDED : parseFile(named, input.cwd);
  return Array.isArray(source) ? source : withEnvironment(source, input.env);
}

const EMBEDDED: Source = {
  file: undefined,
  written: {},
  locate: (path) => ({ place: 'presets', key: keyName(path) }),
};

/** `--config` wins over CALLWEAVE_CONFIG, which wins over ./callweave.yaml. */
function namedFile({ argv, env, cwd }: ConfigInput): string | undefined | ConfigProblem[] {
  let file = env.CALLWEAVE_CONFIG || undefined;
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const [option, attached] = splitOption(argument);
    if (option !== '--config') return [unknownArgument(option)];
    const value = attached ?? rest.shift();
    if (value === undefined || value === '') return [problemAt({ place: 'command line', key: '--config' }, 'missing', FILE_FIX)];
    file = value;
  }
  return file ?? (exists(resolve(cwd, PRESET_FILE)) ? PRESET_FILE : undefined);
}

const splitOption = (argument: string): [string, string | undefined] => {
  const at = argument.startsWith('--') ? argument.indexOf('=') : -1;
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
};

function unknownArgument(argument: string): ConfigProblem {
  const near = nearest(argument, ['--config']);
  const fix = near === undefined ? 'the one option is --config FILE' : `did you mean ${near} FILE?`;
  return problemAt({ place: 'command line', key: argument.slice(0, 60) }, 'unknown argument', fix);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function parseFile(file: string, cwd: string): Source | ConfigProblem[] {
  const unreadable = (why: string): ConfigProblem[] => [problemAt({ place: file, key: 'file' }, why, FILE_FIX)];
  let text: string;
  try {
    const path = resolve(cwd, file);
    if (statSync(path).size > MAX_FILE_BYTES) return unreadable(`larger than ${MAX_FILE_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return unreadable(`cannot be read (${codeOf(error)})`);
  }
  return parseText(text, file);
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : reasonOf(error));

/** Parses YAML text. No message of the parser is shown beyond its colon, since what follows quotes the file. */
export function parseText(text: string, file: string): Source | ConfigProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = (line: number, message: string): ConfigProblem[] => [
    problemAt({ place: `${file}:${line}`, key: 'YAML' }, message.split(':')[0] ?? '', 'mend the syntax at this line'),
  ];
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) return syntax(lines.linePos(fault.pos[0]).line, fault.message);
  const lineOf = (path: KeyPath): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = offsetOf(document.contents, path.slice(0, length));
      if (offset !== undefined) return lines.linePos(offset).line;
    }
    return 1;
  };
  // A key that JavaScript reads as the prototype would be skipped without a word.
  let forbidden: number | undefined;
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') forbidden ??= key.range?.[0] ?? 0;
    },
  });
  if (forbidden !== undefined) return syntax(lines.linePos(forbidden).line, '__proto__ is no key');
  try {
    return {
      file,
      written: document.toJS() ?? {},
      locate: (path) => ({ place: `${file}:${lineOf(path)}`, key: path.length === 0 ? 'config' : keyName(path) }),
    };
  } catch (error) {
    return syntax(1, reasonOf(error)); // an alias without anchor, or a bomb of aliases
  }
}

/** Where the key at the end of a path starts; for an item of a list, the item. */
function offsetOf(node: unknown, path: KeyPath): number | undefined {
  let at = node;
  let offset: number | undefined;
  for (const part of path) {
    if (isMap(at)) {
      const pair = at.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
      at = pair?.value;
    } else {
      at = itemOf(at, part);
      offset = rangeOf(at);
    }
    if (offset === undefined) return undefined;
  }
  return offset;
}

const itemOf = (node: unknown, part: PropertyKey): unknown =>
  typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items)
    ? node.items[Number(part)]
    : undefined;

const rangeOf = (node: unknown): number | undefined =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? Number(node.range[0]) : undefined;

interface Override {
  readonly variable: string;
  readonly path: readonly [string] | readonly [string, string];
  read(text: string): unknown;
}

/** The single settings that the environment may set; others are for the file. */
const OVERRIDES: readonly Override[] = [
  { variable: 'CALLWEAVE_LISTEN', path: ['listen'], read: (text) => text.split(',').map((entry) => entry.trim()) },
  { variable: 'CALLWEAVE_DB', path: ['store', 'path'], read: (text) => text },
  { variable: 'CALLWEAVE_ADMIN', path: ['admin', 'listen'], read: (text) => text },
  { variable: 'CALLWEAVE_LOG_LEVEL', path: ['log', 'level'], read: (text) => text },
];

function withEnvironment(source: Source, env: ConfigInput['env']): Source {
  const used = OVERRIDES.filter(({ variable }) => (env[variable] ?? '') !== '');
  const { written } = source;
  if (used.length === 0 || !isPlain(written)) return source;
  const merged: Record<string, unknown> = { ...written };
  for (const { variable, path, read } of used) {
    const [top, leaf] = path;
    const value = read(env[variable] ?? '');
    const under = merged[top] ?? {};
    if (leaf === undefined) merged[top] = value;
    else if (isPlain(under)) merged[top] = { ...under, [leaf]: value };
  }
  const locate: Source['locate'] = (path) => {
    const override = used.find((candidate) => candidate.path.every((part, i) => path[i] === part));
    return override === undefined ? source.locate(path) : { place: 'environment', key: override.variable };
  };
  return { file: source.file, written: merged, locate };
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
