/** Small scenarios for the linter: one that is in order, and what becomes of it when one thing is changed. */
import { emit, setup } from 'xstate';
import { defineScenario, type Scenario } from '../../machines/scenario.ts';
import type { Interest } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, bindingAdded, callAnswered, callOffered } from '../../machines/vocabulary/facts.ts';

type Config = Readonly<Record<string, unknown>>;
interface Changes {
  /** Instead of the chart's own. */
  readonly config?: (good: Config) => Config;
  readonly actions?: Readonly<Record<string, unknown>>;
  readonly delays?: Readonly<Record<string, unknown>>;
  readonly scenario?: Partial<Scenario>;
  readonly listensTo?: readonly Interest[];
}

const waiting = {
  entry: 'keepOpen',
  on: { 'binding.added': { target: 'over', actions: ['fork', 'letGo'] }, 'call.answered': 'over', 'actor.ended': 'over' },
  after: { limit: { target: 'over', actions: 'letGo' } },
};
const GOOD: Config = {
  id: 'night',
  context: ({ input }: { input: { fact: { call: string } } }) => ({ call: input.fact.call }),
  initial: 'waiting',
  states: { waiting, over: { type: 'final' } },
};
type Chart = { readonly states: Readonly<Record<string, Config>> };

/** The good chart with another state, or with one more. */
export const withState = (name: string, state: (good: Config) => Config) => (good: Config) => {
  const { states } = good as unknown as Chart;
  return { ...good, states: { ...states, [name]: state(states[name] ?? {}) } };
};
/** The good chart whose waiting state differs in these. */
export const waitingWith = (changes: Config) => withState('waiting', (good) => ({ ...good, ...changes }));

type Said = { readonly context: { readonly call: string } };
const to = ({ context }: Said): string => context.call;

/** A call to a night watchman is kept open until a phone registers, for half a minute; with these changes. */
export function night({ config = (good) => good, actions = {}, delays = {}, scenario = {}, listensTo }: Changes = {}): Scenario {
  const machine = setup({
    delays: { limit: 30_000, ...delays } as never,
    actions: {
      keepOpen: emit(((said: Said) => ({ type: 'call.keepOpen', to: to(said), forMs: 40_000, progress: 182 })) as never) as never,
      fork: emit(((said: Said & { event: { device: string } }) => {
        const target = { contact: 'sip:x@192.0.2.1', path: [], flow: '', stream: false };
        return { type: 'call.fork', to: to(said), aor: '', device: said.event.device, target, callId: '' };
      }) as never) as never,
      letGo: emit(((said: Said) => ({ type: 'call.letGo', to: to(said) })) as never) as never,
      ...(actions as object),
    },
  }).createMachine(config(GOOD) as never);
  const good = defineScenario({
    name: 'night',
    startsOn: [callOffered.where({ wakeable: false })],
    listensTo: ({ call, callee }) => [
      bindingAdded.where({ aor: callee }),
      callAnswered.where({ call }),
      actorEnded.where({ address: call }),
    ],
    machine: machine as never,
  });
  return { ...good, ...(listensTo === undefined ? {} : { listensTo: () => listensTo }), ...scenario };
}
