import { describe, expect, it } from 'vitest';
import { glanceAt } from '../../src/trace/glance.ts';
import { hepDatagram } from '../../src/trace/hep.ts';
import { addressBytes } from '../../src/trace/ip.ts';
import { pcapHeader, pcapRecord } from '../../src/trace/pcap.ts';
import type { Flow } from '../../src/transport/transport.ts';
import { readHep } from '../support/hep.ts';
import { readPcap } from '../support/pcap.ts';

const flow = (local: string, remote: string): Flow => ({
  id: 'udp',
  transport: 'udp',
  reliable: false,
  secure: false,
  local: { host: local, port: 5060 },
  advertised: { host: local, port: 5060 },
  remote: { host: remote, port: 5070 },
  open: true,
  send: () => undefined,
});
const look = (text: string, along: Flow) => glanceAt(text, along, true, 1_700_000_000_123.456);

describe('packets around messages', () => {
  it.each([
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:db8::9', '2001:db8:0:0:0:0:0:9'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['::ffff:10.1.2.3', '0:0:0:0:0:ffff:a01:203'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['10.1.2.3', '0:0:0:0:0:ffff:a01:203'],
    ['nonsense', '0:0:0:0:0:0:0:0'],
  ])('the address %s', (host, expected) => {
    const bytes = addressBytes(host, true);
    expect(Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n).toString(16)).join(':')).toBe(expected);
  });

  it.each([
    ['10.0.0.1', '10.0.0.2', '10.0.0.2 5070'],
    ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:0:0:0:2 5070'],
  ])('from %s to %s is whole, with sums and instant right', (local, remote, from) => {
    for (const text of ['OPTIONS sip:x SIP/2.0\r\n\r\n', 'odd', '']) {
      const [packet] = readPcap(Buffer.concat([pcapHeader(), pcapRecord(look(text, flow(local, remote)))]));
      expect(packet).toMatchObject({ from, text, atUs: 1_700_000_000_123_456 });
    }
  });

  it('cut what no datagram can carry', () => {
    const long = look('x'.repeat(100_000), flow('10.0.0.1', '10.0.0.2'));
    expect(readPcap(Buffer.concat([pcapHeader(), pcapRecord(long)]))[0]?.text).toHaveLength(65_507);
    const datagram = hepDatagram(long, 'c', { captureId: 1, password: '' });
    expect(datagram).toHaveLength(65_507);
    expect(readHep(datagram).get(15)?.length).toBeGreaterThan(65_000);
  });

  it('name IPv6 in HEP', () => {
    const chunks = readHep(hepDatagram(look('x', flow('::1', '::2')), '', { captureId: 1, password: '' }));
    expect([chunks.get(1)?.[0], chunks.get(5)?.at(-1), chunks.get(6)?.at(-1), chunks.has(3)]).toEqual([10, 2, 1, false]);
  });
});
