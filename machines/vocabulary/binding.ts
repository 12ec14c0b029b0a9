import type { Aor, DeviceKey } from './identity.ts';

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

/** RFC 3261 §10.3 steps 6 to 8: all of a REGISTER's changes, or none and the reason. One binding per device. */
export function applyRegister(before: readonly Binding[], order: RegisterOrder, maxBindings: number): BindingChanges | Refusal {
  if (order.all) {
    if (before.some((binding) => isStale(order, binding))) return OUT_OF_ORDER;
    return { bindings: [], added: [], refreshed: [], removed: before };
  }
  const changes = { bindings: [...before], added: [] as Binding[], refreshed: [] as Binding[], removed: [] as Binding[] };
  for (const contact of order.contacts) {
    const at = changes.bindings.findIndex((binding) => binding.device === contact.device);
    const known = changes.bindings[at];
    // The same device named twice in one REGISTER is one order: the later line wins.
    if (known !== undefined && isStale(order, known) && before.includes(known)) return OUT_OF_ORDER;
    if (contact.expiresSeconds === 0) {
      if (known !== undefined) {
        changes.bindings.splice(at, 1);
        changes.removed.push(known);
      }
      continue;
    }
    const binding = bind(order, contact);
    if (known === undefined) {
      changes.bindings.push(binding);
      changes.added.push(binding);
    } else {
      changes.bindings[at] = binding;
      changes.refreshed.push(binding);
    }
  }
  if (changes.bindings.length > maxBindings) return { status: 403, reason: 'Too Many Contacts' };
  return changes;
}

export const NO_PUSH: PushTarget = { provider: '', prid: '', param: '' };
