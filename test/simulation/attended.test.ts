import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import type { CallOptions } from '../../src/testing/phone-outgoing-call.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { type AttendingOptions, AttendingPlane, SERVICE_MEDIA_HOST } from '../support/attending-plane.ts';
import { dialler } from '../support/dialler.ts';
import { expectQuiet } from '../support/quiet.ts';

type Options = ServiceWorldOptions & { readonly media?: AttendingOptions };
const USERS = ['alice', 'bob', 'carol', 'dave', 'menu'];
const CODE = 'sip:*6bob@example.com';
const audioOf = (sdp: string) => /m=audio (\d+)/.exec(sdp)?.[1];
const hostOf = (sdp: string) => /c=IN IP4 (\S+)/.exec(sdp)?.[1];

/** Who dials `*6bob` is answered by the service, which then rings Bob for it. */
function scene({ media = {}, ...options }: Options = {}) {
  let plane: AttendingPlane | undefined;
  const world = serviceWorld({
    users: USERS,
    scenarios: [dialler],
    openMedia: ({ timers }) => {
      plane = new AttendingPlane(timers, media);
      return plane;
    },
    ...options,
    config: { codes: ['*6'], ...options.config },
  });
  const [alice, bob, carol, dave] = USERS.map((name) => world.phone(name, { checksSessions: true })) as [
    Phone,
    Phone,
    Phone,
    Phone,
  ];
  for (const phone of [alice, bob, carol, dave]) phone.register();
  bob.onInvite = 'ring';
  world.run(500);
  if (plane === undefined) throw new Error('no plane was opened');
  return { world, plane, alice, bob, carol, dave };
}
function dialled(options: Options = {}, how: CallOptions = {}) {
  const stage = scene(options);
  const call = stage.alice.call(CODE, how);
  stage.world.run(500);
  return { ...stage, call };
}
const invites = (phone: Phone) => phone.received('INVITE').map(({ message }) => message.body);

describe('a caller whom the service answers with media', () => {
  it.each<[string, Options, CallOptions]>([
    ['with an offer', {}, {}],
    ['without one', {}, { sdp: '' }],
    ['with an offer, by an engine that takes its time', { media: { delayMs: 70 } }, {}],
    ['without one, by an engine that takes its time', { media: { delayMs: 70 } }, { sdp: '' }],
    ['who asks for reliable provisionals', {}, { reliable: 'required' }],
  ])('talks to whom it rings, once that one answers: %s', (_what, options, how) => {
    const { world, plane, alice, bob, call } = dialled(options, how);
    expect([call.status, hostOf(call.remoteSdp), audioOf(call.remoteSdp)]).toEqual([200, SERVICE_MEDIA_HOST, '20000']);
    expect(call.progress).toEqual([]);
    expect([hostOf(invites(bob)[0] ?? ''), audioOf(invites(bob)[0] ?? '')]).toEqual([SERVICE_MEDIA_HOST, '30002']);
    expect(hostOf(plane.attended[0]?.heard ?? '')).toBe(alice.wire.local.host);
    bob.incoming?.answer();
    world.run(300);
    expect([bob.calls[0]?.confirmed, plane.bridges.map(({ isConnected }) => isConnected)]).toEqual([true, [true]]);
    // An ordinary talk from here on.
    const held = call.reInvite({ direction: 'sendonly' });
    world.run(600);
    expect([held.status, bob.calls[0]?.remoteSdp.includes('a=sendonly'), audioOf(call.remoteSdp)]).toEqual([200, true, '30000']);
    const back = bob.calls[0]?.reInvite({ direction: 'sendrecv' });
    world.run(600);
    const said = [call.request('INFO'), bob.calls[0]?.request('OPTIONS')];
    world.run(300);
    expect([back, ...said].map((sent) => sent?.status)).toEqual([200, 200, 200]);
    bob.calls[0]?.bye();
    world.run(300);
    expect([call.end, call.progress]).toEqual(['hungUp', []]);
    expectQuiet(world);
  });

  it('hears prompts again when nobody comes, and may be rung somebody again', () => {
    const { world, plane, bob, call } = dialled();
    bob.incoming?.decline(486);
    world.run(1_000);
    expect([call.state, plane.bridges.map(({ isOpen }) => isOpen), invites(bob).length]).toEqual(['answered', [false], 1]);
    world.run(2_000);
    expect(invites(bob)).toHaveLength(2);
    bob.incoming?.answer();
    world.run(300);
    expect(plane.bridges.map(({ isConnected, isOpen }) => isConnected && isOpen)).toEqual([false, true]);
    call.bye();
    world.run(300);
    expect(bob.calls.map(({ end }) => end)).toEqual(['failed', 'hungUp']);
    expectQuiet(world);
  });

  it('presses keys by INFO for the service alone until somebody else is there', () => {
    const { world, plane, bob, call } = dialled();
    const relay = { body: 'Signal=5\r\nDuration=160\r\n', contentType: 'application/dtmf-relay' };
    const press = () => {
      const sent = call.request('INFO', relay);
      world.run(300);
      return sent.status;
    };
    expect(press()).toBe(480);
    plane.pressing = 'passesOn';
    expect([press(), bob.received('INFO').length]).toEqual([200, 0]);
    bob.incoming?.answer();
    world.run(300);
    expect([press(), bob.received('INFO').length]).toEqual([200, 1]);
    call.bye();
    world.run(300);
    expectQuiet(world);
  });

  it('wakes a phone that sleeps', () => {
    const { world, alice, dave } = scene();
    dave.unregister();
    world.run(500);
    const push = { provider: 'apns', prid: 'token', param: 'TEAM.app.voip' };
    const mobile = world.phone('mobile', { user: 'dave', push, onInvite: { ringAfterMs: 100, answerAfterMs: 1_000 } });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, 'token', { afterMs: 1_500 });
    world.run(500);
    const call = alice.call('sip:*6dave@example.com');
    world.run(1_000);
    expect([call.status, world.push.sent('incoming-call', 'token').length, invites(mobile).length]).toEqual([200, 1, 0]);
    world.run(4_000);
    expect([mobile.calls[0]?.confirmed, call.state]).toEqual([true, 'answered']);
    mobile.calls[0]?.bye();
    expectQuiet(world);
    expect(call.end).toBe('hungUp');
  });

  it('is refused where there is no media that both have, as the call is told', () => {
    const { world, call } = dialled({ media: { refuses: () => ({ status: 488, reason: 'No PCMU Or PCMA Offered' }) } });
    expect([call.status, call.phrase]).toEqual([488, 'No PCMU Or PCMA Offered']);
    expectQuiet(world);
    expect(world.service.records).toMatchObject([{ outcome: 'failed', status: 488, answerAt: null, endedBy: 'service' }]);
  });

  it('is hung up where its answer to our offer is none that we can take', () => {
    const { world, call } = dialled(
      { media: { refuses: (offer) => (offer === undefined ? undefined : { status: 488, reason: 'No Audio' }) } },
      { sdp: '' },
    );
    expect([call.end, call.endReason]).toEqual(['hungUp', 'SIP;cause=488;text="No Audio"']);
    expectQuiet(world);
  });

  it('may give up while an engine still thinks about its offer', () => {
    const { world, call } = dialled({ media: { delayMs: 2_000 } });
    call.cancel();
    world.run(5_000);
    expect([call.status, call.end]).toEqual([487, 'cancelled']);
    expectQuiet(world);
  });

  it.each([
    ['while nobody rings', 'decline'],
    ['while somebody rings', 'ring'],
  ] as const)('is answered what it asks %s', (_what, how) => {
    const { world, plane, bob, call } = dialled();
    if (how === 'decline') bob.incoming?.decline(486);
    world.run(300);
    const held = call.reInvite({ direction: 'sendonly' });
    world.run(300);
    expect([held.status, call.remoteSdp.includes('a=recvonly')]).toEqual([200, true]);
    const asked = call.reInvite({ sdp: '' });
    world.run(300);
    const updated = [call.update(), call.update({ sdp: '' })];
    world.run(300);
    const others = [call.request('OPTIONS'), call.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] })];
    world.run(300);
    expect([asked, ...updated, ...others].map(({ status }) => status)).toEqual([200, 200, 200, 200, 480]);
    expect(others[1]?.response?.reason).toBe('Nobody To Transfer Yet');
    expect(plane.attended[0]?.heard).not.toBe('');
    call.bye();
    expectQuiet(world);
  });

  it('keeps its session where an offer of its own cannot be taken', () => {
    let isPicky = false;
    const { world, bob, call } = dialled({
      media: { refuses: () => (isPicky ? { status: 488, reason: 'No PCMU Or PCMA Offered' } : undefined) },
    });
    isPicky = true;
    const offered = call.reInvite();
    world.run(300);
    expect([offered.status, offered.response?.reason, call.state]).toEqual([488, 'No PCMU Or PCMA Offered', 'answered']);
    isPicky = false;
    bob.incoming?.answer();
    world.run(300);
    call.bye();
    expectQuiet(world);
  });

  it('is in the record and the story as answered by the service, then by whom it rang', () => {
    const { world, bob, call } = dialled();
    bob.incoming?.decline(486);
    world.run(4_000);
    bob.incoming?.answer();
    world.run(1_000);
    call.bye();
    expectQuiet(world);
    const [record] = world.service.records;
    expect(record).toMatchObject({ outcome: 'answered', endedBy: 'caller', how: 'bye', status: 200 });
    expect(record?.forks).toMatchObject([
      { device: bob.contactUri, status: 486, why: 'busy', answeredAt: null },
      { device: bob.contactUri, status: 200, why: '' },
    ]);
    const [at, first, second] = [record?.answerAt, record?.forks[0]?.endedAt, record?.forks[1]?.answeredAt].map((time) =>
      Date.parse(time ?? ''),
    );
    expect((first ?? 0) - (at ?? 0)).toBeGreaterThan(300);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(3_000);
    expect(world.service.stories[0]?.devices.replaceAll(/\d+\.\d+ s/g, '_')).toBe(
      [
        'the service answered at _',
        `the call went on to ${bob.aor} at _, went on to ${bob.aor} at _`,
        `${bob.contactUri} was called at _, rang at _, ended with 486 Busy Here at _, was called at _, rang at _, answered at _`,
      ].join('; '),
    );
  });

  it('may hang up while somebody rings, which a phone takes for a call that it missed', () => {
    const { world, bob, call } = dialled();
    call.bye();
    world.run(300);
    expect(bob.calls.map(({ end, endReason }) => [end, endReason])).toEqual([['cancelled', '']]);
    expectQuiet(world);
    expect(world.service.records).toMatchObject([{ outcome: 'answered', endedBy: 'caller', forks: [{ why: 'caller gave up' }] }]);
  });

  it('is transferred to the service by a colleague, and on to whom that rings', () => {
    const { world, alice, bob, carol } = scene();
    carol.onInvite = 'answer';
    const call = alice.call('sip:carol@example.com');
    world.run(500);
    const refer = carol.calls[0]?.request('REFER', { headers: [['Refer-To', '<sip:menu@example.com>']] });
    world.run(1_000);
    expect([refer?.status, carol.calls[0]?.end, call.state]).toEqual([202, 'hungUp', 'answered']);
    expect(hostOf(call.remoteSdp)).toBe(SERVICE_MEDIA_HOST);
    bob.incoming?.answer();
    world.run(500);
    expect(bob.calls[0]?.confirmed).toBe(true);
    bob.calls[0]?.bye();
    world.run(500);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('refreshes its session, and whom it talks to refreshes theirs', () => {
    const { world, bob, call } = dialled();
    const from = (phone: Phone) =>
      headerOf(phone.received('INVITE')[0]?.message ?? ({ headers: [] } as never), 'session-expires');
    expect(from(bob)).toMatch(/refresher=uas/);
    bob.incoming?.answer();
    world.run(3_600_000);
    expect([call.state, bob.calls[0]?.state]).toEqual(['answered', 'answered']);
    call.bye();
    expectQuiet(world);
  });
});
