/** What the codes of one party do while it talks: the parts that their chart names. */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { Birth } from '../scenario.ts';
import type {
  CallCancelTransfer,
  CallCompleteTransfer,
  CallEnd,
  CallTransfer,
  MediaHold,
  MediaListen,
  MediaPlay,
  MediaRecord,
  MediaResume,
  MediaStopRecording,
} from '../vocabulary/commands.ts';
import type { FactOf, Raw } from '../vocabulary/descriptor.ts';
import type {
  actorEnded,
  callAnswered,
  codePressed,
  commandRefused,
  orderRaised,
  promptEnded,
  recordingEnded,
  recordingStarted,
  streamClosed,
  streamOpened,
  transferProgressed,
} from '../vocabulary/facts.ts';
import { type Address, CALLER_LEG, legAddress, PORT_MEDIA } from '../vocabulary/identity.ts';
import { type InCallOrder, type InCallSettings, ordersOf } from '../vocabulary/ivr.ts';
import type { InCallCode, Prompt } from '../vocabulary/media.ts';

type Answered = FactOf<typeof callAnswered>;
type Heard =
  | Answered
  | FactOf<
      | typeof codePressed
      | typeof transferProgressed
      | typeof promptEnded
      | typeof recordingStarted
      | typeof recordingEnded
      | typeof streamClosed
      | typeof actorEnded
      | typeof commandRefused
    >;
type Of<T extends Heard['type']> = Extract<Heard, { type: T }>;
/** What a case is born with: a party whose media comes to us, and its call if that is answered already. */
export type Input = Birth<FactOf<typeof streamOpened>, Answered, InCallSettings>;

/** What a case keeps. */
export interface Context {
  readonly call: Address;
  readonly leg: Address;
  /** Address of record of its party. */
  readonly user: string;
  readonly isCaller: boolean;
  /** What it may press. */
  readonly orders: readonly InCallOrder[];
  readonly holdMusic: readonly Prompt[];
  /** The leg of the other party; empty before somebody has answered. */
  readonly other: Address;
  readonly isRecording: boolean;
  /** Number of the latest order to the media port. */
  readonly order: number;
}

/** Longer than phones ring: the call tells before. */
const TRANSFER_LIMIT_MS = 660_000;
/** What the party hears to an order that cannot be carried out. */
const REFUSED: readonly Prompt[] = ['tone:congestion', 'silence:200'];

const isTalk = (fact: Answered): boolean => fact.leg !== '';
const otherOf = (context: Pick<Context, 'call' | 'isCaller'>, answered: Answered): Address =>
  context.isCaller ? answered.leg : legAddress(context.call, CALLER_LEG);
const orderOf = ({ orders }: Context, { name }: Of<'code.pressed'>): InCallOrder | undefined =>
  orders.find((one) => one.name === name);
const codeOf = ({ name, code, takesArgument, isHidden }: InCallOrder): InCallCode => ({ name, code, takesArgument, isHidden });

/** What the case knows at its birth. */
export function contextOf({ fact, current, settings }: Input): Context {
  const { call, leg, user } = fact;
  const isCaller = leg === legAddress(call, CALLER_LEG);
  const answered = current.find(isTalk);
  return {
    ...{ call, leg, user, isCaller, isRecording: false, order: 0 },
    orders: ordersOf(settings, user, isCaller ? 'caller' : 'callee'),
    holdMusic: settings.holdMusic,
    other: answered === undefined ? '' : otherOf({ call, isCaller }, answered),
  };
}

const does =
  (what: InCallOrder['does']) =>
  ({ context, event }: { context: Context; event: Heard }): boolean =>
    orderOf(context, event as Of<'code.pressed'>)?.does === what;
const isTransfer = (at: { context: Context; event: Heard }): boolean => does('transfer')(at) || does('attendedTransfer')(at);
const hasNumber = (event: Heard): boolean => (event as Of<'code.pressed'>).argument !== '';
const progressed =
  (what: Of<'transfer.progressed'>['what']) =>
  ({ event }: { event: Heard }): boolean =>
    (event as Of<'transfer.progressed'>).what === what;

const toMedia = ({ call, leg }: Pick<Context, 'call' | 'leg'>) => ({ to: PORT_MEDIA, call, leg }) as const;

export const codesSetup = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Heard,
    emitted: {} as
      | (CallCancelTransfer | CallCompleteTransfer | CallEnd | CallTransfer)
      | (MediaHold | MediaListen | MediaPlay | MediaRecord | MediaResume | MediaStopRecording)
      | Raw<typeof orderRaised>,
  },
  delays: { transferLimit: TRANSFER_LIMIT_MS },
  guards: {
    mayNothing: ({ context }) => context.orders.length === 0,
    isTalking: ({ context }) => context.other !== '',
    isTalk: ({ event }) => isTalk(event as Answered),
    holds: does('hold'),
    transfers: (at) => isTransfer(at),
    transfersThere: (at) => does('transfer')(at) && hasNumber(at.event),
    consultsThere: (at) => does('attendedTransfer')(at) && hasNumber(at.event),
    completes: does('complete'),
    cancels: does('cancel'),
    beginsRecording: (at) => does('record')(at) && !at.context.isRecording,
    endsRecording: does('record'),
    announces: does('announce'),
    raises: does('raise'),
    hangsUp: does('hangUp'),
    isDone: progressed('done'),
    isFailed: progressed('failed'),
    isTransfer: ({ event }) => (event as Of<'command.refused'>).command === 'call.transfer',
    isRecord: ({ event }) => (event as Of<'command.refused'>).command === 'media.record',
  },
  actions: {
    noteOther: assign(({ context, event }) => ({ other: otherOf(context, event as Answered) })),
    listen: emit(({ context }) => ({ type: 'media.listen', ...toMedia(context), codes: context.orders.map(codeOf) })),
    hold: emit(({ context: { call, other: leg, holdMusic: prompts } }) => ({
      type: 'media.hold',
      ...toMedia({ call, leg }),
      prompts,
    })),
    resume: emit(({ context: { call, other: leg } }) => ({ type: 'media.resume', ...toMedia({ call, leg }) })),
    transfer: emit(({ context, event }, { consult }: { consult: boolean }) => {
      const { call: to, other: leg } = context;
      return { type: 'call.transfer', to, leg, callee: (event as Of<'code.pressed'>).argument, consult };
    }),
    complete: emit(({ context }) => ({ type: 'call.completeTransfer', to: context.call })),
    cancel: emit(({ context }) => ({ type: 'call.cancelTransfer', to: context.call })),
    /** Named after the instant, since calls are numbered anew at each start. */
    record: emit(({ context, event }) => {
      const recording = `${context.call.replace(':', '-')}-${(event as Of<'code.pressed'>).at}`;
      return { type: 'media.record', ...toMedia(context), recording };
    }),
    stopRecording: emit(({ context }) => ({ type: 'media.stopRecording', ...toMedia(context) })),
    noteRecording: assign(({ event }) => ({ isRecording: event.type === 'recording.started' })),
    announce: enqueueActions(({ context, event, enqueue }) => {
      const { call, leg, other } = context;
      const prompts = orderOf(context, event as Of<'code.pressed'>)?.prompts ?? [];
      const order = context.order + 1;
      for (const party of [leg, other])
        enqueue.emit({
          type: 'media.play',
          ...toMedia({ call, leg: party }),
          ...{ order, prompts, bargeIn: false, repeat: false },
        });
      enqueue.assign({ order });
    }),
    refuse: enqueueActions(({ context, enqueue }) => {
      const order = context.order + 1;
      const how = { order, prompts: REFUSED, bargeIn: false, repeat: false };
      enqueue.emit({ type: 'media.play', ...toMedia(context), ...how });
      enqueue.assign({ order });
    }),
    raise: emit(({ context, event }) => {
      const { call, leg, user } = context;
      const { argument } = event as Of<'code.pressed'>;
      const name = orderOf(context, event as Of<'code.pressed'>)?.raises ?? '';
      return { type: 'order.raised', name, call, leg, user, from: 'code', argument };
    }),
    hangUp: emit(({ context }) => ({ type: 'call.end', to: context.call, status: 200, reason: 'Hung Up By Code' })),
  },
});
