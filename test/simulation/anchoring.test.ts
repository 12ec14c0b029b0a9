import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { offerOf } from '../../src/testing/phone-sdp.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';
import { ENGINE_HOST, type RewritingOptions, RewritingPlane } from '../support/rewriting-plane.ts';

const missing = (): never => {
  throw new Error('missing');
};
const incoming = (phone: Phone) => phone.incoming ?? missing();
const audioOf = (sdp: string): string => `${/^c=IN IP4 (\S+)/m.exec(sdp)?.[1] ?? ''}:${/^m=audio (\d+)/m.exec(sdp)?.[1] ?? ''}`;
const toldOf = ({ remoteSdp }: PhoneCall): string => audioOf(remoteSdp);

/** Alice, Bob, Carol and Dave, registered, all media anchored by an engine that only rewrites. */
function scene(rewriting: RewritingOptions = {}, { config, ...options }: ServiceWorldOptions = {}) {
  const planes: RewritingPlane[] = [];
  const world = serviceWorld({
    users: ['alice', 'bob', 'carol', 'dave'],
    config: { media: { anchor: 'always' }, ...config },
    openMedia: ({ timers }) => {
      const plane = new RewritingPlane(timers, rewriting);
      planes.push(plane);
      return plane;
    },
    ...options,
  });
  const phones = ['alice', 'bob', 'carol', 'dave'].map((name) => world.phone(name, { checksSessions: true }));
  const [alice, bob, carol, dave] = phones as [Phone, Phone, Phone, Phone];
  for (const phone of phones) phone.register();
  world.run(500);
  const plane = planes[0] ?? missing();
  /** Both hear the engine, on the two sides of one bridge that is open. */
  const expectBridged = (caller: PhoneCall, fork: PhoneCall): void => {
    const bridge = plane.open.find((one) => toldOf(fork) === `${ENGINE_HOST}:${one.portTowards('fork')}`);
    expect(bridge, `${toldOf(fork)} is of an open bridge`).toBeDefined();
    expect(toldOf(caller)).toBe(`${ENGINE_HOST}:${bridge?.portTowards('caller')}`);
    expect(bridge?.isConnected).toBe(true);
    expect([caller.state, fork.state]).toEqual(['answered', 'answered']);
  };
  return { world, plane, alice, bob, carol, dave, expectBridged };
}

/** No phone was ever told where another one is. */
function expectHidden(phones: readonly Phone[]): void {
  for (const phone of phones)
    for (const { message } of phone.received('INVITE').concat(phone.received(200), phone.received(183), phone.received('ACK')))
      if (/^c=/m.test(message.body)) expect(message.body).toMatch(/^c=IN IP4 (203\.0\.113\.9|10\.0\.0\.1)\r$/m);
}

describe.each([
  ['at once', 0],
  ['50 ms later', 50],
])('an anchored call whose engine answers %s', (_, delayMs) => {
  it('tells each party of the engine, in its INVITE, its answer and each re-INVITE, and leaves nothing', () => {
    const { world, plane, alice, bob, expectBridged } = scene({ delayMs });
    const call = alice.call('bob');
    world.run(1_000);
    const bobs = incoming(bob);
    expectBridged(call, bobs);
    for (const asks of [call, bobs]) {
      const hold = asks.reInvite({ direction: 'sendonly' });
      world.run(500);
      expect(hold.status).toBe(200);
      expectBridged(call, bobs);
    }
    expect(plane.bridges.map(({ told }) => told)).toEqual([
      ['caller offer', 'fork answer', 'caller offer', 'fork answer', 'fork offer', 'caller answer'],
    ]);
    expectHidden([alice, bob]);
    call.bye();
    world.run(500);
    expect([bobs.end, plane.size]).toEqual(['hungUp', 0]);
    expectQuiet(world);
  });

  it('without an offer gets the offer of the callee from the engine, and its answer in the ACK', () => {
    const { world, plane, alice, bob, expectBridged } = scene({ delayMs });
    const call = alice.call('bob', { sdp: '' });
    world.run(1_000);
    expectBridged(call, incoming(bob));
    expect(plane.bridges.map(({ told }) => told)).toEqual([['fork offer', 'caller answer']]);
    expectHidden([alice, bob]);
    incoming(bob).bye();
    expectQuiet(world);
  });

  it('with early media of two phones has a bridge for each, and keeps that of the winner', () => {
    const { world, plane, alice, bob, expectBridged } = scene({ delayMs });
    const other = world.phone('bob', { onInvite: { ringAfterMs: 0, early: true } });
    other.register();
    bob.onInvite = { ringAfterMs: 0, early: true, answerAfterMs: 2_000 };
    world.run(500);
    const call = alice.call('bob');
    world.run(1_000);
    expect(plane.open).toHaveLength(2);
    const early = alice.received(183).map(({ message }) => audioOf(message.body));
    expect(early.toSorted()).toEqual(plane.open.map((one) => `${ENGINE_HOST}:${one.portTowards('caller')}`));
    world.run(2_000);
    expectBridged(call, incoming(bob));
    expect(plane.size).toBe(1);
    call.bye();
    expectQuiet(world);
  });

  it('that is transferred goes over to the bridge of the new pair', () => {
    for (const by of ['callee', 'caller'] as const) {
      const { world, plane, alice, bob, carol, expectBridged } = scene({ delayMs });
      const call = alice.call('bob');
      world.run(1_000);
      const bobs = incoming(bob);
      const [from, stays] = by === 'callee' ? [bobs, call] : [call, bobs];
      from.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
      world.run(2_000);
      expect(from.end).toBe('hungUp');
      expectBridged(stays, incoming(carol));
      expect(plane.size).toBe(1);
      expectHidden([alice, bob, carol]);
      const hold = stays.reInvite({ direction: 'sendonly' });
      world.run(500);
      expect(hold.status).toBe(200);
      expectBridged(stays, incoming(carol));
      incoming(carol).bye();
      expectQuiet(world);
    }
  });

  it('whose referrer leaves before the target answers keeps its bridge until then', () => {
    const { world, plane, alice, bob, carol, expectBridged } = scene({ delayMs });
    carol.onInvite = { ringAfterMs: 0, answerAfterMs: 3_000 };
    const call = alice.call('bob');
    world.run(1_000);
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(500);
    incoming(bob).bye();
    world.run(1_000);
    const [first] = plane.bridges;
    expect(first?.isOpen).toBe(true);
    world.run(3_000);
    expect(first?.isOpen).toBe(false);
    expectBridged(call, incoming(carol));
    call.bye();
    expectQuiet(world);
  });

  it('that is replaced by an INVITE of the referred goes over as well', () => {
    const { world, plane, alice, bob, carol, expectBridged } = scene({ delayMs });
    const call = alice.call('bob');
    world.run(1_000);
    const { callId, dialog } = call;
    const replaces = `${callId};to-tag=${dialog?.remoteTag};from-tag=${call.localTag}`;
    const carols = carol.call('bob', { headers: [['Replaces', replaces]] });
    world.run(2_000);
    expect(call.end).toBe('hungUp');
    expectBridged(carols, incoming(bob));
    expect(plane.size).toBe(1);
    expectHidden([alice, bob, carol]);
    carols.bye();
    expectQuiet(world);
  });

  it('whose offer cannot be described is refused with the reason of the engine', () => {
    const { world, alice } = scene({
      delayMs,
      refuses: (__, from) => (from === 'caller' ? { status: 488, reason: 'No Media For That' } : undefined),
    });
    const call = alice.call('bob');
    world.run(1_000);
    expect(call.status).toBe(488);
    expect(alice.received(488)[0]?.message.reason).toBe('No Media For That');
    expectQuiet(world);
  });

  it('whose answer cannot be described hangs the phone up, and the caller hears why', () => {
    const { world, alice, bob } = scene({
      delayMs,
      refuses: (__, from) => (from === 'fork' ? { status: 500, reason: 'No Media Ports Free' } : undefined),
    });
    const call = alice.call('bob');
    world.run(1_000);
    expect([call.status, incoming(bob).end]).toEqual([500, 'hungUp']);
    expect(headerOf(bob.received('BYE')[0]?.message ?? missing(), 'reason')).toContain('No Media Ports Free');
    expectQuiet(world);
  });

  it('refuses a re-INVITE that cannot be described, and goes on', () => {
    let isFull = false;
    const { world, alice, bob } = scene({
      delayMs,
      refuses: () => (isFull ? { status: 488, reason: 'No Such Codec' } : undefined),
    });
    const call = alice.call('bob');
    world.run(1_000);
    isFull = true;
    const refused = call.reInvite();
    world.run(500);
    expect([refused.status, bob.received('INVITE').length]).toEqual([488, 1]);
    isFull = false;
    const again = incoming(bob).reInvite();
    world.run(500);
    expect([again.status, call.state]).toEqual([200, 'answered']);
    call.bye();
    expectQuiet(world);
  });

  it('hides addresses in a multipart body, and leaves the parts beside it', () => {
    const { world, plane } = scene({ delayMs }, { users: ['alice', 'bob', 'carol', 'dave', 'erin'], config: { auth: 'none' } });
    const [asker, answerer] = [new RawPeer(world, '10.0.9.1'), new RawPeer(world, '10.0.9.2')];
    answerer.register('erin');
    world.run(100);
    const body = `--b\r\nContent-Type: application/sdp\r\n\r\n${SDP}\r\n--b\r\nContent-Type: text/plain\r\n\r\nc=10.0.9.9\r\n--b--\r\n`;
    asker.request(
      'INVITE',
      'sip:erin@example.com',
      [
        ['From', '<sip:alice@example.com>;tag=raw'],
        ['Contact', `<${asker.contact}>`],
        ['Content-Type', 'multipart/mixed;boundary=b'],
      ],
      body,
    );
    world.run(500);
    const invite = answerer.requests('INVITE')[0] ?? missing();
    const [bridge] = plane.open;
    const hidden = body
      .replace('c=IN IP4 10.0.9.9', `c=IN IP4 ${ENGINE_HOST}`)
      .replace('audio 4000', `audio ${bridge?.portTowards('fork')}`);
    expect(invite.body).toBe(hidden);
    // What it could do is not for the caller, since it names where it is.
    answerer.reply(invite, 488, [SDP_TYPE], SDP);
    world.run(500);
    expect([asker.answer.status, asker.answer.body]).toEqual([488, '']);
    expectQuiet(world);
  });
});

describe('an engine that answers later', () => {
  it('is no hindrance to a CANCEL, before and after the phone rings, and before its answer is told', () => {
    for (const afterMs of [20, 40, 75, 100, 130]) {
      const { world, plane, alice, bob } = scene({ delayMs: 50 });
      bob.onInvite = { ringAfterMs: 0, answerAfterMs: 60 };
      const call = alice.call('bob');
      world.run(afterMs);
      call.cancel();
      world.run(1_000);
      expect([call.end, plane.size]).toEqual(['cancelled', 0]);
      expect(bob.incoming?.state ?? 'ended').toBe('ended');
      expectQuiet(world);
    }
  });

  it('keeps what a phone says in its order', () => {
    const { world, alice, bob } = scene({ delayMs: 50 });
    bob.onInvite = (call) => {
      call.ring(183, SDP);
      call.ring(180);
      call.answer();
    };
    const call = alice.call('bob');
    world.run(1_000);
    expect(call.progress.map(({ status }) => status)).toEqual([183, 180]);
    expect(call.confirmed).toBe(true);
    const said = incoming(bob);
    const sent = [said.reInvite({ direction: 'sendonly' }), said.request('INFO'), said.request('MESSAGE', { body: 'after it' })];
    world.run(1_000);
    expect(sent.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(call.requests.map(({ method }) => method).filter((method) => method !== 'ACK')).toEqual(['INVITE', 'INFO', 'MESSAGE']);
    call.bye();
    expectQuiet(world);
  });

  it('lets either party hang up while its description is under way', () => {
    for (const by of ['caller', 'callee'] as const) {
      for (const afterMs of [0, 20, 60]) {
        const { world, plane, alice, bob } = scene({ delayMs: 50 });
        const call = alice.call('bob', { sdp: '' });
        world.run(1_000);
        const bobs = incoming(bob);
        const [asks, other] = by === 'caller' ? [call, bobs] : [bobs, call];
        const asked = asks.reInvite();
        world.run(afterMs);
        asks.bye();
        world.run(1_000);
        expect([asks.end, other.end, plane.size]).toEqual(['bye', 'hungUp', 0]);
        expect(asked.status).toBe(487);
        expectQuiet(world);
      }
    }
  });

  it('that never answers costs the call, and nothing waits for it', () => {
    const { world, alice } = scene({ delayMs: Number.POSITIVE_INFINITY });
    const call = alice.call('bob');
    world.run(20_000);
    expect([call.status, alice.received(500)[0]?.message.reason]).toEqual([500, 'Media Engine Does Not Answer']);
    expectQuiet(world);
  });
});

describe('which calls are anchored', () => {
  const natted = offerOf({ host: '192.168.7.7', port: 5060 }, 1);

  it('by preset those whose caller names a private address that is not its own, or whose callee registered one', () => {
    const { world, plane, alice, bob, carol } = scene({}, { config: { media: { anchor: 'auto' } } });
    const plain = alice.call('bob');
    world.run(300);
    expect(plain.confirmed).toBe(true);
    expect(plane.bridges).toEqual([]);
    expect(audioOf(plain.remoteSdp)).toBe(`${bob.wire.local.host}:40000`);
    const hidden = carol.call('bob', { sdp: natted });
    world.run(300);
    expect(hidden.confirmed).toBe(true);
    expect(plane.open.map(({ order }) => order.caller.user)).toEqual(['sip:carol@example.com']);
    plain.bye();
    hidden.bye();
    expectQuiet(world);
  });

  it('stays so for whoever such a caller is transferred to', () => {
    const { world, plane, alice, bob, carol } = scene({}, { config: { media: { anchor: 'auto' } } });
    const call = alice.call('bob', { sdp: natted });
    world.run(300);
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(1_000);
    expect([call.state, incoming(carol).state, plane.bridges.length, plane.size]).toEqual(['answered', 'answered', 2, 1]);
    call.bye();
    expectQuiet(world);
  });

  it('with `never` none is', () => {
    const { world, plane, alice } = scene({}, { config: { media: { anchor: 'never' } } });
    const call = alice.call('bob', { sdp: natted });
    world.run(300);
    expect([call.confirmed, plane.bridges.length]).toEqual([true, 0]);
    call.bye();
    expectQuiet(world);
  });
});

describe('a key in an INFO', () => {
  const relay = { body: 'Signal=5\r\nDuration=160\r\n', contentType: 'application/dtmf-relay' };

  it('is heard once, and passes on unless it is withheld', () => {
    const { world, plane, alice, bob } = scene();
    const call = alice.call('bob');
    world.run(300);
    const passed = call.request('INFO', relay);
    world.run(300);
    plane.pressing = 'withheld';
    const kept = call.request('INFO', { body: '#', contentType: 'application/dtmf' });
    world.run(300);
    expect([passed.status, kept.status]).toEqual([200, 200]);
    expect(plane.keys).toEqual(['leg:1/0 5 160', 'leg:1/0 # 250']);
    expect(
      incoming(bob)
        .requests.filter(({ method }) => method === 'INFO')
        .map(({ body }) => body),
    ).toEqual([relay.body]);
    call.bye();
    expectQuiet(world);
  });
});
