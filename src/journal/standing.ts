/** The bindings of one address of record, told as the facts of ports that lead there: what a registration is made of again. */
import type { Binding, ContactOrder } from '../../machines/vocabulary/binding.ts';
import type { FactOf, Raw } from '../../machines/vocabulary/descriptor.ts';
import type {
  bindingAdded,
  bindingRefreshed,
  bindingRestored,
  bindingSlept,
  flowClosed,
  registerReceived,
} from '../../machines/vocabulary/facts.ts';

type Bound = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;
type Fact = Raw<typeof registerReceived | typeof bindingRestored | typeof flowClosed>;
/** A fact of a port, and when it was posted. */
export interface Earlier {
  readonly atMs: number;
  readonly by: string;
  readonly fact: Fact;
}

const order = (binding: Binding): ContactOrder => ({
  device: binding.device,
  target: binding.target,
  expiresSeconds: Math.round((binding.expiresAtMs - binding.registeredAtMs) / 1000),
  qThousandths: binding.qThousandths,
  push: binding.push,
  params: binding.params,
});

const registered = (binding: Binding): Earlier => ({
  atMs: binding.registeredAtMs,
  by: 'port:sip',
  fact: {
    type: 'register.received',
    aor: binding.aor,
    exchange: 0,
    callId: binding.callId,
    cseq: binding.cseq,
    all: false,
    contacts: [order(binding)],
    userAgent: binding.userAgent,
  },
});

const restored = (binding: Binding, atMs: number): Earlier => ({
  atMs,
  by: 'port:store',
  fact: { type: 'binding.restored', aor: binding.aor, device: binding.device, binding },
});

/** By what a binding came to be as its latest fact says it is. */
function historyOf({ type, at, binding }: Bound): Earlier[] {
  if (type === 'binding.refreshed')
    return [restored({ ...binding, cseq: binding.cseq - 1 }, binding.registeredAtMs), registered(binding)];
  if (type === 'binding.added') return [at === binding.registeredAtMs ? registered(binding) : restored(binding, at)];
  // Whether its time was up or its connection closed: this puts it to sleep at that instant.
  const { aor, target } = binding;
  return [registered(binding), { atMs: at, by: 'port:sip', fact: { type: 'flow.closed', aor, flow: target.flow } }];
}

/** In the order in which they are to be posted. */
export const standingOf = (bound: readonly Bound[]): readonly Earlier[] =>
  bound.flatMap(historyOf).sort((a, b) => a.atMs - b.atMs);
