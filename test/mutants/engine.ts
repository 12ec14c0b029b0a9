/** Breakages of the engine and its timers. */
import type { Mutant } from './mutant.ts';

export const ENGINE: readonly Mutant[] = [
  {
    name: 'births-after-delivery',
    breaks: 'births come before deliveries of the same fact',
    file: 'src/engine/engine.ts',
    find: `    for (const { rule, where } of routes.births) if (firstFailed(where, fact) === undefined) this.#bear(rule, fact);
    for (const actor of audience) this.#step(actor, fact);`,
    replace: `    for (const actor of audience) this.#step(actor, fact);
    for (const { rule, where } of routes.births) if (firstFailed(where, fact) === undefined) this.#bear(rule, fact);`,
    caughtBy: 'properties/engine-naive',
  },
  {
    name: 'views-fold-late',
    breaks: 'check and wait: what is current includes the fact that is taken',
    file: 'src/engine/engine.ts',
    find: `    for (const view of routes.folding) this.#fold(view, fact);
    let audience = this.#index.audience(fact, fact.seq);`,
    replace: `    queueMicrotask(() => routes.folding.forEach((view) => this.#fold(view, fact)));
    let audience = this.#index.audience(fact, fact.seq);`,
    caughtBy: 'properties/engine-check-and-wait',
  },
  {
    name: 'heard-twice',
    breaks: 'an actor hears a fact once, however many of its interests fit',
    file: 'src/engine/interest-index.ts',
    find: 'if (actor.heard !== seq && (rest === undefined || stands(rest, fact))) {',
    replace: 'if (rest === undefined || stands(rest, fact)) {',
    caughtBy: 'properties/engine-naive',
  },
  {
    name: 'audience-unsorted',
    breaks: 'the oldest listener hears first',
    file: 'src/engine/interest-index.ts',
    find: '    if (sources > 1) audience.sort(byBirth);\n',
    replace: '',
    caughtBy: 'properties/engine-naive',
  },
  {
    name: 'interests-kept',
    breaks: 'an actor that ended hears nothing more',
    file: 'src/engine/engine.ts',
    find: '    this.#index.remove(actor);\n',
    replace: '',
    caughtBy: 'engine/engine',
  },
  {
    name: 'ownership-not-closed',
    breaks: 'what an actor keeps open is closed when it ends',
    file: 'src/engine/engine.ts',
    find: '    if (this.#unclosed.delete(ended.seq)) this.#close(ended.address as Address);',
    replace: '    this.#unclosed.delete(ended.seq);',
    caughtBy: 'properties/attacks',
  },
  {
    name: 'input-overtakes',
    breaks: 'what comes while the engine has yielded waits for what came of what was there before',
    file: 'src/engine/engine.ts',
    find: 'if (this.#isYielded || (this.#isBusy && this.#queue.keepsOut)) return this.#queue.wait(message, by);',
    replace: 'if (this.#isYielded) return this.#queue.append(message, by, 0, this.#clock.now());',
    caughtBy: 'simulation/plain-call',
  },
  {
    name: 'ports-out-of-order',
    breaks: 'what ports say keeps its order',
    file: 'src/engine/engine.ts',
    find: 'if (this.#isYielded || (this.#isBusy && this.#queue.keepsOut)) return',
    replace: 'if (this.#isYielded) return',
    caughtBy: 'properties/attacks',
  },
  {
    name: 'timers-not-gated',
    breaks: 'timers are taken only when the mailbox is empty',
    file: 'src/engine/engine.ts',
    find: 'const may = !this.#isBusy && this.backlog === 0;',
    replace: 'const may = !this.#isBusy;',
    caughtBy: 'engine/mailbox',
  },
  {
    name: 'timers-in-wrong-order',
    breaks: 'timers of one instant fire in the order in which they were set',
    file: 'src/timer-heap.ts',
    find: '(a.dueMs === b.dueMs && a.order < b.order)',
    replace: '(a.dueMs === b.dueMs && a.order > b.order)',
    caughtBy: 'properties/timer-heap',
  },
  {
    name: 'mailbox-loses-at-growth',
    breaks: 'what was posted is taken, and in order',
    file: 'src/engine/mailbox.ts',
    find: 'for (let i = 0; i < this.#size; i++) slots[i]',
    replace: 'for (let i = 1; i < this.#size; i++) slots[i]',
    caughtBy: 'engine/mailbox',
  },
];
