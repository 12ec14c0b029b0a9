/**
 * A call that we place (RFC 3725 with us as the controller). The first call rings the phones of the user who asked, and
 * nobody calls there: what would be answers to its INVITE come here. Once one of them lifts it is kept without media
 * (§4.3), and a second call, placed for it as for a transfer, gets its dialog when the callee answers.
 */
import { NO_FORWARDING } from '../../../machines/vocabulary/binding.ts';
import type { CallPlace, SipRespond } from '../../../machines/vocabulary/commands.ts';
import { type Address, legAddress } from '../../../machines/vocabulary/identity.ts';
import { header, reasonPhrase } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { quoted } from '../../sip/name-addr.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { formatUri, type SipUri } from '../../sip/uri.ts';
import { breadthOf } from './breadth.ts';
import type { SipContext } from './context.ts';
import type { Destination, DialPlan } from './dial-plan.ts';
import { Domains } from './domains.ts';
import { type LegSide, newSide, type Placed } from './leg-side.ts';
import { NO_FLOW } from './no-flow.ts';
import { callOnward, inviteWithoutOffer } from './onward.ts';
import { inHeader, printable, reasonOf } from './reason.ts';
import { isFree } from './takeover.ts';
import { withoutMedia } from './without-media.ts';

/** What it works with. */
export interface PlacingParts {
  readonly context: SipContext;
  readonly dialPlan: DialPlan;
  readonly domains: Domains;
}

/** An order that leads somewhere. */
export interface Order {
  readonly command: CallPlace;
  readonly author: Address;
  readonly destination: Destination;
  readonly dialled: SipUri;
}

const CALL_ID_BYTES = 16;

/** One order, and the leg of the nobody who calls. */
export class Placement implements Placed {
  readonly #parts: PlacingParts;
  readonly #order: Order;
  readonly #over: () => void;
  readonly #call: Address;
  readonly #leg: Address;
  #state: 'ringing' | 'lifted' | 'over' = 'ringing';
  /** The leg that lifted. */
  #lifted: LegSide | undefined;
  /** The leg that stands in for it in the call to the callee. */
  #onward: LegSide | undefined;

  constructor(parts: PlacingParts, order: Order, over: () => void) {
    this.#parts = parts;
    this.#order = order;
    this.#over = over;
    this.#call = parts.context.engine.mint('call');
    this.#leg = legAddress(this.#call, 0);
  }

  ring(): void {
    const { context, dialPlan } = this.#parts;
    const { engine, legs, random } = context;
    const { command, author, destination, dialled } = this.#order;
    const { caller, ringMs } = command;
    const isOurs = dialPlan.aorOf(dialled) !== undefined;
    const shown = isOurs ? destination.callee : formatUri(dialled);
    const name = printable(command.name) || (isOurs ? this.#nameOf(destination.callee) : '');
    const invite = inviteWithoutOffer(context, {
      // A SIPS URI that was dialled asks for TLS on the way to both (RFC 5630 §3.1.3).
      uri: dialled.scheme === 'sips' ? caller.replace(/^sip:/, 'sips:') : caller,
      from: { name: displayed(name), uri: shown },
      to: { name: displayed(this.#nameOf(caller)), uri: caller },
      callId: random.hex(CALL_ID_BYTES),
    });
    const user = { aor: caller, user: caller };
    const [address, call] = [this.#leg, this.#call];
    const nobody = { isCaller: true, contact: [], flow: NO_FLOW, breadth: breadthOf(invite), placed: this };
    legs.add(newSide({ address, call, invite, ...user, ...nobody }));
    engine.post({
      type: 'invite.received',
      call,
      leg: address,
      caller: shown,
      callerName: name,
      anonymous: false,
      callee: caller,
      callIdStem: random.hex(CALL_ID_BYTES),
      accountPush: dialPlan.user(caller).accountPush,
      rings: [],
      // Whoever asks to be rung is rung, wherever other calls go.
      forwarding: { ...NO_FORWARDING, ringMs },
      diverted: 0,
      direct: false,
      continues: '',
      transferredBy: '',
      code: '',
      argument: '',
      placedBy: author,
    });
    engine.post({ type: 'call.placed', ...this.#told, call });
  }

  get #told() {
    const { command, author, destination } = this.#order;
    return { case: author, place: command.place, caller: command.caller, callee: destination.callee };
  }

  #nameOf(aor: string): string {
    return this.#parts.context.settings.users.get(Domains.userOf(aor))?.displayName ?? '';
  }

  respond({ status, reason, fork, message }: SipRespond): string | undefined {
    if (status < 200) return undefined;
    if (this.#state !== 'ringing') return 'it has its final answer';
    if (status < 300) this.#lift(fork, message);
    else this.#fail('caller', status, reason);
    return undefined;
  }

  /** RFC 3725 §4.3: the ACK answers the offer in the 2xx without media, since the callee may take long. */
  #lift(fork: Address, message: number): void {
    const { context } = this.#parts;
    const { legs, timers, engine } = context;
    const side = legs.at(this.#leg);
    if (side === undefined) return;
    this.#state = 'lifted';
    this.#lifted = legs.at(fork);
    side.winner = fork;
    const answer = legs.message(message);
    const offer = answer === undefined ? undefined : sdpIn(answer.body, header(answer, 'content-type'));
    const body = offer === undefined || this.#lifted === undefined ? '' : withoutMedia(context, this.#lifted.flow, offer);
    const ack: SipRequest = { ...side.invite, method: 'ACK', headers: new Map([['content-type', ['application/sdp']]]), body };
    engine.post({ type: 'ack.received', leg: this.#leg, message: body === '' ? 0 : legs.keep(side, ack) });
    // Its ACK leaves first.
    timers.set(0, () => this.#callOther());
  }

  #callOther(): void {
    const transferee = this.#lifted;
    if (this.#state === 'over') return;
    if (transferee === undefined || !isFree(transferee)) {
      this.#fail('caller', 487, '');
      return;
    }
    const { context, domains } = this.#parts;
    const { command, destination, dialled } = this.#order;
    const invite = inviteWithoutOffer(context, {
      uri: formatUri(dialled),
      from: { name: displayed(this.#nameOf(command.caller)), uri: command.caller },
      to: { name: '', uri: destination.callee },
      callId: transferee.dialog?.callId ?? '',
    });
    this.#onward = callOnward(context, domains, {
      goal: { ...destination, isDirect: false, continues: '', dialled: formatUri(dialled) },
      referral: { tell: (status, reason = '') => this.#heard(status, reason) },
      transferee,
      invite,
      breadth: breadthOf(invite),
      transferredBy: '',
    });
  }

  /** What would be the answers to the INVITE that calls the callee. */
  #heard(status: number, reason: string): void {
    if (this.#state === 'over' || status < 200) return;
    if (status < 300) {
      this.#end();
      this.#parts.context.engine.post({ type: 'place.connected', ...this.#told, call: this.#onward?.call ?? '' });
      return;
    }
    // Who has answered is not to blame any more.
    const isCallers = this.#lifted?.isReleased === true || this.#onward?.standIn?.isAnswered === true;
    this.#fail(isCallers ? 'caller' : 'callee', status, reason);
    // The other call's legs let go of the dialog first.
    this.#parts.context.timers.set(0, () => this.#hangUp(status, reason));
  }

  /** The phone that lifted is told why nobody talks to it (RFC 3326). */
  #hangUp(status: number, reason: string): void {
    const { legs, engine } = this.#parts.context;
    const side = legs.at(this.#leg);
    if (side === undefined) return;
    const why = reasonOf({ status, reason });
    const bye: SipRequest = { ...side.invite, method: 'BYE', headers: new Map([['reason', [why]]]) };
    engine.post({ type: 'bye.received', leg: this.#leg, fork: '', message: legs.keep(side, bye) });
  }

  withdraw(): void {
    if (this.#state === 'over') return;
    this.#fail('caller', 487, '');
    const onward = this.#onward?.address;
    if (onward !== undefined) this.#parts.context.engine.post({ type: 'bye.received', leg: onward, fork: '', message: 0 });
  }

  #fail(party: 'caller' | 'callee', status: number, reason: string): void {
    this.#end();
    const phrase = reason || reasonPhrase(status);
    this.#parts.context.engine.post({ type: 'place.failed', ...this.#told, party, status, reason: phrase });
  }

  #end(): void {
    this.#state = 'over';
    this.#over();
  }
}

const displayed = (name: string): string => (name === '' ? '' : quoted(inHeader(name)));
