/** What becomes of the devices that a call rings. */
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { Findings } from './findings.ts';
import { type Follower, isOver, type Ledger, ledgerOf, peerOf, type SeenCall, type SeenLeg } from './ledger.ts';

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
    if (call.decision === '') return;
    const { nowMs } = this.#ledger.ear;
    this.findings.add({ atMs: nowMs, callId, ...peerOf(fork), what: `a new INVITE after its call was ${call.decision}` });
  }
}

/** RFC 3261 §16.7, §16.10: an answer or a CANCEL ends the search. */
export const noLateFork: Invariant = {
  name: 'no late fork',
  says: 'No device gets a new INVITE or a push for a call that has been answered, refused or cancelled.',
  watch: (world: ServiceWorld): Watch => watchOf(new LateForks(ledgerOf(world)).findings),
};
