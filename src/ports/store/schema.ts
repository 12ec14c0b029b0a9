import type { DatabaseSync } from 'node:sqlite';

/** "cwbd", which tells our files from those of other programs. */
const APPLICATION_ID = 0x63776264;
const VERSION = 1;

const TABLES = `
  CREATE TABLE binding (
    aor TEXT NOT NULL,
    device TEXT NOT NULL,
    contact TEXT NOT NULL,
    path TEXT NOT NULL,
    flow TEXT NOT NULL,
    stream INTEGER NOT NULL,
    provider TEXT NOT NULL,
    prid TEXT NOT NULL,
    param TEXT NOT NULL,
    params TEXT NOT NULL,
    q_thousandths INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    cseq INTEGER NOT NULL,
    expires_at_ms REAL NOT NULL,
    registered_at_ms REAL NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (aor, device)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

const read = (db: DatabaseSync, sql: string): unknown => Object.values(db.prepare(sql).get() ?? {})[0];

/** Makes a new file ours or checks that it is; returns why not. Throws what SQLite throws. */
export function prepareSchema(db: DatabaseSync): string | undefined {
  // One process owns the file; a second one is told at its start rather than by a failing commit.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  const isNew = read(db, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (!isNew && read(db, 'PRAGMA application_id') !== APPLICATION_ID) {
    return 'a database of another program; set store.path to another file';
  }
  const version = Number(read(db, 'PRAGMA user_version'));
  if (version > VERSION) {
    return `written by a newer callweave (version ${version}, this one knows ${VERSION}); update callweave, or set store.path to another file`;
  }
  db.exec('BEGIN EXCLUSIVE');
  if (isNew) db.exec(TABLES);
  db.exec('COMMIT');
  const damage = read(db, 'PRAGMA quick_check(1)');
  if (damage === 'ok') return undefined;
  return 'the file is damaged; move it away to start without bindings, or set store.path to another file';
}
