import type { Wire } from './wire.ts';

/** A phone's wire that may change its network in the middle of a call; `sentBy` is what its Contact and Via claim of it. */
export class RoamingWire implements Wire {
  readonly sentBy?: string;
  onMessage: Wire['onMessage'] = () => {};
  onClosed: Wire['onClosed'] = () => {};
  readonly #first: Wire;
  #current: Wire;

  /** Neither roamed nor lost a connection: otherwise an answer may have gone where nobody was any more (RFC 3261 §18.2.2). */
  isSteady = true;

  constructor(first: Wire, sentBy?: string) {
    if (sentBy !== undefined) this.sentBy = sentBy;
    this.#first = first;
    this.#current = first;
    this.#attach(first);
  }

  /** From now on it is there, and hears nothing of where it was. */
  roam(to: Wire): void {
    this.isSteady = false;
    this.#current.onMessage = () => {};
    this.#current = to;
    this.#attach(to);
  }

  #attach(wire: Wire): void {
    wire.onMessage = (text, remote) => this.onMessage(text, remote);
    wire.onClosed = (remote, why) => {
      this.isSteady = false;
      this.onClosed(remote, why);
    };
  }

  get transport(): Wire['transport'] {
    return this.#current.transport;
  }

  get local(): Wire['local'] {
    return this.#current.local;
  }

  send(...[text, remote]: Parameters<Wire['send']>): void {
    this.#current.send(text, remote);
  }

  close(): void {
    this.#current.close();
    if (this.#first !== this.#current) this.#first.close();
  }

  now(): number {
    return this.#first.now();
  }

  after(...[delayMs, fire]: Parameters<Wire['after']>): () => void {
    return this.#first.after(delayMs, fire);
  }
}
