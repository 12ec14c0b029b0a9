import { describe, expect, it } from 'vitest';
import { ringBack } from '../../machines/supervisors/ring-back.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import type { IncomingCall } from '../../src/testing/phone-incoming-call.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

type Options = Parameters<typeof serviceWorld>[0] & { readonly settings?: object };

function scene({ settings = {}, ...options }: Options = {}) {
  const world = serviceWorld({
    users: ['alice', 'bob', 'carol'],
    scenarios: [{ scenario: ringBack, settings }],
    ...options,
    config: { codes: ['*37', '#37'], ...options.config },
  });
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name, { checksSessions: true })) as [
    Phone,
    Phone,
    Phone,
  ];
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  const cases = (): number => world.service.service.engine.countActors('ring-back');
  /** Dials a code, and returns what the phone shows. */
  const dial = (code: string, phone = alice): string => {
    const call = phone.call(`sip:${code}@example.com`);
    world.run(500);
    return `${call.status} ${call.phrase}`;
  };
  /** Bob talks with Carol. */
  const occupy = () => {
    const call = carol.call('bob');
    world.run(500);
    expect(call.state).toBe('answered');
    bob.onInvite = { decline: 486 };
    return {
      free: () => {
        call.bye();
        bob.onInvite = 'answer';
      },
    };
  };
  const callInVain = (phone = alice, to = 'bob') => {
    const call = phone.call(to);
    world.run(1_000);
    expect(call.state).toBe('ended');
    return call;
  };
  return { world, alice, bob, carol, cases, dial, occupy, callInVain };
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
const isRung = (phone: Phone): boolean => phone.incoming !== undefined;
const SET = '480 Ring Back Is Set';

describe('ring-back', () => {
  it('of somebody who talked: both are rung once that call is over, and talk', () => {
    const { world, alice, bob, occupy, callInVain, dial, cases } = scene();
    const { free } = occupy();
    callInVain();
    expect(dial('*37')).toBe(SET);
    world.run(60_000);
    expect(isRung(alice)).toBe(false);
    free();
    world.run(2_000);
    expect(isRung(alice)).toBe(false);
    world.run(2_000);
    expect(incoming(alice).caller).toContain('"Ring Back" <sip:bob@example.com>');
    expectCoupled(incoming(alice), alice, incoming(bob), bob);
    expect(cases()).toBe(0);
    incoming(alice).bye();
    expectQuiet(world);
    expect(world.service.records.filter(({ placedBy }) => placedBy.startsWith('ring-back:'))).toHaveLength(1);
  });

  it('of somebody who was not there: once a phone of his registers', () => {
    const { world, alice, bob, callInVain, dial } = scene();
    bob.unregister();
    world.run(500);
    callInVain();
    expect(dial('*37#')).toBe(SET);
    world.run(60_000);
    expect(isRung(alice)).toBe(false);
    bob.register();
    world.run(5_000);
    expectCoupled(incoming(alice), alice, incoming(bob), bob);
    incoming(bob).bye();
    expectQuiet(world);
  });

  it('of somebody who did not answer: once he was seen at a phone', () => {
    const { world, alice, bob, carol, dial, cases } = scene();
    bob.onInvite = 'ring';
    const call = alice.call('bob');
    world.run(10_000);
    call.cancel();
    world.run(500);
    expect(dial('*37')).toBe(SET);
    world.run(60_000);
    expect(isRung(alice)).toBe(false);
    bob.onInvite = 'answer';
    const bobs = bob.call('carol');
    world.run(10_000);
    expect(isRung(alice)).toBe(false);
    bobs.bye();
    world.run(5_000);
    expectCoupled(incoming(alice), alice, incoming(bob), bob);
    expect(carol.calls).toHaveLength(1);
    incoming(alice).bye();
    expectQuiet(world);
    expect(cases()).toBe(0);
  });

  it('wakes the caller’s phone by push, and the callee’s', () => {
    const { world, alice, bob, carol, dial, occupy, callInVain } = scene();
    const [alices, bobs] = ['alice', 'bob'].map((user) =>
      world.phone(`${user}’s mobile`, { user, push: { provider: 'apns', prid: user } }),
    ) as [Phone, Phone];
    const { free } = occupy();
    callInVain();
    expect(dial('*37')).toBe(SET);
    for (const phone of [alices, bobs]) phone.register();
    world.run(500);
    free();
    for (const phone of [alice, bob]) phone.unregister();
    world.run(500);
    world.sleepUntilPushed(alices, 'alice', { afterMs: 2_000, times: 1 });
    world.sleepUntilPushed(bobs, 'bob', { afterMs: 2_000, times: 1 });
    world.run(15_000);
    expect(world.push.sent('incoming-call', 'alice')).toMatchObject([
      { request: { callerUri: bob.aor, callerName: 'Ring Back' } },
    ]);
    expect(world.push.sent('incoming-call', 'bob')).toMatchObject([{ request: { callerUri: alice.aor } }]);
    expectCoupled(incoming(alices), alices, incoming(bobs), bobs);
    expect(carol.calls).toHaveLength(1);
    incoming(bobs).bye();
    expectQuiet(world);
  });

  it('tries again where the callee is busy again, and where the caller does not lift, and then no more', () => {
    const { world, alice, dial, occupy, callInVain, cases } = scene();
    const first = occupy();
    callInVain();
    dial('*37');
    alice.onInvite = 'ring';
    first.free();
    world.run(40_000);
    expect(incoming(alice).end).toBe('cancelled');
    alice.onInvite = { ringAfterMs: 0, answerAfterMs: 4_000 };
    world.run(57_000);
    expect(incoming(alice).state).toBe('ringing');
    const second = occupy();
    world.run(5_000);
    expect(incoming(alice)).toMatchObject({ end: 'hungUp', endReason: 'SIP;cause=486;text="Busy Here"' });
    world.run(60_000);
    second.free();
    alice.onInvite = { decline: 486 };
    world.run(10_000);
    expect(cases()).toBe(0);
    expect(incoming(alice).end).toBe('failed');
    expectQuiet(world);
  });

  it('waits while the caller talks, and is taken back by code', () => {
    const { world, alice, occupy, callInVain, dial, cases } = scene({ users: ['alice', 'bob', 'carol', 'dave'] });
    const dave = world.phone('dave');
    dave.register();
    world.run(500);
    const { free } = occupy();
    callInVain();
    dial('*37');
    const other = alice.call('dave');
    world.run(500);
    free();
    world.run(60_000);
    expect(isRung(alice)).toBe(false);
    expect(other.state).toBe('answered');
    expect(dial('#37')).toBe('480 Ring Back Is Cancelled');
    expect(cases()).toBe(0);
    other.bye();
    world.run(30_000);
    expect(isRung(alice)).toBe(false);
    expectQuiet(world);
  });

  it('is for the last call alone, and for nobody where there was none', () => {
    const { world, alice, bob, carol, callInVain, dial } = scene();
    expect(dial('*37')).toBe('404 Code Does Nothing Now');
    bob.onInvite = { decline: 486 };
    carol.onInvite = { decline: 603 };
    callInVain();
    callInVain(alice, 'carol');
    expect(dial('*37')).toBe(SET);
    expect(dial('*37')).toBe('480 Ring Back Is Set Already');
    expect(dial('#37', bob)).toBe('404 Code Does Nothing Now');
    bob.unregister();
    bob.register();
    world.run(10_000);
    expect(isRung(alice)).toBe(false);
    carol.onInvite = 'answer';
    carol.unregister();
    world.run(500);
    carol.register();
    world.run(10_000);
    expectCoupled(incoming(alice), alice, incoming(carol), carol);
    incoming(alice).request('REFER', { headers: [['Refer-To', '<sip:bob@example.com>']] });
    bob.onInvite = 'answer';
    world.run(2_000);
    expectCoupled(incoming(bob), bob, incoming(carol), carol);
    incoming(bob).bye();
    expectQuiet(world);
  });

  it('ends for both where the caller lifts and hangs up', () => {
    const { world, alice, bob, occupy, callInVain, dial, cases } = scene();
    const { free } = occupy();
    callInVain();
    dial('*37');
    free();
    bob.onInvite = 'ring';
    world.run(6_000);
    incoming(alice).bye();
    world.run(1_000);
    expect(incoming(bob).end).toBe('cancelled');
    bob.onInvite = 'answer';
    bob.call('carol');
    world.run(1_000);
    bob.calls.at(-1)?.bye();
    world.run(10_000);
    expect(incoming(alice).end).toBe('bye');
    expectQuiet(world);
    expect(cases()).toBe(0);
  });

  it('is forgotten as the service restarts, and nothing else is', () => {
    const { world, alice, occupy, callInVain, dial, cases } = scene();
    occupy();
    callInVain();
    dial('*37');
    world.restart();
    world.run(10_000);
    expect(cases()).toBe(0);
    expect(dial('*37')).toBe('404 Code Does Nothing Now');
    expect(alice.incoming).toBeUndefined();
  });
});
