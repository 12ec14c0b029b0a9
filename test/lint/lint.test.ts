import { describe, expect, it } from 'vitest';
import { assign, emit, raise } from 'xstate';
import type { Scenario } from '../../machines/scenario.ts';
import { defineFact, integer, text } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, bindingAdded, callAnswered, callOffered } from '../../machines/vocabulary/facts.ts';
import { lineOf } from '../../src/lint/finding.ts';
import { lintReport, lintScenario } from '../../src/lint/lint.ts';
import { night, waitingWith, withState } from './scenarios.ts';

const linesOf = (scenario: Scenario): readonly string[] => lintScenario(scenario).map(lineOf);
const on = { 'binding.added': { target: 'over', actions: ['fork', 'letGo'] }, 'call.answered': 'over', 'actor.ended': 'over' };
const ofCall = { of: ({ call }: { readonly call: string }) => call } as Partial<Scenario>;

describe('a scenario that is in order', () => {
  it('has no findings, and says what was looked at', () => {
    const report = lintReport(night());
    expect(report.findings.map(lineOf)).toEqual([]);
    expect(report).toMatchObject({ scenario: 'night', states: 2, heard: 3, isWhole: true });
  });

  it.each<[string, Scenario]>([
    ['ignores a fact knowingly', night({ config: waitingWith({ on: { ...on, 'call.answered': {} } }) })],
    ['takes a fact behind a guard', night({ config: waitingWith({ on: { ...on, 'call.*': 'over' } }) })],
    [
      'raises an event itself',
      night({ actions: { keepOpen: raise({ type: 'night.fell' }) }, config: waitingWith({ on: { ...on, 'night.fell': {} } }) }),
    ],
    ['waits as long as its owner lives', night({ config: waitingWith({ after: {} }), scenario: ofCall })],
    [
      'waits for ever for a reason',
      night({ config: waitingWith({ after: {} }), scenario: { unbounded: { waiting: 'it is a night watchman' } } }),
    ],
    ['leaves letting go to the call that it belongs to', night({ actions: { letGo: () => {} }, scenario: ofCall })],
    [
      'takes that a command of its was refused',
      night({ config: waitingWith({ on: { ...on, 'command.refused': 'over' } }), scenario: ofCall }),
    ],
  ])('%s', (_name, scenario) => expect(linesOf(scenario)).toEqual([]));
});

const interests = [
  bindingAdded.where({ aor: 'sip:bob@x' }),
  callAnswered.where({ call: 'call:1' }),
  actorEnded.where({ address: 'call:1' }),
];

/** What is wrong, and the lines that say it. */
const BROKEN: readonly (readonly [what: string, scenario: Scenario, lines: readonly string[]])[] = [
  [
    'a fact that no transition takes',
    night({ config: waitingWith({ on: { 'binding.added': on['binding.added'], 'actor.ended': 'over' } }) }),
    [
      `night, state "waiting": it hears call.answered and has no transition for it; write 'call.answered': {} if it means nothing there [heard]`,
    ],
  ],
  [
    'a transition for what is never heard',
    night({ config: waitingWith({ on: { ...on, 'call.failed': 'over' } }) }),
    [
      'night, state "waiting": it takes call.failed, which it never hears; add call.failed to listensTo, or take the transition out [heard]',
    ],
  ],
  [
    'a wait without end',
    night({ config: waitingWith({ after: {} }) }),
    [
      'night, state "waiting": it may wait here for ever; give it an `after` that leads out, or a reason in the scenario: unbounded: { … } [bounded]',
    ],
  ],
  [
    'a deadline that leads nowhere',
    night({ config: waitingWith({ after: { limit: { actions: 'letGo' } } }) }),
    [
      'night, state "waiting": it may wait here for ever; give it an `after` that leads out, or a reason in the scenario: unbounded: { … } [bounded]',
    ],
  ],
  [
    'a deadline that only begins the wait anew',
    night({ config: waitingWith({ after: { limit: { target: 'waiting', reenter: true } } }) }),
    [
      'night, state "waiting": it may wait here for ever; give it an `after` that leads out, or a reason in the scenario: unbounded: { … } [bounded]',
    ],
  ],
  [
    'a deadline of a month',
    night({ delays: { limit: 31 * 24 * 3_600_000 } }),
    ['night, state "waiting": it sets a timer of 2678400000 ms (after call.offered); a delay is 0 to 2147483647 ms [bounded]'],
  ],
  [
    'a deadline before now',
    night({ delays: { limit: () => -1 } }),
    ['night, state "waiting": it sets a timer of -1 ms (after call.offered); a delay is 0 to 2147483647 ms [bounded]'],
  ],
  [
    'a deadline that is no number',
    night({ delays: { limit: () => Number.NaN } }),
    [
      `night, state "waiting": it fails: a timer's delay is a finite number of milliseconds, not NaN (after call.offered); see to it that no fact makes an action or a guard throw [runs]`,
    ],
  ],
  [
    'a reason that nothing needs',
    night({ scenario: { unbounded: { waiting: 'why not' } } }),
    ['night, state "waiting": it has a reason to be unbounded and needs none; take it out of `unbounded` [bounded]'],
  ],
  [
    'a reason for a state that is not there',
    night({ scenario: { unbounded: { wating: 'misspelt' } } }),
    ['night, state "wating": it has a reason to be unbounded and needs none; take it out of `unbounded` [bounded]'],
  ],
  [
    'a call that is not let go',
    night({ config: waitingWith({ on: { ...on, 'binding.added': { target: 'over', actions: 'fork' } } }) }),
    [
      'night: it can end and leave a call kept open for another 40000 ms (call.offered, binding.added); emit call.letGo on every way to a final state, or let the case belong to the call: of: ({ call }) => call [kept-open]',
    ],
  ],
  [
    'a call that is not let go at the deadline',
    night({ config: waitingWith({ after: { limit: 'over' } }) }),
    [
      'night: it can end and leave a call kept open for another 10000 ms (call.offered, a deadline); emit call.letGo on every way to a final state, or let the case belong to the call: of: ({ call }) => call [kept-open]',
    ],
  ],
  [
    'a push that is not taken back',
    night({
      actions: {
        keepOpen: emit((({ context }: { context: { call: string } }) => ({
          type: 'push.send',
          to: 'port:push',
          call: context.call,
          device: 'tablet',
          callId: 'c',
          ttlMs: 60_000,
        })) as never),
      },
    }),
    [
      'night: it can end while a device that it had pushed still expects the call (call.offered, a deadline); emit push.cancel to it on that way [warning, pushed]',
    ],
  ],
  [
    'a function in the picture',
    night({ config: waitingWith({ entry: () => {} }) }),
    [
      `night: a function stands in the chart's config at states.waiting.entry; give it a name in setup({ actions, guards, delays }) and write that name [drawn]`,
    ],
  ],
  [
    'an action that is nowhere',
    night({ config: waitingWith({ exit: 'kepOpen' }) }),
    [
      'night, state "waiting": it names the action "kepOpen", which is nowhere; write it in setup({ actions: { kepOpen: … } }) [drawn]',
    ],
  ],
  [
    'a guard that is nowhere',
    night({ config: waitingWith({ on: { ...on, 'call.answered': { guard: 'isNight', target: 'over' } } }) }),
    [
      'night, state "waiting": it names the guard "isNight", which is nowhere; write it in setup({ guards: { isNight: … } }) [drawn]',
      `night, state "waiting": it fails: Unable to evaluate guard 'isNight' in transition for event 'call.answered' in state node 'night.waiting': (after call.offered, call.answered); see to it that no fact makes an action or a guard throw [runs]`,
    ],
  ],
  [
    'a delay that is nowhere',
    night({ config: waitingWith({ after: { limit: { target: 'over', actions: 'letGo' }, lmit: 'over' } }), scenario: ofCall }),
    [
      'night, state "waiting": it names the delay "lmit", which is nowhere; write it in setup({ delays: { lmit: … } }) [drawn]',
      'night, state "waiting": no walk of the linter came here; see whether its guards can ever let pass [warning, reachable]',
    ],
  ],
  [
    'a name with a space',
    night({ config: withState('over here', () => ({ type: 'final' })) }),
    [
      'night, state "over here": "over here" is no name for a state; use letters, digits, dashes [drawn]',
      'night, state "over here": no transition leads here; lead one here, or take the state out [reachable]',
    ],
  ],
  [
    'a name that is none for a scenario',
    night({ scenario: { name: 'Night:1' } }),
    ['Night:1: "Night:1" is no name for a scenario; write letters, digits and dashes, such as ring-back [drawn]'],
  ],
  [
    'an actor that is invoked',
    night({ config: waitingWith({ invoke: { src: 'somebody' } }) }),
    [
      'night: the engine does not run its machine: its state "night.waiting" invokes an actor; the engine would not install it [filters]',
    ],
  ],
  [
    'a state that nothing leads to',
    night({ config: withState('parked', () => ({ on, after: { limit: 'over' } })) }),
    [
      'night, state "parked": no transition leads here; lead one here, or take the state out [reachable]',
      'night, state "parked": no walk of the linter came here; see whether its guards can ever let pass [warning, reachable]',
    ],
  ],
  [
    'a state that only an event leads to that never comes',
    night({
      config: (good) =>
        withState('parked', () => ({ on, after: { limit: 'over' } }))(
          waitingWith({ on: { ...on, 'call.failed': 'parked' } })(good),
        ),
    }),
    [
      'night, state "waiting": it takes call.failed, which it never hears; add call.failed to listensTo, or take the transition out [heard]',
      'night, state "parked": no transition leads here; lead one here, or take the state out [reachable]',
      'night, state "parked": no walk of the linter came here; see whether its guards can ever let pass [warning, reachable]',
    ],
  ],
  [
    'a dead end',
    night({
      config: (good) =>
        withState('stuck', () => ({ on: { 'binding.added': {}, 'call.answered': {}, 'actor.ended': {} } }))(
          waitingWith({ after: { limit: { target: 'stuck', actions: 'letGo' } } })(good),
        ),
    }),
    [
      'night, state "stuck": it may wait here for ever; give it an `after` that leads out, or a reason in the scenario: unbounded: { … } [bounded]',
      'night, state "stuck": nothing leads out of it; give it a transition to another state [reachable]',
    ],
  ],
  [
    'two states that only lead to each other',
    night({
      config: (good) =>
        withState('tick', () => ({
          on: { 'binding.added': {}, 'call.answered': {}, 'actor.ended': {} },
          after: { limit: 'tock' },
        }))(
          withState('tock', () => ({
            on: { 'binding.added': {}, 'call.answered': {}, 'actor.ended': {} },
            after: { limit: 'tick' },
          }))(waitingWith({ after: { limit: { target: 'tick', actions: 'letGo' } } })(good)),
        ),
    }),
    [
      'night, state "tock": no way leads from here to the end of the case; lead to a state of type final [reachable]',
      'night, state "tick": no way leads from here to the end of the case; lead to a state of type final [reachable]',
    ],
  ],
  [
    'a filter on an attribute that is not there',
    night({ listensTo: [{ fact: 'call.answered', where: [{ attribute: 'cal', test: 'call:1' }], current: false }] }),
    [
      'night: listensTo: call.answered has no attribute "cal"; it has call, leg, caller, callee, device, answeredBy, shown, callerName; the engine would not install it [filters]',
    ],
  ],
  [
    'a filter on everybody',
    night({
      listensTo: [bindingAdded.where({ asleep: false }), callAnswered.where({}), ...interests.slice(2)],
      scenario: ofCall,
    }),
    [
      'night: each of its cases hears every call.answered of the service; name an attribute exactly, such as the call or the aor [warning, interests]',
    ],
  ],
  [
    'more interests than a case may have',
    night({ listensTo: Array.from({ length: 300 }, (_, n) => interests[n % 3] as (typeof interests)[0]), scenario: ofCall }),
    ['night: it listens to 300 interests; the engine bears no case with more than 256 [interests]'],
  ],
  [
    'a command that nobody takes',
    night({
      actions: {
        letGo: emit((({ context }: { context: { call: string } }) => ({ type: 'call.letgo', to: context.call })) as never),
      },
      scenario: ofCall,
    }),
    [
      'night, state "over": it emits the command call.letgo, which nobody takes (after call.offered, a deadline); see machines/vocabulary/commands.ts for those there are [emitted]',
    ],
  ],
  [
    'a command without an address',
    night({ actions: { letGo: emit({ type: 'call.letGo' } as never) }, scenario: ofCall }),
    [
      'night, state "over": it emits call.letGo without an address (after call.offered, a deadline); put an address into `to` [emitted]',
    ],
  ],
  [
    'a fact that is in no catalogue',
    night({ actions: { letGo: emit({ type: 'night.over' } as never) }, scenario: ofCall }),
    [
      'night, state "over": it emits the fact night.over, which is in no catalogue (after call.offered, a deadline); make it with defineFact and export it [emitted]',
    ],
  ],
  [
    'an action that throws',
    night({
      actions: {
        letGo: assign(() => {
          throw new Error('no such phone');
        }),
      },
      scenario: ofCall,
    }),
    [
      'night, state "waiting": it fails: no such phone (after call.offered, a deadline); see to it that no fact makes an action or a guard throw [runs]',
    ],
  ],
];

describe('the linter finds', () => {
  it.each(BROKEN)('%s', (_what, scenario, lines) => {
    expect(linesOf(scenario)).toEqual(lines);
  });

  it('a fact whose attributes are not of their kinds, of a catalogue of its own', () => {
    const nightOver = defineFact('night.over', { call: text(), lastedMs: integer() });
    const tells = (fact: object) => night({ actions: { letGo: emit(fact as never) }, scenario: ofCall });
    const good = tells({ type: 'night.over', call: 'call:1', lastedMs: 7 });
    expect(lintScenario(good, [nightOver]).map(lineOf)).toEqual([]);
    const wrong = tells({ type: 'night.over', call: 'call:1', lastedMs: 'long' });
    expect(lintScenario(wrong, [nightOver]).map(lineOf)).toEqual([
      'night, state "over": it emits a fact that is not one: night.over: the attribute "lastedMs" is no integer (after call.offered, a deadline); give each attribute a value of its kind [emitted]',
    ]);
  });

  it('what is heard of one birth only, in the states that this birth leads to', () => {
    const scenario = night({
      scenario: {
        ...ofCall,
        startsOn: [callOffered.where({ wakeable: false }), callAnswered.where({})],
        listensTo: ((fact: { type: string; call: string }) =>
          fact.type === 'call.offered' ? interests : [...interests, { fact: 'call.ended', where: [], current: false }]) as never,
      },
    });
    expect(linesOf(scenario)).toEqual([
      'night: each of its cases hears every call.ended of the service; name an attribute exactly, such as the call or the aor [warning, interests]',
      `night, state "waiting": it hears call.ended and has no transition for it; write 'call.ended': {} if it means nothing there [heard]`,
    ]);
  });
});
