import type { Address, Aor, DeviceKey } from './identity.ts';

/** How a device can be woken (RFC 8599 §4.1); its `prid` is a secret. */
export interface PushTarget {
  readonly provider: string;
  readonly prid: string;
  readonly param: string;
}

/** Where a request to a device goes. */
export interface Target {
  /** The Contact as registered, which becomes the Request-URI verbatim (RFC 3261 §16.6). */
  readonly contact: string;
  /** Path URIs of the REGISTER, topmost first (RFC 3327); become the Route set. */
  readonly path: readonly string[];
  /** Id of the flow the REGISTER came on (RFC 5626 §2). */
  readonly flow: string;
  /** The flow is a connection, which can be seen to close. */
  readonly stream: boolean;
  /** Set where it is no device but a number outside; the rest then says little. */
  readonly outside?: Outside;
  /** How the call came to this device, oldest first; left out where it was for it from the start. */
  readonly diversions?: readonly Diversion[];
  /** Stands before the caller's name on that device, such as the name of the group that is called. */
  readonly label?: string;
  /** A leg of another call, whose dialog is taken over instead of a new one being opened. */
  readonly adopts?: Address;
}

/** A number outside, and how it is dialled there. */
export interface Outside {
  /** Names of the trunks, in the order in which they are tried. */
  readonly trunks: readonly string[];
  readonly number: string;
  /** The number that the caller shows; empty: the trunk's own. */
  readonly shows: string;
}

/** Why a call goes to somebody else. `deflected`: a device redirected it; `pickedUp`: a colleague took it while it rang. */
export type DiversionReason = 'always' | 'busy' | 'noAnswer' | 'unreachable' | 'deflected' | 'pickedUp';

/** One step of a call away from whom it was for. */
export interface Diversion {
  /** Address of record of who was called. */
  readonly by: Aor;
  /** Whom it goes to now. */
  readonly to: string;
  readonly why: DiversionReason;
}

/** Where a user's calls go that do not reach one of the devices: a URI each, empty for nowhere. */
export interface Forwarding {
  readonly always: string;
  readonly busy: string;
  readonly noAnswer: string;
  readonly unreachable: string;
  /** How long the devices ring; 0: as long as any. */
  readonly ringMs: number;
}
export const NO_FORWARDING: Forwarding = { always: '', busy: '', noAnswer: '', unreachable: '', ringMs: 0 };

/** One device, or one next hop outside, that a call can ring. */
export interface Ring {
  /** Of a user, its key among the bindings; outside, a name that no other ring of the call has. */
  readonly device: string;
  /** Whose device it is; empty outside. */
  readonly aor: Aor;
  readonly target: Target;
}

/** What a REGISTER says of one contact, after the SIP port has read and judged it (RFC 3261 §10.3). */
export interface ContactOrder {
  readonly device: DeviceKey;
  readonly target: Target;
  /** 0 removes the binding. */
  readonly expiresSeconds: number;
  /** q times 1000, so that contexts hold integers. */
  readonly qThousandths: number;
  /** Empty provider: the device cannot be woken. */
  readonly push: PushTarget;
  /** The Contact's parameters as registered, for the list in the 200: `;+sip.instance="<…>";reg-id=1`. */
  readonly params: string;
}

/** One binding of an address of record (RFC 3261 §10). */
export interface Binding {
  readonly aor: Aor;
  readonly device: DeviceKey;
  readonly target: Target;
  readonly push: PushTarget;
  readonly params: string;
  readonly qThousandths: number;
  readonly callId: string;
  readonly cseq: number;
  readonly expiresAtMs: number;
  readonly registeredAtMs: number;
  readonly userAgent: string;
}

/** A REGISTER's say on the bindings of one address of record. */
export interface RegisterOrder {
  readonly aor: Aor;
  readonly callId: string;
  readonly cseq: number;
  readonly all: boolean;
  readonly contacts: readonly ContactOrder[];
  readonly userAgent: string;
  readonly at: number;
}

export interface BindingChanges {
  readonly bindings: readonly Binding[];
  readonly added: readonly Binding[];
  readonly refreshed: readonly Binding[];
  readonly removed: readonly Binding[];
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Older than what the same Call-ID said before (RFC 3261 §10.3 step 7). */
const isStale = (order: RegisterOrder, binding: Binding): boolean =>
  binding.callId === order.callId && order.cseq <= binding.cseq;

const bind = (order: RegisterOrder, contact: ContactOrder): Binding => ({
  aor: order.aor,
  device: contact.device,
  target: contact.target,
  push: contact.push,
  params: contact.params,
  qThousandths: contact.qThousandths,
  callId: order.callId,
  cseq: order.cseq,
  expiresAtMs: order.at + contact.expiresSeconds * 1000,
  registeredAtMs: order.at,
  userAgent: order.userAgent,
});

const OUT_OF_ORDER: Refusal = { status: 500, reason: 'CSeq Out Of Order' };

/** A device named several times in one REGISTER is one order: the last line that binds it, since an old address may be given back beside the new. */
function oneADevice(contacts: readonly ContactOrder[]): Iterable<ContactOrder> {
  const byDevice = new Map<DeviceKey, ContactOrder>();
  for (const contact of contacts) {
    const earlier = byDevice.get(contact.device);
    if (earlier === undefined || earlier.expiresSeconds === 0 || contact.expiresSeconds > 0)
      byDevice.set(contact.device, contact);
  }
  return byDevice.values();
}

const INSTANCE = '+sip.instance=';
const withoutPush = (contact: string): string => contact.replace(/;pn-[a-z]+(?:=[^;>?]*)?/gi, '');

/**
 * The same device, or the same Contact of devices that say nothing of themselves: one that leaves its pn-* parameters
 * out is not a second phone. Two with instances may well have the same private address.
 */
const isSame = (binding: Binding, { device, params, target }: ContactOrder): boolean =>
  binding.device === device ||
  (!params.includes(INSTANCE) &&
    !binding.params.includes(INSTANCE) &&
    withoutPush(binding.target.contact) === withoutPush(target.contact));

/** RFC 3261 §10.3 steps 6 to 8: all of a REGISTER's changes, or none and the reason. One binding per device. */
export function applyRegister(before: readonly Binding[], order: RegisterOrder, maxBindings: number): BindingChanges | Refusal {
  // One that expires at this very instant is over, though its timer comes after.
  const alive = before.filter(({ expiresAtMs }) => expiresAtMs > order.at);
  if (order.all) {
    if (alive.some((binding) => isStale(order, binding))) return OUT_OF_ORDER;
    return { bindings: [], added: [], refreshed: [], removed: before };
  }
  let bindings: readonly Binding[] = alive;
  for (const contact of oneADevice(order.contacts)) {
    const same = bindings.filter((binding) => isSame(binding, contact));
    if (same.some((binding) => alive.includes(binding) && isStale(order, binding))) return OUT_OF_ORDER;
    bindings = bindings.filter((binding) => !same.includes(binding));
    if (contact.expiresSeconds > 0) bindings = [...bindings, bind(order, contact)];
  }
  if (bindings.length > maxBindings) return { status: 403, reason: 'Too Many Contacts' };
  const fresh = bindings.filter((binding) => !before.includes(binding));
  return {
    bindings,
    added: fresh.filter((binding) => !has(before, binding.device)),
    refreshed: fresh.filter((binding) => has(before, binding.device)),
    removed: before.filter((binding) => !has(bindings, binding.device)),
  };
}

const has = (bindings: readonly Binding[], device: DeviceKey): boolean => bindings.some((binding) => binding.device === device);

export const NO_PUSH: PushTarget = { provider: '', prid: '', param: '' };
