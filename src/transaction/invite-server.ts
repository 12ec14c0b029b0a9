import type { SipResponse } from '../sip/message.ts';
import { Server } from './server.ts';
import { lifeMs } from './settings.ts';

/** The server side of an INVITE (RFC 3261 §17.2.1 with RFC 6026 §7.1), with the repeating of its 2xx (§13.3.1.4). */
export class InviteServer extends Server {
  #state: 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'ended' = 'proceeding';
  #acknowledged = false;
  #cancelled = false;
  #toTag: string | undefined;

  get answered(): boolean {
    return this.#state !== 'proceeding';
  }

  /** The To tag of the latest provisional response, while there is no final one. */
  get toTag(): string | undefined {
    return this.#toTag;
  }

  start(): void {
    this.waitFor(this.shared.settings.tryingAfterMs);
  }

  repeated(): void {
    // In Accepted and Confirmed it is absorbed (RFC 6026 §7.1): the 2xx has a pace of its own.
    if (this.#state === 'completed') this.repeat();
    else if (this.#state !== 'proceeding') return;
    else if (this.silent) this.#trying();
    else this.repeat();
  }

  respond(response: SipResponse): void {
    const { status } = response;
    if (this.#state === 'accepted') {
      if (status >= 200 && status < 300 && !this.#acknowledged) this.sendFirst(response);
    } else if (this.#state !== 'proceeding') return;
    else if (status < 200) this.#provisional(response);
    else if (status < 300) this.#accept(response);
    else this.#reject(response);
  }

  override acknowledged(): void {
    if (this.#state !== 'accepted' || this.#acknowledged) return;
    this.#acknowledged = true;
    this.handle = undefined;
    this.repeatNoMore();
  }

  /** Takes an ACK. False if it is one to a 2xx, which the user gets. */
  takeAck(): boolean {
    if (this.#state === 'accepted') return false;
    if (this.#state === 'completed') this.#confirm();
    return true;
  }

  /** Takes a CANCEL. True if the user has to hear of it: once, and only while the INVITE is unanswered (RFC 3261 §9.2). */
  takeCancel(): boolean {
    if (this.#state !== 'proceeding' || this.#cancelled) return false;
    this.#cancelled = true;
    return true;
  }

  #trying(): void {
    this.stop();
    this.sendTrying();
  }

  #provisional(response: SipResponse): void {
    this.stop();
    this.#toTag = response.to.params.tag ?? this.#toTag;
    this.sendFirst(response);
  }

  #accept(response: SipResponse): void {
    const { settings } = this.shared;
    this.#state = 'accepted';
    this.#toTag = undefined;
    this.sendFirst(response);
    // Timer L (RFC 6026 §7.1); over reliable transports too the 2xx is repeated until its ACK comes (RFC 3261 §13.3.1.4).
    this.pace(settings.t1Ms, settings.t2Ms, lifeMs(settings));
  }

  #reject(response: SipResponse): void {
    const { settings } = this.shared;
    this.#state = 'completed';
    this.#toTag = undefined;
    this.handle = undefined;
    this.sendFirst(response);
    // Timers G and H; no G where the transport is reliable (RFC 3261 §17.2.1).
    if (this.reliable) this.waitFor(lifeMs(settings));
    else this.pace(settings.t1Ms, settings.t2Ms, lifeMs(settings));
  }

  #confirm(): void {
    this.#state = 'confirmed';
    // Timer I (RFC 3261 §17.2.1).
    if (this.reliable) this.#drop();
    else this.waitFor(this.shared.settings.t4Ms);
  }

  #finish(): void {
    const { handle } = this;
    this.#drop();
    // Only an unacknowledged 2xx still has its handle.
    if (handle !== undefined) this.shared.unacknowledged(handle);
  }

  #drop(): void {
    this.#state = 'ended';
    this.end();
  }

  protected override expire(): void {
    if (this.#state === 'proceeding') this.sendTrying();
    else this.#finish();
  }
}
