import { describe, expect, it } from 'vitest';
import type { InviteScript, Phone } from '../../src/testing/phone.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { SharedClock } from '../../src/testing/shared-clock.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { createWorld, SERVICE_HOST } from '../../src/testing/world.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

describe('a clock that several timer queues share', () => {
  const queue = (clock: SharedClock) => {
    const face = clock.face();
    const timers = new TimerHeap(face, (error) => {
      throw error;
    });
    return { face, timers };
  };
  it('wakes each queue at its own instants, the earlier face first', () => {
    const time = new VirtualTime();
    const clock = new SharedClock(time);
    const [a, b] = [queue(clock).timers, queue(clock).timers];
    const fired: string[] = [];
    b.set(10, () => fired.push(`b@${time.now()}`));
    a.set(10, () => fired.push(`a@${time.now()}`));
    a.set(3, () => fired.push(`a@${time.now()}`));
    b.set(7, () => a.set(1, () => fired.push(`of b@${time.now()}`)));
    time.advance(20);
    expect(fired).toEqual(['a@3', 'of b@8', 'a@10', 'b@10']);
  });
  it('never rings a dropped face again', () => {
    const time = new VirtualTime();
    const clock = new SharedClock(time);
    const { face, timers } = queue(clock);
    let fired = 0;
    timers.set(5, () => {
      fired += 1;
    });
    clock.drop(face);
    timers.set(6, () => {
      fired += 1;
    });
    time.advance(20);
    expect(fired).toBe(0);
  });
});

describe('a world', () => {
  it('ends a service with all its timers and connections when it restarts', () => {
    const heard: string[] = [];
    let starts = 0;
    const world = createWorld({
      seed: 1,
      config: undefined,
      startService: ({ timers, transports }) => {
        starts += 1;
        const n = starts;
        timers.set(1_000, () => heard.push(`timer of ${n}`));
        return transports({ received: (bytes) => heard.push(`${n} heard ${bytes}`), failed: () => {} });
      },
    });
    const phone = world.phone('alice', { transport: 'tcp' });
    let gone = 0;
    phone.wire.onClosed = () => {
      gone += 1;
    };
    phone.wire.send('one', { host: SERVICE_HOST, port: 5060 });
    world.run(500);
    world.restart();
    world.run(100);
    phone.wire.send('two', { host: SERVICE_HOST, port: 5060 });
    world.run(5_000);
    expect([heard, gone]).toEqual([['1 heard one', '2 heard two', 'timer of 2'], 1]);
  });
  it('throws what broke inside it where the test can see it', () => {
    const world = createWorld({ seed: 1, config: undefined, startService: () => undefined });
    world.timers.set(1, () => {
      throw new Error('broken');
    });
    expect(() => world.run(10)).toThrow('broken');
  });
});

// The whole service under named faults: each seed is another day with another call.

const FINALS = [480, 486, 603, 600, 404, 503];
function scriptOf(chance: SeededRandom): InviteScript {
  const answerAfterMs = 100 + 8_000 * chance.fraction();
  const scripts: InviteScript[] = [
    { ringAfterMs: 100, decline: 486, declineAfterMs: answerAfterMs },
    { ringAfterMs: 100, answerAfterMs },
    { ringAfterMs: 50, early: true, answerAfterMs },
    { decline: FINALS[Math.floor(chance.fraction() * FINALS.length)] ?? 486 },
    'answer',
    'ring',
    'silent',
  ];
  return scripts[Math.floor(chance.fraction() * scripts.length)] ?? 'answer';
}

function scene(seed: number) {
  const chance = new SeededRandom(seed * 7_919);
  const world = serviceWorld({
    seed,
    network: { loss: 0.2 * chance.fraction(), duplication: 0.1, reordering: 0.1, jitterMs: 20 },
  });
  const transport = () => (chance.fraction() < 0.3 ? 'tcp' : 'udp');
  const alice = world.phone('alice', { transport: transport() });
  const desk = world.phone('desk', { user: 'bob', transport: transport() });
  const push = { provider: 'apns', prid: 'token', param: 'TEAM.app.voip' };
  const mobile = world.phone('mobile', { user: 'bob', transport: transport(), push });
  for (const phone of world.phones) phone.register();
  world.run(20_000);
  desk.onInvite = scriptOf(chance);
  mobile.onInvite = scriptOf(chance);
  world.sleepUntilPushed(mobile, 'token', { afterMs: 5_000 * chance.fraction(), times: Math.floor(3 * chance.fraction()) });
  return { chance, world, alice, desk, mobile };
}

/** Calls, maybe gives up, talks, changes the session, and hangs up from either side. */
function playCall({ chance, world, alice, desk, mobile }: ReturnType<typeof scene>) {
  const call = alice.call('bob', chance.fraction() < 0.2 ? { sdp: '' } : {});
  if (chance.fraction() < 0.3) {
    world.run(10_000 * chance.fraction());
    call.cancel();
  }
  world.run(30_000);
  const other = [desk, mobile].flatMap((phone) => phone.calls).find(({ state }) => state === 'answered');
  if (call.state === 'answered') {
    const change = chance.fraction();
    if (change < 0.4) call.reInvite(change < 0.2 ? { sdp: '' } : { direction: 'sendonly' });
    if (change > 0.2 && change < 0.6) other?.reInvite();
    if (change > 0.6) call.request('INFO', { body: 'x' });
    world.run(30_000);
    if (chance.fraction() < 0.5) call.bye();
    else other?.bye();
  }
  world.run(300_000);
  return call;
}

/** First INVITEs, not those inside a dialog. */
const forksTo = (phone: Phone): number =>
  phone.received('INVITE').filter(({ message }) => !headerOf(message, 'to').includes('tag=')).length;

describe('the whole service under loss, doubling and reordering', () => {
  it('ends every call with one outcome, rings each device once, and leaves nothing behind', () => {
    const outcomes = new Set<number>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const day = scene(seed);
      const call = playCall(day);
      const { world, alice, desk, mobile } = day;
      const { service, stories } = world.service;
      outcomes.add(call.status);
      const left = ['call', 'leg', 'push-notification'].map((scenario) => service.engine.countActors(scenario));
      expect(
        {
          call: call.state,
          complaints: world.complaints,
          left,
          transactions: service.transactions.size,
          stories: stories.length,
        },
        `seed ${seed}`,
      ).toEqual({ call: 'ended', complaints: [], left: [0, 0, 0], transactions: 0, stories: 1 });
      expect(Math.max(forksTo(desk), forksTo(mobile)), `seed ${seed}`).toBeLessThanOrEqual(1);
      // Whoever answered was hung up, except where it said nothing and so could not be told.
      expect(alice.calls.length, `seed ${seed}`).toBe(1);
      for (const { state } of [...desk.calls, ...mobile.calls]) expect(['trying', 'ended'], `seed ${seed}`).toContain(state);
    }
    // A set of days on which nothing ever happened would prove nothing.
    expect([...outcomes].toSorted()).toEqual(expect.arrayContaining([200, 486, 487]));
  });
});
