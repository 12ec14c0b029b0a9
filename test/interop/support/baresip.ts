import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture } from '../../support/tls-fixture.ts';
import { Child } from './child.ts';
import { freePort, isBound } from './ports.ts';
import type { User } from './service.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 10_000;
const MAX_STARTS = 3;

/** What baresip reports on its control connection. */
export interface BaresipEvent {
  readonly type: string;
  readonly param: string;
}

/** How a baresip is started. */
export interface BaresipOptions {
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** Answers calls by itself; default true. */
  readonly answers?: boolean;
  /** Folder in which it leaves what it hears and says, as WAV files. */
  readonly recordsTo?: string;
}

/** A baresip: a whole phone with digest, answering by itself, a sine as its voice, driven over ctrl_tcp. */
export class Baresip {
  readonly user: User;
  readonly events: BaresipEvent[] = [];
  readonly #child: Child;
  readonly #dir: string;
  readonly #control: Socket;
  readonly #watchers = new Set<() => void>();
  #unread = '';

  private constructor(user: User, child: Child, dir: string, control: Socket) {
    this.user = user;
    this.#child = child;
    this.#dir = dir;
    this.#control = control;
    control.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    control.on('error', () => {});
  }

  /** Starts it; resolves once it is registered at the service. */
  static async start(user: User, servicePort: number, options: BaresipOptions = {}): Promise<Baresip> {
    for (let tries = 1; ; tries++) {
      const phone = await Baresip.#try(user, servicePort, options);
      if (phone instanceof Baresip) return phone;
      // It ends at once where somebody took one of its ports since they were probed.
      if (tries === MAX_STARTS) throw phone;
    }
  }

  /** The error is that it ended before it was there to register; one that does not register throws. */
  static async #try(user: User, servicePort: number, options: BaresipOptions): Promise<Baresip | Error> {
    const dir = mkdtempSync(join(tmpdir(), 'callweave-baresip-'));
    const [sipPort, controlPort] = [await freePort(), await freePort()];
    writeFileSync(join(dir, 'config'), configFor(sipPort, controlPort, options.recordsTo));
    writeFileSync(join(dir, 'accounts'), accountFor(user, servicePort, options));
    const child = new Child('baresip', ['-f', dir], dir);
    const failed = (why: string): Error => {
      void child.stop('SIGKILL');
      return new Error(`baresip ${user.name} ${why}:\n${child.said}`);
    };
    if (!(await isBound('tcp', controlPort, () => !child.running))) return failed('ended');
    await child.says(/200 OK.*\[\d+ binding/, LIMIT_MS).catch(() => {
      throw failed('did not register');
    });
    return new Baresip(user, child, dir, createConnection(controlPort, HOST));
  }

  command(command: string, params = ''): void {
    const json = JSON.stringify({ command, params });
    this.#control.write(`${json.length}:${json},`);
  }

  /** Resolves with the `nth` event of that type. */
  event(type: string, nth = 1): Promise<BaresipEvent> {
    return new Promise((resolve, reject) => {
      const watch = () => {
        const event = this.events.filter((one) => one.type === type)[nth - 1];
        if (event === undefined) return;
        clearTimeout(limit);
        this.#watchers.delete(watch);
        resolve(event);
      };
      const limit = setTimeout(() => {
        this.#watchers.delete(watch);
        reject(
          new Error(`baresip ${this.user.name} had no ${type} (${nth}):\n${JSON.stringify(this.events)}\n${this.#child.said}`),
        );
      }, LIMIT_MS);
      this.#watchers.add(watch);
      watch();
    });
  }

  /** RTP packets received in its first call, as its summary at the end of it says: `packets: sent received`. */
  async packetsReceived(): Promise<number> {
    const summary = /packets:\s+\d+\s+(\d+)/;
    await this.#child.says(summary, LIMIT_MS);
    return Number(summary.exec(this.#child.said)?.[1]);
  }

  get said(): string {
    return this.#child.said;
  }

  async stop(): Promise<void> {
    this.#control.destroy();
    await this.#child.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Netstrings: `length:json,`. */
  #read(chunk: string): void {
    this.#unread += chunk;
    for (;;) {
      const colon = this.#unread.indexOf(':');
      const length = Number.parseInt(this.#unread.slice(0, colon), 10);
      if (colon < 0 || this.#unread.length < colon + 1 + length + 1) break;
      const message = JSON.parse(this.#unread.slice(colon + 1, colon + 1 + length));
      this.#unread = this.#unread.slice(colon + 1 + length + 1);
      if (message.event === true) this.events.push({ type: String(message.type), param: String(message.param ?? '') });
    }
    for (const watch of [...this.#watchers]) watch();
  }
}

const accountFor = ({ name, password }: User, port: number, { transport = 'udp', answers = true }: BaresipOptions): string =>
  `<sip:${name}@${HOST};transport=${transport}>;auth_user=${name};auth_pass=${password};` +
  `outbound="sip:${HOST}:${port};transport=${transport}";regint=600;answermode=${answers ? 'auto' : 'manual'};audio_codecs=pcmu,pcma\n`;

/** Its settings; `lo` as interface fails, and without a sound card `ausine` speaks and `aubridge` listens. */
const configFor = (sipPort: number, controlPort: number, recordsTo: string | undefined): string =>
  [
    'poll_method epoll',
    `net_interface ${HOST}`,
    `sip_listen ${HOST}:${sipPort}`,
    // It believes no other authority, and refuses a server that is not of it.
    `sip_cafile ${fixture('ca.pem')}`,
    'audio_source ausine,440',
    'audio_player aubridge,nil',
    'audio_alert aubridge,nil',
    'ausrc_srate 48000',
    'ausrc_channels 2',
    'rtp_stats yes',
    'rtcp_mux no',
    'module_path /usr/lib/baresip/modules',
    ...(recordsTo === undefined ? [] : [`snd_path ${recordsTo}`]),
    ...['g711', 'aubridge', 'ausine', ...(recordsTo === undefined ? [] : ['sndfile'])].map((name) => `module ${name}.so`),
    ...['uuid', 'account'].map((name) => `module_tmp ${name}.so`),
    ...['menu', 'debug_cmd', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
    `ctrl_tcp_listen ${HOST}:${controlPort}`,
    '',
  ].join('\n');
