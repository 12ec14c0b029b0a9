/** A made-up service as the API would tell of it: people who call each other, the same ones at each start. */
import type {
  ActorRow,
  BindingView,
  CallOutcome,
  CallRow,
  Listing,
  Now,
  PushView,
  UserRow,
  UserView,
} from '../../src/insight/model.ts';

const PEOPLE = [
  'alice',
  'bob',
  'carol',
  'dave',
  'erin',
  'frank',
  'grace',
  'heidi',
  'ivan',
  'judy',
  'mallory',
  'niaj',
  'olivia',
  'peggy',
];
const DEVICES = ['Linphone/5.1 (Pixel 8)', 'Yealink T54W', 'Groundwire iOS', 'baresip 1.0', 'Snom D785'];
const ENDINGS: readonly (readonly [outcome: CallOutcome, state: string, status: number, why: string])[] = [
  ['open', 'ringing.trying', 180, ''],
  ['open', 'talking.connected', 200, ''],
  ['answered', 'ended', 200, 'Bob hung up after 42 s'],
  ['failed', 'ended', 480, 'Bob’s phones did not answer'],
  ['cancelled', 'ended', 487, 'the caller gave up after 12 s'],
  ['failed', 'ended', 486, 'Bob is busy'],
  ['answered', 'ended', 200, 'Carol took the call with *8 and hung up'],
  ['answered', 'ended', 200, 'the caller hung up after 3 min'],
  ['answered', 'ended', 200, 'Dave hung up after 11 s'],
  ['crashed', 'ended', 500, 'a chart of the call broke: Cannot read properties of undefined'],
];
const CASES: readonly (readonly [scenario: string, state: string])[] = [
  ['push-notification', 'waiting.forRegister'],
  ['call-pickup', 'watching'],
  ['ivr-menu', 'choosing'],
];

const name = (n: number): string => PEOPLE[n % PEOPLE.length] ?? 'bob';
const titled = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const uri = (user: string): string => `sip:${user}@example.com`;

export interface WorldWishes {
  readonly calls?: number;
  readonly isQuiet?: boolean;
  readonly at?: () => number;
}

export class PageWorld {
  /** Asked for where it is not empty. */
  token = '';
  /** Nothing of the API answers. */
  isGone = false;
  isDraining = false;
  refusing = 0;
  /** What was ordered, `POST calls/call:7/hangup`. */
  readonly orders: string[] = [];
  readonly #at: () => number;
  readonly #startedAt: number;
  readonly #calls: readonly CallRow[];

  constructor({ calls = 180, isQuiet = false, at = Date.now }: WorldWishes = {}) {
    this.#at = at;
    this.#startedAt = at() - 11_100_000;
    this.#calls = isQuiet ? [] : Array.from({ length: calls }, (_, n) => callRow(calls - n, at() - n * 17_000));
  }

  /** The answer to a GET: undefined where there is none. */
  answer(path: string, query: URLSearchParams): unknown {
    const [place, ...rest] = path.split('/');
    const id = decodeURIComponent(rest.join('/'));
    if (place === 'now') return this.#now();
    if (place === 'users' && id !== '') return this.#user(id);
    if (place === 'users') return sliced(this.#users(), query, ({ aor }) => aor);
    if (place === 'calls' && id === '') return this.#listed(query);
    if (place === 'actors')
      return sliced(this.#actors(query.get('scenario') ?? ''), query, (row) => `${row.address} ${row.call}`);
    return undefined;
  }

  #listed(query: URLSearchParams): Listing<CallRow> {
    const wanted = query.get('outcome') ?? '';
    const fits = ({ outcome }: CallRow): boolean =>
      wanted === '' || outcome === wanted || (wanted === 'over' && outcome !== 'open');
    return sliced(
      this.#calls.filter(fits),
      query,
      (row) => `${row.call} ${row.caller} ${row.callee} ${row.callerName} ${row.callId}`,
    );
  }

  #now(): Now {
    const [at, open] = [this.#at(), this.#calls.filter(({ outcome }) => outcome === 'open')];
    const ended = (outcome: CallOutcome): number => this.#calls.filter((call) => call.outcome === outcome).length;
    const isQuiet = this.#calls.length === 0;
    const wave = (height: number, step: number): number[] =>
      Array.from({ length: 60 }, (_, n) => (isQuiet ? 0 : Math.round(height * (1 + Math.sin(n / step) + ((n * 7) % 5) / 6))));
    const ringing = open.filter(({ state }) => state.startsWith('ringing')).length;
    return {
      at,
      version: '0.1.0',
      startedAt: this.#startedAt,
      isDraining: this.isDraining,
      calls: { ringing, talking: open.length - ringing, other: 0 },
      ended: { answered: ended('answered'), failed: ended('failed'), cancelled: ended('cancelled'), crashed: ended('crashed') },
      bindings: isQuiet ? { awake: 0, asleep: 0, users: 0 } : { awake: 17, asleep: 9, users: PEOPLE.length },
      actors: isQuiet
        ? { call: 0, leg: 0, registration: 0 }
        : {
            call: open.length,
            leg: open.length * 2,
            registration: 14,
            stream: 6,
            'push-notification': 2,
            'call-pickup': 2,
            'ivr-menu': 2,
          },
      perMinute: { calls: wave(9, 8), registers: wave(30, 13), pushes: wave(3, 5) },
      lagMs: 0.4,
      memoryBytes: 92_000_000,
      refusing: this.refusing,
    };
  }

  #users(): UserRow[] {
    if (this.#calls.length === 0) return [];
    return PEOPLE.map((user, n) => ({
      aor: uri(user),
      user,
      awake: n % 5 === 4 ? 0 : 1 + (n % 2),
      asleep: n % 3 === 1 || n % 5 === 4 ? 1 : 0,
      expiresAt: this.#at() + 60_000 * (n + 3),
      calls: n % 4 === 0 ? 1 : 0,
    }));
  }

  #user(id: string): UserView | undefined {
    const row = this.#users().find(({ aor, user }) => aor === id || user === id);
    if (row === undefined) return undefined;
    const at = this.#at();
    const binding = (n: number, isAwake: boolean): BindingView => ({
      device: `urn:uuid:${n}f81d4fa-7dec-41d0-a765-00a0c91e6bf6`,
      name: DEVICES[n % DEVICES.length] ?? '',
      contact: `sip:${row.user}@192.0.2.${20 + n}:5060`,
      transport: isAwake ? 'tls' : 'tcp',
      remote: `192.0.2.${20 + n}:50${n}12`,
      userAgent: DEVICES[n % DEVICES.length] ?? '',
      isAwake,
      registeredAt: at - 1_500_000,
      expiresAt: at + 2_100_000,
      pushProvider: n % 2 === 0 ? 'fcm' : '',
    });
    const came = (n: number, how: PushView['came'], afterMs: number | null, why: string): PushView => ({
      ...{
        at: at - n * 310_000,
        device: 'urn:uuid:2f81d4fa-7dec-41d0-a765-00a0c91e6bf6',
        provider: 'fcm',
        call: `call:${170 - n}`,
      },
      ...{ came: how, afterMs, why },
    });
    return {
      ...row,
      bindings: [
        ...Array.from({ length: row.awake }, (_, n) => binding(n, true)),
        ...Array.from({ length: row.asleep }, () => binding(2, false)),
      ],
      pushes: [
        came(0, 'sent', null, ''),
        came(1, 'registered', 3_080, ''),
        came(2, 'registered', 1_240, ''),
        came(3, 'delivered', 410, 'the phone did not register'),
        came(4, 'failed', 120, 'the provider refused the token: UNREGISTERED'),
      ],
      recent: this.#calls.filter(({ caller, callee }) => caller === row.aor || callee === row.aor).slice(0, 20),
    };
  }

  #actors(scenario: string): ActorRow[] {
    if (this.#calls.length === 0) return [];
    const row = (kind: string, state: string, n: number): ActorRow => ({
      ...{ address: `${kind}:${n}`, scenario: kind, state, bornAt: this.#at() - n * 4_000, call: `call:${180 - n}` },
    });
    const streams = Array.from({ length: 6 }, (_, n) => row('stream', n % 3 === 2 ? 'stalled' : 'flowing', n));
    const cases = CASES.flatMap(([kind, state]) => [0, 1].map((n) => row(kind, state, n)));
    return [...streams, ...cases].filter((one) => scenario === '' || one.scenario === scenario);
  }
}

function callRow(n: number, startedAt: number): CallRow {
  const [outcome, state, status, why] = ENDINGS[n % ENDINGS.length] ?? ENDINGS[0] ?? ['open', '', 0, ''];
  const [caller, callee] = [name(n), name(n * 3 + 1)];
  const answeredAt = status === 200 ? startedAt + 4_200 : null;
  return {
    ...{
      call: `call:${n}`,
      caller: uri(caller),
      callee: uri(callee),
      callerName: n % 4 === 0 ? '' : `${titled(caller)} Example`,
    },
    ...{ outcome, state, status, why: why.replace('Bob', titled(callee)), startedAt, answeredAt },
    endedAt: outcome === 'open' ? null : startedAt + 12_000 + (n % 9) * 31_000,
    callId: `${(n * 7919).toString(16)}-4fa1@192.0.2.7`,
  };
}

function sliced<T>(rows: readonly T[], query: URLSearchParams, textOf: (row: T) => string): Listing<T> {
  const wanted = (query.get('search') ?? '').toLowerCase();
  const found = rows.filter((row) => textOf(row).toLowerCase().includes(wanted));
  const offset = Number(query.get('offset') ?? 0);
  return { rows: found.slice(offset, offset + Number(query.get('limit') ?? 50)), total: found.length };
}
