import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../../machines/scenario.ts';
import { callPickup } from '../../../machines/supervisors/call-pickup.ts';
import { isPassing, leavesOf, placeOf } from '../../../src/lint/nodes.ts';
import { CALL_RULES } from '../../../src/testing/walk/call-rules.ts';
import { CALL_AND_LEGS } from '../../../src/testing/walk/call-stage.ts';
import { PICKUP_RULES } from '../../../src/testing/walk/pickup-rules.ts';
import { type PickupStage, pickupStage } from '../../../src/testing/walk/pickup-stage.ts';
import { type Walks, walk } from '../../../src/testing/walk/walk.ts';

/** `WALK_DEPTH=2 npx vitest run test/testing/walk` walks two steps further; each step takes some five times as long. */
const DEEPER = Number(process.env.WALK_DEPTH ?? 0);

function told(name: string, { walks, states, steps, depth }: Walks): void {
  console.log(`${name}: ${walks} walks of up to ${depth} steps, ${states} worlds, ${steps} steps taken`);
}

const stage = (more: Partial<PickupStage>): PickupStage => ({
  pickers: 2,
  form: 'group',
  mode: 'join',
  scenarios: [{ scenario: callPickup as Scenario, settings: {} }],
  ...more,
});
const walked = (one: PickupStage, depth: number) => walk({ ...pickupStage(one), rules: [...CALL_RULES, ...PICKUP_RULES], depth });

const STAGES: readonly (readonly [name: string, stage: PickupStage, depth: number, walks: number, states: number])[] = [
  ['pickup: one picker', stage({ pickers: 1 }), 8, 4_000, 400],
  ['pickup: two pickers', stage({}), 6, 6_500, 2_300],
  ['pickup: two who are called back', stage({ mode: 'callback' }), 6, 12_000, 1_100],
  ['pickup: two who are given the call', stage({ form: 'order', mode: 'callback' }), 6, 7_000, 2_900],
];

/** The call that is diverted, or not, says so in the same instant. */
const PASSED = new Set(['diverting']);

describe('every order of pickers, answer, decline, CANCEL, BYE and timeout', () => {
  const seen = new Set<string>();

  it.each(STAGES)('%s', (name, one, depth, walks, states) => {
    const found = walked(one, depth + DEEPER);
    told(name, found);
    for (const place of found.seen) seen.add(place);
    expect(found.broken).toBeUndefined();
    expect(found.walks).toBeGreaterThanOrEqual(walks);
    expect(found.states).toBeGreaterThanOrEqual(states);
  });

  it('comes by every state in which the case waits', () => {
    for (const node of leavesOf(callPickup.machine))
      if (!isPassing(node) && !PASSED.has(placeOf(node))) expect([...seen]).toContain(`${callPickup.name}: ${placeOf(node)}`);
  });
});

describe('a walk of pickers catches', () => {
  const withCall = (provided: object): PickupStage['charts'] =>
    CALL_AND_LEGS.map(({ scenario, settings }) =>
      scenario.name === 'call'
        ? {
            scenario: { ...scenario, machine: scenario.machine.provide(provided as never) },
            settings: { ...(settings as object), picksUp: true },
          }
        : { scenario, settings },
    );
  const brokenBy = (provided: object, more: Partial<PickupStage> = {}) =>
    walked(stage({ ...more, charts: withCall(provided) ?? [] }), 5).broken?.rule;

  it('a call that does not cancel its phones', () => {
    expect(brokenBy({ actions: { cancelForks: () => {} } })).toBe('no phone rings for a call that is decided');
  });

  it('one that is diverted to a second picker', () => {
    expect(brokenBy({ guards: { canDivert: () => true } }, { mode: 'callback' })).toBe('one winner');
  });

  it('one that lets a picker go without a word', () => {
    expect(brokenBy({ actions: { dismissCaller: () => {} } })).toBe('every picker is told');
  });
});
