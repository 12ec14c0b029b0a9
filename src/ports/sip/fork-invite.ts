/** What the INVITE to a fork is made of, and its share of the breadth (RFC 5393). */
import type { SipInvite } from '../../../machines/vocabulary/commands.ts';
import { legAddress } from '../../../machines/vocabulary/identity.ts';
import { integerHeader } from '../../sip/headers.ts';
import type { NameAddr, SipRequest } from '../../sip/message.ts';
import { quoted, unquoted } from '../../sip/name-addr.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { RELIABLE } from '../../sip/reliable.ts';
import { requestUriOf } from '../../sip/uri.ts';
import { speakFor } from './attending.ts';
import { breadthOf, setMaxBreadth, shareOf } from './breadth.ts';
import { newTag, type SipContext } from './context.ts';
import { disbelieve, setDiversions } from './diversion.ts';
import type { LegSide } from './leg-side.ts';
import { passedHeaders, setMaxForwards, withoutOption, withTag } from './passing.ts';
import { askInterval } from './session-interval.ts';

const bare = (uri: string): NameAddr => ({ name: '', uri, params: NO_PARAMS });

/** Takes a fork's share of the breadth that the caller has left; 0 if there is none. */
export function breadthFor(context: SipContext, caller: LegSide): number {
  const share = shareOf(breadthOf(caller.invite), context.settings.maxForks);
  if (caller.breadth < share) return 0;
  caller.breadth -= share;
  return share;
}

/** A fork that failed has no branches any more; the next may have them (RFC 5393 §5.3.3.1). */
export function giveBreadthBack(context: SipContext, side: LegSide): void {
  const caller = context.legs.at(legAddress(side.call, 0));
  if (caller !== undefined) caller.breadth += side.breadth;
  side.breadth = 0;
}

/** What the callee's phone shows says for which group it rings; who is not shown stays so. */
function labelled(from: NameAddr, label: string | undefined): NameAddr {
  if (label === undefined) return from;
  const name = unquoted(from.name);
  const said = Buffer.from(label).toString('latin1');
  return { ...from, name: quoted(name === '' ? said : `${said}: ${name}`) };
}

/** The INVITE to a fork, its Contact and its offer still to be set. */
export function inviteFor(context: SipContext, caller: LegSide, command: SipInvite, breadth: number): SipRequest {
  const source = caller.invite;
  const headers = passedHeaders(source, context.settings.realm);
  setMaxForwards(headers, integerHeader(source, 'max-forwards'));
  if (command.target.outside !== undefined && caller.user !== '') disbelieve(headers, caller.user);
  if (command.target.diversions !== undefined) setDiversions(headers, command.target.diversions);
  setMaxBreadth(headers, breadth);
  if (caller.attended === undefined) askInterval(context.settings, source, headers);
  else speakFor(context, headers);
  // One early dialog for all forks cannot say whose answer a PRACK is for.
  if (context.settings.earlyDialogs === 'single')
    for (const name of ['supported', 'require']) withoutOption(headers, name, RELIABLE);
  return {
    kind: 'request',
    method: 'INVITE',
    uri: requestUriOf(command.target.contact),
    via: [],
    from: withTag(labelled(source.from, command.target.label), newTag(context)),
    to: withTag(source.to, undefined),
    callId: command.callId,
    cseq: { seq: 1, method: 'INVITE' },
    contact: [],
    route: command.target.path.map(bare),
    recordRoute: [],
    headers,
    body: source.body,
  };
}
