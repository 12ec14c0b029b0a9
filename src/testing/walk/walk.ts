/** Every order of what may come, up to a depth: walked over the real charts, each world once however many orders lead to it. */
import type { StampedCommand } from '../../engine/entry.ts';
import type { AnyFact } from '../../engine/port.ts';
import { EMPTY_WORLD, type Installed, nextDue, WalkEngine, type WalkWorld } from './engine.ts';
import type { Said, WalkRule } from './rule.ts';

/** What surrounds the actors: it says what may come, and answers commands. */
export interface Surroundings<E> {
  /** Plain JSON, small. */
  readonly start: E;
  /** What it remembers after a fact or a command. */
  readonly take?: (memory: E, said: Said) => E;
  /** Facts that may come now, each of which is tried; several in a list come right behind each other. */
  readonly may: (memory: E, world: WalkWorld) => readonly (AnyFact | readonly AnyFact[])[];
  /** What a port answers at once to a command; without it, nothing. `memory` is asked for what it remembers then. */
  readonly answer?: (command: StampedCommand, memory: () => E) => readonly AnyFact[] | string;
}

export interface WalkOptions<E> {
  readonly scenarios: readonly Installed[];
  /** What happens before the walks begin, in order. */
  readonly before: readonly AnyFact[];
  readonly surroundings: Surroundings<E>;
  readonly rules: readonly WalkRule[];
  /** Facts and deadlines on one walk. */
  readonly depth: number;
  /** It need not come to rest when nothing more is said. */
  readonly isEndless?: boolean;
  /** Worlds of one depth that are kept at most; more of them are an error. */
  readonly maxStates?: number;
}

/** What was walked. */
export interface Walks {
  /** Orders of facts and deadlines: each is as long as the depth, or ends where nothing more can come. */
  readonly walks: number;
  /** Different worlds that they led to. */
  readonly states: number;
  /** Steps that were taken for that. */
  readonly steps: number;
  readonly depth: number;
  /** The first rule that was broken, on a shortest walk. */
  readonly broken: BrokenWalk | undefined;
  /** `scenario: state.of.its.chart` of all that were seen. */
  readonly seen: ReadonlySet<string>;
}

export interface BrokenWalk {
  readonly rule: string;
  readonly says: string;
  /** One line for each step: when, and what came. */
  readonly path: readonly string[];
}

interface Trail {
  readonly line: string;
  readonly before: Trail | undefined;
}
interface Place {
  readonly world: WalkWorld;
  readonly memories: readonly unknown[];
  readonly trail: Trail | undefined;
  /** How many walks led here. */
  walks: number;
}

const MAX_STATES = 400_000;
/** Lines of a path that are told. */
const MAX_PATH = 30;
/** Deadlines in a row without a fact; a world that has more never comes to rest. */
const MAX_WAITS = 200;

/** Walks; the first broken rule ends it. */
export function walk<E>(options: WalkOptions<E>): Walks {
  return new Walker(options as WalkOptions<unknown>).walk();
}

class Walker {
  readonly #options: WalkOptions<unknown>;
  readonly #engine: WalkEngine;
  readonly #seen = new Set<string>();
  /** Worlds that were looked at, and from which time was let run out. */
  readonly #known = new Set<string>();
  readonly #numbers = new WeakMap<object, number>();
  readonly #texts = new Map<string, number>();
  /** What the surroundings remember where the present step began. */
  #memory: unknown;
  #steps = 0;
  #broken: BrokenWalk | undefined;

  constructor(options: WalkOptions<unknown>) {
    this.#options = options;
    const { answer, take } = options.surroundings;
    this.#engine = new WalkEngine(options.scenarios, (command, said) => {
      const memory = () =>
        take === undefined ? this.#memory : said.reduce((known, entry) => take(known, entry as Said), this.#memory);
      return answer === undefined ? [] : answer(command, memory);
    });
  }

  walk(): Walks {
    const { depth } = this.#options;
    let layer = this.#begin();
    let ended = 0;
    for (let at = 0; at < depth && this.#broken === undefined; at++) {
      const next = new Map<string, Place>();
      for (const place of layer.values()) {
        if (this.#broken !== undefined) break;
        const ways = this.#goOn(place, next);
        if (ways === 0) ended += place.walks;
      }
      layer = next;
    }
    let walks = ended;
    for (const place of layer.values()) walks += place.walks;
    return { walks, states: this.#known.size, steps: this.#steps, depth, broken: this.#broken, seen: this.#seen };
  }

  #begin(): Map<string, Place> {
    const { surroundings, rules, before } = this.#options;
    const layer = new Map<string, Place>();
    let place: Place = {
      world: EMPTY_WORLD,
      memories: [surroundings.start, ...rules.map(({ start }) => start)],
      trail: undefined,
      walks: 1,
    };
    for (const fact of before) place = this.#posted(place, fact);
    this.#keep(layer, place);
    return layer;
  }

  /** Tries all that may come; returns in how many ways it goes on. */
  #goOn(place: Place, next: Map<string, Place>): number {
    const { surroundings } = this.#options;
    const facts = surroundings.may(place.memories[0], place.world);
    for (const fact of facts) {
      if (this.#broken !== undefined) return facts.length;
      this.#keep(next, this.#posted(place, fact));
    }
    const waited = this.#wait(place);
    if (waited !== undefined) this.#keep(next, waited);
    return facts.length + (waited === undefined ? 0 : 1);
  }

  #posted(place: Place, what: AnyFact | readonly AnyFact[]): Place {
    this.#memory = place.memories[0];
    return this.#after(place, this.#engine.post(place.world, what), [what].flat().map(nameOf).join(', then '));
  }

  #wait(place: Place): Place | undefined {
    this.#memory = place.memories[0];
    const due = nextDue(place.world);
    const world = this.#engine.wait(place.world);
    return world === undefined || due === undefined
      ? undefined
      : this.#after(place, world, `${place.world.actors[due.at]?.address}: ${due.due.event.type.replace('xstate.', '')}`);
  }

  #after(before: Place, world: WalkWorld, what: string): Place {
    this.#steps++;
    const { surroundings, rules } = this.#options;
    const memories = before.memories.slice();
    const trail = { line: `${world.atMs} ms  ${what}`, before: before.trail };
    const [failure] = world.failures;
    if (failure !== undefined) this.#broken ??= broken('nothing fails', failure, trail);
    for (const entry of world.said) {
      if (surroundings.take !== undefined) memories[0] = surroundings.take(memories[0], entry as Said);
      for (let n = 0; n < rules.length; n++) {
        const take = rules[n]?.take;
        if (take !== undefined) memories[n + 1] = take(memories[n + 1], entry as Said);
      }
    }
    return { world, memories, trail, walks: before.walks };
  }

  /** Keeps a place of the next depth, together with those that are no different from it. */
  #keep(layer: Map<string, Place>, place: Place): void {
    const key = this.#keyOf(place);
    const known = layer.get(key);
    if (known !== undefined) {
      known.walks += place.walks;
      return;
    }
    layer.set(key, place);
    const { maxStates = MAX_STATES } = this.#options;
    if (layer.size > maxStates) throw new Error(`a walk has more than ${maxStates} worlds at one depth`);
    if (this.#known.has(key)) return;
    this.#visit(place, key);
    this.#letTimeRunOut(place);
  }

  #visit(place: Place, key: string): void {
    this.#known.add(key);
    for (const { scenario, moment } of place.world.actors) this.#seen.add(`${scenario.name}: ${dotted(moment.snapshot?.value)}`);
    this.#judge(place, 'still');
  }

  /** From every world: what holds at the end must hold there too if nobody says anything more. */
  #letTimeRunOut(from: Place): void {
    let at = from;
    for (let waits = 0; this.#broken === undefined; waits++) {
      const next = this.#wait(at);
      if (next === undefined) {
        this.#judge(at, 'rest');
        return;
      }
      const key = this.#keyOf(next);
      if (this.#known.has(key)) return;
      if (waits > MAX_WAITS) {
        if (this.#options.isEndless === true) return;
        this.#broken = broken('comes to rest', `it does not within ${MAX_WAITS} deadlines`, next.trail);
      }
      this.#visit(next, key);
      at = next;
    }
  }

  #judge({ world, memories, trail }: Place, when: 'still' | 'rest'): void {
    for (const [n, rule] of this.#options.rules.entries()) {
      const says = rule[when]?.(memories[n + 1], world);
      if (says !== undefined) this.#broken ??= broken(rule.name, says, trail);
    }
  }

  /** Two places with the same key have the same future. */
  #keyOf({ world, memories }: Place): string {
    const { actors, bindings, ringing, atMs, serials } = world;
    const parts: unknown[] = [atMs, ...Object.values(serials)];
    for (const { address, moment } of actors)
      parts.push(address, dotted(moment.snapshot?.value), this.#numberOf(moment.snapshot?.context as object));
    const timers = actors.flatMap(({ moment }, n) => moment.armed.map((armed) => ({ n, armed })));
    timers.sort((a, b) => a.armed.dueMs - b.armed.dueMs || a.armed.order - b.armed.order);
    for (const { n, armed } of timers) parts.push(n, armed.dueMs, armed.isNamed ? armed.id : '-', this.#numberOf(armed.event));
    // When it was said is no part of a binding: it is older than whatever is born after it.
    for (const { type, aor, device, asleep } of bindings) parts.push(type, aor, device, asleep);
    for (const one of ringing) parts.push(one.type, one.call, one.callee, one.by);
    parts.push(this.#numberOf(memories));
    return parts.join();
  }

  /** Two values that read the same have one number. Most are those of the step before. */
  #numberOf(value: object): number {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      const text = JSON.stringify(value);
      number = this.#texts.get(text) ?? this.#texts.size;
      this.#texts.set(text, number);
      this.#numbers.set(value, number);
    }
    return number;
  }
}

function broken(rule: string, says: string, trail: Trail | undefined): BrokenWalk {
  const path: string[] = [];
  for (let at = trail; at !== undefined; at = at.before) path.unshift(at.line);
  if (path.length > MAX_PATH) path.splice(MAX_PATH / 2, path.length - MAX_PATH, '…');
  return { rule, says, path };
}

const TOLD = ['device', 'leg', 'status', 'why', 'route', 'callee', 'command'];
const nameOf = (fact: AnyFact): string =>
  [
    fact.type,
    ...TOLD.filter((name) => fact[name] !== undefined && fact[name] !== '').map((name) => `${name}=${fact[name]}`),
  ].join(' ');

function dotted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${dotted(inner)}`)
    .join(' ');
}
