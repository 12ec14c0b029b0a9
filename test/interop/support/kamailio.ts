import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { freePort, isBound } from './ports.ts';

const CONFIGS = fileURLToPath(new URL('../kamailio/', import.meta.url));

/** A Kamailio with one of the configs in `test/interop/kamailio`. */
export class Kamailio {
  readonly port: number;
  readonly #child: Child;
  readonly #dir: string;

  private constructor(port: number, child: Child, dir: string) {
    this.port = port;
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts it before the service at `core`; resolves once it listens. */
  static async start(config: string, core: number): Promise<Kamailio> {
    const dir = mkdtempSync(join(tmpdir(), 'callweave-kamailio-'));
    const port = await freePort();
    const text = readFileSync(join(CONFIGS, `${config}.cfg`), 'latin1');
    const file = join(dir, 'kamailio.cfg');
    writeFileSync(file, text.replaceAll('@edge@', String(port)).replaceAll('@core@', String(core)).replaceAll('@run@', dir));
    // In the foreground, with little memory, its runtime files aside.
    const args = ['-DD', '-E', '-f', file, '-Y', dir, '-P', join(dir, 'pid'), '-m', '32', '-M', '4'];
    const child = new Child('kamailio', args, dir);
    const kamailio = new Kamailio(port, child, dir);
    if (await isBound('tcp', port, () => !child.running)) return kamailio;
    await kamailio.stop();
    throw new Error(`kamailio ended:\n${child.said}`);
  }

  get said(): string {
    return this.#child.said;
  }

  /** Resolves once it logged that. */
  says(expected: RegExp): Promise<void> {
    return this.#child.says(expected, LIMIT_MS);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const LIMIT_MS = 20_000;
