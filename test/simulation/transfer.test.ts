import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const missing = (): never => {
  throw new Error('missing');
};
const incoming = (phone: Phone) => phone.incoming ?? missing();

/** Alice, Bob and Carol, registered. */
function scene(options: Parameters<typeof serviceWorld>[0] = {}) {
  const world = serviceWorld({ users: ['alice', 'bob', 'carol', 'dave'], ...options });
  const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((name) =>
    world.phone(name, { checksSessions: true }),
  ) as [Phone, Phone, Phone, Phone];
  for (const phone of [alice, bob, carol, dave]) phone.register();
  world.run(500);
  return { world, alice, bob, carol, dave };
}

/** The bodies of the NOTIFYs that came in a call, and their subscription states. */
const toldOf = (call: PhoneCall): string[] =>
  call.requests
    .filter(({ method }) => method === 'NOTIFY')
    .map((notify) => `${notify.body.trim()} ${headerOf(notify, 'subscription-state').split(';')[0]}`);
const refer = (call: PhoneCall, to: string, headers: readonly (readonly [string, string])[] = []) =>
  call.request('REFER', { headers: [['Refer-To', to], ...headers] });
const audioOf = (sdp: string) => /c=IN IP4 (\S+)/.exec(sdp)?.[1];
const host = (phone: Phone) => phone.wire.local.host;
const expectCoupled = (a: PhoneCall, phoneA: Phone, b: PhoneCall, phoneB: Phone) => {
  expect([audioOf(a.remoteSdp), audioOf(b.remoteSdp)]).toEqual([host(phoneB), host(phoneA)]);
  expect([a.state, b.state]).toEqual(['answered', 'answered']);
};

/** Alice talks with Bob. */
function talking(options: Parameters<typeof serviceWorld>[0] = {}) {
  const stage = scene(options);
  const call = stage.alice.call('bob');
  stage.world.run(200);
  expect(call.confirmed).toBe(true);
  return { ...stage, call, bobs: incoming(stage.bob) };
}
/** Whatever two parties of a call do, works: hold from either side, INFO, and the end by `a`. */
function expectSound(world: ReturnType<typeof scene>['world'], a: PhoneCall, b: PhoneCall): void {
  const sent = [a.reInvite({ direction: 'sendonly' }), a.request('INFO')];
  world.run(300);
  expect(sent.map(({ status }) => status)).toEqual([200, 200]);
  expect(b.remoteSdp).toContain('a=sendonly');
  const back = b.reInvite();
  world.run(300);
  expect(back.status).toBe(200);
  a.bye();
  world.run(300);
  expect([a.end, b.end]).toEqual(['bye', 'hungUp']);
}
const TRYING = 'SIP/2.0 100 Trying active';
const RINGING = 'SIP/2.0 180 Ringing active';
const DONE = 'SIP/2.0 200 OK terminated';

describe('a blind transfer', () => {
  it('by the callee joins the caller and whom it was sent to', () => {
    const { world, alice, call, bobs, carol } = talking();
    const sent = refer(bobs, '<sip:carol@example.com>');
    world.run(500);
    expect(sent.status).toBe(202);
    expect(toldOf(bobs)).toEqual([TRYING, RINGING, DONE]);
    const carols = incoming(carol);
    expectCoupled(call, alice, carols, carol);
    expect([bobs.state, bobs.end]).toEqual(['ended', 'hungUp']);
    expect(headerOf(carols.invite, 'referred-by')).toBe('<sip:bob@example.com>');
    expect(carols.caller).toContain('sip:alice@example.com');
    expectSound(world, call, carols);
    expectQuiet(world);
    expect(world.service.stories).toHaveLength(2);
  });

  it('by the caller joins the callee and whom it was sent to', () => {
    const { world, bob, call, bobs, carol } = talking();
    refer(call, '<sip:carol@example.com>', [['Referred-By', '"Alice" <sip:alice@example.com>;cid=1']]);
    world.run(500);
    expect(toldOf(call)).toEqual([TRYING, RINGING, DONE]);
    const carols = incoming(carol);
    expectCoupled(bobs, bob, carols, carol);
    expect(headerOf(carols.invite, 'referred-by')).toBe('"Alice" <sip:alice@example.com>;cid=1');
    expect(carols.caller).toContain('sip:bob@example.com');
    expectSound(world, carols, bobs);
    expectQuiet(world);
  });

  it('ends a hold, and joins within a second of the answer', () => {
    const { world, alice, call, bobs, carol } = talking();
    bobs.reInvite({ direction: 'sendonly' });
    world.run(200);
    expect(call.remoteSdp).toContain('a=sendonly');
    carol.onInvite = { ringAfterMs: 0, answerAfterMs: 5_000 };
    refer(bobs, '<sip:carol@example.com>');
    world.run(4_900);
    expect(toldOf(bobs)).toEqual([TRYING, RINGING]);
    expect(call.remoteSdp).toContain('a=sendonly');
    world.run(1_000);
    expectCoupled(call, alice, incoming(carol), carol);
    expect(call.remoteSdp).toContain('a=sendrecv');
    call.bye();
    expectQuiet(world);
  });

  it.each([
    [486, 'SIP/2.0 486 Busy Here terminated'],
    [603, 'SIP/2.0 603 Decline terminated'],
  ])('that %i declines leaves the call as it was', (decline, told) => {
    const { world, bob, call, bobs, carol } = talking();
    carol.onInvite = { decline };
    refer(bobs, '<sip:carol@example.com>');
    world.run(500);
    expect(toldOf(bobs)).toEqual([TRYING, told]);
    expect(bob.received('BYE')).toEqual([]);
    expectSound(world, call, bobs);
    expectQuiet(world);
  });

  it('to nobody, or where the referrer may not call, is told by NOTIFY and changes nothing', () => {
    const { world, call, bobs } = talking();
    refer(bobs, '<sip:nobody@example.com>');
    world.run(200);
    refer(bobs, '<sip:1900@toll.example>');
    world.run(200);
    expect(toldOf(bobs)).toEqual(['SIP/2.0 404 No Such User terminated', 'SIP/2.0 403 Not A Domain Of Ours terminated']);
    const ids = bobs.requests.filter(({ method }) => method === 'NOTIFY').map((notify) => headerOf(notify, 'event'));
    // RFC 3515 §2.4.6
    expect(ids).toEqual(['refer', 'refer;id=2']);
    expectSound(world, call, bobs);
    expectQuiet(world);
  });

  it('outlives a referrer who hangs up at once', () => {
    const { world, alice, call, bobs, carol } = talking();
    carol.onInvite = { ringAfterMs: 0, answerAfterMs: 3_000 };
    const sent = refer(bobs, '<sip:carol@example.com>');
    world.run(50);
    expect(sent.status).toBe(202);
    bobs.bye();
    world.run(2_000);
    expect(call.state).toBe('answered');
    world.run(2_000);
    const carols = incoming(carol);
    expectCoupled(call, alice, carols, carol);
    expectSound(world, carols, call);
    expectQuiet(world);
  });

  it('ends for the transferee too where its referrer hung up and nobody answers', () => {
    const { world, call, bobs, carol } = talking();
    carol.onInvite = { ringAfterMs: 0, decline: 486, declineAfterMs: 3_000 };
    refer(bobs, '<sip:carol@example.com>');
    world.run(50);
    bobs.bye();
    world.run(2_000);
    expect(call.state).toBe('answered');
    world.run(2_000);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it.each([true, false])('ends where the transferee hangs up (the referrer still there: %s)', (isThere) => {
    const { world, call, bobs, carol } = talking();
    carol.onInvite = 'ring';
    refer(bobs, '<sip:carol@example.com>');
    world.run(50);
    if (!isThere) bobs.bye();
    world.run(2_000);
    call.bye();
    world.run(500);
    expect(incoming(carol).end).toBe('cancelled');
    if (isThere) expect(toldOf(bobs).at(-1)).toBe('SIP/2.0 487 Request Terminated terminated');
    expect(bobs.state).toBe('ended');
    expectQuiet(world);
  });

  it('wakes whom it is sent to', () => {
    const { world, alice, call, bobs, dave } = talking();
    const sleeper = world.phone('dora', { user: 'dave', push: { provider: 'apns', prid: 'token' } });
    dave.unregister();
    sleeper.register();
    world.run(500);
    world.sleepUntilPushed(sleeper, 'token', { afterMs: 4_000, times: 1 });
    refer(bobs, '<sip:dave@example.com>');
    world.run(3_000);
    expect(world.push.sent('incoming-call', 'token')).toHaveLength(1);
    world.run(3_000);
    expectCoupled(call, alice, incoming(sleeper), sleeper);
    expect(toldOf(bobs).at(-1)).toBe(DONE);
    call.bye();
    expectQuiet(world);
  });

  it('goes on and on: each of the parties may be transferred again', () => {
    const { world, alice, call, bobs, bob, carol, dave } = talking();
    refer(bobs, '<sip:carol@example.com>');
    world.run(500);
    const carols = incoming(carol);
    refer(carols, '<sip:dave@example.com>');
    world.run(500);
    const daves = incoming(dave);
    expectCoupled(call, alice, daves, dave);
    expect(carols.end).toBe('hungUp');
    refer(call, '<sip:bob@example.com>');
    world.run(500);
    const second = incoming(bob);
    expectCoupled(daves, dave, second, bob);
    expect(call.end).toBe('hungUp');
    expectSound(world, daves, second);
    expectQuiet(world);
  });

  it('tells nothing to a referrer who asks for no subscription', () => {
    const { world, alice, call, bobs, carol } = talking();
    const sent = refer(bobs, '<sip:carol@example.com>', [['Refer-Sub', 'false']]);
    world.run(500);
    expect([sent.status, headerOf(sent.response ?? missing(), 'refer-sub')]).toEqual([202, 'false']);
    expect(toldOf(bobs)).toEqual([]);
    expectCoupled(call, alice, incoming(carol), carol);
    call.bye();
    expectQuiet(world);
  });

  it.each([
    ['<sip:carol@example.com>, <sip:dave@example.com>', 400],
    ['<sip:carol@example.com;method=MESSAGE>', 501],
    ['<http://example.com>', 403],
    ['<sip:carol@example.com?Replaces=nonsense>', 400],
  ])('cannot be asked for with %s', (to, status) => {
    const { world, call, bobs } = talking();
    const sent = refer(bobs, to);
    world.run(200);
    expect(sent.status).toBe(status);
    expect(toldOf(bobs)).toEqual([]);
    expectSound(world, call, bobs);
    expectQuiet(world);
  });

  it('leaves the call as it was if the transferee does not take the new session', () => {
    const { world, call, bobs, carol } = talking();
    call.onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    refer(bobs, '<sip:carol@example.com>');
    world.run(1_000);
    expect(toldOf(bobs).at(-1)).toMatch(/^SIP\/2.0 488 .* terminated$/);
    expect(incoming(carol).end).toBe('hungUp');
    expect([call.state, bobs.state]).toEqual(['answered', 'answered']);
    call.onRequest = () => 200;
    expectSound(world, call, bobs);
    expectQuiet(world);
  });

  it('waits for a transferee whose own offer is open', () => {
    const { world, alice, call, bobs, carol } = talking();
    let refusals = 2;
    call.onRequest = ({ method }) => (method === 'INVITE' && refusals-- > 0 ? 491 : 200);
    refer(bobs, '<sip:carol@example.com>');
    world.run(10_000);
    expectCoupled(call, alice, incoming(carol), carol);
    call.bye();
    expectQuiet(world);
  });
});

/** Refer-To of an attended transfer: the referrer's dialog as its other side sees it. */
const replacing = (call: PhoneCall): string => {
  const dialog = call.dialog ?? missing();
  return `${call.callId};to-tag=${dialog.remoteTag};from-tag=${call.localTag}`;
};
const referTo = (user: string, call: PhoneCall) => `<sip:${user}@example.com?Replaces=${encodeURIComponent(replacing(call))}>`;

/** Alice talks with Bob, who asks Carol: Bob has two calls. */
function consulting(options: Parameters<typeof serviceWorld>[0] = {}) {
  const stage = talking(options);
  stage.bobs.reInvite({ direction: 'sendonly' });
  stage.world.run(200);
  const consultation = stage.bob.call('carol');
  stage.world.run(200);
  expect(consultation.confirmed).toBe(true);
  return { ...stage, consultation, carols: incoming(stage.carol) };
}

describe('a transferee that adds a line to its session meanwhile', () => {
  it('is answered as it offered, and keeps its lines', () => {
    const { world, alice, bob, carol, call, bobs } = talking();
    carol.onInvite = 'answer';
    refer(bobs, '<sip:carol@example.com>');
    world.run(6);
    // Carol has answered before Bob's answer to this comes.
    const sent = call.reInvite({ rewritten: (offer) => `${offer}m=video 40002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n` });
    world.run(2_000);
    expect(sent.status).toBe(200);
    expect(sent.response?.body.match(/^m=\w+ \d+/gm)).toEqual(['m=audio 40000', 'm=video 0']);
    expectCoupled(call, alice, incoming(carol), carol);
    expect(call.remoteSdp.match(/^m=\w+ \d+/gm)).toEqual(['m=audio 40000', 'm=video 0']);
    expect([bob.calls[0]?.state, world.complaints]).toEqual(['ended', []]);
    call.bye();
    expectQuiet(world);
  });
});

describe('an attended transfer', () => {
  it('joins those whom the referrer talked to', () => {
    const { world, alice, call, bobs, carol, carols, consultation } = consulting();
    const sent = refer(bobs, referTo('carol', consultation));
    world.run(500);
    expect(sent.status).toBe(202);
    expect(toldOf(bobs)).toEqual([TRYING, DONE]);
    expectCoupled(call, alice, carols, carol);
    expect([bobs.end, consultation.end]).toEqual(['hungUp', 'hungUp']);
    expectSound(world, call, carols);
    expectQuiet(world);
    expect(world.service.stories).toHaveLength(3);
  });

  it('works the other way round, on the call that was placed', () => {
    const { world, alice, call, bobs, carol, carols, consultation } = consulting();
    refer(consultation, referTo('alice', bobs));
    world.run(500);
    expect(toldOf(consultation)).toEqual([TRYING, DONE]);
    expectCoupled(call, alice, carols, carol);
    expectSound(world, carols, call);
    expectQuiet(world);
  });

  it('leaves both calls as they were if the transferee does not take the session', () => {
    const { world, call, bob, bobs, carol, carols, consultation } = consulting();
    call.onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    refer(bobs, referTo('carol', consultation));
    world.run(500);
    expect(toldOf(bobs).at(-1)).toMatch(/^SIP\/2.0 488/);
    expectCoupled(consultation, bob, carols, carol);
    expectSound(world, consultation, carols);
    call.onRequest = () => 200;
    expectSound(world, call, bobs);
    expectQuiet(world);
  });

  it('leaves both calls as they were if whom it is sent to does not take part', () => {
    const { world, call, bobs, carols, consultation } = consulting();
    carols.onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    refer(bobs, referTo('carol', consultation));
    world.run(500);
    expect(toldOf(bobs).at(-1)).toMatch(/^SIP\/2.0 488/);
    carols.onRequest = () => 200;
    expectSound(world, consultation, carols);
    expectSound(world, call, bobs);
    expectQuiet(world);
  });

  it('while the consulted phone still rings, rings it for the transferee', () => {
    const { world, alice, call, bob, bobs, carol } = talking();
    carol.onInvite = 'ring';
    const consultation = bob.call('carol');
    world.run(200);
    refer(bobs, referTo('carol', consultation));
    world.run(300);
    expect(consultation.status).toBe(487);
    bobs.bye();
    world.run(300);
    const second = incoming(carol);
    second.answer();
    world.run(500);
    expectCoupled(call, alice, second, carol);
    call.bye();
    expectQuiet(world);
  });

  it('names only calls of the referrer', () => {
    const { world, alice, call, bobs, carol, dave } = talking();
    const others = carol.call('dave');
    world.run(200);
    refer(bobs, referTo('dave', others));
    world.run(200);
    refer(bobs, '<sip:dave@example.com?Replaces=unknown%3Bto-tag%3Da%3Bfrom-tag%3Db>');
    world.run(200);
    expect(toldOf(bobs)).toEqual([
      'SIP/2.0 403 Not A Call Of Yours terminated',
      'SIP/2.0 481 Call/Transaction Does Not Exist terminated',
    ]);
    expectSound(world, others, incoming(dave));
    expectSound(world, call, bobs);
    expectQuiet(world);
    expect(alice.complaints).toEqual([]);
  });
});

describe('a call after a transfer', () => {
  it('is refreshed by its parties for hours, and ended with both legs once they are gone', () => {
    const world = serviceWorld({ users: ['alice', 'bob', 'carol'] });
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) =>
      world.phone(name, { checksSessions: true, timer: { expiresSeconds: 600 } }),
    ) as [Phone, Phone, Phone];
    for (const phone of [alice, bob, carol]) phone.register({ expiresSeconds: 7200, keep: true });
    world.run(500);
    const call = alice.call('bob');
    world.run(200);
    refer(incoming(bob), '<sip:carol@example.com>');
    world.run(500);
    world.run(3 * 3_600_000);
    const carols = incoming(carol);
    expectCoupled(call, alice, carols, carol);
    expect(call.requests.length + carols.requests.length).toBeGreaterThan(6);
    alice.sleep();
    carol.sleep();
    world.run(2 * 3_600_000);
    expect(world.service.service.openLegs).toBe(0);
    expect(world.service.records.map(({ how }) => how)).toEqual(['moved', 'expired']);
  });

  it('is set up though the transferee wants longer intervals than ours', () => {
    const { world, bob, carol } = scene();
    const alice = world.phone('amy', { user: 'alice', timer: { minSeconds: 3_600, expiresSeconds: 3_600 } });
    alice.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(500);
    refer(incoming(bob), '<sip:carol@example.com>');
    world.run(1_000);
    expectCoupled(call, alice, incoming(carol), carol);
    call.bye();
    expectQuiet(world);
  });

  it('without session timers is ended once a party no longer answers', () => {
    const { world, alice, bobs, carol } = talking();
    refer(bobs, '<sip:carol@example.com>');
    world.run(500);
    alice.sleep();
    carol.sleep();
    world.run(1_200_000);
    expect(world.service.service.openLegs).toBe(0);
    expect(world.service.records.map(({ how }) => how)).toEqual(['moved', 'silent']);
  });
});
