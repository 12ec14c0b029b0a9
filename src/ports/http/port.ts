/** The HTTP port: asks the systems that the config names, for scenarios, and posts what they say. */
import type { HttpFailure, HttpOrder } from '../../../machines/vocabulary/commands.ts';
import type { Stamp } from '../../../machines/vocabulary/descriptor.ts';
import { type Address, PORT_HTTP } from '../../../machines/vocabulary/identity.ts';
import type { HttpTargetConfig } from '../../config.ts';
import type { AnyCommand, FactSink, Port } from '../../engine/port.ts';
import type { HttpReply, OpenHttpClient } from '../../http/client.ts';
import type { TimerQueue } from '../../timers.ts';
import { type Job, Target } from './target.ts';
import { whyMalformed } from './whole.ts';

export interface HttpPortParts {
  /** By name. */
  readonly targets: ReadonlyMap<string, HttpTargetConfig>;
  /** Requests under way at once, to all targets together. */
  readonly maxOpen: number;
  readonly openClient: OpenHttpClient;
  readonly timers: TimerQueue;
  /** Hears of targets that do not answer any more, and of those that do again. */
  readonly tell: (target: string, isDown: boolean, why: string) => void;
  /** Hears of the first of several answers in a row that refuse. */
  readonly refused: (target: string, status: number) => void;
}

/** Requests of one case that have no answer yet. */
const MAX_PER_CASE = 16;
const MAX_REASON = 200;

export class HttpPort implements Port {
  readonly address = PORT_HTTP;
  readonly #engine: FactSink;
  readonly #parts: HttpPortParts;
  readonly #targets = new Map<string, Target>();
  /** Targets with requests in line; whose turn it is comes first. */
  readonly #waiting = new Set<Target>();
  readonly #byCase = new Map<Address, Map<number, Job>>();
  #open = 0;

  constructor(engine: FactSink, parts: HttpPortParts) {
    this.#engine = engine;
    this.#parts = parts;
    for (const [name, config] of parts.targets) this.#targets.set(name, new Target(name, config, parts.openClient));
  }

  /** Requests that have no outcome yet; none when all is quiet. */
  get size(): number {
    let count = 0;
    for (const jobs of this.#byCase.values()) count += jobs.size;
    return count;
  }

  take(command: AnyCommand & Stamp): string | undefined {
    const order = command as HttpOrder & Stamp;
    const malformed = whyMalformed(order);
    if (malformed !== undefined) return malformed;
    const jobs = this.#byCase.get(order.by);
    if (jobs?.has(order.request)) return `its request ${order.request} is under way`;
    const target = this.#targets.get(order.target);
    if (target === undefined) this.#fail(order, 'noTarget', 'no such name under http.targets');
    else if ((jobs?.size ?? 0) >= MAX_PER_CASE) this.#fail(order, 'busy', 'too many requests of one case');
    else this.#accept(order, target);
    return undefined;
  }

  #accept(order: HttpOrder & Stamp, target: Target): void {
    const { timers } = this.#parts;
    const path = target.pathOf(order);
    if (path === undefined) this.#fail(order, 'badPath', 'it is not below the URL of the target');
    else if (target.isLineFull) this.#fail(order, 'busy', 'too many requests wait');
    else if (!target.circuit.admits(timers.now())) this.#fail(order, 'down', 'it did not answer before');
    else this.#enqueue(order, target, path);
  }

  #enqueue(order: HttpOrder & Stamp, target: Target, path: string): void {
    const { timers } = this.#parts;
    const limitMs = target.config.timeoutMs;
    const waitMs = order.timeoutMs > 0 ? Math.min(order.timeoutMs, limitMs) : limitMs;
    const job: Job = { order, target, path, abort: undefined, timer: undefined };
    job.timer = timers.set(waitMs, () => this.#timeUp(job));
    const jobs = this.#byCase.get(order.by) ?? new Map<number, Job>();
    this.#byCase.set(order.by, jobs.set(order.request, job));
    target.line.add(job);
    this.#waiting.add(target);
    this.#next();
  }

  /** Sends what there is room for, target after target, so that a slow one holds up nobody else. */
  #next(): void {
    for (const target of [...this.#waiting]) {
      if (this.#open >= this.#parts.maxOpen) return;
      const [job] = target.line;
      if (job === undefined) this.#waiting.delete(target);
      else if (target.hasRoom) {
        target.line.delete(job);
        this.#waiting.delete(target);
        if (target.line.size > 0) this.#waiting.add(target);
        this.#send(job);
      }
    }
  }

  #send(job: Job): void {
    const { target } = job;
    target.open += 1;
    this.#open += 1;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      target.open -= 1;
      this.#open -= 1;
    };
    const abort = target.send(job, (reply) => {
      if (isOver) return;
      end();
      this.#replied(job, reply);
      this.#next();
    });
    job.abort = () => {
      if (isOver) return;
      end();
      abort();
    };
    if (target.line.size > 0) this.#next();
  }

  #replied(job: Job, reply: HttpReply): void {
    if ('failed' in reply) this.#noAnswer(job, 'unreachable', reply.failed);
    else if (reply.cut === 'broken') this.#noAnswer(job, 'unreachable', 'the connection broke amid the answer');
    else this.#answered(job, reply);
  }

  #answered(job: Job, reply: Exclude<HttpReply, { failed: string }>): void {
    const { order, target } = job;
    this.#forget(job);
    if (target.circuit.answered()) this.#parts.tell(target.name, false, '');
    if (reply.status >= 400 && !target.refuses) this.#parts.refused(target.name, reply.status);
    target.refuses = reply.status >= 400;
    if (reply.cut !== '') this.#fail(order, 'tooLarge', `more than ${target.config.maxBodyBytes} bytes`);
    else
      this.#engine.post({
        type: 'http.answered',
        case: order.by,
        request: order.request,
        target: target.name,
        status: reply.status,
        retryAfterMs: (reply.retryAfterSeconds ?? 0) * 1000,
        contentType: reply.contentType.slice(0, MAX_REASON),
        body: reply.body,
      });
  }

  #timeUp(job: Job): void {
    if (job.abort === undefined) {
      this.#forget(job);
      job.target.circuit.abandoned();
      this.#fail(job.order, 'timeout', 'it waited for requests before it');
    } else {
      job.abort();
      this.#noAnswer(job, 'timeout', '');
    }
    this.#next();
  }

  #noAnswer(job: Job, why: HttpFailure, reason: string): void {
    const { target, order } = job;
    this.#forget(job);
    this.#fail(order, why, reason);
    if (!target.circuit.failed(this.#parts.timers.now())) return;
    this.#parts.tell(target.name, true, reason || why);
    // Whoever waits behind would only find the same.
    for (const waiting of [...target.line]) {
      this.#forget(waiting);
      this.#fail(waiting.order, 'down', 'it did not answer before');
    }
  }

  #forget(job: Job): void {
    const { order, target } = job;
    this.#parts.timers.clear(job.timer);
    target.line.delete(job);
    const jobs = this.#byCase.get(order.by);
    jobs?.delete(order.request);
    if (jobs?.size === 0) this.#byCase.delete(order.by);
  }

  #fail({ by, request, target }: HttpOrder & Stamp, why: HttpFailure, reason: string): void {
    this.#engine.post({ type: 'http.failed', case: by, request, target, why, reason: reason.slice(0, MAX_REASON) });
  }

  close(owner: Address): void {
    const jobs = this.#byCase.get(owner);
    if (jobs === undefined) return;
    for (const job of [...jobs.values()]) {
      this.#forget(job);
      job.target.circuit.abandoned();
      job.abort?.();
    }
    this.#next();
  }

  /** Drops what is under way; nothing is told of it any more. */
  stop(): void {
    for (const owner of [...this.#byCase.keys()]) this.close(owner);
    for (const target of this.#targets.values()) target.close();
  }
}
