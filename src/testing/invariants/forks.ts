/** What becomes of the devices that a call rings. */
import type { Taking } from '../../engine/journal.ts';
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { valuesOf } from '../phone-message.ts';
import type { Hearer } from './ear.ts';
import { Findings } from './findings.ts';
import { type Follower, isOver, type Ledger, ledgerOf, peerOf, type SeenCall, type SeenLeg } from './ledger.ts';
import type { Sighting } from './sighting.ts';

const watchOf = (findings: Findings): Watch => ({ broken: () => findings.lines, brokenAtRest: () => findings.lines });

/** Connected: answered, and its talk was not ended. */
const isTalking = ({ dialogs, isMoved }: SeenLeg): boolean => !isMoved && dialogs.some(({ isEnded }) => !isEnded);

/** Why a fork of a decided call still goes on; undefined if it does not. */
function whyOpen(fork: SeenLeg): string | undefined {
  if (fork.isMoved) return undefined;
  if (fork.final === 0 && fork.hasProvisional && fork.cancelledMs === Number.POSITIVE_INFINITY)
    return 'it still rings, without a CANCEL';
  if (fork.call.decision !== 'answered' || isOver(fork.call)) {
    if (isTalking(fork)) return 'it still talks, without a BYE';
  }
  return undefined;
}

class Outlived implements Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.follow(this);
  }

  decided(call: SeenCall): void {
    if (call.forks.length > 0) this.#ledger.ear.after(() => this.#judge(call));
  }

  answered(fork: SeenLeg): void {
    if (fork.call.decision !== '') this.#ledger.ear.after(() => this.#judge(fork.call));
  }

  #judge(call: SeenCall): void {
    // Its connection broke, the 2xx went nowhere, and the CANCEL came by another one: the 2xx stands for 64*T1 (RFC 3261 §9.2, §13.3.1.4).
    const asked = call.decision === 'cancelled' ? call.caller?.door : undefined;
    if (asked !== undefined && !this.#ledger.ear.isWithinReach(asked)) return;
    for (const fork of call.forks) {
      const why = whyOpen(fork);
      // A CANCEL goes the way of its INVITE (RFC 3261 §9.1), a BYE to where the party was heard last.
      const door = fork.final === 0 ? fork.door : (fork.heardAt ?? fork.door);
      if (why === undefined || door === undefined || !this.#ledger.ear.isWithinReach(door)) continue;
      const what = `the call is ${call.decision === 'answered' ? 'over' : call.decision}, but this fork is not: ${why}`;
      this.findings.add({ atMs: this.#ledger.ear.nowMs, callId: fork.callId, peer: door.peer, what });
    }
  }
}

/** RFC 3261 §16.7 step 10, §15: whoever does not talk is cancelled or hung up, at once. */
export const noForkOutlives: Invariant = {
  name: 'no fork outlives its call',
  says: 'Once a call is answered, refused or cancelled, every other device that rings is cancelled at once, and one that answered is hung up with it.',
  watch: (world: ServiceWorld): Watch => watchOf(new Outlived(ledgerOf(world)).findings),
};

class Talkers implements Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.follow(this);
  }

  answered({ call, final }: SeenLeg): void {
    if (final < 300 && call.forks.length > 1 && talkers(call).length > 1) this.#ledger.ear.after(() => this.#judge(call));
  }

  #judge(call: SeenCall): void {
    const [first, ...others] = talkers(call);
    for (const fork of first === undefined ? [] : others) {
      const what = `answered ${call.id}, which ${first?.callId} answered too, and was not hung up`;
      this.findings.add({ atMs: this.#ledger.ear.nowMs, callId: fork.callId, ...peerOf(fork), what });
    }
  }
}

const talkers = (call: SeenCall): SeenLeg[] => call.forks.filter(isTalking);

/** RFC 3261 §13.2.2.4: of several 2xx all but one are acknowledged and ended. */
export const oneDeviceTalks: Invariant = {
  name: 'one device talks',
  says: 'Two devices are never connected to one caller: the second 2xx has ACK and BYE at once.',
  watch: (world: ServiceWorld): Watch => watchOf(new Talkers(ledgerOf(world)).findings),
};

class LateForks implements Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.follow(this);
    ledger.ear.hear({
      pushed: ({ atMs, request }) => {
        const call = ledger.callOf(request.callId);
        if (request.kind !== 'incoming-call' || call === undefined || call.decision === '') return;
        this.findings.add({ atMs, callId: request.callId, what: `a push to ${request.aor} after its call was ${call.decision}` });
      },
    });
  }

  invited(fork: SeenLeg): void {
    const { call, callId } = fork;
    const { nowMs } = this.#ledger.ear;
    // Nobody outside can tell which of the two came first.
    const crossesCancel = call.decision === 'cancelled' && call.caller?.cancelledMs === nowMs;
    if (call.decision === '' || crossesCancel) return;
    this.findings.add({ atMs: nowMs, callId, ...peerOf(fork), what: `a new INVITE after its call was ${call.decision}` });
  }
}

/** RFC 3261 §16.7, §16.10: an answer or a CANCEL ends the search. */
export const noLateFork: Invariant = {
  name: 'no late fork',
  says: 'No device gets a new INVITE or a push for a call that has been answered, refused or cancelled.',
  watch: (world: ServiceWorld): Watch => watchOf(new LateForks(ledgerOf(world)).findings),
};

/** RFC 3326: a phone shows no missed call then. */
const isElsewhere = ({ message }: Sighting): boolean =>
  valuesOf(message, 'reason').some((why) => /\bcause\s*=\s*200\b/.test(why));

class Missed implements Hearer {
  readonly findings: Findings;
  readonly #ledger: Ledger;
  /** When a call went to somebody else, so that those who rang are told. */
  readonly #divertedMs = new WeakMap<SeenCall, number>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.ear.hear(this);
  }

  taken({ entry: { type, at }, entry }: Taking): void {
    if (type !== 'call.diverted') return;
    const call = this.#ledger.call(String((entry as { readonly call?: string }).call));
    if (call !== undefined) this.#divertedMs.set(call, at);
  }

  message(sighting: Sighting): void {
    const { isIn, status, method, atMs, callId, peer } = sighting;
    if (method !== 'CANCEL' || status !== 0 || !isElsewhere(sighting)) return;
    const call = this.#ledger.legOf(sighting)?.call;
    if (call === undefined) return;
    // A caller, such as a proxy that rang others too, may say so itself.
    if (isIn) this.#divertedMs.set(call, Number.POSITIVE_INFINITY);
    else if (call.decision === 'cancelled' && (this.#divertedMs.get(call) ?? Number.NEGATIVE_INFINITY) < atMs)
      this.findings.add({ atMs, callId, peer, what: 'its caller gave up, and it hears that the call was completed elsewhere' });
  }
}

/** RFC 3326 §1, §2. */
export const missedStaysMissed: Invariant = {
  name: 'missed stays missed',
  says: 'No device is cancelled as completed elsewhere whose caller gave up, unless the caller says so.',
  watch: (world: ServiceWorld): Watch => watchOf(new Missed(ledgerOf(world)).findings),
};
