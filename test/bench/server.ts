import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { udpDrops } from './load/load.ts';

/** What is measured: the service, the relay that only copies, or the stand-in that the generator is tried with. */
export type Target = 'service' | 'relay' | 'stub';

/** Where CPU profiles of the service go; none are taken without it. */
const PROFILE_DIR = process.env.CALLWEAVE_BENCH_PROFILE;

/** The config keys a scenario sets, beside the common ones. */
export type Settings = Readonly<Record<string, unknown>>;

const HOST = '127.0.0.1';
const READY_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;
/** Unit of utime and stime in /proc/PID/stat: USER_HZ, which Linux fixes at 100 for all that user space sees. */
const MS_PER_TICK = 10;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The process under load. */
export class Server {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #dir: string;
  #errors = '';

  private constructor(child: ChildProcess, port: number, dir: string) {
    this.#child = child;
    this.port = port;
    this.#dir = dir;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-8000);
    });
  }

  /** Starts it and waits for its ready line; throws with its last words if it ends or says nothing. */
  static async start(target: Target, settings: Settings = {}): Promise<Server> {
    const dir = mkdtempSync(join(tmpdir(), 'callweave-bench-'));
    const port = await freePort();
    const child = spawn(process.execPath, argumentsFor(target, port, dir, settings), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      cwd: dir,
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const server = new Server(child, port, dir);
    await server.#ready();
    return server;
  }

  /** User and system time so far. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1');
    const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(columns[11]) + Number(columns[12])) * MS_PER_TICK;
  }

  rssBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1');
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024;
  }

  /** Datagrams the kernel dropped at the service's socket so far. */
  drops(): number {
    return udpDrops((port) => port === this.port);
  }

  /** Heap in use after a full collection. */
  async heapBytes(): Promise<number> {
    this.#child.send('collect');
    const [message] = await once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) });
    return (message as { heapBytes: number }).heapBytes;
  }

  /** Tells the relay who talks to whom. */
  async route(callers: number[], callees: number[]): Promise<void> {
    this.#child.send({ callers, callees });
    await once(this.#child, 'message', { signal: AbortSignal.timeout(5_000) });
  }

  /** What it wrote to standard error, the end of it. */
  get errors(): string {
    return this.#errors;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (this.running) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const kill = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(kill);
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(limit);
        void this.stop().then(() => reject(new Error(`${why}\n${said}\n${this.#errors}`)));
      };
      const limit = setTimeout(() => fail('no ready line in time'), READY_LIMIT_MS);
      let said = '';
      this.#child.once('exit', (code) => fail(`ended with code ${code} before it was ready`));
      this.#child.stdout?.on('data', (chunk: Buffer) => {
        if (said.length > 64_000) return;
        said += chunk.toString();
        if (!said.includes('listening')) return;
        clearTimeout(limit);
        this.#child.removeAllListeners('exit');
        resolve();
      });
    });
  }
}

function argumentsFor(target: Target, port: number, dir: string, settings: Settings): string[] {
  if (target !== 'service') return [here(`${target}.ts`), String(port)];
  const config = join(dir, 'callweave.yaml');
  writeFileSync(config, JSON.stringify(configFor(port, settings), undefined, 2));
  const profile = PROFILE_DIR === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', PROFILE_DIR];
  return [...profile, '--expose-gc', '--import', here('probe.ts'), here('../../src/main.ts'), '--config', config];
}

const configFor = (port: number, settings: Settings): Settings => ({
  listen: [`udp:${HOST}:${port}`],
  auth: 'none',
  admin: 'off',
  log: { level: 'warn', format: 'json' },
  store: { path: ':memory:' },
  push: { wakeLimitSeconds: 300, providers: { fcm: { sender: 'log' } } },
  ...settings,
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, HOST);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
