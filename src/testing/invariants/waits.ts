/** How long anybody waits. */
import { SIXTY_FOUR_T1_MS } from '../../../machines/vocabulary/time.ts';
import type { Taking } from '../../engine/journal.ts';
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import type { Hearer } from './ear.ts';
import { Fading } from './fading.ts';
import { type Finding, Findings } from './findings.ts';
import { type Follower, type Ledger, ledgerOf, peerOf, type SeenCall, type SeenLeg } from './ledger.ts';

/** A reliable provisional keeps the answer behind it back until its PRACK is here, or has not come (RFC 3262 §3). */
const SLACK_MS = SIXTY_FOUR_T1_MS + 1_000;
const LOOKED_AT_EACH_MS = 60_000;

class Waits implements Hearer, Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;
  readonly #ringLimitMs: number;
  /** Until when each call may go without a final answer. */
  readonly #dueMs = new Map<string, number>();
  readonly #open = new Fading<SeenCall>(LOOKED_AT_EACH_MS, (call, atMs) => this.#isDone(call, atMs));
  readonly #ringing: Fading<SeenLeg>;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    this.#ringLimitMs = ledger.ear.world.service.config.calls.ringLimitMs;
    this.#ringing = new Fading<SeenLeg>(this.#ringLimitMs + 1, (fork, atMs) => this.#isSilenced(fork, atMs));
    ledger.follow(this);
    ledger.ear.hear(this);
  }

  message(): void {
    this.#sweep();
  }

  taken({ kind, entry, refused }: Taking): void {
    this.#sweep();
    if (entry.type === 'call.keepOpen' && kind === 'command' && refused === undefined) {
      const { to, forMs, at } = entry as unknown as { to: string; forMs: number; at: number };
      this.#extend(to, at + forMs);
    } else if (kind === 'fact' && (entry.type === 'invite.received' || entry.type === 'fork.started')) {
      const { call: id, at, leg } = entry as unknown as { call: string; at: number; leg: string };
      const isFork = entry.type === 'fork.started';
      this.#extend(id, isFork ? at + this.#ringLimitMs : at);
      const call = this.#ledger.call(id);
      const fork = this.#ledger.legAt(leg);
      if (isFork && fork !== undefined) this.#ringing.set(leg, fork, at);
      else if (call?.caller !== undefined) this.#open.set(id, call, at);
    }
  }

  closed(call: SeenCall): void {
    this.#dueMs.delete(call.id);
  }

  restarted(): void {
    this.#dueMs.clear();
    this.#open.clear();
    this.#ringing.clear();
  }

  /** Who waits for too long now. */
  tooLong(): readonly string[] {
    const found = new Findings(this.#ledger.ear.world);
    for (const call of this.#open.values()) {
      const finding = this.#fault(call, this.#ledger.ear.nowMs);
      if (finding !== undefined) found.add(finding);
    }
    return found.lines;
  }

  #sweep(): void {
    const { nowMs } = this.#ledger.ear;
    this.#open.sweep(nowMs);
    this.#ringing.sweep(nowMs);
  }

  #extend(call: string, untilMs: number): void {
    this.#dueMs.set(call, Math.max(this.#dueMs.get(call) ?? 0, untilMs));
  }

  #isDone(call: SeenCall, atMs: number): boolean {
    const finding = this.#fault(call, atMs);
    if (finding !== undefined) this.findings.add(finding);
    return call.decision !== '' || finding !== undefined;
  }

  #fault({ id, decision, caller }: SeenCall, atMs: number): Finding | undefined {
    const dueMs = this.#dueMs.get(id);
    if (decision !== '' || caller === undefined || dueMs === undefined || atMs <= dueMs + SLACK_MS) return undefined;
    if (caller.door === undefined || !this.#ledger.ear.isWithinReach(caller.door)) return undefined;
    const what = `no final answer, though the last that ${id} could wait for was over at ${(dueMs / 1000).toFixed(3)} s`;
    return { atMs, callId: caller.callId, ...peerOf(caller), what };
  }

  #isSilenced(fork: SeenLeg, atMs: number): boolean {
    const { final, hasProvisional, cancelledMs, isMoved, callId, door } = fork;
    if (final > 0 || !hasProvisional || cancelledMs < Number.POSITIVE_INFINITY || isMoved) return true;
    if (door !== undefined && this.#ledger.ear.isWithinReach(door))
      this.findings.add({ atMs, callId, ...peerOf(fork), what: `it rings for longer than ${this.#ringLimitMs / 1000} s` });
    return true;
  }
}

/** RFC 3261 §16.6 step 11, and the limits of the config. */
export const everyWaitEnds: Invariant = {
  name: 'every wait ends',
  says: 'No device rings longer than the ring limit, and a caller has its final answer when the last ring limit and the last keeping open of its call are over.',
  watch(world: ServiceWorld): Watch {
    const waits = new Waits(ledgerOf(world));
    const broken = (): readonly string[] => [...waits.findings.lines, ...waits.tooLong()];
    return { broken, brokenAtRest: broken };
  },
};
