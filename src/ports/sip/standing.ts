import type { Location } from '../../correlation/location.ts';
import type { LegTable } from './leg-table.ts';

/** Who has bindings or answered calls here: looked through only when somebody is about to be banned. */
export class CallsAndBindings {
  readonly #legs: LegTable;
  readonly #location: Location;

  constructor(legs: LegTable, location: Location) {
    this.#legs = legs;
    this.#location = location;
  }

  /** Legs and users to look through. */
  get size(): number {
    return this.#legs.size + this.#location.size;
  }

  /**
   * Whether a binding, or a call that was answered, leads to one of these hosts. A call that only rings does not count:
   * anybody can make one.
   */
  has(isFrom: (host: string) => boolean): boolean {
    for (const { dialog, flow } of this.#legs.sides()) if (dialog !== undefined && isFrom(flow.remote.host)) return true;
    for (const bound of this.#location.all()) {
      for (const { binding } of bound) if (isFrom(remoteHost(binding.target.flow))) return true;
    }
    return false;
  }
}

/** The peer's host in the id of a flow, `udp/10.0.0.1:5060/10.0.0.2:5062`. */
function remoteHost(flow: string): string {
  const remote = flow.slice(flow.lastIndexOf('/') + 1);
  return remote.startsWith('[') ? remote.slice(1, remote.indexOf(']')) : remote.slice(0, remote.indexOf(':'));
}
