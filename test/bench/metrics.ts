/**
 * `node test/bench/metrics.ts`: what the metrics cost a plain call and a woken one, by folding what such calls leave behind again
 * and again, and what one scrape costs with 10,000 living actors. Figures belong to the machine they were taken on.
 */
import type { Fact } from '../../machines/vocabulary/descriptor.ts';
import { Histories, type History } from '../../src/correlation/history.ts';
import { viewOf } from '../../src/engine/port.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';

const ROUNDS = 7;
const CALLS = 10_000;
const SCRAPES = 10;
const ACTORS = 10_000;
const PUSH = { provider: 'apns', prid: 'token', param: 'app' };

interface Left {
  readonly facts: readonly Fact[];
  readonly history: History;
}

/** One call from its INVITE to its end. */
function leftBy(isAsleep: boolean): Left {
  const world = serviceWorld({ users: ['alice', 'bob'] });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { ...(isAsleep ? { push: PUSH } : {}), onInvite: { ringAfterMs: 100, answerAfterMs: 1_000 } });
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  if (isAsleep) world.sleepUntilPushed(bob, PUSH.prid, { afterMs: 1_000, times: 1 });
  const facts: Fact[] = [];
  let history: History | undefined;
  const histories = viewOf(new Histories((told) => (history = told)));
  world.service.service.engine.journal.observe(({ kind, entry }) => {
    if (kind !== 'fact') return;
    facts.push(entry as unknown as Fact);
    if (histories.folds.includes(entry.type)) histories.fold(entry as never);
  });
  const call = alice.call('bob');
  world.run(5_000);
  call.bye();
  world.run(60_000);
  if (history === undefined) throw new Error('the call did not end');
  return { facts, history };
}

function microsecondsACall({ facts, history }: Left): number {
  const metrics = new Metrics();
  // As the engine does: only those who fold a kind are called.
  const folded = facts.flatMap((fact) =>
    metrics.views.filter(({ folds }) => folds.includes(fact.type)).map((view) => ({ view, fact })),
  );
  const once = (): void => {
    for (const { view, fact } of folded) view.fold(fact as never);
    metrics.ended(history);
    for (let n = 0; n < 14; n++) metrics.received('udp', true);
  };
  return Math.min(...Array.from({ length: ROUNDS }, () => cpuUs(() => times(CALLS, once)) / CALLS));
}

const times = (count: number, act: () => void): void => {
  for (let n = 0; n < count; n++) act();
};

/** CPU time, since others are at work on the machine; the best of some rounds is the one that the compiler had finished with. */
function cpuUs(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function millisecondsAScrape(): Promise<number> {
  const { insight } = serviceWorld({ insight: true }).service.service;
  if (insight === undefined) throw new Error('nothing is kept');
  const metrics = new Metrics();
  // Charts that run by tables share the value of a state.
  const values = Array.from({ length: 7 }, (_, n) => ({ ringing: `state${n}` }));
  const living = Array.from({ length: ACTORS }, (_, n) => ({ scenario: n % 3 === 0 ? 'call' : 'leg', value: values[n % 7] }));
  let nowMs = 0;
  metrics.open(
    {
      nowMs: () => (nowMs += 2_000),
      now: () => insight.now(),
      actors: () => living,
      mediaSessions: () => 0,
      bannedSources: () => 0,
      connections: () => new Map(),
      rejectedMessages: () => new Map(),
    },
    [],
  );
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let n = 0; n < SCRAPES; n++) await metrics.text();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000 / SCRAPES);
  }
  return best;
}

const [plain, woken] = [microsecondsACall(leftBy(false)), microsecondsACall(leftBy(true))];
console.log(
  `a plain call: ${plain.toFixed(2)} µs, a woken one: ${woken.toFixed(2)} µs; a whole plain call costs the service about 1,200 µs`,
);
console.log(`a scrape with ${ACTORS} living actors: ${(await millisecondsAScrape()).toFixed(1)} ms, once a second at most`);
