import { endOfQuoted, isToken, isUriShape, skipBlanks, trimmed } from './chars.ts';
import type { NameAddr } from './message.ts';
import { formatParams, parseParams } from './params.ts';

const QUOTE = 0x22;
const LESS = 0x3c;

function bareAddress(text: string, from: number): NameAddr | undefined {
  const semicolon = text.indexOf(';', from);
  const uri = trimmed(text, from, semicolon === -1 ? text.length : semicolon);
  // A URI with a question mark must stand in angle brackets (RFC 3261 §20.10).
  if (!isUriShape(uri) || uri.includes('?')) return undefined;
  const params = parseParams(text, semicolon === -1 ? text.length : semicolon);
  return params && { name: '', uri, params };
}

/** Reads one name-addr or addr-spec with its parameters (RFC 3261 §25.1); the URI need not be a SIP one. */
export function parseNameAddr(text: string): NameAddr | undefined {
  const start = skipBlanks(text, 0);
  let open: number;
  let name = '';
  if (text.charCodeAt(start) === QUOTE) {
    const end = endOfQuoted(text, start);
    if (end === -1) return undefined;
    name = text.slice(start, end);
    open = skipBlanks(text, end);
    if (text.charCodeAt(open) !== LESS) return undefined;
  } else {
    open = text.indexOf('<', start);
    const semicolon = text.indexOf(';', start);
    if (open === -1 || (semicolon !== -1 && semicolon < open)) return bareAddress(text, start);
    // Unquoted names that are no tokens are tolerated, and quoted before they go on (RFC 4475 §3.1.2.15).
    name = trimmed(text, start, open);
    if (name.includes('"')) return undefined;
    if (!isWritable(name)) name = quoted(name);
  }
  const close = text.indexOf('>', open);
  const uri = text.slice(open + 1, close);
  if (close === -1 || !isUriShape(uri)) return undefined;
  const params = parseParams(text, close + 1);
  return params && { name, uri, params };
}

/** Whether a display name may be written as it is: one quoted string, or tokens with blanks between. */
function isWritable(name: string): boolean {
  if (name.charCodeAt(0) === QUOTE) return endOfQuoted(name, 0) === name.length;
  let from = 0;
  for (let i = 0; i <= name.length; i++) {
    if (i < name.length && name.charCodeAt(i) !== 0x20 && name.charCodeAt(i) !== 0x09) continue;
    if (i > from && !isToken(name, from, i)) return false;
    from = i + 1;
  }
  return true;
}

/** Text as a quoted string (RFC 3261 §25.1). */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** What a quoted string says; other text is returned as it is. */
export function unquoted(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== QUOTE || !text.endsWith('"')) return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/** Writes a name-addr with its parameters; a display name is quoted if it has to be. */
export function formatNameAddr(address: NameAddr): string {
  const params = formatParams(address.params);
  if (address.name === '') return `<${address.uri}>${params}`;
  return `${isWritable(address.name) ? address.name : quoted(address.name)} <${address.uri}>${params}`;
}
