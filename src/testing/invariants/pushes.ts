/** Devices that are woken. */
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { paramOf, uriOf, uriParamOf } from '../phone-message.ts';
import type { Push } from '../push-service.ts';
import type { Hearer } from './ear.ts';
import { Fading } from './fading.ts';
import { Findings } from './findings.ts';
import { type Follower, type Ledger, ledgerOf, type SeenCall } from './ledger.ts';
import type { Sighting } from './sighting.ts';

/** What was sent to one device for one call. */
interface Sent {
  calls: number;
  cancels: number;
}

class OnePush implements Hearer, Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;
  /** By the call's stem, then by whom and which device. */
  readonly #sent = new Map<string, Map<string, Sent>>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.findings = new Findings(ledger.ear.world);
    ledger.follow(this);
    ledger.ear.hear(this);
  }

  pushed({ atMs, request: { callId, aor, prid, kind } }: Push): void {
    const call = this.#ledger.callOf(callId);
    if (call === undefined) return;
    const devices = this.#sent.get(call.id) ?? new Map<string, Sent>();
    this.#sent.set(call.id, devices);
    const sent = devices.get(`${aor} ${prid}`) ?? { calls: 0, cancels: 0 };
    devices.set(`${aor} ${prid}`, sent);
    const tell = (what: string): void => this.findings.add({ atMs, callId, what: `${what} to a device of ${aor}` });
    if (kind === 'incoming-call') {
      sent.calls += 1;
      if (sent.calls > 1) tell('another push');
      if (sent.cancels > 0) tell('a push after its cancellation');
    } else {
      sent.cancels += 1;
      if (sent.cancels > 1) tell('another cancellation');
      if (sent.calls === 0) tell('a cancellation of no push');
    }
  }

  closed(call: SeenCall): void {
    this.#sent.delete(call.id);
  }

  restarted(): void {
    this.#sent.clear();
  }
}

/** A push costs a phone its battery, and its maker's patience. */
export const onePush: Invariant = {
  name: 'one push',
  says: 'A device is pushed once for a call, and at most one cancellation follows.',
  watch(world: ServiceWorld): Watch {
    const { findings } = new OnePush(ledgerOf(world));
    return { broken: () => findings.lines, brokenAtRest: () => findings.lines };
  },
};

/** A device that was pushed and is waited for. */
interface Awaited {
  readonly call: SeenCall;
  readonly user: string;
  readonly prid: string;
  /** Stands for whatever device of the account registers first. */
  readonly isAccount: boolean;
  readonly untilMs: number;
}

const userOf = (uri: string): string =>
  uri
    .replace(/^sips?:/i, '')
    .split('@')[0]
    ?.toLowerCase() ?? '';
/** A device's REGISTER has its answer within 64*T1. */
const REGISTER_MS = 70_000;

class WakeUps implements Hearer, Follower {
  readonly findings: Findings;
  readonly #ledger: Ledger;
  readonly #world: ServiceWorld;
  /** By user. */
  readonly #awaited = new Map<string, Set<Awaited>>();
  readonly #byCall = new Map<string, Awaited[]>();
  readonly #registers = new Fading<Sighting>(REGISTER_MS);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#world = ledger.ear.world;
    this.findings = new Findings(this.#world);
    ledger.follow(this);
    ledger.ear.hear(this);
  }

  pushed({ atMs, request: { callId, aor, prid, kind } }: Push): void {
    const call = this.#ledger.callOf(callId);
    if (kind !== 'incoming-call' || call === undefined || call.decision !== '') return;
    const { config } = this.#world.service;
    const user = userOf(aor);
    const isAccount = config.users.get(user)?.wakeable?.prid === prid;
    const awaited = { call, user, prid, isAccount, untilMs: atMs + config.push.wakeLimitMs };
    this.#awaited.set(user, (this.#awaited.get(user) ?? new Set()).add(awaited));
    this.#byCall.set(call.id, [...(this.#byCall.get(call.id) ?? []), awaited]);
  }

  taken({ kind, entry }: Parameters<NonNullable<Hearer['taken']>>[0]): void {
    if (kind !== 'fact') return;
    const { call, callee } = entry as unknown as { call: string; callee: string };
    // Whoever is called then has pushes of its own.
    if (entry.type === 'call.diverted') this.#drop(call);
    // A member of a group whose turn is over; its pushes are taken back.
    if (entry.type === 'callee.dropped') this.#drop(call, userOf(callee));
  }

  decided(call: SeenCall): void {
    this.#drop(call.id);
  }

  closed(call: SeenCall): void {
    this.#drop(call.id);
  }

  restarted(): void {
    this.#awaited.clear();
    this.#byCall.clear();
    this.#registers.clear();
  }

  message(sighting: Sighting): void {
    if (sighting.method !== 'REGISTER') return;
    this.#registers.sweep(sighting.atMs);
    const key = `${sighting.branch} ${sighting.callId} ${sighting.cseq}`;
    if (sighting.isIn && sighting.status === 0) this.#registers.set(key, sighting, sighting.atMs);
    else if (!sighting.isIn && sighting.status >= 200 && sighting.status < 300) {
      const request = this.#registers.get(key);
      if (request !== undefined) this.#registered(request, sighting);
    }
  }

  #registered(request: Sighting, granted: Sighting): void {
    const awaited = this.#awaited.get(userOf(uriOf(request.to)));
    if (awaited === undefined) return;
    for (const contact of request.contacts) {
      const uri = uriOf(contact);
      const isBound = granted.contacts.some((one) => uriOf(one) === uri && Number(paramOf(one, 'expires') ?? 0) > 0);
      if (!isBound) continue;
      const prid = uriParamOf(uri, 'pn-prid');
      for (const one of awaited) if (one.isAccount || one.prid === prid) this.#expect(one, uri, granted);
    }
  }

  /** The INVITE leaves in the same instant, behind the 200. */
  #expect({ call, untilMs, isAccount, prid }: Awaited, uri: string, { atMs, peer }: Sighting): void {
    const { config } = this.#world.service;
    const isRung = (): boolean =>
      call.forks.some((fork) => fork.uri === uri || (isAccount ? fork.uri !== '' : uriParamOf(fork.uri, 'pn-prid') === prid));
    const { caller } = call;
    // Pickers take no place of a device.
    const rung = call.forks.filter(({ adopts }) => adopts === undefined).length;
    if (caller === undefined || atMs > untilMs || isRung() || rung >= config.calls.maxForks) return;
    this.#ledger.ear.after(() => {
      if (call.decision !== '' || isRung()) return;
      this.findings.add({
        atMs,
        callId: caller.callId,
        peer,
        what: `this device was pushed for ${call.id}, registered in time and is not rung`,
      });
    });
  }

  /** What is awaited of a call, or of one user in it. */
  #drop(callId: string, user?: string): void {
    const isMeant = (awaited: Awaited): boolean => user === undefined || awaited.user === user;
    const all = this.#byCall.get(callId) ?? [];
    for (const awaited of all.filter(isMeant)) {
      const others = this.#awaited.get(awaited.user);
      others?.delete(awaited);
      if (others?.size === 0) this.#awaited.delete(awaited.user);
    }
    const left = all.filter((awaited) => !isMeant(awaited));
    if (left.length === 0) this.#byCall.delete(callId);
    else this.#byCall.set(callId, left);
  }
}

/** RFC 8599 §5.6.2, stated in messages and pushes alone. */
export const noLostWakeUp: Invariant = {
  name: 'no lost wake-up',
  says: 'A device that was pushed for a call and registers within the wake limit, while the caller still waits, gets an INVITE at the Contact that it registered, in that instant.',
  watch(world: ServiceWorld): Watch {
    const { findings } = new WakeUps(ledgerOf(world));
    return { broken: () => findings.lines, brokenAtRest: () => findings.lines };
  },
};
