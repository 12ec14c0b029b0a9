/** What a call pickup knows and does: the parts that its chart names. */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { Birth } from '../scenario.ts';
import { NO_FORWARDING } from '../vocabulary/binding.ts';
import type {
  CallAnswer,
  CallDivert,
  CallEnd,
  CallFork,
  CallJoin,
  CallKeepOpen,
  CallLetGo,
  CallRing,
  SipRoute,
} from '../vocabulary/commands.ts';
import type { FactOf, Raw } from '../vocabulary/descriptor.ts';
import type {
  actorEnded,
  callAnswered,
  callDiverted,
  callerAnswered,
  callOffered,
  commandRefused,
  huntIdle,
  joinLost,
  joinUndone,
  joinWon,
  pickupAsked,
  pickupBegan,
  pickupLost,
  pickupWon,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import { MAX_BINDINGS } from '../vocabulary/limits.ts';
import { SIXTY_FOUR_T1_MS } from '../vocabulary/time.ts';

type Asked = FactOf<typeof pickupAsked>;
type Offered = FactOf<typeof callOffered>;
type Began = FactOf<typeof pickupBegan>;
type Found = FactOf<typeof routeFound>;
type Heard =
  | Offered
  | Began
  | Found
  | FactOf<
      typeof routeFailed | typeof callerAnswered | typeof joinWon | typeof joinLost | typeof joinUndone | typeof callDiverted
    >
  | FactOf<typeof callAnswered | typeof huntIdle | typeof actorEnded | typeof commandRefused>;
type Of<T extends Heard['type']> = Extract<Heard, { type: T }>;
/** What a case is born with: who rings for whom, and who is being picked up already. */
export type Input = Birth<Asked, Offered | Began>;

/** What a case keeps. */
export interface Context {
  readonly form: Asked['form'];
  readonly mode: Asked['mode'];
  readonly picker: string;
  /** The picker's own call and its leg; empty: there is none. */
  readonly pickerCall: Address;
  readonly pickerLeg: Address;
  /** The call that is picked up, and whom it rings for; empty where there is none. */
  readonly call: Address;
  readonly callee: string;
  /** The picker's phones, once they are known. */
  readonly phones: Pick<Found, 'callee' | 'rings' | 'wakeable' | 'accountPush' | 'forwarding'>;
}

/** The picker’s 200 waits so long for its ACK (RFC 3261 §13.3.1.4), and the re-INVITE as long for its answer. */
const STEP_LIMIT_MS = SIXTY_FOUR_T1_MS;
/** The caller's call misses the ACK first, and tells. */
const CONNECT_LIMIT_MS = SIXTY_FOUR_T1_MS + 1_000;
/** The dial plan, and a call that is diverted, answer in the same instant. */
const ANSWER_LIMIT_MS = 1_000;
/** Longer than phones ring; who rings nobody any more lets go before. */
const RING_LIMIT_MS = 660_000;
const NOBODY: Context['phones'] = {
  callee: '',
  rings: [],
  wakeable: false,
  accountPush: { provider: '', prid: '', param: '' },
  forwarding: NO_FORWARDING,
};

const isOffer = (fact: Offered | Began): fact is Offered => fact.type === 'call.offered';

/** The call that is meant, else the one that has rung longest; of several pickers each takes another, while there are as many. */
function choose({ call, picker, target, form }: Asked, current: readonly (Offered | Began)[]): Offered | undefined {
  const offers = current.filter(isOffer).filter((one) => one.pickable && one.call !== call && one.caller !== picker);
  if (target !== '' || form === 'order') return offers.find((one) => one.call === target);
  const isTaken = (one: Offered): boolean => current.some((other) => !isOffer(other) && other.call === one.call);
  return offers.find((one) => !isTaken(one)) ?? offers[0];
}

/** What the case knows at its birth. */
export function contextOf({ fact, current }: Input): Context {
  const { form, mode, picker, call: pickerCall, leg: pickerLeg } = fact;
  const { call, callee } = choose(fact, current) ?? { call: '', callee: '' };
  return { form, mode, picker, pickerCall, pickerLeg, call, callee, phones: NOBODY };
}

const about = ({ call, callee, picker, pickerCall }: Context) => ({ call, callee, picker, pickerCall });
const endPicker = ({ pickerCall: to }: Context, status: number, reason: string): CallEnd => ({
  type: 'call.end',
  to,
  status,
  reason,
});

export const pickupSetup = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Heard,
    emitted: {} as
      | (CallAnswer | CallDivert | CallEnd | CallFork | CallJoin | CallKeepOpen | CallLetGo | CallRing | SipRoute)
      | Raw<typeof pickupBegan | typeof pickupWon | typeof pickupLost>,
  },
  delays: { stepLimit: STEP_LIMIT_MS, connectLimit: CONNECT_LIMIT_MS, answerLimit: ANSWER_LIMIT_MS, ringLimit: RING_LIMIT_MS },
  guards: {
    isNothingThere: ({ context }) => context.call === '',
    isNoSuchCall: ({ context }) => context.call === '' && context.form === 'replaces',
    isOrder: ({ context }) => context.form === 'order',
    isJoin: ({ context }) => context.mode === 'join',
    isPickers: ({ context }, { address }: { address: Address }) => address === context.pickerCall,
    isPickerThere: ({ context }) => context.pickerLeg !== '',
    isRingable: ({ event }) => {
      const { rings, wakeable } = event as Found;
      return rings.length > 0 || wakeable;
    },
    isOurs: ({ context }, { call }: { call: Address }) => call === context.call,
    isByPicker: ({ context, event }) => (event as Of<'call.answered'>).answeredBy === context.picker,
  },
  actions: {
    begin: emit(({ context }) => ({ type: 'pickup.began', ...about(context) })),
    answer: emit(({ context }) => ({ type: 'call.answer', to: context.pickerCall, forMs: 2 * STEP_LIMIT_MS + ANSWER_LIMIT_MS })),
    join: emit(({ context }) => ({ type: 'call.join', to: context.call, leg: context.pickerLeg, aor: context.picker })),
    /** The picker may ring oneself, whatever else. */
    ask: emit(({ context }) => {
      const { picker } = context;
      // The call itself does not go there, as long as it does not say so.
      return { type: 'sip.route', to: PORT_SIP, call: '', route: 1, uri: picker, onBehalfOf: picker };
    }),
    keepOpen: emit(({ context }) => ({ type: 'call.keepOpen', to: context.call, forMs: RING_LIMIT_MS, progress: 0 })),
    letGo: emit(({ context }) => ({ type: 'call.letGo', to: context.call })),
    notePhones: enqueueActions(({ event, enqueue }) => {
      const { callee, rings, wakeable, accountPush, forwarding } = event as Found;
      enqueue.assign({ phones: { callee, rings: rings.slice(0, MAX_BINDINGS), wakeable, accountPush, forwarding } });
    }),
    /** Its phones are rung once the picker's own call is over, so that a phone with one line is free; and whoever picks up is there. */
    divert: emit(({ context }) => {
      const { rings: _, ...phones } = context.phones;
      const forwarding = { ...phones.forwarding, always: '' };
      return { type: 'call.divert', to: context.call, why: 'pickedUp', ...phones, rings: [], forwarding };
    }),
    ringBack: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(endPicker(context, 480, 'You Are Called Back'));
      for (const { aor, device, target } of context.phones.rings)
        enqueue.emit({ type: 'call.fork', to: context.call, aor, device, target, callId: '' });
    }),
    ring: emit(({ context }) => {
      const { callee, rings, wakeable, accountPush } = context.phones;
      return { type: 'call.ring', to: context.call, callee, rings, wakeable, accountPush, label: '' };
    }),
    forgetPicker: assign({ pickerLeg: '' }),
    win: emit(({ context }) => ({ type: 'pickup.won', ...about(context) })),
    lose: enqueueActions(({ context, enqueue }, { status, reason }: { status: number; reason: string }) => {
      enqueue.emit({ type: 'pickup.lost', ...about(context), status, reason });
      if (context.pickerLeg !== '') enqueue.emit(endPicker(context, status, reason));
    }),
    dismiss: emit(({ context }) => endPicker(context, 487, 'Caller Has Hung Up')),
    noteGone: emit(({ context }) => ({
      type: 'pickup.lost',
      ...about(context),
      status: 487,
      reason: 'Picker Has Hung Up',
    })),
  },
});
