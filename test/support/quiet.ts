import { expect } from 'vitest';
import { armedIn, type Exceptions } from '../../src/testing/invariants/armed.ts';
import type { ServiceWorld } from '../../src/testing/service-world.ts';

/** Longer than any transaction, leg or call outlives its end. */
const SETTLES_MS = 300_000;

/** Lets all come to rest, and holds that every invariant held, but those that the test names with its reason. */
export function expectQuiet(world: ServiceWorld, except: Exceptions = {}): void {
  world.run(SETTLES_MS);
  const armed = armedIn(world);
  expect(armed, 'this world is watched').toBeDefined();
  expect(armed?.brokenAtRest(except)).toEqual([]);
}
