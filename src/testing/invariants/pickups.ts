/** Users who take calls that ring for others. */
import type { Taking } from '../../engine/journal.ts';
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { valuesOf } from '../phone-message.ts';
import type { Hearer } from './ear.ts';
import { Fading } from './fading.ts';
import { Findings } from './findings.ts';
import { type Follower, type Ledger, ledgerOf, peerOf, type SeenCall } from './ledger.ts';
import type { Sighting } from './sighting.ts';

/** One try to pick a call up, as its case tells of it. */
interface Try {
  readonly case: string;
  readonly call: string;
  readonly picker: string;
  readonly pickerCall: string;
  /** The call goes to the picker's phones once it is won, and may go on from there. */
  readonly isCallback: boolean;
  /** When it was begun and won, in the order in which things happen. */
  readonly beganSeq: number;
  wonSeq: number;
  outcome: '' | 'won' | 'lost';
}

type Fact = Taking['entry'] & {
  readonly call: string;
  readonly picker: string;
  readonly pickerCall: string;
  readonly answeredBy: string;
  readonly device: string;
  readonly status: number;
  readonly case: string;
  readonly address: string;
  readonly how: string;
  readonly form: string;
  readonly mode: string;
};

/** What is told of one call that users want to take. */
interface Wanted {
  readonly tries: Try[];
  /** Who has it: the picker of the case that said so. */
  winner: Try | undefined;
  /** Address of record of whose device answered, once one did. */
  answeredBy: string | undefined;
  /** When its phones were given up for others. */
  divertedMs: number;
}

/** Of the picker himself, or his phone: the others ring on. */
const isPickersOwn = (status: number): boolean => status >= 300 && ![480, 486, 487].includes(status);

class Pickups implements Hearer, Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;
  readonly #wanted = new Map<string, Wanted>();
  /** Calls of pickers who want to be called back. */
  readonly #callbacks = new Set<string>();
  /** By case. */
  readonly #open = new Map<string, Try>();
  /** Joins that were neither won nor lost, by case and call. */
  readonly #joins = new Map<string, number>();
  /** Calls of pickers who have not got what they wanted. */
  readonly #losers = new Map<string, Try>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.follow(this);
    ledger.ear.hear(this);
  }

  taken({ kind, entry, refused }: Taking): void {
    const fact = entry as Fact;
    if (kind === 'command') {
      if (entry.type === 'call.join' && refused === undefined) this.#joined(entry.by, String((entry as { to?: string }).to));
      return;
    }
    if (entry.type.startsWith('pickup.')) this.#pickup(fact);
    else if (entry.type === 'join.won' || entry.type === 'join.lost') this.#told(fact);
    else if (entry.type === 'call.answered') this.#answered(fact);
    else if (entry.type === 'actor.ended') this.#gone(fact);
    else if (entry.type === 'call.diverted' || entry.type === 'callee.dropped') {
      const wanted = this.#wanted.get(fact.call);
      if (wanted !== undefined) wanted.divertedMs = fact.at;
    }
  }

  #pickup(fact: Fact): void {
    if (fact.type === 'pickup.began') this.#began(fact);
    else if (fact.type === 'pickup.won') this.#won(fact);
    else if (fact.type === 'pickup.lost') this.#lost(fact);
    else if (fact.mode === 'callback' && fact.call !== '') this.#callbacks.add(fact.call);
  }

  message(sighting: Sighting): void {
    const { method, isIn, status, atMs, callId, message } = sighting;
    if (method !== 'BYE' || isIn || status !== 0 || this.#losers.size === 0) return;
    const leg = this.#ledger.legOf(sighting);
    if (leg === undefined || !leg.isCaller || !this.#losers.has(leg.call.id)) return;
    if (valuesOf(message, 'reason').length === 0)
      this.findings.add({ atMs, callId, ...peerOf(leg), what: 'a picker who has not got the call hears BYE without a Reason' });
  }

  closed(call: SeenCall): void {
    this.#judgePicker(call);
    this.#wanted.delete(call.id);
    this.#losers.delete(call.id);
    this.#callbacks.delete(call.id);
  }

  restarted(): void {
    for (const known of [this.#wanted, this.#open, this.#joins, this.#losers, this.#callbacks]) known.clear();
  }

  /** What must be over when all is quiet. */
  unfinished(): readonly string[] {
    const found = new Findings(this.#ledger.ear.world);
    const { nowMs: atMs } = this.#ledger.ear;
    for (const { case: one, picker, call } of this.#open.values())
      found.add({ atMs, what: `${one}: nobody told whether ${picker} has ${call}` });
    for (const key of this.#joins.keys()) found.add({ atMs, what: `${key}: the join was neither won nor lost` });
    return found.lines;
  }

  #of(call: string): Wanted {
    const known = this.#wanted.get(call);
    if (known !== undefined) return known;
    const wanted = { tries: [], winner: undefined, answeredBy: undefined, divertedMs: Number.NEGATIVE_INFINITY };
    if (this.#ledger.call(call) !== undefined) this.#wanted.set(call, wanted);
    return wanted;
  }

  /** A call ends: whoever was to be joined to it has heard what became of that. What failed tells nothing more. */
  #gone({ address, how, at: atMs }: Fact): void {
    if (how === 'failed') this.#open.delete(address);
    for (const key of this.#joins.keys()) {
      if (!key.endsWith(` ${address}`)) continue;
      this.#joins.delete(key);
      if (how !== 'failed') this.findings.add({ atMs, what: `${key}: the join was neither won nor lost` });
    }
  }

  #tryOf({ by, call, picker, pickerCall, seq }: Fact): Try {
    const isCallback = this.#callbacks.has(pickerCall);
    return { case: by, call, picker, pickerCall, isCallback, beganSeq: seq, wonSeq: 0, outcome: '' };
  }

  #began(fact: Fact): void {
    const { by, at: atMs, call } = fact;
    if (this.#open.has(by)) this.findings.add({ atMs, what: `${by} began twice` });
    const one = this.#tryOf(fact);
    this.#open.set(by, one);
    this.#of(call).tries.push(one);
  }

  /** A case that never began has no call to take. */
  #ended(fact: Fact, outcome: 'won' | 'lost'): Try | undefined {
    const { by, at: atMs, call, picker } = fact;
    const known = this.#open.get(by) ?? this.#wanted.get(call)?.tries.find((one) => one.case === by);
    if (known !== undefined && known.outcome !== '') {
      this.findings.add({ atMs, what: `${by} told that ${picker} has ${outcome} ${call} after it told ${known.outcome}` });
      return undefined;
    }
    const one = known ?? this.#tryOf(fact);
    one.outcome = outcome;
    this.#open.delete(by);
    return one;
  }

  #won(fact: Fact): void {
    const { at: atMs, call, by, picker } = fact;
    const one = this.#ended(fact, 'won');
    if (one === undefined) return;
    if (call === '') this.findings.add({ atMs, what: `${by}: ${picker} has won no call at all` });
    const wanted = this.#of(call);
    const { winner, answeredBy } = wanted;
    one.wonSeq = fact.seq;
    // Who is called back may be picked up in turn, but not by a try that was there before; one picker may try in several ways.
    if (winner !== undefined && winner.picker !== picker && !(winner.isCallback && one.beganSeq > winner.wonSeq))
      this.findings.add({ atMs, what: `${picker} has won ${call}, which ${winner.picker} had won` });
    wanted.winner = one;
    if (answeredBy !== undefined && answeredBy !== picker)
      this.findings.add({ atMs, what: `${picker} has won ${call}, which ${answeredBy} answered` });
    this.#ledger.ear.after(() => {
      if (!one.isCallback && this.#ledger.call(call)?.decision === 'refused')
        this.findings.add({ atMs, what: `${picker} has won ${call}, whose caller was refused` });
    });
  }

  #lost(fact: Fact): void {
    const { at: atMs, call, status, picker } = fact;
    const one = this.#ended(fact, 'lost');
    if (one === undefined) return;
    if (status < 300) this.findings.add({ atMs, what: `${picker} has lost ${call} with status ${status}` });
    if (one.pickerCall !== '') this.#losers.set(one.pickerCall, one);
    if (isPickersOwn(status)) this.#ringsOn(call, `${picker} could not take it (${status})`);
  }

  #answered({ call, answeredBy, device, at: atMs }: Fact): void {
    const wanted = this.#wanted.get(call);
    // What the service itself answers may still be taken by anybody.
    if (wanted === undefined || device === '') return;
    wanted.answeredBy = answeredBy;
    const { winner } = wanted;
    if (winner !== undefined && !winner.isCallback && winner.picker !== answeredBy)
      this.findings.add({ atMs, what: `${answeredBy} answered ${call}, which ${winner.picker} had won` });
  }

  #joined(by: string, call: string): void {
    const key = `${by} ${call}`;
    this.#joins.set(key, (this.#joins.get(key) ?? 0) + 1);
  }

  #told({ case: one, call, type, at: atMs }: Fact): void {
    const key = `${one} ${call}`;
    const open = this.#joins.get(key) ?? 0;
    if (open === 0)
      this.findings.add({ atMs, what: `${type} of ${call} to ${one}, whose join was told of, or that asked for none` });
    else if (open === 1) this.#joins.delete(key);
    else this.#joins.set(key, open - 1);
  }

  /** The phones that rang when somebody failed to take their call ring on. */
  #ringsOn(id: string, why: string): void {
    const call = this.#ledger.call(id);
    if (call === undefined || call.decision !== '') return;
    const { nowMs: atMs } = this.#ledger.ear;
    const rang = call.forks.filter(
      ({ final, hasProvisional, cancelledMs }) => final === 0 && hasProvisional && cancelledMs === Number.POSITIVE_INFINITY,
    );
    this.#ledger.ear.after(() => {
      if (call.decision !== '' || this.#wanted.get(id)?.divertedMs === atMs) return;
      for (const fork of rang)
        if (fork.cancelledMs === atMs)
          this.findings.add({ atMs, callId: fork.callId, ...peerOf(fork), what: `${why}, and this phone was cancelled for it` });
    });
  }

  /** Long after the end: whoever was answered and has not got the call was hung up, or hung up. */
  #judgePicker({ id, caller }: SeenCall): void {
    const lost = this.#losers.get(id);
    if (lost === undefined || caller === undefined || caller.isMoved || caller.door === undefined) return;
    if (!this.#ledger.ear.isWithinReach(caller.door)) return;
    const { callId, final, dialogs } = caller;
    const { nowMs: atMs } = this.#ledger.ear;
    const tell = (what: string): void => this.findings.add({ atMs, callId, ...peerOf(caller), what });
    if (final === 0 && caller.call.decision === '') tell(`${lost.picker} has not got ${lost.call} and had no final answer`);
    if (final >= 200 && final < 300 && dialogs.some(({ isEnded }) => !isEnded))
      tell(`${lost.picker} was answered, has not got ${lost.call}, and had no BYE`);
  }
}

/** RFC 5359 §2.16; the claim is the call's own, and atomic. */
export const onePickupWins: Invariant = {
  name: 'one pickup wins',
  says: 'Of pickers, the callee’s answer, CANCEL and timeout one has the call: each try is won or lost, once; a picker who was answered and has not got the call hears BYE with a Reason, and one whose phone cannot take it leaves the others ringing.',
  watch(world: ServiceWorld): Watch {
    const pickups = new Pickups(ledgerOf(world));
    return {
      broken: () => pickups.findings.lines,
      brokenAtRest: () => [...pickups.findings.lines, ...pickups.unfinished()],
    };
  },
};

const DIALOG = /<dialog\s[^>]*>/g;
const IDENTIFIER = /\s(call-id|local-tag|remote-tag)="([^"]*)"/g;
/** Virtual dialogs are kept for some time after their call. */
const REMEMBERED_MS = 600_000;

class VirtualDialogs implements Hearer {
  readonly findings: Findings;
  readonly #ledger: Ledger;
  readonly #published = new Fading<true>(REMEMBERED_MS);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.ear.hear(this);
  }

  message(sighting: Sighting): void {
    const { atMs, isIn, status, method, callId, fromTag, toTag, peer, message } = sighting;
    this.#published.sweep(atMs);
    if (this.#published.size > 0)
      for (const id of [callId, fromTag, toTag])
        if (id !== '' && this.#published.get(id) === true)
          this.findings.add({ atMs, callId, peer, what: `${method}: what watchers know a dialog by stands on a leg: ${id}` });
    if (method === 'NOTIFY' && !isIn && status === 0 && message.body.includes('<dialog-info')) this.#publish(sighting);
  }

  restarted(): void {
    this.#published.clear();
  }

  #publish({ atMs, callId, peer, message }: Sighting): void {
    for (const [dialog] of message.body.matchAll(DIALOG))
      for (const [, name, id = ''] of dialog.matchAll(IDENTIFIER)) {
        if (name === 'call-id' && this.#ledger.callOf(id) !== undefined)
          this.findings.add({ atMs, callId, peer, what: `watchers are told the Call-ID of a leg: ${id}` });
        this.#published.set(id, true, atMs);
      }
  }
}

/** RFC 4235 §4.1 asks for identifiers; whoever knows those of a leg could end or take its call. */
export const virtualDialogs: Invariant = {
  name: 'published dialogs are virtual',
  says: 'No Call-ID or tag that a watcher of a user was told ever stands on a leg.',
  watch(world: ServiceWorld): Watch {
    const { findings } = new VirtualDialogs(ledgerOf(world));
    return { broken: () => findings.lines, brokenAtRest: () => findings.lines };
  },
};
