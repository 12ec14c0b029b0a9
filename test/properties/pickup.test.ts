import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { CallPickUp } from '../../machines/vocabulary/commands.ts';
import type { Conditions } from '../../src/testing/network.ts';
import type { InviteScript, Phone } from '../../src/testing/phone.ts';
import type { OutgoingCall } from '../../src/testing/phone-outgoing-call.ts';
import { type ServiceWorld, serviceWorld } from '../../src/testing/service-world.ts';
import { hearing, pickupOf, talksOf, USERS } from '../support/pickers.ts';
import { expectQuiet } from '../support/quiet.ts';
import { worlds } from '../support/worlds.ts';

/** A way there and back takes 10 ms here: within some of them everything crosses. */
const soon = fc.integer({ min: 0, max: 70 });
const late = fc.constantFrom(0, 10, 500, 3_000);
const at = fc.oneof({ weight: 4, arbitrary: soon }, { weight: 1, arbitrary: late });

interface Picking {
  readonly who: string;
  readonly atMs: number;
  readonly code: string;
  readonly takes: 'at once' | 'late' | 'never' | 488 | 500;
  readonly offers: boolean;
  /** Gives up, or hangs up, so long after dialling. */
  readonly patienceMs: number | undefined;
}
const picking = (who: string): fc.Arbitrary<Picking> =>
  fc.record({
    who: fc.constant(who),
    atMs: at,
    code: fc.constantFrom('*8', '**bob'),
    takes: fc.constantFrom<Picking['takes']>('at once', 'at once', 'at once', 'late', 'never', 488, 500),
    offers: fc.constantFrom(true, true, false),
    patienceMs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined, freq: 3 }),
  });
const script: fc.Arbitrary<InviteScript> = fc.oneof(
  { weight: 2, arbitrary: fc.constant('ring' as const) },
  { weight: 3, arbitrary: soon.map((ms): InviteScript => ({ ringAfterMs: 0, answerAfterMs: 480 + ms })) },
  { weight: 1, arbitrary: soon.map((ms): InviteScript => ({ ringAfterMs: 0, decline: 486, declineAfterMs: 480 + ms })) },
);
const network = fc.constantFrom(
  {},
  {},
  { loss: 0.1 },
  { duplication: 0.3 },
  { reordering: 0.3, jitterMs: 20 },
  { loss: 0.1, duplication: 0.2, reordering: 0.2, jitterMs: 20 },
);

function dial(phone: Phone, { code, takes, offers, patienceMs }: Picking): OutgoingCall {
  const call = phone.call(code, offers ? {} : { sdp: '' });
  let isAsked = false;
  if (takes === 'late') call.answersReInvites = { afterMs: 2_000 };
  if (takes === 'never') call.answersReInvites = 'never';
  call.onRequest = ({ method }) => {
    if (method !== 'INVITE' || isAsked) return 200;
    isAsked = true;
    return typeof takes === 'number' ? takes : 200;
  };
  if (patienceMs !== undefined) phone.wire.after(patienceMs, () => (call.state === 'answered' ? call.bye() : call.cancel()));
  return call;
}

/** Bob's phones ring for Alice for half a second; then much happens at once. */
const RINGS_MS = 500;

interface Drawn {
  readonly seed: number;
  readonly network: Partial<Conditions>;
  readonly mode: 'join' | 'callback';
  readonly scripts: readonly InviteScript[];
  /** An app that wakes late, and answers at once. */
  readonly wakesAfterMs: number | undefined;
  readonly pickings: readonly Picking[];
  /** An operator gives it to Erin. */
  readonly ordersAtMs: number | undefined;
  readonly cancelsAtMs: number | undefined;
  readonly offers: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  network,
  mode: fc.constantFrom('join' as const, 'join' as const, 'callback' as const),
  scripts: fc.array(script, { minLength: 1, maxLength: 2 }),
  wakesAfterMs: fc.option(
    soon.map((ms) => RINGS_MS + ms),
    { nil: undefined, freq: 1 },
  ),
  pickings: fc
    .tuple(picking('carol'), fc.option(picking('dave'), { freq: 4 }), fc.option(picking('erin'), { freq: 1 }))
    .map((all) => all.filter((one) => one !== null)),
  ordersAtMs: fc.option(at, { nil: undefined, freq: 1 }),
  cancelsAtMs: fc.option(at, { nil: undefined, freq: 1 }),
  offers: fc.constantFrom(true, true, false),
});

/** All phones, Alice's first; Bob's app has fallen asleep. */
function enter(world: ServiceWorld, { network: conditions, scripts, wakesAfterMs }: Drawn): Phone[] {
  // What is overtaken on the way is no fault of ours.
  const checksSessions = !('reordering' in conditions);
  const phones = [
    ...['alice', 'carol', 'dave', 'erin'].map((name) => world.phone(name, { checksSessions })),
    ...scripts.map((onInvite) => world.phone('bob', { checksSessions, onInvite })),
  ];
  const app = world.phone('bob', { onInvite: 'answer', push: { provider: 'apns', prid: 'token' } });
  if (wakesAfterMs !== undefined) phones.push(app);
  for (const phone of phones) phone.register();
  world.run(20_000);
  if (wakesAfterMs !== undefined) world.sleepUntilPushed(app, 'token', { afterMs: wakesAfterMs });
  return phones;
}

/** Alice calls, and all that was drawn happens; the pickers' calls. */
function perform(world: ServiceWorld, phones: readonly Phone[], one: Drawn) {
  const { pickings, ordersAtMs, cancelsAtMs, offers } = one;
  const call = phones[0]?.call('bob', offers ? {} : { sdp: '' });
  const picked: OutgoingCall[] = [];
  const plan = (ms: number | undefined, act: () => void): void => {
    if (ms !== undefined) world.timers.set(RINGS_MS + ms, act);
  };
  for (const picks of pickings) {
    const phone = phones.find(({ user }) => user === picks.who);
    if (phone !== undefined) plan(picks.atMs, () => picked.push(dial(phone, picks)));
  }
  plan(ordersAtMs, () => {
    const order: CallPickUp = { type: 'call.pickUp', to: 'call:1', picker: 'sip:erin@example.com' };
    world.service.service.engine.order(order, 'operator');
  });
  plan(cancelsAtMs, () => call?.cancel());
  world.run(200_000);
  return { call, picked };
}

describe('a call that several take', () => {
  test.prop([drawn], worlds(50))('goes to one of them, whoever is first, and every other is told so', (one) => {
    const { seed, network: conditions, mode } = one;
    const world = serviceWorld({ seed, users: USERS, network: conditions, config: { pickup: pickupOf({ mode }) } });
    const phones = enter(world, one);
    const { call, picked } = perform(world, phones, one);
    const talking = phones.slice(1).filter((phone) => talksOf(phone).length > 0);
    expect(talking.map(({ name }) => name)).toHaveLength(call?.state === 'answered' ? 1 : 0);
    const { hears, isHeardBy } = hearing(phones);
    expect(hears, 'who hears whom').toEqual(isHeardBy);
    for (const { status, end, endReason } of picked) {
      expect(status, 'every picker has a final answer').toBeGreaterThan(0);
      // One who had the call hears the caller's BYE instead.
      if (end === 'hungUp' && call?.state === 'answered')
        expect(endReason, 'and hears why it has not got the call').toMatch(/^SIP;cause=\d{3};text=".+"$/);
    }
    for (const phone of phones) for (const talk of talksOf(phone)) talk.bye();
    expectQuiet(world);
  });

  const offsets = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 6 });

  test.prop({ seed: fc.nat(2 ** 31 - 1), offsets, isOnePerson: fc.boolean() }, worlds(12))(
    'is another’s for each of several pickers, where as many ring',
    ({ seed, offsets: all, isOnePerson }) => {
      const callers = all.map((_, n) => `caller${n}`);
      const pickers = all.map((_, n) => (isOnePerson ? 'carol' : `picker${n}`));
      const users = [...callers, ...new Set(pickers), 'bob', 'dave'];
      const groups = new Map([['all', { members: ['bob', 'dave'], pickers: 'all' as const }]]);
      const world = serviceWorld({ seed, users, config: { pickup: pickupOf({ groups }) } });
      const phones = users.map((name) => world.phone(name, { onInvite: 'ring' }));
      for (const phone of phones) phone.register();
      world.run(1_000);
      const calls = callers.map((_, n) => phones[n]?.call(n % 2 === 0 ? 'bob' : 'dave'));
      world.run(500);
      const picked: OutgoingCall[] = [];
      for (const [n, ms] of all.entries()) {
        const phone = phones.find(({ user }) => user === pickers[n]);
        if (phone !== undefined) world.timers.set(ms, () => picked.push(phone.call('*8')));
      }
      world.run(5_000);
      expect(picked.map(({ state }) => state)).toEqual(all.map(() => 'answered'));
      expect(calls.map((call) => call?.state)).toEqual(all.map(() => 'answered'));
      for (const call of calls) call?.bye();
      expectQuiet(world);
    },
  );

  test.prop(
    {
      seed: fc.nat(2 ** 31 - 1),
      network,
      status: fc.constantFrom(488, 491, 500, 603, 480),
      code: fc.constantFrom('*8', '**bob'),
    },
    worlds(12),
  )('rings on where the picker’s phone does not take it', ({ seed, network: conditions, status, code }) => {
    const world = serviceWorld({ seed, users: USERS, network: conditions, config: { pickup: pickupOf() } });
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name, { onInvite: 'ring' })) as [
      Phone,
      Phone,
      Phone,
    ];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(20_000);
    const call = alice.call('bob');
    world.run(4_000);
    const picking = carol.call(code);
    picking.onRequest = () => status;
    world.run(30_000);
    expect([call.status, bob.incoming?.state, picking.end]).toEqual([0, 'ringing', 'hungUp']);
    expect(picking.endReason).toContain(`SIP;cause=${status};text=`);
    bob.incoming?.answer();
    world.run(5_000);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });
});
