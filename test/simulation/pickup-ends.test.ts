import { expect, it } from 'vitest';
import { headerOf } from '../../src/testing/phone-message.ts';
import { dial, office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

const HOUR_MS = 3_600_000;

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
  expectQuiet(world);
});

it.each([
  [{ expiresSeconds: 600 }, '600;refresher=uac'],
  [{ expiresSeconds: 3_600, refresher: 'uac' }, '1800;refresher=uac'],
  [{ expiresSeconds: 3_600, refresher: 'uas' }, '1800;refresher=uas'],
] as const)('a caller who asks for a session timer, %o, is given no other for a picker with one of its own', (timer, agreed) => {
  const { world, alice, carol } = office();
  alice.timer = timer;
  carol.timer = {};
  const call = alice.call('bob');
  world.run(500);
  const picking = carol.call(dial('*8'));
  world.run(1_000);
  // RFC 4028 §9: neither a longer interval than asked for, nor another refresher than named.
  expect(alice.received(200, 'INVITE').map(({ message }) => headerOf(message, 'session-expires'))).toEqual([agreed]);
  world.run(HOUR_MS);
  expect([call.state, picking.state]).toEqual(['answered', 'answered']);
  call.bye();
  expectQuiet(world);
});
