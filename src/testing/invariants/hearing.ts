/** What the engine's actors make of what they are told. */
import type { Taking } from '../../engine/journal.ts';
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { type Ear, earOf, type Hearer } from './ear.ts';
import { type Finding, Findings } from './findings.ts';

/** More refusals than a drain makes wait for their authors only where something is broken all over. */
const MOST_OPEN = 1_000;

const watchOf = ({ findings }: { readonly findings: Findings }): Watch => ({
  broken: () => findings.lines,
  brokenAtRest: () => findings.lines,
});

class Facts implements Hearer {
  readonly findings: Findings;

  constructor(ear: Ear) {
    this.findings = new Findings(ear.world);
    ear.hear(this);
  }

  taken({ kind, entry: { at: atMs, by, type }, steps }: Taking): void {
    if (kind === 'command') return;
    for (const { address, taken, isBirth } of steps)
      if (!taken && !isBirth) this.findings.add({ atMs, what: `${type} of ${by} means nothing to ${address} in its state` });
  }
}

/** A chart takes whatever it listens to in each of its states, be it to do nothing. */
export const nothingUnheard: Invariant = {
  name: 'nothing unheard',
  says: 'Every fact that is delivered is handled or knowingly ignored.',
  watch: (world: ServiceWorld): Watch => watchOf(new Facts(earOf(world))),
};

class Refusals implements Hearer {
  readonly findings: Findings;
  /** Commands that were refused, until their authors hear of it; by `seq`. */
  readonly #refused = new Map<number, Finding>();

  constructor(ear: Ear) {
    this.findings = new Findings(ear.world);
    ear.hear(this);
  }

  taken({ kind, entry, steps, refused }: Taking): void {
    const { at: atMs, by, seq, cause, type } = entry;
    if (kind !== 'command') {
      if (type === 'command.refused') this.#judge(cause, steps, (entry as { readonly author?: string }).author);
      return;
    }
    // An order from outside, such as an operator's, may come too late.
    if (refused === undefined || cause === 0 || this.#refused.size >= MOST_OPEN) return;
    this.#refused.set(seq, { atMs, what: `${type} of ${by} was refused, and it does not take the refusal: ${refused}` });
  }

  restarted(): void {
    this.#refused.clear();
  }

  /** Who takes a refusal has reckoned with it. */
  #judge(cause: number, steps: Taking['steps'], author: string | undefined): void {
    const finding = this.#refused.get(cause);
    this.#refused.delete(cause);
    if (finding !== undefined && !steps.some(({ address, taken }) => taken && address === author)) this.findings.add(finding);
  }
}

/** In an interleaved world a command may cross the end of whom it is for; elsewhere its author knows what goes on. */
export const noRefusalUnheard: Invariant = {
  name: 'no refusal unheard',
  says: 'No command is refused to an author that does not reckon with it.',
  watch: (world: ServiceWorld): Watch => watchOf(new Refusals(earOf(world))),
};
