/** How long phones that sleep take to be there: from the push to the REGISTER that it brings, and from there to the first ringing. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, callEnded, callOffered, forkStarted, legRinging } from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';

type Folded = FactOf<typeof callOffered | typeof forkStarted | typeof legRinging | typeof callEnded | typeof actorEnded>;

/** One call that somebody is woken for. */
interface Waking {
  /** When each callee was looked for last, and pushed in that very instant. */
  readonly sinceMs: Map<string, number>;
  /** Legs towards phones that were woken and do not ring yet. */
  readonly legs: Map<Address, { readonly pushedAtMs: number; readonly cameAtMs: number }>;
}

/** Hears lengths in milliseconds. */
export interface WakeTimesHeard {
  registered(afterMs: number): void;
  rang(afterPushMs: number, afterRegisterMs: number): void;
}

/** Addresses of the cases that wake phones begin so; the engine mints them. */
const WAKERS = 'push-notification:';
/** A call through a large group wakes many; more of them are not timed. */
const MAX_CALLEES = 64;
const MAX_LEGS = 256;

export class WakeTimes {
  readonly folds = [callOffered.fact, forkStarted.fact, legRinging.fact, callEnded.fact, actorEnded.fact];
  readonly answers: readonly string[] = [];
  readonly #calls = new Map<Address, Waking>();
  readonly #heard: WakeTimesHeard;

  constructor(heard: WakeTimesHeard) {
    this.#heard = heard;
  }

  /** Calls that somebody is woken for. */
  get size(): number {
    return this.#calls.size;
  }

  current(): readonly never[] {
    return [];
  }

  fold(fact: Folded): void {
    if (fact.type === 'call.offered') {
      if (fact.wakeable) this.#offered(fact);
      return;
    }
    if (this.#calls.size === 0) return;
    if (fact.type === 'fork.started') this.#forked(fact);
    else if (fact.type === 'leg.ringing') this.#rang(fact);
    else this.#calls.delete(fact.type === 'call.ended' ? fact.call : fact.address);
  }

  #offered({ call, callee, at }: FactOf<typeof callOffered>): void {
    let waking = this.#calls.get(call);
    if (waking === undefined) {
      waking = { sinceMs: new Map(), legs: new Map() };
      this.#calls.set(call, waking);
    }
    if (waking.sinceMs.size < MAX_CALLEES) waking.sinceMs.set(callee, at);
  }

  #forked({ call, leg, aor, case: by, at }: FactOf<typeof forkStarted>): void {
    if (!by.startsWith(WAKERS)) return;
    const waking = this.#calls.get(call);
    const pushedAtMs = waking?.sinceMs.get(aor);
    if (waking === undefined || pushedAtMs === undefined) return;
    this.#heard.registered(at - pushedAtMs);
    if (waking.legs.size < MAX_LEGS) waking.legs.set(leg, { pushedAtMs, cameAtMs: at });
  }

  #rang({ call, leg, at }: FactOf<typeof legRinging>): void {
    const legs = this.#calls.get(call)?.legs;
    const woken = legs?.get(leg);
    if (legs === undefined || woken === undefined) return;
    legs.delete(leg);
    this.#heard.rang(at - woken.pushedAtMs, at - woken.cameAtMs);
  }
}
