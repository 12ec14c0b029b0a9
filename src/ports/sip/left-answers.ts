/** What is left of requests whose call is over while the dialog in which they came goes on in another one. */
import { type Dialog, endOffer } from '../../sip/dialog.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';

/**
 * 2xx to re-INVITEs that still wait for their ACK: they are repeated until it comes, for 64*T1 (RFC 3261 §13.3.1.4), and the
 * offer stays open as long, so that no other is made to that party (§14.1).
 */
export class LeftAnswers {
  readonly #dialogs = new Map<ServerTransaction, Dialog>();

  get size(): number {
    return this.#dialogs.size;
  }

  add(server: ServerTransaction, dialog: Dialog): void {
    this.#dialogs.set(server, dialog);
    dialog.offer = 'theirs';
  }

  /** False if none waits for this ACK. */
  acknowledged(dialog: Dialog | undefined, ack: SipRequest): boolean {
    for (const [server, other] of this.#dialogs) {
      if (other !== dialog || server.request.cseq.seq !== ack.cseq.seq) continue;
      this.settle(server);
      return true;
    }
    return false;
  }

  /** Waits no more for the ACK to that 2xx; the dialog in which it was given, if it is one of these. */
  settle(server: ServerTransaction): Dialog | undefined {
    const dialog = this.#dialogs.get(server);
    if (dialog === undefined) return undefined;
    this.#dialogs.delete(server);
    server.acknowledged();
    endOffer(dialog);
    return dialog;
  }

  /** The dialog is over. */
  close(dialog: Dialog | undefined): void {
    for (const [server, other] of this.#dialogs) if (other === dialog) this.settle(server);
  }
}
