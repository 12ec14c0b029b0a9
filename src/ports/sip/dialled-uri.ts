/** What scenarios name as whom to call. */
import { writtenNumber } from '../../sip/number.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { Domains } from './domains.ts';

const MAX_CALLEE_LENGTH = 256;

/** A URI, else a name or a number in our own domain. */
export function dialledUri(domains: Domains, callee: string): SipUri | undefined {
  if (callee === '' || callee.length > MAX_CALLEE_LENGTH) return undefined;
  if (/^(sips?|tel):/i.test(callee)) return parseUri(callee);
  const number = /\d/.test(callee) ? writtenNumber(callee) : undefined;
  return parseUri(domains.aorOfUser(number ?? callee));
}
