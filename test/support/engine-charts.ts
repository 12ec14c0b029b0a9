/** Small facts and charts that the tests of the engine share. */
import { assign, emit, setup } from 'xstate';
import type { Birth, Scenario } from '../../machines/scenario.ts';
import { defineFact, detail, flag, type Interest, integer, text } from '../../machines/vocabulary/descriptor.ts';
import type { Message } from '../../src/engine/entry.ts';

export const caseOpened = defineFact('case.opened', { who: text(), n: integer() });
export const userAppeared = defineFact('user.appeared', {
  who: text(),
  device: text(),
  n: integer(),
  fresh: flag(),
  more: detail<object>(),
});
export const userLeft = defineFact('user.left', { who: text() });
export const caseDone = defineFact('case.done', { self: text(), heard: integer() });
export const KINDS = [caseOpened, userAppeared, userLeft, caseDone];

export const opened = (who: string, n = 0) => caseOpened({ who, n });
export const appeared = (who: string, n = 0, device = '') => userAppeared({ who, device, n, fresh: true, more: {} });

type Opened = ReturnType<typeof caseOpened>;
type Appeared = ReturnType<typeof userAppeared>;
export interface Context {
  readonly self: string;
  readonly heard: readonly number[];
  readonly current: readonly number[];
}
export const DEADLINE_MS = 20_000;

const base = setup({
  types: { context: {} as Context, input: {} as Birth<Opened, Appeared>, events: {} as Appeared, emitted: {} as Message },
  delays: { deadline: DEADLINE_MS },
  actions: {
    note: assign({ heard: ({ context, event }) => [...context.heard, event.n] }),
    done: emit(({ context }) => caseDone({ self: context.self, heard: context.heard.length })),
    send: emit(({ context, event }) => ({ type: 'thing.do', to: 'port:out', self: context.self, n: event.n }) as Message),
  },
});
const context = ({ input }: { input: Birth<Opened, Appeared> }): Context => ({
  self: input.self,
  heard: [],
  current: input.current.map(({ n }) => n),
});

/** Goes on at the first match or at its deadline, and then hears no more. */
export const waitingMachine = base.createMachine({
  context,
  initial: 'waiting',
  states: {
    waiting: { on: { 'user.appeared': { target: 'found', actions: ['note', 'send'] } }, after: { deadline: 'late' } },
    found: { type: 'final', entry: 'done' },
    late: { type: 'final', entry: 'done' },
  },
});

/** Hears every match until its deadline. */
export const notifiedMachine = base.createMachine({
  context,
  initial: 'listening',
  states: {
    listening: { on: { 'user.appeared': { actions: ['note', 'send'] } }, after: { deadline: 'over' } },
    over: { type: 'final', entry: 'done' },
  },
});

/** A scenario born of `case.opened`, listening as it is told. */
export const scenario = (
  name: string,
  machine: Scenario['machine'],
  listensTo: (fact: Opened, self: string) => readonly Interest[],
  more: Partial<Scenario> = {},
): Scenario => ({ name, startsOn: [caseOpened.where({})], listensTo: listensTo as Scenario['listensTo'], machine, ...more });

export const byUser = ({ who }: { who: string }) => [userAppeared.where({ who })];
