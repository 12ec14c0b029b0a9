/** Reads a HEPv3 datagram as its specification says: chunk values by type, vendor 0 only. */
export function readHep(datagram: Buffer): Map<number, Buffer> {
  if (datagram.toString('latin1', 0, 4) !== 'HEP3' || datagram.readUInt16BE(4) !== datagram.length) throw new Error('no HEP3');
  const chunks = new Map<number, Buffer>();
  for (let at = 6; at < datagram.length; at += datagram.readUInt16BE(at + 4)) {
    if (datagram.readUInt16BE(at) !== 0) throw new Error('a vendor');
    const length = datagram.readUInt16BE(at + 4);
    if (length < 6 || at + length > datagram.length) throw new Error('a length');
    chunks.set(datagram.readUInt16BE(at + 2), datagram.subarray(at + 6, at + length));
  }
  return chunks;
}
