import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { hearing, pickupOf, talksOf, USERS } from '../support/pickers.ts';
import { expectQuiet } from '../support/quiet.ts';

/** Alice's call rings at Bob's desk. */
function ringing(options: Parameters<typeof serviceWorld>[0] = {}, how: Parameters<Phone['call']>[1] = {}) {
  const world = serviceWorld({ users: USERS, config: { pickup: pickupOf() }, ...options });
  const phones = USERS.map((name) => world.phone(name, { checksSessions: true, onInvite: 'ring' }));
  const [alice, bob, carol, dave] = phones as [Phone, Phone, Phone, Phone, Phone];
  for (const phone of phones) phone.register();
  world.run(500);
  const call = alice.call('bob', how);
  world.run(500);
  return { world, phones, alice, bob, carol, dave, call };
}

describe('a call that is picked up', () => {
  it('waits for the ACK of a caller without an offer, though the picker repeats its answer meanwhile', () => {
    const { world, phones, carol, call } = ringing({}, { sdp: '', ack: { afterMs: 1_700 } });
    const picking = carol.call('*8');
    world.run(10_000);
    expect([call.state, picking.state]).toEqual(['answered', 'answered']);
    expect(picking.remoteSdp).not.toContain('inactive');
    const { hears, isHeardBy } = hearing(phones);
    expect(hears).toEqual(isHeardBy);
    call.bye();
    expectQuiet(world);
  });

  it('is nothing to be picked up any more once somebody has answered', () => {
    const { world, bob, carol, call } = ringing();
    bob.incoming?.answer();
    world.run(500);
    const picking = carol.call('*8');
    world.run(500);
    expect([picking.status, picking.phrase, call.state]).toEqual([404, 'Nothing To Pick Up', 'answered']);
    call.bye();
    expectQuiet(world);
  });

  it.each(['join', 'callback'] as const)('is one picker’s, whenever two dial (%s)', (mode) => {
    for (const ms of [0, 1, 5, 10, 15, 20]) {
      const { world, phones, carol, dave, call } = ringing({ config: { pickup: pickupOf({ mode }) } });
      const pickings = [carol.call('*8')];
      dave.wire.after(ms, () => pickings.push(dave.call('*8')));
      for (const phone of [carol, dave]) phone.onInvite = { ringAfterMs: 20, answerAfterMs: 500 };
      world.run(5_000);
      const talking = phones.slice(1).filter((phone) => talksOf(phone).length > 0);
      expect([call.state, talking.map(({ name }) => name)], `${mode}, ${ms} ms later`).toEqual(['answered', ['carol']]);
      // Either there was nothing to take any more, or the phone that was answered is told why it is hung up.
      const { status = 0, end = '', endReason = '' } = pickings[1] ?? {};
      expect([status, end, endReason]).toEqual(
        status === 200
          ? [200, 'hungUp', expect.stringMatching(/^SIP;cause=48[06];text="/)]
          : [expect.toBeOneOf([404, 480]), 'failed', ''],
      );
      call.bye();
      expectQuiet(world);
    }
  });
});
