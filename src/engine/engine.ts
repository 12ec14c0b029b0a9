import type { Scenario } from '../../machines/scenario.ts';
import type { Condition, Interest } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, commandRefused } from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import type { Clock } from '../clock.ts';
import { type Problem, reasonOf } from '../errors.ts';
import type { TimerQueue } from '../timers.ts';
import { Actor } from './actor.ts';
import { type AnyKind, Catalogue, type KnownKind } from './catalogue.ts';
import { type Entry, isCommand, type Message, OUTSIDE, type StampedCommand, type StampedFact } from './entry.ts';
import { EntryQueue } from './entry-queue.ts';
import { firstFailed } from './filter.ts';
import { InterestIndex } from './interest-index.ts';
import { Journal, type Taking } from './journal.ts';
import { type Explanation, explain, type ListedWait, listWaits, type WaitFilter } from './listing.ts';
import type { AnyCommand, AnyFact, FactSink, Port, View } from './port.ts';
import { birthsOf, checkScenario, Rule, ScenarioError } from './rule.ts';
import { Runner, type Status } from './runner.ts';

/** A timer queue that asks before it fires, so that timers are taken only when the mailbox is empty. */
export interface GatedTimers extends TimerQueue {
  gate(mayFire: () => boolean): void;
  resume(): void;
}

/** What went wrong inside, in one line; `error` is what was caught. */
export interface EngineProblem extends Problem {
  readonly address?: Address;
  readonly error?: unknown;
}

export interface EngineLimits {
  /** Facts and commands that may wait in the mailbox at once. */
  readonly queuedEntries: number;
  /** Living actors of one scenario, unless `install` says otherwise. */
  readonly actorsPerScenario: number;
  /** Interests of one actor. */
  readonly interestsPerActor: number;
  /** Entries that the journal keeps; 0 keeps none. */
  readonly journalEntries: number;
  /** How long it goes on before I/O has its turn, milliseconds; 0: it takes one entry each time that the clock yields. */
  readonly sliceMs: number;
}
export const ENGINE_LIMITS: EngineLimits = {
  queuedEntries: 2 ** 20,
  actorsPerScenario: 2 ** 20,
  interestsPerActor: 256,
  journalEntries: 0,
  sliceMs: 5,
};

export interface EngineParts {
  readonly clock: Clock;
  readonly timers: GatedTimers;
  readonly catalogue: readonly AnyKind[];
  readonly views: readonly View[];
  readonly report: (problem: EngineProblem) => void;
  readonly limits?: Partial<EngineLimits>;
  /** Says which births a replay leaves out, since they belong to no call of its own. */
  readonly admitsBirth?: (scenario: string, fact: StampedFact) => boolean;
}

/** One actor, as tests and the inspector see it. */
export interface ActorState {
  readonly address: Address;
  readonly scenario: string;
  readonly bornAtMs: number;
  readonly value: unknown;
  readonly context: unknown;
}

/** What one kind of fact sets in motion. */
class KindRoutes {
  readonly known: KnownKind;
  readonly births: { readonly rule: Rule; readonly where: readonly Condition[] }[] = [];
  readonly folding: readonly View[];
  readonly answering: readonly View[];

  constructor(known: KnownKind, views: readonly View[]) {
    this.known = known;
    this.folding = views.filter((view) => view.folds.includes(known.name));
    this.answering = views.filter((view) => view.answers.includes(known.name));
  }
}

const NOTHING: readonly StampedFact[] = [];

/**
 * Takes facts and commands one at a time, in one order, and runs the actors that live by them. What comes from outside while
 * I/O has its turn is taken when all is said that charts had to say to what was there before: no CANCEL finds a call half
 * told of its answer, and what a phone sends right behind its ACK does not overtake it here.
 */
export class Engine implements FactSink {
  readonly journal: Journal;
  readonly #clock: Clock;
  readonly #timers: GatedTimers;
  readonly #report: (problem: EngineProblem) => void;
  readonly #limits: EngineLimits;
  readonly #admitsBirth: EngineParts['admitsBirth'];
  readonly #catalogue: Catalogue;
  readonly #kinds: ReadonlyMap<string, AnyKind>;
  readonly #views: readonly View[];
  readonly #routes = new Map<string, KindRoutes>();
  readonly #rules = new Map<string, Rule>();
  readonly #ports = new Map<Address, Port>();
  readonly #actors = new Map<Address, Actor>();
  readonly #serials = new Map<string, number>();
  /** `seq` of each `actor.ended` of ours that still waits: when it is taken, ports close what that actor kept open. */
  readonly #unclosed = new Set<number>();
  readonly #index = new InterestIndex<Actor>();
  readonly #queue: EntryQueue;
  readonly #runner: Runner;
  readonly #continue = (): void => {
    this.#isYielded = false;
    this.#drain(this.#clock.now());
  };
  #births = 0;
  #isBusy = false;
  #isYielded = false;
  #isTimerHeldBack = false;
  /** Instant, author and cause of what is posted while an entry is taken. */
  #atMs = 0;
  #author: Address = OUTSIDE;
  #cause = 0;
  #taking: Taking | undefined;

  constructor({ clock, timers, catalogue, views, report, limits, admitsBirth }: EngineParts) {
    const kinds = [...new Set<AnyKind>([...catalogue, actorEnded, commandRefused])];
    this.#clock = clock;
    this.#timers = timers;
    this.#report = report;
    this.#limits = { ...ENGINE_LIMITS, ...limits };
    this.#admitsBirth = admitsBirth;
    this.#catalogue = new Catalogue(kinds);
    this.#kinds = new Map(kinds.map((kind) => [kind.fact, kind]));
    this.#views = views;
    for (const name of this.#catalogue.names()) this.#routes.set(name, new KindRoutes(this.#known(name), views));
    this.#queue = new EntryQueue(this.#limits.queuedEntries, report);
    this.#runner = new Runner(timers, (running, event, cause, dueMs) => this.#timerFired(running as Actor, event, cause, dueMs));
    this.journal = new Journal(this.#limits.journalEntries, (error) =>
      report({ problem: `an observer of the journal threw and was detached: ${reasonOf(error)}`, error }),
    );
    timers.gate(() => this.#mayTimersFire());
  }

  /** Adds a scenario; births of a fact come in order of installation. Throws a `ScenarioError` on one that cannot work. */
  install(scenario: Scenario, settings: unknown, limits: { readonly maxActors?: number } = {}): void {
    if (this.#rules.has(scenario.name)) throw new ScenarioError(`scenario ${scenario.name}: there is one of that name already`);
    checkScenario(scenario, settings, { catalogue: this.#catalogue, kinds: this.#kinds, views: this.#views });
    const rule = new Rule(scenario, settings, limits.maxActors ?? this.#limits.actorsPerScenario);
    this.#rules.set(scenario.name, rule);
    for (const birth of birthsOf(scenario, settings)) this.#routes.get(birth.fact)?.births.push({ rule, where: birth.where });
  }

  /** Makes a port known; ports close what an ended actor owned in order of connection. Throws on an address that is taken. */
  connect(port: Port): void {
    if (this.#ports.has(port.address)) throw new Error(`there is a port at ${port.address} already`);
    this.#ports.set(port.address, port);
  }

  /** The engine as one port sees it: what is posted there carries that author. */
  sink(author: Address): FactSink {
    return { post: (fact) => this.post(fact, author), mint: (prefix) => this.mint(prefix), now: () => this.now() };
  }

  /** False if the mailbox is full. Throws on a kind that the catalogue does not have, and on attributes that do not fit it. */
  post(fact: AnyFact, author: Address = OUTSIDE): boolean {
    this.#checkFact(fact);
    return this.#enter(fact, author);
  }

  /** Gives a command from outside, such as an operator's; a refusal is told as the fact `command.refused`. False if the mailbox is full. */
  order(command: AnyCommand, author: Address): boolean {
    return this.#enter(command, author);
  }

  /** Gives it the next place in the order, though more may come of what is there: a replay knows what came when. Throws as `post`. */
  place(message: AnyFact | AnyCommand, author: Address): void {
    if (!('to' in message)) this.#checkFact(message);
    const nowMs = this.#clock.now();
    this.#queue.append(message, author, 0, nowMs);
    this.#goOn(nowMs);
  }

  #enter(message: Message, author: Address): boolean {
    const by = this.#author === OUTSIDE ? author : this.#author;
    // What ports say keeps its order.
    if (this.#isYielded || (this.#isBusy && this.#queue.keepsOut)) return this.#queue.wait(message, by);
    if (this.#isBusy) return this.#queue.append(message, by, this.#cause, this.#atMs);
    const nowMs = this.#clock.now();
    const isIn = this.#queue.append(message, author, 0, nowMs);
    this.#goOn(nowMs);
    return isIn;
  }

  #goOn(nowMs: number): void {
    if (this.#isYielded) return;
    if (this.#limits.sliceMs > 0) this.#drain(nowMs);
    else if (this.backlog > 0) this.#yield();
  }

  mint(prefix: string): Address {
    let address: Address;
    do {
      const serial = (this.#serials.get(prefix) ?? 0) + 1;
      this.#serials.set(prefix, serial);
      address = `${prefix}:${serial}`;
    } while (this.#actors.has(address) || this.#ports.has(address));
    return address;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Facts and commands that wait to be taken. */
  get backlog(): number {
    return this.#queue.size;
  }

  /** Facts and commands that ever had a place in the order: the `seq` of the latest. */
  get posted(): number {
    return this.#queue.latest;
  }

  /** How many waits were ever held against a fact: the measure of what facts cost. */
  get evaluations(): number {
    return this.#index.evaluations;
  }

  /** How many actors live, of one scenario or of all. */
  countActors(scenario?: string): number {
    return scenario === undefined ? this.#actors.size : (this.#rules.get(scenario)?.living ?? 0);
  }

  /** Births refused because the scenario had as many actors as it may. */
  countRefusedBirths(scenario: string): number {
    return this.#rules.get(scenario)?.refusedBirths ?? 0;
  }

  /** All living actors, oldest first. */
  actors(): readonly ActorState[] {
    return [...this.#actors.values()].map(stateOf);
  }

  actor(address: Address): ActorState | undefined {
    const actor = this.#actors.get(address);
    return actor === undefined ? undefined : stateOf(actor);
  }

  /** Who waits for what, oldest first; at most `filter.limit`, by default a thousand. */
  waits(filter: WaitFilter = {}): readonly ListedWait[] {
    return listWaits(this.#index, this.#actors.get(filter.address ?? ''), filter);
  }

  /** How many interests are filed by living actors. */
  countWaits(): number {
    return this.#index.size;
  }

  /** Who would hear a fact if it were posted now, whom it would give birth to, and whom it would pass by and why. */
  explain(fact: AnyFact): Explanation {
    const births = (this.#routes.get(fact.type)?.births ?? []).filter(({ where }) => firstFailed(where, fact) === undefined);
    return explain(this.#index, fact, this.#whyNotFact(fact), [...new Set(births.map(({ rule }) => rule.scenario.name))]);
  }

  #known(name: string): KnownKind {
    const known = this.#catalogue.get(name);
    if (known === undefined) throw new Error(`there is no fact "${name}"`);
    return known;
  }

  #checkFact(fact: AnyFact): void {
    const why = this.#whyNotFact(fact);
    if (why !== undefined) throw new Error(`cannot post a fact: ${why}`);
  }

  #whyNotFact(fact: Message): string | undefined {
    const routes = this.#routes.get(fact.type);
    if (routes === undefined) return `there is no fact "${String(fact.type)}"`;
    if (fact.to !== undefined) return `${fact.type}: a fact is addressed to nobody`;
    return routes.known.whyNotFact(fact as AnyFact);
  }

  #whyNotMessage(message: Message): string | undefined {
    if (typeof message.to !== 'string') return this.#whyNotFact(message);
    if (typeof message.type === 'string' && !message.type.startsWith('xstate.')) return undefined;
    return `there is no command "${String(message.type)}"`;
  }

  #mayTimersFire(): boolean {
    const may = !this.#isBusy && this.backlog === 0;
    if (!may) this.#isTimerHeldBack = true;
    return may;
  }

  #drain(nowMs: number): void {
    const sliceEndsMs = nowMs + this.#limits.sliceMs;
    this.#isBusy = true;
    this.#atMs = nowMs;
    for (let entry = this.#queue.take(nowMs); entry !== undefined; entry = this.#queue.take(this.#atMs)) {
      this.#cause = entry.seq;
      this.#take(entry);
      if (this.backlog === 0) break;
      this.#atMs = this.#clock.now();
      if (this.#atMs >= sliceEndsMs) {
        this.#queue.sliceEnded(entry, nowMs, this.#atMs);
        this.#yield();
        return;
      }
    }
    this.#queue.rested();
    this.#isBusy = false;
    if (!this.#isTimerHeldBack) return;
    this.#isTimerHeldBack = false;
    this.#timers.resume();
  }

  #yield(): void {
    this.#isBusy = false;
    this.#isYielded = true;
    this.#clock.yield(this.#continue);
  }

  #take(entry: Entry): void {
    const isOrder = isCommand(entry);
    if (this.journal.isOn) this.#note(isOrder ? 'command' : 'fact', entry);
    try {
      if (isOrder) this.#takeCommand(entry);
      else this.#takeFact(entry);
    } catch (error) {
      this.#report({ problem: `${entry.type} of ${entry.by} could not be taken: ${reasonOf(error)}`, error });
    }
    this.#writeJournal();
  }

  #note(kind: Taking['kind'], entry: Entry, dueMs = entry.at): void {
    this.#taking = { kind, entry, dueMs, atMs: this.#atMs, steps: [], refused: undefined, withheld: undefined };
  }

  #withhold({ scenario }: Rule): void {
    if (this.#taking !== undefined) this.#taking.withheld = [...(this.#taking.withheld ?? []), scenario.name];
  }

  #writeJournal(): void {
    const taking = this.#taking;
    if (taking === undefined) return;
    this.#taking = undefined;
    this.journal.write(taking);
  }

  #takeFact(fact: StampedFact): void {
    const routes = this.#routes.get(fact.type);
    if (routes === undefined) return;
    for (const view of routes.folding) this.#fold(view, fact);
    let audience = this.#index.audience(fact, fact.seq);
    if (fact.type === actorEnded.fact) this.#closeAfter(fact);
    else if (fact.type === commandRefused.fact) audience = this.#withAuthor(audience, fact);
    for (const { rule, where } of routes.births) if (firstFailed(where, fact) === undefined) this.#bear(rule, fact);
    for (const actor of audience) this.#step(actor, fact);
  }

  #fold(view: View, fact: StampedFact): void {
    try {
      view.fold(fact);
    } catch (error) {
      this.#report({ problem: `a view threw at ${fact.type}: ${reasonOf(error)}`, error });
    }
  }

  /** The author of a refused command hears of it without an interest, if its chart takes it. */
  #withAuthor(audience: readonly Actor[], refusal: StampedFact): readonly Actor[] {
    const author = this.#actors.get(refusal.author as Address);
    if (author === undefined || audience.includes(author)) return audience;
    try {
      if (!this.#runner.takes(author, refusal)) return audience;
    } catch {
      // Its guard threw; the step will throw too and end it.
    }
    return [...audience, author].sort((a, b) => a.order - b.order);
  }

  #bear(rule: Rule, fact: StampedFact): void {
    let address: Address | undefined;
    let owner: Address = '';
    try {
      if (this.#admitsBirth?.(rule.scenario.name, fact) === false) return;
      const key = rule.keyOf(fact);
      if (key !== undefined && rule.keys.has(key)) {
        this.#withhold(rule);
        return;
      }
      if (rule.living >= rule.maxActors) {
        const problem = rule.refuseBirth(fact.type, this.#atMs);
        this.#withhold(rule);
        if (problem !== undefined) this.#report({ problem });
        return;
      }
      address = rule.addressOf(fact) ?? this.mint(rule.scenario.name);
      if (this.#actors.has(address) || this.#ports.has(address)) {
        this.#report({
          problem: `scenario ${rule.scenario.name}: ${fact.type} cannot give birth at ${address}, which lives`,
          address,
        });
        return;
      }
      owner = rule.ownerOf(fact);
      this.#beginLife(new Actor(address, rule, ++this.#births, this.#atMs, key, owner), fact);
    } catch (error) {
      const problem = `scenario ${rule.scenario.name}: ${fact.type} bore none: ${reasonOf(error)}`;
      this.#report({ problem, error, ...(address === undefined ? {} : { address }) });
      // What was opened for it outside, such as the INVITE of a call, must not wait for an actor that never came.
      if (address !== undefined) this.#postEnd(address, owner, 'failed');
    }
  }

  #beginLife(actor: Actor, fact: StampedFact): void {
    const { rule, address } = actor;
    const interests = rule.listensTo(fact, address);
    this.#checkInterests(interests);
    this.#actors.set(address, actor);
    rule.living++;
    if (actor.key !== undefined) rule.keys.add(actor.key);
    let status: Status;
    let current = NOTHING;
    try {
      for (const [ordinal, interest] of interests.entries()) this.#index.add(actor, interest, ordinal);
      current = this.#currentOf(interests);
      const input = { fact, self: address, current, settings: rule.settings };
      status = this.#runner.start(actor, rule.scenario.machine, input, fact.seq);
    } catch (error) {
      this.#end(actor, 'failed', error);
      return;
    }
    this.#noteStep(actor, status, interests, current);
    this.#follow(actor, status);
  }

  /** Interests that `listensTo` made for the probe were checked at load; those of a live fact may differ. */
  #checkInterests(interests: readonly Interest[]): void {
    const { interestsPerActor } = this.#limits;
    if (interests.length > interestsPerActor) throw new Error(`it listens to more than ${interestsPerActor} interests`);
    for (const interest of interests) {
      const why = this.#catalogue.whyNotInterest(interest);
      if (why !== undefined) throw new Error(why);
    }
  }

  /** What is already true of the interests, each fact once; read in the step in which they entered the index. */
  #currentOf(interests: readonly Interest[]): readonly StampedFact[] {
    const current: StampedFact[] = [];
    for (const interest of interests) {
      if (!interest.current) continue;
      for (const view of this.#routes.get(interest.fact)?.answering ?? [])
        for (const fact of view.current(interest))
          if (firstFailed(interest.where, fact) === undefined && !current.includes(fact)) current.push(fact);
    }
    return current;
  }

  #step(actor: Actor, event: Entry): void {
    const status = this.#runner.step(actor, event, event.seq);
    if (this.#taking !== undefined) this.#noteStep(actor, status);
    this.#follow(actor, status);
  }

  #noteStep(actor: Actor, status: Status, interests?: readonly Interest[], current = NOTHING): void {
    const { taken } = this.#runner;
    this.#taking?.steps.push({
      address: actor.address,
      scenario: actor.rule.scenario.name,
      isBirth: interests !== undefined,
      taken,
      status,
      snapshot: actor.snapshot,
      interests,
      current,
    });
  }

  /** Appends what the step emitted; all of it or, if any of it is out of order, nothing. */
  #follow(actor: Actor, status: Status): void {
    const { emitted } = this.#runner;
    for (const message of emitted) {
      const why = this.#whyNotMessage(message);
      if (why === undefined) continue;
      this.#end(actor, 'failed', new Error(`it emitted what cannot be posted: ${why}`));
      return;
    }
    for (const message of emitted) this.#queue.append(message, actor.address, this.#cause, this.#atMs);
    if (status !== 'active') this.#end(actor, status, this.#runner.error);
  }

  #end(actor: Actor, how: 'done' | 'failed', error: unknown): void {
    const { address, rule } = actor;
    this.#runner.stop(actor);
    this.#actors.delete(address);
    this.#index.remove(actor);
    rule.living--;
    if (actor.key !== undefined) rule.keys.delete(actor.key);
    if (how === 'failed') this.#report({ problem: `${address} failed: ${reasonOf(error)}`, address, error });
    this.#postEnd(address, actor.of, how);
  }

  /** Ports close what it kept open when this fact is taken, so after the commands of its last step. */
  #postEnd(address: Address, of: Address, how: 'done' | 'failed'): void {
    if (this.#queue.append(actorEnded({ address, of, how }), address, this.#cause, this.#atMs))
      this.#unclosed.add(this.#queue.latest);
    else this.#close(address);
  }

  /** Only for what the engine itself told: an `actor.ended` from elsewhere closes nothing. */
  #closeAfter(ended: StampedFact): void {
    if (this.#unclosed.delete(ended.seq)) this.#close(ended.address as Address);
  }

  #close(address: Address): void {
    for (const port of this.#ports.values()) {
      this.#author = port.address;
      try {
        port.close(address);
      } catch (error) {
        this.#report({
          problem: `${port.address} threw when ${address} ended: ${reasonOf(error)}`,
          address: port.address,
          error,
        });
      }
    }
    this.#author = OUTSIDE;
  }

  #takeCommand(command: StampedCommand): void {
    const why = this.#whyRefused(command);
    if (why === undefined) return;
    if (this.#taking !== undefined) this.#taking.refused = why;
    const refusal = commandRefused({ author: command.by, command: command.type, addressee: command.to, why });
    this.#queue.append(refusal, command.to, command.seq, this.#atMs);
  }

  #whyRefused(command: StampedCommand): string | undefined {
    const actor = this.#actors.get(command.to);
    if (actor !== undefined) {
      this.#step(actor, command);
      return this.#runner.taken ? undefined : 'it is not taken in the present state';
    }
    const port = this.#ports.get(command.to);
    if (port === undefined) return 'nobody is there';
    this.#author = port.address;
    try {
      return port.take(command);
    } catch (error) {
      this.#report({ problem: `${port.address} threw at ${command.type}: ${reasonOf(error)}`, address: port.address, error });
      return 'the port failed';
    } finally {
      this.#author = OUTSIDE;
    }
  }

  /** A delayed event of one actor; timers fire only when the mailbox is empty. */
  #timerFired(actor: Actor, event: Message, cause: number, dueMs: number): void {
    this.#atMs = this.#clock.now();
    this.#cause = cause;
    this.#isBusy = true;
    if (this.journal.isOn) {
      const entry = { ...event, to: actor.address, seq: 0, at: this.#atMs, by: actor.address, cause } as StampedCommand;
      this.#note('timer', entry, dueMs);
    }
    const status = this.#runner.step(actor, event, cause);
    this.#noteStep(actor, status);
    this.#follow(actor, status);
    this.#writeJournal();
    this.#isBusy = false;
    this.#goOn(this.#atMs);
  }
}

const stateOf = ({ address, rule, bornAtMs, snapshot }: Actor): ActorState => ({
  address,
  scenario: rule.scenario.name,
  bornAtMs,
  value: snapshot?.value,
  context: snapshot?.context,
});
