import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ringBack } from '../../machines/supervisors/ring-back.ts';
import { PORT_SIP } from '../../machines/vocabulary/identity.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { OutgoingCall } from '../../src/testing/phone-outgoing-call.ts';
import { type ServiceWorld, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { worlds } from '../support/worlds.ts';

const USERS = ['alice', 'bob', 'carol'];
const user = fc.constantFrom(...USERS);
const DEEDS = [
  'place',
  'place',
  'withdraw',
  'call',
  'cancel',
  'set',
  'unset',
  'bye',
  'bye',
  'refer',
  'hold',
  'off',
  'on',
] as const;
const step = fc.record({
  who: user,
  to: user,
  what: fc.constantFrom(...DEEDS),
  waitMs: fc.constantFrom(0, 5, 30, 700, 3_100, 9_000),
});
const script = fc.constantFrom(
  'answer' as const,
  'ring' as const,
  { ringAfterMs: 10, answerAfterMs: 2_000 },
  { decline: 486, declineAfterMs: 50 },
  { ringAfterMs: 10, decline: 603, declineAfterMs: 900 },
);
const network = fc.constantFrom({}, {}, { loss: 0.1 }, { duplication: 0.2 });

const live = (phone: Phone): PhoneCall[] => phone.calls.filter(({ state, confirmed }) => state === 'answered' && confirmed);
const audioOf = (sdp: string): string => /c=IN IP4 (\S+)/.exec(sdp)?.[1] ?? '';
const host = (phone: Phone): string => phone.wire.local.host;

/** An order to end what is over already; who gave it is no actor, to whom its refusal would be told. */
const LATE = { 'no refusal unheard': 'call.end comes from outside, and too late' };

const exceptionsOf = (steps: readonly { readonly what: string }[]) => (steps.some(({ what }) => what === 'withdraw') ? LATE : {});
function hangUp(phones: readonly Phone[]): void {
  for (const phone of phones) for (const call of live(phone)) call.bye();
}

/** One world, and what was placed in it. */
class Town {
  readonly world: ServiceWorld;
  readonly #placed: string[] = [];
  /** Orders that were given, and those of which the end was told. */
  given = 0;
  ended = 0;

  constructor(world: ServiceWorld) {
    this.world = world;
    world.service.service.engine.journal.observe(({ entry }) => {
      if (entry.type === 'call.placed') this.#placed.push(String((entry as { call?: unknown }).call));
      if (entry.type === 'call.place') this.given++;
      if (entry.type === 'place.connected' || entry.type === 'place.failed') this.ended++;
    });
  }

  act(phone: Phone, what: (typeof DEEDS)[number], to: string): void {
    const { engine } = this.world.service.service;
    const [call] = live(phone);
    const ringing = phone.calls.find((one) => one instanceof OutgoingCall && one.status === 0);
    if (what === 'place')
      engine.order(
        { type: 'call.place', to: PORT_SIP, caller: phone.aor, callee: to, name: '', ringMs: 8_000, place: 1 } as never,
        'case:1',
      );
    else if (what === 'withdraw')
      for (const placed of this.#placed)
        engine.order({ type: 'call.end', to: placed, status: 480, reason: '' } as never, 'case:1');
    else if (what === 'call' && live(phone).length < 3) phone.call(to);
    else if (what === 'cancel' && ringing instanceof OutgoingCall) ringing.cancel();
    else if (what === 'set' || what === 'unset') phone.call(`sip:${what === 'set' ? '*' : '#'}37@example.com`);
    else if (what === 'bye') call?.bye();
    else if (what === 'refer') call?.request('REFER', { headers: [['Refer-To', `<sip:${to}@example.com>`]] });
    else if (what === 'hold') call?.reInvite({ direction: 'sendonly' });
    else if (what === 'off') phone.unregister();
    else if (what === 'on') phone.register();
  }
}

describe('placed calls and ring-backs at random', () => {
  test.prop(
    {
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      steps: fc.array(step, { minLength: 2, maxLength: 14 }),
      scripts: fc.array(script, { minLength: 3, maxLength: 3 }),
      network,
    },
    worlds(25),
  )('each order has one end, who hears is heard, and nothing is left', ({ seed, steps, scripts, network: conditions }) => {
    const settings = { guardSeconds: 0, retrySeconds: 5, patienceSeconds: 60, offerSeconds: 60, ringSeconds: 5 };
    const scenarios = [{ scenario: ringBack, settings }];
    const world = serviceWorld({ seed, users: USERS, scenarios, network: conditions, config: { codes: ['*37', '#37'] } });
    const town = new Town(world);
    const phones = USERS.map((name, n) => world.phone(name, { onInvite: scripts[n] ?? 'answer' }));
    for (const phone of phones) phone.register();
    world.run(5_000);
    for (const { who, to, what, waitMs } of steps) {
      const phone = phones.find(({ name }) => name === who);
      if (phone !== undefined) town.act(phone, what, to);
      world.run(waitMs);
    }
    world.run(200_000);
    expect(town.ended, 'ends of orders').toBe(town.given);
    const ears = phones.flatMap((phone) => live(phone).map((call) => [host(phone), audioOf(call.remoteSdp)] as const));
    const talks = ears.map(([a, b]) => `${a}-${b}`).toSorted();
    expect(talks, 'who hears whom').toEqual(ears.map(([a, b]) => `${b}-${a}`).toSorted());
    hangUp(phones);
    expectQuiet(world, exceptionsOf(steps));
    hangUp(phones);
    world.run(300_000);
    expect(world.service.service.engine.countActors('ring-back'), 'cases left').toBe(0);
  });
});
