/** Micro benchmark of the engine: `node test/bench/engine.ts` prints one line of JSON. Not a test; nothing here fails. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assign, setup } from 'xstate';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import { defineFact, type FactOf, integer, text } from '../../machines/vocabulary/descriptor.ts';
import { SystemClock } from '../../src/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Runner, type Running } from '../../src/engine/runner.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const opened = defineFact('case.opened', { id: text(), who: text(), n: integer() });
const happened = defineFact('thing.happened', { id: text(), who: text(), n: integer() });
const others = Array.from({ length: 9 }, (_, i) =>
  defineFact(`other.happened${'abcdefghi'[i]}`, { id: text(), who: text(), n: integer() }),
);
type Heard = FactOf<typeof happened>;

const machine = setup({
  types: { context: {} as { id: string; n: number }, input: {} as Birth<FactOf<typeof opened>, Heard>, events: {} as Heard },
  delays: { limit: 20_000 },
  guards: { isCounted: ({ event }) => event.id === 'count' },
  actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
}).createMachine({
  context: ({ input }) => ({ id: input.fact.id, n: 0 }),
  initial: 'waiting',
  states: {
    waiting: {
      after: { limit: 'over' },
      on: { 'thing.happened': [{ guard: 'isCounted', actions: 'count' }, { target: 'ringing' }] },
    },
    ringing: { on: { 'thing.happened': { target: 'waiting', actions: 'count' } } },
    over: { type: 'final' },
  },
});

const scenario = (interests: number) =>
  defineScenario({
    name: 'wait',
    startsOn: [opened.where({})],
    listensTo: ({ id, who }) => [
      happened.where({ who }),
      ...(others.slice(0, interests - 1).map((kind) => kind.where({ id })) as unknown as ReturnType<typeof happened.where>[]),
    ],
    machine,
  });

function makeEngine(interests: number): Engine {
  const clock = new SystemClock();
  const fail = (problem: unknown): never => {
    throw new Error(JSON.stringify(problem));
  };
  const timers = new TimerHeap(clock, fail);
  const engine = new Engine({ clock, timers, catalogue: [opened, happened, ...others], views: [], report: fail });
  engine.install(scenario(interests), undefined);
  return engine;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
/** Microseconds of this thread's CPU time for one `act`, the best of five runs: the others measure the neighbours. */
function cost(times: number, act: (i: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const before = process.threadCpuUsage();
    for (let i = 0; i < times; i++) act(run * times + i);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / times);
  }
  return round(best);
}
const bear = (engine: Engine, i: number): boolean =>
  engine.post(opened({ id: `id:${i}`, who: `sip:user${i}@example.com`, n: i }));

/** `id`: `count` stays in the state, anything else leaves it, arming or clearing a timer. */
function xstateAlone(id: string): number {
  const timers = new TimerHeap(new SystemClock(), () => {});
  const runner = new Runner(timers, () => {});
  const running: Running = { snapshot: undefined, timers: undefined };
  runner.start(running, machine, { fact: { id: 'x' } }, 0);
  return cost(100_000, (i) => {
    runner.step(running, happened({ id, who: '', n: i }), i);
  });
}

function birth(): number {
  const engine = makeEngine(10);
  return cost(10_000, (i) => bear(engine, i));
}

function bytesPerWaiting(interests: number): number {
  const engine = makeEngine(interests);
  for (let i = 0; i < 100; i++) bear(engine, i);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 100; i < 30_100; i++) bear(engine, i);
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / 30_000;
  if (engine.countActors() !== 30_100) throw new Error('some were not born');
  return Math.round(bytes);
}

function delivery(waiting: number): { counted: number; changed: number; unheard: number } {
  const engine = makeEngine(1);
  for (let i = 0; i < waiting; i++) bear(engine, i);
  collect();
  const hear = (id: string) => cost(50_000, (i) => engine.post(happened({ id, who: 'sip:user0@example.com', n: i })));
  const counted = hear('count');
  const changed = hear('');
  const unheard = cost(50_000, (i) => engine.post(happened({ id: '', who: 'sip:nobody@example.com', n: i })));
  return { counted, changed, unheard };
}

const figures: Record<string, unknown> = {
  changeOfStateByXStateUs: xstateAlone(''),
  countByXStateUs: xstateAlone('count'),
  birthUs: birth(),
};
const one = bytesPerWaiting(1);
const ten = bytesPerWaiting(10);
Object.assign(figures, { bytesWith1Interest: one, bytesWith10Interests: ten, bytesPerInterest: Math.round((ten - one) / 9) });
for (const waiting of [1, 1_000, 10_000, 100_000]) figures[`deliveryUsWith${waiting}Waiting`] = delivery(waiting);
console.log(JSON.stringify(figures));
process.exit(0);
