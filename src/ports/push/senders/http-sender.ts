import { type HttpClient, type HttpReply, nodeHttpClient } from '../../../http/client.ts';
import { wireText } from '../../../http/wire-text.ts';
import type { Random } from '../../../random.ts';
import type { Timer, TimerQueue } from '../../../timers.ts';
import { failed, type PushDone, type PushOutcome, type PushRequest, type PushSender } from './push-sender.ts';

/** How one provider's pushes are posted. */
export interface HttpSenderOptions {
  readonly url: string;
  /** Limit of one try. */
  readonly timeoutMs: number;
  /** Tries after the first. */
  readonly retries: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the sender needs from its surroundings; `client` is a double in tests. */
export interface HttpSenderSurroundings {
  readonly timers: TimerQueue;
  readonly random: Random;
  readonly client?: HttpClient;
}

/** Tries under way at once; the rest waits in line. */
export const MAX_CONCURRENT = 64;
/** Pushes in line; one more fails at once. */
export const MAX_QUEUED = 10_000;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 8000;
/** Of an answer only the status counts. */
const MAX_BODY_BYTES = 64 * 1024;

interface Job {
  readonly key: string;
  readonly push: PushRequest;
  readonly done: PushDone;
  readonly deadlineMs: number;
  tries: number;
  /** Backing off, or limiting a try. */
  timer: Timer | undefined;
  abort: (() => void) | undefined;
  /** Waits for this push to leave first, and ends its retries. */
  followedBy: Job | undefined;
}

/**
 * Posts pushes as JSON to a gateway:
 * `{ id, kind, provider, prid, param, aor, callId, caller: { uri, name }, ttlMs, reason? }`, with the header `idempotency-key`.
 * 2xx is success; 404 and 410 say that the token is dead; no answer, 429 and 5xx are tried again while the time to live
 * lasts, under the same key, so that the gateway can deliver once.
 */
export function httpSender(options: HttpSenderOptions, { timers, random, client }: HttpSenderSurroundings): PushSender {
  return new HttpSender(options, timers, random, client ?? openClient(options.url));
}

const openClient = (url: string): HttpClient =>
  nodeHttpClient(url, { maxConnections: MAX_CONCURRENT, maxBodyBytes: MAX_BODY_BYTES });

class HttpSender implements PushSender {
  readonly #options: HttpSenderOptions;
  readonly #timers: TimerQueue;
  readonly #random: Random;
  readonly #client: HttpClient;
  /** All that has no outcome yet: in line, under way, backing off, or following another. */
  readonly #jobs = new Map<string, Job>();
  /** In line, oldest first. */
  readonly #line = new Set<Job>();
  #underWay = 0;
  #closed = false;

  constructor(options: HttpSenderOptions, timers: TimerQueue, random: Random, client: HttpClient) {
    this.#options = options;
    this.#timers = timers;
    this.#random = random;
    this.#client = client;
  }

  send(push: PushRequest, done: PushDone): void {
    const job = this.#accept(push.id, push, done);
    if (job !== undefined) this.#enqueue(job);
  }

  cancel(push: PushRequest, done: PushDone): void {
    const first = this.#jobs.get(push.id);
    if (first !== undefined && first.tries === 0) {
      this.#line.delete(first);
      this.#settle(first, failed('cancelled before it left'));
      done({ ok: true });
      return;
    }
    const job = this.#accept(`${push.id}/cancelled`, push, done);
    if (job === undefined) return;
    if (first === undefined) {
      this.#enqueue(job);
      return;
    }
    // What is under way may arrive: its cancellation must not overtake it.
    first.followedBy = job;
    if (first.abort === undefined) this.#settle(first, failed('cancelled'));
  }

  close(): void {
    this.#closed = true;
    for (const { timer, abort } of this.#jobs.values()) {
      this.#timers.clear(timer);
      abort?.();
    }
    this.#jobs.clear();
    this.#line.clear();
    this.#client.close();
  }

  #accept(key: string, push: PushRequest, done: PushDone): Job | undefined {
    const refusal = this.#refusal(key);
    if (refusal !== undefined) {
      done(failed(refusal));
      return undefined;
    }
    const deadlineMs = this.#timers.now() + push.ttlMs;
    const job: Job = { key, push, done, deadlineMs, tries: 0, timer: undefined, abort: undefined, followedBy: undefined };
    this.#jobs.set(key, job);
    return job;
  }

  #refusal(key: string): string | undefined {
    if (this.#closed) return 'shutting down';
    if (this.#jobs.has(key)) return 'already under way';
    return this.#jobs.size >= MAX_QUEUED + MAX_CONCURRENT ? 'too many pushes wait' : undefined;
  }

  #enqueue(job: Job): void {
    this.#line.add(job);
    this.#next();
  }

  #next(): void {
    for (const job of this.#line) {
      if (this.#underWay >= MAX_CONCURRENT) return;
      this.#line.delete(job);
      this.#try(job);
    }
  }

  #try(job: Job): void {
    const leftMs = job.deadlineMs - this.#timers.now();
    if (leftMs <= 0) {
      this.#settle(job, failed('too late to be of use'));
      return;
    }
    job.tries += 1;
    this.#underWay += 1;
    const post = { method: 'POST', headers: this.#headers(job), body: bodyOf(job.push, leftMs) };
    const abort = this.#client.send(post, (reply) => this.#replied(job, reply));
    job.abort = abort;
    job.timer = this.#timers.set(Math.min(this.#options.timeoutMs, leftMs), abort);
  }

  #headers(job: Job): Record<string, string> {
    // The key is made of what devices sent; node throws on header values that are not plain.
    const key = job.key.replace(/[^\x21-\x7e]/g, '_');
    return { 'content-type': 'application/json', 'idempotency-key': key, ...this.#options.headers };
  }

  #replied(job: Job, reply: HttpReply): void {
    this.#timers.clear(job.timer);
    job.timer = undefined;
    job.abort = undefined;
    this.#underWay -= 1;
    if (this.#closed) return;
    const outcome = outcomeOf(reply);
    const backoffMs = outcome.ok ? undefined : this.#backoff(job, reply);
    if (backoffMs === undefined) this.#settle(job, outcome);
    else {
      job.timer = this.#timers.set(backoffMs, () => {
        job.timer = undefined;
        this.#enqueue(job);
      });
    }
    this.#next();
  }

  /** How long until the next try; `undefined` if there shall be none. */
  #backoff(job: Job, reply: HttpReply): number | undefined {
    if (job.followedBy !== undefined || job.tries > this.#options.retries || !isWorthRetrying(reply)) return undefined;
    const doubled = Math.min(FIRST_BACKOFF_MS * 2 ** (job.tries - 1), LONGEST_BACKOFF_MS);
    const jittered = doubled * (0.5 + this.#random.fraction());
    const asked = 'status' in reply && reply.retryAfterSeconds !== undefined ? reply.retryAfterSeconds * 1000 : 0;
    const backoffMs = Math.max(jittered, asked);
    return this.#timers.now() + backoffMs < job.deadlineMs ? backoffMs : undefined;
  }

  #settle(job: Job, outcome: PushOutcome): void {
    this.#timers.clear(job.timer);
    this.#line.delete(job);
    this.#jobs.delete(job.key);
    if (job.followedBy !== undefined) this.#enqueue(job.followedBy);
    job.done(outcome);
  }
}

const isWorthRetrying = (reply: HttpReply): boolean => 'failed' in reply || reply.status === 429 || reply.status >= 500;

function outcomeOf(reply: HttpReply): PushOutcome {
  if ('failed' in reply) return failed(reply.failed);
  if (reply.status >= 200 && reply.status < 300) return { ok: true };
  return failed(`HTTP ${reply.status}`, reply.status === 404 || reply.status === 410);
}

function bodyOf(push: PushRequest, leftMs: number): string {
  const { id, kind, provider, prid, param, aor, callId, reason } = push;
  const caller = { uri: wireText(push.callerUri), name: wireText(push.callerName) };
  const ttlMs = Math.floor(leftMs);
  return JSON.stringify({ id, kind, provider, prid, param, aor: wireText(aor), callId, caller, ttlMs, reason });
}
