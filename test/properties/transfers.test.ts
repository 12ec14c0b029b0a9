import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { worlds } from '../support/worlds.ts';

const USERS = ['alice', 'bob', 'carol', 'dave'];
const user = fc.constantFrom(...USERS);
/** What somebody does with the `n`-th of the calls that they are in. */
const step = fc.record({
  who: user,
  n: fc.nat(2),
  what: fc.constantFrom('call', 'refer', 'refer', 'attended', 'attended', 'replace', 'hold', 'ask', 'bye', 'info'),
  to: user,
  waitMs: fc.constantFrom(0, 5, 20, 200, 1500, 6000),
});
const script = fc.constantFrom(
  'answer' as const,
  'answer' as const,
  { ringAfterMs: 10, answerAfterMs: 700 },
  { decline: 486, declineAfterMs: 50 },
);
const network = fc.constantFrom({}, {}, { loss: 0.1 }, { duplication: 0.2, reordering: 0.2 }, { loss: 0.05, jitterMs: 50 });

const live = (phone: Phone): PhoneCall[] => phone.calls.filter(({ state, confirmed }) => state === 'answered' && confirmed);
const named = (call: PhoneCall): string => `${call.callId};to-tag=${call.dialog?.remoteTag};from-tag=${call.localTag}`;
const audioOf = (sdp: string): string => /c=IN IP4 (\S+)/.exec(sdp)?.[1] ?? '';

function act(phone: Phone, others: ReadonlyMap<string, Phone>, { n, what, to }: { n: number; what: string; to: string }): void {
  const calls = live(phone);
  const call = calls[n % Math.max(calls.length, 1)];
  if (what === 'call') {
    if (calls.length < 3) phone.call(to);
    return;
  }
  const others2 = live(others.get(to) ?? phone);
  if (call === undefined) return;
  if (what === 'refer') call.request('REFER', { headers: [['Refer-To', `<sip:${to}@example.com>`]] });
  else if (what === 'attended') {
    const other = calls[(n + 1) % calls.length] ?? call;
    const uri = `<sip:${to}@example.com?Replaces=${encodeURIComponent(named(other))}>`;
    call.request('REFER', { headers: [['Refer-To', uri]] });
  } else if (what === 'replace') {
    const [other] = others2;
    if (other !== undefined) phone.call(to, { headers: [['Replaces', named(other)]] });
  } else if (what === 'hold') call.reInvite({ direction: 'sendonly' });
  else if (what === 'ask') call.reInvite({ sdp: '' });
  else if (what === 'bye') call.bye();
  else call.request('INFO');
}

describe('transfers at random', () => {
  test.prop(
    {
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      steps: fc.array(step, { minLength: 2, maxLength: 12 }),
      scripts: fc.array(script, { minLength: 4, maxLength: 4 }),
      network,
    },
    worlds(100),
  )('leave everybody in a call hearing who hears them, and nothing behind', ({ seed, steps, scripts, network: conditions }) => {
    const world = serviceWorld({ seed, users: USERS, network: conditions });
    const phones = USERS.map((name, n) =>
      world.phone(name, { checksSessions: !('reordering' in conditions), onInvite: scripts[n] ?? 'answer' }),
    );
    const byName = new Map(phones.map((phone) => [phone.user, phone]));
    for (const phone of phones) phone.register();
    world.run(15_000);
    phones[0]?.call('bob');
    world.run(1_000);
    for (const one of steps) {
      const phone = byName.get(one.who);
      if (phone !== undefined) act(phone, byName, one);
      world.run(one.waitMs);
    }
    world.run(120_000);
    const host = (phone: Phone): string => phone.wire.local.host;
    const ears = phones.flatMap((phone) => live(phone).map((call) => [host(phone), audioOf(call.remoteSdp)] as const));
    const talks = ears.map(([a, b]) => `${a}-${b}`).toSorted();
    const heard = ears.map(([a, b]) => `${b}-${a}`).toSorted();
    expect(talks, 'who hears whom').toEqual(heard);
    for (const phone of phones) for (const call of live(phone)) call.bye();
    expectQuiet(world);
  });
});
