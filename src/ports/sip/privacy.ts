/** Who asked not to be shown (RFC 3323). */
import type { SipRequest } from '../../sip/message.ts';

type Said = Pick<SipRequest, 'from' | 'headers'>;

/** RFC 3323 §4.2: the caller asked not to be shown. */
export const isPrivate = ({ headers }: Pick<SipRequest, 'headers'>): boolean =>
  headers.get('privacy')?.some((line) => /\b(id|user|header)\b/i.test(line)) ?? false;

/** RFC 3323 §4.1.1.3: the form of a From that shows nobody. */
export const ANONYMOUS = { name: '"Anonymous"', uri: 'sip:anonymous@anonymous.invalid' };

/** Whether the caller asked not to be shown, or is not shown already. */
export const isAnonymous = (request: Said): boolean =>
  isPrivate(request) || /^sips?:anonymous@|@anonymous\.invalid\b/i.test(request.from.uri);
