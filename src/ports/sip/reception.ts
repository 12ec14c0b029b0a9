/** Who sent an admitted request, and where it leads. */

import { NO_FORWARDING, NO_PUSH } from '../../../machines/vocabulary/binding.ts';
import type { SipRequest } from '../../sip/message.ts';
import { unquoted } from '../../sip/name-addr.ts';
import { aorOf, parseUri } from '../../sip/uri.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import type { Admitted } from './admission.ts';
import type { Destination, DialPlan } from './dial-plan.ts';
import { Domains } from './domains.ts';
import type { Goal } from './goal.ts';
import type { PickupCodes } from './pickup-codes.ts';
import type { Published } from './published.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import type { SipSettings } from './settings.ts';
import { codeIn } from './star-codes.ts';
import type { Transfers } from './transfer.ts';
import { numbersDialled } from './trunks.ts';

/** A call that rings nobody by itself. */
const NOBODY = { accountPush: NO_PUSH, rings: [], forwarding: NO_FORWARDING, isDirect: true, continues: '' };

/** What calls of others are taken by. */
export interface ByPickup {
  readonly codes?: PickupCodes;
  readonly published?: Published;
}

export class Reception {
  readonly #settings: SipSettings;
  readonly #domains: Domains;
  readonly #dialPlan: DialPlan;
  readonly #transfers: Transfers;
  readonly #pickups: PickupCodes | undefined;
  readonly #published: Published | undefined;

  constructor(settings: SipSettings, domains: Domains, dialPlan: DialPlan, transfers: Transfers, byPickup: ByPickup = {}) {
    this.#settings = settings;
    this.#domains = domains;
    this.#dialPlan = dialPlan;
    this.#transfers = transfers;
    this.#pickups = byPickup.codes;
    this.#published = byPickup.published;
  }

  #destinationOf(request: SipRequest, admitted: Admitted): Destination | Refusal {
    const { trunk, uri } = admitted;
    if (trunk === undefined) return this.#dialPlan.resolve(uri, this.aorOf(admitted));
    if (trunk.isFull && request.method === 'INVITE') return refusal(503, 'All Lines Of The Trunk Are Taken');
    return this.#dialPlan.inbound(numbersDialled(request, uri, trunk), trunk.config.inboundTo);
  }

  /** Where nobody is asked who he is, nobody is told less for it. */
  isStranger({ user, trunk }: Admitted): boolean {
    return user === '' && trunk === undefined && this.#settings.auth !== 'none';
  }

  /** Where a request leads: to the party whose call it replaces, whatever its Request-URI says, else where the dial plan says. */
  goalOf({ request, flow }: ServerTransaction, admitted: Admitted): Goal | Refusal {
    const lines = request.headers.get('replaces');
    if (lines !== undefined)
      return (
        this.#published?.goalOf(lines, this.userOf(request, admitted) ?? '') ??
        this.#transfers.replacing(lines, this.aorOf(admitted), flow.remote.host)
      );
    const dialled = request.method === 'INVITE' ? this.#codeOf(request, admitted) : undefined;
    if (dialled !== undefined) return dialled;
    const destination = this.#destinationOf(request, admitted);
    return isRefusal(destination) ? destination : { ...destination, isDirect: false, continues: '' };
  }

  /** A star code is for users of ours alone. */
  #codeOf(request: SipRequest, admitted: Admitted): Goal | Refusal | undefined {
    const { uri, user, trunk } = admitted;
    const { codes, auth } = this.#settings;
    if (codes.length === 0 && this.#pickups === undefined) return undefined;
    if (trunk !== undefined || (user === '' && auth !== 'none') || !this.#dialPlan.isOurs(uri)) return undefined;
    const found = this.#pickups?.read(uri, this.userOf(request, admitted)) ?? codeIn(codes, uri);
    if (found === undefined || isRefusal(found)) return found;
    // What stands behind the code may be a secret, and who is called is shown to watchers.
    const code = { ...uri, user: found.code.replaceAll('#', '%23') };
    return { ...NOBODY, ...found, callee: this.#domains.aorOf(code) ?? aorOf(code) };
  }

  /** Who watches or picks up; where nobody is asked who he is, everybody is who he says. */
  userOf({ from }: SipRequest, admitted: Admitted): string | undefined {
    if (admitted.user !== '') return this.aorOf(admitted);
    if (this.#settings.auth !== 'none') return undefined;
    const claimed = parseUri(from.uri);
    return claimed && this.#dialPlan.aorOf(claimed);
  }

  /** Whose permissions count: the authenticated user's. */
  aorOf({ user }: Admitted): string {
    return user === '' ? '' : this.#domains.aorOfUser(user);
  }

  /** Who calls, as it is shown; a user of ours by the address of record, and by the configured name where the phone sends none. */
  callerOf({ from }: SipRequest, admitted: Admitted): { uri: string; name: string } {
    const parsed = parseUri(from.uri);
    if (parsed === undefined) return { uri: from.uri, name: unquoted(from.name) };
    const aor = this.aorOf(admitted) || this.#domains.aorOf(parsed);
    const user = aor === undefined ? undefined : this.#settings.users.get(Domains.userOf(aor));
    return { uri: aor ?? aorOf(parsed), name: unquoted(from.name) || (user?.displayName ?? '') };
  }
}
