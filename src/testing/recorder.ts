import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import type { bindingAdded, forkStarted, inviteReceived } from '../../machines/vocabulary/facts.ts';
import type { AnyKind } from '../engine/catalogue.ts';
import type { Entry } from '../engine/entry.ts';
import type { Step, Taking } from '../engine/journal.ts';
import type { LadderRecord } from './ladder.ts';
import type { Phone, Traffic } from './phone.ts';
import { cseqOf, type PhoneMessage } from './phone-message.ts';
import type { PushService } from './push-service.ts';

/** The service's column. */
export const SERVICE = 'callweave';
/** Facts that tell the story, and which of their attributes say more; the rest is bookkeeping. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  'binding.added': ['device'],
  'binding.refreshed': ['device'],
  'call.offered': [],
  'push.delivered': ['device'],
  'push.failed': ['device', 'why'],
  'fork.started': ['device'],
  'leg.ringing': ['device', 'status'],
  'leg.failed': ['device', 'status'],
  'call.answered': ['device'],
  'call.failed': ['status'],
  'call.ended': ['outcome'],
  'menu.dialled': ['menu'],
  'digits.collected': ['how'],
  'pin.checked': ['ok'],
  'prompt.ended': ['how'],
  'code.pressed': ['name'],
  'transfer.progressed': ['what'],
  'hunt.idle': [],
  'pickup.asked': ['form'],
  'caller.answered': [],
  'pickup.began': ['callee'],
  'join.won': [],
  'pickup.won': ['picker'],
  'pickup.lost': ['status', 'reason'],
};
/** Whose states are drawn: the call and the cases that watch it. */
const DRAWN = ['call', 'push-notification', 'call-pickup', 'ivr-menu', 'in-call-codes'];

/** Writes down what the phones say and what the engine does with it, as lines of a ladder. */
export class Recorder {
  records: LadderRecord[] = [];
  readonly #now: () => number;
  readonly #drawn: ReadonlySet<string>;
  /** Facts that are told beside the service's own, with the attributes that are no secrets. */
  readonly #told: Map<string, readonly string[]>;
  readonly #phones: Phone[] = [];
  /** Device keys by the name of their phone. */
  readonly #devices = new Map<string, string>();
  readonly #states = new Map<string, string>();
  /** What calls are named: the first needs no name, others say whose they are. */
  readonly #calls = new Map<string, string>();
  #isOn = false;

  /** Draws the states of these scenarios, and tells facts of these kinds, beside calls and what wakes phones for them. */
  constructor(now: () => number, more: { readonly scenarios?: readonly string[]; readonly facts?: readonly AnyKind[] } = {}) {
    this.#now = now;
    this.#drawn = new Set([...DRAWN, ...(more.scenarios ?? [])]);
    this.#told = new Map([...Object.entries(TOLD), ...(more.facts ?? []).map((kind) => [kind.fact, shownOf(kind)] as const)]);
  }

  /** What follows is drawn. */
  start(into: LadderRecord[] = this.records): void {
    this.records = into;
    this.#isOn = true;
  }

  /** Draws each message of a phone in its column. */
  listenTo(phone: Phone): void {
    this.#phones.push(phone);
    phone.onTraffic = (traffic) => {
      const [from, to] = traffic.direction === 'out' ? [phone.name, SERVICE] : [SERVICE, phone.name];
      this.message(from, to, labelOf(traffic));
    };
  }

  /** Draws each push as an arrow to the phone that it is for. */
  drawPushes(push: PushService, nameOf: (prid: string) => string | undefined): void {
    const send = push.send.bind(push);
    push.send = (request, done) => {
      const to = nameOf(request.prid);
      if (to !== undefined)
        this.message(SERVICE, to, request.kind === 'incoming-call' ? 'push: a call for you' : 'push: cancelled');
      send(request, done);
    };
  }

  message(from: string, to: string, label: string): void {
    if (this.#isOn) this.records.push({ atMs: this.#now(), from, to, label, kind: 'message' });
  }

  note(party: string, label: string): void {
    if (this.#isOn) this.records.push({ atMs: this.#now(), from: party, to: party, label, kind: 'note' });
  }

  /** Draws what the engine took: the fact, and the states it led to. */
  taking({ entry, steps }: Taking): void {
    this.#learnDevice(entry);
    this.#learnCall(entry);
    const told = this.#factOf(entry);
    const moves = steps.map((step) => this.#moveOf(step)).filter((move) => move !== undefined);
    for (const line of [told, ...moves]) if (line !== undefined) this.note(SERVICE, line);
  }

  /** Readers know phones, not device keys. */
  #learnDevice(entry: Entry): void {
    if (entry.type === 'fork.started') this.#learnJoin(entry);
    if (entry.type !== 'binding.added' && entry.type !== 'binding.refreshed') return;
    const { device, binding } = entry as unknown as FactOf<typeof bindingAdded>;
    const phone = this.#phones.find(({ contactUri }) => contactUri === binding.target.contact);
    if (phone !== undefined) this.#devices.set(device, phone.name);
  }

  /** The leg of another call that is joined to this one is known as its party. */
  #learnJoin(entry: Entry): void {
    const { device, aor, target } = entry as unknown as FactOf<typeof forkStarted>;
    const name = this.#nameOfUser(aor);
    if (target.adopts !== undefined && name !== undefined) this.#devices.set(device, name);
  }

  #learnCall(entry: Entry): void {
    if (entry.type !== 'invite.received') return;
    const { call, caller } = entry as unknown as FactOf<typeof inviteReceived>;
    const whose = this.#nameOfUser(caller) ?? caller;
    this.#calls.set(call, this.#calls.size === 0 ? 'call' : `${whose}'s call`);
  }

  #nameOfUser(aor: string): string | undefined {
    const user = /^sips?:([^@]*)@/.exec(aor)?.[1];
    return this.#phones.find((phone) => phone.user === user)?.name;
  }

  #factOf(entry: Entry): string | undefined {
    const attributes = this.#told.get(entry.type);
    if (attributes === undefined) return undefined;
    const values = entry as unknown as Readonly<Record<string, unknown>>;
    const shown = attributes
      .map((name) => String(values[name]))
      .filter((value) => value !== '')
      .map((value) => this.#devices.get(value) ?? value);
    return shown.length === 0 ? entry.type : `${entry.type} (${shown.join(', ')})`;
  }

  #moveOf({ address, scenario, snapshot }: Step): string | undefined {
    if (!this.#drawn.has(scenario)) return undefined;
    const state = nameOf((snapshot as { readonly value?: unknown } | undefined)?.value);
    const before = this.#states.get(address);
    this.#states.set(address, state);
    if (before === state) return undefined;
    const name = this.#calls.get(address) ?? scenario;
    return before === undefined ? `${name} is ${state}` : `${name}: ${before} → ${state}`;
  }
}

const shownOf = ({ shape }: AnyKind): string[] =>
  Object.entries(shape)
    .filter(([, { secret, kind }]) => !secret && kind !== 'detail')
    .map(([name]) => name);

/** `waiting`, or `open.ringing` for nested states, parallel ones side by side. */
function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([state, inner]) => `${state}.${nameOf(inner)}`)
    .join('+');
}

function labelOf({ message, again }: Traffic): string {
  const label = message.method === '' ? answerLabel(message) : message.method;
  return again ? `${label} (again)` : label;
}

const answerLabel = (message: PhoneMessage): string => {
  const { method } = cseqOf(message);
  return `${message.status} ${message.reason}${method === 'INVITE' ? '' : ` (${method})`}`;
};
