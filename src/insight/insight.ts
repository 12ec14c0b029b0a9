/** What the doors of the service (HTTP API, page, commands) can see of it, and order. */
import type { CallJournal } from '../journal/format.ts';
import type { ActorRow, CallOutcome, CallRow, CallView, ChartView, FactView, Listing, Now, UserRow, UserView } from './model.ts';

/** How much is kept for those who look. */
export interface InsightWishes {
  /** Calls that are over; the oldest go first. */
  readonly maxCalls: number;
  /** How long a call is kept after its end. */
  readonly maxAgeMs: number;
  /** Bytes of SIP messages, of all calls together; 0: none is kept. */
  readonly maxMessageBytes: number;
  /** What the service calls its version. */
  readonly version?: string;
  /** Memory that the process takes now. */
  readonly memoryBytes?: () => number;
}
/** What is kept where nobody says more. */
export const INSIGHT_PRESETS: InsightWishes = { maxCalls: 500, maxAgeMs: 3_600_000, maxMessageBytes: 2 ** 25 };

/** Which calls to list; all that is given must hold. */
export interface CallQuery {
  /** Part of a user, a number, a name, an address or a Call-ID, whatever its case. */
  readonly search: string;
  /** `open`: those that go on; `over`: those that are kept of the rest; an outcome; empty: all. */
  readonly outcome: CallOutcome | 'over' | '';
  readonly offset: number;
  readonly limit: number;
}

export interface ListQuery {
  readonly search: string;
  readonly offset: number;
  readonly limit: number;
}

/** Which facts to tell: kinds (`call.*` too), and equality of attributes. */
export interface FactFilter {
  readonly kinds: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

/** What can be seen. Nothing here changes the service; lists come newest first. */
export interface Insight {
  now(): Now;
  calls(query: CallQuery): Listing<CallRow>;
  /** By address or by Call-ID; undefined if it is not known, or not any more. */
  call(id: string): CallView | undefined;
  journal(id: string): CallJournal | undefined;
  users(query: ListQuery): Listing<UserRow>;
  /** By address of record or user name. */
  user(id: string): UserView | undefined;
  /** Living actors of that scenario; empty: of all that are no call, leg, registration or stream. */
  actors(scenario: string, query: ListQuery): Listing<ActorRow>;
  charts(): readonly ChartView[];
  /** Tells facts from now on; returns how to stop. Costs nothing while nobody is told. */
  facts(filter: FactFilter, tell: (fact: FactView) => void): () => void;
  /** Tells that something of the call changed, at most once a turn of the event loop; returns how to stop. */
  watch(call: string, changed: () => void): () => void;
}

/** How an order came out: `refused` says why not, in words for people. */
export type Ordered = { readonly refused?: undefined } | { readonly refused: string };

/** What can be ordered. `done` hears the outcome once, within a second. */
export interface Orders {
  /** Ends a call as an operator. */
  hangUp(call: string, done: (ordered: Ordered) => void): void;
  /** Rings a user, number or URI beside whoever rings already. */
  fork(call: string, callee: string, done: (ordered: Ordered) => void): void;
  /** Has a ringing call picked up by a user, whose phones ring with it. */
  pickUp(call: string, picker: string, done: (ordered: Ordered) => void): void;
  /** Posts a fact of the user's own kinds, or an order by name (`order.raised`) into a call. */
  raise(
    fact: { readonly type: string; readonly attributes: Readonly<Record<string, unknown>> },
    done: (ordered: Ordered) => void,
  ): void;
  removeBinding(aor: string, device: string, done: (ordered: Ordered) => void): void;
}
