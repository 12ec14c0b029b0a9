import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { OwnNames } from '../src/own-names.ts';
import { parseUri } from '../src/sip/uri.ts';
import type { Listening, Transports } from '../src/transport/transport.ts';

const at = (transport: Listening['transport'], host: string, port: number, advertised = { host, port }): Listening => ({
  transport,
  local: { host, port },
  advertised,
});
const of = (listening: readonly Listening[], config: Partial<Config> = {}) =>
  new OwnNames({ domains: ['example.com'], listen: [], websocket: { path: undefined, origins: undefined }, ...config }, {
    listening,
  } as unknown as Transports);
const isOwn = (names: OwnNames, text: string): boolean => {
  const uri = parseUri(text);
  if (uri === undefined) throw new Error(text);
  return names.isOwn(uri);
};

describe('own names', () => {
  const names = of([
    at('udp', '10.0.0.5', 5060, { host: '203.0.113.5', port: 5060 }),
    at('tls', '10.0.0.5', 5061, { host: 'sip.example.net', port: 5062 }),
    at('wss', '2001:db8::1', 443),
  ]);

  it('are domains, where we listen, and what we advertise', () => {
    expect([...names.hosts].sort()).toEqual([
      '10.0.0.5',
      '2001:db8::1',
      '203.0.113.5',
      'example.com',
      'localhost',
      'sip.example.net',
    ]);
  });

  it.each([
    ['sip:x@10.0.0.5', true],
    ['sip:x@203.0.113.5', true],
    ['sip:x@203.0.113.5:5060;transport=tcp', true],
    ['sip:x@203.0.113.5:5080', false],
    ['sips:x@10.0.0.5', true],
    ['sip:x@10.0.0.5;transport=tls', true],
    ['sip:x@SIP.example.net:5062', true],
    ['sip:x@sip.example.net:5070', false],
    ['sip:x@sip.example.net', true],
    ['sip:x@Example.com.', true],
    ['sip:x@example.com:5061', true],
    ['sip:x@example.com:5070', false],
    ['sip:x@elsewhere.example', false],
    ['sip:x@[2001:db8::1];transport=wss', true],
    ['sip:x@192.0.2.1', false],
  ])('%s leads to us: %s', (uri, expected) => expect(isOwn(names, uri)).toBe(expected));

  it('are all addresses of the machine for a listener on all of them', () => {
    const everywhere = of([at('udp', '192.0.2.77', 5070)], { listen: [{ transport: 'udp', host: '0.0.0.0', port: 5070 }] });
    const [address] = Object.values(networkInterfaces()).flatMap((ones) => ones?.filter(({ family }) => family === 'IPv4') ?? []);
    expect(address).toBeDefined();
    expect(isOwn(everywhere, `sip:x@${address?.address}:5070`)).toBe(true);
    expect(isOwn(everywhere, `sip:x@${address?.address}:5060`)).toBe(false);
  });

  it.each([
    ['https://example.com', undefined, true],
    ['https://EXAMPLE.com:8443', undefined, true],
    ['http://localhost:3000', undefined, true],
    ['http://[2001:db8::1]', undefined, true],
    ['https://app.example.com', undefined, false],
    ['null', undefined, false],
    ['file://', undefined, false],
    ['https://app.test', ['https://app.test'], true],
    ['https://app.test:444', ['https://app.test'], false],
    ['https://example.com', ['https://app.test'], false],
    ['null', ['*'], true],
  ])('admit a page of %s with %s: %s', (origin, origins, expected) => {
    expect(of([at('wss', '2001:db8::1', 443)], { websocket: { path: undefined, origins } }).admitsOrigin(origin)).toBe(expected);
  });
});
