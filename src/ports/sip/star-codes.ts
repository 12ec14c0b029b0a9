/** Star codes: dialled numbers that are orders to a scenario. */
import { type SipUri, userKey } from '../../sip/uri.ts';

/** What was dialled, as the scenario sees it. */
export interface DialledCode {
  readonly code: string;
  /** What stood behind the code. */
  readonly argument: string;
}

/** Longer arguments are no orders of people. */
export const MAX_ARGUMENT_LENGTH = 64;

/** What was dialled, if it may begin with a code. */
export function dialledIn({ user = '' }: SipUri): string | undefined {
  const first = user.charCodeAt(0);
  // `*`, `#`, or an escape that may stand for one of them.
  if (first !== 0x2a && first !== 0x23 && first !== 0x25) return undefined;
  // RFC 3261 §25.1 has no `#` in a user part unescaped; phones send it both ways.
  return userKey(user.split(';', 1)[0] ?? '').replaceAll('%23', '#');
}

/** The `#` that ends codes of telephone networks, as in `*37#`, says no more than that all was dialled. */
export const withoutEnd = (dialled: string, code: string): string =>
  dialled.length > code.length && dialled.endsWith('#') ? dialled.slice(0, -1) : dialled;

/** The code that was dialled; of several the longest, and `codes` is sorted so. */
export function codeIn(codes: readonly string[], uri: SipUri): DialledCode | undefined {
  const dialled = dialledIn(uri);
  if (dialled === undefined) return undefined;
  const code = codes.find((one) => dialled.startsWith(one));
  if (code === undefined) return undefined;
  const argument = withoutEnd(dialled, code).slice(code.length);
  return argument.length > MAX_ARGUMENT_LENGTH ? undefined : { code, argument };
}
