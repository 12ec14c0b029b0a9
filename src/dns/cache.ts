import type { TimerQueue } from '../timers.ts';
import type { Answer, Records, Resolver } from './resolver.ts';

/** Times in milliseconds. */
export interface CacheSettings {
  /** A question without an answer for so long has failed. */
  readonly timeoutMs: number;
  readonly maxEntries: number;
  /** Questions that may be open at a time; further ones fail at once. */
  readonly maxOpen: number;
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** How long it is remembered that there are no records. */
  readonly noneMs: number;
  /** How long a failure is remembered, so that not every call waits for a dead name server. */
  readonly failedMs: number;
  /** How long old records serve where name servers fail (RFC 8767). */
  readonly staleMs: number;
}
export const DEFAULT_CACHE: CacheSettings = {
  timeoutMs: 2_000,
  maxEntries: 10_000,
  maxOpen: 1_000,
  minTtlMs: 5_000,
  maxTtlMs: 3_600_000,
  noneMs: 30_000,
  failedMs: 5_000,
  staleMs: 86_400_000,
};
/** Records of one answer that are looked at. */
const MAX_RECORDS = 64;

type AnyRecords = readonly Records[keyof Records][];
type Hear = (records: AnyRecords) => void;
interface Entry {
  readonly records: AnyRecords;
  readonly untilMs: number;
  /** When the records were fresh last. */
  readonly freshMs: number;
}

const NOTHING: AnyRecords = [];

/** Answers of name servers, remembered for their time to live, in a bounded number; equal questions are asked once. */
export class DnsCache {
  readonly #resolver: Resolver;
  readonly #timers: TimerQueue;
  readonly #settings: CacheSettings;
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Map<string, Hear[]>();

  constructor(resolver: Resolver, timers: TimerQueue, settings: Partial<CacheSettings> = {}) {
    this.#resolver = resolver;
    this.#timers = timers;
    this.#settings = { ...DEFAULT_CACHE, ...settings };
  }

  /** Calls `hear` once, at once if the answer is known; with no records where there are none or nobody says so. */
  ask<K extends keyof Records>(kind: K, name: string, hear: (records: readonly Records[K][]) => void): void {
    const plain = name.toLowerCase().replace(/\.$/, '');
    const key = `${kind} ${plain}`;
    const entry = this.#entries.get(key);
    // What stands under a key is of its kind.
    if (entry !== undefined && entry.untilMs > this.#timers.now()) hear(entry.records as readonly Records[K][]);
    else this.#wait(kind, plain, key, hear as Hear);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Questions that wait for their answer. */
  get open(): number {
    return this.#open.size;
  }

  #wait(kind: keyof Records, name: string, key: string, hear: Hear): void {
    const waiting = this.#open.get(key);
    if (waiting !== undefined) {
      waiting.push(hear);
      return;
    }
    if (this.#open.size >= this.#settings.maxOpen) {
      hear(NOTHING);
      return;
    }
    this.#open.set(key, [hear]);
    const timer = this.#timers.set(this.#settings.timeoutMs, () => this.#answered(key, 'failed'));
    this.#resolver.ask(kind, name, (answer) => {
      this.#timers.clear(timer);
      this.#answered(key, answer);
    });
  }

  #answered(key: string, answer: Answer<Records[keyof Records]>): void {
    const records = this.#remember(key, answer);
    const waiting = this.#open.get(key);
    this.#open.delete(key);
    for (const hear of waiting ?? []) hear(records);
  }

  #remember(key: string, answer: Answer<Records[keyof Records]>): AnyRecords {
    const { minTtlMs, maxTtlMs, noneMs, failedMs, staleMs } = this.#settings;
    const nowMs = this.#timers.now();
    if (answer !== 'failed') {
      const records = answer.records.slice(0, MAX_RECORDS);
      const ttlMs = records.length === 0 ? noneMs : Math.min(Math.max(answer.ttlMs, minTtlMs), maxTtlMs);
      this.#store(key, { records, untilMs: nowMs + ttlMs, freshMs: nowMs });
      return records;
    }
    const old = this.#entries.get(key);
    const serves = old !== undefined && nowMs - old.freshMs < staleMs;
    const records = serves ? old.records : NOTHING;
    this.#store(key, { records, untilMs: nowMs + failedMs, freshMs: serves ? old.freshMs : Number.NEGATIVE_INFINITY });
    return records;
  }

  #store(key: string, entry: Entry): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#settings.maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, entry);
  }
}
