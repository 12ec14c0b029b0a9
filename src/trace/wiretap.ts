/** The one tap of the service: shows each message to whoever watches, and is not there while nobody does. */
import { reasonOf } from '../errors.ts';
import type { Tap } from '../transaction/tap.ts';
import type { Flow } from '../transport/transport.ts';
import { type Glance, glanceAt } from './glance.ts';
import { Kinship } from './kinship.ts';

/** Somebody who watches messages. */
export interface Observer {
  /** It never asks which Call-IDs belong together. */
  readonly isKinBlind?: true;
  see(message: Glance): void;
  /** A leg of that call was opened under that Call-ID, for a user of ours if `user` is not empty; asked only of who has it. */
  legAdded?(callId: string, user: string, call: string, leg: string): void;
}

export interface WiretapParts {
  readonly now: () => number;
  /** Puts the tap where messages pass, or takes it away. */
  readonly attach: (tap: Wiretap | undefined) => void;
  /** Tells of each leg that is open. */
  readonly openLegs: (told: (call: string, callId: string, user: string, leg: string) => void) => void;
  readonly report: (problem: string) => void;
}

export class Wiretap implements Tap {
  readonly kinship = new Kinship();
  readonly #parts: WiretapParts;
  #observers: readonly Observer[] = [];
  /** Somebody asks for it. */
  #isKinWanted = false;

  constructor(parts: WiretapParts) {
    this.#parts = parts;
  }

  add(observer: Observer): void {
    this.#changeObservers([...this.#observers, observer]);
    if (this.#observers.length === 1) this.#parts.attach(this);
    this.#parts.openLegs((call, callId, user, leg) => {
      if (this.#isKinWanted) this.kinship.add(call, callId);
      if (this.#observers.includes(observer)) this.#guarded(observer, () => observer.legAdded?.(callId, user, call, leg));
    });
  }

  remove(observer: Observer): void {
    if (!this.#observers.includes(observer)) return;
    this.#changeObservers(this.#observers.filter((other) => other !== observer));
    if (this.#observers.length > 0) return;
    this.#parts.attach(undefined);
  }

  #changeObservers(observers: readonly Observer[]): void {
    this.#observers = observers;
    this.#isKinWanted = observers.some(({ isKinBlind }) => isKinBlind !== true);
    if (!this.#isKinWanted) this.kinship.clear();
  }

  received(bytes: Buffer, flow: Flow): void {
    this.#show(bytes.toString('latin1'), flow, true);
  }

  sent(message: string, flow: Flow): void {
    this.#show(message, flow, false);
  }

  /** A leg of a call was opened. */
  legAdded(call: string, callId: string, user: string, leg: string): void {
    if (this.#isKinWanted) this.kinship.add(call, callId);
    for (const observer of this.#observers) this.#guarded(observer, () => observer.legAdded?.(callId, user, call, leg));
  }

  #show(text: string, flow: Flow, isIncoming: boolean): void {
    const message = glanceAt(text, flow, isIncoming, this.#parts.now());
    for (const observer of this.#observers) {
      try {
        observer.see(message);
      } catch (error) {
        this.#detach(observer, error);
      }
    }
  }

  /** Who watches costs nobody a call. */
  #guarded(observer: Observer, look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#detach(observer, error);
    }
  }

  #detach(observer: Observer, error: unknown): void {
    this.remove(observer);
    this.#parts.report(`who watched messages threw and was detached: ${reasonOf(error)}`);
  }
}
