import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { dial, office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

/** Alice calls Bob, whose phone rings. */
function ringing(...how: Parameters<typeof office>) {
  const stage = office(...how);
  const call = stage.alice.call('bob');
  stage.world.run(500);
  expect(stage.bob.incoming?.state).toBe('ringing');
  return { ...stage, call };
}
const audioOf = (call: PhoneCall): string | undefined => /c=IN IP4 (\S+)/.exec(call.remoteSdp)?.[1];
const host = (phone: Phone): string => phone.wire.local.host;

describe('a call that rings', () => {
  it.each([
    ['a member of the group', 'carol', '*8'],
    ['a member who ends the code as telephones do', 'carol', '*8#'],
    ['a picker who is no member', 'erin', '*8'],
    ['somebody who names the callee', 'dave', '**bob'],
  ] as const)('is taken by %s: both hear each other, and the callee’s phone has missed nothing', (_, name, code) => {
    const stage = ringing();
    const { world, alice, bob, call } = stage;
    const picker = stage[name];
    const picking = picker.call(dial(code));
    world.run(1_000);
    expect([call.status, picking.status, bob.calls[0]?.end]).toEqual([200, 200, 'cancelled']);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    expect([audioOf(picking), audioOf(call)]).toEqual([host(alice), host(picker)]);
    call.bye();
    world.run(500);
    expect(picking.end).toBe('hungUp');
    expectQuiet(world);
  });
});
