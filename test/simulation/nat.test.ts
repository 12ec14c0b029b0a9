import { describe, expect, it } from 'vitest';
import { Phone } from '../../src/testing/phone.ts';
import { type Header, headerOf, uriOf } from '../../src/testing/phone-message.ts';
import { RoamingWire } from '../../src/testing/roaming-wire.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

type Config = NonNullable<ServiceWorldOptions['config']>;
const PRIVATE = '192.168.1.20:5060';

/** A world with phones whose Via and Contact name an address that is not theirs. */
function scene(config: Config = {}) {
  const lines: string[] = [];
  const world = serviceWorld({
    config,
    hearLog: (_, message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
  });
  let hosts = 0;
  const behindNat = (name: string, transport: 'udp' | 'tcp' = 'udp', sentBy: string | undefined = PRIVATE) => {
    hosts += 1;
    const wire = new RoamingWire(world.wire(`198.51.100.${hosts}`, transport), sentBy);
    const phone = new Phone({
      ...{ name, user: name, domain: 'example.com', password: `${name}-secret`, wire, random: world.random.fork(name) },
      proxy: { host: SERVICE_HOST, port: 5060 },
    });
    world.phones.push(phone);
    return { phone, wire };
  };
  return { world, lines, behindNat };
}

describe('a phone whose Via and Contact name a private address', () => {
  it.each(['udp', 'tcp'] as const)('registers, is called, calls, and is hung up on from both ends, over %s', (transport) => {
    for (const ends of ['alice', 'bob'] as const) {
      const { world, behindNat } = scene();
      const [alice, bob] = [behindNat('alice', transport).phone, behindNat('bob', transport).phone];
      alice.register();
      bob.register();
      world.run(500);
      const call = alice.call('bob');
      world.run(500);
      expect(call.confirmed).toBe(true);
      const again = bob.incoming?.reInvite();
      world.run(500);
      expect(again?.status).toBe(200);
      if (ends === 'alice') call.bye();
      else bob.incoming?.bye();
      world.run(500);
      expect([call.end, bob.incoming?.end]).toEqual(ends === 'alice' ? ['bye', 'hungUp'] : ['hungUp', 'bye']);
      expectQuiet(world);
    }
  });

  it('that never registered calls, and hears the BYE of the other side', () => {
    const { world, behindNat } = scene({ auth: 'none' });
    const bob = world.phone('bob');
    bob.register();
    world.run(200);
    const caller = behindNat('stranger').phone;
    const call = caller.call('bob');
    world.run(500);
    expect(call.confirmed).toBe(true);
    bob.incoming?.bye();
    world.run(500);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });
});

describe('a phone that moves to another network in a call and registers anew', () => {
  it.each([
    ['udp', 'callee'],
    ['udp', 'caller'],
    ['tcp', 'callee'],
    ['tcp', 'caller'],
  ] as const)('over %s as %s: re-INVITE and BYE of the other side reach it there', (transport, role) => {
    const { world, behindNat } = scene();
    const [alice, bob] = [behindNat('alice', transport), behindNat('bob', transport)];
    alice.phone.register();
    bob.phone.register();
    world.run(500);
    const call = alice.phone.call('bob');
    world.run(500);
    const [mover, other] = role === 'callee' ? [bob, call] : [alice, bob.phone.incoming];
    const { host } = mover.wire.local;
    mover.wire.roam(world.wire('203.0.113.9', transport));
    world.network.partition(host, '*');
    if (transport === 'tcp') world.network.breakStreams(host);
    mover.phone.register();
    world.run(500);
    const again = other?.reInvite();
    world.run(1_000);
    expect(again?.status).toBe(200);
    other?.bye();
    world.run(1_000);
    expect([call.end, bob.phone.incoming?.end].sort()).toEqual(['bye', 'hungUp']);
    expectQuiet(world);
  });

  it('sends its own BYE from there, without registering first', () => {
    const { world, behindNat } = scene();
    const [alice, bob] = [behindNat('alice', 'tcp'), behindNat('bob', 'tcp')];
    alice.phone.register();
    bob.phone.register();
    world.run(500);
    const call = alice.phone.call('bob');
    world.run(500);
    world.network.breakStreams(bob.wire.local.host);
    bob.wire.roam(world.wire('203.0.113.9', 'tcp'));
    const again = bob.phone.incoming?.reInvite();
    world.run(500);
    expect(again?.status).toBe(200);
    bob.phone.incoming?.bye();
    world.run(500);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });
});

describe('pings of phones behind NAT', () => {
  /** Raw phones that register a private Contact, and answer nothing unless told. */
  function pinged(count: number, nat: Config['nat'], contact = 'sip:raw@192.168.1.2:5060') {
    const lines: string[] = [];
    const world = serviceWorld({
      config: { auth: 'none', users: new Map(), nat } as Config,
      hearLog: (_, message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    });
    const peers = Array.from({ length: count }, (_, n) => new RawPeer(world, `198.51.${n >> 8}.${n & 255}`));
    const register = (peer: RawPeer, n: number): void =>
      peer.request('REGISTER', 'sip:example.com', [
        ['To', `<sip:u${n}@example.com>`],
        ['From', `<sip:u${n}@example.com>;tag=raw`],
        ['Contact', `<${contact}>`],
        ['Expires', '3600'],
      ]);
    peers.forEach(register);
    world.run(100);
    return { world, lines, peers, register };
  }
  const answers = (peer: RawPeer, status = 200): void => {
    peer.hears = (message) => {
      if (message.method === 'OPTIONS') peer.reply(message, status);
    };
  };

  it('go to where each registered from, once in the interval, evenly spread', () => {
    const { world, peers } = pinged(120, { pingMs: 30_000 });
    const perSecond: number[] = [];
    for (const peer of peers) answers(peer, 404);
    for (let second = 0; second < 30; second += 1) {
      const before = peers.reduce((sum, peer) => sum + peer.requests('OPTIONS').length, 0);
      world.run(1_000);
      perSecond.push(peers.reduce((sum, peer) => sum + peer.requests('OPTIONS').length, 0) - before);
    }
    expect(peers.map((peer) => peer.requests('OPTIONS').length)).toEqual(peers.map(() => 1));
    expect(Math.max(...perSecond)).toBe(4);
    expect(Math.min(...perSecond)).toBeGreaterThanOrEqual(3);
    expect(peers[0]?.requests('OPTIONS')[0]?.uri).toBe('sip:raw@192.168.1.2:5060');
  });

  it('stop when nobody is registered any more, and leave no timer', () => {
    const { world, peers } = pinged(2, { pingMs: 30_000 });
    for (const peer of peers) answers(peer);
    world.run(3_600_000);
    for (const peer of peers) expect(peer.requests('OPTIONS').length).toBeGreaterThan(100);
    expectQuiet(world);
  });

  it.each([
    ['at all, when they are off', { pingMs: 0 }, 'sip:raw@192.168.1.2:5060'],
    ['to a phone that is where it says', { pingMs: 30_000 }, 'sip:raw@198.51.0.0:5062'],
    ['to one that is woken by push', { pingMs: 30_000 }, 'sip:raw@192.168.1.2:5060;pn-provider=apns;pn-prid=x'],
  ])('are not sent %s', (_, nat, contact) => {
    const { world, peers } = pinged(1, nat, contact);
    expect(peers[0]?.answer.status).toBe(200);
    if (contact.includes('198.51')) expect(peers[0]?.contact).toBe(contact);
    world.run(120_000);
    expect(peers[0]?.requests('OPTIONS')).toEqual([]);
  });

  it('without answer are told once, and the binding stays', () => {
    const { world, lines } = pinged(1, { pingMs: 30_000, removeAfterMissed: 0 });
    world.run(600_000);
    expect(lines.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(world.service.service.location.of('sip:u0@example.com')).toHaveLength(1);
  });

  it('without answer remove the binding where that is asked for, and not that of a phone that answers now and then', () => {
    const { world, peers, register } = pinged(2, { pingMs: 30_000, removeAfterMissed: 3 });
    const [silent, patchy] = peers as [RawPeer, RawPeer];
    let heard = 0;
    patchy.hears = (message) => {
      if (message.method !== 'OPTIONS') return;
      heard += 1;
      // 11 repetitions make one ping missed: every second one is answered.
      if (heard % 12 === 0) patchy.reply(message, 200);
    };
    world.run(500_000);
    const bound = (n: number) => world.service.service.location.of(`sip:u${n}@example.com`).length;
    expect([bound(0), bound(1)]).toEqual([0, 1]);
    register(silent, 0);
    world.run(100);
    expect(bound(0)).toBe(1);
  });
});

it('goes to the first of the route set of a caller behind a proxy, which may be elsewhere (RFC 3261 §12.2.1.1)', () => {
  for (const loose of [true, false]) {
    const world = serviceWorld({ config: { auth: 'none' } });
    const bob = world.phone('bob');
    bob.register();
    world.run(200);
    const [proxy, other] = [new RawPeer(world, '10.0.8.1'), new RawPeer(world, '10.0.8.2')];
    const route = `sip:10.0.8.2:${other.wire.local.port}${loose ? ';lr' : ''}`;
    proxy.request(
      'INVITE',
      'sip:bob@example.com',
      [['Contact', '<sip:caller@192.168.7.7>'], ['Record-Route', `<${route}>`], SDP_TYPE],
      SDP,
    );
    world.run(300);
    const { answer } = proxy;
    expect(answer.status).toBe(200);
    proxy.request('ACK', uriOf(headerOf(answer, 'contact')), [
      ...['To', 'From', 'Call-ID'].map((name): Header => [name, headerOf(answer, name)]),
      ['CSeq', headerOf(answer, 'cseq').replace('INVITE', 'ACK')],
    ]);
    world.run(100);
    bob.incoming?.bye();
    world.run(300);
    expect(proxy.requests('BYE')).toEqual([]);
    const [bye] = other.requests('BYE');
    expect(bye?.uri).toBe(loose ? 'sip:caller@192.168.7.7' : route);
    if (bye !== undefined) other.reply(bye, 200);
  }
});
