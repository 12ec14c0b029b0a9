/** STUN as a SIP port answers it: Binding requests alone (RFC 8489, RFC 5626 §8). Bytes in, bytes out. */

const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
const MAGIC_COOKIE = 0x2112a442;
const XOR_MAPPED_ADDRESS = 0x0020;
const ERROR_CODE = 0x0009;
const UNKNOWN_ATTRIBUTES = 0x000a;
/** From here on attributes may be ignored (RFC 8489 §14). */
const OPTIONAL_FROM = 0x8000;
/**
 * USERNAME, MESSAGE-INTEGRITY, REALM, NONCE and their newer kin: whoever sends them gets an answer without, since on a SIP
 * port nobody is asked who he is.
 */
const UNDERSTOOD = new Set([0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e]);
/** Named in an answer, so that it stays small. */
const MAX_NAMED = 4;
const MAX_REQUEST_BYTES = 548;

/** Whether a datagram could be STUN: its first two bits are zero (RFC 8489 §5), which no text is. */
export const mayBeStun = (bytes: Buffer): boolean =>
  bytes.length >= HEADER_BYTES && bytes.length <= MAX_REQUEST_BYTES && bytes.readUInt32BE(4) === MAGIC_COOKIE;

/** The unknown attributes that the sender wants understood; `undefined` if the attributes cannot be read. */
function unknownIn(bytes: Buffer): number[] | undefined {
  const unknown: number[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const type = bytes.readUInt16BE(at);
    at += 4 + ((bytes.readUInt16BE(at + 2) + 3) & ~3);
    if (type < OPTIONAL_FROM && !UNDERSTOOD.has(type) && unknown.length < MAX_NAMED) unknown.push(type);
  }
  return at === bytes.length ? unknown : undefined;
}

function answer(request: Buffer, type: number, attributes: Buffer): Buffer {
  const header = Buffer.from(request.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(attributes.length, 2);
  return Buffer.concat([header, attributes]);
}

/** RFC 8489 §14.2: the address is mixed with the cookie and the transaction id, which rewriting NATs do not recognise. */
function mappedAddress(request: Buffer, host: Uint8Array, port: number): Buffer {
  const attribute = Buffer.alloc(8 + host.length);
  attribute.writeUInt16BE(XOR_MAPPED_ADDRESS, 0);
  attribute.writeUInt16BE(4 + host.length, 2);
  attribute[5] = host.length === 4 ? 1 : 2;
  attribute.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 6);
  for (let i = 0; i < host.length; i++) attribute[8 + i] = (host[i] ?? 0) ^ (request[4 + i] ?? 0);
  return attribute;
}

/** RFC 8489 §6.3.1: 420, with what was not understood. */
function unknownAttributes(types: readonly number[]): Buffer {
  const listed = Buffer.alloc((types.length * 2 + 3) & ~3);
  for (const [i, type] of types.entries()) listed.writeUInt16BE(type, i * 2);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(ERROR_CODE, 0);
  head.writeUInt16BE(4, 2);
  head[6] = 4;
  head[7] = 20;
  head.writeUInt16BE(UNKNOWN_ATTRIBUTES, 8);
  head.writeUInt16BE(types.length * 2, 10);
  return Buffer.concat([head, listed]);
}

/**
 * The answer to a Binding request from there; `undefined` for everything else, which is dropped: indications, answers, what
 * is malformed, and clients of RFC 3489, who have no cookie. At most 44 bytes, 24 more than asked with.
 */
export function stunAnswer(bytes: Buffer, host: string, port: number): Buffer | undefined {
  if (!mayBeStun(bytes) || bytes.readUInt16BE(0) !== BINDING_REQUEST || bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES) {
    return undefined;
  }
  const unknown = unknownIn(bytes);
  if (unknown === undefined) return undefined;
  if (unknown.length > 0) return answer(bytes, BINDING_ERROR, unknownAttributes(unknown));
  const address = addressBytes(host);
  return address === undefined ? undefined : answer(bytes, BINDING_SUCCESS, mappedAddress(bytes, address, port));
}

/** The bytes of an IP address; a zone (`%eth0`) is left out. */
export function addressBytes(host: string): Uint8Array | undefined {
  if (!host.includes(':')) {
    const parts = host.split('.').map(Number);
    return parts.length === 4 && parts.every((part) => part >= 0 && part <= 255) ? Uint8Array.from(parts) : undefined;
  }
  const [left = '', right] = (host.split('%')[0] ?? '').split('::');
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const missing = 8 - head.length - tail.length;
  if (missing < 0 || (right === undefined && missing !== 0)) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
