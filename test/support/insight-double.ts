import type { FactFilter, Insight, Ordered, Orders } from '../../src/insight/insight.ts';
import type { CallRow, CallView, ChartView, FactView, Now, StateNodeView, UserView } from '../../src/insight/model.ts';
import type { CallJournal } from '../../src/journal/format.ts';

/** What a service would show that had one call, one user and one chart. */
export const AT = Date.UTC(2026, 10, 23, 12, 0, 0);
const ALICE = 'sip:alice@example.com';
const BOB = 'sip:bob@example.com';

export const row: CallRow = {
  ...{ call: 'call:7', caller: ALICE, callee: BOB, callerName: 'Alice', outcome: 'failed', state: 'over' },
  ...{ startedAt: AT, answeredAt: null, endedAt: AT + 30_000, status: 480, why: "Bob's phones did not answer" },
  callId: 'abc/def@192.0.2.7',
};

export const call: CallView = {
  ...row,
  parties: [{ leg: 'leg:7/0', name: 'Alice', aor: ALICE, device: '', remote: '192.0.2.7:5060' }],
  actors: [
    {
      ...{ address: 'call:7', scenario: 'call', bornAt: AT, endedAt: AT + 30_000, state: 'over' },
      path: [{ at: AT, state: 'offering', event: '', n: 1 }],
    },
  ],
  entries: [
    { n: 1, at: 0, by: 'port:sip', cause: 0, input: true, fact: { type: 'invite.received', call: 'call:7' }, heard: ['call:7'] },
    { n: 2, at: 1, takenAt: 2, by: 'call:7', cause: 1, command: { type: 'sip.respond', to: 'leg:7/0' }, refused: 'too late' },
  ],
  messages: [
    {
      ...{ at: AT, isIncoming: true, transport: 'udp', remote: '192.0.2.7:5060', label: 'INVITE' },
      ...{ callId: row.callId, leg: 'leg:7/0', text: 'INVITE sip:bob@example.com SIP/2.0\r\n\r\n' },
    },
  ],
  messagesCut: 0,
  story: [{ at: AT, text: 'Alice called Bob', tone: 'plain', n: 1 }],
  related: [],
};

export const journal: CallJournal = {
  ...{ callweave: 'journal', version: 1, call: 'call:7', caller: ALICE, callee: BOB, continues: '', outcome: 'failed' },
  ...{ startedAt: AT, busyMs: 0, cut: '', scenarios: [{ name: 'call', settings: {} }], standing: [], entries: call.entries },
};

export const user: UserView = {
  ...{ aor: BOB, user: 'bob', awake: 1, asleep: 0, expiresAt: AT + 60_000, calls: 0, recent: [row] },
  bindings: [
    {
      ...{ device: 'd1', name: 'Softphone', contact: 'sip:bob@192.0.2.8', transport: 'udp', remote: '192.0.2.8:5060' },
      ...{ userAgent: 'x', isAwake: true, registeredAt: AT, expiresAt: AT + 60_000, pushProvider: '' },
    },
  ],
  pushes: [{ at: AT, device: 'd1', provider: 'apns', call: 'call:7', came: 'delivered', afterMs: 12, why: '' }],
};

const nothing = { description: '', entry: [], exit: [], transitions: [], children: [] };
const ringing: StateNodeView = { ...nothing, path: 'ringing', name: 'ringing', type: 'atomic', initial: '' };
export const chart: ChartView = {
  ...{ scenario: 'call', description: 'One call', isOwn: true, startsOn: ['invite.received'] },
  root: { ...nothing, path: '', name: 'call', type: 'compound', initial: 'ringing', children: [ringing] },
};

export const now: Now = {
  ...{ at: AT, version: '1.0.0', startedAt: AT, isDraining: false, lagMs: 0.2, memoryBytes: 7, refusing: 0 },
  ...{ calls: { ringing: 1, talking: 2, other: 0 }, ended: { answered: 1, failed: 2, cancelled: 3, crashed: 0 } },
  ...{ bindings: { awake: 1, asleep: 2, users: 3 }, actors: { call: 3 } },
  perMinute: { calls: [1], registers: [2], pushes: [3] },
};

export const fact: FactView = {
  ...{ seq: 3, at: AT, by: 'call:7', cause: 2, type: 'call.failed', call: 'call:7' },
  attributes: { call: 'call:7', status: 480, digits: '***' },
};

/** Shows that, and writes down what it was asked; whoever listens is told by the test. */
export class InsightDouble implements Insight {
  readonly asked: unknown[] = [];
  readonly listeners = new Map<(fact: FactView) => void, FactFilter>();
  readonly watchers = new Set<() => void>();

  now = () => now;
  calls = (query: unknown) => this.#listed(query, row);
  call = (id: string) => (id === row.call || id === row.callId ? call : undefined);
  journal = (id: string) => (id === row.call ? journal : undefined);
  users = (query: unknown) => this.#listed(query, { aor: BOB, user: 'bob', awake: 1, asleep: 0, expiresAt: null, calls: 0 });
  user = (id: string) => (id === BOB || id === 'bob' ? user : undefined);
  actors = (scenario: string, query: unknown) =>
    this.#listed([scenario, query], { address: 'stream:7/1', scenario: 'stream', state: 'flowing', bornAt: AT, call: 'call:7' });
  charts = () => [chart];

  facts = (filter: FactFilter, tell: (fact: FactView) => void) => {
    this.listeners.set(tell, filter);
    return () => void this.listeners.delete(tell);
  };
  watch = (_call: string, changed: () => void) => {
    this.watchers.add(changed);
    return () => void this.watchers.delete(changed);
  };

  #listed<T>(query: unknown, one: T): { rows: T[]; total: number } {
    this.asked.push(query);
    return { rows: [one], total: 1 };
  }
}

/** Takes every order, writes it down, and answers as the test says. */
export class OrdersDouble implements Orders {
  readonly taken: unknown[] = [];
  answer: Ordered = {};

  hangUp: Orders['hangUp'] = (call, done) => this.#take(done, 'hangUp', call);
  fork: Orders['fork'] = (call, callee, done) => this.#take(done, 'fork', call, callee);
  pickUp: Orders['pickUp'] = (call, picker, done) => this.#take(done, 'pickUp', call, picker);
  raise: Orders['raise'] = (raised, done) => this.#take(done, 'raise', raised);
  removeBinding: Orders['removeBinding'] = (aor, device, done) => this.#take(done, 'removeBinding', aor, device);

  #take(done: (ordered: Ordered) => void, ...order: readonly unknown[]): void {
    this.taken.push(order);
    done(this.answer);
  }
}
