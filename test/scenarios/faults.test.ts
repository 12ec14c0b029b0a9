import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import type { Scenario } from '../../machines/scenario.ts';
import type { Interest } from '../../machines/vocabulary/descriptor.ts';
import * as facts from '../../machines/vocabulary/facts.ts';
import { reasonOf } from '../../src/errors.ts';
import { faultsOf } from '../../src/installing.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';

const machine = setup({}).createMachine({ id: 'one', initial: 'over', states: { over: { type: 'final' } } });
const listening = (name: string, interest: Interest): Scenario => ({
  name,
  startsOn: [facts.callOffered.where({})],
  listensTo: () => [interest],
  machine,
});

describe('faults of users’ scenarios', () => {
  it('are found before the start exactly where the service would find them', () => {
    // With a scenario of a user's the service has views that it does not keep for itself alone.
    const { service } = serviceWorld({ scenarios: [listening('other', facts.callAnswered.where({}))] });
    const { engine } = service.service;
    const found: (string | undefined)[] = [];
    for (const [n, kind] of Object.values(facts).entries()) {
      const text = Object.entries(kind.shape).find(([, { kind: of }]) => of === 'text')?.[0];
      const where = text === undefined ? [] : [{ attribute: text, test: 'a' }];
      const scenario = listening(`one-${n}`, { fact: kind.fact, where, current: true });
      let why: string | undefined;
      try {
        engine.install(scenario, {});
      } catch (error) {
        why = reasonOf(error);
      }
      found.push(why);
      const faults = faultsOf(service.config, { scenarios: [{ scenario, settings: {}, maxCases: 1 }], facts: [] });
      expect(faults.map(({ problem }) => problem)).toEqual(why === undefined ? [] : [why]);
    }
    // Some of each, or nothing was compared.
    expect(new Set(found.map((why) => why === undefined)).size).toBe(2);
  });

  it('are told of each scenario, and of the facts that they bring', () => {
    const { service } = serviceWorld();
    const twice = listening('twice', facts.callAnswered.where({}));
    const broken = listening('broken', { fact: 'no.fact', where: [], current: false });
    const users = [twice, broken, twice].map((scenario) => ({ scenario, settings: {}, maxCases: 1 }));
    expect(faultsOf(service.config, { scenarios: users, facts: [] }).map(({ problem, of }) => [problem, of])).toEqual([
      ['scenario broken: listensTo: there is no fact "no.fact"', users[1]],
      ['scenario twice: there is one of that name already', users[2]],
    ]);
  });
});
