/** How what answers an INVITE is acknowledged. */
import { SIXTY_FOUR_T1_MS } from '../../../machines/vocabulary/time.ts';
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { type Ear, earOf, type Hearer } from './ear.ts';
import { Fading } from './fading.ts';
import { type Finding, Findings } from './findings.ts';
import { dialogOf, endsDialog, type Invited, isForgotten, type Sighting } from './sighting.ts';

interface Owed {
  readonly answer: Sighting;
  readonly dialog: string;
  isAcknowledged: boolean;
  /** A repetition of a 2xx that was acknowledged waits for the same ACK. */
  isOwedAgain: boolean;
}

interface Open extends Invited {
  hasProvisional: boolean;
  cancelledMs: number;
  /** Where it went, if it opened a dialog. */
  readonly door: Sighting | undefined;
  isOver: boolean;
}

const NEW = { hasProvisional: false, cancelledMs: Number.POSITIVE_INFINITY, isOver: false };
/** No INVITE waits so long for its answer. */
const FORGOTTEN_MS = 3_600_000;
/** RFC 3261 §13.3.1.4: 64*T1 on the caller's side, then BYE; the other side may wait twice as long for ours. */
const ACK_LIMIT_MS = 66_000;

const keyOf = ({ callId, cseq, fromTag, toTag }: Sighting): string => `${callId} ${cseq} ${fromTag} ${toTag}`;

class Acknowledgements implements Hearer {
  readonly findings: Findings;
  readonly #ear: Ear;
  readonly #owed = new Fading<Owed>(ACK_LIMIT_MS, (owed) => {
    this.#judge(owed);
    return true;
  });
  readonly #ended = new Fading<true>(2 * ACK_LIMIT_MS);
  /** Our INVITEs, by branch: what answers none of them is nobody's. */
  readonly #invites = new Fading<Open>(
    ACK_LIMIT_MS,
    ({ isOver, invitedMs }, nowMs) => isOver || nowMs - invitedMs > FORGOTTEN_MS,
  );

  constructor(ear: Ear) {
    this.#ear = ear;
    this.findings = new Findings(ear.world);
    ear.hear(this);
  }

  message(sighting: Sighting): void {
    this.#owed.sweep(sighting.atMs);
    this.#ended.sweep(sighting.atMs);
    this.#invites.sweep(sighting.atMs);
    const { method } = sighting;
    if (method === 'INVITE') this.#invited(sighting);
    else if (method === 'CANCEL') this.#cancelled(sighting);
    else if (method === 'ACK') this.#acknowledged(sighting);
    else if (endsDialog(sighting)) this.#ended.set(dialogOf(sighting), true, sighting.atMs);
  }

  restarted(): void {
    this.#owed.clear();
    this.#ended.clear();
    this.#invites.clear();
  }

  unacknowledged(): readonly string[] {
    const found = new Findings(this.#ear.world);
    for (const owed of this.#owed.values()) {
      const finding = this.#fault(owed);
      if (finding !== undefined) found.add(finding);
    }
    return found.lines;
  }

  #invited(sighting: Sighting): void {
    const { status, isIn, branch, atMs } = sighting;
    if (status === 0) {
      if (!isIn && this.#invites.get(branch) === undefined)
        this.#invites.set(branch, { ...NEW, invitedMs: atMs, door: sighting.toTag === '' ? sighting : undefined }, atMs);
      return;
    }
    const ours = isIn ? this.#invites.get(branch) : undefined;
    if (isIn && (ours === undefined || this.#isGone(ours, atMs))) return;
    if (ours !== undefined) {
      ours.hasProvisional = true;
      ours.isOver ||= status >= 200;
    }
    if (status >= 200 && status < 300) this.#answered(sighting);
  }

  /** Its transaction is: a 2xx to one that opens a dialog cannot be told from a stranger's then. */
  #isGone(invited: Open, atMs: number): boolean {
    if (invited.isOver) return false;
    return isForgotten(invited, atMs) || (invited.door !== undefined && !this.#ear.isWithinReach(invited.door));
  }

  #cancelled({ status, isIn, branch, atMs }: Sighting): void {
    const ours = status === 0 && !isIn ? this.#invites.get(branch) : undefined;
    if (ours !== undefined && !ours.isOver) ours.cancelledMs = Math.min(ours.cancelledMs, atMs);
  }

  #answered(answer: Sighting): void {
    const key = keyOf(answer);
    const known = this.#owed.get(key);
    if (known === undefined) {
      const owed = { answer, dialog: dialogOf(answer), isAcknowledged: false, isOwedAgain: false };
      this.#owed.set(key, owed, answer.atMs);
    } else if (answer.isIn && known.isAcknowledged && answer.atMs <= known.answer.atMs + SIXTY_FOUR_T1_MS) {
      // RFC 6026 §7.2, Timer M: later ones are nobody's.
      known.isOwedAgain = true;
      this.#ear.after(() => this.#repeated(known, answer));
    }
  }

  #acknowledged(ack: Sighting): void {
    const owed = this.#owed.get(keyOf(ack));
    if (owed === undefined || owed.answer.isIn === ack.isIn) return;
    owed.isAcknowledged = true;
    owed.isOwedAgain = false;
  }

  /** RFC 3261 §13.2.2.4: an ACK for each 2xx that arrives, while there is a session. */
  #repeated(owed: Owed, { atMs, callId, peer, status }: Sighting): void {
    if (!owed.isOwedAgain || this.#ended.get(owed.dialog) === true) return;
    owed.isOwedAgain = false;
    this.findings.add({ atMs, callId, peer, what: `this repeated ${status} got no ACK` });
  }

  #judge(owed: Owed): void {
    const finding = this.#fault(owed);
    if (finding !== undefined) this.findings.add(finding);
  }

  #fault({ answer, dialog, isAcknowledged }: Owed): Finding | undefined {
    if (isAcknowledged || this.#ended.get(dialog) === true || !this.#ear.isWithinReach(answer)) return undefined;
    const { atMs, callId, peer, status, isIn } = answer;
    return { atMs, callId, peer, what: `${status} that ${isIn ? 'came' : 'left'} had neither ACK nor BYE` };
  }
}

/** RFC 3261 §13.2.2.4, §13.3.1.4. */
export const every2xxAcknowledged: Invariant = {
  name: 'every 2xx acknowledged',
  says: 'Every 2xx to an INVITE, a loser’s and a repeated one too, has its ACK, or its dialog is ended by BYE.',
  watch(world: ServiceWorld): Watch {
    const acks = new Acknowledgements(earOf(world));
    return {
      broken: () => acks.findings.lines,
      brokenAtRest: () => [...acks.findings.lines, ...acks.unacknowledged()],
    };
  },
};
