/** An engine with the charts of now and doubles for everything else, which lives through a journal's inputs again. */
import type { Scenario } from '../../../machines/scenario.ts';
import type { Interest } from '../../../machines/vocabulary/descriptor.ts';
import { PORT_HTTP, PORT_PUSH, PORT_SIP } from '../../../machines/vocabulary/identity.ts';
import { Location } from '../../correlation/location.ts';
import { Engine } from '../../engine/engine.ts';
import type { StampedFact } from '../../engine/entry.ts';
import { type AnyCommand, type AnyFact, type Port, type View, viewOf } from '../../engine/port.ts';
import { catalogueOf, type UserScenarios } from '../../installing.ts';
import { EntryWriter } from '../../journal/export.ts';
import type { CallJournal, JournalEntry, Told } from '../../journal/format.ts';
import { callOf, Recorder } from '../../journal/recorder.ts';
import type { Recording } from '../../journal/recording.ts';
import { OWN_SCENARIOS } from '../../own-scenarios.ts';
import { Inputs } from './inputs.ts';
import { RecordedTime } from './recorded-time.ts';

const REGISTRATION = 'registration';

/** The engine of one replay, one step at a time. */
export class Player {
  readonly time: RecordedTime;
  /** What the engine reported, such as a chart that threw. */
  readonly problems: string[] = [];
  readonly #journal: CallJournal;
  readonly #inputs: Inputs;
  readonly #engine: Engine;
  readonly #location = new Location();
  readonly #recorder: Recorder;
  readonly #writer: EntryWriter;
  readonly #standing: { readonly at: number; readonly by: string; readonly fact: Told }[];
  #recording: Recording | undefined;
  isOver = false;

  /** Throws a `ScenarioError` where a scenario cannot work. */
  constructor(journal: CallJournal, users: UserScenarios) {
    this.#journal = journal;
    this.#inputs = new Inputs(journal);
    this.#writer = new EntryWriter(journal.startedAt);
    this.#standing = journal.standing.flatMap(({ facts }) => facts).sort((a, b) => a.at - b.at);
    this.time = new RecordedTime(journal.startedAt + Math.min(0, this.nextStandingMs));
    this.#engine = new Engine({
      clock: this.time,
      timers: this.time,
      catalogue: catalogueOf(users),
      views: [viewOf(this.#location), this.#elsewhere(users)],
      report: ({ problem }) => this.problems.push(problem),
      limits: { sliceMs: 0 },
      admitsBirth: (scenario, fact) => this.#admits(scenario, fact),
    });
    this.#recorder = new Recorder({
      wants: (birth) => (birth as { readonly call?: unknown }).call === journal.call,
      bindingsOf: (aor) => this.#location.of(aor),
      posted: () => this.#engine.posted,
      backlog: () => 0,
      maxEntries: Number.POSITIVE_INFINITY,
      tell: () => {
        this.isOver = true;
      },
    });
    this.#engine.journal.observe((taking) => {
      this.#recorder.take(taking);
      this.#recording ??= this.#recorder.of(journal.call);
    });
    this.#install(users);
    this.#connect();
  }

  /** Entries of the call that were taken. */
  get taken(): number {
    return this.#recording?.kept.length ?? 0;
  }

  /** The latest of them. */
  latest(): JournalEntry | undefined {
    const kept = this.#recording?.kept.at(-1);
    return kept && this.#writer.write(kept);
  }

  /** Who of the call lives, and in which state. */
  living(): readonly string[] {
    return this.#engine
      .actors()
      .filter(({ address }) => this.#recording?.isMember(address) === true)
      .map(({ address, value }) => `${address} in ${JSON.stringify(value)}`);
  }

  /** When the next of the facts was posted by which bindings came to stand; infinite after the last. */
  get nextStandingMs(): number {
    return this.#standing[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Posts that fact. */
  standNext(): void {
    const standing = this.#standing.shift();
    if (standing === undefined) return;
    this.time.advanceTo(this.#journal.startedAt + standing.at);
    this.#engine.post({ ...standing.fact } as AnyFact, standing.by);
    this.rest();
  }

  /** Lets the engine take what it has, but for what is the call's. */
  rest(): void {
    const before = this.taken;
    while (this.time.hasTask && this.taken === before) this.time.runTask();
  }

  /** Posts the inputs that come before the next entry is taken. */
  feed(): void {
    for (let input = this.#inputs.next(this.taken); input !== undefined; input = this.#inputs.next(this.taken)) {
      this.time.advanceTo(this.#journal.startedAt + input.at);
      this.#post(input);
    }
  }

  #post({ fact, command, by }: JournalEntry): void {
    // The engine writes its stamp on what it is given.
    this.#engine.place({ ...(command ?? fact) } as unknown as AnyCommand | AnyFact, by);
  }

  /** What is true of the rest of the world, as newborns of the call were told. */
  #elsewhere(users: UserScenarios): View {
    const answers = catalogueOf(users)
      .map(({ fact }) => fact)
      .filter((name) => !this.#location.answers.some((known) => known === name));
    const current = ({ fact: name }: Interest) =>
      (this.#journal.entries[this.taken]?.current ?? [])
        .filter(({ fact }) => fact.type === name)
        .map(({ at, by, fact }) => ({ ...fact, seq: 0, at: this.#journal.startedAt + at, by, cause: 0 }) as StampedFact);
    return { folds: [], fold: () => undefined, answers, current };
  }

  #admits(scenario: string, fact: StampedFact): boolean {
    if (scenario === REGISTRATION) return true;
    const { call } = this.#journal;
    const isOurs = (address: string): true | undefined =>
      address === call || this.#recording?.isMember(address) === true ? true : undefined;
    if (callOf(fact, isOurs) === undefined) return false;
    return this.#journal.entries[this.taken]?.withheld?.includes(scenario) !== true;
  }

  #install(users: UserScenarios): void {
    const born = new Map<string, string[]>();
    for (const { scenario, address } of this.#journal.entries.flatMap((entry) => entry.born ?? []))
      born.set(scenario, [...(born.get(scenario) ?? []), address]);
    const registrations = new Map(this.#journal.standing.map(({ aor, actor }) => [aor, actor]));
    let serial = 0;
    const addressOf = (name: string, fact: never): string => {
      const { aor } = fact as { readonly aor?: string };
      const standing = name === REGISTRATION && aor !== undefined ? registrations.get(aor) : undefined;
      if (aor !== undefined) registrations.delete(aor);
      return (standing ?? '') !== '' ? (standing as string) : (born.get(name)?.shift() ?? `${name}:replay-${++serial}`);
    };
    const named = (scenario: Scenario): Scenario =>
      scenario.address === undefined ? { ...scenario, address: (fact) => addressOf(scenario.name, fact) } : scenario;
    const settings = new Map(this.#journal.scenarios.map((one) => [one.name, one.settings]));
    const changed = new Map(users.scenarios.map((one) => [one.scenario.name, one]));
    // Only what ran: what the service of the journal had not, it has no settings of.
    for (const own of OWN_SCENARIOS)
      if (settings.has(own.name))
        this.#engine.install(named(changed.get(own.name)?.scenario ?? own), settings.get(own.name) ?? {});
    for (const { scenario, settings: given } of users.scenarios)
      if (!OWN_SCENARIOS.some(({ name }) => name === scenario.name)) this.#engine.install(named(scenario), given);
  }

  /** Doubles that take commands and answer nothing but what the journal says. */
  #connect(): void {
    const { entries } = this.#journal;
    const actors = new Set(entries.flatMap(({ born = [] }) => born.map(({ address }) => address)));
    for (const { actor } of this.#journal.standing) actors.add(actor);
    const commanded = entries.flatMap(({ command }) => (command === undefined ? [] : [String(command.to)]));
    for (const address of new Set([PORT_SIP, PORT_PUSH, PORT_HTTP, ...commanded]))
      if (!actors.has(address)) this.#engine.connect(this.#double(address));
  }

  #double(address: string): Port {
    const answer = (isMeant: (entry: JournalEntry) => boolean): JournalEntry | undefined => {
      const entry = this.#journal.entries[this.taken];
      if (entry === undefined || !isMeant(entry)) return undefined;
      for (const input of this.#inputs.answersTo(this.taken, address)) this.#post(input);
      return entry;
    };
    return {
      address,
      take: ({ type, by }) => answer((entry) => entry.command?.type === type && entry.by === by)?.refused,
      close: (owner) => void answer(({ fact }) => fact?.type === 'actor.ended' && fact.address === owner),
    };
  }
}
