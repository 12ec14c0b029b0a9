/** Where a dialled URI leads: to a user of ours, or outside. */
import type { PushTarget, Ring } from '../../../machines/vocabulary/binding.ts';
import { NO_PUSH } from '../../../machines/vocabulary/binding.ts';
import type { SipUri } from '../../sip/uri.ts';
import { Domains } from './domains.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { SipSettings } from './settings.ts';

export interface Destination {
  /** Address of record of a user of ours, else the URI of what is dialled outside. */
  readonly callee: string;
  /** How the callee's account is woken that has no binding. */
  readonly accountPush: PushTarget;
  /** What to ring beside the callee's bindings. */
  readonly rings: readonly Ring[];
}

export class DialPlan {
  readonly #settings: SipSettings;
  readonly #domains: Domains;

  constructor(settings: SipSettings, domains: Domains) {
    this.#settings = settings;
    this.#domains = domains;
  }

  /** `by` is the address of record of the user whose permissions count; empty for strangers. */
  resolve(uri: SipUri, _by: string): Destination | Refusal {
    const aor = this.#domains.aorOf(uri);
    if (aor === undefined)
      return uri.user === undefined ? refusal(404, 'Whom Do You Call') : refusal(403, 'Not A Domain Of Ours');
    if (!this.isUser(aor)) return refusal(404, 'No Such User');
    return { callee: aor, accountPush: this.#settings.users.get(Domains.userOf(aor))?.push ?? NO_PUSH, rings: [] };
  }

  /** Where nobody is asked and nobody is listed, everybody is a user. */
  isUser(aor: string): boolean {
    const { auth, users } = this.#settings;
    return users.has(Domains.userOf(aor)) || (auth === 'none' && users.size === 0);
  }
}
