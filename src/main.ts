/** Process entry: arguments, signals, exit code. */

import { SystemClock } from './clock.ts';
import { type Config, loadConfig } from './config.ts';
import { exitCode, isProblem, reasonOf } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { createSenders } from './ports/push/senders.ts';
import { openBindingStore } from './ports/store/binding-store.ts';
import { CryptoRandom } from './random.ts';
import { Service } from './service.ts';
import { TimerHeap } from './timer-heap.ts';
import { endpointName } from './transport/endpoint.ts';
import { openSockets, Sockets } from './transport/sockets.ts';

const HELP = `callweave: a SIP service that wakes sleeping phones

  npm start                          demo users alice and bob, on loopback
  npm start -- --config FILE         your own configuration (YAML)

Environment: CALLWEAVE_CONFIG, CALLWEAVE_LISTEN, CALLWEAVE_DB, CALLWEAVE_LOG_LEVEL. The README lists every key.
`;

function fail(lines: readonly string[], code: number): never {
  for (const line of lines) process.stderr.write(`callweave: ${line}\n`);
  process.exit(code);
}

/** What to try next, for somebody who has just started it. */
function welcome(config: Config, sockets: Sockets, restored: number): string[] {
  const lines = sockets.listening.map(({ transport, local }) => `callweave listening on ${transport} ${endpointName(local)}`);
  if (restored > 0) lines.push(`${restored} bindings restored from ${config.store.path}`);
  const [first] = sockets.listening;
  if (config.demo && first !== undefined) {
    const server = endpointName(first.local);
    const users = [...config.users.values()].map(({ name, password }) => `${name} (password ${password})`).join(' and ');
    lines.push(
      `demo users: ${users}; register two phones at ${server}, then call sip:bob@${first.local.host}`,
      'npm run demo shows a call that wakes a sleeping phone; npm start -- --config FILE runs your own configuration',
    );
  }
  return lines;
}

async function serve(config: Config, log: Log): Promise<void> {
  const clock = new SystemClock();
  const timers = new TimerHeap(clock, (error) => log.error({ problem: reasonOf(error) }, 'a timer broke something'));
  const random = new CryptoRandom();
  const store = openBindingStore(config.store.path, {
    clock,
    report: ({ problem }) => log.error({ problem }, 'bindings could not be stored'),
  });
  if (isProblem(store)) fail([store.problem], exitCode.unavailable);
  const senders = createSenders(config.push.providers, { log, timers, random });
  const service = new Service({ config, clock, timers, random, store, senders, log });
  const sockets = await openSockets({
    listeners: config.listen,
    listener: service.listener,
    timers,
    tcp: { maxConnections: config.limits.tcpConnections, maxConnectionsPerAddress: config.limits.tcpConnectionsPerSource },
    report: (listener, error) => log.error({ listener, problem: error.message }, 'a listener failed'),
  });
  if (!(sockets instanceof Sockets)) {
    fail(
      sockets.map(({ listener, why }) => `cannot listen on ${listener}: ${why}; set listen to an address that is free`),
      exitCode.unavailable,
    );
  }
  const restored = service.start(sockets);
  for (const line of welcome(config, sockets, restored)) process.stdout.write(`${line}\n`);
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping');
    service.stop();
    void sockets.close().finally(() => {
      log.flush();
      process.exit(exitCode.ok);
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

const argv = process.argv.slice(2);
if (argv.includes('--help') || argv.includes('-h')) {
  process.stdout.write(HELP);
} else {
  const config = loadConfig({ argv, env: process.env, cwd: process.cwd() });
  if (Array.isArray(config)) {
    fail(
      config.map(({ line }) => line),
      exitCode.config,
    );
  }
  const log = createLog({ ...config.log, clock: new SystemClock() });
  process.on('uncaughtException', (error) => {
    log.error({ problem: reasonOf(error), stack: error.stack }, 'uncaught exception');
    log.flush();
    process.exit(exitCode.software);
  });
  await serve(config, log);
}
