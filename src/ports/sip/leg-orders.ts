/** What is ordered of legs, and who carries it out. */
import type {
  CallPlace,
  RegisterAccept,
  RegisterRefuse,
  SipCommand,
  SipFollow,
  SipNotify,
  SipRegister,
  SipRoute,
} from '../../../machines/vocabulary/commands.ts';
import * as caller from './caller.ts';
import type { SipContext } from './context.ts';
import type { Exchanges } from './exchanges.ts';
import * as fork from './fork.ts';
import type { LegSide } from './leg-side.ts';
import type { OrderedTransfers } from './ordered-transfers.ts';
import { refusal } from './refusal.ts';
import type { Transfers } from './transfer.ts';

/** What concerns a leg. */
export type LegOrder = Exclude<
  SipCommand,
  SipNotify | RegisterAccept | RegisterRefuse | SipRoute | SipFollow | SipRegister | CallPlace
>;

export class LegOrders {
  readonly #context: SipContext;
  readonly #exchanges: Exchanges;
  readonly #transfers: Transfers;
  readonly #ordered: OrderedTransfers;

  constructor(context: SipContext, exchanges: Exchanges, transfers: Transfers, ordered: OrderedTransfers) {
    this.#context = context;
    this.#exchanges = exchanges;
    this.#transfers = transfers;
    this.#ordered = ordered;
  }

  /** Carries an order out; returns why it cannot be. */
  take(command: LegOrder): string | undefined {
    if (command.type === 'sip.invite') return fork.invite(this.#context, command);
    const side = this.#context.legs.at(command.leg);
    if (command.type === 'sip.relayRequest') return this.#exchanges.relay(command.exchange, side);
    if (side === undefined) return 'no such leg';
    switch (command.type) {
      case 'sip.respond':
        return caller.respond(this.#context, side, command);
      case 'sip.cancel':
        return fork.cancel(this.#context, side, command);
      case 'sip.ack':
        return fork.acknowledge(this.#context, side, command.message);
      case 'sip.bye':
        return fork.bye(this.#context, side, command);
      case 'sip.discard':
        return fork.discard(this.#context, side, command);
      case 'sip.relayResponse':
        return this.#exchanges.answer(command.exchange, command.message);
      case 'sip.relayAck':
        return this.#exchanges.relayAck(command.exchange, command.message);
      case 'sip.transfer':
        return this.#transfer(command.exchange, side);
      case 'sip.transferParty':
        return this.#ordered.begin(command, side);
      case 'sip.endTransfer':
        return command.completes ? this.#ordered.complete(side.call) : this.#ordered.cancel(side.call);
      case 'sip.answerRequest':
        return this.#exchanges.attend(command.exchange);
      case 'sip.refuseRequest':
        return this.#exchanges.refuse(command.exchange, refusal(command.status, command.reason));
      default:
        return 'unknown command';
    }
  }

  #transfer(id: number, transferee: LegSide): string | undefined {
    const exchange = this.#exchanges.waiting(id);
    if (exchange === undefined) return 'no such request waits';
    return this.#exchanges.refuse(id, this.#transfers.begin(exchange, transferee));
  }
}
