import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * Files of users lie in a folder outside of any package and are loaded by Node itself, since vitest loads them in its
 * own way: one process for all cases.
 */

const loadAll = fileURLToPath(new URL('load-all.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures/scenarios', import.meta.url));

const scenario = (name: string, more = '') => `
import { defineScenario, facts } from 'callweave';
import { setup } from 'xstate';
${more}
const machine = setup({}).createMachine({ id: 'one', initial: 'over', states: { over: { type: 'final' } } });
export default defineScenario({ name: '${name}', startsOn: [facts.callOffered.where({})], listensTo: () => [], machine });
`;

interface Case {
  /** Files beside the config. */
  readonly files: Readonly<Record<string, string>>;
  /** The list of the config. */
  readonly scenarios: string;
  readonly said: readonly (string | RegExp)[];
}

const of = (files: Readonly<Record<string, string>>, scenarios: string, ...said: (string | RegExp)[]): Case => ({
  files,
  scenarios,
  said,
});
/** One file that cannot be loaded: its line in the config is the first, its place there the first too. */
const wrong = (name: string, text: string, said: string): Case =>
  of({ [name]: text }, `[./${name}]`, `N.yaml:1: scenarios[0]: ${said}`);

const cases: Record<string, Case> = {
  'a file of TypeScript, outside of any package': of(
    {},
    '[./missed.ts]',
    'scenario missed from ./missed.ts, at most 10000 cases at a time',
    'fact call.missed',
  ),
  'JavaScript, and a map with maxCases': of(
    { 'plain.mjs': scenario('plain'), 'old.js': scenario('old') },
    '[{ use: plain.mjs, maxCases: 7 }, ./old.js]',
    'scenario plain from plain.mjs, at most 7 cases at a time',
    'scenario old from ./old.js, at most 10000 cases at a time',
  ),
  'several scenarios of one file': of(
    {
      'several.ts': `${scenario('first')}
export const second = defineScenario({ name: 'second', startsOn: [facts.callFailed.where({})], listensTo: () => [], machine });`,
      'listed.ts': `${scenario('third').replace('export default', 'const third =')}
export default [third, defineScenario({ name: 'fourth', startsOn: [facts.callFailed.where({})], listensTo: () => [], machine })];`,
    },
    '[./several.ts, ./listed.ts]',
    /^scenario first /,
    /^scenario second /,
    /^scenario third /,
    /^scenario fourth /,
  ),
  'two files that share a fact of a third': of(
    {
      'shared/kinds.ts':
        "import { defineFact, text } from 'callweave'; export const shiftBegan = defineFact('shift.began', { who: text() });",
      'shared/a.ts': `${scenario('a', "export { shiftBegan } from './kinds.ts';")}`,
      'shared/b.ts': `${scenario('b', "import { shiftBegan } from './kinds.ts';\nexport { shiftBegan };").replace('facts.callOffered', 'shiftBegan')}`,
    },
    '[./shared/a.ts, ./shared/b.ts]',
    /^scenario a /,
    /^scenario b /,
    'fact shift.began',
  ),
  'a package with a callweave and an xstate of its own': of(
    {
      'own/package.json': '{"name":"own","type":"module"}',
      'own/node_modules/callweave/package.json': '{"name":"callweave","exports":"./index.js","type":"module"}',
      'own/node_modules/callweave/index.js': 'throw new Error("the wrong callweave");',
      'own/node_modules/xstate/package.json': '{"name":"xstate","exports":"./index.js","type":"module"}',
      'own/node_modules/xstate/index.js': 'throw new Error("the wrong xstate");',
      'own/node_modules/helper/package.json': '{"name":"helper","exports":"./index.js","type":"module"}',
      'own/node_modules/helper/index.js': "export { not } from 'callweave';",
      'own/mine.ts': scenario(
        'mine',
        "import { not } from 'callweave';\nimport { not as same } from 'helper';\nimport { facts as others } from 'callweave';\nimport { call } from 'callweave/machines/call';\nif (not !== same || call.name !== 'call') throw new Error('two of one');",
      ),
    },
    '[./own/mine.ts]',
    /^scenario mine /,
  ),
  'a package that npm init made': wrong(
    'npm-init/one.ts',
    scenario('one'),
    './npm-init/one.ts: the package.json above it says "type": "commonjs"; write "type": "module" there',
  ),
  'a name that is no example': of(
    {},
    '[nonesuch]',
    /^N\.yaml:1: scenarios\[0\]: there is no built-in example "nonesuch"; write a file such as \.\/nonesuch\.ts/,
  ),
  'a file that is not there': wrong('', '', 'x'),
  'a folder': of({}, '[./shared/]', /^N\.yaml:1: scenarios\[0\]: \.\/shared\/: .*shared is no file; name the file itself$/),
  'bad syntax in TypeScript': wrong(
    'bad.ts',
    'const a = 1;\nconst b: = 2;\n',
    './bad.ts:2: Unexpected token `=`; mend the syntax',
  ),
  'bad syntax in JavaScript': wrong(
    'bad.mjs',
    'const a = 1;\n\nexport default = 2;\n',
    "./bad.mjs:3: Unexpected token '='; mend the syntax",
  ),
  'bad syntax in a file that it imports': of(
    { 'imports-bad.ts': "import './bad.ts';" },
    '[./imports-bad.ts]',
    /^N\.yaml:1: scenarios\[0\]: \/.*bad\.ts:2: Unexpected token `=`; mend the syntax$/,
  ),
  'an enum': of(
    { 'enum.ts': 'const a = 1;\nenum B { C }\n' },
    '[./enum.ts]',
    /: \.\/enum\.ts:2: .*enum is not supported.*; types are only taken out, so write plain JavaScript/,
  ),
  'a parameter property': of(
    { 'pp.ts': 'class A { constructor(private b: number) {} }\n' },
    '[./pp.ts]',
    /: \.\/pp\.ts:1: .*parameter property is not supported.*; types/,
  ),
  'a package that is not there': wrong(
    'nopack.ts',
    "import x from 'nonesuch-pack';\nexport default x;",
    './nopack.ts: there is no package "nonesuch-pack"; npm install it beside the file, or take the import out',
  ),
  'an import that is not there': of(
    { 'noimport.ts': "import x from './nonesuch.ts';" },
    '[./noimport.ts]',
    /: \.\/noimport\.ts: there is no file ".*nonesuch\.ts"; mend the import, with its ending, such as \.\/facts\.ts$/,
  ),
  'a door that is not there': wrong(
    'nodoor.ts',
    "import x from 'callweave/engine';",
    './nodoor.ts: "callweave/engine" is no door of callweave; those are callweave, callweave/testing and callweave/machines/…',
  ),
  'a type that is imported as a value': wrong(
    'type.ts',
    "// A comment\nimport { Birth, defineScenario } from 'callweave';\n",
    './type.ts:2: "callweave" exports no "Birth"; if it is a type write import { type Birth }, else mend the name',
  ),
  'no default export': wrong(
    'nodefault.ts',
    'export const a = 1;',
    './nodefault.ts: it has no default export; write export default defineScenario({ name, startsOn, listensTo, machine })',
  ),
  'a machine instead of a scenario': wrong(
    'machine.ts',
    "import { setup } from 'xstate';\nexport default setup({}).createMachine({ id: 'a' });",
    './machine.ts: its default export is a machine and not a scenario; write export default defineScenario({ name, startsOn, listensTo, machine })',
  ),
  'a file of CommonJS': of(
    { 'common.js': 'module.exports = 7;' },
    '[./common.js]',
    /: \.\/common\.js: its default export is a number and no scenario; write/,
  ),
  'a file of CommonJS with a throw': of(
    { 'thrown.js': '\nrequire("nonesuch");' },
    '[./thrown.js]',
    /: \.\/thrown\.js:2: there is no package "nonesuch"/,
  ),
  'a throw': wrong(
    'throws.ts',
    'const a = 1;\nthrow new TypeError("a\\nb");',
    './throws.ts:2: it throws "TypeError: a" when it is loaded; mend what its top level does',
  ),
  'something thrown that is no error': of(
    { 'thrown.ts': 'throw undefined;' },
    '[./thrown.ts]',
    /: \.\/thrown\.ts: it throws "undefined" when/,
  ),
  'a name of an attribute that is wrong': of(
    { 'wrong-filter.ts': scenario('w').replace('where({})', "where({ color: 'red' })") },
    '[./wrong-filter.ts]',
    /^N\.yaml:1: scenarios\[0\]: \.\/wrong-filter\.ts:6: it throws "Error: call\.offered has no attribute \\"color\\"; it has call, .*" when it is loaded; mend what its top level does$/,
  ),
  'a promise that fails unheard': of(
    { 'unheard.ts': 'await 1; Promise.reject(new Error("lost")); await new Promise(() => {});' },
    '[./unheard.ts]',
    /: \.\/unheard\.ts:1: it throws "Error: lost"/,
  ),
  'a file that is never loaded': wrong(
    'hangs.ts',
    'await new Promise(() => {});',
    './hangs.ts: it is not loaded after 0.7 s; take out the await at its top level that does not end',
  ),
  'TypeScript under node_modules': of(
    { 'node_modules/pack/one.ts': scenario('one') },
    '[./node_modules/pack/one.ts]',
    'N.yaml:1: scenarios[0]: ./node_modules/pack/one.ts: Node runs no TypeScript under node_modules; name its .js, or move the file out',
  ),
  'a filter that fits nothing': of(
    { 'filter.ts': scenario('filter').replace('where({})', "where({ wakeable: 'yes' as never })") },
    '[./filter.ts]',
    /^N\.yaml:1: scenarios\[0\]: \.\/filter\.ts: scenario filter: startsOn: call\.offered: the filter on "wakeable" is held against yes, which is no flag; mend the scenario$/,
  ),
  'a fact that is not exported': of(
    {
      'hidden.ts': scenario(
        'hidden',
        "import { defineFact } from 'callweave';\nconst hidden = defineFact('fact.hidden', {});",
      ).replace('facts.callOffered', 'hidden'),
    },
    '[./hidden.ts]',
    'N.yaml:1: scenarios[0]: ./hidden.ts: scenario hidden: startsOn: there is no fact "fact.hidden"; mend the name, or, if it is a fact of your own, export it from the file',
  ),
  'a fact as the service has one': of(
    {
      'twice.ts': scenario(
        'twice',
        "import { defineFact } from 'callweave';\nexport const offered = defineFact('call.offered', {});",
      ),
    },
    '[./twice.ts]',
    /^N\.yaml:1: scenarios\[0\]: \.\/twice\.ts: the service has a fact call\.offered of its own; rename yours$/,
  ),
  'two facts of one name': of(
    {
      'kind1.ts': scenario('k1', "import { defineFact } from 'callweave';\nexport const a = defineFact('fact.twice', {});"),
      'kind2.ts': scenario('k2', "import { defineFact } from 'callweave';\nexport const a = defineFact('fact.twice', {});"),
    },
    '[./kind1.ts, ./kind2.ts]',
    'N.yaml:1: scenarios[1]: ./kind2.ts: ./kind1.ts makes a fact fact.twice too; rename one, or make it in a file that both import',
  ),
  'two scenarios of one name': of(
    { 'name1.ts': scenario('same'), 'name2.ts': scenario('same') },
    '[./name1.ts, ./name2.ts]',
    'N.yaml:1: scenarios[1]: ./name2.ts: ./name1.ts has a scenario same too; rename one of the two',
  ),
  'a name of the service’s own': of(
    { 'call.ts': scenario('call') },
    '[./call.ts]',
    'N.yaml:1: scenarios[0]: ./call.ts: scenario call: there is one of that name already; give it another name',
  ),
  'settings that are read': of(
    {},
    '[{ use: ./missed.ts, settings: { againWithinSeconds: 5 } }]',
    /^scenario missed/,
    'fact call.missed',
    'settings {"againWithinMs":5000}',
  ),
  'settings that are wrong': of(
    {},
    '\n  - use: ./missed.ts\n    maxCases: 5\n    settings: { againWithinSeconds: soon }',
    'N.yaml:4: scenarios[0].settings: ./missed.ts: againWithinSeconds: write a number of seconds above 0, such as 60',
  ),
  'settings that nobody reads': of(
    { 'plain2.ts': scenario('plain2') },
    '[{ use: ./plain2.ts, settings: { a: 1 } }]',
    'N.yaml:1: scenarios[0].settings: ./plain2.ts: it takes no settings; take the key out, or let the scenario read it by settings: (written) => …',
  ),
  'star codes that are there': of(
    {},
    '[{ use: ring-back, settings: { setCode: "*5", cancelCode: "#5" } }]\ncodes: ["*5", "*51", "#5"]',
    /^scenario ring-back/,
    /^settings /,
  ),
  'star codes that nobody can dial': of(
    {},
    '[ring-back]\ncodes: ["*37", "*5"]',
    'N.yaml:1: scenarios[0]: ring-back: "#37" does not stand in codes, so that nobody can dial it; write codes: ["*37", "*5", "#37"]',
  ),
  'star codes of its settings that nobody can dial': of(
    {},
    '\n  - use: ring-back\n    settings: { setCode: "*371" }',
    'N.yaml:3: scenarios[0].settings: ring-back: "*371", "#37" do not stand in codes, so that nobody can dial them; write codes: ["*371", "#37"]',
  ),
  'maxCases that is none': of(
    {},
    '[{ use: ./missed.ts, maxCases: 0 }]',
    'N.yaml:1: scenarios[0].maxCases: 0; write a whole number from 1 to 1000000, such as 10000',
  ),
  'an entry that is none': of(
    {},
    '[7, {}]',
    /^N\.yaml:1: scenarios\[0\]: 7; write a file such as/,
    /^N\.yaml:1: scenarios\[1\]\.use: missing; write a file such as/,
  ),
};
cases['a file that is not there'] = of(
  {},
  '[./nowhere.ts]',
  /^N\.yaml:1: scenarios\[0\]: \.\/nowhere\.ts: there is no file \/.*nowhere\.ts; write where it lies, relative to the config file$/,
);

let folder = '';
const said = new Map<string, readonly string[]>();
let complained = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-scenarios-'));
  cpSync(fixtures, folder, { recursive: true });
  mkdirSync(join(folder, 'npm-init'));
  writeFileSync(join(folder, 'npm-init/package.json'), '{"type":"commonjs"}');
  const files: string[] = [];
  for (const [n, { files: written, scenarios }] of Object.values(cases).entries()) {
    for (const [name, text] of Object.entries(written)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    writeFileSync(join(folder, `${n}.yaml`), `scenarios: ${scenarios}\n`);
    files.push(`${n}.yaml`);
  }
  const child = spawn(process.execPath, [loadAll, ...files], { cwd: folder });
  let out = '';
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    complained += bytes;
  });
  await once(child, 'close');
  const lines = out.trimEnd().split('\n');
  for (const [n, name] of Object.keys(cases).entries())
    said.set(name, JSON.parse((lines[n] ?? '[]').replaceAll(`${n}.yaml`, 'N.yaml')));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('scenarios that the config names', () => {
  it.each(Object.entries(cases))('%s', (name, { said: expected }) => {
    expect(said.get(name)).toEqual(expected.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))));
  });

  it('are loaded without a word of Node’s own', () => expect(complained).toBe(''));
});
