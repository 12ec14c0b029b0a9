import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

/** What one of Bob's phones does with a call. */
const script = fc.oneof(
  fc.constant('answer' as const),
  fc.constant('ring' as const),
  fc.constant('silent' as const),
  fc.record({ ringAfterMs: fc.integer({ min: 1, max: 2000 }), answerAfterMs: fc.integer({ min: 1, max: 30_000 }) }),
  fc.record({
    decline: fc.constantFrom(302, 401, 404, 480, 486, 488, 500, 503, 600, 603),
    declineAfterMs: fc.integer({ min: 0, max: 5000 }),
  }),
);
const device = fc.record({
  script,
  /** Undefined: an ordinary phone, always awake. */
  wake: fc.option(fc.record({ afterMs: fc.integer({ min: 0, max: 30_000 }), times: fc.constantFrom(0, 1, 2) }), {
    nil: undefined,
  }),
  /** Further REGISTERs of the device while the call rings, at these instants. */
  refreshes: fc.array(fc.integer({ min: 0, max: 25_000 }), { maxLength: 3 }),
});
const caller = fc.record({
  cancelAfterMs: fc.option(fc.integer({ min: 0, max: 40_000 }), { nil: undefined }),
  talkMs: fc.integer({ min: 0, max: 5000 }),
  withOffer: fc.boolean(),
  ackAfterMs: fc.integer({ min: 0, max: 2000 }),
});
const network = fc.constantFrom({}, { loss: 0.1 }, { duplication: 0.2, reordering: 0.2 }, { loss: 0.05, jitterMs: 50 });

describe('any call, whatever phones, caller and network do', () => {
  test.prop(
    { seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }), devices: fc.array(device, { maxLength: 4 }), caller, network },
    { numRuns: 150 },
  )(
    'has one outcome, one fork and one push a device, and leaves nothing behind',
    ({ seed, devices, caller: how, network: conditions }) => {
      const world = serviceWorld({ seed, network: conditions });
      const alice = world.phone('alice');
      const bobs: Phone[] = devices.map(({ script: onInvite, wake }, n) =>
        world.phone(`bob${n}`, {
          user: 'bob',
          onInvite,
          ...(wake === undefined ? {} : { push: { provider: 'apns', prid: `token${n}` } }),
        }),
      );
      for (const phone of [alice, ...bobs]) phone.register();
      world.run(15_000);
      devices.forEach(({ wake }, n) => {
        const phone = bobs[n];
        if (wake !== undefined && phone !== undefined) world.sleepUntilPushed(phone, `token${n}`, wake);
      });
      const call = alice.call('bob', { ...(how.withOffer ? {} : { sdp: '' }), ack: { afterMs: how.ackAfterMs } });
      let wasAnswered = false;
      call.onChange = () => {
        if (call.state !== 'answered' || wasAnswered) return;
        wasAnswered = true;
        world.timers.set(how.talkMs + how.ackAfterMs + 1, () => call.bye());
      };
      if (how.cancelAfterMs !== undefined)
        world.timers.set(how.cancelAfterMs, () => void (call.state !== 'answered' && call.cancel()));
      devices.forEach(({ wake, refreshes }, n) => {
        // A sleeping device says nothing by itself.
        if (wake === undefined) for (const atMs of refreshes) world.timers.set(atMs, () => bobs[n]?.register());
      });
      expectQuiet(world);
      const connected = bobs.flatMap((bob) => bob.calls).filter((seen) => seen.state === 'answered');
      expect(connected, 'devices still connected').toEqual([]);
      bobs.forEach((bob, n) => {
        expect(
          new Set(
            bob.received('INVITE').map(({ message }) => message.headers.find(([name]) => name.toLowerCase() === 'call-id')?.[1]),
          ).size,
          `forks to bob${n}`,
        ).toBeLessThanOrEqual(1);
        expect(world.push.sent('incoming-call', `token${n}`).length, `pushes to bob${n}`).toBeLessThanOrEqual(1);
      });
      expect(world.service.stories).toHaveLength(1);
      expect(call.status, 'the caller has a final answer').toBeGreaterThanOrEqual(200);
    },
  );
});
