/** The Reason header that tells a party why we end (RFC 3326). */
import type { OrderedEnd } from '../../../machines/vocabulary/commands.ts';
import { reasonPhrase } from '../../sip/headers.ts';
import { quoted } from '../../sip/name-addr.ts';

/** Its value for a status and what is said with it; without a phrase, that of the RFC. */
export const reasonOf = ({ status, reason }: OrderedEnd): string =>
  `SIP;cause=${status};text=${quoted(inHeader(reason || reasonPhrase(status)))}`;

/** Text without what would end a header's line (RFC 3261 §25.1). */
export const printable = (text: string): string => text.replace(CONTROLS, ' ');
/** The same as it stands in a header: UTF-8 in bytes. */
export const inHeader = (text: string): string => Buffer.from(printable(text), 'utf8').toString('latin1');
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROLS = /[\x00-\x1f\x7f]/g;
