import { describe, expect, it } from 'vitest';
import type { Conditions } from '../../src/testing/network.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { createWorld, type WorldPhone } from '../../src/testing/world.ts';

/** Two phones that send to each other directly: what one says wrong, the other complains of. */
function pair(network: Partial<Conditions> = {}, how: WorldPhone = {}, seed = 1) {
  const world = createWorld({ seed, config: undefined, startService: () => undefined, network });
  const bob = world.phone('bob', how);
  const alice = world.phone('alice', { ...how, proxy: bob.wire.local });
  return { world, alice, bob };
}
const uri = (phone: Phone) => phone.contactUri;

describe('a call between two phones', () => {
  for (const transport of ['udp', 'tcp'] as const)
    it(`rings, is answered, and ends with the caller's BYE over ${transport}`, () => {
      const { world, alice, bob } = pair({}, { transport });
      bob.onInvite = { ringAfterMs: 100, answerAfterMs: 2_000 };
      const call = alice.call(uri(bob));
      world.run(1_000);
      expect([call.state, call.lastProgress]).toEqual(['ringing', 180]);
      world.run(2_000);
      expect([call.state, call.status, bob.incoming?.confirmed]).toEqual(['answered', 200, true]);
      const bye = call.bye();
      world.run(100);
      expect([bye?.status, bob.incoming?.end]).toEqual([200, 'hungUp']);
      expect(world.complaints).toEqual([]);
    });
  it('survives 20 % loss, doubled and overtaken datagrams, whatever the seed', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const { world, alice, bob } = pair({ loss: 0.2, duplication: 0.1, reordering: 0.1, jitterMs: 20 }, {}, seed);
      bob.onInvite = { ringAfterMs: 50, answerAfterMs: 1_000 };
      const call = alice.call(uri(bob));
      world.run(20_000);
      expect([call.state, bob.incoming?.confirmed], `seed ${seed}`).toEqual(['answered', true]);
      bob.incoming?.bye();
      world.run(40_000);
      expect([call.end, bob.incoming?.requests.length], `seed ${seed}`).toEqual(['hungUp', 0]);
      expect(world.complaints, `seed ${seed}`).toEqual([]);
    }
  });
});
