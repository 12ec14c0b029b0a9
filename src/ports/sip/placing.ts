/** Orders to place calls (`call.place`): judged, bounded, and begun. */
import type { CallPlace } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import { reasonPhrase } from '../../sip/headers.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { Destination } from './dial-plan.ts';
import { dialledUri } from './dialled-uri.ts';
import { type Order, Placement, type PlacingParts } from './placement.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';

/** Orders under way at once, and orders that may begin within a second: scenarios err too. */
const MAX_UNDER_WAY = 1_000;
const MAX_PER_SECOND = 50;

export class Placements {
  readonly #parts: PlacingParts;
  /** Whether new calls are refused now. */
  readonly #isTooMuch: () => boolean;
  #underWay = 0;
  #secondBegan = 0;
  #begun = 0;

  constructor(parts: PlacingParts, isTooMuch: () => boolean) {
    this.#parts = parts;
    this.#isTooMuch = isTooMuch;
  }

  /** What cannot be done is told as `place.failed`. */
  place(command: CallPlace, author: Address): undefined {
    const { engine } = this.#parts.context;
    const dialled = dialledUri(this.#parts.domains, command.callee);
    const found = this.#whyNotCaller(command) ?? this.#destinationOf(command, dialled);
    if (isRefusal(found) || dialled === undefined) {
      const { status, reason } = isRefusal(found) ? found : NOWHERE_TO_CALL;
      const party = found === NO_CALLER ? 'caller' : 'callee';
      const { place, caller, callee } = command;
      engine.post({
        type: 'place.failed',
        case: author,
        place,
        caller,
        callee,
        party,
        status,
        reason: reason || reasonPhrase(status),
      });
    } else this.#begin({ command, author, destination: found, dialled });
  }

  #whyNotCaller({ caller }: CallPlace): Refusal | undefined {
    const uri = parseUri(caller);
    return uri === undefined || this.#parts.dialPlan.aorOf(uri) !== caller ? NO_CALLER : undefined;
  }

  #destinationOf({ caller }: CallPlace, dialled: SipUri | undefined): Destination | Refusal {
    if (dialled === undefined) return NOWHERE_TO_CALL;
    const destination = this.#parts.dialPlan.resolve(dialled, caller);
    if (isRefusal(destination)) return destination;
    if (destination.menu !== undefined) return refusal(403, 'A Menu Takes No Placed Calls');
    if (destination.callee === caller) return refusal(400, 'Nobody Calls Himself');
    return this.#isAllowed() ? destination : refusal(503, 'Too Many Calls Are Placed');
  }

  #isAllowed(): boolean {
    const nowMs = this.#parts.context.engine.now();
    if (nowMs - this.#secondBegan >= 1_000) {
      this.#secondBegan = nowMs;
      this.#begun = 0;
    }
    if (this.#underWay >= MAX_UNDER_WAY || this.#begun >= MAX_PER_SECOND || this.#isTooMuch()) return false;
    this.#begun++;
    return true;
  }

  #begin(order: Order): void {
    this.#underWay++;
    new Placement(this.#parts, order, () => {
      this.#underWay--;
    }).ring();
  }
}

const NO_CALLER = refusal(404, 'No Such Caller');
const NOWHERE_TO_CALL = refusal(404, 'Malformed Callee');
