/** Reliable provisional answers, as a phone gives them and as it hears them (RFC 3262). */
import type { ResponseParts } from './phone-call.ts';
import { cseqOf, headerOf, names, type PhoneMessage, tagOf } from './phone-message.ts';
import type { Wire } from './wire.ts';

const T1_MS = 500;
const GIVE_UP_MS = 64 * T1_MS;

/** What a phone needs to give them. */
export interface Answerer {
  readonly wire: Wire;
  readonly invite: PhoneMessage;
  respond(status: number, parts: ResponseParts): void;
  /** No PRACK came within 64*T1. */
  missed(status: number): void;
}

interface Waiting {
  readonly rseq: number;
  readonly status: number;
  readonly parts: ResponseParts;
  stop: () => void;
}

/** The callee's side: each answer is repeated until its PRACK is here, and the next one waits for that (RFC 3262 §3). */
export class ReliableAnswers {
  /** RAck of each PRACK that was taken, in order. */
  readonly acknowledged: string[] = [];
  /** Session descriptions among them. */
  described = false;
  readonly #answerer: Answerer;
  readonly #queue: Waiting[] = [];
  #rseq: number;
  #ended = false;

  constructor(answerer: Answerer, firstRseq: number) {
    this.#answerer = answerer;
    this.#rseq = firstRseq;
  }

  /** A session description that was sent still waits for its PRACK: no 2xx before that. */
  get holdsAnswer(): boolean {
    return this.#queue.some(({ parts }) => (parts.body ?? '') !== '');
  }

  give(status: number, parts: ResponseParts): void {
    const rseq = this.#rseq;
    this.#rseq += 1;
    const headers = [...(parts.headers ?? []), ['RSeq', String(rseq)] as const, ['Require', '100rel'] as const];
    if ((parts.body ?? '') !== '') this.described = true;
    this.#queue.push({ rseq, status, parts: { ...parts, headers }, stop: () => {} });
    if (this.#queue.length === 1) this.#send();
  }

  /** True if the PRACK acknowledges the answer that waits for it. */
  takes(prack: PhoneMessage): boolean {
    const [first] = this.#queue;
    const rack = headerOf(prack, 'rack');
    if (first === undefined || rack !== `${first.rseq} ${cseqOf(this.#answerer.invite).number} INVITE`) return false;
    first.stop();
    this.#queue.shift();
    this.acknowledged.push(rack);
    this.#send();
    return true;
  }

  /** The INVITE has its final answer. */
  end(): void {
    this.#ended = true;
    for (const { stop } of this.#queue) stop();
  }

  #send(): void {
    const [first] = this.#queue;
    if (first === undefined || this.#ended) return;
    const { wire } = this.#answerer;
    const giveUpAtMs = wire.now() + GIVE_UP_MS;
    const send = (intervalMs: number): void => {
      this.#answerer.respond(first.status, first.parts);
      const leftMs = giveUpAtMs - wire.now();
      first.stop =
        intervalMs < leftMs
          ? wire.after(intervalMs, () => send(2 * intervalMs))
          : wire.after(leftMs, () => this.#answerer.missed(first.status));
    };
    send(T1_MS);
  }
}

/** The caller's side: whether an answer is new, repeated or wrong, by early dialog (RFC 3262 §4). */
export class ReliableHearing {
  readonly #complain: (what: string) => void;
  readonly #mode: 'supported' | 'required' | undefined;
  readonly #last = new Map<string, number>();
  /** Tags whose latest one with a session description has no PRACK yet. */
  readonly unacknowledged = new Set<string>();

  constructor(mode: 'supported' | 'required' | undefined, complain: (what: string) => void) {
    this.#mode = mode;
    this.#complain = complain;
  }

  /** The RSeq to acknowledge; 0: sent unreliably; `undefined`: goes no further. */
  hear(response: PhoneMessage): number | undefined {
    const written = headerOf(response, 'rseq');
    const isReliable = names(response, 'require', '100rel');
    if ((written !== '') !== isReliable) this.#complain('RSeq without Require: 100rel, or the reverse (RFC 3262 §3)');
    if (written === '') {
      if (this.#mode === 'required') this.#complain(`${response.status} sent unreliably, though we require 100rel (RFC 3262 §3)`);
      return 0;
    }
    if (this.#mode === undefined) this.#complain(`${response.status} sent reliably, though we know no 100rel (RFC 3262 §3)`);
    const rseq = Number(written);
    if (!/^\d{1,10}$/.test(written) || rseq < 1 || rseq >= 2 ** 32) this.#complain(`RSeq is "${written}" (RFC 3262 §7.1)`);
    return this.#inOrder(tagOf(response, 'to'), rseq) ? rseq : undefined;
  }

  #inOrder(tag: string, rseq: number): boolean {
    const last = this.#last.get(tag);
    if (last !== undefined && rseq <= last) return false;
    if (last === undefined && rseq >= 2 ** 31) this.#complain(`the first RSeq is ${rseq} (RFC 3262 §3)`);
    if (last !== undefined && rseq !== last + 1) this.#complain(`RSeq ${rseq} after ${last} (RFC 3262 §3)`);
    if (last !== undefined && this.unacknowledged.has(tag))
      this.#complain(`RSeq ${rseq} before the PRACK to ${last} (RFC 3262 §3)`);
    this.#last.set(tag, rseq);
    return true;
  }
}
