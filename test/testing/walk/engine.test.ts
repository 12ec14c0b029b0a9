import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { diversion } from '../../../machines/supervisors/diversion.ts';
import { pushNotification } from '../../../machines/supervisors/push-notification.ts';
import * as facts from '../../../machines/vocabulary/facts.ts';
import { Location } from '../../../src/correlation/location.ts';
import { Engine } from '../../../src/engine/engine.ts';
import type { Entry, Message, StampedCommand } from '../../../src/engine/entry.ts';
import { type AnyFact, viewOf } from '../../../src/engine/port.ts';
import { VirtualTime } from '../../../src/testing/virtual-time.ts';
import { CALLEE, callStage } from '../../../src/testing/walk/call-stage.ts';
import {
  type Answer,
  EMPTY_WORLD,
  type Installed,
  nextDue,
  WalkEngine,
  type WalkWorld,
} from '../../../src/testing/walk/engine.ts';
import type { Said } from '../../../src/testing/walk/rule.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';

const stage = callStage({
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

const lineOf = ({ seq, at, by, ...said }: Entry): string => {
  const { to, device, leg } = said as Message & { device?: string; leg?: string };
  return [seq, at, by, said.type, to, device, leg].join(' ');
};

/** The engine itself with the same scenarios, ports that answer the same, and time that stands still. */
class Real {
  readonly lines: string[] = [];
  readonly #time = new VirtualTime();
  readonly #engine: Engine;

  constructor(scenarios: readonly Installed[], answer: Answer) {
    const timers = new TimerHeap(this.#time, (error) => {
      throw error;
    });
    const report = ({ problem }: { problem: string }) => this.lines.push(problem);
    const views = [viewOf(new Location())];
    this.#engine = new Engine({ clock: this.#time, timers, catalogue: Object.values(facts), views, report });
    for (const { scenario, settings } of scenarios) this.#engine.install(scenario, settings);
    for (const address of ['port:sip', 'port:push']) {
      const sink = this.#engine.sink(address);
      const take = (command: StampedCommand): undefined => {
        for (const fact of answer(command)) sink.post(fact as AnyFact);
      };
      this.#engine.connect({ address, take: take as never, close() {} });
    }
    this.#engine.journal.observe(({ kind, entry }) => {
      if (kind !== 'timer') this.lines.push(lineOf(entry));
    });
  }

  post(fact: AnyFact): void {
    this.#engine.post(fact, 'port:sip');
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
  #memory = stage.surroundings.start;

  constructor() {
    const answer = stage.surroundings.answer ?? (() => []);
    this.real = new Real(stage.scenarios, answer);
    this.#walking = new WalkEngine(stage.scenarios, answer);
  }

  post(fact: AnyFact): void {
    this.#go(this.#walking.post(this.world, fact));
    this.real.post(fact);
  }

  /** One of what may come, or time. */
  choose(choice: number): void {
    const may = stage.surroundings.may(this.#memory, this.world);
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
    for (const entry of next.said) this.#memory = stage.surroundings.take?.(this.#memory, entry as Said) ?? this.#memory;
    this.lines.push(...next.said.map(lineOf));
    this.world = next;
  }
}

describe('the engine of the walks', () => {
  test.prop([fc.array(fc.nat(40), { maxLength: 24 })], { numRuns: 60 })(
    'takes the same in the same order as the engine',
    (choices) => {
      const both = new Both();
      for (const fact of stage.before) both.post(fact);
      for (const choice of choices) both.choose(choice);
      expect(both.lines).toEqual(both.real.lines);
      expect(both.world.actors.map(({ address }) => address)).toEqual(both.real.addresses);
    },
  );
});
