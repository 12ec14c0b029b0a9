import { describe, expect, it } from 'vitest';
import type { Binding } from '../../../machines/vocabulary/binding.ts';
import type { AnyFact } from '../../../src/engine/port.ts';
import type { BindingStore } from '../../../src/ports/store/binding-store.ts';
import { StoreView } from '../../../src/ports/store/store-view.ts';

const bindingOf = (device: string) => ({ aor: 'sip:bob@x', device }) as Binding;

/** A store that keeps what is written to it as words. */
function scene(stored: readonly Binding[] = []) {
  const written: string[] = [];
  const store = {
    *all() {
      yield* stored;
    },
    put: ({ device }: Binding) => void written.push(`put ${device}`),
    remove: (aor: string, device: string) => void written.push(`remove ${aor} ${device}`),
  } as unknown as BindingStore;
  const view = new StoreView(store);
  const fold = (type: string, binding: Binding) =>
    view.fold({ type, aor: binding.aor, device: binding.device, binding } as unknown as Parameters<StoreView['fold']>[0]);
  return { view, written, fold };
}

describe('the view that keeps the store', () => {
  it('writes what is bound, refreshed and removed', () => {
    const { fold, written } = scene();
    fold('binding.added', bindingOf('desk'));
    fold('binding.refreshed', bindingOf('desk'));
    fold('binding.removed', bindingOf('desk'));
    expect(written).toEqual(['put desk', 'put desk', 'remove sip:bob@x desk']);
  });

  it('has no interest in sleep, which no restart outlives', () => {
    expect(scene().view.folds).toEqual(['binding.added', 'binding.refreshed', 'binding.removed']);
  });

  it('posts what was bound at the end of the last run, and does not write it again', () => {
    const [desk, mobile] = [bindingOf('desk'), bindingOf('mobile')];
    const { view, fold, written } = scene([desk, mobile]);
    const posted: AnyFact[] = [];
    expect(view.restore({ post: (fact) => void posted.push(fact), mint: () => '', now: () => 0 })).toBe(2);
    expect(posted).toEqual([
      { type: 'binding.restored', aor: 'sip:bob@x', device: 'desk', binding: desk },
      { type: 'binding.restored', aor: 'sip:bob@x', device: 'mobile', binding: mobile },
    ]);
    fold('binding.added', desk);
    expect(written).toEqual([]);
    fold('binding.refreshed', bindingOf('desk'));
    fold('binding.removed', mobile);
    expect(written).toEqual(['put desk', 'remove sip:bob@x mobile']);
  });
});
