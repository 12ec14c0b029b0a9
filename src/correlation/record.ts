/** The record of a call: its history as one flat object for a machine to read. Pure; the service writes it as a line of JSON. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import type { callAnswered, forkStarted, legClosed } from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import { type Happening, type History, outcomeOf } from './history.ts';
import { isoTime } from './iso-time.ts';

/** Grows by one when a key changes its meaning or goes; new keys do not count. */
export const RECORD_VERSION = 1;

/** One side of a call on the wire; empty where the port never had it. */
export interface RecordedLeg {
  readonly callId: string;
  readonly transport: string;
  readonly local: string;
  readonly remote: string;
}

/** One try towards one device. */
export interface RecordedFork extends RecordedLeg {
  readonly device: string;
  /** Its Contact, without pn-*. */
  readonly target: string;
  /** True if it was woken, or registered while the call went on. */
  readonly joined: boolean;
  readonly calledAt: string;
  readonly rangAt: string | null;
  readonly answeredAt: string | null;
  readonly endedAt: string;
  /** Its final answer; 0 if it was cancelled. */
  readonly status: number;
  readonly reason: string;
  /** Why it did not become the call; empty on the one that did. */
  readonly why: Why | '';
}

/** Why a fork did not become the call. */
export type Why =
  | 'busy'
  | 'declined'
  | 'no answer'
  | 'unreachable'
  | 'unavailable'
  | 'redirected'
  | 'refused'
  | 'answered elsewhere'
  | 'caller gave up'
  | 'call ended';

export interface RecordedPush {
  readonly device: string;
  readonly provider: string;
  readonly at: string;
  /** Empty: the push service took it. */
  readonly failed: string;
}

/** Where the call was sent on to: a target of its callee's, a redirection, a scenario's. */
export interface RecordedDiversion {
  readonly at: string;
  /** Empty where it led nowhere; then why. */
  readonly to: string;
  readonly status: number;
  readonly reason: string;
}

/** A pickup of the call, or by the call (`pickerCall`). */
export interface RecordedPickup {
  readonly at: string;
  readonly picker: string;
  /** Whom it rang for; empty where nothing rang. */
  readonly callee: string;
  /** The call that was wanted, and the picker's own; empty where there is none. */
  readonly call: Address;
  readonly pickerCall: Address;
  /** 0: the picker has it; else why not. */
  readonly status: number;
  readonly reason: string;
}

/** One call. Times are UTC with milliseconds; null: it did not come to that. */
export interface CallRecord {
  readonly v: typeof RECORD_VERSION;
  readonly call: Address;
  readonly caller: string;
  readonly callee: string;
  /** The call that this one goes on from, by transfer or Replaces, and who transferred; empty for a new one. */
  readonly continues: Address;
  readonly transferredBy: string;
  /** Who had it placed (`call.place`): then nobody called, and `caller` is who was shown to the phones. Empty for others. */
  readonly placedBy: Address;
  /** The Request-URI as it came, From and To as they stood. */
  readonly dialled: string;
  readonly from: { readonly uri: string; readonly name: string };
  readonly to: { readonly uri: string; readonly name: string };
  readonly userAgent: string;
  readonly startAt: string;
  readonly ringAt: string | null;
  readonly answerAt: string | null;
  readonly endAt: string;
  /** From the INVITE to the answer, or to the end if there was none. */
  readonly waitMs: number;
  /** From the answer to the end. */
  readonly talkMs: number;
  readonly outcome: 'answered' | 'failed' | 'cancelled' | 'crashed';
  readonly endedBy: 'caller' | 'callee' | 'service';
  /** `bye`, `cancel`, `failed` (a final answer), `ordered` (a scenario, or the service stopping), `crashed`, `expired`, `silent` or `unknown` (a party was gone), `moved` (a party talks on in another call), else how a leg was lost. */
  readonly how: string;
  /** The final answer to the caller's INVITE. */
  readonly status: number;
  readonly reason: string;
  /** Reason headers that the parties sent (RFC 3326). */
  readonly reasonHeaders: readonly string[];
  readonly leg: RecordedLeg;
  readonly forks: readonly RecordedFork[];
  readonly pushes: readonly RecordedPush[];
  readonly diversions: readonly RecordedDiversion[];
  readonly pickups: readonly RecordedPickup[];
}

type Of<T extends Happening['type']> = Extract<Happening, { type: T }>;
type Closed = FactOf<typeof legClosed>;
type Started = FactOf<typeof forkStarted>;

/** The record of a call that is over. */
export function recordOf(history: History): CallRecord {
  const { birth, facts, endedAtMs } = history;
  const find = <T extends Happening['type']>(type: T): Of<T> | undefined =>
    facts.find((fact): fact is Of<T> => fact.type === type);
  const closed = facts.filter((fact): fact is Closed => fact.type === 'leg.closed');
  const leg = closed.find((one) => one.leg === birth.leg);
  const answered = find('call.answered');
  const winner = winnerOf(facts);
  const failed = find('call.failed');
  const ring = facts.find((fact) => fact.type === 'leg.ringing' && fact.status === 180);
  return {
    v: RECORD_VERSION,
    call: birth.call,
    caller: birth.caller,
    callee: birth.callee,
    continues: birth.continues,
    transferredBy: birth.transferredBy,
    placedBy: birth.placedBy,
    dialled: leg?.uri ?? '',
    from: { uri: leg?.fromUri ?? '', name: leg?.fromName ?? '' },
    to: { uri: leg?.toUri ?? '', name: leg?.toName ?? '' },
    userAgent: leg?.userAgent ?? '',
    startAt: isoTime(birth.at),
    ringAt: timeOf(ring),
    answerAt: timeOf(answered),
    endAt: isoTime(endedAtMs),
    waitMs: Math.round((answered?.at ?? endedAtMs) - birth.at),
    talkMs: answered === undefined ? 0 : Math.round(endedAtMs - answered.at),
    ...outcomeOf(history),
    ...enderOf(history),
    reason: failed?.reason ?? '',
    reasonHeaders: [...new Set(closed.map(({ reason }) => reason).filter((reason) => reason !== ''))],
    leg: wireOf(leg),
    forks: facts
      .filter((fact): fact is Started => fact.type === 'fork.started')
      .map((fork) => forkOf(fork, history, closed, winner)),
    pushes: facts.flatMap((fact) => pushOf(fact)),
    diversions: facts.flatMap((fact) => diversionOf(fact)),
    pickups: facts.flatMap((fact) => pickupOf(fact)),
  };
}

interface Winner {
  readonly fork: Started;
  readonly answered: FactOf<typeof callAnswered>;
}

/** Who talks to the caller: of several tries to one device the last one before its answer. The service may have answered first. */
function winnerOf(facts: readonly Happening[]): Winner | undefined {
  const answered = facts.findLast((fact) => fact.type === 'call.answered' && fact.device !== '') as
    | Winner['answered']
    | undefined;
  if (answered === undefined) return undefined;
  const fork = facts.findLast(
    (fact): fact is Started => fact.type === 'fork.started' && fact.device === answered.device && fact.seq < answered.seq,
  );
  return fork === undefined ? undefined : { fork, answered };
}

/** What decided, after its start, that a fork rings no more. */
function decisionOn({ seq }: Started, { birth, facts }: History): Happening | undefined {
  return facts.find((fact) => {
    if (fact.seq < seq) return false;
    if (fact.type === 'leg.hungUp') return fact.leg === birth.leg && fact.how === 'bye';
    return fact.type === 'call.answered' || fact.type === 'call.cancelled' || fact.type === 'call.failed';
  });
}

const timeOf = (fact: Happening | undefined): string | null => (fact === undefined ? null : isoTime(fact.at));

const wireOf = (leg: Closed | undefined): RecordedLeg => ({
  callId: leg?.callId ?? '',
  transport: leg?.transport ?? '',
  local: leg?.local ?? '',
  remote: leg?.remote ?? '',
});

/** The first that ended it: what crossed that end does not count. */
function enderOf({ birth, facts, hasFailed }: History): Pick<CallRecord, 'endedBy' | 'how'> {
  if (hasFailed) return { endedBy: 'service', how: 'crashed' };
  for (const fact of facts) {
    if (fact.type === 'call.cancelled') return { endedBy: 'caller', how: 'cancel' };
    if (fact.type === 'call.failed') return { endedBy: isCallees(facts, fact.status) ? 'callee' : 'service', how: 'failed' };
    if (fact.type === 'session.lapsed') return { endedBy: 'service', how: fact.why };
    if (fact.type === 'leg.hungUp') return hangerUp(birth, fact);
  }
  return { endedBy: 'service', how: 'ordered' };
}

function hangerUp({ leg, placedBy }: History['birth'], hungUp: Of<'leg.hungUp'>): Pick<CallRecord, 'endedBy' | 'how'> {
  const isCaller = hungUp.leg === leg;
  // Nobody was there to hang up: whom it was placed to call could not be had.
  if (isCaller && placedBy !== '') return { endedBy: 'service', how: 'ordered' };
  if (hungUp.how !== 'bye') return { endedBy: 'service', how: hungUp.how };
  return { endedBy: isCaller ? 'caller' : 'callee', how: 'bye' };
}

/** Whether a device gave that answer, rather than we for want of one. */
const isCallees = (facts: readonly Happening[], status: number): boolean =>
  facts.some((fact) => fact.type === 'leg.failed' && fact.status === status && fact.message !== 0);

function forkOf(fork: Started, history: History, closed: readonly Closed[], winner: Winner | undefined): RecordedFork {
  const { facts, endedAtMs } = history;
  const ofLeg = (type: Happening['type']): Happening | undefined =>
    facts.find((fact) => fact.type === type && 'leg' in fact && fact.leg === fork.leg);
  const wire = closed.find(({ leg }) => leg === fork.leg);
  const failed = ofLeg('leg.failed') as Of<'leg.failed'> | undefined;
  const isWinner = winner?.fork === fork && failed === undefined;
  const decided = failed ?? (isWinner ? undefined : decisionOn(fork, history));
  return {
    device: fork.device,
    target: wire?.uri ?? '',
    joined: fork.case !== '',
    ...wireOf(wire),
    callId: wire?.callId ?? fork.callId,
    calledAt: isoTime(fork.at),
    rangAt: timeOf(ofLeg('leg.ringing')),
    answeredAt: isWinner ? timeOf(winner.answered) : null,
    endedAt: isoTime(decided?.at ?? endedAtMs),
    status: isWinner ? 200 : (failed?.status ?? 0),
    reason: failed?.reason ?? '',
    why: isWinner
      ? ''
      : failed !== undefined
        ? whyFailed(failed)
        : whyCancelled(decided, ofLeg('leg.silent') !== undefined && ofLeg('leg.ringing') === undefined),
  };
}

const BY_STATUS: Readonly<Record<number, Why>> = {
  404: 'unavailable',
  410: 'unavailable',
  480: 'unavailable',
  486: 'busy',
  600: 'busy',
  603: 'declined',
};

/** What a fork's failure means. */
export function whyFailed({ status, reason, message }: Of<'leg.failed'>): Why {
  // Without a message it is ours: the ring limit, else nothing came back (408) or there is no way to the device (430).
  if (message === 0) return status === 408 && reason !== '' ? 'no answer' : 'unreachable';
  return BY_STATUS[status] ?? (status < 400 ? 'redirected' : 'refused');
}

function whyCancelled(decided: Happening | undefined, isSilent: boolean): Why {
  if (decided?.type === 'call.answered') return 'answered elsewhere';
  if (decided?.type === 'call.cancelled' || decided?.type === 'leg.hungUp') return 'caller gave up';
  return isSilent ? 'unreachable' : 'call ended';
}

function diversionOf(fact: Happening): RecordedDiversion[] {
  if (fact.type === 'route.found') return [{ at: isoTime(fact.at), to: fact.callee, status: 0, reason: '' }];
  if (fact.type === 'route.failed') return [{ at: isoTime(fact.at), to: '', status: fact.status, reason: fact.reason }];
  return [];
}

function pickupOf(fact: Happening): RecordedPickup[] {
  if (fact.type !== 'pickup.won' && fact.type !== 'pickup.lost') return [];
  const { picker, callee, call, pickerCall } = fact;
  const { status, reason } = fact.type === 'pickup.lost' ? fact : { status: 0, reason: '' };
  return [{ at: isoTime(fact.at), picker, callee, call, pickerCall, status, reason }];
}

function pushOf(fact: Happening): RecordedPush[] {
  if (fact.type !== 'push.delivered' && fact.type !== 'push.failed') return [];
  const { device, provider, at } = fact;
  return [{ device, provider, at: isoTime(at), failed: fact.type === 'push.failed' ? fact.why : '' }];
}
