/** Internet packets around SIP messages, so that capture files can be read by the tools that read captures. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint } from '../transport/transport.ts';

/** The bytes of an address, 4 or 16; zeros for what is none. */
export function addressBytes(host: string, v6: boolean): Buffer {
  const plain = host.split('%', 1)[0] ?? '';
  if (!v6) return Buffer.from(isIPv4(plain) ? plain.split('.').map(Number) : [0, 0, 0, 0]);
  const bytes = Buffer.alloc(16);
  if (isIPv4(plain)) {
    bytes.writeUInt16BE(0xffff, 10);
    addressBytes(plain, false).copy(bytes, 12);
  } else if (isIPv6(plain)) {
    const [head = '', tail] = plain.split('::');
    const [front, back] = [groups(head), groups(tail ?? '')];
    for (const [n, group] of front.entries()) bytes.writeUInt16BE(group, 2 * n);
    for (const [n, group] of back.entries()) bytes.writeUInt16BE(group, 16 - 2 * (back.length - n));
  }
  return bytes;
}

/** The groups of half an IPv6 address; a dotted end is two of them. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

const UDP = 17;
const UDP_HEADER = 8;
const V4_HEADER = 20;
const V6_HEADER = 40;
const HOPS = 64;
/** What fits behind both headers in one IPv4 packet. */
const MAX_PAYLOAD = 65_535 - V4_HEADER - UDP_HEADER;

/** RFC 1071. */
function checksum(...parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at + 1 < part.length; at += 2) sum += part.readUInt16BE(at);
    if (part.length % 2 === 1) sum += (part.at(-1) ?? 0) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** An IP packet with a UDP datagram that carries the payload; what is too long for one is cut. */
export function udpPacket(from: Endpoint, to: Endpoint, payload: Buffer): Buffer {
  const v6 = from.host.includes(':') || to.host.includes(':');
  const cut = payload.subarray(0, MAX_PAYLOAD);
  const [source, target] = [addressBytes(from.host, v6), addressBytes(to.host, v6)];
  const udp = Buffer.alloc(UDP_HEADER);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(UDP_HEADER + cut.length, 4);
  const pseudo = Buffer.from([0, UDP, (UDP_HEADER + cut.length) >> 8, (UDP_HEADER + cut.length) & 0xff]);
  // RFC 768: a sum of zero is sent as all ones.
  udp.writeUInt16BE(checksum(source, target, pseudo, udp, cut) || 0xffff, 6);
  const ip = v6 ? v6Header(UDP_HEADER + cut.length) : v4Header(UDP_HEADER + cut.length);
  source.copy(ip, v6 ? 8 : 12);
  target.copy(ip, v6 ? 24 : 16);
  if (!v6) ip.writeUInt16BE(checksum(ip), 10);
  return Buffer.concat([ip, udp, cut]);
}

function v4Header(length: number): Buffer {
  const ip = Buffer.alloc(V4_HEADER);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(V4_HEADER + length, 2);
  // Do not fragment, so that no identification is needed (RFC 6864 §4.1).
  ip.writeUInt16BE(0x4000, 6);
  ip.writeUInt8(HOPS, 8);
  ip.writeUInt8(UDP, 9);
  return ip;
}

function v6Header(length: number): Buffer {
  const ip = Buffer.alloc(V6_HEADER);
  ip.writeUInt8(0x60, 0);
  ip.writeUInt16BE(length, 4);
  ip.writeUInt8(UDP, 6);
  ip.writeUInt8(HOPS, 7);
  return ip;
}
