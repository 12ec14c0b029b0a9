import type { Address } from '../../machines/vocabulary/identity.ts';
import type { Listener, Wait } from './interest-index.ts';
import type { Rule } from './rule.ts';
import type { ArmedTimer, Running } from './runner.ts';

/** One living actor, as the engine keeps it. */
export class Actor implements Running, Listener<Actor> {
  readonly address: Address;
  readonly rule: Rule;
  /** Position in the order of births. */
  readonly order: number;
  readonly bornAtMs: number;
  /** Its key under the rule's `oncePer`. */
  readonly key: string | undefined;
  /** The actor it belongs to, empty if to none. */
  readonly of: Address;
  snapshot: Running['snapshot'] = undefined;
  timers: ArmedTimer | undefined = undefined;
  /** Its waits in the index, linked by `sibling`. */
  waits: Wait<Actor> | undefined = undefined;
  /** `seq` of the last fact it was chosen to hear, so that it hears it once however many of its interests match. */
  heard = 0;

  constructor(address: Address, rule: Rule, order: number, bornAtMs: number, key: string | undefined, of: Address) {
    this.address = address;
    this.rule = rule;
    this.order = order;
    this.bornAtMs = bornAtMs;
    this.key = key;
    this.of = of;
  }
}
