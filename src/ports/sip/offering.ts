/** What a fork is offered: the caller's description as the bridge of the two tells it, or that of the service, which speaks for it. */
import type { Told } from '../../media/media.ts';
import { header } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { sdpIn } from '../../sip/sdp.ts';
import type { SipContext } from './context.ts';
import { ask, withSdp } from './described.ts';
import type { LegSide } from './leg-side.ts';
import { SDP_TYPE } from './re-invite.ts';

const CONTENT_TYPE = 'content-type';

/** What becomes of it; `failed` also where it is cancelled first. */
export interface Offering<T> {
  said(offer: T): void;
  failed(status: number, reason: string): void;
}

/** Asks the fork's bridge what it is offered; empty: nothing, so that it makes the offer. Its leg can be cancelled meanwhile. */
export function offerOf(context: SipContext, caller: LegSide, fork: LegSide, { said, failed }: Offering<string>): void {
  const { bridge } = fork;
  const sdp = sdpIn(caller.invite.body, header(caller.invite, CONTENT_TYPE)) ?? '';
  const isAttended = caller.attended !== undefined;
  if (bridge === undefined || (sdp === '' && !isAttended)) {
    said(sdp);
    return;
  }
  let isCancelled = false;
  fork.client = {
    cancel: () => {
      isCancelled = true;
      failed(487, 'Cancelled');
    },
  };
  const question = (told: Told): void => (isAttended ? bridge.offer(told) : bridge.describe('caller', sdp, 'offer', told));
  const settled = (act: () => void): void => {
    if (isCancelled) return;
    fork.client = undefined;
    act();
  };
  ask(
    context,
    fork,
    question,
    (offer) => settled(() => said(offer)),
    ({ status, reason }) => settled(() => failed(status, reason)),
  );
}

/** The INVITE to a fork, with its offer. */
export function offerThrough(
  context: SipContext,
  caller: LegSide,
  fork: LegSide,
  invite: SipRequest,
  offering: Offering<SipRequest>,
): void {
  if (fork.bridge === undefined) {
    offering.said(invite);
    return;
  }
  offerOf(context, caller, fork, {
    said: (offer) => offering.said(withOffer(invite, offer)),
    failed: (status, reason) => offering.failed(status, reason),
  });
}

function withOffer(invite: SipRequest, offer: string): SipRequest {
  const sdp = sdpIn(invite.body, header(invite, CONTENT_TYPE));
  if (sdp !== undefined) return withSdp(invite, sdp, offer);
  if (offer === '') return invite;
  return { ...invite, headers: new Map(invite.headers).set(CONTENT_TYPE, [SDP_TYPE]), body: offer };
}
