import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.ts';
import { freePort } from './ports.ts';
import type { User } from './service.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 20_000;
const POLL_MS = 200;
/** Comes with it; played again and again. */
const VOICE = '/usr/share/sounds/linphone/hello8000.wav';

/** How a linphone is started. */
export interface LinphoneOptions {
  readonly transport?: 'udp' | 'tcp';
  /** Answers calls by itself; default true. */
  readonly answers?: boolean;
}

/** A linphone (Debian's linphone-cli): a whole phone that reads its commands from standard input, its voice a sound file. */
export class Linphone {
  readonly user: User;
  readonly #child: Child;
  readonly #dir: string;
  /** What was said before the latest `mark`, which `says` passes over. */
  #from = 0;

  private constructor(user: User, child: Child, dir: string) {
    this.user = user;
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts it; resolves once it is registered at the service. */
  static async start(user: User, servicePort: number, options: LinphoneOptions = {}): Promise<Linphone> {
    const dir = mkdtempSync(join(tmpdir(), 'callweave-linphone-'));
    // Without this folder it opens no UDP socket.
    mkdirSync(join(dir, '.local/share/linphone'), { recursive: true });
    const rc = join(dir, 'rc');
    writeFileSync(rc, configFor(user, await freePort(), await freePort(), servicePort, options.transport ?? 'udp'));
    const env = { ...process.env, HOME: dir };
    const args = ['-c', rc, ...(options.answers === false ? [] : ['-a'])];
    const phone = new Linphone(user, new Child('linphonec', args, dir, env, { listens: true }), dir);
    try {
      phone.command('soundcard use files');
      phone.command(`play ${VOICE}`);
      await phone.#registers();
    } catch (error) {
      await phone.stop();
      throw error;
    }
    return phone;
  }

  /** One of its commands, such as `call sip:bob@127.0.0.1`, `terminate`, `answer 1`, `transfer 1 sip:carol@127.0.0.1`. */
  command(line: string): void {
    this.#child.tell(line);
  }

  call(to: User): void {
    this.command(`call sip:${to.name}@${HOST}`);
  }

  /** Sends digits by RFC 4733; linphone takes a line that is one digit for that. */
  async dial(digits: string): Promise<void> {
    for (const digit of digits) {
      this.command(digit);
      await sleep(DIGIT_MS);
    }
  }

  /** Forgets what it said so far: `says` looks only at what follows. */
  mark(): void {
    this.#from = this.#child.said.length;
  }

  /** Resolves once it said that. */
  async says(expected: RegExp, limitMs = LIMIT_MS): Promise<void> {
    const until = performance.now() + limitMs;
    while (!expected.test(this.said)) {
      if (performance.now() > until) throw new Error(`linphone ${this.user.name} did not say ${expected}:\n${this.#child.said}`);
      if (!this.#child.running) throw new Error(`linphone ${this.user.name} ended:\n${this.#child.said}`);
      await sleep(POLL_MS);
    }
  }

  /** Everything it said since the latest `mark`. */
  get said(): string {
    return this.#child.said.slice(this.#from);
  }

  /** Unregisters and ends. */
  async stop(): Promise<void> {
    this.command('quit');
    const limit = new Promise((resolve) => setTimeout(resolve, QUIT_MS).unref());
    await Promise.race([this.#child.ended, limit]);
    await this.#child.stop('SIGKILL');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #registers(): Promise<void> {
    const until = performance.now() + LIMIT_MS;
    while (!/registered, identity=/.test(this.#child.said)) {
      if (performance.now() > until || !this.#child.running) throw new Error(`linphone did not register:\n${this.#child.said}`);
      this.command('status register');
      await sleep(POLL_MS);
    }
  }
}

/** Room for a digit of linphone's own length and the pause behind it. */
const DIGIT_MS = 500;
const QUIT_MS = 4_000;

/** Its settings; `guess_hostname` takes its own address from the route to the service. */
const configFor = ({ name, password }: User, sipPort: number, rtpPort: number, port: number, transport: string): string =>
  [
    '[sip]',
    `sip_port=${transport === 'udp' ? sipPort : 0}`,
    `sip_tcp_port=${transport === 'tcp' ? sipPort : 0}`,
    'sip_tls_port=0',
    'default_proxy=0',
    'use_ipv6=0',
    'guess_hostname=1',
    'register_only_when_network_is_up=0',
    '[rtp]',
    `audio_rtp_port=${rtpPort}`,
    '[video]',
    ...['enabled', 'capture', 'display'].map((key) => `${key}=0`),
    '[auth_info_0]',
    ...[`username=${name}`, `passwd=${password}`, `realm=${HOST}`],
    '[proxy_0]',
    `reg_proxy=<sip:${HOST}:${port};transport=${transport}>`,
    `reg_route=<sip:${HOST}:${port};transport=${transport};lr>`,
    `reg_identity=sip:${name}@${HOST}`,
    ...['reg_expires=600', 'reg_sendregister=1', 'publish=0'],
    '',
  ].join('\n');
