import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missedCall } from '../../machines/supervisors/missed-call.ts';
import type { InviteScript } from '../../src/testing/phone.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import type { HttpAnswer, HttpAsked, HttpFault } from '../../src/testing/simulated-http.ts';
import { expectQuiet } from '../support/quiet.ts';

const TARGET = {
  url: 'https://crm.example.com/api',
  headers: { authorization: 'Bearer key' },
  timeoutMs: 5_000,
  maxOpen: 8,
  maxBodyBytes: 1_000,
};
const MINUTE = 60_000;
const TAKES: InviteScript = { ringAfterMs: 20, answerAfterMs: 200 };

/** Alice and bob, each with a phone; what is missed is told after a minute. */
function scene(
  settings: object = {},
  {
    bob: onInvite = 'ring' as InviteScript,
    isThere = true,
    answer = undefined as ((asked: HttpAsked) => HttpAnswer | HttpFault) | undefined,
  } = {},
) {
  const world = serviceWorld({
    config: { http: { targets: new Map([['crm', TARGET]]), maxOpen: 64 } },
    scenarios: [{ scenario: missedCall, settings: { target: 'crm', path: 'missed', afterSeconds: 60, ...settings } }],
  });
  if (answer !== undefined) world.http.answer = answer;
  const alice = world.phone('alice', { onInvite: TAKES });
  const bob = world.phone('bob', { onInvite });
  alice.register();
  if (isThere) bob.register();
  world.run(500);
  const told = () => world.http.asked.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  /** Alice rings bob for some time and gives up. */
  const misses = (ringMs = 3_000): void => {
    const call = alice.call('bob');
    world.run(ringMs);
    call.cancel();
    world.run(1_000);
  };
  return { world, alice, bob, told, misses };
}

describe('a missed call', () => {
  it('is told after a while, once, with what a chat shows', () => {
    const { world, told, misses } = scene();
    misses();
    expect(told()).toEqual([]);
    world.run(MINUTE);
    expect(world.http.asked).toHaveLength(1);
    expect(world.http.asked[0]).toMatchObject({
      url: 'https://crm.example.com/api/missed',
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
    });
    expect(told()[0]).toMatchObject({
      event: 'missed-call',
      text: 'Missed call from sip:alice@example.com to sip:bob@example.com: the caller gave up',
      caller: { uri: 'sip:alice@example.com', name: '' },
      callee: 'sip:bob@example.com',
      count: 1,
      why: 'gaveUp',
    });
    expectQuiet(world);
  });

  it('of which there are several from one caller is one message with their number', () => {
    const { world, told, misses } = scene();
    misses();
    misses();
    misses();
    world.run(MINUTE);
    expect(told()).toMatchObject([{ count: 3 }]);
    expectQuiet(world);
    expect(told()).toHaveLength(1);
  });

  it('is not told when the callee calls back, or the caller gets through, in time', () => {
    for (const back of [true, false]) {
      const { world, alice, bob, told, misses } = scene();
      misses();
      world.run(30_000);
      bob.onInvite = TAKES;
      const call = back ? bob.call('alice') : alice.call('bob');
      world.run(1_000);
      expect(call.state).toBe('answered');
      call.bye();
      world.run(2 * MINUTE);
      expect(told()).toEqual([]);
      expectQuiet(world);
    }
  });

  it('is told although somebody else calls, unless anybody may call back', () => {
    for (const calledBackBy of ['callee', 'anybody']) {
      const { world, told, misses } = scene({ calledBackBy });
      misses();
      const carol = world.phone('carol');
      carol.register();
      world.run(500);
      const call = carol.call('alice');
      world.run(1_000);
      call.bye();
      world.run(2 * MINUTE);
      expect(told()).toHaveLength(calledBackBy === 'callee' ? 1 : 0);
      expectQuiet(world);
    }
  });

  it('is told at once where the callee was not there, further ones together later', () => {
    const { world, alice, told } = scene({}, { isThere: false });
    for (let n = 0; n < 3; n += 1) {
      alice.call('bob');
      world.run(1_000);
    }
    expect(told()).toMatchObject([{ why: 'unreachable', status: 480, count: 1 }]);
    world.run(MINUTE);
    expect(told()).toMatchObject([{ count: 1 }, { count: 2 }]);
    expectQuiet(world);
  });

  it('names nobody who asked not to be named', () => {
    const { world, alice, told } = scene({}, { isThere: false });
    alice.call('bob', { headers: [['Privacy', 'id']] });
    world.run(1_000);
    expect(told()).toMatchObject([{ caller: { uri: 'sip:anonymous@anonymous.invalid', name: 'Anonymous' } }]);
    expect(JSON.stringify(told())).not.toContain('alice');
    expectQuiet(world);
  });

  it('is told of those callers and callees alone that the settings want', () => {
    for (const [settings, count] of [
      [{ callers: 'external' }, 0],
      [{ callers: 'internal' }, 1],
      [{ callees: ['carol'] }, 0],
      [{ callees: ['bob', 'carol'] }, 1],
    ] as const) {
      const { world, alice, told } = scene(settings, { isThere: false });
      alice.call('bob');
      world.run(1_000);
      expect(told(), JSON.stringify(settings)).toHaveLength(count);
      expectQuiet(world);
    }
  });

  it.each<[string, HttpAnswer | HttpFault, number]>([
    ['down', 'down', 4],
    ['mute', 'mute', 4],
    ['broken', 'broken', 4],
    ['busy: 503', { status: 503 }, 4],
    ['slow down: 429', { status: 429, retryAfterSeconds: 30 }, 4],
    ['sending too much', { status: 200, body: 'x'.repeat(2_000) }, 1],
    ['refusing: 401', { status: 401 }, 1],
    ['moved: 302', { status: 302 }, 1],
    ['slow, but there', { status: 200, afterMs: 4_900 }, 1],
  ])('is tried a bounded number of times at a system that is %s', (_, answer, tries) => {
    const { world, alice } = scene({}, { isThere: false, answer: () => answer });
    alice.call('bob');
    world.run(5 * MINUTE);
    expect(world.http.asked).toHaveLength(tries);
    expectQuiet(world);
  });

  it('that nobody could be told for a while is told when the system is back', () => {
    let isUp = false;
    const { world, alice, told } = scene({}, { isThere: false, answer: () => (isUp ? { status: 200 } : 'down') });
    alice.call('bob');
    world.run(5_000);
    isUp = true;
    world.run(MINUTE);
    expect(told().length).toBeGreaterThan(1);
    expectQuiet(world);
  });

  it('is told once at most for each time, whatever is called and whenever', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('miss' as const), ms: fc.integer({ min: 10, max: 5_000 }) }),
      fc.record({ kind: fc.constant('back' as const), ms: fc.constant(500) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1_000, max: 90_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 8 }), (acts) => {
        const { world, bob, told, misses } = scene();
        let missed = 0;
        for (const { kind, ms } of acts) {
          if (kind === 'wait') world.run(ms);
          else if (kind === 'miss') {
            missed += 1;
            misses(ms);
          } else {
            const call = bob.call('alice');
            world.run(ms);
            call.bye();
            world.run(100);
          }
        }
        world.run(3 * MINUTE);
        const counted = told().reduce((sum, { count }) => sum + Number(count), 0);
        expect(counted).toBeLessThanOrEqual(missed);
        if (!acts.some(({ kind }) => kind === 'back')) expect(counted).toBe(missed);
        expectQuiet(world);
      }),
      { numRuns: 40 },
    );
  });
});
