/** OPTIONS to registered devices behind NAT, so that the NAT keeps their way open (RFC 5626 §4.4 leaves that to devices; many do nothing). */
import type { Binding } from '../../../machines/vocabulary/binding.ts';
import type { FactOf } from '../../../machines/vocabulary/descriptor.ts';
import { bindingAdded, bindingRefreshed, bindingRemoved } from '../../../machines/vocabulary/facts.ts';
import { DEFAULT_PORT } from '../../dns/uri-transport.ts';
import type { SipRequest } from '../../sip/message.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { parseUri, requestUriOf } from '../../sip/uri.ts';
import type { Timer } from '../../timers.ts';
import type { Flow } from '../../transport/transport.ts';
import { newTag, type SipContext } from './context.ts';

/** How devices are pinged; times in milliseconds. */
export interface KeepaliveSettings {
  /** Each device is pinged once in so long; 0: none is. */
  readonly pingMs: number;
  /** So many pings in a row without an answer remove a binding; 0: none does. */
  readonly removeAfterMissed: number;
}

/** A device behind NAT. */
interface Natted {
  readonly binding: Binding;
  missed: number;
  /** Its ping has no answer yet. */
  isOpen: boolean;
}

/** How often pings leave; each time those whose turn it is. */
const TICK_MS = 250;
/** Above it devices wait longer than they should: 2000 pings a second are work enough. */
const MAX_PER_TICK = 500;
/** So many pings in a row are told to the operator. */
const SILENT_AFTER = 3;
const CALL_ID_BYTES = 16;
const MAX_FORWARDS: ReadonlyMap<string, readonly string[]> = new Map([['max-forwards', ['70']]]);
type Folded = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingRemoved>;

/** A view of the bindings behind NAT that pings them in turn, spread over the interval by one timer. */
export class Keepalive {
  readonly folds = [bindingAdded.fact, bindingRefreshed.fact, bindingRemoved.fact];
  readonly answers = [];
  readonly #settings: KeepaliveSettings;
  /** In the order of their turns. */
  readonly #natted = new Map<string, Natted>();
  #context: SipContext | undefined;
  #timer: Timer | undefined;
  /** Pings that are due, in parts of one. */
  #due = 0;

  constructor(settings: KeepaliveSettings) {
    this.#settings = settings;
  }

  /** Devices that are pinged. */
  get size(): number {
    return this.#natted.size;
  }

  current(): [] {
    return [];
  }

  /** Begins to ping. */
  start(context: SipContext): void {
    this.#context = context;
    this.#arm();
  }

  stop(): void {
    this.#context?.timers.clear(this.#timer);
    this.#context = undefined;
  }

  fold(fact: Folded): void {
    const key = `${fact.aor} ${fact.device}`;
    this.#natted.delete(key);
    if (fact.type === 'binding.removed' || !isNatted(fact.binding)) return;
    this.#natted.set(key, { binding: fact.binding, missed: 0, isOpen: false });
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#natted.size === 0 || this.#context === undefined) return;
    this.#timer = this.#context.timers.set(TICK_MS, () => this.#tick(this.#context));
  }

  #tick(context: SipContext | undefined): void {
    this.#timer = undefined;
    if (context === undefined) return;
    this.#due = Math.min(this.#due + (this.#natted.size * TICK_MS) / this.#settings.pingMs, MAX_PER_TICK);
    for (; this.#due >= 1; this.#due -= 1) this.#pingNext(context);
    this.#arm();
  }

  #pingNext(context: SipContext): void {
    const [next] = this.#natted;
    if (next === undefined) return;
    const [key, natted] = next;
    // Behind all others, until its turn comes again.
    this.#natted.delete(key);
    this.#natted.set(key, natted);
    const flow = context.transports.flowById(natted.binding.target.flow);
    if (natted.isOpen || flow === undefined) return;
    natted.isOpen = true;
    const missed = (): void => this.#missed(context, key, natted);
    context.layer.send(optionsTo(context, natted.binding, flow), flow, {
      // Any answer shows that it is there.
      response: () => {
        natted.isOpen = false;
        natted.missed = 0;
      },
      timedOut: missed,
      failed: missed,
    });
  }

  #missed(context: SipContext, key: string, natted: Natted): void {
    natted.isOpen = false;
    natted.missed += 1;
    // It may have registered anew meanwhile.
    if (this.#natted.get(key) !== natted) return;
    const { aor, device, target } = natted.binding;
    const { removeAfterMissed } = this.#settings;
    if (natted.missed === (removeAfterMissed || SILENT_AFTER))
      context.tell.unreachable(aor, natted.missed, removeAfterMissed > 0);
    if (removeAfterMissed > 0 && natted.missed >= removeAfterMissed)
      context.engine.post({ type: 'device.unreachable', aor, device, flow: target.flow });
  }
}

/** Whether a device says that it is where it is not, over UDP, with no edge in between and no push to wake it. */
function isNatted({ target, push }: Binding): boolean {
  if (target.stream || target.path.length > 0 || push.provider !== '') return false;
  const uri = parseUri(target.contact);
  if (uri === undefined) return false;
  const host = uri.host.includes(':') ? `[${uri.host}]` : uri.host;
  return !target.flow.endsWith(`/${host}:${uri.port ?? DEFAULT_PORT.udp}`);
}

function optionsTo(context: SipContext, { aor, target }: Binding, flow: Flow): SipRequest {
  const { host } = flow.advertised;
  const us = `sip:${host.includes(':') ? `[${host}]` : host}`;
  return {
    kind: 'request',
    method: 'OPTIONS',
    uri: requestUriOf(target.contact),
    via: [],
    from: { name: '', uri: us, params: { tag: newTag(context) } },
    to: { name: '', uri: aor, params: NO_PARAMS },
    callId: context.random.hex(CALL_ID_BYTES),
    cseq: { seq: 1, method: 'OPTIONS' },
    contact: [],
    route: [],
    recordRoute: [],
    headers: MAX_FORWARDS,
    body: '',
  };
}
