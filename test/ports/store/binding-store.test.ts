import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isProblem, type Problem } from '../../../src/errors.ts';
import { type BindingStore, openBindingStore, type StoredBinding } from '../../../src/ports/store/binding-store.ts';

let folder = '';
let path = '';
let nowMs = 0;
let reported: string[] = [];
let turns: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-store-'));
  path = join(folder, 'bindings.sqlite');
  nowMs = 1000.5;
  reported = [];
  turns = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const surroundings = {
  clock: { now: () => nowMs, yield: (task: () => void) => void turns.push(task) },
  report: ({ problem }: Problem) => void reported.push(problem),
};
const endTurn = (): void => {
  for (const task of turns.splice(0)) task();
};

function open(at = path): BindingStore {
  const store = openBindingStore(at, surroundings);
  if (isProblem(store)) throw new Error(store.problem);
  return store;
}
function refused(at = path): string {
  const store = openBindingStore(at, surroundings);
  if (!isProblem(store)) throw new Error('the store opened');
  return store.problem;
}

const binding = (aor: string, device: string, more: Partial<StoredBinding> = {}): StoredBinding => ({
  aor: aor as StoredBinding['aor'],
  device: device as StoredBinding['device'],
  target: { contact: `<sip:${device}@192.0.2.1:5080;ob>`, path: ['<sip:p1;lr>', '<sip:p2;lr>'], flow: 'udp/a/b', stream: false },
  push: { provider: 'apns', prid: 'token', param: 'team.app' },
  params: ';+sip.instance="<urn:uuid:1>";reg-id=1',
  qThousandths: 700,
  callId: 'c1@phone',
  cseq: 4_294_967_295,
  expiresAtMs: 60_000.25,
  registeredAtMs: 1000.5,
  userAgent: 'phone/1',
  ...more,
});
const devices = (store: BindingStore, at = 0): string[] => [...store.all(at)].map((kept) => `${kept.aor} ${kept.device}`);

describe('a binding store', () => {
  it('gives back after a restart exactly what was put', () => {
    const kept = [
      binding('sip:a@x', 'one'),
      binding('sip:a@x', 'two', { target: { contact: '<sip:t>', path: [], flow: 'tcp/a/b#7', stream: true } }),
    ];
    const store = open();
    for (const each of kept) store.put(each);
    store.close();
    const again = open();
    expect([...again.all(0)]).toEqual(kept);
    again.close();
    expect(reported).toEqual([]);
  });

  it('keeps every text of the wire as it is', () => {
    const store = open(':memory:');
    const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(text, text, text, fc.array(text, { maxLength: 3 }), (aor, device, contact, route) => {
        const put = binding(aor, device, { target: { contact, path: route, flow: contact, stream: true }, userAgent: contact });
        store.put(put);
        expect(store.flush()).toBeUndefined();
        expect([...store.all(0)]).toEqual([put]);
        store.removeAll(aor);
      }),
    );
    store.close();
  });

  it('is a map by address of record and device, whatever the order of writes and commits', () => {
    const key = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2', '3'));
    const step = fc.record({
      what: fc.constantFrom('put', 'put', 'remove', 'removeAll', 'flush', 'endTurn'),
      key,
      cseq: fc.nat(99),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        turns = [];
        const store = open(':memory:');
        const model = new Map<string, number>();
        const does: Record<string, (aor: string, device: string, cseq: number) => void> = {
          put: (aor, device, cseq) => {
            store.put(binding(aor, device, { cseq }));
            model.set(`${aor} ${device}`, cseq);
          },
          remove: (aor, device) => {
            store.remove(aor, device);
            model.delete(`${aor} ${device}`);
          },
          removeAll: (aor) => {
            store.removeAll(aor);
            for (const known of [...model.keys()]) if (known.startsWith(`${aor} `)) model.delete(known);
          },
          flush: () => store.flush(),
          endTurn,
        };
        for (const { what, key: at, cseq } of steps) does[what]?.(...at, cseq);
        store.flush();
        expect(store.pending).toBe(0);
        expect(new Map([...store.all(0)].map((kept) => [`${kept.aor} ${kept.device}`, kept.cseq]))).toEqual(model);
        store.close();
      }),
    );
  });

  it('forgets what expired, and no more than that', () => {
    const store = open();
    store.put(binding('a', 'over', { expiresAtMs: 5000 }));
    store.put(binding('a', 'alive', { expiresAtMs: 5000.5 }));
    store.flush();
    expect(devices(store, 5000)).toEqual(['a alive']);
    expect(devices(store, 0)).toEqual(['a alive']);
    store.close();
  });

  it('commits the writes of one turn together at its end, and a long batch at once', () => {
    const store = open();
    for (let i = 0; i < 50; i += 1) store.put(binding('a', `d${i}`));
    store.put(binding('a', 'd0', { cseq: 7 }));
    expect(store.pending).toBe(50);
    expect(turns).toHaveLength(1);
    expect(devices(store)).toHaveLength(0);
    endTurn();
    expect(store.pending).toBe(0);
    expect(devices(store)).toHaveLength(50);
    for (let i = 0; i < 1100; i += 1) store.put(binding('b', `d${i}`));
    expect(store.pending).toBeLessThan(512);
    store.close();
    endTurn();
    expect(devices(open())).toHaveLength(1150);
  });

  it('is readable by its owner only', () => {
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    const store = open();
    store.put(binding('a', '1'));
    store.flush();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    store.close();
  });

  it('survives kill -9 right after flush, and only what was flushed', async () => {
    const program = `
      const { openBindingStore } = await import(${JSON.stringify(module)});
      const store = openBindingStore(${JSON.stringify(path)}, { clock: { now: () => 0, yield: () => {} }, report: () => {} });
      const row = ${JSON.stringify(binding('sip:bob@x', 'phone'))};
      store.put(row);
      const failed = store.flush();
      store.put({ ...row, device: 'never flushed' });
      process.stdout.write(failed === undefined ? 'flushed' : failed.problem);
      for (;;);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await new Promise<string>((done) => child.stdout.once('data', (chunk) => done(String(chunk))));
    expect(said).toBe('flushed');
    expect(refused()).toBe(`store ${path}: in use by another process; stop that one, or set store.path to another file`);
    const ended = new Promise((done) => child.once('exit', (_, signal) => done(signal)));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const store = open();
    expect([...store.all(0)]).toEqual([binding('sip:bob@x', 'phone')]);
    store.close();
  });
});

const module = fileURLToPath(new URL('../../../src/ports/store/binding-store.ts', import.meta.url));

describe('a store that cannot be used says why in one line', () => {
  it('not a database', () => {
    writeFileSync(path, 'this is no database, and long enough to be looked at '.repeat(100));
    expect(refused()).toBe(
      `store ${path}: file is not a database; move the file away to start without bindings, or set store.path to another file`,
    );
  });

  it('damaged', () => {
    const store = open();
    for (let i = 0; i < 500; i += 1) store.put(binding('a', `d${i}`));
    store.close();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, 8192);
    closeSync(file);
    expect(refused()).toMatch(/^store .*(damaged|malformed).*move .* away to start without bindings.*$/);
  });

  it('of another program', () => {
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE x (y)');
    db.close();
    expect(refused()).toBe(`store ${path}: a database of another program; set store.path to another file`);
  });

  it('newer', () => {
    open().close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 2');
    db.close();
    expect(refused()).toBe(
      `store ${path}: written by a newer callweave (version 2, this one knows 1); update callweave, or set store.path to another file`,
    );
  });

  it('no folder', () => {
    const at = join(folder, 'none', 'x.sqlite');
    expect(refused(at)).toMatch(/^store .* cannot be opened \(ENOENT.*\); set store.path to a file that can be written$/);
  });

  it('reads over a broken row, and reports it', () => {
    const store = open();
    store.put(binding('a', 'good'));
    store.close();
    const db = new DatabaseSync(path);
    db.exec(
      "INSERT INTO binding SELECT 'b', 'bad', contact, '[1', flow, stream, provider, prid, param, params, q_thousandths, call_id, cseq, expires_at_ms, registered_at_ms, user_agent FROM binding",
    );
    db.close();
    expect(devices(open())).toEqual(['a good']);
    expect(reported).toEqual([`store ${path}: a row is unreadable and was skipped`]);
  });
});

describe('a disk that fails', () => {
  /** Refuses to write device x, in the words of a full disk. */
  function failing(): BindingStore {
    open().close();
    const db = new DatabaseSync(path);
    db.exec(
      "CREATE TRIGGER full BEFORE INSERT ON binding WHEN NEW.device = 'x' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    db.close();
    return open();
  }

  it('is a value and one report, keeps what waits, and tries again a second later', () => {
    const store = failing();
    store.put(binding('a', 'kept'));
    store.put(binding('a', 'x'));
    const why = `store ${path}: registrations are not saved (database or disk is full)`;
    expect(store.flush()).toEqual({ problem: why });
    expect(store.flush()).toEqual({ problem: why });
    store.put(binding('a', 'later'));
    endTurn();
    expect(reported).toEqual([why]);
    expect(devices(store)).toEqual([]);
    store.remove('a', 'x');
    expect(store.flush(), 'not tried again at once').toEqual({ problem: why });
    nowMs += 1000;
    expect(store.flush()).toBeUndefined();
    expect(devices(store)).toEqual(['a kept', 'a later']);
    store.put(binding('a', 'x'));
    store.flush();
    expect(reported, 'a new series is reported again').toEqual([why, why]);
    store.close();
  });

  it('loses writes beyond a bound, and reports that once', () => {
    const store = failing();
    store.put(binding('a', 'x'));
    store.flush();
    for (let i = 0; i < 100_010; i += 1) store.put(binding(`u${i}`, '1'));
    expect(store.pending).toBe(100_000);
    expect(reported.slice(1)).toEqual([`store ${path}: writes are lost, 100000 wait already`]);
    store.close();
  });
});
