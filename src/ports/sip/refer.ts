/** What a REFER asks for (RFC 3515 §2, RFC 5589 §7): read and judged, nothing looked up yet. */
import { tokens } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseReplaces, type Replaces } from '../../sip/replaces.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import { type Refusal, refusal } from './refusal.ts';

export interface ReferOrder {
  /** Without what was escaped into it. */
  readonly target: SipUri;
  /** The dialog that the new call shall replace. */
  readonly replaces: Replaces | undefined;
  /** Options the new INVITE would have to require. */
  readonly require: readonly string[];
}

const NO_HEADERS: SipUri['headers'] = Object.freeze(Object.create(null));
const UNDERSTOOD = new Set(['replaces', 'norefersub']);

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Of the headers in the URI only these count; what else a referrer would put into our INVITE is not its to say. */
function headerIn(uri: SipUri, name: string): string | undefined {
  for (const key in uri.headers) if (key.toLowerCase() === name) return unescaped(uri.headers[key] ?? '');
  return undefined;
}

/** Reads a REFER. Refusals end the REFER alone and never the dialog it came in (RFC 5057 §5.1). */
export function readRefer(request: SipRequest): ReferOrder | Refusal {
  const lines = request.headers.get('refer-to') ?? [];
  // RFC 3515 §2.4.2: exactly one.
  const [line = ''] = lines;
  const address = lines.length === 1 ? parseNameAddr(line) : undefined;
  if (address === undefined) return refusal(400, 'A REFER Has One Refer-To');
  const uri = parseUri(address.uri);
  if (uri === undefined) {
    return /^(sips?|tel):/i.test(address.uri)
      ? refusal(400, 'Malformed Refer-To')
      : refusal(403, 'Refer-To Is No SIP Or Tel URI');
  }
  const method = uri.params.method;
  if (method !== undefined && method?.toUpperCase() !== 'INVITE') return refusal(501, 'Only INVITE Can Be Referred');
  const named = headerIn(uri, 'replaces');
  const replaces = named === undefined ? undefined : parseReplaces(named);
  if (named !== undefined && replaces === undefined) return refusal(400, 'Malformed Replaces In Refer-To');
  const require = tokens([headerIn(uri, 'require') ?? '']).filter((option) => !UNDERSTOOD.has(option.toLowerCase()));
  return { target: { ...uri, headers: NO_HEADERS }, replaces, require };
}
