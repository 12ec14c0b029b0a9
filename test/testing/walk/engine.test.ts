import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Scenario } from '../../../machines/scenario.ts';
import { callPickup } from '../../../machines/supervisors/call-pickup.ts';
import { diversion } from '../../../machines/supervisors/diversion.ts';
import { pushNotification } from '../../../machines/supervisors/push-notification.ts';
import * as facts from '../../../machines/vocabulary/facts.ts';
import { Location } from '../../../src/correlation/location.ts';
import { Ringing } from '../../../src/correlation/ringing.ts';
import { Engine } from '../../../src/engine/engine.ts';
import type { Entry, Message, StampedCommand } from '../../../src/engine/entry.ts';
import { type AnyCommand, type AnyFact, viewOf } from '../../../src/engine/port.ts';
import { VirtualTime } from '../../../src/testing/virtual-time.ts';
import { CALLEE, callStage } from '../../../src/testing/walk/call-stage.ts';
import { type Answer, EMPTY_WORLD, nextDue, WalkEngine, type WalkWorld } from '../../../src/testing/walk/engine.ts';
import { pickupStage } from '../../../src/testing/walk/pickup-stage.ts';
import type { Said } from '../../../src/testing/walk/rule.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';

type Stage = ReturnType<typeof callStage>;

const CALLS = callStage({
  devices: { desk: 'awake', mobile: 'asleep', fresh: 'unbound' },
  registering: ['mobile', 'fresh'],
  declines: [480, 486],
  pushes: true,
  routes: { [CALLEE]: 'sip:carol@x', 'sip:carol@x': CALLEE },
  scenarios: [
    { scenario: diversion, settings: {} },
    { scenario: pushNotification, settings: { wakeLimitMs: 20_000, progress: 182 } },
  ],
});

const STAGES = [
  CALLS,
  ...(['join', 'callback'] as const).map((mode) =>
    pickupStage({ pickers: 2, form: 'group', mode, scenarios: [{ scenario: callPickup as Scenario, settings: {} }] }),
  ),
  pickupStage({ pickers: 2, form: 'order', mode: 'callback', scenarios: [{ scenario: callPickup as Scenario, settings: {} }] }),
];

const lineOf = ({ seq, at, by, ...said }: Entry): string => {
  const { to, device, leg } = said as Message & { device?: string; leg?: string };
  return [seq, at, by, said.type, to, device, leg].join(' ');
};

/** The engine itself with the same scenarios, ports that answer the same, and time that stands still. */
class Real {
  readonly lines: string[] = [];
  readonly #time = new VirtualTime();
  readonly #engine: Engine;

  constructor(stage: Stage) {
    const { surroundings } = stage;
    let memory = surroundings.start;
    const take = (entry: Entry): void => {
      memory = surroundings.take?.(memory, entry as Said) ?? memory;
    };
    const timers = new TimerHeap(this.#time, (error) => {
      throw error;
    });
    const report = ({ problem }: { problem: string }) => this.lines.push(problem);
    const views = [viewOf(new Location()), viewOf(new Ringing())];
    this.#engine = new Engine({ clock: this.#time, timers, catalogue: Object.values(facts), views, report });
    for (const { scenario, settings } of stage.scenarios) this.#engine.install(scenario, settings);
    for (const address of ['port:sip', 'port:push']) {
      const sink = this.#engine.sink(address);
      const answer = (command: StampedCommand): undefined => {
        // It is not in the journal yet.
        const facts = surroundings.answer?.(command, () => surroundings.take?.(memory, command as Entry as Said) ?? memory) ?? [];
        for (const fact of facts) sink.post(fact as AnyFact);
      };
      this.#engine.connect({ address, take: answer as never, close() {} });
    }
    this.#engine.journal.observe(({ kind, entry }) => {
      if (kind === 'timer') return;
      this.lines.push(lineOf(entry));
      take(entry as Entry);
    });
  }

  post(facts: readonly AnyFact[]): void {
    for (const fact of facts)
      if ('to' in fact) this.#engine.order(fact as unknown as AnyCommand, 'port:sip');
      else this.#engine.post(fact, 'port:sip');
  }
  waitUntil(atMs: number): void {
    this.#time.advanceTo(atMs);
  }
  get addresses(): readonly string[] {
    return this.#engine.actors().map(({ address }) => address);
  }
}

/** Both, given the same. */
class Both {
  readonly lines: string[] = [];
  readonly real: Real;
  world: WalkWorld = EMPTY_WORLD;
  readonly #walking: WalkEngine;
  readonly #stage: Stage;
  #memory: unknown;

  constructor(stage: Stage) {
    const { start, take, answer } = stage.surroundings;
    this.#stage = stage;
    this.#memory = start;
    this.real = new Real(stage);
    const folded = (said: readonly Entry[]) => said.reduce((memory, one) => take?.(memory, one as Said) ?? memory, this.#memory);
    const answered: Answer = (command, said) => answer?.(command, () => folded(said)) ?? [];
    this.#walking = new WalkEngine(stage.scenarios, answered);
  }

  post(what: AnyFact | readonly AnyFact[]): void {
    this.#go(this.#walking.post(this.world, what));
    this.real.post([what].flat());
  }

  /** One of what may come, or time. */
  choose(choice: number): void {
    const may = this.#stage.surroundings.may(this.#memory, this.world);
    const fact = may[choice % (may.length + 1)];
    if (fact === undefined) this.#wait();
    else this.post(fact);
  }

  /** The engine does all that is due at one instant. */
  #wait(): void {
    const atMs = nextDue(this.world)?.due.dueMs;
    if (atMs === undefined) return;
    while (nextDue(this.world)?.due.dueMs === atMs) this.#go(this.#walking.wait(this.world) ?? this.world);
    this.real.waitUntil(atMs);
  }

  #go(next: WalkWorld): void {
    const { take } = this.#stage.surroundings;
    for (const entry of next.said) this.#memory = take?.(this.#memory, entry as Said) ?? this.#memory;
    this.lines.push(...next.said.map(lineOf));
    this.world = next;
  }
}

describe('the engine of the walks', () => {
  test.prop([fc.nat(STAGES.length - 1), fc.array(fc.nat(40), { maxLength: 24 })], { numRuns: 120 })(
    'takes the same in the same order as the engine',
    (n, choices) => {
      const stage = STAGES[n] ?? CALLS;
      const both = new Both(stage);
      for (const fact of stage.before) both.post(fact);
      for (const choice of choices) both.choose(choice);
      expect(both.lines).toEqual(both.real.lines);
      expect(both.world.actors.map(({ address }) => address)).toEqual(both.real.addresses);
    },
  );
});
