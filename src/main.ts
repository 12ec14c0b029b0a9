#!/usr/bin/env node
/** Process entry: arguments, signals, exit code. */
import type { Command } from './cli/command.ts';
import { COMMANDS } from './cli/commands.ts';
import { SystemClock } from './clock.ts';
import { type Config, INSPECTOR_PRESET, loadConfig } from './config.ts';
import { exitCode, isProblem, reasonOf } from './errors.ts';
import { createLog, type Log } from './log.ts';
import type { LoadedScenarios } from './scenarios/load.ts';
import { isAlive, type Running, start } from './start.ts';
import { TimerHeap } from './timer-heap.ts';

/** In the repository npm calls it, an installed package is called by name. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
const START = IS_SOURCE ? 'npm start' : 'callweave';
const MORE = IS_SOURCE ? ' --' : '';

const WIDEST = 46;

/** What to write, and what that does. */
const helpLine = (written: string, what: string): string => `  ${written.trimEnd().padEnd(WIDEST)} ${what}\n`;
const DEMOS =
  helpLine('npm run demo', 'a call that wakes a sleeping phone, told as a ladder') +
  helpLine('npm run demo pickup', 'a ringing call that a colleague takes');

const HELP = `callweave: a SIP service that wakes sleeping phones

${helpLine(START, 'demo users alice, bob and carol, on loopback')}${helpLine(`${START}${MORE} --config FILE`, 'your own configuration (YAML)')}${
  IS_SOURCE ? DEMOS : ''
}${helpLine(`${START}${MORE} --ping`, 'asks whether the service of this config answers: exit code 0 or 69')}
${helpLine(`${START}${MORE} inspect [--config FILE]`, 'serves, and shows calls in the official inspector of XState')}${COMMANDS.map(({ name, usage, purpose }) => helpLine(`${START}${MORE} ${name} ${usage}`, purpose)).join('')}
Environment: CALLWEAVE_CONFIG, CALLWEAVE_LISTEN, CALLWEAVE_DB, CALLWEAVE_ADMIN,
CALLWEAVE_LOG_LEVEL. The README lists every key.
`;

function fail(lines: readonly string[], code: number): never {
  for (const line of lines) process.stderr.write(`callweave: ${line}\n`);
  process.exit(code);
}

/** Where it listens and what to try next. */
function welcome(config: Config, { listening, restored, door }: Running): string[] {
  const lines = listening.map(({ name }) => `callweave listening on ${name}`);
  if (door !== undefined) lines.push(`live page and HTTP API at ${door}`);
  if (door !== undefined && config.inspector !== undefined) lines.push(`inspector at ${door}/inspect`);
  if (restored > 0) lines.push(`${restored} ${restored === 1 ? 'binding' : 'bindings'} restored from ${config.store.path}`);
  const server = listening[0]?.name.split(' ')[1];
  if (config.demo && server !== undefined) {
    const users = [...config.users.values()].map(({ name, password }) => `${name} (password ${password})`).join(', ');
    lines.push(
      `demo users: ${users}; register two phones at ${server} and call sip:bob@${server}; a third one takes the ringing call by *8`,
    );
    if (IS_SOURCE)
      lines.push('npm run demo shows a call that wakes a sleeping phone; npm start -- --config FILE runs your own configuration');
    else lines.push('callweave --config FILE runs your own configuration');
  }
  return lines;
}

/** Nothing of it is imported where the config names none. */
async function scenariosOf(config: Config): Promise<{ readonly loaded: LoadedScenarios; readonly lines: readonly string[] }> {
  if (config.scenarios.length === 0) return { loaded: { scenarios: [], facts: [] }, lines: [] };
  const { introduce, prepareScenarios } = await import('./user-scenarios.ts');
  const timers = new TimerHeap(new SystemClock(), () => undefined);
  const loaded = await prepareScenarios(config, { timers });
  if (!Array.isArray(loaded)) return { loaded, lines: introduce(loaded) };
  return fail(
    loaded.map(({ problem }) => problem),
    exitCode.config,
  );
}

async function run(config: Config, log: Log, { loaded, lines }: Awaited<ReturnType<typeof scenariosOf>>): Promise<void> {
  const running = await start(config, log, { env: process.env, scenarios: loaded });
  if (isProblem(running)) fail([running.problem], exitCode.unavailable);
  const end = (): void =>
    void running.stop().finally(() => {
      log.flush();
      process.exit(exitCode.ok);
    });
  let isStopping = false;
  const stop = (signal: string): void => {
    log.info({ signal }, isStopping ? 'stopping at once' : 'stopping');
    if (isStopping) end();
    else void running.drain().then(end);
    isStopping = true;
  };
  process.on('SIGHUP', () => running.reopen());
  process.on('SIGUSR2', () => running.toggleTrace());
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Last: whoever waits for these lines may send a signal the moment they are out.
  process.stdout.write(`${[...welcome(config, running), ...lines].join('\n')}\n`);
}

async function serve(given: readonly string[], change = (config: Config): Config => config): Promise<void> {
  const isPing = given.includes('--ping');
  const argv = given.filter((argument) => argument !== '--ping');
  const loaded = loadConfig({ argv, env: process.env, cwd: process.cwd() });
  if (Array.isArray(loaded)) {
    fail(
      loaded.map(({ line }) => line),
      exitCode.config,
    );
  }
  const config = change(loaded);
  if (isPing) process.exit((await isAlive(config)) ? exitCode.ok : exitCode.unavailable);
  const scenarios = await scenariosOf(config);
  const log = createLog({ ...config.log, clock: new SystemClock() });
  process.on('uncaughtException', (error) => {
    log.error({ problem: reasonOf(error), stack: error.stack }, 'uncaught exception');
    log.flush();
    process.exit(exitCode.software);
  });
  await run(config, log, scenarios);
}

/** `inspect` serves with the inspector on. */
function inspected(config: Config): Config {
  if (config.admin === undefined)
    fail(['the inspector is shown by the HTTP API, which is off; take admin: off away'], exitCode.config);
  return { ...config, inspector: config.inspector ?? INSPECTOR_PRESET };
}

/** Its own exit code, so that what was written still leaves through a pipe. */
async function obey(command: Command, args: readonly string[]): Promise<void> {
  process.exitCode = await command.run({
    args,
    env: process.env,
    cwd: process.cwd(),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    say: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`callweave: ${line}\n`),
  });
}

const given = process.argv.slice(2);
const command = COMMANDS.find(({ name }) => name === given[0]);
if (given.includes('--help') || given.includes('-h')) process.stdout.write(HELP);
else if (given[0] === 'start') await serve(given.slice(1));
else if (given[0] === 'inspect') await serve(given.slice(1), inspected);
else if (command !== undefined) await obey(command, given.slice(1));
else await serve(given);
