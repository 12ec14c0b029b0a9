/**
 * Who a party hears that it is connected with, where nobody was called by it or somebody else answered: P-Asserted-Identity
 * (RFC 3325) of those alone who proved who they are, or whom a trunk brought.
 */
import { formatNameAddr, quoted } from '../../sip/name-addr.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import type { SipContext } from './context.ts';
import { uriAt } from './dial-plan.ts';
import { Domains } from './domains.ts';
import type { LegSide } from './leg-side.ts';
import { inHeader } from './reason.ts';

type Headers = Map<string, readonly string[]>;

/** Writes who the party of `other` is for that of `side`; `headers` is changed. Nothing where nobody knows, or may know. */
export function setConnected(context: SipContext, side: LegSide, other: LegSide, headers: Headers): void {
  if (!isTrusted(context, side) || other.placed !== undefined) return;
  // RFC 3323 §4.2, RFC 3325 §9.3: who called without being shown is not shown now either.
  if (other.isHidden) headers.set('privacy', ['id']);
  else {
    const uri = uriOf(context, side, other);
    if (uri !== '')
      headers.set('p-asserted-identity', [formatNameAddr({ name: nameOf(context, other), uri, params: NO_PARAMS })]);
  }
}

const isOurs = ({ settings }: SipContext, { user, trunk }: LegSide): boolean =>
  user !== '' || (settings.auth === 'none' && trunk === undefined);

/** RFC 3325 §7: users of ours, and trunks that are said to keep to it. */
const isTrusted = (context: SipContext, side: LegSide): boolean => isOurs(context, side) || side.trunk?.config.trusted === true;

function uriOf(context: SipContext, { trunk }: LegSide, other: LegSide): string {
  const { user, aor, isCaller, invite, dialog } = other;
  if (isOurs(context, other)) {
    const known = user || aor;
    const [number] = context.settings.users.get(Domains.userOf(known))?.routing?.numbers ?? [];
    // A trunk knows numbers.
    return trunk === undefined ? known : uriAt(trunk.config, trunk.config.from ?? number ?? trunk.config.username ?? 'anonymous');
  }
  if (other.trunk === undefined) return '';
  return isCaller ? invite.from.uri : (dialog?.remote.uri ?? '');
}

function nameOf({ settings }: SipContext, { user, aor, isCaller, invite }: LegSide): string {
  const known = settings.users.get(Domains.userOf(user || aor))?.displayName;
  if (known !== undefined) return quoted(inHeader(known));
  return isCaller ? invite.from.name : '';
}
