/** Our side of the signalling with one party (RFC 3261 §12, §13): the caller's leg, or a fork towards one device. */
import { assign, emit, setup } from 'xstate';
import { type Birth, defineScenario, givenByService } from './scenario.ts';
import type { Target } from './vocabulary/binding.ts';
import type { CancelReason, LegCommand, LegHangUp, SipCommand, Taken } from './vocabulary/commands.ts';
import type { FactOf, Raw } from './vocabulary/descriptor.ts';
import {
  ackMissed,
  ackReceived,
  actorEnded,
  answerReceived,
  byeFinished,
  byeReceived,
  cancelReceived,
  dialogMoved,
  failureReceived,
  forkStarted,
  inviteReceived,
  type legAcknowledged,
  type legAnswered,
  type legCancelled,
  type legFailed,
  type legForsaken,
  type legHungUp,
  type legRinging,
  type legSilent,
  mediaRefused,
  prackMissed,
  provisionalReceived,
} from './vocabulary/facts.ts';
import { type Address, PORT_SIP } from './vocabulary/identity.ts';
import { PROVISIONAL_REPEAT_MS, SIXTY_FOUR_T1_MS } from './vocabulary/time.ts';

export interface LegSettings {
  /** How long a fork may go without an answer. */
  readonly ringLimitMs: number;
  /** After how long without any sign of life a fork no longer delays the call's outcome. */
  readonly silentAfterMs: number;
}

type Born = FactOf<typeof inviteReceived | typeof forkStarted>;
type Heard = FactOf<
  | typeof provisionalReceived
  | typeof answerReceived
  | typeof failureReceived
  | typeof cancelReceived
  | typeof ackReceived
  | typeof ackMissed
  | typeof prackMissed
  | typeof mediaRefused
  | typeof byeReceived
  | typeof byeFinished
  | typeof dialogMoved
  | typeof actorEnded
>;

interface Progress {
  readonly fork: Address;
  readonly status: number;
  readonly message: number;
}

interface Context {
  readonly self: Address;
  readonly call: Address;
  readonly settings: LegSettings;
  /** What to ring; null on the caller's leg. */
  readonly fork: { readonly aor: string; readonly device: string; readonly callId: string; readonly target: Target } | null;
  /** What the caller was told last, to be repeated each minute. */
  readonly progress: Progress | null;
  /** Why nobody wants its answer, if so. */
  readonly why: { readonly reason: CancelReason; readonly text: string };
  /** How it shall end once its ACK is here. */
  readonly end: Taken<LegHangUp> | null;
}

type Told = Raw<
  | typeof legRinging
  | typeof legSilent
  | typeof legAnswered
  | typeof legFailed
  | typeof legForsaken
  | typeof legCancelled
  | typeof legAcknowledged
  | typeof legHungUp
>;

const HOW: Readonly<Record<string, Raw<typeof legHungUp>['how']>> = {
  'bye.received': 'bye',
  'ack.missed': 'no-ack',
  'prack.missed': 'no-prack',
  'dialog.moved': 'moved',
};
/** What is told of a dialog, where there is none that it could concern. */
const NO_DIALOG = { 'bye.finished': {}, 'ack.missed': {}, 'dialog.moved': {} } as const;
/** What answers an INVITE, where it has been answered. */
const LATE_ANSWERS = { 'provisional.received': {}, 'answer.received': {}, 'failure.received': {} } as const;
const NO_REASON = { reason: 'none', text: '' } as const;
const device = (context: Context): string => context.fork?.device ?? '';
const messageOf = (event: object): number => ('message' in event ? (event.message as number) : 0);

export const legMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Born, Heard, LegSettings>,
    events: {} as Heard | Taken<LegCommand>,
    emitted: {} as Told | SipCommand,
  },
  delays: {
    ringLimit: ({ context }) => context.settings.ringLimitMs,
    silentAfter: ({ context }) => context.settings.silentAfterMs,
    repeatProvisional: PROVISIONAL_REPEAT_MS,
    giveUp: SIXTY_FOUR_T1_MS,
    // The caller's leg reports a missing ACK after 64*T1; this is only for a caller's leg that failed.
    answerForgotten: 2 * SIXTY_FOUR_T1_MS,
  },
  guards: {
    isFork: ({ context }) => context.fork !== null,
    endsOneFork: ({ event }) => event.type === 'bye.received' && event.fork !== '',
    isTrying: ({ event }) => event.type === 'provisional.received' && event.status === 100,
  },
  actions: {
    // The caller's leg speaks.
    keepProgress: assign({
      progress: ({ event }) => {
        const { fork, status, message } = event as Taken<LegCommand> & { type: 'leg.progress' };
        return { fork, status, message };
      },
    }),
    sendProgress: emit(({ context }) => ({
      type: 'sip.respond',
      to: PORT_SIP,
      leg: context.self,
      fork: context.progress?.fork ?? '',
      status: context.progress?.status ?? 180,
      reason: '',
      message: context.progress?.message ?? 0,
    })),
    sendAnswer: emit(({ context, event }) => {
      const { fork, status, message, media } = event as Taken<LegCommand> & { type: 'leg.answer' };
      const answer = { type: 'sip.respond', to: PORT_SIP, leg: context.self, fork, status, reason: '', message } as const;
      return media === true ? { ...answer, media } : answer;
    }),
    sendRejection: emit(({ context, event }) => {
      const { status, reason, message } = event as Taken<LegCommand> & { type: 'leg.reject' };
      return { type: 'sip.respond', to: PORT_SIP, leg: context.self, fork: '', status, reason, message };
    }),
    rejectMedia: emit(({ context, event }) => {
      const { status, reason } = event as FactOf<typeof mediaRefused>;
      return { type: 'sip.respond', to: PORT_SIP, leg: context.self, fork: '', status, reason, message: 0 };
    }),
    tellNoMedia: emit(({ context, event }) => {
      const { status, reason } = event as FactOf<typeof mediaRefused>;
      return { type: 'leg.failed', call: context.call, leg: context.self, device: '', status, reason, message: 0 };
    }),
    sendServerError: emit(({ context }) => ({
      type: 'sip.respond',
      to: PORT_SIP,
      leg: context.self,
      fork: '',
      status: 500,
      reason: 'Call Failed Here',
      message: 0,
    })),
    sendTerminated: emit(({ context }) => ({
      type: 'sip.respond',
      to: PORT_SIP,
      leg: context.self,
      fork: '',
      status: 487,
      reason: '',
      message: 0,
    })),
    tellCancelled: emit(({ context, event }) => ({
      type: 'leg.cancelled',
      call: context.call,
      leg: context.self,
      reason: event.type === 'cancel.received' ? event.reason : '',
    })),
    tellForsaken: emit(({ context, event }) => ({
      type: 'leg.forsaken',
      call: context.call,
      leg: context.self,
      fork: (event as FactOf<typeof byeReceived>).fork,
    })),
    tellAcknowledged: emit(({ context, event }) => ({
      type: 'leg.acknowledged',
      call: context.call,
      leg: context.self,
      message: messageOf(event),
    })),
    // A fork speaks.
    sendInvite: emit(({ context }) => ({
      type: 'sip.invite',
      to: PORT_SIP,
      leg: context.self,
      call: context.call,
      aor: context.fork?.aor ?? '',
      device: device(context),
      callId: context.fork?.callId ?? '',
      target: context.fork?.target ?? { contact: '', path: [], flow: '', stream: false },
    })),
    keepWhy: assign({
      why: ({ event }) => {
        const { reason, text } = event as Taken<LegCommand> & { type: 'leg.cancel' };
        return { reason, text };
      },
    }),
    sendCancel: emit(({ context: { self: leg, why } }) => ({ type: 'sip.cancel', to: PORT_SIP, leg, ...why })),
    sendAck: emit(({ context, event }) => ({ type: 'sip.ack', to: PORT_SIP, leg: context.self, message: messageOf(event) })),
    sendDiscard: emit(({ context: { self: leg, why } }) => ({ type: 'sip.discard', to: PORT_SIP, leg, ...why })),
    tellRinging: emit(({ context, event }) => {
      const { status, message } = event as FactOf<typeof provisionalReceived>;
      return { type: 'leg.ringing', call: context.call, leg: context.self, device: device(context), status, message };
    }),
    tellSilent: emit(({ context }) => ({ type: 'leg.silent', call: context.call, leg: context.self })),
    tellAnswered: emit(({ context, event }) => {
      const { status, message } = event as FactOf<typeof answerReceived>;
      return { type: 'leg.answered', call: context.call, leg: context.self, status, message };
    }),
    tellFailed: emit(({ context, event }) => {
      const { status, reason, message } = event as FactOf<typeof failureReceived>;
      return { type: 'leg.failed', call: context.call, leg: context.self, device: device(context), status, reason, message };
    }),
    tellRingLimit: emit(({ context }) => ({
      type: 'leg.failed',
      call: context.call,
      leg: context.self,
      device: device(context),
      status: 408,
      reason: 'No Answer',
      message: 0,
    })),
    // Both.
    sendBye: emit(({ context, event }) => {
      const end = event.type === 'leg.hangUp' ? event : context.end;
      const [message, lapse, order] = [end?.message ?? 0, end?.lapse ?? ('' as const), end?.order ?? null];
      return { type: 'sip.bye', to: PORT_SIP, leg: context.self, message, lapse, order };
    }),
    keepEnd: assign({ end: ({ event }) => event as Taken<LegHangUp> }),
    tellHungUp: emit(({ context, event }) => ({
      type: 'leg.hungUp',
      call: context.call,
      leg: context.self,
      how: HOW[event.type] ?? 'failed',
      message: messageOf(event),
    })),
  },
}).createMachine({
  id: 'leg',
  description: 'Our side of the signalling with one party: the caller, or one device that rings (RFC 3261 §12, §13)',
  context: ({ input: { fact, self, settings } }) => ({
    self,
    call: fact.call,
    settings,
    fork: fact.type === 'fork.started' ? { aor: fact.aor, device: fact.device, callId: fact.callId, target: fact.target } : null,
    progress: null,
    why: NO_REASON,
    end: null,
  }),
  initial: 'born',
  states: {
    born: { always: [{ guard: 'isFork', target: 'outgoing' }, { target: 'incoming' }] },
    incoming: {
      description: 'The caller waits for the answer to its INVITE (RFC 3261 §13.3)',
      initial: 'waiting',
      on: {
        ...NO_DIALOG,
        'ack.received': {},
        'leg.answer': { target: 'accepted', actions: 'sendAnswer' },
        'leg.reject': { target: 'ended', actions: 'sendRejection' },
        'leg.hangUp': { target: 'ended', actions: 'sendServerError' },
        'actor.ended': { target: 'ended', actions: 'sendServerError' },
        'cancel.received': { target: 'ended', actions: ['sendTerminated', 'tellCancelled'] },
        // RFC 3261 §15: a caller may end an early dialog with BYE; that of one fork ends no other's.
        'bye.received': [
          { guard: 'endsOneFork', actions: 'tellForsaken' },
          { target: 'ended', actions: ['sendTerminated', 'tellCancelled'] },
        ],
        // The call rejects the INVITE (RFC 3262 §3).
        'prack.missed': { actions: 'tellHungUp' },
        'media.refused': {},
      },
      states: {
        waiting: { on: { 'leg.progress': { target: 'alerting', actions: ['keepProgress', 'sendProgress'] } } },
        alerting: {
          on: { 'leg.progress': { target: 'alerting', reenter: true, actions: ['keepProgress', 'sendProgress'] } },
          after: { repeatProvisional: { target: 'alerting', reenter: true, actions: 'sendProgress' } },
        },
      },
    },
    outgoing: {
      description: 'A device rings, or shall ring (RFC 3261 §13.2)',
      entry: 'sendInvite',
      initial: 'calling',
      on: {
        ...NO_DIALOG,
        'answer.received': { target: 'answered', actions: 'tellAnswered' },
        'failure.received': { target: 'ended', actions: 'tellFailed' },
        'leg.cancel': { target: 'cancelling', actions: 'keepWhy' },
        'leg.hangUp': 'cancelling',
        'actor.ended': 'cancelling',
        // A callee cannot end an early dialog with BYE (RFC 3261 §15).
        'bye.received': {},
      },
      after: { ringLimit: { target: 'cancelling', actions: 'tellRingLimit' } },
      states: {
        calling: {
          // A 100 is no more than a sign of life.
          on: {
            'provisional.received': [
              { guard: 'isTrying', target: 'proceeding' },
              { target: 'proceeding', actions: 'tellRinging' },
            ],
          },
          after: { silentAfter: { target: 'silent', actions: 'tellSilent' } },
        },
        silent: { on: { 'provisional.received': [{ guard: 'isTrying' }, { target: 'proceeding', actions: 'tellRinging' }] } },
        proceeding: { on: { 'provisional.received': [{ guard: 'isTrying' }, { actions: 'tellRinging' }] } },
      },
    },
    answered: {
      description: 'The callee waits for the ACK, which follows the caller’s',
      on: {
        ...NO_DIALOG,
        ...LATE_ANSWERS,
        'leg.acknowledge': { target: 'confirmed', actions: 'sendAck' },
        'leg.cancel': { target: 'discarding', actions: 'keepWhy' },
        'leg.hangUp': 'discarding',
        'actor.ended': 'discarding',
        'bye.received': { target: 'ended', actions: 'tellHungUp' },
      },
      after: { answerForgotten: 'discarding' },
    },
    accepted: {
      description: 'Our 2xx waits for the caller’s ACK (RFC 3261 §13.3.1.4)',
      on: {
        'ack.received': { target: 'confirmed', actions: 'tellAcknowledged' },
        'ack.missed': { target: 'releasing', actions: 'tellHungUp' },
        // The 2xx waited for a PRACK and never left (RFC 3262 §3).
        'prack.missed': { target: 'ended', actions: ['sendServerError', 'tellHungUp'] },
        // The 2xx never left, for want of media that both have.
        'media.refused': { target: 'ended', actions: ['rejectMedia', 'tellNoMedia'] },
        'bye.received': { target: 'ended', actions: 'tellHungUp' },
        // RFC 3261 §15: the callee's side must not send BYE before the ACK.
        'leg.hangUp': { target: 'closing', actions: 'keepEnd' },
        'actor.ended': 'closing',
        'cancel.received': {},
        'leg.progress': {},
        'bye.finished': {},
        'dialog.moved': {},
      },
      after: { answerForgotten: { target: 'releasing', actions: 'tellHungUp' } },
    },
    closing: {
      description: 'Shall end, and may say so once the ACK is here',
      on: {
        'ack.received': 'releasing',
        'ack.missed': 'releasing',
        'prack.missed': { target: 'ended', actions: 'sendServerError' },
        'media.refused': { target: 'ended', actions: 'rejectMedia' },
        'bye.received': 'ended',
        // The CANCEL crossed our 2xx.
        'cancel.received': {},
        'bye.finished': {},
        'dialog.moved': {},
        'leg.hangUp': {},
        'actor.ended': {},
      },
      after: { answerForgotten: 'releasing' },
    },
    confirmed: {
      on: {
        ...LATE_ANSWERS,
        'cancel.received': {},
        'bye.finished': {},
        'bye.received': { target: 'ended', actions: 'tellHungUp' },
        // Its party talks in another call now, by transfer or by Replaces.
        'dialog.moved': { target: 'ended', actions: 'tellHungUp' },
        'leg.hangUp': 'releasing',
        'actor.ended': 'releasing',
        'leg.cancel': 'releasing',
        // The ACK to a re-INVITE's 2xx never came (RFC 3261 §14.2 asks for BYE).
        'ack.missed': { target: 'releasing', actions: 'tellHungUp' },
        'ack.received': {},
        'prack.missed': {},
        'media.refused': {},
      },
    },
    releasing: {
      entry: 'sendBye',
      on: {
        ...LATE_ANSWERS,
        'cancel.received': {},
        'bye.finished': 'ended',
        // Instead of BYE its dialog went to whoever was to have it.
        'dialog.moved': 'ended',
        'bye.received': {},
        'leg.hangUp': {},
        'leg.cancel': {},
        'ack.received': {},
        'ack.missed': {},
        'prack.missed': {},
        'media.refused': {},
        'actor.ended': {},
      },
      after: { giveUp: 'ended' },
    },
    cancelling: {
      description: 'Cancelled, yet its 2xx may still cross (RFC 3261 §9.1, §15)',
      entry: 'sendCancel',
      on: {
        ...NO_DIALOG,
        // A callee cannot end an early dialog with BYE (RFC 3261 §15).
        'bye.received': {},
        'answer.received': 'discarding',
        'failure.received': 'ended',
        'provisional.received': {},
        'leg.cancel': {},
        'leg.hangUp': {},
        'actor.ended': {},
      },
      after: { giveUp: 'ended' },
    },
    discarding: {
      description: 'Its 2xx came too late: ACK and BYE (RFC 3261 §13.2.2.4)',
      entry: 'sendDiscard',
      on: {
        ...NO_DIALOG,
        ...LATE_ANSWERS,
        'bye.finished': 'ended',
        'bye.received': {},
        'leg.hangUp': {},
        'leg.cancel': {},
        'actor.ended': {},
      },
      after: { giveUp: 'ended' },
    },
    ended: { type: 'final' },
  },
});

export const leg = defineScenario({
  name: 'leg',
  startsOn: [inviteReceived.where({}), forkStarted.where({})],
  address: (fact) => fact.leg,
  of: (fact) => fact.call,
  listensTo: (fact, self) => {
    const byRole =
      fact.type === 'invite.received'
        ? [
            cancelReceived.where({ leg: self }),
            ackReceived.where({ leg: self }),
            prackMissed.where({ leg: self }),
            mediaRefused.where({ leg: self }),
          ]
        : [provisionalReceived.where({ leg: self }), answerReceived.where({ leg: self }), failureReceived.where({ leg: self })];
    // Either party may leave the 2xx to its re-INVITE without ACK, and either may go on in another call.
    const ofBoth = [byeReceived, byeFinished, ackMissed, dialogMoved].map((kind) => kind.where({ leg: self }));
    return [...byRole, ...ofBoth, actorEnded.where({ address: fact.call, how: 'failed' })];
  },
  settings: givenByService<LegSettings>,
  machine: legMachine,
  unbounded: {
    'incoming.waiting': 'its call answers or rejects it; a call that crashes tells so',
    'incoming.alerting': 'as long as the call rings somebody; repeats its progress each minute',
    confirmed: 'as its call talks',
  },
});
