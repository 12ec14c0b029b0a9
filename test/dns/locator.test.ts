import { describe, expect, it } from 'vitest';
import { DnsCache } from '../../src/dns/cache.ts';
import type { Hop } from '../../src/dns/hop.ts';
import { DnsLocator } from '../../src/dns/locator.ts';
import { parseUri, type SipUri } from '../../src/sip/uri.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { SimulatedResolver, type Zone } from '../../src/testing/simulated-resolver.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { TransportName } from '../../src/transport/transport.ts';

const V4 = { host: '192.0.2.1', port: 5060 };
const V6 = { host: '2001:db8::1', port: 5060 };

function locating(zone: Zone, transports: readonly TransportName[] = ['udp', 'tcp', 'tls'], locals = [V4]) {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const resolver = new SimulatedResolver(zone).runOn(timers);
  const cache = new DnsCache(resolver, timers);
  const listening = transports.flatMap((transport) => locals.map((local) => ({ transport, local })));
  const locator = new DnsLocator({
    ...{ cache, timers, listening, random: new SeededRandom(1) },
    isOwn: (host, port) => host === V4.host && port === V4.port,
  });
  /** What is found, once all that has to be asked is answered. */
  const find = (uri: string): readonly Hop[] | undefined => {
    let found: readonly Hop[] | undefined;
    locator.locate(parseUri(uri) as SipUri, (hops) => {
      found = hops;
    });
    time.advance(30_000);
    return found;
  };
  return { time, timers, resolver, cache, locator, find };
}
const named = (hops: readonly Hop[] | undefined): string[] =>
  (hops ?? []).map(({ transport, host, port }) => `${transport} ${host}:${port}`);
const srv = (target: string, port: number, priority = 0, weight = 0) => ({ target, port, priority, weight });
const naptr = (service: string, replacement: string, order = 10, preference = 10, flags = 's') => ({
  ...{ service, replacement, order, preference, flags },
});

describe('a URI that names an address', () => {
  it.each([
    ['sip:192.0.2.7', 'udp 192.0.2.7:5060'],
    ['sip:192.0.2.7:5080', 'udp 192.0.2.7:5080'],
    ['sip:192.0.2.7;transport=tcp', 'tcp 192.0.2.7:5060'],
    ['sip:[2001:db8::7];transport=TCP', 'tcp 2001:db8::7:5060'],
    ['sips:192.0.2.7', 'tls 192.0.2.7:5061'],
    ['sips:192.0.2.7:5080;transport=tcp', 'tls 192.0.2.7:5080'],
    ['sip:example.net;maddr=192.0.2.9', 'udp 192.0.2.9:5060'],
  ])('%s: %s, and nobody is asked (RFC 3263 §4.1, §4.2)', (uri, expected) => {
    const { locator, resolver } = locating({});
    let found: readonly Hop[] = [];
    locator.locate(parseUri(uri) as SipUri, (hops) => {
      found = hops;
    });
    expect(named(found)).toEqual([expected]);
    expect(resolver.asked).toEqual([]);
  });

  it.each(['sips:192.0.2.7;transport=udp', 'sip:192.0.2.7;transport=sctp', 'tel:+358501234567'])('%s leads nowhere', (uri) => {
    expect(locating({}).find(uri)).toEqual([]);
  });

  it('is none of our own', () => {
    expect(locating({}).find('sip:192.0.2.1')).toEqual([]);
    expect(named(locating({}).find('sip:192.0.2.1:5062'))).toEqual(['udp 192.0.2.1:5062']);
  });
});

describe('a name', () => {
  const A = { 'A a.example.net': ['192.0.2.11'], 'A b.example.net': ['192.0.2.12'] };

  it('with a port is only looked up for addresses', () => {
    const { find, resolver } = locating(A);
    expect(named(find('sip:a.example.net:5070'))).toEqual(['udp 192.0.2.11:5070']);
    expect(named(find('sip:a.example.net:5070;transport=tcp'))).toEqual(['tcp 192.0.2.11:5070']);
    expect(resolver.asked).toEqual(['A a.example.net']);
  });

  it('with a transport has the SRV records of that transport, and without any its addresses', () => {
    const { find, resolver } = locating({ ...A, _x: [], 'SRV _sip._tcp.example.net': [srv('a.example.net', 5068)] });
    expect(named(find('sip:example.net;transport=tcp'))).toEqual(['tcp 192.0.2.11:5068']);
    expect(named(find('sip:b.example.net;transport=tcp'))).toEqual(['tcp 192.0.2.12:5060']);
    expect(resolver.asked.filter((question) => question.startsWith('NAPTR'))).toEqual([]);
  });

  it('alone has its NAPTR records, by order and preference, of the transports that we have', () => {
    const zone = {
      ...A,
      'NAPTR example.net': [
        naptr('SIP+D2U', '_sip._udp.example.net', 20),
        naptr('SIPS+D2T', '_sips._tcp.example.net', 5),
        naptr('sip+d2t', '_sip._tcp.example.net', 10, 2),
        naptr('SIP+D2U', '_other._udp.example.net', 10, 1),
        naptr('E2U+sip', 'enum.example.net', 1),
        naptr('SIP+D2T', 'x.example.net', 1, 1, 'u'),
      ],
      'SRV _sip._udp.example.net': [srv('a.example.net', 1)],
      'SRV _other._udp.example.net': [srv('a.example.net', 2)],
      'SRV _sip._tcp.example.net': [srv('b.example.net', 3)],
      'SRV _sips._tcp.example.net': [srv('b.example.net', 4)],
    };
    expect(named(locating(zone).find('sip:example.net'))).toEqual([
      'tls 192.0.2.12:4',
      'udp 192.0.2.11:2',
      'tcp 192.0.2.12:3',
      'udp 192.0.2.11:1',
    ]);
    expect(named(locating(zone, ['udp']).find('sip:example.net'))).toEqual(['udp 192.0.2.11:2', 'udp 192.0.2.11:1']);
    expect(named(locating(zone).find('sips:example.net'))).toEqual(['tls 192.0.2.12:4']);
    expect(locating(zone).find('sips:example.net')?.[0]?.serverName).toBe('example.net');
  });

  it('without NAPTR is asked for SRV of each transport, and without those for its addresses, over UDP, sips over TLS', () => {
    const { find, resolver } = locating({ ...A, 'SRV _sip._tcp.b.example.net': [srv('b.example.net', 5068)] });
    expect(named(find('sip:a.example.net'))).toEqual(['udp 192.0.2.11:5060']);
    expect(resolver.asked).toEqual([
      'NAPTR a.example.net',
      'SRV _sip._udp.a.example.net',
      'SRV _sip._tcp.a.example.net',
      'SRV _sips._tcp.a.example.net',
      'A a.example.net',
    ]);
    expect(named(find('sip:b.example.net'))).toEqual(['tcp 192.0.2.12:5068']);
    expect(named(find('sips:a.example.net'))).toEqual(['tls 192.0.2.11:5061']);
  });

  it('has its servers by priority', () => {
    const records = [srv('b.example.net', 5060, 20), srv('a.example.net', 5060, 10)];
    expect(named(locating({ ...A, 'SRV _sip._udp.example.net': records }).find('sip:example.net'))).toEqual([
      'udp 192.0.2.11:5060',
      'udp 192.0.2.12:5060',
    ]);
  });

  it('whose SRV target is "." has no server (RFC 2782)', () => {
    const zone = { 'A example.net': ['192.0.2.13'], 'SRV _sip._udp.example.net': [srv('.', 0)] };
    expect(locating(zone, ['udp']).find('sip:example.net')).toEqual([]);
  });

  it('is asked for addresses of the families we listen on', () => {
    const zone = { 'A c.example.net': ['192.0.2.14'], 'AAAA c.example.net': ['2001:db8::14'] };
    const over = (locals: (typeof V4)[]) => named(locating(zone, ['udp'], locals).find('sip:c.example.net:5060'));
    expect(over([V4])).toEqual(['udp 192.0.2.14:5060']);
    expect(over([V6])).toEqual(['udp 2001:db8::14:5060']);
    expect(over([V4, V6])).toEqual(['udp 192.0.2.14:5060', 'udp 2001:db8::14:5060']);
  });

  it.each(['sip:a_b..c', `sip:${'a'.repeat(254)}.net`, 'sip:-.example.net'])('that is none is not asked for: %s', (uri) => {
    const { locator, resolver } = locating({});
    const parsed = parseUri(uri);
    if (parsed !== undefined) {
      let found: readonly Hop[] | undefined;
      locator.locate(parsed, (hops) => {
        found = hops;
      });
      expect(found).toEqual([]);
    }
    expect(resolver.asked).toEqual([]);
  });
});

describe('answers that are hostile or none', () => {
  it('bounds how many servers are found, and what is asked for them', () => {
    const records = Array.from({ length: 500 }, (_, index) => srv(`h${index}.example.net`, 5060, index));
    const hosts = Object.fromEntries(
      records.map(({ target }, index) => [`A ${target}`, Array.from({ length: 100 }, (_, n) => `198.51.${index & 255}.${n}`)]),
    );
    const { find, resolver } = locating({ ...hosts, 'SRV _sip._udp.example.net': records }, ['udp']);
    expect(named(find('sip:example.net'))).toHaveLength(8);
    expect(resolver.asked.length).toBeLessThanOrEqual(10);
  });

  it('takes no port 0, nothing that is no address, nobody twice and not ourselves', () => {
    const zone = {
      'SRV _sip._udp.example.net': [
        srv('a.example.net', 0),
        srv('a.example.net', 70_000, 1),
        srv('192.0.2.20', 5060, 2),
        srv('own.example.net', 5060, 3),
        srv('twice.example.net', 5060, 4),
        srv('odd.example.net', 5060, 5),
      ],
      'A own.example.net': ['192.0.2.1'],
      'A twice.example.net': ['192.0.2.21', '192.0.2.21'],
      'A odd.example.net': ['not an address', ''],
    };
    expect(named(locating(zone, ['udp']).find('sip:example.net'))).toEqual(['udp 192.0.2.20:5060', 'udp 192.0.2.21:5060']);
  });

  it('goes on where a name server fails, and ends where all are silent', () => {
    const zone = {
      'NAPTR a.example.net': 'failed',
      'SRV _sip._udp.a.example.net': 'failed',
      'A a.example.net': ['192.0.2.11'],
    } as const;
    expect(named(locating(zone).find('sip:a.example.net'))).toEqual(['udp 192.0.2.11:5060']);
    const silent = locating(zone);
    silent.resolver.delayMs = Number.POSITIVE_INFINITY;
    expect(silent.find('sip:a.example.net')).toEqual([]);
    expect([silent.cache.open, silent.timers.size]).toEqual([0, 0]);
  });

  it('calls nobody back who gave up', () => {
    const { locator, time } = locating({ 'A a.example.net': ['192.0.2.11'] });
    let calls = 0;
    const giveUp = locator.locate(parseUri('sip:a.example.net') as SipUri, () => {
      calls += 1;
    });
    giveUp();
    time.advance(30_000);
    expect(calls).toBe(0);
  });
});

it('puts a server that failed behind the others for a while', () => {
  const { find, locator, time } = locating({ 'A a.example.net': ['192.0.2.11', '192.0.2.12'] });
  const [first] = find('sip:a.example.net:5060') ?? [];
  expect(first?.host).toBe('192.0.2.11');
  locator.avoid(first as Hop);
  expect(named(find('sip:a.example.net:5060'))).toEqual(['udp 192.0.2.12:5060', 'udp 192.0.2.11:5060']);
  time.advance(30_000);
  expect(named(find('sip:a.example.net:5060'))).toEqual(['udp 192.0.2.11:5060', 'udp 192.0.2.12:5060']);
});
