import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { CallCommand } from '../../machines/vocabulary/commands.ts';
import type { Conditions } from '../../src/testing/network.ts';
import type { InviteScript, Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { type ServiceWorld, serviceWorld } from '../../src/testing/service-world.ts';
import { AttendingPlane } from '../support/attending-plane.ts';
import { dialler } from '../support/dialler.ts';
import { expectQuiet } from '../support/quiet.ts';
import { worlds } from '../support/worlds.ts';

/** Alice dials a menu that rings Bob for her, again and again; or Bob himself, whom she or he then transfers to Carol. */
const soon = fc.integer({ min: 0, max: 90 });
const at = fc.oneof({ weight: 3, arbitrary: soon }, { weight: 2, arbitrary: fc.integer({ min: 500, max: 6_000 }) });
const script: fc.Arbitrary<InviteScript> = fc.oneof(
  { weight: 1, arbitrary: fc.constant('ring' as const) },
  { weight: 2, arbitrary: at.map((ms): InviteScript => ({ ringAfterMs: 0, answerAfterMs: ms })) },
  { weight: 2, arbitrary: at.map((ms): InviteScript => ({ ringAfterMs: 0, decline: 486, declineAfterMs: ms })) },
);
const network: fc.Arbitrary<Partial<Conditions>> = fc.constantFrom(
  {},
  {},
  { loss: 0.1 },
  { duplication: 0.3 },
  { loss: 0.1, duplication: 0.2, reordering: 0.2, jitterMs: 20 },
);

type Act = 'bye' | 'cancel' | 'hold' | 'askOffer' | 'update' | 'refresh' | 'info' | 'refer';
const acts = fc.array(
  fc.record({
    who: fc.constantFrom('alice', 'bob', 'carol'),
    atMs: at,
    act: fc.constantFrom<Act>('bye', 'cancel', 'hold', 'hold', 'askOffer', 'update', 'refresh', 'info', 'refer'),
  }),
  { maxLength: 5 },
);
const transfer = fc.record({
  type: fc.constant('call.transfer' as const),
  leg: fc.constantFrom('leg:1/0', 'leg:1/1'),
  callee: fc.constantFrom('carol', 'carol', 'carol', 'menu', 'nobody'),
  consult: fc.boolean(),
});
const followed = fc.constantFrom(
  { type: 'call.completeTransfer' as const },
  { type: 'call.completeTransfer' as const },
  { type: 'call.cancelTransfer' as const },
  { type: 'call.end' as const, status: 480, reason: 'Ordered' },
);
/** A transfer soon after they talk, and what becomes of it. */
const orders = fc
  .tuple(
    fc.record({ atMs: fc.integer({ min: 300, max: 700 }), command: transfer }),
    fc.array(
      fc.record({
        atMs: fc.integer({ min: 700, max: 4_000 }),
        command: fc.oneof({ weight: 3, arbitrary: followed }, { weight: 1, arbitrary: transfer }),
      }),
      { maxLength: 2 },
    ),
  )
  .map(([first, then]) => [first, ...then]);

interface Drawn {
  readonly seed: number;
  readonly network: Partial<Conditions>;
  readonly dials: string;
  readonly offers: boolean;
  readonly delayMs: number;
  readonly bob: InviteScript;
  readonly carol: InviteScript;
  readonly acts: readonly { readonly who: string; readonly atMs: number; readonly act: Act }[];
  readonly orders: readonly { readonly atMs: number; readonly command: object }[];
}
const any = {
  seed: fc.nat(2 ** 31 - 1),
  network,
  offers: fc.constantFrom(true, true, false),
  delayMs: fc.constantFrom(0, 0, 40),
  carol: script,
  acts,
};
const menu: fc.Arbitrary<Drawn> = fc.record({ ...any, dials: fc.constant('menu'), bob: script, orders: fc.constant([]) });
const talk: fc.Arbitrary<Drawn> = fc.record({
  ...any,
  dials: fc.constant('bob'),
  bob: fc.constant<InviteScript>({ ringAfterMs: 0, answerAfterMs: 50 }),
  acts: acts.map((all) => all.map((one) => ({ ...one, atMs: one.atMs + 500 }))),
  orders,
});
const drawn = fc.oneof(menu, talk);

function perform(call: PhoneCall & { cancel?: () => void }, act: Act): void {
  if (act === 'cancel') call.cancel?.();
  if (call.state !== 'answered') return;
  if (act === 'bye') call.bye();
  else if (act === 'hold') call.reInvite({ direction: 'sendonly' });
  else if (act === 'askOffer') call.reInvite({ sdp: '' });
  else if (act === 'update') call.update();
  else if (act === 'refresh') call.update({ sdp: '' });
  else if (act === 'info') call.request('INFO');
  else if (act === 'refer') call.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
}

function play(world: ServiceWorld, phones: readonly Phone[], one: Drawn): void {
  const [alice, bob, carol] = phones;
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('three phones');
  bob.onInvite = one.bob;
  carol.onInvite = one.carol;
  const call = alice.call(`sip:${one.dials}@example.com`, one.offers ? {} : { sdp: '' });
  for (const { who, atMs, act } of one.acts)
    world.timers.set(atMs, () => {
      const own = who === 'alice' ? call : phones.find(({ user }) => user === who)?.calls.at(-1);
      if (own !== undefined) perform(own, act);
    });
  for (const { atMs, command } of one.orders)
    world.timers.set(atMs, () => world.service.service.engine.order({ ...command, to: 'call:1' } as CallCommand, 'operator'));
  world.run(60_000);
}

describe('a caller whom the service attends, and parties that scenarios transfer', () => {
  test.prop([drawn], worlds(15))('are left with nobody that they do not talk to, whatever anybody does', (one) => {
    const planes: AttendingPlane[] = [];
    const world = serviceWorld({
      seed: one.seed,
      users: ['alice', 'bob', 'carol', 'menu'],
      network: one.network,
      scenarios: [dialler],
      config: { media: { anchor: 'always' } },
      openMedia: ({ timers }) => {
        const plane = new AttendingPlane(timers, { delayMs: one.delayMs });
        planes.push(plane);
        return plane;
      },
    });
    // What is overtaken on the way is no fault of ours.
    const checksSessions = !('reordering' in one.network) && one.acts.length === 0;
    const phones = ['alice', 'bob', 'carol'].map((name) => world.phone(name, { checksSessions }));
    for (const phone of phones) phone.register();
    world.run(20_000);
    play(world, phones, one);
    for (const phone of phones) for (const call of phone.calls) if (call.state === 'answered') call.bye();
    expectQuiet(world);
    expect(planes.map(({ size }) => size)).toEqual([0]);
    expect(phones.flatMap(({ calls }) => calls.filter(({ state }) => state !== 'ended'))).toEqual([]);
  });
});
