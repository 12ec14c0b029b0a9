import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Binding } from '../../../machines/vocabulary/binding.ts';
import type { Clock } from '../../clock.ts';
import { type Problem, problem, reasonOf } from '../../errors.ts';
import { prepareSchema } from './schema.ts';

/** A binding as it is kept; one row for each device of an address of record. */
export type StoredBinding = Binding;

/** Keeps bindings over restarts. Writes are collected and committed together; no method throws. */
export interface BindingStore {
  /** What is still bound at `nowMs`, by address of record; what has expired is deleted. For the start, before any write. */
  all(nowMs: number): IterableIterator<StoredBinding>;
  /** Keeps a binding in place of the device's earlier one. */
  put(binding: StoredBinding): void;
  remove(aor: string, device: string): void;
  removeAll(aor: string): void;
  /**
   * Commits what was written, now, as the end of the event loop's turn would. After it a killed process loses nothing (a power
   * cut may lose the last seconds). What could not be committed is kept and tried again, and the problem is returned.
   */
  flush(): Problem | undefined;
  /** Number of writes that wait for a commit. */
  readonly pending: number;
  close(): void;
}

/** What a store needs from its surroundings. */
export interface StoreSurroundings {
  readonly clock: Pick<Clock, 'now' | 'yield'>;
  /** Hears the first failure of a series and what was lost; once until a commit succeeds again. */
  readonly report: (problem: Problem) => void;
}

/** So many writes are committed at once rather than at the end of the turn: bounds the pause. */
const MAX_BATCH = 512;
/** While commits fail (disk full), so many writes are kept for later; later ones are lost, and reported. */
const MAX_PENDING = 100_000;
const RETRY_MS = 1000;

/** Opens or creates the file (mode 0600: it holds push tokens); `:memory:` keeps nothing. */
export function openBindingStore(path: string, surroundings: StoreSurroundings): BindingStore | Problem {
  let db: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') keepPrivate(path);
    db = new DatabaseSync(path, { timeout: 0 });
    const refused = prepareSchema(db);
    if (refused === undefined) return new SqliteBindingStore(db, path, surroundings);
    db.close();
    return problem(`store ${path}: ${refused}`);
  } catch (error) {
    if (db?.isOpen === true) db.close();
    return problem(`store ${path}: ${whyNotOpened(error)}`);
  }
}

/** SQLite gives its companion files the mode of the database. */
function keepPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** SQLite's primary result code; 0 if the error is another's. */
const resultCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;

function whyNotOpened(error: unknown): string {
  const code = resultCode(error);
  if (code === SQLITE_BUSY) return 'in use by another process; stop that one, or set store.path to another file';
  if (code === SQLITE_NOTADB || code === SQLITE_CORRUPT) {
    return `${reasonOf(error)}; move the file away to start without bindings, or set store.path to another file`;
  }
  return `cannot be opened (${reasonOf(error)}); set store.path to a file that can be written`;
}

/** Writes to one address of record since the last commit: the latest of each device, after an optional clearing. */
interface PendingWrites {
  cleared: boolean;
  readonly devices: Map<string, StoredBinding | undefined>;
}

class SqliteBindingStore implements BindingStore {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #clock: StoreSurroundings['clock'];
  readonly #report: (problem: Problem) => void;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeAll: StatementSync;
  readonly #commitLater = (): void => {
    this.#scheduled = false;
    if (this.#db.isOpen) this.flush();
  };
  #writes = new Map<string, PendingWrites>();
  #pending = 0;
  #scheduled = false;
  #failure: Problem | undefined;
  #retryAtMs = 0;
  #lossReported = false;

  constructor(db: DatabaseSync, path: string, { clock, report }: StoreSurroundings) {
    this.#db = db;
    this.#path = path;
    this.#clock = clock;
    this.#report = report;
    this.#put = db.prepare(PUT);
    this.#remove = db.prepare('DELETE FROM binding WHERE aor = ? AND device = ?');
    this.#removeAll = db.prepare('DELETE FROM binding WHERE aor = ?');
  }

  get pending(): number {
    return this.#pending;
  }

  *all(nowMs: number): IterableIterator<StoredBinding> {
    try {
      this.#db.prepare('DELETE FROM binding WHERE expires_at_ms <= ?').run(nowMs);
      for (const row of this.#db.prepare('SELECT * FROM binding').iterate()) {
        const binding = fromRow(row);
        if (binding !== undefined) yield binding;
        else this.#report(problem(`store ${this.#path}: a row is unreadable and was skipped`));
      }
    } catch (error) {
      this.#report(problem(`store ${this.#path}: ${whyNotOpened(error)}`));
    }
  }

  put(binding: StoredBinding): void {
    this.#write(binding.aor, binding.device, binding);
  }

  remove(aor: string, device: string): void {
    this.#write(aor, device, undefined);
  }

  removeAll(aor: string): void {
    const writes = this.#writesTo(aor);
    if (writes === undefined) return;
    this.#pending += (writes.cleared ? 0 : 1) - writes.devices.size;
    writes.cleared = true;
    writes.devices.clear();
    this.#schedule();
  }

  flush(): Problem | undefined {
    if (this.#pending === 0) return undefined;
    // A full disk is not asked again for each write: every try costs all that is pending.
    if (this.#failure !== undefined && this.#clock.now() < this.#retryAtMs) return this.#failure;
    try {
      this.#commit();
    } catch (error) {
      return this.#failed(error);
    }
    this.#writes.clear();
    this.#pending = 0;
    this.#failure = undefined;
    this.#lossReported = false;
    return undefined;
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.#retryAtMs = 0;
    this.flush();
    try {
      this.#db.close();
    } catch (error) {
      this.#report(problem(`store ${this.#path}: ${reasonOf(error)}`));
    }
  }

  #write(aor: string, device: string, binding: StoredBinding | undefined): void {
    const writes = this.#writesTo(aor);
    if (writes === undefined) return;
    if (!writes.devices.has(device)) this.#pending += 1;
    writes.devices.set(device, binding);
    this.#schedule();
  }

  #writesTo(aor: string): PendingWrites | undefined {
    if (this.#pending >= MAX_PENDING) {
      if (!this.#lossReported) this.#report(problem(`store ${this.#path}: writes are lost, ${MAX_PENDING} wait already`));
      this.#lossReported = true;
      return undefined;
    }
    let writes = this.#writes.get(aor);
    if (writes === undefined) {
      writes = { cleared: false, devices: new Map() };
      this.#writes.set(aor, writes);
    }
    return writes;
  }

  #schedule(): void {
    if (this.#failure === undefined && this.#pending >= MAX_BATCH) {
      this.flush();
      return;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.yield(this.#commitLater);
  }

  #commit(): void {
    this.#db.exec('BEGIN IMMEDIATE');
    for (const [aor, { cleared, devices }] of this.#writes) {
      if (cleared) this.#removeAll.run(aor);
      for (const [device, binding] of devices) {
        if (binding === undefined) this.#remove.run(aor, device);
        else this.#putRow(binding);
      }
    }
    this.#db.exec('COMMIT');
  }

  #putRow({ target, push, ...binding }: StoredBinding): void {
    this.#put.run(
      binding.aor,
      binding.device,
      target.contact,
      target.path.length === 0 ? '' : JSON.stringify(target.path),
      target.flow,
      target.stream ? 1 : 0,
      push.provider,
      push.prid,
      push.param,
      binding.params,
      binding.qThousandths,
      binding.callId,
      binding.cseq,
      binding.expiresAtMs,
      binding.registeredAtMs,
      binding.userAgent,
    );
  }

  #failed(error: unknown): Problem {
    try {
      // SQLite has already rolled back after some errors (a full disk), and not after others.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // The next BEGIN tells.
    }
    const found = problem(`store ${this.#path}: registrations are not saved (${reasonOf(error)})`);
    if (this.#failure === undefined) this.#report(found);
    this.#failure = found;
    this.#retryAtMs = this.#clock.now() + RETRY_MS;
    return found;
  }
}

const PUT = `INSERT INTO binding (
    aor, device, contact, path, flow, stream, provider, prid, param, params,
    q_thousandths, call_id, cseq, expires_at_ms, registered_at_ms, user_agent
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    contact = excluded.contact, path = excluded.path, flow = excluded.flow, stream = excluded.stream,
    provider = excluded.provider, prid = excluded.prid, param = excluded.param, params = excluded.params,
    q_thousandths = excluded.q_thousandths, call_id = excluded.call_id, cseq = excluded.cseq,
    expires_at_ms = excluded.expires_at_ms, registered_at_ms = excluded.registered_at_ms, user_agent = excluded.user_agent`;

type Row = Readonly<Record<string, unknown>>;

/** The table is STRICT, so that types are as written; only the list of Path URIs can be broken. */
function fromRow(row: Row): StoredBinding | undefined {
  const path = pathFrom(String(row.path));
  if (path === undefined) return undefined;
  return {
    aor: String(row.aor) as StoredBinding['aor'],
    device: String(row.device) as StoredBinding['device'],
    target: { contact: String(row.contact), path, flow: String(row.flow), stream: row.stream === 1 },
    push: { provider: String(row.provider), prid: String(row.prid), param: String(row.param) },
    params: String(row.params),
    qThousandths: Number(row.q_thousandths),
    callId: String(row.call_id),
    cseq: Number(row.cseq),
    expiresAtMs: Number(row.expires_at_ms),
    registeredAtMs: Number(row.registered_at_ms),
    userAgent: String(row.user_agent),
  };
}

function pathFrom(json: string): readonly string[] | undefined {
  if (json === '') return [];
  try {
    const path: unknown = JSON.parse(json);
    return Array.isArray(path) && path.every((uri) => typeof uri === 'string') ? path : undefined;
  } catch {
    return undefined;
  }
}
