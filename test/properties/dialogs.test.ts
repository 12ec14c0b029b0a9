import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { names } from '../../src/testing/phone-message.ts';
import { offerOf } from '../../src/testing/phone-sdp.ts';
import type { TimerScript } from '../../src/testing/phone-session.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const timer = fc.option(
  fc.record({
    expiresSeconds: fc.constantFrom(undefined, 150, 300),
    refresher: fc.constantFrom('uac' as const, 'uas' as const),
    refresh: fc.constantFrom('update' as const, 'invite' as const, 'never' as const),
  }),
  { nil: undefined },
);
/** A provisional of one device: when, which, with a session description or not, reliable or not. */
const provisional = fc.record({
  device: fc.nat(1),
  atMs: fc.integer({ min: 0, max: 4000 }),
  status: fc.constantFrom(180, 181, 183),
  describes: fc.boolean(),
  reliable: fc.boolean(),
});
type Said = typeof provisional extends fc.Arbitrary<infer T> ? T : never;
/** A request of one party while they talk. */
const request = fc.record({
  who: fc.constantFrom('alice' as const, 'bob' as const),
  atMs: fc.integer({ min: 0, max: 3000 }),
  what: fc.constantFrom('UPDATE' as const, 'INVITE' as const, 'INFO' as const, 'OPTIONS' as const),
});
const world = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  network: fc.constantFrom({}, { loss: 0.1 }, { duplication: 0.2, reordering: 0.2, jitterMs: 30 }),
  reliable: fc.constantFrom(undefined, 'supported' as const, 'required' as const),
  withOffer: fc.boolean(),
  prackAfterMs: fc.integer({ min: 0, max: 3000 }),
  earlyDialogs: fc.constantFrom('forked' as const, 'forked' as const, 'single' as const),
  alices: timer,
  bobs: timer,
  provisionals: fc.array(provisional, { maxLength: 5 }),
  requests: fc.array(request, { maxLength: 5 }),
  answers: fc.nat(1),
  vanish: fc.constantFrom('nobody' as const, 'alice' as const, 'bob' as const, 'both' as const),
});

type How = typeof world extends fc.Arbitrary<infer T> ? T : never;
const PATIENT = { ringLimitMs: 600_000, silentAfterMs: 500_000 };

function sceneOf({ seed, network, earlyDialogs, alices, bobs: timers }: How) {
  const scene = serviceWorld({ seed, network, config: { auth: 'none', calls: { earlyDialogs, ...PATIENT } } });
  const alice = scene.phone('alice');
  const bobs = [1, 2].map((n) => scene.phone(`bob${n}`, { user: 'bob', onInvite: { tryingAfterMs: 0 } }));
  for (const phone of [alice, ...bobs]) phone.register({ expiresSeconds: 7200 });
  scene.run(40_000);
  alice.timer = alices as TimerScript | undefined;
  for (const bob of bobs) bob.timer = timers as TimerScript | undefined;
  return { scene, alice, bobs };
}

/** What a device may say by RFC 3262 §5: the first reliable one to an INVITE without an offer makes it, and no other says it anew. */
function ring(bob: Phone | undefined, { reliable, withOffer }: How, { status, describes, reliable: wants }: Said): void {
  const incoming = bob?.incoming;
  if (bob === undefined || incoming === undefined) return;
  const offered = names(incoming.invite, 'supported', '100rel') || names(incoming.invite, 'require', '100rel');
  const isReliable = (wants || reliable === 'required') && offered;
  const { described } = incoming.reliable;
  const sdp = (describes || !withOffer) && !described ? offerOf(bob.wire.local, 1) : '';
  incoming.ring(status, sdp, { reliable: isReliable });
}

function ask(one: PhoneCall, what: string): void {
  if (one.state !== 'answered') return;
  if (what === 'UPDATE') one.update();
  else if (what === 'INVITE') one.reInvite();
  else one.request(what);
}

/** Who vanishes does so; the others hear of it, or hang up. */
function part(scene: ReturnType<typeof sceneOf>['scene'], parties: readonly [Phone, PhoneCall][], vanish: How['vanish']): void {
  const isGone = (n: number) => vanish === 'both' || vanish === (n === 0 ? 'alice' : 'bob');
  for (const [n, [phone]] of parties.entries()) if (isGone(n)) phone.vanish();
  if (vanish === 'nobody') parties[0]?.[1].bye();
  scene.run(1_900_000);
  for (const [n, [phone, call]] of parties.entries())
    if (isGone(n)) phone.complaints.splice(0);
    else expect(call.state, phone.name).toBe('ended');
  expectQuiet(scene);
  expect(scene.service.records).toHaveLength(1);
}

describe('any dialog, whatever both phones ask of each other', () => {
  test.prop([world], { numRuns: 60 })('breaks no rule that a phone sees, and ends with its parties', (how) => {
    const { scene, alice, bobs } = sceneOf(how);
    const call = alice.call('bob', {
      prack: { afterMs: how.prackAfterMs },
      ...(how.reliable === undefined ? {} : { reliable: how.reliable }),
      ...(how.withOffer ? {} : { sdp: '' }),
    });
    scene.run(20_000);
    for (const said of how.provisionals) scene.timers.set(said.atMs, () => ring(bobs[said.device], how, said));
    scene.run(40_000);
    const winner = bobs[how.answers];
    const incoming = winner?.incoming;
    if (winner === undefined || incoming === undefined) throw new Error('no INVITE came in 20 s');
    incoming.answer();
    scene.run(40_000);
    expect([call.state, call.confirmed, incoming.confirmed]).toEqual(['answered', true, true]);
    for (const { who, atMs, what } of how.requests) scene.timers.set(atMs, () => ask(who === 'alice' ? call : incoming, what));
    scene.run(45_000);
    expect([call.state, incoming.state]).toEqual(['answered', 'answered']);
    expect(scene.complaints).toEqual([]);
    part(
      scene,
      [
        [alice, call],
        [winner, incoming],
      ],
      how.vanish,
    );
  });
});
