/** The caller's side of a call: one INVITE server transaction with one early dialog per fork (RFC 3261 §13.3). */
import type { SipRespond } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import { type Dialog, dialogFromRequest } from '../../sip/dialog.ts';
import { responseTo } from '../../sip/headers.ts';
import type { NameAddr, SipMessage, SipRequest } from '../../sip/message.ts';
import { isSipsUri } from '../../sip/uri.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import type { TransportName } from '../../transport/transport.ts';
import { hostPort, newTag, type SipContext } from './context.ts';
import { type LegSide, newSide } from './leg-side.ts';
import { ALLOW } from './methods.ts';
import { featureTags, passedHeaders } from './passing.ts';

const CONTACT_BYTES = 8;

/** Both kinds of WebSocket are `ws` in a URI (RFC 7118 §5.2.2); `tls`, deprecated, is what phones understand (RFC 5630 §3.1.1.1). */
const IN_URI: Readonly<Record<TransportName, string>> = {
  udp: '',
  tcp: ';transport=tcp',
  tls: ';transport=tls',
  ws: ';transport=ws',
  wss: ';transport=ws',
};

/**
 * Our Contact on a leg: a user part of its own, and what the party on the other side can do. `asked` is the Request-URI
 * of the leg's INVITE: if that is a SIPS URI, so is our Contact (RFC 5630 §3.1.3).
 */
export function contactFor(
  context: SipContext,
  flow: LegSide['flow'],
  peer: SipMessage['contact'],
  asked: string,
): readonly NameAddr[] {
  const isSips = flow.secure && isSipsUri(asked);
  // TLS is what a SIPS URI means (RFC 5630 §3.1.1.3).
  const transport = isSips && flow.transport === 'tls' ? '' : IN_URI[flow.transport];
  const uri = `${isSips ? 'sips' : 'sip'}:${context.random.hex(CONTACT_BYTES)}@${hostPort(flow)}${transport}`;
  return [{ name: '', uri, params: featureTags(peer) }];
}

/** The side of a call whose INVITE has just been admitted. */
export function callerSide(context: SipContext, server: ServerTransaction, call: Address, leg: Address): LegSide {
  const contact = contactFor(context, server.flow, [], server.request.uri);
  return newSide({ address: leg, call, isCaller: true, contact, invite: server.request, flow: server.flow, server });
}

/** The early dialog that stands for a fork; the empty address for what is said before any fork speaks. */
function dialogOf(context: SipContext, side: LegSide, fork: Address): Dialog | undefined {
  const key = context.settings.earlyDialogs === 'single' ? '' : fork;
  const known = side.early.get(key);
  if (known !== undefined) return known;
  const dialog = dialogFromRequest(side.invite, newTag(context));
  if (dialog === undefined) return undefined;
  context.legs.addEarly(side, key, dialog);
  context.legs.name(dialog.localTag, { side, fork: key });
  return dialog;
}

const NOTHING: ReadonlyMap<string, readonly string[]> = new Map();
const OUR_ALLOW: ReadonlyMap<string, readonly string[]> = new Map([['allow', [ALLOW]]]);

/** Answers the caller's INVITE; headers and body come from the fork's answer if there is one. */
export function respond(context: SipContext, side: LegSide, command: SipRespond): string | undefined {
  const { server } = side;
  if (server === undefined || server.answered) return 'the INVITE has its final answer';
  const { status } = command;
  const dialog = dialogOf(context, side, status < 300 ? command.fork : '');
  const source = context.legs.message(command.message);
  const starts = status < 300;
  const withoutEarlyMedia = status < 200 && context.settings.earlyDialogs === 'single';
  const headers = source === undefined ? (status >= 200 ? NOTHING : OUR_ALLOW) : passedHeaders(source, context.settings.realm);
  const phrase = command.reason || (source?.kind === 'response' ? source.reason : undefined);
  const contact = starts && source !== undefined ? contactLike(side, source) : side.contact;
  server.respond(
    responseTo(side.invite, status, phrase, dialog?.localTag ?? newTag(context), {
      headers: withoutEarlyMedia ? NOTHING : headers,
      body: withoutEarlyMedia ? '' : (source?.body ?? ''),
      ...(starts ? { contact, recordRoute: side.invite.recordRoute } : {}),
    }),
  );
  if (status >= 200 && status < 300 && dialog !== undefined) confirm(context, side, dialog);
  return undefined;
}

const contactLike = (side: LegSide, source: SipMessage): readonly NameAddr[] => {
  const [ours] = side.contact;
  return ours === undefined ? [] : [{ ...ours, params: featureTags(source.contact) }];
};

/** RFC 3261 §13.3.1.4: the winner's dialog is the call's; the other early ones are over. */
function confirm(context: SipContext, side: LegSide, dialog: Dialog): void {
  dialog.state = 'confirmed';
  side.dialog = dialog;
  for (const early of side.early.values()) if (early !== dialog) context.legs.forget(early.localTag);
  side.early.clear();
}

/** The caller's ACK to our 2xx. */
export function acknowledged(context: SipContext, side: LegSide, ack: SipRequest): void {
  if (side.server === undefined) return;
  side.server.acknowledged();
  side.server = undefined;
  // An ACK without a body says nothing that ours to the callee would not say.
  const message = ack.body === '' ? 0 : context.legs.keep(side, ack);
  context.engine.post({ type: 'ack.received', leg: side.address, message });
}
