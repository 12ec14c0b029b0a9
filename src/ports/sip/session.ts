/** Whether the parties of a talk are still there: by the refreshes they agreed on (RFC 4028), else by asking each now and then. */
import type { LapseReason } from '../../../machines/vocabulary/commands.ts';
import { requestIn } from '../../sip/dialog.ts';
import type { SipRequest } from '../../sip/message.ts';
import { send } from './attempt.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';
import { wayIn } from './routing.ts';
import { type Agreed, agreeInterval } from './session-interval.ts';

/** RFC 4028 §10: BYE goes out so long before the session expires, or a third of its interval if that is less. */
const BEFORE_EXPIRY_MS = 32_000;
/** A party that left one question open is asked once more, after so long: its phone may be changing networks. */
const ASK_AGAIN_MS = 30_000;
const MAX_UNANSWERED = 2;

/** A 2xx to INVITE or UPDATE goes from `uas` back to `uac`: from now on both are watched as it says; `headers` is changed. */
export function agree(
  context: SipContext,
  uac: LegSide,
  uas: LegSide | undefined,
  request: SipRequest,
  headers: Map<string, readonly string[]>,
): void {
  const agreed = agreeInterval(context.settings, request, headers);
  // Who shall refresh is the first to be found missing.
  const [first, second] = agreed.refresher === 'uac' ? [uac, uas] : [uas, uac];
  for (const side of [first, second]) if (side !== undefined) watch(context, side, agreed);
}

/** Watches one party: for refreshes within that interval, or by questions where it is 0. */
export function watch(context: SipContext, side: LegSide, { seconds }: Pick<Agreed, 'seconds'>): void {
  const { watched } = side;
  if (watched !== undefined && watched.seconds === 0 && seconds === 0) return;
  unwatch(context, side);
  side.watched = { seconds, unanswered: 0, timer: undefined };
  if (seconds === 0) askLater(context, side, context.settings.aliveCheckMs);
  else {
    const intervalMs = seconds * 1000;
    side.watched.timer = context.timers.set(intervalMs - Math.min(BEFORE_EXPIRY_MS, intervalMs / 3), () =>
      lapse(context, side, 'expired'),
    );
  }
}

/** Nobody is watched any more. */
export function unwatch(context: SipContext, side: LegSide): void {
  context.timers.clear(side.watched?.timer);
  side.watched = undefined;
}

/** Tells the call that a party is gone. */
export function lapse(context: SipContext, side: LegSide, why: Exclude<LapseReason, ''>): void {
  if (side.isReleased || side.isClosed) return;
  unwatch(context, side);
  context.engine.post({ type: 'session.lapsed', call: side.call, leg: side.address, why });
}

function askLater(context: SipContext, side: LegSide, delayMs: number): void {
  if (side.watched === undefined || delayMs === 0) return;
  side.watched.timer = context.timers.set(delayMs, () => ask(context, side));
}

/** An OPTIONS inside the dialog: any answer shows that the party is there, but 408, and 481 shows that it forgot the call. */
function ask(context: SipContext, side: LegSide): void {
  const { dialog, watched } = side;
  if (dialog === undefined || watched === undefined || side.isReleased) return;
  const isOver = () => side.watched !== watched;
  const unanswered = () => {
    if (isOver()) return;
    watched.unanswered++;
    if (watched.unanswered >= MAX_UNANSWERED) lapse(context, side, 'silent');
    else askLater(context, side, ASK_AGAIN_MS);
  };
  const options = requestIn(dialog, 'OPTIONS', { contact: side.contact });
  send(context, wayIn(context, side, dialog), () => options, {
    response: ({ status }) => {
      if (status < 200 || isOver()) return;
      if (status === 481) lapse(context, side, 'unknown');
      else if (status === 408) unanswered();
      else {
        watched.unanswered = 0;
        askLater(context, side, context.settings.aliveCheckMs);
      }
    },
    timedOut: unanswered,
    failed: unanswered,
  });
}
