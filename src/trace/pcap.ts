/** Capture files in the classic pcap format, which Wireshark, tshark, tcpdump and sngrep open. */

import type { Glance } from './glance.ts';
import { udpPacket } from './ip.ts';
import { masked } from './mask.ts';

/** Packets begin with their IP header. */
const LINKTYPE_RAW = 101;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const SNAPLEN = 262_144;
const RECORD_HEADER = 16;

/** What a file begins with. */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(MAGIC_MICROSECONDS, 0);
  header.writeUInt16BE(2, 4);
  header.writeUInt16BE(4, 6);
  header.writeUInt32BE(SNAPLEN, 16);
  header.writeUInt32BE(LINKTYPE_RAW, 20);
  return header;
}

/**
 * One message as a packet of a file. Whatever carried it, it is written as a UDP datagram, in the clear, as other SIP servers
 * write their captures: the tools then read TLS and WebSocket messages too, and the Via says what carried them.
 */
export function pcapRecord({ isIncoming, flow, atMs, text }: Glance): Buffer {
  const { local, remote } = flow;
  const payload = Buffer.from(masked(text), 'latin1');
  const packet = isIncoming ? udpPacket(remote, local, payload) : udpPacket(local, remote, payload);
  const record = Buffer.alloc(RECORD_HEADER);
  const seconds = Math.floor(atMs / 1000);
  record.writeUInt32BE(seconds % 2 ** 32, 0);
  record.writeUInt32BE(Math.floor((atMs - seconds * 1000) * 1000), 4);
  record.writeUInt32BE(packet.length, 8);
  record.writeUInt32BE(packet.length, 12);
  return Buffer.concat([record, packet]);
}
