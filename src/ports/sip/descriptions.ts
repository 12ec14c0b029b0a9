/** The session description as each party sees it: passed as it came, until a leg is re-coupled and numbers its own. */
import type { Dialog } from '../../sip/dialog.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { continued, fitted, mediaLinesOf } from '../../sip/sdp-session.ts';

/** The body that the dialog's party is sent; what it says of the session is remembered. */
export function bodyFor(dialog: Dialog, body: string, contentType: string | undefined): string {
  const sdp = sdpIn(body, contentType);
  if (sdp === undefined) return body;
  if (dialog.lines === undefined) {
    dialog.sent = sdp;
    return body;
  }
  const own = continued(dialog.sent, fitted(sdp, dialog.lines));
  dialog.sent = own;
  dialog.lines = mediaLinesOf(own);
  return sdp === body ? own : body.replace(sdp, () => own);
}

/** Notes what the party of a re-coupled dialog says of the session. */
export function noteBody(dialog: Dialog, body: string, contentType: string | undefined): void {
  if (dialog.lines === undefined) return;
  const sdp = sdpIn(body, contentType);
  if (sdp !== undefined) dialog.lines = mediaLinesOf(sdp);
}

/** From now on the dialog keeps its own o= and m-lines, since who speaks behind us changes (RFC 3264 §8). */
export function recouple(dialog: Dialog): void {
  dialog.lines ??= mediaLinesOf(dialog.sent);
}
