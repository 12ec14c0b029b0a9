/** MESSAGE outside a dialog (RFC 3428 §7): to every device of the user; the first that takes it answers. */
import type { Target } from '../../../machines/vocabulary/binding.ts';
import { better, type Outcome, UNAVAILABLE } from '../../../machines/vocabulary/outcome.ts';
import { integerHeader, responseTo } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { isSipsUri, requestUriOf } from '../../sip/uri.ts';
import type { ClientHandler, ServerTransaction } from '../../transaction/transaction.ts';
import { send } from './attempt.ts';
import { BREADTH_EXCEEDED, breadthOf, setMaxBreadth, shareOf } from './breadth.ts';
import { newTag, type SipContext } from './context.ts';
import type { Destination } from './dial-plan.ts';
import type { Loops } from './loops.ts';
import { sendMessageOutside } from './outside.ts';
import { passedHeaders, setMaxForwards, withTag } from './passing.ts';
import { secureWay, wayTo } from './routing.ts';

const CALL_ID_BYTES = 16;

/** What is known of a MESSAGE on its way. */
interface Delivery {
  readonly server: ServerTransaction;
  waiting: number;
  best: Outcome | null;
}

/** Sends the MESSAGE to the callee's bindings, or to the number outside; with nowhere to go the answer is 480. */
export function relayMessage(context: SipContext, loops: Loops, server: ServerTransaction, { callee, rings }: Destination): void {
  const { request } = server;
  const bound = context.location.of(callee);
  const [outside] = rings.map(({ target }) => target);
  const delivery: Delivery = { server, waiting: outside === undefined ? bound.length : 1, best: null };
  if (delivery.waiting === 0) finish(context, delivery);
  const breadth = breadthOf(request);
  if (outside !== undefined) {
    const message = messageFor(context, request, outside, breadth);
    sendMessageOutside(
      context,
      request,
      outside.outside,
      message,
      handlerOf(context, delivery, () => undefined),
    );
    return;
  }
  const share = shareOf(breadth, bound.length);
  for (const [i, { binding }] of bound.entries()) {
    if (i >= breadth) {
      failed(context, delivery, { ...BREADTH_EXCEEDED, message: 0 });
      continue;
    }
    const message = messageFor(context, request, binding.target, share);
    const tag = message.from.params.tag ?? '';
    loops.note(tag, callee);
    const way = wayTo(context, binding.target);
    send(
      context,
      isSipsUri(request.uri) ? secureWay(way) : way,
      () => message,
      handlerOf(context, delivery, () => loops.note(tag, undefined)),
    );
  }
}

function messageFor(context: SipContext, source: SipRequest, target: Target, breadth: number): SipRequest {
  const headers = passedHeaders(source, context.settings.realm);
  setMaxForwards(headers, integerHeader(source, 'max-forwards'));
  setMaxBreadth(headers, breadth);
  return {
    ...source,
    uri: requestUriOf(target.contact),
    via: [],
    from: withTag(source.from, newTag(context)),
    to: withTag(source.to, undefined),
    callId: context.random.hex(CALL_ID_BYTES),
    cseq: { seq: 1, method: source.method },
    contact: [],
    route: target.path.map((uri) => ({ name: '', uri, params: NO_PARAMS })),
    recordRoute: [],
    headers,
  };
}

const handlerOf = (context: SipContext, delivery: Delivery, over: () => void): ClientHandler => ({
  response: (response) => {
    if (response.status < 200) return;
    over();
    if (response.status < 300) taken(context, delivery, response);
    else failed(context, delivery, { status: response.status, reason: response.reason, message: 0 });
  },
  timedOut: () => {
    over();
    failed(context, delivery, UNAVAILABLE);
  },
  failed: () => {
    over();
    failed(context, delivery, UNAVAILABLE);
  },
});

function taken(context: SipContext, delivery: Delivery, response: SipResponse): void {
  if (delivery.server.answered) return;
  const headers = passedHeaders(response, context.settings.realm);
  const { status, reason, body } = response;
  delivery.server.respond(responseTo(delivery.server.request, status, reason, newTag(context), { headers, body }));
}

function failed(context: SipContext, delivery: Delivery, outcome: Outcome): void {
  delivery.best = better(delivery.best, outcome);
  delivery.waiting--;
  if (delivery.waiting === 0) finish(context, delivery);
}

function finish(context: SipContext, { server, best }: Delivery): void {
  if (server.answered) return;
  const { status, reason } = best ?? UNAVAILABLE;
  server.respond(responseTo(server.request, status, reason || undefined, newTag(context)));
}
