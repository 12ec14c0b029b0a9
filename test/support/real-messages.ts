/** Messages as phones and the service really say them: a scene of many kinds is played, and what passed is kept. */
import type { Header } from '../../src/testing/phone-message.ts';
import { type ServiceWorld, serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../../src/testing/world.ts';
import type { TransportName } from '../../src/transport/transport.ts';
import { RawPeer } from './raw-peer.ts';

const MULTIPART: Header = ['Content-Type', 'multipart/mixed;boundary=b1'];
const PARTS =
  '--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\nContent-Type: application/octet-stream\r\n\r\n\0\x01\xff\r\n--b1--\r\n';
const LONG: Header = ['X-Long', `${'word '.repeat(200)}end`];
const IPV6 = '2001:db8::10';

const listening = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).map((transport) => ({
  transport: transport as TransportName,
  local: { host: SERVICE_HOST, port: SERVICE_PORT[transport] },
}));

function scene(): ServiceWorld {
  const world = serviceWorld({
    seed: 4,
    config: { limits: { requestsPerSecondPerSource: 0, failuresBeforeBan: 0 } },
    listening: [...listening, { transport: 'udp', local: { host: IPV6, port: 5060 } }],
  });
  const push = { provider: 'apns', prid: 'token', param: 'app' };
  const alice = world.phone('alice', { displayName: 'Alice, \\"A\\"', userAgent: 'phone/1 (x; y)' });
  const bob = world.phone('bob', { instance: 'urn:uuid:00000000-0000-1000-8000-000a95a0e128' });
  const mobile = world.phone('mobile', { user: 'bob', push, transport: 'tls', onInvite: 'ring' });
  const carol = world.phone('carol', { transport: 'ws', onInvite: 'answer' });
  const page = world.phone('page', {
    user: 'carol',
    transport: 'wss',
    onInvite: { decline: 603, ringAfterMs: 20, declineAfterMs: 100 },
  });
  const v6 = world.phone('v6', { user: 'alice', host: '2001:db8::77', proxy: { host: IPV6, port: 5060 }, onInvite: 'answer' });
  const desk = world.phone('desk', { user: 'alice', transport: 'tcp', onInvite: { ringAfterMs: 10, decline: 486 } });
  bob.onInvite = (call) => {
    call.trying();
    call.ring(183, '', { reliable: true });
    world.timers.set(300, () => call.answer());
  };
  for (const phone of [alice, bob, mobile, carol, page, v6, desk]) phone.register();
  world.run(500);
  talk(world, { alice, bob, carol, v6 });
  page.unregister();
  world.run(1000);
  return world;
}

type Phones = Record<'alice' | 'bob' | 'carol' | 'v6', ReturnType<ServiceWorld['phone']>>;

function talk(world: ServiceWorld, { alice, bob, carol, v6 }: Phones): void {
  const call = alice.call('bob', { reliable: 'supported', headers: [LONG, ['Subject', 'caf\xc3\xa9']] });
  const given = v6.call('carol');
  world.run(1000);
  call.request('INFO', { headers: [MULTIPART], body: PARTS });
  call.reInvite({ direction: 'sendonly' });
  world.run(500);
  call.update();
  given.reInvite();
  bob.request('MESSAGE', 'alice', { headers: [['Content-Type', 'text/plain']], body: 'hi' });
  world.run(500);
  call.request('REFER', {
    headers: [
      ['Refer-To', '<sip:carol@example.com>'],
      ['Referred-By', '<sip:alice@example.com>'],
    ],
  });
  world.run(2000);
  const lost = carol.call('alice');
  world.run(200);
  lost.cancel();
  given.bye();
  carol.request('OPTIONS', 'sip:example.com');
  carol.request('SUBSCRIBE', 'alice', { headers: [['Event', 'presence']] });
  const raw = new RawPeer(world);
  raw.request('OPTIONS', 'sip:nobody@example.com', [
    ['Require', 'nothing'],
    ['Proxy-Require', 'nothing'],
  ]);
  raw.request('INVITE', 'sip:bob@example.com', [
    ['Contact', '<sip:raw@10.0.9.9>'],
    ['Max-Forwards', '0'],
  ]);
  world.run(2000);
}

/** What the scene's phones would not write: compact forms, folded lines, many values in one. */
const WRITTEN = [
  'REGISTER sip:example.com SIP/2.0\r\nv: SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK1, SIP/2.0/UDP a.example.com;branch=z9hG4bK2\r\nf: <sip:a@example.com>;tag=1\r\nt: <sip:a@example.com>\r\ni: r1\r\nCSeq: 1 REGISTER\r\nm: *\r\nExpires: 0\r\nk: path,\r\n outbound\r\nl: 0\r\n\r\n',
  'SIP/2.0 183 Session Progress\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK74;received=192.0.2.3\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\nCall-ID: x\r\nCSeq: 5 INVITE\r\nRequire: 100rel\r\nRSeq: 7\r\nContact: sip:b@192.0.2.4\r\nContent-Length: 0\r\n\r\n',
];

/** The bytes of each kind of message (method or status, CSeq's method, transport) that passed, as latin1. */
export function realMessages(): readonly string[] {
  const byKind = new Map<string, string>();
  for (const { text, transport, from } of scene().packets) {
    const start = text.slice(0, text.indexOf(' ', 8));
    const kind = `${start} ${/\r\nCSeq: \d+ (\S+)/.exec(text)?.[1]} ${transport} ${from.host === SERVICE_HOST || from.host === IPV6}`;
    if (text.trim() !== '' && !byKind.has(kind)) byKind.set(kind, text);
  }
  return [...byKind.values(), ...WRITTEN];
}
