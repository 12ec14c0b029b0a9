import { describe, expect, it } from 'vitest';
import type { CallPlace } from '../../machines/vocabulary/commands.ts';
import { PORT_SIP } from '../../machines/vocabulary/identity.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import type { IncomingCall } from '../../src/testing/phone-incoming-call.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

type Options = Parameters<typeof serviceWorld>[0];

function scene(options: Options = {}) {
  const world = serviceWorld({ users: ['alice', 'bob', 'carol'], ...options });
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name, { checksSessions: true })) as [
    Phone,
    Phone,
    Phone,
  ];
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  const told: Record<string, unknown>[] = [];
  const { engine } = world.service.service;
  engine.journal.observe(({ entry: { seq, at, by, cause, ...fact } }) => {
    if (/^(call\.placed|place\.)/.test(fact.type)) told.push(fact);
  });
  const place = (more: Partial<CallPlace> = {}): void => {
    const order = { caller: 'sip:alice@example.com', callee: 'bob', name: '', ringMs: 20_000, place: 1, ...more };
    engine.order({ type: 'call.place', to: PORT_SIP, ...order } as CallPlace, 'case:9');
  };
  const kinds = (): unknown[] => told.map(({ type, party, status }) => (party === undefined ? type : `${party} ${status}`));
  return { world, alice, bob, carol, told, place, kinds };
}

const incoming = (phone: Phone): IncomingCall => {
  const call = phone.incoming;
  if (call === undefined) throw new Error(`${phone.name} was not called`);
  return call;
};
const audioOf = (sdp: string): string | undefined => /c=IN IP4 (\S+)/.exec(sdp)?.[1];
const host = (phone: Phone): string => phone.wire.local.host;
function expectCoupled(a: PhoneCall, phoneA: Phone, b: PhoneCall, phoneB: Phone): void {
  expect([audioOf(a.remoteSdp), audioOf(b.remoteSdp)]).toEqual([host(phoneB), host(phoneA)]);
  expect([a.state, b.state]).toEqual(['answered', 'answered']);
}

describe('a call that is placed', () => {
  it('rings the caller, then the callee, and joins them', () => {
    const { world, alice, bob, told, place } = scene();
    alice.onInvite = { ringAfterMs: 0, answerAfterMs: 2_000 };
    bob.onInvite = { ringAfterMs: 0, answerAfterMs: 5_000 };
    place();
    world.run(1_000);
    const alices = incoming(alice);
    expect(alices.caller).toContain('sip:bob@example.com');
    expect(alices.invite.body).toBe('');
    expect(bob.incoming).toBeUndefined();
    expect(told).toEqual([
      { type: 'call.placed', case: 'case:9', place: 1, caller: alice.aor, callee: bob.aor, call: expect.any(String) },
    ]);
    world.run(2_000);
    expect(alices.state).toBe('answered');
    expect(alices.remoteSdp).toContain('a=inactive');
    expect(incoming(bob).caller).toContain('sip:alice@example.com');
    world.run(5_000);
    expectCoupled(alices, alice, incoming(bob), bob);
    expect(alices.remoteSdp).not.toContain('a=inactive');
    expect(told.slice(1)).toMatchObject([{ type: 'place.connected', case: 'case:9', place: 1, callee: bob.aor }]);
    incoming(bob).bye();
    world.run(500);
    expect(alices.end).toBe('hungUp');
    expectQuiet(world);
    const [first, second] = world.service.records;
    expect(first).toMatchObject({ placedBy: 'case:9', caller: bob.aor, callee: alice.aor, how: 'moved', outcome: 'answered' });
    expect(first?.leg).toEqual({ callId: '', transport: '', local: '', remote: '' });
    expect(second).toMatchObject({ continues: first?.call, caller: alice.aor, callee: bob.aor, placedBy: '', endedBy: 'callee' });
    expect(world.service.stories[0]).toMatchObject({ placedBy: 'case:9' });
  });

  it.each([
    ['does not lift', 'ring' as const, 480, 'cancelled'],
    ['is busy', { decline: 486 }, 486, 'failed'],
    ['declines', { decline: 603 }, 603, 'failed'],
  ])('calls nobody where the caller %s', (_, onInvite, status, end) => {
    const { world, alice, bob, kinds, place } = scene();
    alice.onInvite = onInvite;
    place();
    world.run(21_000);
    expect(kinds()).toEqual(['call.placed', `caller ${status}`]);
    expect([incoming(alice).end, bob.incoming]).toEqual([end, undefined]);
    expectQuiet(world);
  });

  it('rings all phones of the caller, and the sleeping one by a push that shows the callee', () => {
    const { world, alice, bob, kinds, place } = scene();
    const desk = world.phone('desk', { user: 'alice', onInvite: 'ring' });
    const mobile = world.phone('mobile', { user: 'alice', push: { provider: 'apns', prid: 'token' } });
    for (const phone of [desk, mobile]) phone.register();
    alice.unregister();
    world.run(500);
    world.sleepUntilPushed(mobile, 'token', { afterMs: 3_000, times: 1 });
    place({ name: 'Ring back: "Bob"\r\nX: y' });
    world.run(8_000);
    expect(world.push.sent('incoming-call', 'token')).toMatchObject([
      { request: { callerUri: bob.aor, callerName: 'Ring back: "Bob"  X: y' } },
    ]);
    expect(incoming(desk)).toMatchObject({ end: 'cancelled', endReason: 'SIP;cause=200;text="Call completed elsewhere"' });
    expect(headerOf(incoming(mobile).invite, 'from')).toContain('"Ring back: \\"Bob\\"  X: y" <sip:bob@example.com>');
    expectCoupled(incoming(mobile), mobile, incoming(bob), bob);
    expect(kinds()).toEqual(['call.placed', 'place.connected']);
    incoming(mobile).bye();
    expectQuiet(world);
  });

  it.each([
    ['is busy', { decline: 486 }, 'SIP;cause=486;text="Busy Here"', 486],
    ['does not lift', 'ring' as const, 'SIP;cause=480;text="Temporarily Unavailable"', 480],
  ])('tells the caller by a Reason where the callee %s', (_, onInvite, reason, status) => {
    const { world, alice, bob, kinds, place } = scene();
    bob.onInvite = onInvite;
    place();
    world.run(62_000);
    expect(incoming(alice)).toMatchObject({ end: 'hungUp', endReason: reason });
    expect(kinds()).toEqual(['call.placed', `callee ${status}`]);
    expectQuiet(world);
    expect(world.service.records.at(-1)).toMatchObject({ placedBy: 'case:9', endedBy: 'service', how: 'ordered' });
  });

  it.each([
    ['a caller who is nobody here', { caller: 'sip:nobody@example.com' }, 'caller 404'],
    ['a caller elsewhere', { caller: 'sip:alice@elsewhere.example' }, 'caller 404'],
    ['a caller that is no URI', { caller: 'alice' }, 'caller 404'],
    ['a callee who is nobody here', { callee: 'nobody' }, 'callee 404'],
    ['a callee elsewhere', { callee: 'sip:bob@elsewhere.example' }, 'callee 403'],
    ['a callee that is nothing', { callee: '' }, 'callee 404'],
    ['a callee that is no URI', { callee: 'sip:' }, 'callee 404'],
    ['the caller himself', { callee: 'alice' }, 'callee 400'],
  ])('rings nobody for %s', (_, order, failed) => {
    const { world, alice, bob, kinds, place } = scene();
    place(order);
    world.run(500);
    expect(kinds()).toEqual([failed]);
    expect([alice.incoming, bob.incoming]).toEqual([undefined, undefined]);
    expectQuiet(world);
  });

  it('ends for all where the caller hangs up before the callee answers', () => {
    const { world, alice, bob, kinds, place } = scene();
    bob.onInvite = 'ring';
    place();
    world.run(2_000);
    incoming(alice).bye();
    world.run(1_000);
    expect(incoming(bob).end).toBe('cancelled');
    expect(kinds()).toEqual(['call.placed', 'caller 487']);
    expectQuiet(world);
  });

  it.each([
    ['the caller rings', 'ring' as const, 'ring' as const, ['cancelled', undefined]],
    ['the callee rings', 'answer' as const, 'ring' as const, ['hungUp', 'cancelled']],
  ])('is ended by `call.end` while %s', (_, alices, bobs, ends) => {
    const { world, alice, bob, told, kinds, place } = scene();
    alice.onInvite = alices;
    bob.onInvite = bobs;
    place();
    world.run(2_000);
    const end = { type: 'call.end', to: String(told[0]?.call), status: 480, reason: 'Withdrawn' };
    world.service.service.engine.order(end, 'case:9');
    world.run(1_000);
    expect([alice.incoming?.end, bob.incoming?.end]).toEqual(ends);
    expect(kinds()).toEqual(['call.placed', `caller ${alices === 'ring' ? 480 : 487}`]);
    expectQuiet(world);
  });

  it('ends for both where the caller’s phone does not take the session', () => {
    const { world, alice, bob, kinds, place } = scene();
    bob.onInvite = { ringAfterMs: 0, answerAfterMs: 2_000 };
    place();
    world.run(1_000);
    incoming(alice).onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    world.run(3_000);
    expect([incoming(alice).end, incoming(bob).end]).toEqual(['hungUp', 'hungUp']);
    expect(kinds()).toEqual(['call.placed', 'caller 488']);
    expectQuiet(world);
  });

  it('keeps the caller who holds, or sends what nobody can hear yet, in the call', () => {
    const { world, alice, bob, place } = scene();
    bob.onInvite = { ringAfterMs: 0, answerAfterMs: 5_000 };
    place();
    world.run(1_000);
    const sent = [incoming(alice).reInvite({ direction: 'sendonly' }), incoming(alice).request('INFO')];
    sent.push(incoming(alice).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] }));
    world.run(1_000);
    expect(sent.map(({ status }) => status)).toEqual([491, 480, 491]);
    world.run(5_000);
    expectCoupled(incoming(alice), alice, incoming(bob), bob);
    incoming(alice).bye();
    expectQuiet(world);
  });

  it('is transferred as any other, by either of its parties', () => {
    const { world, alice, bob, carol, place } = scene();
    place();
    world.run(2_000);
    expectCoupled(incoming(alice), alice, incoming(bob), bob);
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(2_000);
    expectCoupled(incoming(alice), alice, incoming(carol), carol);
    incoming(alice).request('REFER', { headers: [['Refer-To', '<sip:bob@example.com>']] });
    world.run(2_000);
    expectCoupled(incoming(carol), carol, incoming(bob), bob);
    incoming(carol).bye();
    expectQuiet(world);
  });

  it('leaves nothing behind where the caller’s phone dies, or the service does', () => {
    const { world, alice, bob, place } = scene();
    bob.onInvite = 'ring';
    place();
    world.run(1_000);
    alice.vanish();
    world.run(60_000);
    expect(incoming(bob).state).toBe('ended');
    expectQuiet(world);
    for (const phone of [bob, alice]) phone.relaunch(world.wire(phone.wire.local.host));
    bob.register();
    world.run(500);
    place({ caller: 'sip:bob@example.com', callee: 'carol' });
    world.run(100);
    world.restart();
    world.run(60_000);
    expect(world.service.service.openLegs).toBe(0);
  });

  it('is one of so many a second, and none where no call is taken', () => {
    const { world, told, kinds, place } = scene();
    for (let i = 0; i < 52; i++) place({ place: i });
    expect(kinds().filter((kind) => kind === 'callee 503')).toHaveLength(2);
    world.run(1_000);
    place({ place: 60 });
    expect(told.filter(({ type, place: number }) => type === 'call.placed' && number === 60)).toHaveLength(1);
    world.service.service.drain(() => undefined);
    place({ place: 61 });
    expect(told.at(-1)).toMatchObject({ type: 'place.failed', place: 61, status: 503, reason: 'Too Many Calls Are Placed' });
    for (let i = 0; i < 20; i++) {
      world.run(10_000);
      for (const phone of world.phones) for (const call of phone.calls) if (call.state === 'answered') call.bye();
    }
    expectQuiet(world);
  });
});
