import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { joiner } from '../support/joiner.ts';
import { expectQuiet } from '../support/quiet.ts';

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

  it('hears BYE with the reason if the callee answers first', () => {
    const { world, bob, carol, call } = ringing();
    const picking = carol.call(CODE);
    picking.onRequest = () => {
      bob.incoming?.answer();
      return 200;
    };
    world.run(1_000);
    expect([call.status, bob.calls[0]?.state, picking.end]).toEqual([200, 'answered', 'hungUp']);
    expect(picking.endReason).toContain('cause=486;text="Answered By Another"');
    bob.calls[0]?.bye();
    expectQuiet(world);
  });
});
