import type { Forwarding } from '../../../machines/vocabulary/binding.ts';
import type { MediaConfig, NumberRule, PickupConfig, PickupReach, TrunkConfig, UserRouting } from '../../config.ts';

/** What the SIP port is told at birth. */
export interface SipSettings {
  readonly realm: string;
  readonly auth: 'digest' | 'none';
  readonly algorithm: 'MD5' | 'SHA-256' | 'SHA-512-256';
  readonly nonceMs: number;
  readonly users: ReadonlyMap<string, SipUser>;
  readonly minExpiresSeconds: number;
  readonly maxExpiresSeconds: number;
  readonly defaultExpiresSeconds: number;
  readonly maxContacts: number;
  /** pn-providers we can push to (RFC 8599 §4.1.1). */
  readonly pushProviders: readonly string[];
  readonly earlyDialogs: 'forked' | 'single';
  readonly maxCalls: number;
  readonly maxForks: number;
  /** What a session timer is set to where nobody asked for one; 0: none is. */
  readonly sessionExpiresSeconds: number;
  readonly minSessionExpiresSeconds: number;
  /** How often a party without session timer is asked whether it is there; 0: never. */
  readonly aliveCheckMs: number;
  /** Whether a REFER is carried out here or passed on. */
  readonly transfer: 'local' | 'relay';
  /** A server that has said nothing for so long is given up for the next one, if there is one. */
  readonly failoverMs: number;
  /** Whose media passes through here. */
  readonly anchor: MediaConfig['anchor'];
  readonly trunks: ReadonlyMap<string, TrunkConfig>;
  readonly numbers: readonly NumberRule[];
  /** Star codes, longest first. */
  readonly codes: readonly string[];
  /** undefined: nothing can be picked up. */
  readonly pickup: PickupSettings | undefined;
  /** Numbers and names of the service's own, to the menus behind them. */
  readonly menus: ReadonlyMap<string, string>;
}

/** Who may take whose calls, and by which codes. */
export interface PickupSettings extends Omit<PickupConfig, 'groups'> {
  readonly reach: PickupReach;
}

export interface SipUser {
  readonly password: string;
  readonly displayName: string | undefined;
  readonly push: { readonly provider: string; readonly prid: string; readonly param: string };
  /** Left out: reached by name alone, not allowed outside, diverts nothing. */
  readonly routing?: UserRouting;
  readonly forwarding?: Forwarding;
}
