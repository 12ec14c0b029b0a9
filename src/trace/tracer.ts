/** Writes the messages of some users' calls and registrations to a capture file, all legs of those calls. */
import { isProblem, type Problem } from '../errors.ts';
import { type Glance, usersOf } from './glance.ts';
import { pcapHeader, pcapRecord } from './pcap.ts';
import type { Observer, Wiretap } from './wiretap.ts';

/** Whose messages are traced: those of any user or number here, or of these Call-IDs; nobody named: all. */
export interface TraceFilter {
  readonly users: readonly string[];
  readonly callIds: readonly string[];
}

/** Where a trace goes. */
export interface TraceSink {
  write(chunk: Buffer): void;
  close(done?: () => void): void;
}

export interface TracerParts {
  readonly wiretap: Wiretap;
  /** Opens a file of its own for what comes, the one before is kept beside it; or says why it cannot. */
  readonly openFile: () => TraceSink | Problem;
  readonly maxBytes: number;
  readonly report: (problem: Problem) => void;
}

/** Call-IDs that are known to be traced; the oldest are forgotten. */
const MAX_TRACED = 20_000;
/** Messages that may turn out to belong to a traced call: its caller's come before it is known whom it reaches. */
const MAX_RECENT = 200;

export class Tracer implements Observer {
  readonly #parts: TracerParts;
  #filter: { readonly users: ReadonlySet<string>; readonly isOpen: boolean } = { users: new Set(), isOpen: false };
  #traced = new Set<string>();
  #recent: Glance[] = [];
  #file: TraceSink | undefined;
  #bytes = 0;

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#file !== undefined;
  }

  /** Begins a trace; one that goes on is ended before. */
  start({ users, callIds }: TraceFilter): Problem | undefined {
    this.stop();
    const problem = this.#open();
    if (problem !== undefined) return problem;
    this.#filter = { users: new Set(users), isOpen: users.length === 0 && callIds.length === 0 };
    this.#traced = new Set(callIds);
    this.#parts.wiretap.add(this);
    return undefined;
  }

  stop(done: () => void = () => undefined): void {
    this.#parts.wiretap.remove(this);
    this.#recent = [];
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) done();
    else file.close(done);
  }

  see(message: Glance): void {
    const { callId } = message;
    if (this.#filter.isOpen || this.#traced.has(callId)) this.#write(message);
    else if (usersOf(message).some((user) => this.#filter.users.has(user))) {
      this.#write(message);
      this.#trace(callId);
    } else {
      this.#recent.push(message);
      if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    }
  }

  legAdded(callId: string, user: string): void {
    if (this.#filter.isOpen) return;
    const isWanted = this.#filter.users.has(user) || this.#parts.wiretap.kinship.of(callId).some((kin) => this.#traced.has(kin));
    if (isWanted) this.#trace(callId);
  }

  /** From now on all of this call is traced, and what was seen of it just before. */
  #trace(callId: string): void {
    const kin = this.#parts.wiretap.kinship.of(callId).filter((other) => !this.#traced.has(other));
    if (kin.length === 0 || callId === '') return;
    for (const one of kin) this.#traced.add(one);
    while (this.#traced.size > MAX_TRACED) for (const oldest of this.#traced) if (this.#traced.delete(oldest)) break;
    if (this.#recent.length === 0) return;
    for (const message of this.#recent) if (kin.includes(message.callId)) this.#write(message);
    this.#recent = this.#recent.filter((message) => !kin.includes(message.callId));
  }

  #write(message: Glance): void {
    const record = pcapRecord(message);
    if (this.#bytes + record.length > this.#parts.maxBytes) {
      this.#file?.close();
      const problem = this.#open();
      if (problem !== undefined) {
        this.stop();
        this.#parts.report(problem);
      }
    }
    this.#file?.write(record);
    this.#bytes += record.length;
  }

  #open(): Problem | undefined {
    const file = this.#parts.openFile();
    if (isProblem(file)) {
      this.#file = undefined;
      return file;
    }
    this.#file = file;
    const header = pcapHeader();
    file.write(header);
    this.#bytes = header.length;
    return undefined;
  }
}
