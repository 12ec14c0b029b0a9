import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { freePort, isBound } from './ports.ts';
import type { User } from './service.ts';

const HOST = '127.0.0.1';
const SCENARIOS = fileURLToPath(new URL('../sipp/', import.meta.url));
const DEFAULT_LIMIT_SECONDS = 30;
const KEPT_CHARACTERS = 20_000;
const GOT_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** How a scenario is played. */
export interface Part {
  /** Port of the service. */
  readonly service: number;
  /** Who plays it. */
  readonly user: User;
  /** Whom it calls. */
  readonly to?: User;
  readonly transport?: 'udp' | 'tcp';
  /** Address of its own; default 127.0.0.1. At ::1 it speaks to the service at ::1. */
  readonly host?: string;
  /** Port of its own; else a free one. */
  readonly port?: number;
  /** Length of its `<pause/>`. */
  readonly pauseMs?: number;
  /** Added to its Contact, such as `;pn-provider=…`. */
  readonly contactParams?: string;
  /** Its Call-ID. A registering phone is called with this very Call-ID, or sipp takes the INVITE for a stranger's. */
  readonly callId?: string;
  /** Scenario for calls that come meanwhile. */
  readonly outOfCall?: string;
  readonly limitSeconds?: number;
  /** What stands in the scenario for `@name@`: sipp itself takes no keyword as the status of an answer. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** One sipp process that plays one scenario once. */
export class Sipp {
  readonly port: number;
  readonly #name: string;
  readonly #child: Child;
  readonly #dir: string;

  private constructor(name: string, port: number, child: Child, dir: string) {
    this.#name = name;
    this.port = port;
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts it; resolves once its socket is open. */
  static async play(name: string, part: Part): Promise<Sipp> {
    const dir = mkdtempSync(join(tmpdir(), 'callweave-sipp-'));
    const port = part.port ?? (await freePort());
    const sipp = new Sipp(name, port, new Child('sipp', argumentsFor(name, port, dir, part), dir), dir);
    const answersCalls = !name.startsWith('caller') && !name.startsWith('register');
    const table = part.host?.includes(':') ? 'udp6' : 'udp';
    if (answersCalls && part.transport !== 'tcp') await isBound(table, port, () => !sipp.#child.running);
    return sipp;
  }

  /** Resolves when the whole scenario went as written. */
  async done(): Promise<void> {
    const code = await this.#child.ended;
    if (code !== 0) throw new Error(`sipp ${this.#name} ended with ${code}`);
  }

  /** Resolves once it received a message that starts like that; sipp tells it to nobody but its file. */
  async got(start: string): Promise<void> {
    const until = performance.now() + GOT_LIMIT_MS;
    while (this.received(start).length === 0) {
      if (performance.now() > until) throw new Error(`sipp ${this.#name} did not receive ${start}`);
      await sleep(POLL_MS);
    }
  }

  /** Ends its process as it is, mid-call; what it logged stays. */
  kill(): Promise<void> {
    return this.#child.stop('SIGKILL');
  }

  /** Ends it, whether its part is over or not, and removes its files. */
  async stop(): Promise<void> {
    await this.#child.stop('SIGKILL');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Its errors and messages, for the report of a case that failed. */
  explain(): string {
    return `--- sipp ${this.#name}:\n${this.#file('errors.log')}\n${this.#file('messages.log').slice(-KEPT_CHARACTERS)}`;
  }

  /** The messages it received that start like that: a method, or `SIP/2.0 486`. */
  received(start: string): string[] {
    return this.#messages('received', start);
  }

  sent(start: string): string[] {
    return this.#messages('sent', start);
  }

  #messages(direction: 'received' | 'sent', start: string): string[] {
    // A line of dashes and the time, a line that says which way and how long, an empty line, the message.
    const blocks = this.#file('messages.log').split(/^-{10,}.*$/m);
    return blocks
      .filter((block) => new RegExp(`^\\s*\\S+ message ${direction}`, 'i').test(block))
      .map((block) => block.slice(block.search(/\n\r?\n/)).trim())
      .filter((message) => message.startsWith(start));
  }

  #file(name: string): string {
    const path = join(this.#dir, name);
    return existsSync(path) ? readFileSync(path, 'latin1') : '';
  }
}

function argumentsFor(name: string, port: number, dir: string, part: Part): string[] {
  const limit = part.limitSeconds ?? DEFAULT_LIMIT_SECONDS;
  const keys = { user: part.user.name, domain: HOST, expires: '600', contact_params: part.contactParams ?? '' };
  return [
    `${part.host?.includes(':') ? `[${part.host}]` : HOST}:${part.service}`,
    ...['-sf', scenario(name, dir, part.keys), '-m', '1', '-nostdin'],
    ...['-i', part.host ?? HOST, '-p', String(port), '-t', part.transport === 'tcp' ? 't1' : 'u1'],
    ...['-au', part.user.name, '-ap', part.user.password, '-s', part.to?.name ?? part.user.name],
    ...['-auth_uri', authUri(part)],
    ...['-timeout', `${limit}s`, '-timeout_error', '-d', String(part.pauseMs ?? 0)],
    ...['-trace_err', '-error_file', join(dir, 'errors.log'), '-trace_msg', '-message_file', join(dir, 'messages.log')],
    ...Object.entries(keys).flatMap(([key, value]) => ['-key', key, value]),
    ...(part.callId === undefined ? [] : ['-cid_str', part.callId.replaceAll('%', '%%')]),
    ...(part.outOfCall === undefined ? [] : ['-oocsf', scenario(part.outOfCall, dir, part.keys)]),
  ];
}

/** Else sipp signs the address of the service, and the URI of a digest has to be the Request-URI (RFC 7616 §3.4.6). */
const authUri = ({ to }: Part): string => (to === undefined ? HOST : `${to.name}@${HOST}`);

/** The file of a scenario, its `@names@` filled in; `caller-fails-NNN` is told NNN in the end. */
function scenario(name: string, dir: string, keys: Part['keys'] = {}): string {
  const path = join(SCENARIOS, `${name}.xml`);
  if (existsSync(path) && Object.keys(keys).length === 0) return path;
  const [, base, status] = existsSync(path) ? [] : (/^(caller-fails)-(\d{3})$/.exec(name) ?? []);
  let text = readFileSync(base === undefined ? path : join(SCENARIOS, `${base}-486.xml`), 'latin1');
  if (status !== undefined) text = text.replace('recv response="486"', `recv response="${status}"`);
  for (const [key, value] of Object.entries(keys)) text = text.replaceAll(`@${key}@`, value);
  const made = join(dir, `${name}.xml`);
  writeFileSync(made, text, 'latin1');
  return made;
}
