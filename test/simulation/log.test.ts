import { describe, expect, it } from 'vitest';
import type { LogFields } from '../../src/log.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

function scene() {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const world = serviceWorld({ hearLog: (level, message, fields) => lines.push({ level, message, fields }) });
  const alice = world.phone('alice');
  alice.register();
  world.run(500);
  const refused = () => lines.filter(({ message }) => message === 'call refused').map(({ fields }) => fields);
  return { world, alice, lines, refused };
}

describe('the log', () => {
  it('says in one line who was refused and why, and counts no challenge as a refusal', () => {
    const { world, alice, refused } = scene();
    const call = alice.call('nobody');
    world.run(1000);
    expect(refused()).toEqual([
      {
        caller: 'sip:alice@example.com',
        dialled: 'sip:nobody@example.com',
        status: 404,
        reason: 'No Such User',
        source: `${alice.wire.local.host}:${alice.wire.local.port}`,
        callId: call.callId,
      },
    ]);
    expectQuiet(world);
  });

  it('writes ten such lines a second at most, and says how many it left out', () => {
    const { world, alice, refused } = scene();
    for (let n = 0; n < 50; n++) alice.call(`nobody${n}`);
    world.run(900);
    expect(refused()).toHaveLength(10);
    world.run(1000);
    alice.call('nobody');
    world.run(500);
    expect(refused().slice(10)).toMatchObject([{ unlogged: 40 }]);
    expectQuiet(world);
  });

  it('says why a phone did not ring', () => {
    const { world, alice, lines } = scene();
    const bob = world.phone('bob', { onInvite: 'silent' });
    bob.register();
    world.run(500);
    alice.call('bob');
    world.run(100_000);
    const ended = lines.find(({ message }) => message === 'call ended');
    expect(ended?.fields.devices).toMatch(/was called at 0\.\d\d s, had said nothing at 10\.\d\d s; the caller got 480/);
    expectQuiet(world);
  });
});
