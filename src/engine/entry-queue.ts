import type { Address } from '../../machines/vocabulary/identity.ts';
import type { Problem } from '../errors.ts';
import { type Entry, type Message, stamp } from './entry.ts';
import { Mailbox } from './mailbox.ts';

/** For so long charts may answer each other before somebody is told, and what waits outside comes in. */
const RESTLESS_MS = 2_000;

/** What has no place in the order yet, and so no number; nor a cause, since it is taken when that is long over. */
interface Waiting {
  readonly message: Message;
  readonly author: Address;
}

/** The one order in which facts and commands are taken; and what is not in it yet, since charts have to say theirs first. */
export class EntryQueue {
  readonly #mailbox: Mailbox<Entry>;
  readonly #outside: Mailbox<Waiting>;
  readonly #report: (problem: Problem & { readonly address: Address }) => void;
  #seq = 0;
  /** Since when there has always been something of charts to take, once that was longer than a slice. */
  #restlessSinceMs: number | undefined;
  #isRestlessTold = false;

  /** `limit`: how many may wait, in the order and outside of it. */
  constructor(limit: number, report: (problem: Problem & { readonly address: Address }) => void) {
    this.#mailbox = new Mailbox(limit);
    this.#outside = new Mailbox(limit);
    this.#report = report;
  }

  /** All that waits to be taken. */
  get size(): number {
    return this.#mailbox.size + this.#outside.size;
  }

  /** Whether something waits outside. */
  get keepsOut(): boolean {
    return this.#outside.size > 0;
  }

  /** The number of the latest that has a place in the order. */
  get latest(): number {
    return this.#seq;
  }

  /** Gives it the next place. False if there is no room; it is lost then, and said so. */
  append(message: Message, by: Address, cause: number, atMs: number): boolean {
    if (this.#isLost(this.#mailbox, message, by)) return false;
    this.#mailbox.append(stamp(message, ++this.#seq, atMs, by, cause));
    return true;
  }

  /** Gives it a place when charts have said all to what was there before. False if there is no room, as `append`. */
  wait(message: Message, author: Address): boolean {
    if (this.#isLost(this.#outside, message, author)) return false;
    this.#outside.append({ message, author });
    return true;
  }

  take(atMs: number): Entry | undefined {
    if (this.#mailbox.size === 0) {
      this.rested();
      this.#letIn(atMs);
    }
    return this.#mailbox.take();
  }

  /** Nothing is left to be taken. */
  rested(): void {
    this.#restlessSinceMs = undefined;
    this.#isRestlessTold = false;
  }

  /** A slice of work has ended with that entry. Charts that answer each other for ever must not keep everybody else out unheard. */
  sliceEnded({ type, by }: Entry, beganMs: number, atMs: number): void {
    if (this.#mailbox.size === 0) return;
    this.#restlessSinceMs ??= beganMs;
    if (atMs - this.#restlessSinceMs < RESTLESS_MS) return;
    while (this.#outside.size > 0 && !this.#mailbox.isFull) this.#letIn(atMs);
    if (this.#isRestlessTold) return;
    this.#isRestlessTold = true;
    const problem = `charts have not come to rest for ${RESTLESS_MS / 1000} s, and until they do no timer fires: the latest said is ${type} of ${by}`;
    this.#report({ problem, address: by });
  }

  #letIn(atMs: number): void {
    const waiting = this.#outside.take();
    if (waiting !== undefined) this.append(waiting.message, waiting.author, 0, atMs);
  }

  #isLost({ isFull, size }: Mailbox<unknown>, { type }: Message, by: Address): boolean {
    if (isFull) this.#report({ problem: `the mailbox is full at ${size} entries: lost ${type} of ${by}`, address: by });
    return isFull;
  }
}
