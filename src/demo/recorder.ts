import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import type { bindingAdded } from '../../machines/vocabulary/facts.ts';
import type { Entry } from '../engine/entry.ts';
import type { Step, Taking } from '../engine/journal.ts';
import type { LadderRecord } from '../testing/ladder.ts';
import type { Phone, Traffic } from '../testing/phone.ts';
import { cseqOf, type PhoneMessage } from '../testing/phone-message.ts';

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
};
/** Whose states are drawn: the call and the case that watches it. */
const DRAWN = new Set(['call', 'push-notification']);

/** Writes down what the phones say and what the engine does with it, as lines of a ladder. */
export class Recorder {
  readonly records: LadderRecord[] = [];
  readonly #now: () => number;
  readonly #phones: Phone[] = [];
  /** Device keys by the name of their phone. */
  readonly #devices = new Map<string, string>();
  readonly #states = new Map<string, string>();
  #isOn = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  start(): void {
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

  message(from: string, to: string, label: string): void {
    if (this.#isOn) this.records.push({ atMs: this.#now(), from, to, label, kind: 'message' });
  }

  note(party: string, label: string): void {
    if (this.#isOn) this.records.push({ atMs: this.#now(), from: party, to: party, label, kind: 'note' });
  }

  /** Draws what the engine took: the fact, and the states it led to. */
  taking({ entry, steps }: Taking): void {
    this.#learnDevice(entry);
    const told = this.#factOf(entry);
    const moves = steps.map((step) => this.#moveOf(step)).filter((move) => move !== undefined);
    for (const line of [told, ...moves]) if (line !== undefined) this.note(SERVICE, line);
  }

  /** Readers know phones, not device keys. */
  #learnDevice(entry: Entry): void {
    if (entry.type !== 'binding.added' && entry.type !== 'binding.refreshed') return;
    const { device, binding } = entry as unknown as FactOf<typeof bindingAdded>;
    const phone = this.#phones.find(({ contactUri }) => contactUri === binding.target.contact);
    if (phone !== undefined) this.#devices.set(device, phone.name);
  }

  #factOf(entry: Entry): string | undefined {
    const attributes = Object.hasOwn(TOLD, entry.type) ? TOLD[entry.type] : undefined;
    if (attributes === undefined) return undefined;
    const values = entry as unknown as Readonly<Record<string, unknown>>;
    const shown = attributes.map((name) => String(values[name])).map((value) => this.#devices.get(value) ?? value);
    return shown.length === 0 ? entry.type : `${entry.type} (${shown.join(', ')})`;
  }

  #moveOf({ address, scenario, snapshot }: Step): string | undefined {
    if (!DRAWN.has(scenario)) return undefined;
    const state = nameOf((snapshot as { readonly value?: unknown } | undefined)?.value);
    const before = this.#states.get(address);
    this.#states.set(address, state);
    if (before === state) return undefined;
    return before === undefined ? `${scenario} is ${state}` : `${scenario}: ${before} → ${state}`;
  }
}

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
