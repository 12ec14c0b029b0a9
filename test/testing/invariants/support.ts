import type { Invariant } from '../../../src/testing/invariant.ts';
import { arm } from '../../../src/testing/invariants/armed.ts';
import { type ServiceWorld, type ServiceWorldOptions, serviceWorld } from '../../../src/testing/service-world.ts';
import { Forger } from '../../support/forged.ts';

/** A world in which nothing happens but what is forged, watched by one invariant. */
export function forgery(invariant: Invariant, options: ServiceWorldOptions = {}) {
  const world: ServiceWorld = serviceWorld({ ...options, invariants: [] });
  const armed = arm(world, [invariant]);
  /** Without the name, which stands before each line. */
  const strip = (lines: readonly string[]): string[] => lines.map((line) => line.slice(invariant.name.length + 2));
  return {
    world,
    forger: new Forger(world),
    broken: () => strip(armed.broken()),
    brokenAtRest: () => strip(armed.brokenAtRest()),
  };
}
