import type { FactKind, FactOf, Posted } from '../../../machines/vocabulary/descriptor.ts';
import type { StampedFact } from '../../engine/entry.ts';
import type { Invariant } from '../invariant.ts';
import type { ServiceWorld } from '../service-world.ts';

/** What the service took as facts in one world, oldest first. */
export class FactsTold {
  readonly all: StampedFact[] = [];

  /** Those of one kind. */
  of<K extends Pick<FactKind, 'fact'>>(kind: K): Posted<FactOf<K>>[] {
    return this.all.filter(({ type }) => type === kind.fact) as unknown as Posted<FactOf<K>>[];
  }
}

/** More than any attack makes; a world that goes on for hours keeps the latest. */
const MAX_FACTS = 100_000;

/**
 * An invariant of your own: `check` sees the world, and every fact that was taken in it, when all is over and quiet, and
 * answers one line for each thing that is wrong.
 */
export const invariant = (
  name: string,
  says: string,
  check: (world: ServiceWorld, facts: FactsTold) => readonly string[],
): Invariant => ({
  name,
  says,
  watch: (world) => {
    const facts = new FactsTold();
    const observe = () =>
      world.service.service.engine.journal.observe(({ kind, entry }) => {
        if (kind !== 'fact') return;
        facts.all.push(entry as StampedFact);
        if (facts.all.length > MAX_FACTS) facts.all.splice(0, MAX_FACTS / 2);
      });
    observe();
    world.watch({ restarted: () => void observe() });
    return { broken: () => [], brokenAtRest: () => check(world, facts) };
  },
});
