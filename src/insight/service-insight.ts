/** What can be seen of a running service: everything is made when somebody looks, from what the engine's journal left behind. */

import type { Happening, History } from '../correlation/history.ts';
import type { Location } from '../correlation/location.ts';
import type { ActorState, Engine } from '../engine/engine.ts';
import { type View, viewOf } from '../engine/port.ts';
import type { CallJournal } from '../journal/format.ts';
import type { Recording } from '../journal/recording.ts';
import type { SecretsOf } from '../journal/secrets.ts';
import type { TimerQueue } from '../timers.ts';
import type { Observer } from '../trace/wiretap.ts';
import { type CallFile, CallShelf } from './call-shelf.ts';
import { CallViews, type Wire } from './call-views.ts';
import { chooser, factView } from './fact-views.ts';
import type { CallQuery, FactFilter, Insight, InsightWishes, ListQuery } from './insight.ts';
import { MessageShelf } from './message-shelf.ts';
import type { ActorRow, CallOutcome, CallRow, CallView, ChartView, FactView, Listing, Now, UserRow, UserView } from './model.ts';
import { stateText } from './paths.ts';
import { type KnownUsers, userPart } from './people.ts';
import { Tally } from './tally.ts';
import { bindingView, pushesOf, userRow } from './users.ts';
import { Watchers } from './watchers.ts';

/** What journals of calls are recorded by. */
interface Recorded {
  export(recording: Recording): CallJournal;
  exportWith<T>(recording: Recording, shown: T): { readonly journal: CallJournal; readonly shown: T };
  callOf(address: string): string;
}

/** The service, as far as it is shown. */
export interface ServiceParts {
  readonly engine: Engine;
  readonly timers: TimerQueue;
  readonly location: Location;
  readonly journals: Recorded;
  readonly secrets: SecretsOf;
  readonly scenarios: readonly string[];
  readonly users: KnownUsers & { aors(): Iterable<string> };
  readonly openHistory: (call: string) => History | undefined;
  readonly wireOf: (leg: string) => Wire | undefined;
  readonly charts: () => readonly ChartView[];
  readonly load: () => { readonly lagMs: number; readonly refusing: number; readonly isDraining: boolean };
}

/** Calls of one user that are shown with it. */
const MAX_RECENT = 20;
/** Calls in which pushes of one user are looked for. */
const MAX_SEARCHED = 2000;
const MAX_LIMIT = 1000;
/** All bindings are counted no more often than that. */
const COUNT_MS = 2000;

export class ServiceInsight implements Insight {
  /** Hears what is kept of calls. */
  readonly shelf: CallShelf;
  readonly #messages: MessageShelf;
  readonly #tally = new Tally();
  readonly #wishes: InsightWishes;
  readonly #now: () => number;
  readonly #startedAt: number;
  #parts: ServiceParts | undefined;
  #views: CallViews | undefined;
  #watchers: Watchers | undefined;
  #bindings: { readonly at: number; readonly counts: Now['bindings'] } | undefined;

  constructor(wishes: InsightWishes, now: () => number) {
    this.#wishes = wishes;
    this.#now = now;
    this.#startedAt = now();
    this.#messages = new MessageShelf(wishes.maxMessageBytes);
    this.shelf = new CallShelf({ ...wishes, now, forgotten: (call) => this.#messages.forget(call) });
  }

  /** What the engine folds for it. */
  get view(): View {
    return viewOf(this.#tally);
  }

  /** Sees the messages that are kept; undefined where none is to be. */
  get observer(): Observer | undefined {
    return this.#wishes.maxMessageBytes > 0 ? this.#messages : undefined;
  }

  /** Is told once what it shows. */
  open(parts: ServiceParts): void {
    this.#parts = parts;
    this.#watchers = new Watchers(parts.timers);
    this.#views = new CallViews({
      ...parts,
      living: (address) => parts.engine.actor(address),
      agentOf: (aor, device) => parts.location.of(aor).find((bound) => bound.device === device)?.userAgent ?? '',
      boxOf: (call) => this.#messages.of(call),
      exportWith: (recording, shown) => parts.journals.exportWith(recording, shown),
      fileOf: (call) => this.shelf.of(call),
      onwardOf: (call) => this.#onwardOf(call),
    });
  }

  /** A call's story is over. */
  ended(history: History): void {
    this.#tally.ended(history);
    this.shelf.ended(history);
  }

  now(): Now {
    const { load, scenarios, engine } = this.#shown();
    const at = this.#now();
    return {
      at,
      version: this.#wishes.version ?? '',
      startedAt: this.#startedAt,
      calls: this.#countCalls(),
      bindings: this.#countBindings(at),
      actors: Object.fromEntries(scenarios.map((name) => [name, engine.countActors(name)])),
      ...this.#tally.until(at),
      memoryBytes: this.#wishes.memoryBytes?.() ?? 0,
      ...load(),
    };
  }

  calls({ search, outcome, offset, limit }: CallQuery): Listing<CallRow> {
    const views = this.#look();
    const wanted = search.trim().toLowerCase();
    const found = this.shelf.newestFirst().filter((file) => {
      if (!isOf(views.outcome(file), outcome)) return false;
      return wanted === '' ? views.historyOf(file) !== undefined : views.text(file).includes(wanted);
    });
    const { rows, total } = paged(found, offset, limit);
    return { total, rows: rows.map((file) => views.row(file)).filter((row) => row !== undefined) };
  }

  call(id: string): CallView | undefined {
    const file = this.#find(id);
    return file && this.#look().view(file);
  }

  journal(id: string): CallJournal | undefined {
    const file = this.#find(id);
    return file && this.#shown().journals.export(file.recording);
  }

  users({ search, offset, limit }: ListQuery): Listing<UserRow> {
    const { location, users } = this.#shown();
    const calls = this.#callsByUser();
    const aors = new Set(users.aors());
    for (const [bound] of location.all()) if (bound !== undefined) aors.add(bound.aor);
    const wanted = search.trim().toLowerCase();
    const found = [...aors].filter(
      (aor) => aor.includes(wanted) || (users.displayName(userPart(aor)) ?? '').toLowerCase().includes(wanted),
    );
    const { rows, total } = paged(found.sort(), offset, limit);
    return { total, rows: rows.map((aor) => userRow(aor, location.of(aor), calls.get(aor) ?? 0)) };
  }

  user(id: string): UserView | undefined {
    const { location } = this.#shown();
    const aor = this.#aorOf(id);
    if (aor === undefined) return undefined;
    const bound = location.of(aor);
    const own = this.shelf.newestFirst().filter((file) => this.#takesPart(file, aor));
    const recent = own.slice(0, MAX_RECENT).map((file) => this.#look().row(file));
    const calls = own.filter(({ history }) => history === undefined).length;
    return {
      ...userRow(aor, bound, calls),
      bindings: bound.map(bindingView),
      pushes: pushesOf(aor, this.#pushing(aor)),
      recent: recent.filter((row) => row !== undefined),
    };
  }

  actors(scenario: string, { search, offset, limit }: ListQuery): Listing<ActorRow> {
    const { engine, journals } = this.#shown();
    const wanted = search.trim().toLowerCase();
    const rowOf = ({ address, scenario: name, value, bornAtMs }: ActorState): ActorRow => ({
      ...{ address, scenario: name, state: stateText(value), bornAt: bornAtMs, call: journals.callOf(address) },
    });
    const isIt = (row: ActorRow): boolean => `${row.address} ${row.state} ${row.call}`.toLowerCase().includes(wanted);
    const found = engine
      .actors()
      .filter((actor) => (scenario === '' ? !SHOWN_ELSEWHERE.has(actor.scenario) : actor.scenario === scenario))
      .filter((actor) => wanted === '' || isIt(rowOf(actor)))
      .reverse();
    const { rows, total } = paged(found, offset, limit);
    return { total, rows: rows.map(rowOf) };
  }

  charts(): readonly ChartView[] {
    return this.#shown().charts();
  }

  facts(filter: FactFilter, tell: (fact: FactView) => void): () => void {
    const { engine, journals, secrets } = this.#shown();
    const isMeant = chooser(filter, secrets);
    return engine.journal.observe(({ kind, entry }) => {
      if (kind === 'fact' && isMeant(entry as never)) tell(factView(entry, (address) => journals.callOf(address), secrets));
    });
  }

  watch(id: string, changed: () => void): () => void {
    const file = this.#find(id);
    const watchers = this.#watchers;
    if (file === undefined || watchers === undefined) return () => undefined;
    const { recording } = file;
    const box = this.#messages.of(recording.call);
    const hear = (hook: (() => void) | undefined): void => {
      recording.changed = hook;
      if (box !== undefined) box.changed = hook;
    };
    hear(() => watchers.note(recording.call));
    return watchers.add(recording.call, changed, () => hear(undefined));
  }

  #shown(): ServiceParts {
    if (this.#parts === undefined) throw new Error('insight was asked before it was opened');
    return this.#parts;
  }

  #look(): CallViews {
    if (this.#views === undefined) throw new Error('insight was asked before it was opened');
    return this.#views;
  }

  #find(id: string): CallFile | undefined {
    const known = this.shelf.of(id);
    if (known !== undefined || id === '' || id.startsWith('call:')) return known;
    const call = this.#messages.callOf(id);
    if (call !== undefined) return this.shelf.of(call);
    // Without messages they are known by what calls say themselves.
    return this.shelf.newestFirst().find((file) => {
      const history = this.#look().historyOf(file);
      if (history === undefined) return false;
      const isIts = (fact: Happening): boolean =>
        (fact.type === 'fork.started' || fact.type === 'leg.closed') && fact.callId === id;
      return this.#shown().wireOf(history.birth.leg)?.callId === id || history.facts.some(isIts);
    });
  }

  #onwardOf(call: string): readonly string[] {
    const onward: string[] = [];
    for (const file of this.shelf.newestFirst())
      if (this.#look().historyOf(file)?.birth.continues === call) onward.push(file.recording.call);
    return onward;
  }

  #takesPart(file: CallFile, aor: string): boolean {
    const history = this.#look().historyOf(file);
    if (history === undefined) return false;
    if (history.birth.caller === aor || history.birth.callee === aor) return true;
    return history.facts.some((fact) => fact.type === 'fork.started' && fact.aor === aor);
  }

  /** Calls in which that user's devices may have been pushed, newest first. */
  *#pushing(aor: string): Iterable<Recording> {
    let left = MAX_SEARCHED;
    for (const file of this.shelf.newestFirst()) {
      const history = this.#look().historyOf(file);
      const isPushed = history?.facts.some(({ type }) => type === 'push.delivered' || type === 'push.failed');
      if (isPushed === true || (file.history === undefined && history?.birth.callee === aor)) yield file.recording;
      if (--left === 0) return;
    }
  }

  #aorOf(id: string): string | undefined {
    const { location, users } = this.#shown();
    const wanted = id.toLowerCase();
    const isIt = (aor: string): boolean => aor === wanted || aor === id || userPart(aor) === id || userPart(aor) === wanted;
    for (const aor of users.aors()) if (isIt(aor)) return aor;
    for (const [bound] of location.all()) if (bound !== undefined && isIt(bound.aor)) return bound.aor;
    return undefined;
  }

  #callsByUser(): Map<string, number> {
    const calls = new Map<string, number>();
    for (const file of this.shelf.newestFirst()) {
      if (file.history !== undefined) continue;
      const history = this.#look().historyOf(file);
      if (history === undefined) continue;
      const parties = new Set([history.birth.caller, history.birth.callee]);
      for (const fact of history.facts) if (fact.type === 'fork.started') parties.add(fact.aor);
      for (const party of parties) calls.set(party, (calls.get(party) ?? 0) + 1);
    }
    return calls;
  }

  #countCalls(): Now['calls'] {
    const counts = { ringing: 0, talking: 0, other: 0 };
    for (const file of this.shelf.newestFirst()) {
      if (file.history !== undefined) continue;
      counts[phaseOf(this.#look().historyOf(file)?.facts ?? [])]++;
    }
    return counts;
  }

  #countBindings(at: number): Now['bindings'] {
    if (this.#bindings !== undefined && at - this.#bindings.at < COUNT_MS) return this.#bindings.counts;
    const counts = { awake: 0, asleep: 0, users: 0 };
    for (const bound of this.#shown().location.all()) {
      counts.users++;
      for (const { asleep } of bound) counts[asleep ? 'asleep' : 'awake']++;
    }
    this.#bindings = { at, counts };
    return counts;
  }
}

const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(['call', 'leg', 'registration', 'stream']);
const ENDING: ReadonlySet<string> = new Set(['call.failed', 'call.cancelled', 'leg.hungUp', 'session.lapsed']);

const isOf = (outcome: CallOutcome, wanted: CallQuery['outcome']): boolean =>
  wanted === '' || (wanted === 'over' ? outcome !== 'open' : outcome === wanted);

function phaseOf(facts: readonly Happening[]): keyof Now['calls'] {
  let phase: keyof Now['calls'] = 'ringing';
  for (const { type } of facts) {
    if (ENDING.has(type)) return 'other';
    if (type === 'call.answered') phase = 'talking';
  }
  return phase;
}

const paged = <T>(rows: readonly T[], offset: number, limit: number): Listing<T> => {
  const from = Math.max(0, offset);
  return { total: rows.length, rows: rows.slice(from, from + Math.min(Math.max(0, limit), MAX_LIMIT)) };
};
