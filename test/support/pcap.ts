/** Reads a capture file as its format is written down, and shares nothing with what writes ours. */
export interface Captured {
  readonly atUs: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

const v6 = (bytes: Buffer): string => Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n).toString(16)).join(':');

/** RFC 1071: over a whole that carries its own sum, the sum is all ones. */
function sums(bytes: Buffer): boolean {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return sum === 0xffff;
}

/** The packets of a file. Throws where lengths or checksums are wrong. */
export function readPcap(file: Buffer): Captured[] {
  if (file.readUInt32BE(0) !== 0xa1b2c3d4 || file.readUInt32BE(20) !== 101) throw new Error('no pcap of raw IP');
  const found: Captured[] = [];
  for (let at = 24; at < file.length; ) {
    const length = file.readUInt32BE(at + 8);
    const packet = file.subarray(at + 16, at + 16 + length);
    if (packet.length !== length) throw new Error('cut');
    found.push({ atUs: file.readUInt32BE(at) * 1e6 + file.readUInt32BE(at + 4), ...readPacket(packet) });
    at += 16 + length;
  }
  return found;
}

function readPacket(packet: Buffer): Omit<Captured, 'atUs'> {
  const is6 = packet.readUInt8(0) >> 4 === 6;
  const udp = packet.subarray(is6 ? 40 : 20);
  const addresses = is6 ? packet.subarray(8, 40) : packet.subarray(12, 20);
  const half = addresses.length / 2;
  const host = (bytes: Buffer): string => (is6 ? v6(bytes) : bytes.join('.'));
  const length = is6 ? packet.readUInt16BE(4) : packet.readUInt16BE(2) - 20;
  if (packet.readUInt8(is6 ? 6 : 9) !== 17 || length !== udp.length || udp.readUInt16BE(4) !== udp.length)
    throw new Error('lengths');
  if (!is6 && !sums(packet.subarray(0, 20))) throw new Error('IP checksum');
  if (!sums(Buffer.concat([addresses, Buffer.from([0, 17, length >> 8, length & 255]), udp]))) throw new Error('UDP checksum');
  return {
    from: `${host(addresses.subarray(0, half))} ${udp.readUInt16BE(0)}`,
    to: `${host(addresses.subarray(half))} ${udp.readUInt16BE(2)}`,
    text: udp.subarray(8).toString('latin1'),
  };
}
