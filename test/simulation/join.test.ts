import { describe, expect, it } from 'vitest';
import { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { type Header, headerOf, uriOf } from '../../src/testing/phone-message.ts';
import { offerOf } from '../../src/testing/phone-sdp.ts';
import { RoamingWire } from '../../src/testing/roaming-wire.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../../src/testing/world.ts';
import type { TransportName } from '../../src/transport/transport.ts';
import { joiner } from '../support/joiner.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

/** Alice calls Bob, whose phone rings; Carol and Dave may dial `*81` to take that call. */
function scene(options: Parameters<typeof serviceWorld>[0] = {}) {
  const users = ['alice', 'bob', 'carol', 'dave'];
  const world = serviceWorld({ users, scenarios: [joiner], ...options, config: { codes: ['*8'], ...options.config } });
  const [alice, bob, carol, dave] = users.map((name) => world.phone(name, { checksSessions: true })) as [
    Phone,
    Phone,
    Phone,
    Phone,
  ];
  for (const phone of [alice, bob, carol, dave]) phone.register();
  bob.onInvite = 'ring';
  world.run(500);
  return { world, alice, bob, carol, dave };
}
function ringing(options: Parameters<typeof scene>[0] = {}, how: Parameters<Phone['call']>[1] = {}) {
  const stage = scene(options);
  const call = stage.alice.call('bob', how);
  stage.world.run(500);
  expect(stage.bob.incoming?.state).toBe('ringing');
  return { ...stage, call };
}
const CODE = 'sip:*81@example.com';
const host = (phone: Phone) => phone.wire.local.host;
const audioOf = (sdp: string) => /c=IN IP4 (\S+)/.exec(sdp)?.[1];

function expectTalk(world: ReturnType<typeof scene>['world'], a: PhoneCall, b: PhoneCall): void {
  const sent = [a.reInvite({ direction: 'sendonly' }), a.request('INFO')];
  world.run(300);
  expect(sent.map(({ status }) => status)).toEqual([200, 200]);
  expect(b.remoteSdp).toContain('a=sendonly');
  const back = b.reInvite({ direction: 'sendrecv' });
  world.run(300);
  expect(back.status).toBe(200);
  b.bye();
  world.run(300);
  expect([a.end, b.end]).toEqual(['hungUp', 'bye']);
}

describe('a party that is joined to a ringing call', () => {
  it.each([
    ['both with an offer', {}, {}],
    ['the picker without an offer', {}, { sdp: '' }],
    ['the caller without an offer', { sdp: '' }, {}],
    ['both without an offer', { sdp: '' }, { sdp: '' }],
  ])('talks to the caller, and the phones hear that it was answered elsewhere: %s', (_what, callers, pickers) => {
    const { world, alice, bob, carol, call } = ringing({}, callers);
    const picking = carol.call(CODE, pickers);
    world.run(1_000);
    expect([picking.status, call.status, bob.calls[0]?.end]).toEqual([200, 200, 'cancelled']);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    expect([audioOf(picking.remoteSdp), audioOf(call.remoteSdp)]).toEqual([host(alice), host(carol)]);
    // One more fork's To-tag.
    expect(call.progress.map(({ tag }) => tag)).not.toContain(call.dialog?.remoteTag);
    expectTalk(world, call, picking);
    expectQuiet(world);
    expect(world.service.records.map(({ outcome, how }) => [outcome, how])).toEqual([
      ['answered', 'moved'],
      ['answered', 'bye'],
    ]);
  });

  it('repeats its 2xx until the caller, who made no offer, has answered it: nothing is refused meanwhile', () => {
    const { world, alice, carol, call } = ringing({}, { sdp: '', ack: { afterMs: 2_000 } });
    const picking = carol.call(CODE);
    world.run(6_000);
    expect(carol.history.filter(({ direction, again }) => direction === 'out' && again).length).toBeGreaterThan(0);
    expect([carol.received('INVITE').length, audioOf(picking.remoteSdp)]).toEqual([1, host(alice)]);
    expectTalk(world, call, picking);
    expectQuiet(world);
  });

  it('is in the records and the stories of both calls, and nobody has missed one', () => {
    const { world, bob, carol, call } = ringing({ journals: true });
    const picking = carol.call(CODE);
    world.run(1_000);
    call.bye();
    expectQuiet(world);
    expect(picking.end).toBe('hungUp');
    const [pickers, taken] = world.service.records;
    expect(pickers).toMatchObject({ caller: carol.aor, outcome: 'answered', how: 'moved', forks: [] });
    expect(taken).toMatchObject({
      ...{ caller: 'sip:alice@example.com', callee: 'sip:bob@example.com', outcome: 'answered', endedBy: 'caller' },
      forks: [
        { why: 'answered elsewhere' },
        { joined: true, target: carol.contactUri, callId: picking.callId, status: 200, why: '' },
      ],
    });
    expect(world.service.stories.map(({ devices }) => devices.replaceAll(/\d+\.\d+ s/g, '_'))).toEqual([
      'the service answered at _',
      `${bob.contactUri} was called at _, rang at _; sip:carol@example.com came for the call at _, answered at _`,
    ]);
    expect(world.service.journals.join('')).not.toContain('callee.missed');
  });

  it('is found after its phone moved and registered anew, before and after the join', () => {
    for (const when of ['before', 'after']) {
      const { world, bob, call } = ringing();
      const wire = new RoamingWire(world.wire('198.51.100.1'));
      const roamer = new Phone({
        ...{ name: 'roamer', user: 'carol', domain: 'example.com', password: 'carol-secret', wire, instance: 'urn:uuid:1' },
        random: world.random.fork('roamer'),
        proxy: { host: SERVICE_HOST, port: SERVICE_PORT.udp },
      });
      const move = () => {
        wire.roam(world.wire('198.51.100.2'));
        roamer.register();
        world.run(300);
      };
      roamer.register();
      world.run(200);
      const picking = roamer.call(CODE);
      if (when === 'before') {
        picking.answersReInvites = { afterMs: 1_000 };
        world.run(300);
        move();
      }
      world.run(1_500);
      expect([picking.state, call.state]).toEqual(['answered', 'answered']);
      if (when === 'after') move();
      call.bye();
      world.run(500);
      expect([picking.end, bob.calls[0]?.end]).toEqual(['hungUp', 'cancelled']);
      expect(roamer.complaints).toEqual([]);
      expectQuiet(world);
    }
  });

  it('refreshes the session that it agrees on, though the caller knows no session timers', () => {
    const { world, carol, call } = ringing({ config: { calls: { sessionExpiresSeconds: 600 } } });
    carol.timer = {};
    const picking = carol.call(CODE);
    world.run(1_500_000);
    expect([picking.state, call.state]).toEqual(['answered', 'answered']);
    picking.bye();
    expectQuiet(world);
  });

  it.each(['forked', 'single'] as const)('wins over reliable early media of the callee: early dialogs %s', (earlyDialogs) => {
    const { world, alice, bob, carol } = scene({ config: { calls: { earlyDialogs } } });
    const call = alice.call('bob', { reliable: 'supported', prack: 'never' });
    world.run(200);
    bob.incoming?.ring(183, offerOf(bob.wire.local, 1), { reliable: true });
    world.run(200);
    const picking = carol.call(CODE);
    world.run(1_000);
    expect([call.status, picking.state]).toEqual([200, 'answered']);
    expect(audioOf(call.remoteSdp)).toBe(host(carol));
    expectTalk(world, call, picking);
    expectQuiet(world);
  });

  it('keeps its o= and its m-lines, and so does the caller, where one offers more than the other', () => {
    for (const [callers, pickers] of [
      [1, 3],
      [3, 1],
    ] as const) {
      const { world, alice, carol } = scene();
      const call = alice.call('bob', { sdp: srtp(alice, callers) });
      world.run(500);
      const picking = carol.call(CODE, { sdp: srtp(carol, pickers) });
      world.run(1_000);
      expect([call.remoteSdp, picking.remoteSdp].map((sdp) => sdp.match(/^m=/gm)?.length)).toEqual([callers, 3]);
      expect([audioOf(call.remoteSdp), audioOf(picking.remoteSdp)]).toEqual([host(carol), host(alice)]);
      picking.bye();
      expectQuiet(world);
    }
  });
});

/** An offer of so many m-lines, with the key of an SRTP stream. */
function srtp(phone: Phone, lines: number): string {
  const { host: address } = phone.wire.local;
  const head = ['v=0', `o=- 77 1 IN IP4 ${address}`, 's=-', `c=IN IP4 ${address}`, 't=0 0'];
  const audio = ['m=audio 4000 RTP/SAVP 0', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'];
  const more = ['m=video 4002 RTP/AVP 96', 'm=text 4004 RTP/AVP 98'].slice(0, lines - 1);
  return [...head, ...audio, ...more, ''].join('\r\n');
}

/** When a phone answers its re-INVITE that takes its time. */
const LATE = { afterMs: 3_000 };

describe('a picker whose re-INVITE is open', () => {
  /** Carol picks up, and her phone takes its time. */
  function joining(how: Parameters<Phone['call']>[1] = {}, callers = {}, answers: PhoneCall['answersReInvites'] = LATE) {
    const stage = ringing({}, callers);
    const picking = stage.carol.call(CODE, how);
    picking.answersReInvites = answers;
    stage.world.run(1_000);
    expect([picking.state, picking.requests.map(({ method }) => method)]).toEqual(['answered', ['INVITE']]);
    return { ...stage, picking };
  }

  it.each([
    ['with offers', {}, {}],
    ['without the picker’s offer', { sdp: '' }, {}],
    ['without the caller’s offer', {}, { sdp: '' }],
  ])('hears BYE with the reason at once when the callee answers first, and talks to nobody: %s', (_what, pickers, callers) => {
    const { world, bob, call, picking } = joining(pickers, callers);
    bob.incoming?.answer();
    world.run(200);
    expect([call.status, bob.calls[0]?.state, picking.end]).toEqual([200, 'answered', 'hungUp']);
    expect(picking.endReason).toBe('SIP;cause=486;text="Answered By Another"');
    world.run(5_000);
    expect(call.state).toBe('answered');
    bob.calls[0]?.bye();
    expectQuiet(world);
  });

  it('hears BYE with the reason at once when the caller gives up, and so does the callee’s phone', () => {
    const { world, bob, call, picking } = joining();
    call.cancel();
    world.run(200);
    expect([call.end, bob.calls[0]?.end, picking.end]).toEqual(['cancelled', 'cancelled', 'hungUp']);
    expect(picking.endReason).toBe('SIP;cause=487;text="Caller Has Hung Up"');
    expect(bob.calls[0]?.endReason).toBe('');
    expectQuiet(world);
    expect(world.service.stories.map(({ caller, outcome }) => [caller, outcome])).toEqual([
      ['sip:carol@example.com', 'answered'],
      ['sip:alice@example.com', 'cancelled'],
    ]);
  });

  /** Around the instant at which Carol's phone answers: before it, and while the answer is on its way. */
  const CROSSINGS = [-6, -4, 0, 4];

  it.each<[string, (stage: ReturnType<typeof joining>) => void]>([
    ['the callee’s', ({ bob }) => bob.incoming?.answer()],
    ['the CANCEL of the caller', ({ call }) => call.cancel()],
    ['the BYE of its own', ({ picking }) => picking.bye()],
    ['the 603 of the callee', ({ bob }) => bob.incoming?.decline(603)],
    ['another picker’s', ({ dave }) => dave.call(CODE)],
  ])('whose 2xx crosses %s talks to the caller or to nobody', (_what, act) => {
    for (const offset of CROSSINGS) {
      const stage = joining();
      const { world, bob, carol, dave, call, picking } = stage;
      const askedMs = carol.received('INVITE')[0]?.atMs ?? 0;
      world.run(askedMs + LATE.afterMs + offset - world.timers.now());
      act(stage);
      world.run(1_000);
      const others = [picking, ...bob.calls, ...dave.calls].filter(({ state }) => state === 'answered');
      if (call.state === 'answered') expect(others, `${offset} ms`).toHaveLength(1);
      else if (call.state === 'ended') expect(others, `${offset} ms`).toEqual([]);
      else bob.incoming?.decline();
      for (const other of others) other.bye();
      expectQuiet(world);
    }
  });

  it('hangs up: the phones ring on, and the callee takes the call', () => {
    const { world, bob, call, picking } = joining();
    picking.bye();
    world.run(200);
    expect([call.state, bob.incoming?.state]).toEqual(['ringing', 'ringing']);
    expect(world.service.service.openLegs).toBe(2);
    bob.incoming?.answer();
    world.run(500);
    expect(call.status).toBe(200);
    call.bye();
    expectQuiet(world);
  });

  it('hangs up without an answer to it at all: nothing is left of the join, and the phones ring on', () => {
    const { world, bob, call } = ringing({ config: { auth: 'none' } });
    const raw = new RawPeer(world);
    const from: Header = ['From', '<sip:carol@example.com>;tag=raw'];
    raw.request('INVITE', CODE, [from, ['Contact', `<${raw.contact}>`], ['Call-ID', 'picking'], SDP_TYPE], SDP);
    world.run(200);
    const answer = raw.answer;
    const inside: Header[] = [from, ['To', headerOf(answer, 'to')], ['Call-ID', 'picking']];
    const target = uriOf(headerOf(answer, 'contact'));
    raw.request('ACK', target, [...inside, ['CSeq', '1 ACK']]);
    world.run(200);
    expect([raw.requests('INVITE').length, world.service.service.openLegs]).toEqual([1, 4]);
    raw.request('BYE', target, [...inside, ['CSeq', '2 BYE']]);
    world.run(50);
    expect([call.state, bob.incoming?.state, world.service.service.openLegs]).toEqual(['ringing', 'ringing', 2]);
    call.cancel();
    expectQuiet(world);
  });

  it.each([488, 603, 302, 404])('says %i: the phones ring on, and it hears BYE with that reason', (status) => {
    const { world, bob, call, picking } = joining();
    picking.onRequest = () => status;
    const again = world.phone('dave').call(CODE);
    again.onRequest = () => status;
    world.run(2_000);
    expect([again.end, again.endReason]).toEqual(['hungUp', expect.stringContaining(`cause=${status};`)]);
    expect([call.state, bob.incoming?.state, call.status]).toEqual(['ringing', 'ringing', 0]);
    bob.incoming?.answer();
    world.run(500);
    expect([call.status, picking.end]).toEqual([200, 'hungUp']);
    call.bye();
    expectQuiet(world);
  });

  it('says nothing for as long as its case waits: it hears BYE, and the phones ring on', () => {
    const { world, bob, call, picking } = joining({}, {}, 'never');
    world.run(25_000);
    expect([picking.end, picking.endReason]).toEqual(['hungUp', 'SIP;cause=480;text="Nothing Rings"']);
    expect([call.state, bob.incoming?.state]).toEqual(['ringing', 'ringing']);
    bob.incoming?.answer();
    world.run(500);
    call.bye();
    expectQuiet(world);
  });

  it('is told 491 to its own offer, and nothing of it goes anywhere', () => {
    const { world, picking, call } = joining();
    const hold = picking.reInvite({ direction: 'sendonly' });
    const info = picking.request('INFO');
    const options = picking.request('OPTIONS');
    world.run(500);
    expect([hold, info, options].map(({ status }) => status)).toEqual([491, 480, 200]);
    world.run(3_000);
    picking.answersReInvites = undefined;
    expectTalk(world, call, picking);
    expectQuiet(world);
  });

  it('is one of several: the first that agrees talks, the other hears why not', () => {
    const { world, bob, call, picking } = joining();
    const other = world.phone('dave').call(CODE);
    world.run(500);
    expect([call.status, other.state, bob.calls[0]?.end, picking.end]).toEqual([200, 'answered', 'cancelled', 'hungUp']);
    expect(picking.endReason).toContain('Answered By Another');
    expectTalk(world, call, other);
    expectQuiet(world);
  });

  it('keeps the call open, though the callee declines meanwhile', () => {
    const { world, alice, bob, call, picking } = joining();
    bob.incoming?.decline(603);
    world.run(300);
    expect([call.status, picking.state]).toEqual([0, 'answered']);
    world.run(3_000);
    expect([call.status, audioOf(picking.remoteSdp)]).toEqual([200, host(alice)]);
    picking.answersReInvites = undefined;
    expectTalk(world, call, picking);
    expectQuiet(world);
  });
});

describe('a call to a SIPS URI', () => {
  /** Alice calls on TLS, Bob's phone rings on TLS, and Carol is on another transport. */
  function secure(transport: TransportName, dialled: string) {
    const world = serviceWorld({ scenarios: [joiner], config: { codes: ['*8'] } });
    const [alice, bob] = [world.phone('alice', { transport: 'tls' }), world.phone('bob', { transport: 'tls', onInvite: 'ring' })];
    const carol = world.phone('carol', { transport });
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const call = alice.call(dialled);
    world.run(300);
    const picking = carol.call(CODE);
    world.run(1_000);
    return { world, bob, call, picking };
  }

  it.each([
    ['udp', 'sips:bob@example.com', 'ringing', 'SIP;cause=480;text="SIPS Required"'],
    ['wss', 'sips:bob@example.com', 'answered', ''],
    ['udp', 'sip:bob@example.com', 'answered', ''],
  ] as const)('is joined to nobody on an open way: on %s, called as %s', (transport, dialled, state, reason) => {
    const { world, bob, call, picking } = secure(transport, dialled);
    expect([call.state, picking.endReason]).toEqual([state, reason]);
    if (state === 'ringing') expect(bob.incoming?.state).toBe('ringing');
    call.cancel();
    call.bye();
    expectQuiet(world);
  });

  it('with a code: who called it so is joined to nobody on an open way', () => {
    const { world, bob, carol, call } = ringing();
    const dave = world.phone('erin', { user: 'dave', transport: 'tls' });
    const picking = dave.call('sips:*81@example.com');
    world.run(1_000);
    expect([picking.end, picking.endReason]).toEqual(['hungUp', 'SIP;cause=480;text="SIPS Required"']);
    expect([call.state, bob.incoming?.state, carol.calls]).toEqual(['ringing', 'ringing', []]);
    call.cancel();
    expectQuiet(world);
  });
});

describe('a call that was transferred and rings', () => {
  it.each([
    ['with an offer', {}],
    ['without an offer', { sdp: '' }],
  ])('is joined by who dials its code %s: the transferee talks to the picker', (_what, pickers) => {
    const { world, alice, bob, carol, dave } = scene();
    const first = alice.call('dave');
    world.run(300);
    dave.incoming?.request('REFER', { headers: [['Refer-To', '<sip:bob@example.com>']] });
    world.run(500);
    expect(bob.incoming?.state).toBe('ringing');
    const picking = carol.call('sip:*82@example.com', pickers);
    world.run(1_500);
    expect([first.state, picking.state, bob.calls[0]?.end]).toEqual(['answered', 'answered', 'cancelled']);
    expect([audioOf(first.remoteSdp), audioOf(picking.remoteSdp)]).toEqual([host(carol), host(alice)]);
    expectTalk(world, first, picking);
    expectQuiet(world);
  });

  it('whose transferee hangs up as the picker agrees leaves the picker to nobody', () => {
    for (const offset of [-6, 0, 4, 9]) {
      const { world, alice, carol, dave } = scene();
      const first = alice.call('dave');
      world.run(300);
      dave.incoming?.request('REFER', { headers: [['Refer-To', '<sip:bob@example.com>']] });
      world.run(500);
      const picking = carol.call('sip:*82@example.com');
      picking.answersReInvites = LATE;
      world.run(300);
      const askedMs = carol.received('INVITE')[0]?.atMs ?? 0;
      world.run(askedMs + LATE.afterMs + offset - world.timers.now());
      first.bye();
      world.run(100_000);
      expect(picking.end, `${offset} ms`).toBe('hungUp');
      expectQuiet(world);
    }
  });
});

describe('a transfer after the join', () => {
  it.each(['the caller', 'the picker'])('by %s: the other talks to who it was sent to', (who) => {
    const { world, alice, carol, dave, call } = ringing();
    const picking = carol.call(CODE);
    world.run(1_000);
    const [referrer, other, phone] = who === 'the caller' ? [call, picking, carol] : [picking, call, alice];
    referrer.request('REFER', { headers: [['Refer-To', '<sip:dave@example.com>']] });
    world.run(2_000);
    expect([referrer.end, other.state, dave.incoming?.state]).toEqual(['hungUp', 'answered', 'answered']);
    expect([audioOf(other.remoteSdp), audioOf(dave.incoming?.remoteSdp ?? '')]).toEqual([host(dave), host(phone)]);
    other.bye();
    expectQuiet(world);
  });
});

describe('a caller that leaves as the picker is joined', () => {
  it('by never acknowledging: the picker is told its session again, and hears BYE when its time is over', () => {
    const { world, carol, call } = ringing({}, { ack: 'never' });
    const picking = carol.call(CODE);
    world.run(1_000);
    expect([call.status, picking.state]).toEqual([200, 'answered']);
    world.run(60_000);
    expect([call.state, picking.end, picking.endReason]).toEqual(['ended', 'hungUp', 'SIP;cause=480;text="Nobody Came"']);
    expectQuiet(world);
  });

  it('before its ACK: the picker hears BYE too', () => {
    const { world, carol, call } = ringing({}, { ack: { afterMs: 500 } });
    const picking = carol.call(CODE);
    world.run(300);
    expect([call.status, picking.state]).toEqual([200, 'answered']);
    call.bye();
    expectQuiet(world);
    expect(picking.end).toBe('hungUp');
  });
});
