/** What a subscription knows and does: the parts that its chart names. */
import { assign, enqueueActions, setup } from 'xstate';
import type { Birth } from '../scenario.ts';
import type { SipNotify } from '../vocabulary/commands.ts';
import type { FactOf } from '../vocabulary/descriptor.ts';
import type { callAnswered, callOffered, callRinging, watchAsked, watchNotified, watchRefreshed } from '../vocabulary/facts.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import { SIXTY_FOUR_T1_MS } from '../vocabulary/time.ts';
import { after, type CallFact, type Dialogs, shown, told } from './dialogs.ts';

type Born = FactOf<typeof watchAsked>;
type Current = FactOf<typeof callOffered | typeof callRinging | typeof callAnswered>;
type Heard = CallFact | FactOf<typeof watchRefreshed | typeof watchNotified>;
type ExpiryDue = { readonly type: 'expiry.due' };
type Of<T extends Heard['type']> = Extract<Heard, { type: T }>;
/** What a subscription is born with. */
export type Input = Birth<Born, Current, unknown>;

/** What a subscription keeps. */
export interface Context {
  readonly self: Address;
  readonly watched: string;
  readonly dialogs: Dialogs;
  readonly version: number;
  readonly expiresMs: number;
  /** The next NOTIFY tells all: the first one, and after each refresh. */
  readonly owesAll: boolean;
  readonly isTaken: boolean;
  readonly isMissed: boolean;
  /** NOTIFYs in a row that could not be delivered. */
  readonly missed: number;
}

/** RFC 4235 §3.10. */
const PACE_MS = 1_000;
/** A watcher whose connection broke comes back within this time, or subscribes anew. */
const REST_MS = 10_000;
const MAX_MISSED = 4;

/** What is true at its birth, oldest first. */
export const contextOf = ({ fact, current }: Input): Context => ({
  self: fact.subscription,
  watched: fact.watched,
  dialogs: current.toSorted((a, b) => a.seq - b.seq).reduce<Dialogs>((dialogs, one) => after(dialogs, fact.watched, one), []),
  version: 0,
  expiresMs: fact.expiresMs,
  owesAll: true,
  isTaken: false,
  isMissed: false,
  missed: 0,
});

const notice = ({ self, version, dialogs, owesAll }: Context, isLast: boolean): SipNotify => ({
  type: 'sip.notify',
  to: PORT_SIP,
  subscription: self,
  version,
  isFull: owesAll || isLast,
  dialogs: (owesAll || isLast ? dialogs : dialogs.filter(({ isNews }) => isNews)).map(shown),
  isLast,
});

export const subscriptionSetup = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Heard | ExpiryDue,
    emitted: {} as SipNotify,
  },
  delays: { pace: PACE_MS, rest: REST_MS, giveUp: 2 * SIXTY_FOUR_T1_MS },
  guards: {
    isFetch: ({ context }) => context.expiresMs === 0,
    isTakenBack: ({ event }) => (event as Of<'watch.refreshed'>).expiresMs === 0,
    isGone: ({ event }) => (event as Of<'watch.notified'>).how === 'gone',
    isMissed: ({ event }) => (event as Of<'watch.notified'>).how === 'missed',
    isTaken: ({ context }) => context.isTaken,
    isToRepeat: ({ context }) => context.isMissed,
    hasFailedOften: ({ context }) => context.missed >= MAX_MISSED,
    hasNews: ({ context }) => context.owesAll || context.dialogs.some(({ isNews }) => isNews),
  },
  actions: {
    note: assign({ dialogs: ({ context, event }) => after(context.dialogs, context.watched, event as CallFact) }),
    keepTime: enqueueActions(({ context, event, enqueue }) => {
      const expiresMs = event.type === 'watch.refreshed' ? event.expiresMs : context.expiresMs;
      enqueue.assign({ expiresMs });
      enqueue.cancel('expiry');
      if (expiresMs > 0) enqueue.raise({ type: 'expiry.due' }, { id: 'expiry', delay: expiresMs });
    }),
    forgetTime: enqueueActions(({ enqueue }) => {
      enqueue.cancel('expiry');
    }),
    oweAll: assign({ owesAll: true }),
    tell: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(notice(context, false));
      enqueue.assign({
        dialogs: told(context.dialogs),
        version: context.version + 1,
        owesAll: false,
        isTaken: false,
        isMissed: false,
      });
    }),
    tellEnd: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(notice(context, true));
    }),
    noteTaken: assign({ isTaken: true, missed: 0 }),
    noteMissed: assign(({ context }) => ({ isMissed: true, owesAll: true, missed: context.missed + 1 })),
  },
});
