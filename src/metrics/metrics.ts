/**
 * The service in numbers, for Prometheus. Facts and hooks only add to plain numbers; everything else is read when somebody asks,
 * and at most once a second, however many ask.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type History, outcomeOf } from '../correlation/history.ts';
import type { ActorState } from '../engine/engine.ts';
import { type View, viewOf } from '../engine/port.ts';
import type { Now } from '../insight/model.ts';
import { stateText } from '../insight/paths.ts';
import { timesOf } from './call-times.ts';
import type { Reading } from './counts.ts';
import { DEFINITIONS, type Definition, type ProcessReadings, TIMES, type TimeDefinition } from './definitions.ts';
import { Tally } from './tally.ts';
import { WakeTimes } from './wake-times.ts';

/** The service, as far as it is measured when somebody asks. */
export interface MetricsSource {
  nowMs(): number;
  now(): Now;
  actors(): Iterable<Pick<ActorState, 'scenario' | 'value'>>;
  mediaSessions(): number;
  bannedSources(): number;
  /** Those that are open, by transport. */
  connections(): ReadonlyMap<string, number>;
  rejectedMessages(): ReadonlyMap<string, number>;
}

const READ_EVERY_MS = 1000;
/** States of one scenario that have a series of their own: those of parallel charts are many. */
const MAX_STATES = 100;
const MS = 1000;
const NO_PROCESS: ProcessReadings = { residentBytes: 0, heapBytes: 0, cpuMs: 0 };

export class Metrics {
  readonly #tally = new Tally();
  readonly #registry = new Registry();
  readonly #series: readonly (readonly [Definition, Counter | Gauge])[];
  readonly #times: Readonly<Record<keyof typeof TIMES, Histogram>>;
  readonly #wakes: WakeTimes;
  readonly #process: () => ProcessReadings;
  #source: MetricsSource | undefined;
  #last: { readonly atMs: number; readonly text: Promise<string> } | undefined;

  constructor(process: () => ProcessReadings = () => NO_PROCESS) {
    this.#process = process;
    const registers = [this.#registry];
    this.#series = DEFINITIONS.map((definition) => {
      const { name, help, labels: labelNames, kind } = definition;
      return [definition, new (kind === 'counter' ? Counter : Gauge)({ name, help, labelNames, registers })];
    });
    const time = ({ name, help, buckets }: TimeDefinition) => new Histogram({ name, help, buckets: [...buckets], registers });
    this.#times = {
      toRing: time(TIMES.toRing),
      toAnswer: time(TIMES.toAnswer),
      talk: time(TIMES.talk),
      pushToRegister: time(TIMES.pushToRegister),
      registerToRing: time(TIMES.registerToRing),
      pushToRing: time(TIMES.pushToRing),
    };
    this.#wakes = new WakeTimes({
      registered: (afterMs) => this.#times.pushToRegister.observe(afterMs / MS),
      rang: (afterPushMs, afterRegisterMs) => {
        this.#times.pushToRing.observe(afterPushMs / MS);
        this.#times.registerToRing.observe(afterRegisterMs / MS);
      },
    });
  }

  /** What the engine folds for them. */
  get views(): readonly View[] {
    return [viewOf(this.#tally), viewOf(this.#wakes)];
  }

  /** Is told once what is measured; the names of scenarios are labels. */
  open(source: MetricsSource, scenarios: readonly string[]): void {
    this.#source = source;
    this.#tally.failedActors.know(scenarios);
  }

  /** A call is over. */
  ended(history: History): void {
    const { outcome, status } = outcomeOf(history);
    this.#tally.ended.add(outcome);
    if (outcome === 'failed') this.#tally.failed.add(String(status));
    const { toRingMs, toAnswerMs, talkMs } = timesOf(history);
    if (toRingMs !== undefined) this.#times.toRing.observe(toRingMs / MS);
    if (toAnswerMs !== undefined) this.#times.toAnswer.observe(toAnswerMs / MS);
    if (talkMs !== undefined) this.#times.talk.observe(talkMs / MS);
  }

  /** A message came in; `isTaken` false: nobody looks at it. */
  received(transport: string, isTaken: boolean): void {
    this.#tally.messages.add(transport);
    if (!isTaken) this.#tally.droppedMessages++;
  }

  offended(kind: string): void {
    this.#tally.offences.add(kind);
  }

  /** An INVITE became no call. */
  refused(status: number): void {
    this.#tally.refused.add(String(status));
  }

  /** A request got 503. */
  overloaded(method: string): void {
    this.#tally.overloaded.add(method);
  }

  /** The engine reported one. */
  problem(): void {
    this.#tally.problems++;
  }

  /** Media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of them in the text format of Prometheus. Empty before the service has opened them. */
  text(): Promise<string> {
    if (this.#source === undefined) return Promise.resolve('');
    const atMs = this.#source.nowMs();
    if (this.#last !== undefined && atMs - this.#last.atMs < READ_EVERY_MS) return this.#last.text;
    this.#read(this.#source);
    const text = this.#registry.metrics();
    this.#last = { atMs, text };
    return text;
  }

  #read(source: MetricsSource): void {
    const readings = {
      now: source.now(),
      actors: countByState(source.actors()),
      mediaSessions: source.mediaSessions(),
      bannedSources: source.bannedSources(),
      connections: source.connections(),
      rejectedMessages: source.rejectedMessages(),
      process: this.#process(),
    };
    for (const [definition, series] of this.#series) {
      series.reset();
      for (const { labels, value } of definition.read(this.#tally, readings)) series.inc(labels, value);
    }
  }
}

/** How many actors of each scenario are in each state. */
function countByState(actors: Iterable<Pick<ActorState, 'scenario' | 'value'>>): Reading[] {
  const counted = new Map<string, Map<string, number>>();
  // Charts that run by tables share the value of a state.
  const texts = new Map<unknown, string>();
  for (const { scenario, value } of actors) {
    const states = counted.get(scenario) ?? new Map<string, number>();
    counted.set(scenario, states);
    const text = texts.get(value) ?? stateText(value);
    texts.set(value, text);
    const state = states.has(text) || states.size < MAX_STATES ? text : 'other';
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  return [...counted].flatMap(([scenario, states]) =>
    [...states].map(([state, value]) => ({ labels: { scenario, state }, value })),
  );
}
