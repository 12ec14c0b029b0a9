/** Answers a call's questions where a URI or a redirection leads. */
import type { Ring } from '../../../machines/vocabulary/binding.ts';
import type { SipFollow, SipRoute } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { SipContext } from './context.ts';
import type { Destination, DialPlan } from './dial-plan.ts';
import { contactsByPreference } from './diversion.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';

export class Routes {
  readonly #context: SipContext;
  readonly #dialPlan: DialPlan;

  constructor(context: SipContext, dialPlan: DialPlan) {
    this.#context = context;
    this.#dialPlan = dialPlan;
  }

  /** Where that URI leads, and what rings there now. */
  route({ call, route, uri, digits, onBehalfOf }: SipRoute, author: Address): undefined {
    const written = parseUri(uri);
    const parsed = digits === undefined ? written : written && dialledBehind(written, digits);
    const found = parsed === undefined ? refusal(404, 'Malformed Target') : this.#dialPlan.resolve(parsed, onBehalfOf);
    this.#answer(call, route, [found], author);
  }

  /** The contacts of a redirection, which lead where its device's user may go (RFC 3261 §8.1.3.4). */
  follow({ call, route, message, onBehalfOf }: SipFollow, author: Address): undefined {
    const redirection = this.#context.legs.message(message);
    const found = contactsByPreference(redirection).map((uri) => this.#dialPlan.resolve(uri, onBehalfOf));
    this.#answer(call, route, found.length === 0 ? [refusal(480, 'Redirected Nowhere')] : found, author);
  }

  /** One answer for all destinations; the first one's name stands for them. */
  #answer(call: Address, route: number, found: readonly (Destination | Refusal)[], author: Address): void {
    const askedBy = author === call ? '' : author;
    const destinations = found.filter((one): one is Destination => !isRefusal(one));
    const [first] = destinations;
    if (first === undefined) {
      const refused = found.find(isRefusal) ?? refusal(404, '');
      this.#context.engine.post({
        type: 'route.failed',
        call,
        route,
        status: refused.status,
        reason: refused.reason,
        case: askedBy,
      });
      return;
    }
    const { callee, accountPush, forwarding } = first;
    const rings = destinations.flatMap((one) => [...this.#awake(one.callee), ...one.rings]);
    const wakeable = accountPush.provider !== '' || this.#context.location.of(callee).some(({ asleep }) => asleep);
    this.#context.engine.post({
      type: 'route.found',
      call,
      route,
      callee,
      rings,
      wakeable,
      accountPush,
      forwarding,
      case: askedBy,
    });
  }

  #awake(aor: string): Ring[] {
    const awake = this.#context.location.of(aor).filter(({ asleep }) => !asleep);
    return awake.map(({ device, binding }): Ring => ({ aor, device, target: binding.target }));
  }
}

/** Keys are escaped where a URI has no such character (RFC 3261 §25.1). */
const dialledBehind = (uri: SipUri, digits: string): SipUri => ({ ...uri, user: digits.replaceAll('#', '%23') });
