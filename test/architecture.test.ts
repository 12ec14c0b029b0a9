import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * Who may import whom, and what may stand where, held over the source text (`import type` counted). The rules are
 * functions of a map from path to text, so that each is shown to fail on a small wrong example.
 */
type Sources = ReadonlyMap<string, string>;

const root = fileURLToPath(new URL('..', import.meta.url));

function sourcesUnder(...folders: string[]): Sources {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || entry.name.endsWith('.d.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      sources.set(relative(root, path), readFileSync(path, 'utf8'));
    }
  }
  return sources;
}

// Reading

/** Strings, comments, templates and regular expressions, as far as telling them apart from code needs. */
const NOT_CODE =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?{};>]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;

/** The text without comments, strings and regular expressions; what stands in `${}` of a template is kept. */
const codeOf = (text: string): string =>
  text.replace(NOT_CODE, (found) => (found.startsWith('`') ? (found.match(/\$\{[^}]*\}/g) ?? []).join(' ') : '""'));

const IMPORT =
  /(?:^|[;\n])\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g;
const COMMENT_OR_STRING = /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

interface Import {
  readonly from: string;
  /** A path in the repository, or a package's name. */
  readonly what: string;
  readonly typeOnly: boolean;
  /** What stands before `from`. */
  readonly clause: string;
}

function importsOf(from: string, text: string): Import[] {
  const plain = text.replace(COMMENT_OR_STRING, (_, string: string | undefined) => string ?? ' ');
  return [...plain.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const what = specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier;
    return { from, what, typeOnly: /^[;\s]*(import|export)\s+type\b/.test(match[0]), clause: match[0] };
  });
}

const allImports = (sources: Sources): Import[] => [...sources].flatMap(([path, text]) => importsOf(path, text));
const isOwn = (what: string): boolean => what.startsWith('src/') || what.startsWith('machines/');

// Layers

const LEAF = /^src\/(timers|timer-heap|clock|random|log|errors|config)\.ts$/;
const ZONES: readonly (readonly [zone: string, pattern: RegExp])[] = [
  ['vocabulary', /^machines\/vocabulary\//],
  ['scenario', /^machines\/scenario\.ts$/],
  // The parts of a chart that is too long for a file.
  ['parts', /^machines\/(?:call|call-pickup|in-call-codes|ivr-menu|ring-back|subscription)\//],
  ['machines', /^machines\//],
  ['config', /^src\/config\//],
  ['leaf', LEAF],
  ['sip', /^src\/sip\//],
  ['rtp', /^src\/rtp\//],
  ['media', /^src\/media\//],
  ['correlation', /^src\/correlation\//],
  ['transport', /^src\/transport\//],
  ['dns', /^src\/dns\//],
  ['transaction', /^src\/transaction\//],
  ['protection', /^src\/protection\//],
  ['engine', /^src\/engine\//],
  ['lint', /^src\/lint\//],
  ['journal', /^src\/journal\//],
  ['files', /^src\/files\//],
  ['http', /^src\/http\//],
  ['trace', /^src\/trace\//],
  ['insight model', /^src\/insight\/model\.ts$/],
  ['insight', /^src\/insight\//],
  ['charts', /^src\/charts\//],
  ['metrics', /^src\/metrics\//],
  ['inspector', /^src\/inspector\//],
  ['admin', /^src\/admin\//],
  ['page', /^src\/page\//],
  ['scenarios', /^src\/scenarios\//],
  ['store', /^src\/ports\/store\//],
  ['ports/http', /^src\/ports\/http\//],
  ['ports/push', /^src\/ports\/push\//],
  ['ports/media', /^src\/ports\/media\//],
  ['ports/sip', /^src\/ports\/sip\//],
  ['testing', /^src\/testing\//],
  ['demo', /^src\/demo\//],
  ['cli', /^src\/cli\//],
  ['main', /^src\/main\.ts$/],
  ['service', /^src\/[^/]+\.ts$/],
];
const BELOW_MAIN = [
  ...['vocabulary', 'scenario', 'machines', 'leaf', 'sip', 'rtp', 'correlation', 'transport', 'dns', 'transaction', 'protection'],
  ...[
    'engine',
    'journal',
    'files',
    'http',
    'trace',
    'insight model',
    'insight',
    'charts',
    'metrics',
    'inspector',
    'admin',
    'scenarios',
    'store',
    'media',
    'ports/http',
    'ports/push',
    'ports/media',
    'ports/sip',
  ],
];
/** Each zone and what it may import beside itself; config's parts are behind config.ts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  vocabulary: [],
  scenario: ['vocabulary'],
  parts: ['vocabulary', 'scenario'],
  machines: ['vocabulary', 'scenario', 'parts'],
  // What is a number or a URI in the config is one on the wire too, and what menus do is said in the words that charts read.
  config: ['vocabulary', 'sip', 'leaf'],
  leaf: ['config'],
  sip: [],
  rtp: [],
  // Reads and writes session descriptions; the one place beside the SIP port that speaks of both.
  media: ['vocabulary', 'sip', 'rtp', 'transport', 'files', 'leaf'],
  correlation: ['vocabulary', 'leaf'],
  transport: ['sip', 'leaf'],
  dns: ['sip', 'transport', 'leaf'],
  transaction: ['sip', 'transport', 'leaf'],
  protection: ['sip', 'transport', 'leaf'],
  engine: ['vocabulary', 'scenario', 'correlation', 'leaf'],
  journal: ['vocabulary', 'engine', 'leaf'],
  files: ['leaf'],
  http: ['leaf'],
  trace: ['transport', 'transaction', 'leaf'],
  // The JSON that is shown; a journal stands in it as it is exported.
  'insight model': ['journal'],
  insight: ['vocabulary', 'scenario', 'engine', 'journal', 'correlation', 'trace', 'charts', 'insight model', 'leaf'],
  charts: ['vocabulary', 'scenario', 'engine', 'insight model'],
  metrics: ['vocabulary', 'engine', 'correlation', 'insight model', 'insight', 'leaf'],
  inspector: ['vocabulary', 'scenario', 'engine', 'journal', 'insight model', 'insight', 'leaf'],
  // A journal is shown as it is exported.
  admin: ['insight model', 'insight', 'journal', 'metrics', 'leaf'],
  // Runs in browsers.
  page: ['insight model', 'journal'],
  // The built-in examples are charts.
  scenarios: ['vocabulary', 'scenario', 'machines', 'engine', 'leaf'],
  store: ['vocabulary', 'engine', 'leaf'],
  'ports/http': ['vocabulary', 'engine', 'http', 'leaf'],
  'ports/push': ['vocabulary', 'engine', 'http', 'leaf'],
  'ports/media': ['vocabulary', 'engine', 'media', 'rtp', 'leaf'],
  'ports/sip': [
    'vocabulary',
    'engine',
    'media',
    'correlation',
    'sip',
    'transport',
    'dns',
    'transaction',
    'protection',
    'store',
    'leaf',
  ],
  // Looks at charts as the engine would run them.
  lint: ['vocabulary', 'scenario', 'correlation', 'engine', 'leaf'],
  testing: [...BELOW_MAIN, 'lint', 'service'],
  demo: [...BELOW_MAIN, 'service', 'testing'],
  service: BELOW_MAIN,
  // Commands play journals and check scenarios in the virtual world.
  cli: [...BELOW_MAIN, 'config', 'scenarios', 'lint', 'service', 'testing'],
  main: ['service', 'scenarios', 'cli', 'leaf'],
};
/** Zones that may use leaves as values; to the others they are injected. errors.ts is pure. */
const COMPOSES = ['service', 'cli', 'main', 'testing', 'demo', 'leaf', 'config'];

const zoneOf = (path: string): string => ZONES.find(([, pattern]) => pattern.test(path))?.[0] ?? 'none';

/** `machines/call.ts` and all of `machines/call/` are one chart, and so are `machines/supervisors/ring-back.ts` and its folder. */
const chartOf = (path: string): string => /^machines\/(?:supervisors\/)?([^/.]+)/.exec(path)?.[1] ?? path;

function layerFault({ from, what, typeOnly }: Import): string | undefined {
  const [zone, other] = [zoneOf(from), zoneOf(what)];
  if (other === 'parts' && chartOf(from) !== chartOf(what)) return `${from} imports ${what}: it is another chart's own`;
  if (zone === 'machines' && other === 'machines') return `${from} imports ${what}: charts do not import each other`;
  if (zone !== other && MAY_IMPORT[zone]?.includes(other) !== true)
    return `${from} imports ${what}: ${zone} may not import ${other}`;
  if (other === 'leaf' && !typeOnly && !COMPOSES.includes(zone) && what !== 'src/errors.ts') {
    return `${from} imports ${what} as a value: it is to be injected`;
  }
  if (/^src\/testing\/phone/.test(from) && other === 'sip')
    return `${from} imports ${what}: a peer that shares our code shares our bugs`;
  return undefined;
}

const faults = <T>(of: readonly T[], fault: (each: T) => string | undefined): string[] =>
  of.map(fault).filter((found) => found !== undefined);

const layerFaults = (sources: Sources): string[] =>
  faults(
    allImports(sources).filter(({ what }) => isOwn(what)),
    layerFault,
  );

/** Paths of the files of each cycle, shortest way found by depth. */
function cycles(sources: Sources): string[] {
  const edges = new Map([...sources].map(([path, text]) => [path, importsOf(path, text).map(({ what }) => what)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

// Packages

/** Which files may import which packages; `node:` modules too. */
const PACKAGES: readonly (readonly [what: RegExp, allowed: RegExp])[] = [
  [/^sip(\/|$)/, /^src\/sip\/codec\.ts$/],
  [/^xstate(\/|$)/, /^(machines\/(?!vocabulary\/)|src\/engine\/(runner\.ts$|chart\/)|src\/testing\/)/],
  [/^fast-check$/, /^src\/testing\/(arbitraries|attack)\//],
  [/^pino$/, /^src\/log\.ts$/],
  [/^yaml$/, /^src\/config(\.ts$|\/)/],
  [/^zod$/, /^src\/(config(\.ts$|\/)|admin\/)/],
  [/^(hono|@hono\/[\w-]+)(\/|$)/, /^src\/admin\//],
  [/^prom-client$/, /^src\/metrics\//],
  [/^(preact|elkjs)(\/|$)/, /^src\/page\//],
  [/^node:sqlite$/, /^src\/ports\/store\//],
  [/^node:(dgram|net|tls)$/, /^src\/(transport\/|trace\/hep-socket\.ts$|admin\/listener\.ts$|demo\/|testing\/socket-wire\.ts$)/],
  [/^ws$/, /^src\/(transport\/websocket(-connection)?|admin\/upgrade)\.ts$/],
  [/^node:https?$/, /^src\/(http\/client|transport\/websocket|admin\/(door|listener|problem|upgrade))\.ts$/],
  [
    /^node:fs$/,
    /^src\/(config|files|ports\/store|demo|scenarios)\/|^src\/(main|service|door|observing|transport\/certificates|admin\/page-files)\.ts$/,
  ],
  [
    /^node:crypto$/,
    /^src\/(random\.ts|sip\/|ports\/(sip\/|media\/pins)|transaction\/|transport\/certificates\.ts|admin\/doorkeeper\.ts|testing\/|demo\/)/,
  ],
  [/^node:dns$/, /^src\/dns\/system-resolver\.ts$/],
  [/^node:/, /^src\/(?!engine\/|correlation\/)/],
];

/** The pure functions of node:net. */
const JUDGES_ADDRESSES = /^\s*import\s*\{[\s,]*(?:(?:isIP|isIPv4|isIPv6|BlockList)[\s,]*)+\}\s*from/;

function packageFault({ from, what, clause }: Import): string | undefined {
  if (what === 'node:net' && JUDGES_ADDRESSES.test(clause)) return undefined;
  const rule = PACKAGES.find(([pattern]) => pattern.test(what));
  if (rule === undefined) return `${from} imports ${what}, which no rule knows`;
  return rule[1].test(from) ? undefined : `${from} imports ${what}`;
}

const packageFaults = (sources: Sources): string[] =>
  faults(
    allImports(sources).filter(({ what }) => !isOwn(what)),
    packageFault,
  );

// Purity

/** The adapters that may wait for the world by Promise, and why. */
const WAITS: readonly (readonly [file: RegExp, why: string])[] = [
  [/^src\/transport\/[^/]+\.ts$/, 'sockets open and close'],
  [/^src\/testing\/simulated-transports\.ts$/, 'stands in for sockets: its close() has their type'],
  [/^src\/testing\/socket-wire\.ts$/, "a simulated phone's real sockets"],
  [/^src\/(start|door)\.ts$/, 'start() and stop() wait for sockets'],
  [/^src\/media-engine\.ts$/, 'waits for the socket that digits are reported to'],
  [/^src\/user-scenarios\.ts$/, "waits for users' files to be imported"],
  [/^src\/admin\//, 'answers HTTP requests'],
  [/^src\/metrics\/metrics\.ts$/, 'prom-client writes its text by Promise'],
  [/^src\/main\.ts$/, 'waits for the service to start and to stop'],
  [/^src\/scenarios\/(load|examples)\.ts$/, "imports users' files"],
  [/^src\/cli\//, 'a command ends when it has done its work'],
  [/^src\/demo\/[^/]+\.ts$/, 'a script on real sockets'],
  [/^src\/page\/.+\.tsx?$/, 'runs in browsers, which answer by Promise'],
];
/** The service's clock, and those of phones on real sockets and of the page in a browser, which share no code with it. */
const CLOCK = /^src\/(clock|testing\/socket-wire|page\/clock)\.ts$/;
const NOTHING = /^$/;
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp, allowed: RegExp])[] = [
  ['a Promise', /\bawait\b|\basync\b|\bPromise\b|\.then\s*\(/, new RegExp(WAITS.map(([file]) => file.source).join('|'))],
  ['Date', /\bnew\s+Date\b|\bDate\s*[.(]/, /^src\/page\/clock\.ts$/],
  ['a timer', /(?<![.\w#])(?:setTimeout|setInterval)\s*\(|\bglobalThis\.set/, CLOCK],
  ['a turn of the event loop', /(?<![.\w#])(?:setImmediate|queueMicrotask)\s*\(|\bnextTick\b/, /^src\/(clock\.ts|transport\/)/],
  ['the time', /\bperformance\s*\.|\bhrtime\b/, CLOCK],
  ['randomness', /\bMath\s*\.\s*random\b|\brandom(Bytes|UUID|Int|FillSync)\b/, /^src\/random\.ts$/],
  ['an enum or a namespace', /(?:^|\n)\s*(?:export\s+)?(?:const\s+)?(?:enum|namespace)\s+\w/, NOTHING],
];

const purityFaults = (sources: Sources): string[] =>
  [...sources].flatMap(([path, text]) => {
    const code = codeOf(text);
    return FORBIDDEN.filter(([, pattern, allowed]) => pattern.test(code) && !allowed.test(path)).map(
      ([what]) => `${path} uses ${what}`,
    );
  });

describe('the architecture', () => {
  const sources = sourcesUnder('src', 'machines');

  it('sees the files and their imports', () => {
    for (const path of [
      'src/clock.ts',
      'src/engine/runner.ts',
      'src/sip/codec.ts',
      'machines/call.ts',
      'machines/vocabulary/facts.ts',
    ]) {
      expect([...sources.keys()]).toContain(path);
    }
    expect(sources.size).toBeGreaterThan(50);
    const imports = allImports(sources);
    expect(imports).toContainEqual(expect.objectContaining({ from: 'src/sip/codec.ts', what: 'sip', typeOnly: false }));
    expect(imports).toContainEqual(
      expect.objectContaining({ from: 'src/config.ts', what: 'src/config/schema.ts', typeOnly: false }),
    );
    expect(imports.filter(({ typeOnly }) => typeOnly).length).toBeGreaterThan(50);
    for (const { from, what } of imports.filter((each) => isOwn(each.what) && !each.what.endsWith('.d.ts'))) {
      expect(sources.has(what), `${from} imports ${what}`).toBe(true);
    }
    expect([...sources.keys()].filter((path) => zoneOf(path) === 'none')).toEqual([]);
  });

  it('reads every import that stands in the text', () => {
    for (const [path, text] of sources) {
      const written = (codeOf(text).match(/(?:^|\n)(?:import|export)\b[^;]*?\bfrom\s*""/g) ?? []).length;
      expect(importsOf(path, text).length, path).toBeGreaterThanOrEqual(written);
    }
  });

  it('is imported downwards only', () => expect(layerFaults(sources)).toEqual([]));
  it('has no cycles', () => expect(cycles(sources)).toEqual([]));
  it('keeps each package behind the file that knows it', () => expect(packageFaults(sources)).toEqual([]));
  it('takes time, chance and waiting only where they may be', () => expect(purityFaults(sources)).toEqual([]));
  it('lists no adapter that is not there', () => {
    const missing = WAITS.filter(([file]) => ![...sources.keys()].some((path) => file.test(path)));
    expect(missing).toEqual([]);
  });
});

describe('the rules of the architecture can fail', () => {
  const of = (path: string, text: string): Sources => new Map([[path, text]]);

  it.each([
    ['src/engine/x.ts', "import type { A } from '../sip/message.ts';"],
    ['src/sip/x.ts', "import {\n  type A,\n  B,\n} from '../../machines/vocabulary/facts.ts';"],
    ['src/sip/x.ts', "import type { Random } from '../random.ts';"],
    ['src/correlation/x.ts', "export type { View } from '../engine/port.ts';"],
    ['src/transaction/x.ts', "const late = import('../ports/sip/port.ts');"],
    ['src/ports/push/x.ts', "import { a } from '../../sip/uri.ts';"],
    ['src/ports/push/x.ts', "import { createLog } from '../../log.ts';"],
    ['src/service.ts', "import './main.ts';"],
    ['src/testing/phone.ts', "import { parse } from '../sip/codec.ts';"],
    ['machines/call.ts', "import { legMachine } from './leg.ts';"],
    ['machines/vocabulary/x.ts', "import { a } from '../scenario.ts';"],
    ['src/engine/x.ts', "import { loadConfig } from '../config/schema.ts';"],
  ])('layers: %s %s', (path, text) => expect(layerFaults(of(path, text))).toHaveLength(1));

  it.each([
    ['src/sip/uri.ts', "import sip from 'sip';"],
    ['src/engine/engine.ts', "import type { AnyActorLogic } from 'xstate';"],
    ['machines/vocabulary/facts.ts', "import { setup } from 'xstate';"],
    ['machines/call.ts', "import { hostname } from 'node:os';"],
    ['src/engine/x.ts', "import { readFileSync } from 'node:fs';"],
    ['src/service.ts', "import express from 'express';"],
    ['src/ports/sip/x.ts', "import { isIP, connect } from 'node:net';"],
  ])('packages: %s %s', (path, text) => expect(packageFaults(of(path, text))).toHaveLength(1));

  it.each([
    'async function f() {}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    'const a = `${await b}`;',
    'p.then(() => {});',
    'const now = Date.now();',
    'const d = new Date;',
    'setTimeout(f, 1);',
    'setImmediate(f);',
    'const t = performance.now();',
    'const r = Math.random();',
    'export const enum A { B }',
    "const a = /['\"]/; setTimeout(f, 1); const b = /x'/;",
  ])('purity: %s', (text) => expect(purityFaults(of('src/engine/x.ts', text))).toHaveLength(1));

  it('leaves words in comments, strings and names alone', () => {
    const text =
      "// await Date.now()\nconst a = 'Promise'; /* setTimeout( */ clock.setTimeout(f); const date = { Date: 1 }; `async`;";
    expect(purityFaults(of('src/engine/x.ts', text))).toEqual([]);
  });

  it('cycles', () => {
    const files = { a: 'b', b: 'c', c: 'a', d: 'a' };
    const sources = new Map(
      Object.entries(files).map(([from, to]) => [`src/${from}.ts`, `import type { X } from './${to}.ts';`]),
    );
    expect(cycles(sources)).toEqual(['src/a.ts → src/b.ts → src/c.ts → src/a.ts']);
  });
});
