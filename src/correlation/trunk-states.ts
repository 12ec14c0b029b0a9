/** Whether our trunks are registered: a fold that tells each change once. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import { trunkLost, trunkRegistered } from '../../machines/vocabulary/facts.ts';

type Folded = FactOf<typeof trunkRegistered | typeof trunkLost>;
/** A change, with why a registration failed. */
export type TrunkChange = { readonly trunk: string; readonly isUp: boolean; readonly status: number; readonly reason: string };

export class TrunkStates {
  readonly folds = [trunkRegistered.fact, trunkLost.fact];
  readonly answers: readonly string[] = [];
  /** By trunk: the status it failed with last; 0 while it is registered. */
  readonly #latest = new Map<string, number>();
  readonly #tell: (change: TrunkChange) => void;

  constructor(tell: (change: TrunkChange) => void) {
    this.#tell = tell;
  }

  current(): readonly never[] {
    return [];
  }

  fold(fact: Folded): void {
    const [status, reason] = fact.type === 'trunk.lost' ? [fact.status, fact.reason] : [0, ''];
    if (this.#latest.get(fact.trunk) === status) return;
    this.#latest.set(fact.trunk, status);
    this.#tell({ trunk: fact.trunk, isUp: status === 0, status, reason });
  }
}
