import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { assign, emit, setup } from 'xstate';
import { z } from 'zod';
import { type Birth, defineScenario, type Scenario } from '../machines/scenario.ts';
import type { CallFork, CallKeepOpen } from '../machines/vocabulary/commands.ts';
import { anyOf, defineFact, type FactOf, glob, integer, not, type Raw, range, text } from '../machines/vocabulary/descriptor.ts';
import * as facts from '../machines/vocabulary/facts.ts';
import { actorEnded, bindingAdded, callAnswered, callCancelled, callOffered, legFailed } from '../machines/vocabulary/facts.ts';
import { configSchema } from '../src/config/schema.ts';
import { loadConfig } from '../src/config.ts';
import { Location } from '../src/correlation/location.ts';
import { viewOf } from '../src/engine/port.ts';
import { attack, invariant } from '../src/testing/index.ts';
import { sameSeed } from '../src/testing/invariants/digest.ts';
import { INVARIANTS } from '../src/testing/invariants/index.ts';
import { fileOf, written } from './diagrams/readme.ts';
import missedCalls, { callMissed } from './fixtures/missed-calls/missed-calls.ts';
import { ALL_SCENARIOS } from './support/all-scenarios.ts';
import { engineWorld } from './support/engine-world.ts';
import { readMermaid } from './support/mermaid.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const scripts = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).scripts as Record<string, string>;

/** The part of the README under a heading of the second rank. */
function section(title: string): string {
  const start = readme.indexOf(`\n## ${title}\n`);
  expect(start, `a section "${title}"`).toBeGreaterThan(0);
  const end = readme.indexOf('\n## ', start + 1);
  return readme.slice(start, end < 0 ? undefined : end);
}

/** Text of the code blocks of one language. */
const blocks = (language: string, of = readme): string[] =>
  [...of.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code);

// What the README shows of scenarios stands here too, so that it is checked by the compiler and run by the engine.

// README: wait
const waitForPhone = setup({
  types: {
    context: {} as { call: string },
    input: {} as Birth<FactOf<typeof callOffered>, FactOf<typeof bindingAdded>>,
    events: {} as FactOf<typeof bindingAdded | typeof actorEnded>,
    emitted: {} as CallKeepOpen | CallFork,
  },
  delays: { limit: 30_000 },
  actions: {
    keepOpen: emit(({ context }) => ({ type: 'call.keepOpen', to: context.call, forMs: 30_000, progress: 182 })),
    ring: emit(({ context, event }) => {
      const { aor, device, binding } = event as FactOf<typeof bindingAdded>;
      return { type: 'call.fork', to: context.call, aor, device, target: binding.target, callId: '' };
    }),
  },
}).createMachine({
  id: 'waitForPhone',
  context: ({ input }) => ({ call: input.fact.call }),
  initial: 'waiting',
  states: {
    waiting: {
      entry: 'keepOpen',
      on: { 'binding.added': { target: 'over', actions: 'ring' }, 'actor.ended': 'over' },
      after: { limit: 'over' },
    },
    over: { type: 'final' },
  },
});

const waitForPhoneScenario = defineScenario({
  name: 'wait-for-phone',
  startsOn: [callOffered.where({ callee: glob`sip:night-*`, wakeable: false })],
  of: ({ call }) => call,
  listensTo: ({ call, callee }) => [bindingAdded.where({ aor: callee }), actorEnded.where({ address: call })],
  machine: waitForPhone,
});
// README: end

// README: notify
const deviceSuspected = defineFact('device.suspected', { device: text(), failures: integer() });
const serverError = range({ min: 500, max: 599 });

const failureWatch = setup({
  types: {
    context: {} as { device: string; failures: number },
    input: {} as Birth<FactOf<typeof legFailed>>,
    events: {} as FactOf<typeof legFailed>,
    emitted: {} as Raw<typeof deviceSuspected>,
  },
  delays: { window: 60_000 },
  actions: {
    count: assign({ failures: ({ context }) => context.failures + 1 }),
    tell: emit(({ context }) => deviceSuspected({ device: context.device, failures: context.failures })),
  },
}).createMachine({
  id: 'failureWatch',
  context: ({ input }) => ({ device: input.fact.device, failures: 1 }),
  initial: 'counting',
  states: {
    counting: { on: { 'leg.failed': { actions: 'count' } }, after: { window: 'over' } },
    over: { type: 'final', entry: 'tell' },
  },
});

const failureWatchScenario = defineScenario({
  name: 'failure-watch',
  startsOn: [legFailed.where({ status: serverError })],
  oncePer: ({ device }) => device,
  listensTo: ({ device }) => [legFailed.where({ device, status: serverError })],
  machine: failureWatch,
});
// README: end

// README: join
const callerInsisted = defineFact('caller.insisted', { caller: text(), callee: text() });

const insistence = setup({
  types: {
    context: {} as { caller: string; callee: string },
    input: {} as Birth<FactOf<typeof callCancelled>>,
    events: {} as FactOf<typeof callOffered | typeof callAnswered>,
    emitted: {} as Raw<typeof callerInsisted>,
  },
  delays: { window: 10_000 },
  actions: { tell: emit(({ context }) => callerInsisted(context)) },
}).createMachine({
  id: 'insistence',
  context: ({ input }) => ({ caller: input.fact.caller, callee: input.fact.callee }),
  initial: 'waiting',
  states: {
    waiting: {
      on: { 'call.offered': { target: 'over', actions: 'tell' }, 'call.answered': 'over' },
      after: { window: 'over' },
    },
    over: { type: 'final' },
  },
});

const insistenceScenario = defineScenario({
  name: 'insistence',
  startsOn: [callCancelled.where({})],
  oncePer: ({ caller, callee }) => `${caller} ${callee}`,
  listensTo: ({ caller, callee }) => [callOffered.where({ caller, callee }), callAnswered.where({ caller, callee })],
  machine: insistence,
});
// README: end

// README: filters
const examples = [
  bindingAdded.where({ aor: 'sip:bob@example.com' }, { current: true }),
  bindingAdded.where({ aor: glob`sip:1*@example.com`, provider: anyOf('apns', 'fcm') }),
  legFailed.where({ status: range({ min: 500, max: 599 }), reason: not(anyOf('', 'No Answer')) }),
];
// README: end

const shownHere = (name: string): string => {
  const source = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const start = source.indexOf(`// README: ${name}\n`);
  return source.slice(source.indexOf('\n', start) + 1, source.indexOf('// README: end', start));
};

// Config keys

/** `push.providers.*.url` for each leaf of the schema. */
function keysOf(schema: z.core.JSONSchema.BaseSchema, path: readonly string[] = []): string[] {
  const { properties, additionalProperties, anyOf: choices, items } = schema;
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([key, of]) => keysOf(of as z.core.JSONSchema.BaseSchema, [...path, key]));
  }
  if (typeof additionalProperties === 'object') return keysOf(additionalProperties, [...path, '*']);
  const map = choices?.find((choice) => typeof choice === 'object' && 'properties' in choice);
  if (map !== undefined) return keysOf(map as z.core.JSONSchema.BaseSchema, path);
  if (items === undefined) return [path.join('.')];
  if (path[0] === 'listen') return ['listen'];
  const each = items as z.core.JSONSchema.BaseSchema;
  return each.properties === undefined ? [path.join('.')] : keysOf(each, [...path, '*']);
}

const schemaKeys = keysOf(
  z.toJSONSchema(configSchema, { io: 'output', unrepresentable: 'any' }) as z.core.JSONSchema.BaseSchema,
).sort();
const shownKeys = [...section('Configuration').matchAll(/^\| `([a-zA-Z.*]+)` \|/gm)].map(([, key = '']) => key).sort();

describe('the README', () => {
  it('names every key of the config, and no other', () => {
    expect(schemaKeys.length).toBeGreaterThan(25);
    expect(shownKeys).toEqual(schemaKeys);
  });

  it('shows the defaults that the config has', () => {
    const config = loadConfig({ argv: [], env: {}, cwd: '/' });
    if (Array.isArray(config)) throw new Error('the presets are wrong');
    const shown = (key: string): string | undefined =>
      new RegExp(`^\\| \`${key.replaceAll('.', '\\.')}\` \\| ([^|]+) \\|`, 'm').exec(readme)?.[1]?.replaceAll('`', '').trim();
    expect(Number(shown('push.wakeLimitSeconds'))).toBe(config.push.wakeLimitMs / 1000);
    expect(Number(shown('push.awakeForSeconds'))).toBe(config.push.awakeForMs / 1000);
    expect(Number(shown('push.progress'))).toBe(config.push.progress);
    expect(Number(shown('calls.ringLimitSeconds'))).toBe(config.calls.ringLimitMs / 1000);
    expect(Number(shown('calls.silentAfterSeconds'))).toBe(config.calls.silentAfterMs / 1000);
    expect(Number(shown('calls.maxForks'))).toBe(config.calls.maxForks);
    expect(Number(shown('calls.maxCalls'))).toBe(config.calls.maxCalls);
    expect(shown('calls.earlyDialogs')).toBe(config.calls.earlyDialogs);
    expect(Number(shown('calls.sessionExpiresSeconds'))).toBe(config.calls.sessionExpiresSeconds);
    expect(Number(shown('calls.minSessionExpiresSeconds'))).toBe(config.calls.minSessionExpiresSeconds);
    expect(Number(shown('calls.aliveCheckSeconds'))).toBe(config.calls.aliveCheckMs / 1000);
    expect(shown('calls.declineEndsCall')).toBe(String(config.calls.declineEndsCall));
    expect(Number(shown('registrar.minExpiresSeconds'))).toBe(config.registrar.minExpiresMs / 1000);
    expect(Number(shown('registrar.maxExpiresSeconds'))).toBe(config.registrar.maxExpiresMs / 1000);
    expect(Number(shown('registrar.defaultExpiresSeconds'))).toBe(config.registrar.defaultExpiresMs / 1000);
    expect(Number(shown('registrar.maxContacts'))).toBe(config.registrar.maxContacts);
    expect(shown('digest.algorithm')).toBe(config.digest.algorithm);
    expect(Number(shown('digest.nonceSeconds'))).toBe(config.digest.nonceMs / 1000);
    const { trusted, scanners, banMs, ...limits } = config.limits;
    for (const [name, value] of Object.entries(limits)) expect(Number(shown(`limits.${name}`))).toBe(value);
    expect(Number(shown('limits.banSeconds'))).toBe(banMs / 1000);
    expect(trusted).toEqual([
      { address: '127.0.0.0', bits: 8 },
      { address: '::1', bits: 128 },
    ]);
    expect(shown('limits.trusted')).toBe('[127.0.0.0/8, "::1"]');
    for (const name of scanners) expect(shown('limits.scanners')).toContain(name);
    expect(shown('log.level')).toBe(config.log.level);
    expect(shown('log.format')).toBe(config.log.format);
  });

  it('shows commands that package.json has', () => {
    const commands = [...readme.matchAll(/\bnpm (?:run (?:--silent )?)?(start|test|demo|check|lint|types|build|bench)\b/g)];
    expect(commands.map(([, name]) => name)).toEqual(expect.arrayContaining(['start', 'test', 'demo', 'check', 'bench']));
    for (const [, name = ''] of commands) expect(scripts).toHaveProperty(name);
    expect(blocks('sh').join('')).toContain('npm ci && npm start');
    expect(blocks('sh').join('')).toContain('npm ci && npm test');
  });

  it('shows pictures that exist', () => {
    const pictures = [...readme.matchAll(/\]\(([\w/.-]+\.png)\)/g)].map(([, path = '']) => path);
    expect(pictures.length).toBeGreaterThan(3);
    expect(pictures.filter((path) => !existsSync(root + path))).toEqual([]);
  });

  it('names folders and files that exist', () => {
    const paths = [...readme.matchAll(/`((?:src|machines|test)\/[\w./-]*)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(root + path))).toEqual([]);
    for (const folder of readdirSync(`${root}src`, { withFileTypes: true }))
      if (folder.isDirectory()) expect(readme).toContain(`\`src/${folder.name}/`);
  });

  it('shows a config that is right, and an error line as it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callweave-readme-'));
    try {
      const load = (yaml: string) => {
        writeFileSync(join(folder, 'callweave.yaml'), yaml);
        return loadConfig({ argv: [], env: {}, cwd: folder });
      };
      const [right = '', wrong = ''] = blocks('yaml', section('Configuration'));
      for (const yaml of [
        right,
        ...blocks('yaml', section('Start')),
        ...blocks('yaml', section('Waking phones by push')),
        ...blocks('yaml', section('Configuration by example')),
        ...blocks('yaml', section('Menus and digits')),
        ...blocks('yaml', section('Write a scenario')),
      ])
        expect(load(yaml)).toMatchObject({ demo: false });
      const problems = load(wrong);
      expect(Array.isArray(problems) && problems.map(({ line }) => `callweave: ${line}\n`)).toEqual([
        blocks('text', section('Configuration'))[0],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows scenarios that compile', () => {
    const shown = blocks('ts', section('Events and scenarios'));
    expect(shown).toContain(shownHere('wait'));
    expect(shown).toContain(shownHere('notify'));
    expect(shown).toContain(shownHere('join'));
    expect(shown.map((code) => code.trim())).toContain(shownHere('filters').trim());
  });

  it('shows a scenario as test/scenarios tries it', () => {
    const [shown] = blocks('ts', section('Write a scenario'));
    expect(shown).toBe(readFileSync(`${root}test/fixtures/scenarios/talk-limit.ts`, 'utf8'));
  });

  it('shows a scenario and its attack as they are, and what a failure looks like', async () => {
    const shown = section('Testing your scenario');
    const fixture = (file: string): string =>
      readFileSync(`${root}test/fixtures/missed-calls/${file}`, 'utf8')
        .replace("'../../../src/index.ts'", "'callweave'")
        .replace("'../../../src/testing/index.ts'", "'callweave/testing'");
    expect(blocks('ts', shown)).toEqual([fixture('missed-calls.ts'), fixture('attack.ts')]);
    // It throws if it finds anything.
    await import('./fixtures/missed-calls/attack.ts');
    const deaf: Scenario = {
      ...missedCalls,
      listensTo: (fact, self) => missedCalls.listensTo(fact, self).filter((heard) => heard.fact !== 'call.cancelled'),
    };
    const missedOnes = invariant(
      'missed calls are told',
      'each call that nobody answered is told once, and no other',
      (_, took) => {
        const missed = took.of(facts.callFailed).length + took.of(facts.callCancelled).length;
        const told = took.of(callMissed).length;
        return told === missed ? [] : [`${missed} calls were missed, and ${told} were told`];
      },
    );
    const fails = () => attack({ scenarios: [deaf], facts: [callMissed], invariants: [missedOnes], seed: 7 });
    expect(fails).toThrow(/^missed-calls does not withstand history \d+, made smaller \d+ times\. Broken:/);
    expect(fails).toThrow('1 calls were missed, and 0 were told');
    expect(blocks('text', shown)[0]).toContain('1 calls were missed, and 0 were told');
  });

  it('names every invariant with what it says and where it is checked, and no other', () => {
    const shown = [...section('Invariants').matchAll(/^\| \*([^*]+)\* \| (.+?) \| `([^`]+)` \|$/gm)];
    expect(shown.map(([, name, says]) => [name, says])).toEqual([...INVARIANTS, sameSeed].map(({ name, says }) => [name, says]));
    for (const [, name, , file] of shown) expect(readFileSync(`${root}${file}`, 'utf8'), file).toContain(`name: '${name}'`);
  });

  it('shows the diagram of every machine, and every metric, as they are now (npm run diagrams writes them)', () => {
    const files = ['machines/', 'machines/supervisors/'].flatMap((folder) =>
      readdirSync(root + folder)
        .filter((file) => file.endsWith('.ts') && file !== 'scenario.ts')
        .map((file) => folder + file),
    );
    expect(ALL_SCENARIOS.map(fileOf).sort()).toEqual(files.sort());
    expect(written(readme, ALL_SCENARIOS) === readme, 'npm run diagrams has to be run').toBe(true);
    const shown = blocks('mermaid', section('Machines in pictures')).map(readMermaid);
    expect(shown).toHaveLength(files.length);
  });

  it('is free of names of workplaces', () => {
    expect(readme).not.toMatch(/\/(work|tmp|home|root)\//);
  });
});

describe('the scenarios that the README shows', () => {
  const world = () => engineWorld([...Object.values(facts), deviceSuspected, callerInsisted], [viewOf(new Location())]);
  const binding = (aor: string, device: string) => {
    const target = { contact: `${aor};at=${device}`, path: [], flow: 'f', stream: false };
    const push = { provider: '', prid: '', param: '' };
    const times = { expiresAtMs: 1e6, registeredAtMs: 0 };
    const bound = { aor, device, target, push, params: '', qThousandths: 1000, callId: 'c', cseq: 1, userAgent: '', ...times };
    return bindingAdded({ aor, device, asleep: false, provider: '', userAgent: '', binding: bound });
  };
  const offered = (callee: string) => {
    const who = { caller: 'sip:alice@example.com', callerName: '', callee };
    return callOffered({
      call: 'call:1',
      ...who,
      callIdStem: 's',
      wakeable: false,
      accountPush: { provider: '', prid: '', param: '' },
      ...{ code: '', argument: '', placedBy: '', pickable: true },
    });
  };
  const failed = (device: string, status: number) =>
    legFailed({ call: 'call:1', leg: 'leg:1/1', device, status, reason: '', message: 0 });

  it('wait: keep a call open and ring the first phone that registers', () => {
    const { engine, clock } = world();
    const ordered: string[] = [];
    engine.journal.observe(({ entry, kind }) => {
      if (kind === 'command') ordered.push(entry.type);
    });
    engine.install(waitForPhoneScenario, undefined);
    engine.post(offered('sip:day-desk@example.com'));
    expect(engine.countActors('wait-for-phone')).toBe(0);
    engine.post(offered('sip:night-desk@example.com'));
    expect(engine.countActors('wait-for-phone')).toBe(1);
    engine.post(binding('sip:bob@example.com', 'd1'));
    engine.post(binding('sip:night-desk@example.com', 'd2'));
    engine.post(binding('sip:night-desk@example.com', 'd3'));
    expect(ordered).toEqual(['call.keepOpen', 'call.fork']);
    expect(engine.countWaits()).toBe(0);
    engine.post(offered('sip:night-desk@example.com'));
    clock.advance(30_000);
    expect(engine.countWaits()).toBe(0);
  });

  it('notify: count every match until the deadline, and tell it', () => {
    const { engine, clock } = world();
    const told: unknown[] = [];
    engine.journal.observe(({ entry }) => {
      if (entry.type === 'device.suspected') told.push(entry);
    });
    engine.install(failureWatchScenario, undefined);
    for (const status of [503, 486, 500, 599]) engine.post(failed('d1', status));
    engine.post(failed('d2', 500));
    clock.advance(60_000);
    expect(told).toMatchObject([
      { device: 'd1', failures: 3 },
      { device: 'd2', failures: 1 },
    ]);
    expect(engine.countActors()).toBe(0);
  });

  it('join: A, then B within ten seconds, and nothing where B comes later or C comes first', () => {
    const { engine, clock } = world();
    const told: unknown[] = [];
    engine.journal.observe(({ entry }) => {
      if (entry.type === 'caller.insisted') told.push(entry);
    });
    engine.install(insistenceScenario, undefined);
    const [caller, callee] = ['sip:alice@example.com', 'sip:bob@example.com'];
    const cancelled = callCancelled({ call: 'call:1', caller, callee, reason: '' });
    engine.post(cancelled);
    clock.advance(9_999);
    engine.post(offered('sip:carol@example.com'));
    expect(told).toEqual([]);
    engine.post(offered(callee));
    expect(told).toMatchObject([{ caller, callee }]);
    engine.post(cancelled);
    clock.advance(10_001);
    engine.post(offered(callee));
    engine.post(cancelled);
    engine.post(
      callAnswered({
        call: 'call:2',
        leg: 'leg:2/1',
        caller,
        callee,
        device: 'd1',
        answeredBy: callee,
        shown: caller,
        callerName: '',
      }),
    );
    engine.post(offered(callee));
    expect(told).toHaveLength(1);
    expect([engine.countActors(), engine.countWaits()]).toEqual([0, 0]);
  });

  it('filters: the examples name attributes that exist', () => {
    expect(examples.map(({ fact }) => fact)).toEqual(['binding.added', 'binding.added', 'leg.failed']);
  });
});
