/** The engine's rules over values: any number of futures can be tried from one world, and none of them changes it. */
import type { Scenario } from '../../../machines/scenario.ts';
import type { Interest } from '../../../machines/vocabulary/descriptor.ts';
import { actorEnded, commandRefused } from '../../../machines/vocabulary/facts.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import type { Entry, Message, StampedCommand, StampedFact } from '../../engine/entry.ts';
import { firstFailed } from '../../engine/filter.ts';
import { type Armed, earliest, type Moment, Moments } from '../../engine/moment.ts';
import type { AnyFact } from '../../engine/port.ts';
import { birthsOf } from '../../engine/rule.ts';

/** One living actor. */
export interface WalkActor {
  readonly address: Address;
  readonly scenario: Scenario;
  readonly of: Address;
  readonly key: string | undefined;
  readonly interests: readonly Interest[];
  readonly moment: Moment;
}

/** All actors at one instant, none of which has anything left to take. */
export interface WalkWorld {
  readonly atMs: number;
  /** In order of birth. */
  readonly actors: readonly WalkActor[];
  /** The latest fact of each binding. */
  readonly bindings: readonly StampedFact[];
  /** Calls that ring, each for whom, and those that are being picked up, oldest first. */
  readonly ringing: readonly StampedFact[];
  readonly seq: number;
  readonly serials: Readonly<Record<string, number>>;
  /** What was taken in the step that led here, in order. */
  readonly said: readonly Entry[];
  /** What failed in that step, one line each. */
  readonly failures: readonly string[];
}

/** A scenario, with what its cases are told. */
export interface Installed {
  readonly scenario: Scenario;
  readonly settings: unknown;
}

/**
 * Takes a command that is addressed to no actor: the facts that are answered at once, or why it is refused. `said` is what was
 * taken in this step up to now.
 */
export type Answer = (command: StampedCommand, said: readonly Entry[]) => readonly AnyFact[] | string;

export const EMPTY_WORLD: WalkWorld = {
  atMs: 0,
  actors: [],
  bindings: [],
  ringing: [],
  seq: 0,
  serials: {},
  said: [],
  failures: [],
};

const BOUND: ReadonlySet<string> = new Set(['binding.added', 'binding.refreshed', 'binding.slept', 'binding.removed']);
/** Entries of one step; more of them go round in circles. */
const MAX_ENTRIES = 1_000;

type Draft = { -readonly [K in keyof WalkWorld]: WalkWorld[K] } & { actors: WalkActor[]; said: Entry[]; failures: string[] };

/** Who is armed for what falls due next; undefined if nobody is armed. */
export function nextDue(world: WalkWorld): { readonly at: number; readonly due: Armed } | undefined {
  let found: { at: number; due: Armed } | undefined;
  for (let at = 0; at < world.actors.length; at++) {
    const due = earliest((world.actors[at] as WalkActor).moment.armed);
    if (due === undefined) continue;
    if (found === undefined || earliest([found.due, due]) === due) found = { at, due };
  }
  return found;
}

/** Runs installed scenarios from world to world. */
export class WalkEngine {
  readonly #births: readonly { readonly starts: readonly Interest[]; readonly installed: Installed }[];
  readonly #answer: Answer;
  readonly #moments = new Moments();
  readonly #queue: Entry[] = [];

  constructor(installed: readonly Installed[], answer: Answer) {
    this.#births = installed.map((one) => ({ starts: birthsOf(one.scenario, one.settings), installed: one }));
    this.#answer = answer;
  }

  /** What becomes of a world when facts, or an operator's commands, come from outside, one right behind the other. */
  post(world: WalkWorld, what: AnyFact | readonly AnyFact[], by: Address = 'port:sip'): WalkWorld {
    const draft = draftOf(world);
    for (const one of [what].flat()) {
      this.#append(draft, one, by, 0);
      this.#drain(draft);
    }
    return draft;
  }

  /** What becomes of it when the next thing falls due; undefined if nothing will. */
  wait(world: WalkWorld): WalkWorld | undefined {
    const next = nextDue(world);
    if (next === undefined) return undefined;
    const draft = draftOf(world);
    const actor = draft.actors[next.at] as WalkActor;
    draft.atMs = Math.max(next.due.dueMs, world.atMs);
    this.#follow(draft, actor, this.#moments.fire(actor.moment, next.due), 0);
    return this.#drain(draft);
  }

  #append(draft: Draft, message: Message, by: Address, cause: number): void {
    this.#queue.push({ ...message, seq: ++draft.seq, at: draft.atMs, by, cause } as unknown as Entry);
  }

  #drain(draft: Draft): WalkWorld {
    const queue = this.#queue;
    for (let at = 0; at < queue.length; at++) {
      if (at > MAX_ENTRIES) throw new Error(`one step of a walk took more than ${MAX_ENTRIES} entries`);
      const entry = queue[at] as Entry;
      draft.said.push(entry);
      const { to } = entry as Message;
      if (to === undefined) this.#takeFact(draft, entry as StampedFact);
      else this.#takeCommand(draft, entry as StampedCommand, to);
    }
    queue.length = 0;
    return draft;
  }

  #takeFact(draft: Draft, fact: StampedFact): void {
    if (BOUND.has(fact.type)) draft.bindings = bound(draft.bindings, fact);
    draft.ringing = ringing(draft.ringing, fact);
    const audience = draft.actors.filter((actor) => hears(actor, fact) || this.#isAuthor(actor, fact));
    for (const { starts, installed } of this.#births)
      if (starts.some((birth) => matches(birth, fact))) this.#bear(draft, installed, fact);
    for (const { address } of audience) {
      const actor = draft.actors.find((each) => each.address === address);
      if (actor !== undefined) this.#follow(draft, actor, this.#moments.step(actor.moment, fact, draft.atMs), fact.seq);
    }
  }

  /** The author of a refused command hears of it, if its chart takes it. */
  #isAuthor({ address, moment }: WalkActor, fact: StampedFact): boolean {
    return fact.type === commandRefused.fact && fact.author === address && this.#moments.takes(moment, fact);
  }

  #bear(draft: Draft, { scenario, settings }: Installed, fact: StampedFact): void {
    const key = scenario.oncePer?.(fact as never);
    if (key !== undefined && draft.actors.some((actor) => actor.scenario === scenario && actor.key === key)) return;
    const self = scenario.address?.(fact as never) ?? this.#mint(draft, scenario.name);
    if (draft.actors.some(({ address }) => address === self)) return;
    const interests = scenario.listensTo(fact as never, self);
    const current = interests
      .filter((interest) => interest.current)
      .flatMap((interest) => currentOf(draft, interest).filter((one) => firstFailed(interest.where, one) === undefined));
    const moment = this.#moments.birth(scenario.machine, { fact, self, current, settings }, draft.atMs);
    const actor = { address: self, scenario, of: scenario.of?.(fact as never) ?? '', key, interests, moment };
    draft.actors.push(actor);
    this.#follow(draft, actor, moment, fact.seq);
  }

  #mint(draft: Draft, prefix: string): Address {
    const serial = (draft.serials[prefix] ?? 0) + 1;
    draft.serials = { ...draft.serials, [prefix]: serial };
    return `${prefix}:${serial}`;
  }

  /** Puts an actor's new moment in place and appends what it emitted; one that is over is gone. */
  #follow(draft: Draft, actor: WalkActor, moment: Moment, cause: number): void {
    const { address, of } = actor;
    for (const message of moment.emitted) this.#append(draft, message, address, cause);
    const at = draft.actors.findIndex((each) => each.address === address);
    if (moment.status === 'active') {
      draft.actors[at] = { ...actor, moment };
      return;
    }
    draft.actors.splice(at, 1);
    if (moment.status === 'failed') draft.failures.push(`${address} failed: ${String(moment.error)}`);
    this.#append(draft, actorEnded({ address, of, how: moment.status === 'done' ? 'done' : 'failed' }), address, cause);
  }

  #takeCommand(draft: Draft, command: StampedCommand, to: Address): void {
    const why = this.#whyRefused(draft, command, to);
    if (why === undefined) return;
    this.#append(draft, commandRefused({ author: command.by, command: command.type, addressee: to, why }), to, command.seq);
  }

  #whyRefused(draft: Draft, command: StampedCommand, to: Address): string | undefined {
    const actor = draft.actors.find(({ address }) => address === to);
    if (actor !== undefined) {
      const moment = this.#moments.step(actor.moment, command, draft.atMs);
      this.#follow(draft, actor, moment, command.seq);
      return moment.taken ? undefined : 'it is not taken in the present state';
    }
    const answer = this.#answer(command, draft.said);
    if (typeof answer === 'string') return answer;
    for (const fact of answer) this.#append(draft, fact, to, command.seq);
    return undefined;
  }
}

const matches = (interest: Interest, fact: StampedFact): boolean =>
  interest.fact === fact.type && firstFailed(interest.where, fact) === undefined;
const hears = ({ interests }: WalkActor, fact: StampedFact): boolean => interests.some((interest) => matches(interest, fact));

/** As the service's own view of who is where folds it. */
function bound(bindings: readonly StampedFact[], fact: StampedFact): readonly StampedFact[] {
  const others = bindings.filter(({ aor, device }) => aor !== fact.aor || device !== fact.device);
  return fact.type === 'binding.removed' ? others : [...others, fact];
}

/** As the service's view of what rings folds it (`src/correlation/ringing.ts`). */
function ringing(ringing: readonly StampedFact[], fact: StampedFact): readonly StampedFact[] {
  const { type, call, callee } = fact as StampedFact & Readonly<Record<string, unknown>>;
  const without = (isOver: (one: StampedFact & Readonly<Record<string, unknown>>) => boolean): readonly StampedFact[] =>
    ringing.some(isOver) ? ringing.filter((one) => !isOver(one)) : ringing;
  if (type === 'call.offered') {
    const isKnown = ringing.some((one) => one.type === type && one.call === call && one.callee === callee);
    return isKnown ? ringing : [...ringing, fact];
  }
  if (type === 'pickup.began') return [...ringing, fact];
  if (ENDS_RINGING.has(type)) return without((one) => one.type === 'call.offered' && one.call === call);
  if (type === 'callee.dropped')
    return without((one) => one.type === 'call.offered' && one.call === call && one.callee === callee);
  if (type === 'pickup.won' || type === 'pickup.lost') return without((one) => one.type === 'pickup.began' && one.by === fact.by);
  return ringing;
}
const ENDS_RINGING: ReadonlySet<string> = new Set([
  'call.diverted',
  'call.answered',
  'call.failed',
  'call.cancelled',
  'call.ended',
]);

/** What is true of the kind that an interest is in; of bindings the latest word, whatever its kind. */
const currentOf = ({ bindings, ringing }: Draft, { fact }: Interest): readonly StampedFact[] =>
  BOUND.has(fact) ? bindings : ringing.filter(({ type }) => type === fact);

const draftOf = (world: WalkWorld): Draft => ({ ...world, actors: [...world.actors], said: [], failures: [] });
