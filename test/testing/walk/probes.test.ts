import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../../machines/scenario.ts';
import { loadConfig } from '../../../src/config.ts';
import type { AnyKind } from '../../../src/engine/catalogue.ts';
import { probesOf, Seen } from '../../../src/lint/probe.ts';
import { kindsWith, subjectOf } from '../../../src/lint/subject.ts';
import { ownScenarios } from '../../../src/own-scenarios.ts';
import { EXAMPLES } from '../../../src/scenarios/examples.ts';
import { broughtBy } from '../../../src/scenarios/exports.ts';
import { walkScenario } from '../../../src/testing/walk/scenario.ts';
import { WRITTEN } from '../../support/written.ts';

/** Two values each of what a case hears: enough for it to matter in which order they come. */
const OF_EACH = 2;
const DEPTH = 3;
const BIRTHS = 3;

/** Walks one scenario from its first births, through every order of what it hears; none of them may make it fail or go on for ever. */
function walkOrders(scenario: Scenario, settings: unknown, facts: readonly AnyKind[]): number {
  const kinds = kindsWith(facts);
  let walks = 0;
  for (const { fact, interests, current } of subjectOf(scenario, kinds, settings).births.slice(0, BIRTHS)) {
    const seen = new Seen();
    seen.note(fact);
    for (const one of current) seen.note(one);
    const heard = interests.flatMap((interest) => probesOf(interest, kinds, seen).slice(0, OF_EACH));
    const walked = walkScenario(scenario, { born: fact, bindings: current, settings, facts: heard, depth: DEPTH });
    expect(walked.broken).toBeUndefined();
    walks += walked.walks;
  }
  return walks;
}

describe('every order of what a scenario alone hears', () => {
  const config = loadConfig({ argv: [], env: {}, cwd: '/' });
  const own = Array.isArray(config) ? [] : ownScenarios(config);

  it.each(own.map(({ scenario, settings }) => [scenario.name, scenario, settings] as const))('%s', (name, scenario, settings) => {
    const walks = walkOrders(scenario, settings, []);
    console.log(`${name} alone: ${walks} walks of up to ${DEPTH} steps`);
    // A pickup of nothing is over at once; what rings comes to newborns once the walk keeps it.
    expect(walks).toBeGreaterThan(name === 'call-pickup' ? 2 : 20);
  });

  it('each built-in example', async () => {
    for (const example of Object.values(EXAMPLES)) {
      const brought = broughtBy(await example());
      const { scenarios, facts } = 'lack' in brought ? { scenarios: [], facts: [] } : brought;
      for (const scenario of scenarios) {
        const walks = walkOrders(scenario, scenario.settings?.(WRITTEN[scenario.name] ?? {}) ?? {}, facts);
        console.log(`${scenario.name} alone: ${walks} walks of up to ${DEPTH} steps`);
        expect(walks).toBeGreaterThan(20);
      }
    }
  });
});
