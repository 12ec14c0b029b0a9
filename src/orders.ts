/** What operators order, given to the engine: each order hears how the entry that it became was taken. */
import type { CallEnd, Command } from '../machines/vocabulary/commands.ts';
import type { FactOf } from '../machines/vocabulary/descriptor.ts';
import type { routeFailed } from '../machines/vocabulary/facts.ts';
import type { Engine } from './engine/engine.ts';
import type { Taking } from './engine/journal.ts';
import type { AnyFact } from './engine/port.ts';
import type { Ordered, Orders } from './insight/insight.ts';
import type { TimerQueue } from './timers.ts';

/** Author of what operators order. */
const OPERATOR = 'operator';
/** An engine that has not taken an order by then is too busy for operators. */
const LIMIT_MS = 1_000;
const NOT_RINGING = 'the call does not ring any more, or is one that nobody may pick up; or the config has no pickup section';

export interface OrdersParts {
  readonly engine: Engine;
  readonly timers: TimerQueue;
  /** Address of record of a user, by that or by name; undefined for who is none. */
  readonly aorOf: (user: string) => string | undefined;
  /** Where a user, number or URI is as a phone would dial it; undefined for what is none. */
  readonly uriOf: (callee: string) => string | undefined;
  /** How long an operator's fork rings. */
  readonly ringMs: number;
  /** Names of the facts that users' scenarios brought. */
  readonly facts: readonly string[];
}

type Done = (ordered: Ordered) => void;

/** The orders of one service. */
export class ServiceOrders implements Orders {
  readonly #parts: OrdersParts;

  constructor(parts: OrdersParts) {
    this.#parts = parts;
  }

  hangUp(call: string, done: Done): void {
    const end: CallEnd = { type: 'call.end', to: call, status: 480, reason: 'Ended By Operator' };
    this.#order(end, `${call} is over`, done);
  }

  pickUp(call: string, picker: string, done: Done): void {
    const aor = this.#parts.aorOf(picker);
    if (aor === undefined) done({ refused: `${picker} is no user with a phone; name one, such as carol` });
    else this.#order({ type: 'call.pickUp', to: call, picker: aor }, NOT_RINGING, done);
  }

  fork(call: string, callee: string, done: Done): void {
    const { engine, uriOf, ringMs } = this.#parts;
    const state = engine.actor(call);
    const uri = uriOf(callee);
    if (state?.scenario !== 'call') done({ refused: `${call} is over` });
    else if (uri === undefined) done({ refused: `${callee} is no user, number or sip: URI` });
    else this.#forked({ type: 'fork.ordered', call, uri, onBehalfOf: calleeOf(state.context), ringMs }, callee, done);
  }

  /** The case that the fact bears asks where that is, and rings it: how that came out is how the order did. */
  #forked(fact: AnyFact, callee: string, done: Done): void {
    const { engine } = this.#parts;
    let self = '';
    this.#watch(
      done,
      () => engine.post(fact, OPERATOR),
      ({ entry, steps, refused }) => {
        if (entry === fact) {
          self = steps.find(({ isBirth }) => isBirth)?.address ?? '';
          return self === '' ? { refused: BUSY } : undefined;
        }
        if (self === '') return undefined;
        if (entry.type === 'route.failed') return notFound(entry as unknown as FactOf<typeof routeFailed>, self, callee);
        if (entry.by !== self || (entry.type !== 'call.ring' && entry.type !== 'call.keepOpen')) return undefined;
        if (refused !== undefined) return { refused: RINGS_NOT };
        return entry.type === 'call.ring' ? {} : undefined;
      },
    );
  }

  raise(fact: Parameters<Orders['raise']>[0], done: Done): void {
    done(this.#raised(fact));
  }

  #raised({ type, attributes }: Parameters<Orders['raise']>[0]): Ordered {
    const { engine, facts } = this.#parts;
    const allowed = [...facts, ORDER];
    if (!allowed.includes(type)) return { refused: `${type} is no fact of your scenarios; there is ${allowed.join(', ')}` };
    if (type === ORDER && engine.actor(String(attributes.call))?.scenario !== 'call') return { refused: NO_CALL };
    const fact = (type === ORDER ? { ...RAISED, ...attributes, type } : { ...attributes, type }) as AnyFact;
    const { problem } = engine.explain(fact);
    if (problem !== undefined) return { refused: problem };
    return engine.post(fact, OPERATOR) ? {} : { refused: BUSY };
  }

  removeBinding(aor: string, device: string, done: Done): void {
    // Orders are rare: no index is kept for them.
    const found = this.#parts.engine.actors().find(({ scenario, context }) => scenario === 'registration' && isOf(context, aor));
    const none = `${aor} has no phone ${device}`;
    if (found === undefined) done({ refused: none });
    else this.#order({ type: 'binding.remove', to: found.address, device }, none, done);
  }

  /** `why`: what a refusal by the chart means to people. */
  #order(command: Command, why: string, done: Done): void {
    this.#watch(
      done,
      () => this.#parts.engine.order(command, OPERATOR),
      ({ entry, refused }) => (entry !== command ? undefined : refused === undefined ? {} : { refused: why }),
    );
  }

  /** Gives what becomes an entry itself, and follows what is taken from then on until that says how the order came out. */
  #watch(done: Done, give: () => boolean, outcomeOf: (taking: Taking) => Ordered | undefined): void {
    const { engine, timers } = this.#parts;
    let isOver = false;
    const over = (ordered: Ordered): void => {
      if (isOver) return;
      isOver = true;
      stop();
      timers.clear(patience);
      done(ordered);
    };
    const patience = timers.set(LIMIT_MS, () => over({ refused: BUSY }));
    const stop = engine.journal.observe((taking) => {
      const outcome = outcomeOf(taking);
      if (outcome !== undefined) over(outcome);
    });
    if (!give()) over({ refused: BUSY });
  }
}

const RINGS_NOT = 'the call does not ring any more, or rings them already';
const ORDER = 'order.raised';
const NO_CALL = `${ORDER} needs call, the address of a call that goes on, such as call:7, and name`;
const BUSY = 'the service is too busy; try again';
/** Of an order by name, what need not be said. */
const RAISED = { name: '', leg: '', user: '', from: OPERATOR, argument: '' };
const notFound = (told: FactOf<typeof routeFailed>, self: string, callee: string): Ordered | undefined =>
  told.case === self ? { refused: `${callee} cannot be rung: ${told.status} ${told.reason}` } : undefined;
const calleeOf = (context: unknown): string => String((context as { readonly callee?: unknown }).callee ?? '');
const isOf = (context: unknown, aor: string): boolean => (context as { readonly aor?: unknown }).aor === aor;
