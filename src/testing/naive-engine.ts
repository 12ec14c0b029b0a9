/** The oracle of the engine: the same rules with no index, no ring buffer and no runner of its own; it scans everything. */
import { createActor, type Actor as XActor } from 'xstate';
import type { Scenario } from '../../machines/scenario.ts';
import type { Condition, Interest } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, commandRefused } from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import type { Entry, Message, StampedFact } from '../engine/entry.ts';
import type { AnyFact, FactSink, Port, View } from '../engine/port.ts';
import type { TimerQueue } from '../timers.ts';

type Operator = { op: string; of: unknown; pattern: string; min: number; max: number };
interface Life {
  readonly address: Address;
  readonly scenario: Scenario;
  readonly key: string | undefined;
  readonly of: Address;
  readonly interests: readonly Interest[];
  emitted: Message[];
  x: XActor<Scenario['machine']> | undefined;
}

const globbed = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*')}$`);

function holds(test: unknown, value: unknown): boolean {
  if (typeof test !== 'object') return test === value;
  const { op, of, pattern, min, max } = test as Operator;
  if (op === 'anyOf') return (of as unknown[]).some((one) => one === value);
  if (op === 'not') return !holds(of, value);
  if (op === 'range') return typeof value === 'number' && value >= min && value <= max;
  return typeof value === 'string' && globbed(pattern).test(value);
}
const meets = (interest: Interest, fact: StampedFact): boolean =>
  interest.where.every(({ attribute, test }: Condition) => holds(test, fact[attribute]));
const matches = (interest: Interest, fact: StampedFact): boolean => interest.fact === fact.type && meets(interest, fact);

/** What the engine does, said in about a hundred lines; `lines` tells each taking. */
export class NaiveEngine implements FactSink {
  readonly lines: string[] = [];
  readonly #timers: TimerQueue;
  readonly #views: readonly View[];
  readonly #queue: Entry[] = [];
  readonly #rules: { scenario: Scenario; settings: unknown }[] = [];
  readonly #ports: Port[] = [];
  readonly #unclosed = new Set<number>();
  readonly #serials: Record<string, number> = {};
  #lives: Life[] = [];
  #seq = 0;
  #cause = 0;
  #author: Address | undefined;
  #isBusy = false;

  constructor(timers: TimerQueue, views: readonly View[]) {
    this.#timers = timers;
    this.#views = views;
  }

  install(scenario: Scenario, settings: unknown): void {
    this.#rules.push({ scenario, settings });
  }
  connect(port: Port): void {
    this.#ports.push(port);
  }
  now(): number {
    return this.#timers.now();
  }
  mint(prefix: string): Address {
    do this.#serials[prefix] = (this.#serials[prefix] ?? 0) + 1;
    while (this.#lives.some(({ address }) => address === `${prefix}:${this.#serials[prefix]}`));
    return `${prefix}:${this.#serials[prefix]}`;
  }
  post(fact: AnyFact): void {
    this.#append(fact, this.#author ?? 'outside', this.#isBusy ? this.#cause : 0);
    if (!this.#isBusy) this.#drain();
  }
  /** Address, state and context of each living actor, oldest first. */
  states(): unknown[] {
    return this.#lives.map(({ address, x }) => [address, x?.getSnapshot().value, x?.getSnapshot().context]);
  }

  #append(message: Message, by: Address, cause: number): void {
    this.#queue.push({ ...message, seq: ++this.#seq, at: this.now(), by, cause } as unknown as Entry);
  }
  #drain(): void {
    this.#isBusy = true;
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      this.#cause = entry.seq;
      const { to } = entry as Message;
      this.lines.push(`${entry.seq} ${entry.type} by ${entry.by} of ${entry.cause} at ${entry.at}`);
      if (to === undefined) this.#takeFact(entry as StampedFact);
      else this.#takeCommand(entry, to);
    }
    this.#isBusy = false;
  }
  #takeFact(fact: StampedFact): void {
    for (const view of this.#views) if (view.folds.includes(fact.type)) view.fold(fact);
    const isAuthor = ({ address, x }: Life): boolean =>
      fact.type === commandRefused.fact && address === fact.author && taken(x, fact);
    const audience = this.#lives.filter((life) => isAuthor(life) || life.interests.some((interest) => matches(interest, fact)));
    if (fact.type === actorEnded.fact) this.#close(fact);
    for (const { scenario, settings } of this.#rules)
      if ((scenario.startsFor?.(settings as never) ?? scenario.startsOn).some((birth) => matches(birth, fact)))
        this.#bear(scenario, settings, fact);
    for (const life of audience) if (this.#lives.includes(life)) this.#step(life, fact);
  }
  #bear(scenario: Scenario, settings: unknown, fact: StampedFact): void {
    const key = scenario.oncePer?.(fact as never);
    if (key !== undefined && this.#lives.some((life) => life.scenario === scenario && life.key === key)) return;
    const address = scenario.address?.(fact as never) ?? this.mint(scenario.name);
    if (this.#lives.some((life) => life.address === address)) return;
    const interests = scenario.listensTo(fact as never, address);
    const of = scenario.of?.(fact as never) ?? '';
    const life: Life = { address, scenario, key, of, interests, emitted: [], x: undefined };
    this.#lives.push(life);
    const current = interests
      .filter((interest) => interest.current)
      .flatMap((interest) => this.#answers(interest).filter((fact) => meets(interest, fact)));
    life.x = createActor(scenario.machine, {
      input: { fact, self: address, current: [...new Set(current)], settings } as never,
      clock: this.#clockOf(life) as never,
    });
    this.lines.push(`  born ${address}`);
    life.x.on('*', (message) => life.emitted.push(message as Message));
    life.x.subscribe({ error() {} });
    this.#follow(life, () => life.x?.start());
  }
  #answers(interest: Interest): readonly StampedFact[] {
    return this.#views.filter((view) => view.answers.includes(interest.fact)).flatMap((view) => view.current(interest));
  }
  #clockOf(life: Life): unknown {
    return {
      clearTimeout: (timer: never) => this.#timers.clear(timer),
      setTimeout: (fire: () => void, delayMs: number) => {
        const armedBy = this.#cause;
        return this.#timers.set(delayMs, () => {
          this.#cause = armedBy;
          this.lines.push(`timer of ${life.address} by ${armedBy} at ${this.now()}`);
          this.#follow(life, fire);
          this.#drain();
        });
      },
    };
  }
  #step(life: Life, event: Entry): void {
    this.lines.push(`  heard ${life.address} ${taken(life.x, event)}`);
    this.#follow(life, () => life.x?.send(event as never));
  }
  #follow(life: Life, step: () => void): void {
    life.emitted = [];
    step();
    const { status } = life.x?.getSnapshot() ?? { status: 'error' };
    const { address, of } = life;
    if (status !== 'error') for (const message of life.emitted) this.#append(message, address, this.#cause);
    if (status === 'active') return;
    this.#lives = this.#lives.filter((other) => other !== life);
    this.#append(actorEnded({ address, of, how: status === 'done' ? 'done' : 'failed' }), address, this.#cause);
    this.#unclosed.add(this.#seq);
  }
  #close({ seq, address }: StampedFact): void {
    if (!this.#unclosed.delete(seq)) return;
    for (const port of this.#ports) this.#asPort(port, () => port.close(address as Address));
  }
  #asPort<T>(port: Port, act: () => T): T {
    this.#author = port.address;
    try {
      return act();
    } finally {
      this.#author = undefined;
    }
  }
  #takeCommand(command: Entry, to: Address): void {
    const why = this.#whyRefused(command, to);
    if (why === undefined) return;
    this.lines.push(`  refused ${why}`);
    this.#append(commandRefused({ author: command.by, command: command.type, addressee: to, why }), to, command.seq);
  }
  #whyRefused(command: Entry, to: Address): string | undefined {
    const life = this.#lives.find(({ address }) => address === to);
    if (life !== undefined) {
      const isTaken = taken(life.x, command);
      this.#step(life, command);
      return isTaken ? undefined : 'it is not taken in the present state';
    }
    const port = this.#ports.find(({ address }) => address === to);
    return port === undefined ? 'nobody is there' : this.#asPort(port, () => port.take(command as never));
  }
}

function taken(x: Life['x'], event: Entry): boolean {
  const snapshot = x?.getSnapshot();
  if (snapshot === undefined) return false;
  try {
    return snapshot.machine.getTransitionData(snapshot, event as never).length > 0;
  } catch {
    return true;
  }
}
