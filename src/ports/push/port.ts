/** The push port: one push and at most one cancellation of it per device and call, over the provider's sender. */
import type { PushCancel, PushCommand, PushSend } from '../../../machines/vocabulary/commands.ts';
import type { Stamp } from '../../../machines/vocabulary/descriptor.ts';
import { type Address, PORT_PUSH } from '../../../machines/vocabulary/identity.ts';
import type { AnyCommand, FactSink, Port } from '../../engine/port.ts';
import type { PushRequest, PushSender } from './senders/push-sender.ts';

/** A push of one case: whether there is something to take back. */
interface Sent {
  readonly callId: string;
  state: 'sent' | 'failed' | 'cancelled';
}

const MAX_REASON = 200;

export class PushPort implements Port {
  readonly address = PORT_PUSH;
  readonly #engine: FactSink;
  readonly #senders: ReadonlyMap<string, PushSender>;
  readonly #sentBy = new Map<Address, Sent[]>();

  /** `senders` by pn-provider, lower-case. */
  constructor(engine: FactSink, senders: ReadonlyMap<string, PushSender>) {
    this.#engine = engine;
    this.#senders = senders;
  }

  take(command: AnyCommand & Stamp): string | undefined {
    const order = command as PushCommand & Stamp;
    const sender = this.#senders.get(order.push.provider);
    if (order.type === 'push.send') return this.#send(order, sender);
    return this.#cancel(order, sender);
  }

  #send(order: PushSend & Stamp, sender: PushSender | undefined): string | undefined {
    const { by, call, device } = order;
    const { provider } = order.push;
    const sent = this.#sentBy.get(by) ?? [];
    if (sent.some(({ callId }) => callId === order.callId)) return 'this device was pushed for this call';
    const entry: Sent = { callId: order.callId, state: 'sent' };
    this.#sentBy.set(by, [...sent, entry]);
    const fail = (permanent: boolean, why: string): void => {
      entry.state = 'failed';
      this.#engine.post({ type: 'push.failed', case: by, call, device, provider, permanent, why: why.slice(0, MAX_REASON) });
    };
    if (sender === undefined) fail(true, `no sender for ${order.push.provider}`);
    else {
      sender.send({ ...requestOf(order), kind: 'incoming-call', ttlMs: order.ttlMs }, (outcome) => {
        if (outcome.ok) this.#engine.post({ type: 'push.delivered', case: by, call, device, provider });
        else if (entry.state === 'sent') fail(outcome.permanent, outcome.why);
      });
    }
    return undefined;
  }

  #cancel(order: PushCancel & Stamp, sender: PushSender | undefined): string | undefined {
    const sent = this.#sentBy.get(order.by)?.find(({ callId }) => callId === order.callId);
    // Its author takes back what it has not heard the failure of yet.
    if (sent?.state === 'failed') return undefined;
    if (sent?.state !== 'sent') return 'there is no push to take back';
    sent.state = 'cancelled';
    sender?.cancel({ ...requestOf(order), kind: 'cancelled', reason: order.reason, ttlMs: CANCEL_TTL_MS }, () => undefined);
    return undefined;
  }

  close(owner: Address): void {
    this.#sentBy.delete(owner);
  }
}

/** A cancellation that comes later than this finds a phone that has given up by itself. */
const CANCEL_TTL_MS = 30_000;

const requestOf = ({ push, aor, callId, caller, callerName }: PushCommand): Omit<PushRequest, 'kind' | 'ttlMs'> => ({
  // The Call-ID of the device's leg is unguessable and used once: the receiver's key, too.
  id: callId,
  provider: push.provider,
  prid: push.prid,
  param: push.param,
  aor,
  callId,
  callerUri: caller,
  callerName,
});
