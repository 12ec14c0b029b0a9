/** Tries a chart: every probe and every timer from each moment, each moment once, each state of the chart in turn, within bounds. */
import type { StampedFact } from '../engine/entry.ts';
import { earliest, type Moment, Moments } from '../engine/moment.ts';
import type { AnyFact } from '../engine/port.ts';
import { reasonOf } from '../errors.ts';
import { type Open, opened } from './kept.ts';
import { leavesIn } from './nodes.ts';
import { oneAtATime, probesOf, Seen, stamped, valuesFor } from './probe.ts';
import { COMMAND_ATTRIBUTES, SAMPLES } from './samples.ts';
import type { Birth, Subject } from './subject.ts';

/** A moment that was reached, and how. */
export interface Step {
  readonly birth: Birth;
  readonly moment: Moment;
  /** What the case keeps open outside. */
  readonly open: Open;
  readonly before: Step | undefined;
  /** What led here: a fact, a command, or the event of a timer. */
  readonly by: { readonly type: string };
}

/** What an exploration came by. */
export interface Explored {
  readonly steps: readonly Step[];
  /** Ids of the leaf states that were seen, for each birth. */
  readonly seen: ReadonlyMap<Birth, ReadonlySet<string>>;
  /** Whether nothing was left to try. */
  readonly isWhole: boolean;
}

/** Events that are given to moments, all births together. */
const MAX_TRIES = 15_000;
const EVENT_SEQ = 100;

/** Names of the states that lead to a step, and of what led from one to the next. */
export function pathOf(step: Step): string {
  const names: string[] = [];
  for (let at: Step | undefined = step; at !== undefined; at = at.before) names.unshift(nameOf(at.by));
  return names.length > 8 ? `${names.slice(0, 3).join(', ')} … ${names.slice(-4).join(', ')}` : names.join(', ');
}
const nameOf = ({ type }: { readonly type: string }): string => (type.startsWith('xstate.after.') ? 'a deadline' : type);

/** Explores a chart from each of its births in turn. */
export function explore(subject: Subject): Explored {
  const explorer = new Explorer(subject);
  for (const birth of subject.births) explorer.begin(birth);
  return explorer.run();
}

class Explorer {
  readonly #subject: Subject;
  /** Types of the events that its chart has a transition for somewhere. */
  readonly #takes: ReadonlySet<string>;
  readonly #moments = new Moments();
  readonly #known = new Set<string>();
  readonly #steps: Step[] = [];
  /** Steps that are not followed yet, by the states that they are in. */
  readonly #waiting = new Map<string, Step[]>();
  #tries = 0;
  readonly #seenStates = new Map<Birth, Set<string>>();
  readonly #seenValues = new Map<Birth, Seen>();
  readonly #probes = new Map<Birth, Probes>();

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#takes = new Set(subject.scenario.machine.events);
  }

  begin(birth: Birth): void {
    const { scenario, settings } = this.#subject;
    const { fact, self, current } = birth;
    const values = new Seen();
    values.note(fact);
    for (const one of current) values.note(one);
    values.note({ address: self });
    this.#seenValues.set(birth, values);
    this.#seenStates.set(birth, new Set());
    const moment = this.#moments.birth(scenario.machine, { fact, self, current, settings }, 0);
    this.#keep({ birth, moment, open: opened(undefined, fact, moment), before: undefined, by: fact });
  }

  run(): Explored {
    while (!this.#isWhole && this.#tries < MAX_TRIES)
      // A chart whose first state has many variants shall be seen in its other states too.
      for (const waiting of this.#waiting.values()) {
        const step = waiting.shift();
        if (step !== undefined) this.#follow(step);
      }
    return { steps: this.#steps, seen: this.#seenStates, isWhole: this.#isWhole };
  }

  get #isWhole(): boolean {
    return [...this.#waiting.values()].every(({ length }) => length === 0);
  }

  #follow(step: Step): void {
    const { moment } = step;
    const due = earliest(moment.armed);
    if (due !== undefined) this.#reach(step, due.event, this.#moments.fire(moment, due));
    const events = this.#eventsFor(step);
    for (const event of events) this.#reach(step, event, this.#moments.step(moment, event, moment.atMs));
    this.#tries += events.length + 1;
  }

  #reach(before: Step, by: { readonly type: string }, moment: Moment): void {
    if (isSame(moment, before.moment) && opened(before.open, by, moment) === before.open) return;
    this.#keep({ birth: before.birth, moment, open: opened(before.open, by, moment), before, by });
  }

  #keep(step: Step): void {
    const { birth, moment } = step;
    for (const message of moment.emitted) this.#seenValues.get(birth)?.note(message);
    const key = keyOf(step, this.#subject.births.indexOf(birth), this.#takes.has('command.refused'));
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#steps.push(step);
    const states = leavesIn(moment.snapshot);
    for (const id of states) this.#seenStates.get(birth)?.add(id);
    if (moment.status !== 'active') return;
    const place = states.join(' ');
    const waiting = this.#waiting.get(place);
    if (waiting === undefined) this.#waiting.set(place, [step]);
    else waiting.push(step);
  }

  /** What it hears, what it may be told, and that what it commanded is refused. */
  #eventsFor({ birth, moment }: Step): StampedFact[] {
    const refusals = this.#takes.has('command.refused') ? refusalsOf(birth.self, moment) : [];
    const { facts, orders } = this.#probesFor(birth);
    return [
      ...[...facts, ...refusals].map((fact) => stamped(fact, EVENT_SEQ, moment.atMs)),
      ...orders.map((order) => stamped(order, EVENT_SEQ, moment.atMs, 'somebody:1')),
    ];
  }

  #probesFor(birth: Birth): Probes {
    const seen = this.#seenValues.get(birth) ?? new Seen();
    const known = this.#probes.get(birth);
    if (known !== undefined && known.version === seen.version) return known;
    const told = Object.keys(COMMAND_ATTRIBUTES).filter((type) => this.#takes.has(type));
    const probes: Probes = {
      version: seen.version,
      facts: birth.interests.flatMap((interest) => probesOf(interest, this.#subject.kinds, seen)),
      orders: told.flatMap((type) => ordersOf(type, birth.self, seen)),
    };
    this.#probes.set(birth, probes);
    return probes;
  }
}

/** What is tried from each moment of one birth, as far as is known what it knows. */
interface Probes {
  readonly version: number;
  readonly facts: readonly AnyFact[];
  readonly orders: readonly AnyFact[];
}

function ordersOf(type: string, to: string, seen: Seen): AnyFact[] {
  const names = COMMAND_ATTRIBUTES[type] ?? [];
  const kindOf = (name: string) => {
    const sample = SAMPLES[name]?.[0];
    if (typeof sample === 'number') return 'integer';
    if (typeof sample === 'object') return 'detail';
    return name === 'wakeable' ? 'flag' : 'text';
  };
  const values = new Map(names.map((name) => [name, valuesFor(name, kindOf(name), [], seen)] as const));
  return oneAtATime(values).map((attributes) => ({ type, to, ...attributes }) as AnyFact);
}

/** Each command of the step that led here may be refused. */
const refusalsOf = (author: string, { emitted }: Moment) =>
  emitted.flatMap(({ type, to }) =>
    to === undefined ? [] : { type: 'command.refused', author, command: type, addressee: to, why: 'nobody is there' },
  );

/** Whether a step changed nothing and said nothing: most do. */
const isSame = (moment: Moment, before: Moment): boolean =>
  moment.snapshot === before.snapshot &&
  moment.emitted.length === 0 &&
  before.emitted.length === 0 &&
  moment.armed.length === before.armed.length &&
  moment.armed.every(({ order }, n) => order === before.armed[n]?.order);

/** Two steps with the same key have the same future. */
function keyOf({ moment, open, by }: Step, birth: number, mayHearRefusals: boolean): string {
  const { status, snapshot, armed, atMs, emitted } = moment;
  const timers = armed.map(({ id, event, dueMs }) => [id, event, dueMs - atMs]);
  const left = (untilMs: Readonly<Record<string, number>>) => Object.entries(untilMs).map(([of, ms]) => [of, ms - atMs]);
  const refusable = mayHearRefusals ? emitted.map(({ type, to }) => [type, to]) : [];
  const failure = status === 'failed' ? by.type : '';
  try {
    const kept = [left(open.calls), left(open.pushes)];
    return JSON.stringify([birth, status, snapshot?.value, snapshot?.context, timers, kept, refusable, failure]);
  } catch (error) {
    return reasonOf(error);
  }
}
