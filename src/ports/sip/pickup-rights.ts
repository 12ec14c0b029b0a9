/** Who may take, watch and take over whose calls: made once from the config. */
import type { Domains } from './domains.ts';
import type { PickupSettings } from './settings.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** All are named by their addresses of record. */
export class PickupRights {
  readonly #of = new Map<string, ReadonlySet<string>>();
  readonly #others: ReadonlySet<string>;
  readonly #takers: ReadonlySet<string>;
  readonly #everybodyWatches: boolean;

  constructor({ reach, takeOver, watch }: Pick<PickupSettings, 'reach' | 'takeOver' | 'watch'>, domains: Domains) {
    const shared = new Map<ReadonlySet<string>, ReadonlySet<string>>();
    const aorsOf = (names: ReadonlySet<string>): ReadonlySet<string> => {
      const aors = shared.get(names) ?? new Set([...names].map((name) => domains.aorOfUser(name)));
      shared.set(names, aors);
      return aors;
    };
    for (const [name, names] of reach.of) this.#of.set(domains.aorOfUser(name), aorsOf(names));
    this.#others = reach.others.size === 0 ? NOBODY : aorsOf(reach.others);
    this.#takers = new Set(takeOver.map((name) => domains.aorOfUser(name)));
    this.#everybodyWatches = watch === 'all';
  }

  /** Whose ringing calls a user may take, that user's own among them; undefined: those of no group. */
  calleesOf(picker: string): readonly string[] | undefined {
    const callees = this.#setOf(picker);
    if (callees.size === 0) return undefined;
    return callees.has(picker) ? [...callees] : [picker, ...callees];
  }

  /** Whether a user may take what rings at a callee's phones; what rings at one's own, everybody may. */
  mayPickUp(picker: string, callee: string): boolean {
    return picker === callee || this.#setOf(picker).has(callee);
  }

  /** Whether a user may be told of another's calls. */
  mayWatch(watcher: string, watched: string): boolean {
    return this.#everybodyWatches || this.mayPickUp(watcher, watched);
  }

  /** Whether a user may take a call that another has answered. */
  mayTakeOver(taker: string, watched: string): boolean {
    return this.#takers.has(taker) && this.mayPickUp(taker, watched);
  }

  #setOf(user: string): ReadonlySet<string> {
    return this.#of.get(user) ?? this.#others;
  }
}
