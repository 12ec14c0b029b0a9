/** What a ring-back knows and does: the parts that its chart names. */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { Birth } from '../scenario.ts';
import type { CallEnd, CallPlace } from '../vocabulary/commands.ts';
import type { FactOf } from '../vocabulary/descriptor.ts';
import type {
  bindingAdded,
  bindingRefreshed,
  bindingSlept,
  callAnswered,
  callCancelled,
  callEnded,
  callFailed,
  callOffered,
  callPlaced,
  callUnanswered,
  commandRefused,
  placeConnected,
  placeFailed,
} from '../vocabulary/facts.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import type { RingBackSettings } from './settings.ts';

type Born = FactOf<typeof callUnanswered | typeof callCancelled | typeof callFailed>;
type Bound = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;
type Answered = FactOf<typeof callAnswered>;
type Heard =
  | Answered
  | FactOf<
      | typeof callOffered
      | typeof callEnded
      | typeof bindingAdded
      | typeof bindingRefreshed
      | typeof callPlaced
      | typeof placeConnected
      | typeof placeFailed
      | typeof commandRefused
    >;
type Of<T extends Heard['type']> = Extract<Heard, { type: T }>;
/** What a case is born with. */
export type Input = Birth<Born, Bound | Answered, RingBackSettings>;

/** What a case keeps. */
export interface Context {
  readonly settings: RingBackSettings;
  /** Who called, and who was not reached. */
  readonly caller: string;
  readonly callee: string;
  /** Of the callee (RFC 6910 §3: CCBS, CCNR and CCNL). */
  readonly why: 'busy' | 'noAnswer' | 'unreachable';
  /** Their calls that go on. */
  readonly callerCalls: readonly Address[];
  readonly calleeCalls: readonly Address[];
  /** The callee can be had, as far as was seen since the call, or the last try. */
  readonly isThere: boolean;
  /** The caller has called nobody else since the code. */
  readonly isLatest: boolean;
  /** Ring-backs that the caller set after this one. */
  readonly setLater: number;
  readonly tries: number;
  /** The call that rings the caller now; empty: none. */
  readonly placed: Address;
  readonly isRinging: boolean;
  readonly isLate: boolean;
}

/** Calls of one user that are watched; whoever has more is busy anyhow. */
const MAX_CALLS = 16;
/** A try whose end is not heard of: longer than phones ring on both sides. */
const TRY_LIMIT_MS = 900_000;

const domainOf = (uri: string): string => uri.slice(uri.indexOf('@') + 1);
/** Star codes are no people. */
const isCode = (uri: string): boolean => /^sips?:(\*|#|%23)/.test(uri);
const isAnswered = (fact: Bound | Answered): fact is Answered => fact.type === 'call.answered';
const isWith = (user: string, { caller, callee }: { readonly caller: string; readonly callee: string }): boolean =>
  caller === user || callee === user;

function whyOf(fact: Born, current: readonly (Bound | Answered)[]): Context['why'] {
  if (fact.type === 'call.failed') return 'busy';
  if (fact.type === 'call.unanswered') return fact.why === 'busy' || fact.why === 'unreachable' ? fact.why : 'noAnswer';
  // Who gives up while phones ring was not answered; while they slept, or there were none, nobody was there.
  return current.some((one) => !isAnswered(one) && !one.asleep) ? 'noAnswer' : 'unreachable';
}

const callsOf = (user: string, current: readonly (Bound | Answered)[]): readonly Address[] =>
  current
    .filter(isAnswered)
    .filter((call) => isWith(user, call))
    .map(({ call }) => call)
    .slice(0, MAX_CALLS);

const added = (calls: readonly Address[], call: Address): readonly Address[] =>
  calls.includes(call) || calls.length >= MAX_CALLS ? calls : [...calls, call];
const without = (calls: readonly Address[], call: Address): readonly Address[] => calls.filter((one) => one !== call);

/** What the case knows at its birth. */
export const contextOf = ({ fact, current, settings }: Input): Context => ({
  settings,
  caller: fact.caller,
  callee: fact.callee,
  why: whyOf(fact, current),
  callerCalls: callsOf(fact.caller, current),
  calleeCalls: callsOf(fact.callee, current),
  isThere: false,
  isLatest: true,
  setLater: 0,
  tries: 0,
  placed: '',
  isRinging: false,
  isLate: false,
});

/** It will not be otherwise next time: the caller may not, the callee is nobody, or the caller wants no more. */
const FOR_GOOD: ReadonlySet<number> = new Set([400, 403, 404, 487, 603]);

const end = (call: Address, status: number, reason: string): CallEnd => ({ type: 'call.end', to: call, status, reason });

export const ringBackSetup = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Heard,
    emitted: {} as CallEnd | CallPlace,
  },
  delays: {
    offer: ({ context }) => context.settings.offerMs,
    patience: ({ context }) => context.settings.patienceMs,
    guard: ({ context }) => context.settings.guardMs,
    retry: ({ context }) => context.settings.retryMs,
    tryLimit: TRY_LIMIT_MS,
  },
  guards: {
    /** Both are users of ours: only they have calls and registrations here, and all of ours have one domain. */
    areBothHere: ({ context: { caller, callee } }) =>
      caller !== '' && caller !== callee && !isCode(callee) && domainOf(caller) === domainOf(callee),
    isSetCode: ({ context, event }) => (event as Of<'call.offered'>).code === context.settings.setCode,
    isCancelCode: ({ context, event }) => (event as Of<'call.offered'>).code === context.settings.cancelCode,
    isOrdinary: ({ event }) => (event as Of<'call.offered'>).code === '',
    isSetAgain: ({ context, event }) => context.isLatest && (event as Of<'call.offered'>).code === context.settings.setCode,
    isOneTooMany: ({ context, event }) =>
      (event as Of<'call.offered'>).code === context.settings.setCode && context.setLater + 1 >= context.settings.perUser,
    isOfBoth: ({ context, event }) => {
      const { caller, callee } = event as Answered;
      return caller === context.caller && callee === context.callee;
    },
    areBothFree: ({ context: { isThere, callerCalls, calleeCalls } }) =>
      isThere && callerCalls.length === 0 && calleeCalls.length === 0,
    isOneBusy: ({ context: { callerCalls, calleeCalls } }) => callerCalls.length > 0 || calleeCalls.length > 0,
    wasAbsent: ({ context }) => context.why === 'unreachable',
    isRinging: ({ context }) => context.isRinging,
    isOver: ({ context, event }) => {
      const { status } = event as Of<'place.failed'>;
      return context.isLate || context.tries >= context.settings.tries || FOR_GOOD.has(status);
    },
    isCallers: ({ event }) => {
      const { party, status } = event as Of<'place.failed'>;
      return party === 'caller' || status === 503;
    },
  },
  actions: {
    noteAnswered: assign(({ context, event }) => {
      const answered = event as Answered;
      return {
        callerCalls: isWith(context.caller, answered) ? added(context.callerCalls, answered.call) : context.callerCalls,
        calleeCalls: isWith(context.callee, answered) ? added(context.calleeCalls, answered.call) : context.calleeCalls,
      };
    }),
    noteEnded: assign(({ context, event }) => {
      const ended = event as Of<'call.ended'>;
      // Whoever talked, or called somebody, is at a phone; whoever was called in vain may not be.
      const wasActive = isWith(context.callee, ended) && (ended.outcome === 'answered' || ended.caller === context.callee);
      return {
        callerCalls: without(context.callerCalls, ended.call),
        calleeCalls: without(context.calleeCalls, ended.call),
        isThere: context.isThere || wasActive,
      };
    }),
    noteThere: assign({ isThere: true }),
    noteOrdinary: assign({ isLatest: false }),
    noteSetLater: assign({ setLater: ({ context }) => context.setLater + 1 }),
    noteLate: assign({ isLate: true }),
    notePlaced: assign({ placed: ({ event }) => (event as Of<'call.placed'>).call }),
    noteFailed: assign({ placed: '', isRinging: false }),
    tellSet: emit(({ event }) => end((event as Of<'call.offered'>).call, 480, 'Ring Back Is Set')),
    tellSetBefore: emit(({ event }) => end((event as Of<'call.offered'>).call, 480, 'Ring Back Is Set Already')),
    tellCancelled: emit(({ event }) => end((event as Of<'call.offered'>).call, 480, 'Ring Back Is Cancelled')),
    place: enqueueActions(({ context, enqueue }) => {
      const { caller, callee, settings } = context;
      const place = context.tries + 1;
      enqueue.assign({ tries: place, isThere: false, isRinging: true });
      enqueue.emit({ type: 'call.place', to: PORT_SIP, place, caller, callee, name: settings.name, ringMs: settings.ringMs });
    }),
    withdraw: enqueueActions(({ context, enqueue }) => {
      if (context.placed !== '') enqueue.emit(end(context.placed, 480, 'Ring Back Is Cancelled'));
    }),
  },
});
