/** A user's dialogs as its calls tell of them: pure changes of one list. */
import type { FactOf } from '../vocabulary/descriptor.ts';
import type {
  callAnswered,
  callCancelled,
  callDiverted,
  callEnded,
  calleeDropped,
  callFailed,
  callOffered,
  callRinging,
  dialogEnded,
} from '../vocabulary/facts.ts';
import { type DialogEvent, type DialogState, MAX_WATCHED_DIALOGS, type WatchedDialog } from '../vocabulary/watching.ts';

/** A dialog, and whether the watcher has yet to hear of its present state. */
export interface Kept extends WatchedDialog {
  readonly isNews: boolean;
  /** The watcher has heard of it, so that it must hear of its end too. */
  readonly wasTold: boolean;
}
export type Dialogs = readonly Kept[];
type Direction = WatchedDialog['direction'];

export type CallFact = FactOf<
  | typeof callOffered
  | typeof callRinging
  | typeof callAnswered
  | typeof callDiverted
  | typeof calleeDropped
  | typeof callFailed
  | typeof callCancelled
  | typeof callEnded
  | typeof dialogEnded
>;
type Of<T extends CallFact['type']> = Extract<CallFact, { type: T }>;

const isThat = (known: WatchedDialog, call: string, direction: Direction): boolean =>
  known.call === call && known.direction === direction;

const RANK: Readonly<Record<DialogState, number>> = { trying: 0, early: 1, confirmed: 2, terminated: 3 };

type Said = Pick<WatchedDialog, 'call' | 'direction' | 'state' | 'remote' | 'remoteName'>;

/** A dialog is there, at least in that state: a state never goes back. */
function reach(dialogs: Dialogs, said: Said): Dialogs {
  const known = dialogs.find((one) => isThat(one, said.call, said.direction));
  if (known === undefined) {
    if (dialogs.length >= MAX_WATCHED_DIALOGS) return dialogs;
    return [...dialogs, { ...said, event: '', isNews: true, wasTold: false }];
  }
  // Rung again by the same call after it was given up.
  const isAgain = known.state === 'terminated' && said.state !== 'terminated' && said.direction === 'recipient';
  if (!isAgain && RANK[known.state] >= RANK[said.state]) return dialogs;
  const changed: Kept = { ...known, ...said, event: '', isNews: true };
  return dialogs.map((one) => (one === known ? changed : one));
}

/** It is over; one that the watcher never heard of is none. */
function terminate(dialogs: Dialogs, call: string, event: DialogEvent, direction?: Direction): Dialogs {
  const isMeant = (one: Kept): boolean =>
    one.call === call && one.state !== 'terminated' && (direction === undefined || one.direction === direction);
  if (!dialogs.some(isMeant)) return dialogs;
  return dialogs
    .filter((one) => !isMeant(one) || one.wasTold)
    .map((one) => (isMeant(one) ? { ...one, state: 'terminated', event, isNews: true } : one));
}

function whyFailed(status: number): DialogEvent {
  if (status === 408 || status === 480) return 'timeout';
  return status >= 500 && status < 600 ? 'error' : 'rejected';
}

function offered(
  dialogs: Dialogs,
  watched: string,
  { call, caller, callerName, callee, placedBy, code }: Of<'call.offered'>,
): Dialogs {
  let now = dialogs;
  if (callee === watched && code === '')
    now = reach(now, { call, direction: 'recipient', state: 'early', remote: caller, remoteName: callerName });
  if (caller === watched && placedBy === '')
    now = reach(now, { call, direction: 'initiator', state: 'trying', remote: callee, remoteName: '' });
  return now;
}

function answered(dialogs: Dialogs, watched: string, fact: Of<'call.answered'>): Dialogs {
  const { call, caller, callee, answeredBy, shown, callerName } = fact;
  let now = dialogs;
  if (answeredBy === watched)
    now = reach(now, { call, direction: 'recipient', state: 'confirmed', remote: shown, remoteName: callerName });
  // Somebody else took what rang for this user: another of a group, or a colleague who picked it up.
  else now = terminate(now, call, 'replaced', 'recipient');
  if (caller === watched) now = reach(now, { call, direction: 'initiator', state: 'confirmed', remote: callee, remoteName: '' });
  return now;
}

/** What a fact makes of the dialogs of a user. */
export function after(dialogs: Dialogs, watched: string, fact: CallFact): Dialogs {
  switch (fact.type) {
    case 'call.offered':
      return offered(dialogs, watched, fact);
    case 'call.ringing':
      return reach(dialogs, { call: fact.call, direction: 'initiator', state: 'early', remote: fact.callee, remoteName: '' });
    case 'call.answered':
      return answered(dialogs, watched, fact);
    case 'call.diverted':
      return terminate(dialogs, fact.call, fact.why === 'pickedUp' ? 'replaced' : 'cancelled', 'recipient');
    case 'callee.dropped':
      return terminate(dialogs, fact.call, 'cancelled', 'recipient');
    case 'call.failed':
      return terminate(dialogs, fact.call, whyFailed(fact.status));
    case 'call.cancelled':
      return terminate(dialogs, fact.call, 'cancelled');
    case 'call.ended':
      return terminate(dialogs, fact.call, '');
    case 'dialog.ended':
      return terminate(dialogs, fact.call, 'error');
  }
}

/** As after a NOTIFY with all news: who is gone is forgotten. */
export const told = (dialogs: Dialogs): Dialogs =>
  dialogs.some(({ isNews }) => isNews)
    ? dialogs.filter(({ state }) => state !== 'terminated').map((one) => ({ ...one, isNews: false, wasTold: true }))
    : dialogs;

/** As others are told of it. */
export const shown = ({ call, direction, state, event, remote, remoteName }: Kept): WatchedDialog => ({
  call,
  direction,
  state,
  event,
  remote,
  remoteName,
});
