/** The ladder of a call: who said what to whom, and what the service made of it, on one axis of time. */
import type { CallView, MessageView, PartyView } from '../../insight/model.ts';
import type { JournalEntry } from '../../journal/format.ts';
import { instantOf, toldOf } from './moments.ts';
import { actorName, personOf, statusOf } from './words.ts';

export interface Column {
  readonly key: string;
  readonly name: string;
  /** Smaller, below the name. */
  readonly note: string;
  readonly kind: 'party' | 'service';
}

export type Tone = 'request' | 'progress' | 'success' | 'failure' | 'push';

export interface MessageRow {
  readonly kind: 'message';
  readonly at: number;
  /** Places in `columns`. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone: Tone;
  /** The same had been said before. */
  readonly isAgain: boolean;
  /** Its place in the call's messages. */
  readonly message: number;
}
export interface FactRow {
  readonly kind: 'fact';
  readonly at: number;
  readonly label: string;
  /** What says more: `486 Busy Here`. */
  readonly detail: string;
  /** The entry of the journal. */
  readonly n: number;
}
/** Nothing was said for a while. */
export interface WaitRow {
  readonly kind: 'wait';
  readonly at: number;
  readonly forMs: number;
}
export type LadderRow = MessageRow | FactRow | WaitRow;

export interface Ladder {
  readonly columns: readonly Column[];
  readonly rows: readonly LadderRow[];
}

/** Facts that are shown: none, those that tell more than the messages beside them, or every fact and command. */
export type FactsShown = 'none' | 'some' | 'all';

const SERVICE = 'callweave';
const PUSH = 'push';
/** A pause that is told. */
const LONG_MS = 900;

/** Facts that say what no message does, with the attributes that say more. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  'push.failed': ['why'],
  'binding.added': [],
  'binding.refreshed': [],
  'binding.removed': [],
  'route.found': ['callee'],
  'route.failed': ['status', 'reason'],
  'call.diverted': ['reason'],
  'call.answered': [],
  'call.cancelled': [],
  'call.failed': ['status', 'reason'],
  'call.ended': ['outcome'],
  'leg.silent': [],
  'session.lapsed': ['why'],
  'menu.dialled': ['menu'],
  'digits.collected': ['how'],
  'pin.checked': ['ok'],
  'code.pressed': ['name'],
  'transfer.progressed': ['what'],
  'pickup.asked': ['form'],
  'pickup.began': [],
  'pickup.won': ['picker'],
  'pickup.lost': ['status', 'reason'],
  'claim.lost': ['winner'],
  'command.refused': ['why'],
};

export function ladderOf(call: CallView, facts: FactsShown): Ladder {
  const columns = columnsOf(call);
  const said = new Set<string>();
  const messages = call.messages.map((message, n) => messageRow(call, columns, message, n, said));
  const told = call.entries.flatMap((entry) => factRow(call, entry, facts));
  return { columns, rows: withWaits([...messages, ...told].sort((one, other) => one.at - other.at || rank(one) - rank(other))) };
}

/** In one instant, what came in led to facts, and those to what went out. */
const rank = (row: MessageRow | FactRow): number => (row.kind === 'fact' ? 1 : row.to === SERVICE_AT ? 0 : 2);
const SERVICE_AT = 1;

/** The caller, the service, what wakes phones for it, then whom it rang; at the end whoever else sent or got a message. */
function columnsOf({ parties, messages }: CallView): readonly Column[] {
  const [caller, ...rung] = parties.map(partyColumn);
  const known = new Set(parties.flatMap(({ leg, remote }) => [leg, remote]));
  const strangers = new Map<string, Column>();
  const pushes: Column[] = [];
  for (const { leg, remote, transport } of messages) {
    if (transport === 'push') {
      if (pushes.length === 0) pushes.push({ key: PUSH, name: 'push service', note: remote, kind: 'service' });
    } else if (!known.has(leg) && !known.has(remote)) {
      strangers.set(remote, { key: remote, name: remote === '' ? 'somebody' : remote, note: '', kind: 'party' });
    }
  }
  const service: Column = { key: SERVICE, name: SERVICE, note: '', kind: 'service' };
  const nobody: Column = { key: '', name: 'the caller', note: '', kind: 'party' };
  return [caller ?? nobody, service, ...pushes, ...rung, ...strangers.values()];
}

const partyColumn = ({ leg, name, remote }: PartyView): Column => ({ key: leg, name, note: remote, kind: 'party' });

function messageRow(
  call: CallView,
  columns: readonly Column[],
  message: MessageView,
  place: number,
  said: Set<string>,
): MessageRow {
  const party = columnOf(call, columns, message);
  const [from, to] = message.isIncoming ? [party, SERVICE_AT] : [SERVICE_AT, party];
  const saying = `${from}>${to} ${message.text}`;
  const isAgain = message.text !== '' && said.has(saying);
  said.add(saying);
  return {
    kind: 'message',
    at: message.at,
    from,
    to,
    label: message.label.replace(/ \(INVITE\)$/, ''),
    tone: toneOf(message),
    isAgain,
    message: place,
  };
}

/** By its leg; a REGISTER that a push led to, by where it came from. */
function columnOf({ parties }: CallView, columns: readonly Column[], { leg, remote, transport }: MessageView): number {
  const by = (key: string): number => columns.findIndex((column) => column.key === key);
  if (transport === 'push') return by(PUSH);
  const [ofLeg, ofRemote] = [leg === '' ? -1 : by(leg), by(parties.find((party) => party.remote === remote)?.leg ?? remote)];
  return ofLeg >= 0 ? ofLeg : Math.max(ofRemote, 0);
}

function toneOf(message: MessageView): Tone {
  const status = statusOf(message);
  if (message.label === 'push: failed') return 'failure';
  // A challenge is no failure (RFC 3261 §22).
  if (status === 401 || status === 407) return 'progress';
  if (status >= 300) return 'failure';
  if (status >= 200) return 'success';
  if (status >= 100) return 'progress';
  return message.transport === 'push' ? 'push' : 'request';
}

function factRow(call: CallView, entry: JournalEntry, facts: FactsShown): readonly FactRow[] {
  if (facts === 'none' || entry.timer !== undefined) return [];
  const told = toldOf(entry);
  const says = TELLING[told.type];
  if (facts === 'some' && (says === undefined || entry.fact === undefined)) return [];
  const detail = (says ?? []).map((name) => shown(told[name])).filter((value) => value !== '');
  const device = typeof told.device === 'string' ? nameOfDevice(call, told.device) : '';
  const label = entry.command === undefined ? told.type : `${told.type} → ${actorName(call, String(told.to))}`;
  return [
    { kind: 'fact', at: instantOf(call, entry), label, detail: [device, ...detail].filter(Boolean).join(', '), n: entry.n },
  ];
}

const nameOfDevice = ({ parties }: CallView, device: string): string =>
  device === '' ? '' : (parties.find((party) => party.device === device)?.name ?? '');

/** People by their names. */
const shown = (value: unknown): string => {
  if (typeof value === 'string') return value.startsWith('sip') ? personOf(value) : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
};

function withWaits(rows: readonly (MessageRow | FactRow)[]): readonly LadderRow[] {
  return rows.flatMap((row, n) => {
    const before = rows[n - 1];
    const forMs = before === undefined ? 0 : row.at - before.at;
    return forMs < LONG_MS ? [row] : [{ kind: 'wait' as const, at: row.at, forMs }, row];
  });
}
