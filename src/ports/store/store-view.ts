import type { Binding } from '../../../machines/vocabulary/binding.ts';
import type { FactOf } from '../../../machines/vocabulary/descriptor.ts';
import { bindingAdded, bindingRefreshed, bindingRemoved } from '../../../machines/vocabulary/facts.ts';
import type { FactSink } from '../../engine/port.ts';
import type { BindingStore } from './binding-store.ts';

type Folded = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingRemoved>;

/** Keeps the store equal to the binding facts, and gives birth to the registrations of the last run. */
export class StoreView {
  readonly folds = [bindingAdded.fact, bindingRefreshed.fact, bindingRemoved.fact];
  readonly answers: readonly string[] = [];
  readonly #store: BindingStore;
  /** They stand in the store already. */
  readonly #restored = new WeakSet<Binding>();

  constructor(store: BindingStore) {
    this.#store = store;
  }

  fold(fact: Folded): void {
    if (fact.type === 'binding.removed') this.#store.remove(fact.aor, fact.device);
    else if (!this.#restored.has(fact.binding)) this.#store.put(fact.binding);
  }

  current(): readonly never[] {
    return [];
  }

  /** Posts what was bound when the last run ended and still is; returns how many bindings. */
  restore(engine: FactSink): number {
    let count = 0;
    for (const binding of this.#store.all(engine.now())) {
      this.#restored.add(binding);
      engine.post({ type: 'binding.restored', aor: binding.aor, device: binding.device, binding });
      count++;
    }
    return count;
  }
}
