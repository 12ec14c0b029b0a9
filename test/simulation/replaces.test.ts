import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import type { Header } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const missing = (): never => {
  throw new Error('missing');
};
const incoming = (phone: Phone) => phone.incoming ?? missing();

/** Alice talks with Bob; Dave has a phone too. */
function scene(options: Parameters<typeof serviceWorld>[0] = {}) {
  const world = serviceWorld({ users: ['alice', 'bob', 'dave'], ...options });
  const [alice, bob, dave] = ['alice', 'bob', 'dave'].map((name) => world.phone(name, { checksSessions: true })) as [
    Phone,
    Phone,
    Phone,
  ];
  for (const phone of [alice, bob, dave]) phone.register();
  world.run(500);
  return { world, alice, bob, dave };
}
function talking(options: Parameters<typeof serviceWorld>[0] = {}) {
  const stage = scene(options);
  const call = stage.alice.call('bob');
  stage.world.run(200);
  return { ...stage, call, bobs: incoming(stage.bob) };
}

/** A Replaces header that names the dialog of this phone's call, as its other side knows it. */
const replaces = (call: PhoneCall, more = ''): Header => [
  'Replaces',
  `${call.callId};to-tag=${call.dialog?.remoteTag};from-tag=${call.localTag}${more}`,
];
const audioOf = (sdp: string) => /c=IN IP4 (\S+)/.exec(sdp)?.[1];
const host = (phone: Phone) => phone.wire.local.host;

function expectTalk(world: ReturnType<typeof scene>['world'], a: PhoneCall, b: PhoneCall): void {
  const sent = [a.reInvite({ direction: 'sendonly' }), a.request('INFO')];
  world.run(300);
  expect(sent.map(({ status }) => status)).toEqual([200, 200]);
  expect(b.remoteSdp).toContain('a=sendonly');
  b.bye();
  world.run(300);
  expect([a.end, b.end]).toEqual(['hungUp', 'bye']);
}

describe('an INVITE with Replaces (RFC 3891)', () => {
  it.each([
    ['the callee’s', true, true],
    ['the callee’s, without an offer', true, false],
    ['the caller’s', false, true],
    ['the caller’s, without an offer', false, false],
  ])('takes the place of %s leg', (_what, isCallee, hasOffer) => {
    const { world, alice, bob, dave, call, bobs } = talking();
    const [replaced, other, phone] = isCallee ? [bobs, call, alice] : [call, bobs, bob];
    // The Request-URI does not matter: the header says whom it joins.
    const joining = dave.call('nobody', { headers: [replaces(replaced)], ...(hasOffer ? {} : { sdp: '' }) });
    world.run(500);
    expect([joining.status, joining.state, other.state, replaced.end]).toEqual([200, 'answered', 'answered', 'hungUp']);
    expect([audioOf(joining.remoteSdp), audioOf(other.remoteSdp)]).toEqual([host(phone), host(dave)]);
    expectTalk(world, joining, other);
    expectQuiet(world);
    expect(world.service.records.map(({ how, continues }) => [how, continues])).toEqual([
      ['moved', ''],
      ['bye', 'call:1'],
    ]);
  });

  it('has more m-lines than the call it joins, or fewer', () => {
    const { world, dave, call, bobs } = talking();
    const video = 'm=video 50000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n';
    const two = call.reInvite({ sdp: `${bobs.remoteSdp.replace(/^(o=\S+ \S+) \d+/m, '$1 9')}${video}` });
    world.run(300);
    expect(two.status).toBe(200);
    const joining = dave.call('x', { headers: [replaces(bobs)] });
    world.run(500);
    expect(joining.remoteSdp.match(/^m=/gm)).toHaveLength(1);
    expect(call.remoteSdp.match(/^m=/gm)).toHaveLength(2);
    expect(call.remoteSdp).toContain('m=video 0');
    joining.bye();
    expectQuiet(world);
  });

  it.each<[string, (call: PhoneCall) => readonly Header[], number]>([
    ['two of them', (call) => [replaces(call), replaces(call)], 400],
    ['two in one line', (call) => [['Replaces', `${replaces(call)[1]}, ${replaces(call)[1]}`]], 400],
    ['no to-tag', (call) => [['Replaces', `${call.callId};from-tag=${call.localTag}`]], 400],
    ['Join beside it', (call) => [replaces(call), ['Join', replaces(call)[1]]], 400],
    ['an unknown Call-ID', (call) => [['Replaces', replaces(call)[1].replace(/^[^;]+/, 'other')]], 481],
    ['another from-tag', (call) => [['Replaces', replaces(call)[1].replace(/from-tag=.*/, 'from-tag=0')]], 481],
    [
      'tags the wrong way round',
      (call) => [['Replaces', replaces(call)[1].replace('to-', 'x-').replace('from-', 'to-').replace('x-', 'from-')]],
      481,
    ],
    ['early-only, of an answered call', (call) => [replaces(call, ';early-only')], 486],
  ])('is refused with %s, and the call goes on', (_what, headers, status) => {
    const { world, dave, call, bobs } = talking();
    const joining = dave.call('alice', { headers: headers(bobs) });
    world.run(300);
    expect(joining.status).toBe(status);
    expectTalk(world, call, bobs);
    expectQuiet(world);
  });

  it('is declined once the call has ended, and knows it no more later', () => {
    const { world, dave, alice, bobs, call } = talking();
    alice.wire.close();
    bobs.bye();
    world.run(100);
    // Our BYE to Alice is on its way still.
    const soon = dave.call('alice', { headers: [replaces(call)] });
    world.run(100);
    expect(soon.status).toBe(603);
    world.run(120_000);
    const late = dave.call('alice', { headers: [replaces(bobs)] });
    world.run(100);
    expect(late.status).toBe(481);
    expectQuiet(world);
  });

  it.each(['the caller’s', 'the callee’s'])('finds no dialog while the call rings: %s', (whose) => {
    const { world, alice, bob, dave } = scene();
    bob.onInvite = 'ring';
    const call = alice.call('bob');
    world.run(200);
    const joining = dave.call('alice', { headers: [replaces(whose === 'the caller’s' ? call : incoming(bob))] });
    world.run(200);
    expect(joining.status).toBe(481);
    call.cancel();
    expectQuiet(world);
  });

  it('that is cancelled as the other party says 491 is offered to it no more', () => {
    const { world, alice, bobs, dave, call } = talking();
    call.onRequest = ({ method }) => (method === 'INVITE' ? 491 : 200);
    call.answersReInvites = { afterMs: 1_000 };
    const joining = dave.call('x', { headers: [replaces(bobs)] });
    world.run(200);
    const askedMs = alice.received('INVITE')[0]?.atMs ?? 0;
    // Our CANCEL leaves while the 491 is on its way.
    world.run(askedMs + 996 - world.timers.now());
    joining.cancel();
    call.onRequest = () => 200;
    world.run(10_000);
    expect([joining.end, alice.sent(491).length, alice.received('INVITE').length]).toEqual(['cancelled', 1, 1]);
    call.answersReInvites = undefined;
    expectTalk(world, call, bobs);
    expectQuiet(world);
  });

  it('is not for strangers', () => {
    const { world, dave, call, bobs } = talking();
    const joining = dave.call('alice', { headers: [replaces(bobs)], from: 'sip:somebody@elsewhere.example' });
    world.run(200);
    expect(joining.status).toBe(403);
    expectTalk(world, call, bobs);
    expectQuiet(world);
  });

  it('that the other party refuses leaves the call as it was', () => {
    const { world, dave, call, bobs } = talking();
    call.onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    const joining = dave.call('alice', { headers: [replaces(bobs)] });
    world.run(300);
    expect(joining.status).toBe(488);
    call.onRequest = () => 200;
    expectTalk(world, bobs, call);
    expectQuiet(world);
  });

  it('given up after the other party agreed gives that party back', () => {
    const { world, dave, alice, bob, call, bobs } = talking();
    const joining = dave.call('alice', { headers: [replaces(bobs)], ack: 'never' });
    world.run(300);
    expect(joining.status).toBe(200);
    world.run(70_000);
    expect([call.state, bobs.state]).toEqual(['answered', 'answered']);
    expect([audioOf(call.remoteSdp), audioOf(bobs.remoteSdp)]).toEqual([host(bob), host(alice)]);
    expectTalk(world, call, bobs);
    expectQuiet(world);
  });

  it('given up, of more m-lines than the call had: each is answered as it offers after that', () => {
    const { world, dave, call, bobs } = talking();
    const daves = bobs.remoteSdp
      .replace(/^o=.*$/m, `o=dave 7 1 IN IP4 ${host(dave)}`)
      .replace(/^c=.*$/m, `c=IN IP4 ${host(dave)}`);
    const video = 'm=video 50000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n';
    dave.call('alice', { headers: [replaces(bobs)], ack: 'never', sdp: `${daves}${video}` });
    world.run(70_000);
    expect([call.state, bobs.state]).toEqual(['answered', 'answered']);
    // Alice has two lines from now on (RFC 3264 §8), Bob has one.
    for (const ask of [
      () => bobs.reInvite({ direction: 'sendonly' }),
      () => call.reInvite({ sdp: '' }),
      () => bobs.reInvite({ sdp: '' }),
      () => bobs.reInvite(),
    ]) {
      const sent = ask();
      world.run(500);
      expect(sent.status).toBe(200);
      expect([bobs.remoteSdp.match(/^m=/gm), call.remoteSdp.match(/^m=/gm)]).toEqual([['m='], ['m=', 'm=']]);
    }
    expect(world.complaints).toEqual([]);
    expectTalk(world, call, bobs);
    expectQuiet(world);
  });

  it('belongs to INVITE alone', () => {
    const { world, dave, bobs, call } = talking();
    const sent = dave.request('MESSAGE', 'alice', { headers: [replaces(bobs)], body: 'hello' });
    world.run(200);
    expect(sent.status).toBe(400);
    call.bye();
    expectQuiet(world);
  });
});

describe('a transfer that phones carry out (calls.transfer: relay)', () => {
  const relayed = () => talking({ config: { calls: { transfer: 'relay' } } });

  it('passes REFER and NOTIFY, and lets the transferee replace the referrer', () => {
    const { world, alice, call, bob, bobs, dave } = relayed();
    const consultation = bob.call('dave');
    world.run(200);
    const named = encodeURIComponent(replaces(consultation)[1]);
    const sent = bobs.request('REFER', { headers: [['Refer-To', `<sip:dave@example.com?Replaces=${named}>`]] });
    world.run(200);
    expect(sent.status).toBe(200);
    expect(call.requests.map(({ method }) => method)).toEqual(['REFER']);
    const joining = alice.call('dave', { headers: [replaces(consultation)] });
    call.request('NOTIFY', {
      headers: [
        ['Event', 'refer'],
        ['Subscription-State', 'terminated;reason=noresource'],
      ],
    });
    world.run(300);
    expect([joining.state, consultation.end]).toEqual(['answered', 'hungUp']);
    expect(bobs.requests.map(({ method }) => method)).toEqual(['NOTIFY']);
    bobs.bye();
    world.run(200);
    expectTalk(world, joining, incoming(dave));
    expectQuiet(world);
  });

  it('goes nowhere the referrer may not call', () => {
    const { world, call, bobs } = relayed();
    const sent = bobs.request('REFER', { headers: [['Refer-To', '<sip:1900@toll.example>']] });
    world.run(200);
    expect(sent.status).toBe(403);
    expect(call.requests).toEqual([]);
    expectTalk(world, call, bobs);
    expectQuiet(world);
  });
});
