import { MAX_MESSAGE_BYTES } from './codec.ts';
import type { Defect } from './message.ts';

const CR = 0x0d;
const LF = 0x0a;
const FIRST_CAPACITY = 2_048;
const END_OF_HEAD = '\r\n\r\n';

/** A framing error: where the next message starts is not known any more, so the connection has to be closed. */
const broken = (name: string, reason: string): Defect => ({ kind: 'defect', name, reason, answerable: undefined });

const LENGTH_NAME = /\r\n(?:content-length|l)[ \t]*:/gi;
const LENGTH_VALUE = /[ \t]*(?:\r\n[ \t]+)?(\d{1,10})[ \t]*\r\n(?![ \t])/y;

/** The body's length that a head (up to and with its empty line) states exactly once, or why it does not. */
function bodyLength(head: string): number | Defect {
  LENGTH_NAME.lastIndex = 0;
  if (!LENGTH_NAME.test(head)) return broken('no-content-length', 'Missing Content-Length Header');
  LENGTH_VALUE.lastIndex = LENGTH_NAME.lastIndex;
  const value = LENGTH_VALUE.exec(head);
  if (value === null) return broken('bad-content-length', 'Malformed Content-Length Header');
  // Two lengths would be two opinions on where the next message starts.
  return LENGTH_NAME.test(head) ? broken('repeated-content-length', 'Repeated Content-Length Header') : Number(value[1]);
}

/**
 * Cuts a stream of bytes into messages by Content-Length (RFC 3261 §18.3). Between messages a double CRLF is a ping
 * (RFC 5626 §3.5.1) and a single one a pong. After a defect it takes nothing more: close the connection.
 */
export class Framer {
  #buffer = Buffer.alloc(0);
  /** The bytes not yet consumed are those from `#start` to `#end`. */
  #start = 0;
  #end = 0;
  /** How many of them were searched for the end of the head, so that no byte is searched twice. */
  #searched = 0;
  /** The length of the message at `#start`, once its head was read. */
  #length: number | undefined;
  /** CRs and LFs in a row since the last message. */
  #blanks = 0;
  #dead = false;

  /** Whether a message has begun and not ended; a connection on which that lasts may be closed. */
  get partial(): boolean {
    return this.#end > this.#start;
  }

  /** Takes what arrived; returns the whole messages and pings in order and, last, a defect that ends the connection. */
  push(chunk: Buffer): (Buffer | 'ping' | Defect)[] {
    const out: (Buffer | 'ping' | Defect)[] = [];
    if (this.#dead) return out;
    this.#append(chunk);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      out.push(next);
      if (next !== 'ping' && 'kind' in next) {
        this.#dead = true;
        this.#buffer = Buffer.alloc(0);
        this.#start = this.#end = 0;
        break;
      }
    }
    return out;
  }

  #append(chunk: Buffer): void {
    const kept = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      const needed = kept + chunk.length;
      // Doubling keeps the cost of copying linear, however small the chunks are.
      const target =
        needed > this.#buffer.length / 2 ? Buffer.allocUnsafeSlow(Math.max(needed * 2, FIRST_CAPACITY)) : this.#buffer;
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#buffer = target;
      this.#start = 0;
      this.#end = kept;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #next(): Buffer | 'ping' | Defect | undefined {
    if (this.#length === undefined) {
      if (this.#searched === 0 && this.#skipBlanks()) return 'ping';
      const length = this.#messageLength();
      if (length === undefined || typeof length !== 'number') return length;
      this.#length = length;
    }
    return this.#end - this.#start < this.#length ? undefined : this.#take(this.#length);
  }

  /** Consumes CRLFs before a message; true if they made a ping. */
  #skipBlanks(): boolean {
    while (this.#start < this.#end) {
      if (this.#buffer[this.#start] !== (this.#blanks % 2 === 0 ? CR : LF)) {
        this.#blanks = 0;
        return false;
      }
      this.#start++;
      this.#blanks = (this.#blanks + 1) % END_OF_HEAD.length;
      if (this.#blanks === 0) return true;
    }
    return false;
  }

  #messageLength(): number | Defect | undefined {
    const pending = this.#buffer.subarray(this.#start, this.#end);
    const at = pending.indexOf(END_OF_HEAD, Math.max(this.#searched - (END_OF_HEAD.length - 1), 0), 'latin1');
    this.#searched = pending.length;
    const headLength = at === -1 ? pending.length : at + END_OF_HEAD.length;
    if (headLength > MAX_MESSAGE_BYTES) return broken('too-long', 'Message Too Large');
    if (at === -1) return undefined;
    const body = bodyLength(pending.toString('latin1', 0, headLength));
    if (typeof body !== 'number') return body;
    return headLength + body > MAX_MESSAGE_BYTES ? broken('too-long', 'Message Too Large') : headLength + body;
  }

  #take(length: number): Buffer {
    const message = Buffer.from(this.#buffer.subarray(this.#start, this.#start + length));
    this.#start += length;
    this.#length = undefined;
    this.#searched = 0;
    this.#shrink();
    return message;
  }

  /** An idle connection keeps no buffer of the size of its largest message. */
  #shrink(): void {
    if (this.#start !== this.#end) return;
    this.#start = this.#end = 0;
    if (this.#buffer.length > 4 * FIRST_CAPACITY) this.#buffer = Buffer.alloc(0);
  }
}
