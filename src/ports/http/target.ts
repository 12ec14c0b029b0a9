/** One system that scenarios may ask, with its line of requests. */
import type { HttpOrder } from '../../../machines/vocabulary/commands.ts';
import type { Stamp } from '../../../machines/vocabulary/descriptor.ts';
import type { HttpTargetConfig } from '../../config.ts';
import type { HttpClient, HttpReply, OpenHttpClient } from '../../http/client.ts';
import { wireText } from '../../http/wire-text.ts';
import type { Timer } from '../../timers.ts';
import { Circuit } from './circuit.ts';
import { below } from './path.ts';

/** One request that has no outcome yet. */
export interface Job {
  readonly order: HttpOrder & Stamp;
  readonly target: Target;
  /** Path and query as they are sent. */
  readonly path: string;
  timer: Timer | undefined;
  /** Undefined while it stands in line. */
  abort: (() => void) | undefined;
}

/** Requests in line for one target. */
export const MAX_WAITING = 100;

export class Target {
  readonly name: string;
  readonly config: HttpTargetConfig;
  readonly circuit = new Circuit();
  /** Oldest first. */
  readonly line = new Set<Job>();
  open = 0;
  /** Its latest answer was 4xx or 5xx. */
  refuses = false;
  readonly #base: URL;
  readonly #openClient: OpenHttpClient;
  #client: HttpClient | undefined;

  constructor(name: string, config: HttpTargetConfig, openClient: OpenHttpClient) {
    this.name = name;
    this.config = config;
    this.#base = new URL(config.url);
    this.#openClient = openClient;
  }

  get isLineFull(): boolean {
    return this.line.size >= MAX_WAITING;
  }

  get hasRoom(): boolean {
    return this.open < this.config.maxOpen;
  }

  /** Path and query of a request; `undefined` where it would leave the target's URL. */
  pathOf({ path, query }: HttpOrder): string | undefined {
    const plain: Record<string, string> = {};
    for (const [name, value] of Object.entries(query ?? {})) plain[name] = typeof value === 'string' ? wireText(value) : value;
    return below(this.#base, path, plain);
  }

  send({ order, path }: Job, done: (reply: HttpReply) => void): () => void {
    const { url, headers, maxOpen, maxBodyBytes } = this.config;
    this.#client ??= this.#openClient(url, { maxConnections: maxOpen, maxBodyBytes });
    const { method, body, contentType } = order;
    const described = body === '' ? {} : { 'content-type': contentType };
    return this.#client.send(
      { method, path, headers: { 'user-agent': 'callweave', ...described, ...headers }, body: wireText(body) },
      done,
    );
  }

  close(): void {
    this.#client?.close();
  }
}
