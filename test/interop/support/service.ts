import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import type { Counts } from './counting-main.ts';
import { freePort } from './ports.ts';
import { PushInbox } from './push-inbox.ts';

const HOST = '127.0.0.1';
/** Less than the limit of a hook, and far more than a start takes but on a machine that does twenty things at once. */
const READY_LIMIT_MS = 45_000;
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const COUNTING_MAIN = fileURLToPath(new URL('counting-main.ts', import.meta.url));

/** An account of the service under test. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/** What a group of cases sets beside the common config; `listen` comes on top of UDP and TCP. */
export type Settings = Readonly<Record<string, unknown>>;

/** The service as a newcomer starts it: a config file, a process, its ready lines. */
export class Service {
  readonly port: number;
  /** Where its pushes arrive. */
  readonly pushes: PushInbox;
  readonly #child: Child;
  readonly #dir: string;
  #users = 0;
  #counted = 0;

  private constructor(port: number, pushes: PushInbox, child: Child, dir: string) {
    this.port = port;
    this.pushes = pushes;
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts it with `users` accounts (`wakeable` ones too), `at` that port or any; resolves once it listens over UDP and TCP. */
  static async start(
    users: number,
    settings: Settings = {},
    { counts = false, at }: { readonly counts?: boolean; readonly at?: number } = {},
  ): Promise<Service> {
    const dir = mkdtempSync(join(tmpdir(), 'callweave-interop-'));
    const [port, pushes] = await Promise.all([at ?? freePort(), PushInbox.open()]);
    const config = join(dir, 'callweave.yaml');
    writeFileSync(config, JSON.stringify(configFor(port, pushes.url, users, settings), undefined, 2));
    const main = counts ? COUNTING_MAIN : MAIN;
    const child = new Child(process.execPath, [main, '--config', config], dir, process.env, { listens: counts });
    const service = new Service(port, pushes, child, dir);
    try {
      await child.says(/listening.*\budp/i, READY_LIMIT_MS);
      await child.says(/listening.*\btcp/i, READY_LIMIT_MS);
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** An account no other case uses. */
  user(): User {
    this.#users += 1;
    return account(this.#users);
  }

  /** An account that is woken without any binding; its pn-prid is its name. */
  wakeableUser(): User {
    const user = this.user();
    return { name: `wakeable-${user.name}`, password: user.password };
  }

  get running(): boolean {
    return this.#child.running;
  }

  get said(): string {
    return this.#child.said;
  }

  /** Resolves once it logged that. */
  says(expected: RegExp): Promise<void> {
    return this.#child.says(expected, READY_LIMIT_MS);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What is open in a service that was started so that it `counts`. */
  async counts(): Promise<Counts> {
    this.#counted += 1;
    this.#child.tell(String(this.#counted));
    const line = new RegExp(`^counts ${this.#counted}: (.*)$`, 'm');
    await this.says(line);
    return JSON.parse(line.exec(this.said)?.[1] ?? '') as Counts;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.#child.pid, name);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    await this.pushes.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const account = (number: number): User => ({ name: `u${number}`, password: `secret-${number}` });

function configFor(port: number, pushUrl: string, count: number, settings: Settings): Settings {
  const users: Record<string, unknown> = {};
  for (let number = 1; number <= count; number += 1) {
    const { name, password } = account(number);
    users[name] = { password };
    users[`wakeable-${name}`] = { password, wakeable: { provider: 'fcm', prid: `wakeable-${name}` } };
  }
  return {
    users,
    push: { providers: { fcm: { sender: 'http', url: pushUrl } } },
    store: { path: './callweave.sqlite' },
    log: { level: 'info', format: 'json' },
    admin: 'off',
    ...settings,
    listen: [`udp:${HOST}:${port}`, `tcp:${HOST}:${port}`, ...(Array.isArray(settings.listen) ? settings.listen : [])],
  };
}
