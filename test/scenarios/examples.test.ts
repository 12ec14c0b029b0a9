import { attack, serviceWorld } from 'callweave/testing';
import { describe, expect, it } from 'vitest';
import alsoRing from '../fixtures/scenarios/also-ring.ts';
import talkLimit from '../fixtures/scenarios/talk-limit.ts';
import { expectQuiet } from '../support/quiet.ts';

/** What the README shows, and what the packed package is tried with. */
describe('scenarios as users write them', () => {
  it('talk-limit: ends the calls of guests after so many minutes, and of nobody else', () => {
    const settings = { minutes: 2 };
    const world = serviceWorld({ users: ['guest-1', 'alice', 'bob'], scenarios: [{ scenario: talkLimit, settings }] });
    const [guest, alice, bob] = [world.phone('guest-1'), world.phone('alice'), world.phone('bob')];
    for (const phone of [guest, alice, bob]) phone.register();
    world.run(500);
    const [limited, free] = [guest.call('bob'), alice.call('bob')];
    world.run(119_000);
    expect([limited.state, free.state]).toEqual(['answered', 'answered']);
    world.run(2000);
    expect([limited.state, limited.end, free.state]).toEqual(['ended', 'hungUp', 'answered']);
    free.bye();
    expectQuiet(world);
  });

  it('also-ring: rings somebody else after its patience, beside the first phone', () => {
    const settings = { also: 'sip:carol@example.com', afterSeconds: 5 };
    const world = serviceWorld({ scenarios: [{ scenario: alsoRing, settings }] });
    const [alice, bob, carol] = [
      world.phone('alice'),
      world.phone('bob', { onInvite: 'ring' }),
      world.phone('carol', { onInvite: { ringAfterMs: 50, answerAfterMs: 2000 } }),
    ];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(4500);
    expect([bob.calls.length, carol.calls.length]).toEqual([1, 0]);
    world.run(1000);
    expect([call.state, carol.calls.length]).toEqual(['ringing', 1]);
    world.run(2500);
    expect([call.state, bob.calls[0]?.end]).toEqual(['answered', 'cancelled']);
    call.bye();
    expectQuiet(world);
  });

  it('both withstand an attack', () => {
    const settings = { also: 'sip:user1@example.com', afterSeconds: 5 };
    attack({ scenarios: [talkLimit, { scenario: alsoRing, settings }], runs: 20, seed: 11, limitsMs: [5000] });
  });
});
