import { expect, it } from 'vitest';
import { dial, office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

it('a picker is not left alone where the caller vanishes just as it is answered', () => {
  const { world, alice, bob, carol } = office();
  const call = alice.call('bob', { ack: 'never' });
  world.run(500);
  const picking = carol.call(dial('*8'));
  world.run(1_000);
  expect([call.status, picking.status, bob.incoming?.end]).toEqual([200, 200, 'cancelled']);
  // RFC 3261 §13.3.1.4: 64*T1 without the caller's ACK.
  world.run(31_000);
  expect(picking.state).toBe('answered');
  world.run(1_000);
  expect([picking.end, picking.endReason]).toEqual(['hungUp', 'SIP;cause=487;text="Caller Has Hung Up"']);
  expectQuiet(world, {
    'no fork outlives its call': "the picker's dialog goes back to the call that it came from, which ends a moment later",
  });
});
