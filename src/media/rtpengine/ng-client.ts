/** Speaks rtpengine's ng protocol: a cookie, a blank and a dictionary in bencode, one datagram each way. */
import type { Random } from '../../random.ts';
import type { Timer, TimerQueue } from '../../timers.ts';
import type { DatagramWire } from '../../transport/datagrams.ts';
import { type Dictionary, decode, encode, isDictionary, type Said, textIn } from './bencode.ts';

/** Why there is no answer: what the daemon said, or `timeout`, `down`, `busy`, `closed` or `too long` of our own. */
export interface NgRefusal {
  readonly refused: string;
  /** The daemon said so, and is there. */
  readonly isTold: boolean;
}
export type NgHear = (reply: Dictionary | NgRefusal) => void;

export const isRefusal = (reply: Dictionary | NgRefusal): reply is NgRefusal => 'refused' in reply;

export interface NgParts {
  readonly wire: DatagramWire;
  readonly timers: TimerQueue;
  readonly random: Pick<Random, 'hex'>;
  /** No answer after so long: the daemon is down. */
  readonly timeoutMs: number;
  /** It is down, or there again. */
  readonly turned: (isUp: boolean) => void;
}

const MAX_DATAGRAM = 65_507;
/** Each holds its datagram until it is answered. */
const MAX_OPEN = 1_000;
/** After a quarter of the time that an answer has, and then half of it: a datagram on loopback or in one rack is seldom lost. */
const RESENDS = [0.25, 0.5];
const COOKIE_BYTES = 8;
const PING_EVERY_MS = 1_000;
/** While it is up, a ping tells of its death before a call does. */
const QUIET_MS = 5_000;

interface Open {
  readonly datagram: string;
  readonly hear: NgHear;
  readonly sentMs: number;
  resends: number;
  timer: Timer;
}

/**
 * Asks the daemon. A request is sent again with the same cookie, by which the daemon knows it and answers what it answered before.
 * One that stays without an answer means that the daemon is down: until it answers a ping again nothing is asked of it, and whoever
 * asks is told so at once.
 */
export class NgClient {
  readonly #parts: NgParts;
  readonly #open = new Map<string, Open>();
  /** Distinguishes this run of ours from an earlier one, whose answers the daemon may still keep. */
  readonly #run: string;
  #serial = 0;
  #isUp = true;
  #isClosed = false;
  #probe: Timer | undefined;

  constructor(parts: NgParts) {
    this.#parts = parts;
    this.#run = parts.random.hex(COOKIE_BYTES);
    parts.wire.hear(
      (datagram) => this.#heard(datagram),
      () => this.#down('down'),
    );
    this.#ping();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Requests without an answer. */
  get size(): number {
    return this.#open.size;
  }

  /** Calls `hear` once: before it returns where the daemon is down. */
  ask(command: string, said: { readonly [name: string]: Said }, hear: NgHear): void {
    if (this.#isClosed) hear({ refused: 'closed', isTold: false });
    else if (!this.#isUp) hear({ refused: 'down', isTold: false });
    else this.#send(command, said, hear);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.timers.clear(this.#probe);
    this.#refuseAll('closed');
    this.#parts.wire.close();
  }

  #send(command: string, said: { readonly [name: string]: Said }, hear: NgHear): void {
    const cookie = `${this.#run}_${this.#serial}`;
    const datagram = `${cookie} ${encode({ command, ...said })}`;
    if (datagram.length > MAX_DATAGRAM) hear({ refused: 'too long', isTold: false });
    else if (this.#open.size >= MAX_OPEN) hear({ refused: 'busy', isTold: false });
    else {
      this.#serial += 1;
      const sentMs = this.#parts.timers.now();
      this.#open.set(cookie, { datagram, hear, sentMs, resends: 0, timer: this.#wait(cookie, sentMs, 0) });
      this.#parts.wire.send(datagram);
    }
  }

  #wait(cookie: string, sentMs: number, resends: number): Timer {
    const { timers, timeoutMs } = this.#parts;
    const dueMs = sentMs + timeoutMs * (RESENDS[resends] ?? 1);
    return timers.set(dueMs - timers.now(), () => this.#unanswered(cookie));
  }

  #unanswered(cookie: string): void {
    const open = this.#open.get(cookie);
    if (open === undefined) return;
    if (open.resends >= RESENDS.length) this.#down('timeout');
    else {
      open.resends += 1;
      open.timer = this.#wait(cookie, open.sentMs, open.resends);
      this.#parts.wire.send(open.datagram);
    }
  }

  #heard(datagram: string): void {
    const blank = datagram.indexOf(' ');
    const cookie = datagram.slice(0, Math.max(blank, 0));
    const open = this.#open.get(cookie);
    // Of an earlier run, answered already, or nonsense.
    if (open === undefined) return;
    const reply = decode(datagram.slice(blank + 1));
    if (!isDictionary(reply)) return;
    this.#open.delete(cookie);
    this.#parts.timers.clear(open.timer);
    this.#up();
    const result = textIn(reply, 'result');
    if (result === 'ok' || result === 'pong') open.hear(reply);
    else open.hear({ refused: textIn(reply, 'error-reason') ?? result ?? 'no result', isTold: true });
  }

  #up(): void {
    this.#probeAfter(QUIET_MS);
    if (this.#isUp) return;
    this.#isUp = true;
    this.#parts.turned(true);
  }

  #down(why: string): void {
    if (this.#isClosed) return;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#refuseAll(why);
    this.#probeAfter(PING_EVERY_MS);
    if (wasUp) this.#parts.turned(false);
  }

  #refuseAll(refused: string): void {
    const waiting = [...this.#open.values()];
    this.#open.clear();
    for (const { timer, hear } of waiting) {
      this.#parts.timers.clear(timer);
      hear({ refused, isTold: false });
    }
  }

  /** The earliest counts: each answer puts the ping of a quiet time off at no cost. */
  #probeAfter(delayMs: number): void {
    const dueMs = this.#parts.timers.now() + delayMs;
    if (this.#isClosed || (this.#probe !== undefined && this.#probe.dueMs <= dueMs)) return;
    this.#parts.timers.clear(this.#probe);
    this.#probe = this.#parts.timers.set(delayMs, () => {
      this.#probe = undefined;
      this.#ping();
    });
  }

  #ping(): void {
    this.#send('ping', {}, () => {});
  }
}
