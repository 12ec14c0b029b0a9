import { expect, it } from 'vitest';
import { trunkNetworks } from '../../src/protection/trunk-networks.ts';

it('networks of trunks are those that they call from, and servers that are addresses', () => {
  const trunks = [
    {
      allowFrom: [{ address: '192.0.2.0', bits: 24 }],
      servers: ['sip:trunk.example.net', 'sip:198.51.100.7:5080;transport=tcp'],
    },
    { allowFrom: [], servers: ['sip:[2001:db8::7]'] },
  ];
  expect(trunkNetworks(trunks)).toEqual([
    { address: '192.0.2.0', bits: 24 },
    { address: '198.51.100.7', bits: 32 },
    { address: '2001:db8::7', bits: 128 },
  ]);
});
