import {
  type Birth,
  bindingAdded,
  type CallEnd,
  type CallFork,
  type CallKeepOpen,
  type Command,
  callOffered,
  defineScenario,
  type FactOf,
  facts,
  type HttpOrder,
  PORT_PUSH,
  PORT_SIP,
  type PushCommand,
  type SipRoute,
} from 'callweave';
import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import * as vocabulary from '../../machines/vocabulary/facts.ts';
import * as door from '../../src/index.ts';

/** What is wrong with a scenario is a type error: `@ts-expect-error` fails the check of types where it is none. */
describe('the door callweave', () => {
  const offered = callOffered.where({});
  const states = { over: { type: 'final' } } as const;
  const machineOf = <I>() => setup({ types: { input: {} as I } }).createMachine({ id: 'a', initial: 'over', states });

  it('holds the machine of a scenario to what it is born with and what it hears', () => {
    const base = { name: 'a', startsOn: [offered], listensTo: () => [] };
    defineScenario({ ...base, machine: machineOf<Birth<FactOf<typeof callOffered>>>() });
    // @ts-expect-error it wants another fact
    defineScenario({ ...base, machine: machineOf<Birth<FactOf<typeof bindingAdded>>>() });
    // @ts-expect-error it wants settings, and nobody reads them
    defineScenario({ ...base, machine: machineOf<Birth<FactOf<typeof callOffered>, never, { limitMs: number }>>() });
    defineScenario({
      ...base,
      machine: machineOf<Birth<FactOf<typeof callOffered>, never, { limitMs: number }>>(),
      settings: (written) => ({ limitMs: Number(written) }),
    });
    defineScenario({
      ...base,
      machine: machineOf<Birth<FactOf<typeof callOffered>, never, { limitMs: number }>>(),
      // @ts-expect-error they are read as something else
      settings: () => ({ limitSeconds: 1 }),
    });
    const deaf = setup({ types: { events: {} as FactOf<typeof callOffered> } }).createMachine({
      id: 'a',
      initial: 'over',
      states,
    });
    // @ts-expect-error it does not take what it listens to
    defineScenario({ name: 'a', startsOn: [offered], listensTo: () => [bindingAdded.where({})], machine: deaf });
    expect(offered.fact).toBe('call.offered');
  });

  it('has every fact, one by one and together, and the addresses and types of commands', () => {
    expect(door).toMatchObject({ ...vocabulary });
    expect({ ...facts }).toEqual({ ...vocabulary });
    const emitted = [
      { type: 'call.letGo', to: 'call:1' },
      { type: 'call.keepOpen', to: 'call:1', forMs: 1, progress: 0 } satisfies CallKeepOpen,
      { type: 'call.end', to: 'call:1', status: 480, reason: '' } satisfies CallEnd,
    ] satisfies Command[];
    type Known = CallFork | PushCommand | SipRoute | HttpOrder;
    expect([PORT_SIP, PORT_PUSH, emitted.length, ...([] as Known[])]).toEqual(['port:sip', 'port:push', 3]);
  });
});
