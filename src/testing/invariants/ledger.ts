/** Calls as they look from outside: which messages belong to which, and what has become of each leg on the wire. */
import type { Taking } from '../../engine/journal.ts';
import type { Endpoint } from '../../transport/transport.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { type Ear, earOf, type Hearer } from './ear.ts';
import { Fading } from './fading.ts';
import { endsDialog, isForgotten, type Sighting } from './sighting.ts';

/** One dialog that a 2xx opened, by the tag of who was called. */
export interface SeenDialog {
  readonly tag: string;
  isAcknowledged: boolean;
  /** A BYE went either way. */
  isEnded: boolean;
}

/** Where somebody is, by a message to or from there. */
export type SeenDoor = Pick<Sighting, 'transport' | 'peer' | 'atMs'>;

/** One side of a call: its caller, or a fork. */
export interface SeenLeg {
  readonly call: SeenCall;
  readonly address: string;
  readonly isCaller: boolean;
  readonly callId: string;
  readonly startedMs: number;
  /** Who is there; undefined until its INVITE has passed. */
  door: SeenDoor | undefined;
  /** Where it was heard last in its dialog: it may have moved to another network, and be no more where it was. */
  heardAt: SeenDoor | undefined;
  /** The highest CSeq of its requests in the dialog: what comes after a higher one was overtaken, and tells nothing new. */
  heardCseq: number;
  /** Of the INVITE that passed last, and of all: those to servers that were given up may be repeated still. */
  branch: string;
  readonly branches: string[];
  cseq: number;
  uri: string;
  /** The From tag of its INVITE: a caller's own, ours towards a fork. */
  tag: string;
  hasProvisional: boolean;
  final: number;
  invitedMs: number;
  /** When its CANCEL left, or a caller's came; infinity: it did not. */
  cancelledMs: number;
  /** Its dialog goes on in another call. */
  isMoved: boolean;
  /** Its actor has ended: requests of its party belong to no dialog any more. */
  isGone: boolean;
  readonly dialogs: SeenDialog[];
  /** The picker's leg whose dialog it goes on with (`call.join`); undefined: it has an INVITE of its own. */
  readonly adopts: SeenLeg | undefined;
  /** The fork of another call to which the party of this leg is to be joined. */
  heir: SeenLeg | undefined;
}

/** How the caller's INVITE ended. */
export type Decision = '' | 'answered' | 'refused' | 'cancelled';

export interface SeenCall {
  readonly id: string;
  /** Begins the Call-IDs of its forks and pushes. */
  readonly stem: string;
  readonly startedMs: number;
  /** Undefined where we placed the call ourselves. */
  readonly caller: SeenLeg | undefined;
  readonly forks: SeenLeg[];
  decision: Decision;
  /** The service has answered the caller itself, and may ring others for it (`call.answer` with media). */
  isAttended: boolean;
}

/** Who follows calls. A hearer of the ear hears of a message after the ledger has taken it. */
export interface Follower {
  /** The caller's INVITE has been answered for good or cancelled, or the talk is over. */
  decided?(call: SeenCall): void;
  /** A fork's INVITE leaves, or leaves again for another server or with credentials. */
  invited?(fork: SeenLeg, sighting: Sighting): void;
  /** A fork said something about its INVITE. */
  answered?(fork: SeenLeg, sighting: Sighting): void;
  /** The call has been over for so long that nothing more comes of it. */
  closed?(call: SeenCall): void;
}

/** Late 2xx and BYEs come within twice 64*T1. */
const REMEMBERED_MS = 70_000;

type Entry = Taking['entry'] & Readonly<Record<string, unknown>>;

export class Ledger implements Hearer {
  readonly ear: Ear;
  readonly #calls = new Map<string, SeenCall>();
  readonly #byStem = new Map<string, SeenCall>();
  readonly #legs = new Map<string, SeenLeg>();
  readonly #byForkId = new Map<string, SeenLeg>();
  readonly #byCaller = new Map<string, SeenLeg>();
  /** Calls of users who want to pick up another one. */
  readonly #pickers = new Set<string>();
  readonly #over = new Fading<SeenCall>(REMEMBERED_MS, (call) => {
    this.#forget(call);
    return true;
  });
  readonly #followers: Follower[] = [];
  /** Callers' INVITEs of one instant, in their order: those that the service has not refused become calls in that order. */
  #arrived: Sighting[] = [];

  constructor(ear: Ear) {
    this.ear = ear;
    ear.hear(this);
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  /** Calls that are open, or were a short while ago. */
  calls(): Iterable<SeenCall> {
    return this.#calls.values();
  }

  call(id: string): SeenCall | undefined {
    return this.#calls.get(id);
  }

  /** The call that a Call-ID of ours was made for. */
  callOf(ownCallId: string): SeenCall | undefined {
    return this.#byStem.get(ownCallId.slice(0, Math.max(ownCallId.indexOf('-'), 0)));
  }

  legAt(address: string): SeenLeg | undefined {
    return this.#legs.get(address);
  }

  legOf({ callId, isIn, status, method, fromTag, toTag }: Sighting): SeenLeg | undefined {
    const isAskedOfUs = isIn === (status === 0);
    const [ours, theirs] = isAskedOfUs ? [toTag, fromTag] : [fromTag, toTag];
    const fork = this.#byForkId.get(callId);
    // An INVITE of ours that a proxy sends back to us has our Call-ID too.
    if (fork !== undefined && (fork.tag === '' ? method === 'INVITE' && !isIn : fork.tag === ours)) return fork;
    return this.#byCaller.get(callerKey(callId, theirs));
  }

  taken({ kind, entry, refused }: Taking): void {
    if (kind !== 'fact') {
      if (entry.type === 'call.answer' && refused === undefined) this.#attended(entry as Entry);
      return;
    }
    if (entry.type === 'invite.received') this.#opened(entry as Entry);
    else if (entry.type === 'fork.started') this.#forked(entry as Entry);
    else if (entry.type === 'pickup.asked') this.#pickers.add(String((entry as Entry).call));
    else if (entry.type === 'dialog.moved') this.#moved(entry as Entry);
    else if (entry.type === 'call.answered') this.#connected(entry as Entry);
    else if (entry.type === 'actor.ended') this.#ended(entry as Entry);
  }

  message(sighting: Sighting): void {
    this.#over.sweep(sighting.atMs);
    const leg = this.legOf(sighting);
    if (leg === undefined) {
      this.#noteArrival(sighting);
      return;
    }
    if (leg.heir !== undefined && this.#joins(leg, leg.heir, sighting)) return;
    if (sighting.isIn) this.#heard(leg, sighting);
    if (sighting.method === 'BYE') {
      if (endsDialog(sighting)) this.#hungUp(leg, sighting);
    } else if (sighting.status === 0) this.#request(leg, sighting);
    else if (sighting.method === 'INVITE' && sighting.cseq === leg.cseq) this.#response(leg, sighting);
  }

  restarted(): void {
    for (const known of [this.#calls, this.#byStem, this.#legs, this.#byForkId, this.#byCaller, this.#pickers]) known.clear();
    this.#over.clear();
  }

  #noteArrival(sighting: Sighting): void {
    const { atMs, isIn, method, status, toTag, branch } = sighting;
    if (method !== 'INVITE') return;
    if (this.#arrived[0]?.atMs !== atMs) this.#arrived = [];
    if (isIn && status === 0 && toTag === '') {
      if (!this.#arrived.some((one) => one.branch === branch)) this.#arrived.push(sighting);
    } else if (!isIn && status >= 200) this.#arrived = this.#arrived.filter((one) => one.branch !== branch);
  }

  #opened({ call: id, leg: address, callIdStem: stem, transferredBy, placedBy, at }: Entry): void {
    // One that we placed, for a transfer or a scenario, has no INVITE behind it.
    const isPlaced = Boolean(transferredBy) || Boolean(placedBy);
    const arrived = isPlaced ? undefined : this.#arrived.shift();
    const invite = arrived?.atMs === at ? arrived : undefined;
    const call = { id: String(id), stem: String(stem), startedMs: at, forks: [], decision: '' as const, isAttended: false };
    const seen: { -readonly [K in keyof SeenCall]: SeenCall[K] } = { ...call, caller: undefined };
    if (invite !== undefined) seen.caller = newLeg(seen, String(address), invite.callId, at, invite);
    this.#calls.set(seen.id, seen);
    this.#byStem.set(seen.stem, seen);
    if (seen.caller === undefined) return;
    this.#legs.set(seen.caller.address, seen.caller);
    this.#byCaller.set(callerKey(seen.caller.callId, seen.caller.tag), seen.caller);
  }

  #attended({ to, media }: Entry): void {
    const call = this.#calls.get(String(to));
    if (call !== undefined && media === true) call.isAttended = true;
  }

  /** What the service itself says to the caller is no decision on whom it talks to. */
  #connected({ call: id, device }: Entry): void {
    const call = this.#calls.get(String(id));
    if (call?.isAttended !== true || device === '' || call.decision !== '') return;
    call.decision = 'answered';
    this.#decided(call);
  }

  #forked({ call: id, leg: address, callId, target, at }: Entry): void {
    const call = this.#calls.get(String(id));
    if (call === undefined) return;
    const old = this.#legs.get((target as { readonly adopts?: string } | undefined)?.adopts ?? '');
    const adopts = old !== undefined && this.#pickers.has(old.call.id) ? old : undefined;
    const leg = newLeg(call, String(address), String(callId), at, undefined, adopts);
    if (adopts !== undefined) {
      adopts.heir = leg;
      leg.door = adopts.door;
      leg.heardAt = adopts.heardAt;
    }
    call.forks.push(leg);
    this.#legs.set(leg.address, leg);
    this.#byForkId.set(leg.callId, leg);
  }

  /** A picker is asked by re-INVITE to talk to another caller, and answers. */
  #joins(old: SeenLeg, fork: SeenLeg, sighting: Sighting): boolean {
    const { method, isIn, status, toTag, branch } = sighting;
    if (method !== 'INVITE') return false;
    if (!isIn && status === 0 && toTag !== '' && (fork.final === 0 || fork.final >= 300)) {
      fork.branch = branch;
      fork.final = 0;
      return true;
    }
    if (!isIn || status < 200 || branch !== fork.branch) return false;
    if (fork.final === 0) {
      fork.final = status;
      // Its BYE may have crossed.
      const isEnded = old.dialogs.some((dialog) => dialog.isEnded);
      if (status < 300) fork.dialogs.push({ tag: '', isAcknowledged: true, isEnded });
      for (const follower of this.#followers) follower.answered?.(fork, sighting);
    }
    return true;
  }

  #moved({ leg: address }: Entry): void {
    const leg = this.#legs.get(String(address));
    if (leg !== undefined) leg.isMoved = true;
  }

  #ended({ address, at }: Entry): void {
    const call = this.#calls.get(String(address));
    if (call !== undefined) this.#over.set(call.id, call, at);
    const leg = this.#legs.get(String(address));
    if (leg !== undefined) leg.isGone = true;
  }

  /** A party is where its latest request in the dialog came from, or, where its connection had broken, its latest 2xx. */
  #heard(leg: SeenLeg, sighting: Sighting): void {
    const { status, method, toTag, cseq, transport } = sighting;
    if (status === 0) {
      if (leg.isGone || toTag === '' || method === 'ACK' || cseq <= leg.heardCseq) return;
      leg.heardCseq = cseq;
    } else if (method !== 'INVITE' || status < 200 || status >= 300 || transport === 'udp') return;
    leg.heardAt = sighting;
  }

  #request(leg: SeenLeg, sighting: Sighting): void {
    const { method, isIn, toTag, fromTag, branch, cseq, uri } = sighting;
    if (method === 'INVITE' && !isIn && !leg.isCaller && toTag === '' && !leg.branches.includes(branch)) {
      leg.branches.push(branch);
      Object.assign(leg, { ...UNANSWERED, invitedMs: sighting.atMs, branch, cseq, uri, tag: fromTag, door: sighting });
      for (const follower of this.#followers) follower.invited?.(leg, sighting);
    } else if (method === 'CANCEL' && branch === leg.branch && isIn === leg.isCaller) this.#cancelled(leg, sighting.atMs);
    else if (method === 'ACK') {
      const dialog = dialogIn(leg, sighting);
      if (dialog !== undefined) dialog.isAcknowledged = true;
    }
  }

  #hungUp(leg: SeenLeg, sighting: Sighting): void {
    const dialog = dialogIn(leg, sighting);
    if (dialog === undefined || dialog.isEnded) return;
    dialog.isEnded = true;
    for (const joined of leg.heir?.dialogs ?? []) joined.isEnded = true;
    if (!leg.isCaller) return;
    if (leg.call.isAttended && leg.call.decision === '') leg.call.decision = 'answered';
    this.#decided(leg.call);
  }

  #cancelled(leg: SeenLeg, atMs: number): void {
    leg.cancelledMs = Math.min(leg.cancelledMs, atMs);
    if (!leg.isCaller) return;
    // Our 2xx may have been lost with the connection of its INVITE, which the CANCEL comes too late for then.
    // One that crosses the service's own 2xx is none (RFC 3261 §9.2).
    if (leg.call.decision === '' && leg.final === 0 && this.#isConnected(leg)) {
      leg.call.decision = 'cancelled';
      this.#decided(leg.call);
    }
  }

  #response(leg: SeenLeg, sighting: Sighting): void {
    const { status, isIn, toTag, branch } = sighting;
    if (isIn === leg.isCaller || branch !== leg.branch) return;
    if (isIn && leg.final === 0 && (isForgotten(leg, sighting.atMs) || !this.#isConnected(leg))) return;
    if (status < 200) leg.hasProvisional = true;
    else if (leg.final === 0 || leg.final >= 300) leg.final = status;
    if (status >= 200 && status < 300 && !leg.dialogs.some(({ tag }) => tag === toTag))
      leg.dialogs.push({ tag: toTag, isAcknowledged: false, isEnded: false });
    if (!leg.isCaller) {
      for (const follower of this.#followers) follower.answered?.(leg, sighting);
    } else if (isUndecided(leg, sighting) && isDecision(leg.call, status)) {
      leg.call.decision = status < 300 ? 'answered' : 'refused';
      this.#decided(leg.call);
    }
  }

  /** Where the connection of our INVITE broke before an answer, its transaction is gone, and a 2xx on another one is nobody's. */
  #isConnected({ door }: SeenLeg): boolean {
    return door === undefined || this.ear.isWithinReach(door);
  }

  #decided(call: SeenCall): void {
    for (const follower of this.#followers) follower.decided?.(call);
  }

  #forget(call: SeenCall): void {
    for (const follower of this.#followers) follower.closed?.(call);
    this.#calls.delete(call.id);
    this.#byStem.delete(call.stem);
    this.#pickers.delete(call.id);
    for (const leg of call.forks) {
      this.#legs.delete(leg.address);
      if (this.#byForkId.get(leg.callId) === leg) this.#byForkId.delete(leg.callId);
      if (leg.adopts !== undefined && !this.#calls.has(leg.adopts.call.id)) this.#forgetCaller(leg.adopts);
    }
    const { caller } = call;
    if (caller === undefined) return;
    this.#legs.delete(caller.address);
    // What is said in its dialog is said in another call now.
    if (caller.heir === undefined || !this.#calls.has(caller.heir.call.id)) this.#forgetCaller(caller);
  }

  #forgetCaller(caller: SeenLeg): void {
    const key = callerKey(caller.callId, caller.tag);
    if (this.#byCaller.get(key) === caller) this.#byCaller.delete(key);
  }
}

/** The service's own 2xx is no answer of whom the caller talks to. */
const isDecision = ({ isAttended }: SeenCall, status: number): boolean => status >= 300 || (status >= 200 && !isAttended);

/** Of a CANCEL and a 2xx of one instant, nobody outside can tell which came first: the answer to the INVITE says it (RFC 3261 §9.1). */
const isUndecided = ({ call, cancelledMs }: SeenLeg, { atMs, status }: Sighting): boolean =>
  call.decision === '' || (call.decision === 'cancelled' && status < 300 && atMs === cancelledMs);

/** A dialog is known by the tag of who was called: ours on the caller's side, the device's on a fork's. */
function dialogIn(leg: SeenLeg, { isIn, status, fromTag, toTag }: Sighting): SeenDialog | undefined {
  const called = (isIn === (status === 0)) === leg.isCaller ? toTag : fromTag;
  return leg.dialogs.find(({ tag }) => tag === called);
}

const UNANSWERED = { hasProvisional: false, final: 0, cancelledMs: Number.POSITIVE_INFINITY };

const callerKey = (callId: string, tag: string): string => `${callId} ${tag}`;

function newLeg(
  call: SeenCall,
  address: string,
  callId: string,
  startedMs: number,
  invite: Sighting | undefined,
  adopts?: SeenLeg,
): SeenLeg {
  const state = {
    ...UNANSWERED,
    invitedMs: startedMs,
    isMoved: false,
    isGone: false,
    dialogs: [],
    heardAt: undefined,
    heardCseq: -1,
  };
  const sent = {
    branch: invite?.branch ?? '',
    branches: [],
    cseq: invite?.cseq ?? 0,
    uri: invite?.uri ?? '',
    tag: invite?.fromTag ?? '',
    door: invite,
  };
  const joins = { adopts, heir: undefined };
  return { call, address, isCaller: invite !== undefined, callId, startedMs, ...state, ...sent, ...joins };
}

/** Where a leg's party is, for a finding. */
export const peerOf = ({ door }: SeenLeg): { readonly peer: Endpoint } | object =>
  door === undefined ? {} : { peer: door.peer };

/** The talk of a call is over, or there will be none. */
export const isOver = ({ decision, caller }: SeenCall): boolean =>
  decision === 'refused' || decision === 'cancelled' || caller?.dialogs.some(({ isEnded }) => isEnded) === true;

/** The ledger of a world. */
export function ledgerOf(world: ServiceWorld): Ledger {
  const known = (world.notes.get(Ledger) as Ledger | undefined) ?? new Ledger(earOf(world));
  world.notes.set(Ledger, known);
  return known;
}
