import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort } from './ports.ts';

const HOST = '127.0.0.1';
const READY_LIMIT_MS = 10_000;
/** Below those that systems give to whoever asks for any, and above those of the service. */
const MEDIA_PORTS = { first: 30_000, last: 31_999 };

/** Debian's rtpengine in userspace, on loopback. */
export class Rtpengine {
  /** Of its ng protocol. */
  readonly port: number;
  /** Where it reports digits to. */
  readonly keyPort: number;
  readonly #dir: string;
  #child: Child;

  private constructor(port: number, keyPort: number) {
    this.port = port;
    this.keyPort = keyPort;
    this.#dir = mkdtempSync(join(tmpdir(), 'callweave-rtpengine-'));
    writeFileSync(join(this.#dir, 'rtpengine.conf'), '[rtpengine]\n');
    this.#child = this.#spawn();
  }

  /** Resolves once it takes orders. */
  static async start(): Promise<Rtpengine> {
    const daemon = new Rtpengine(await freePort(), await freePort());
    await daemon.#ready();
    return daemon;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get said(): string {
    return this.#child.said;
  }

  /** What it said so far is of no interest any more. */
  forget(): void {
    this.#child.said = '';
  }

  /** It dies, with all its calls. */
  kill(): Promise<void> {
    return this.#child.stop('SIGKILL');
  }

  /** It begins anew, at the same ports. */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#ready();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    return this.#child.says(/Startup complete/, READY_LIMIT_MS);
  }

  #spawn(): Child {
    const settings = {
      'config-file': join(this.#dir, 'rtpengine.conf'),
      'listen-ng': `${HOST}:${this.port}`,
      'dtmf-log-dest': `${HOST}:${this.keyPort}`,
      interface: HOST,
      // No kernel module: packets are relayed by the daemon itself.
      table: '-1',
      'port-min': MEDIA_PORTS.first,
      'port-max': MEDIA_PORTS.last,
      'num-threads': 2,
      'media-num-threads': 1,
    };
    const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    return new Child('rtpengine', ['--foreground', '--log-stderr', ...args], this.#dir);
  }
}
