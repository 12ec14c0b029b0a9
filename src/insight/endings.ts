/** Why a call ended as it did, in a few words. */
import type { Happening, History } from '../correlation/history.ts';
import { type CallRecord, type RecordedFork, recordOf, type Why } from '../correlation/record.ts';
import { LAPSED, phrased } from '../correlation/story.ts';
import type { Recording } from '../journal/recording.ts';
import { type Cast, genitive } from './people.ts';

const MAX_CLAUSES = 3;

/** `12 s`, `2 min 5 s`, `1 h 3 min`. */
export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 9_500) return `${Math.round(ms / 100) / 10} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How it ended, and when that was decided. */
export interface Ending {
  readonly at: number;
  /** In a few words. */
  readonly why: string;
  /** What the caller got of it. */
  readonly text: string;
}

/** The ending of a call that is over. */
export function endingOf(history: History, recording: Recording, cast: Cast): Ending {
  const record = recordOf(history);
  const decided = history.facts.find(({ type }) => DECIDES.has(type));
  const at = decided?.at ?? history.endedAtMs;
  const why = textOf(history, recording, cast, record);
  const got = `${cast.caller} got ${phrased(record.status, record.reason)}`;
  return { at, why, text: record.outcome !== 'failed' || record.status === 0 || why === got ? why : `${why}, so ${got}` };
}

const DECIDES: ReadonlySet<Happening['type']> = new Set(['call.failed', 'call.cancelled', 'session.lapsed', 'leg.hungUp']);

function textOf(history: History, recording: Recording, cast: Cast, record: CallRecord): string {
  if (record.outcome === 'crashed') return 'the chart of the call crashed, which is a defect';
  const ordered = orderedBy(recording);
  if (ordered !== '' && (record.how === 'ordered' || record.how === 'failed')) return `${ordered} ended the call`;
  if (record.outcome === 'answered') return talkEnded(history, cast, record);
  if (record.outcome === 'cancelled') return gaveUp(history, cast, record);
  return whyNobody(history, cast, record) || `${cast.caller} got ${phrased(record.status, record.reason)}`;
}

/** Who ordered its end, if anybody did before it was over. */
function orderedBy({ kept, call }: Recording): string {
  const end = kept.find(({ entry, refused }) => entry.type === 'call.end' && entry.to === call && refused === undefined);
  if (end === undefined) return '';
  const { by } = end.entry;
  if (by === 'service') return 'the service was stopping and';
  return by === 'operator' ? 'an operator' : `the scenario ${by.slice(0, Math.max(by.indexOf(':'), 0)) || by}`;
}

function talkEnded({ facts, birth }: History, cast: Cast, { how, endedBy, talkMs }: CallRecord): string {
  const after = `after ${lengthText(talkMs)}`;
  const lapsed = facts.find((fact) => fact.type === 'session.lapsed');
  if (lapsed !== undefined && lapsed.why === how) return `${cast.ofLeg(lapsed.leg)} ${LAPSED[lapsed.why]}`;
  const hungUp = facts.find((fact) => fact.type === 'leg.hungUp');
  const who = hungUp === undefined ? (endedBy === 'caller' ? cast.caller : 'the other side') : cast.ofLeg(hungUp.leg);
  switch (how) {
    case 'bye':
      return `${who} hung up ${after}`;
    case 'moved':
      return `${who} talks on in another call`;
    case 'no-ack':
      return `${who} never confirmed the answer (no ACK came)`;
    case 'no-prack':
      return `${who} never confirmed the ringing (no PRACK came)`;
    case 'failed':
      return `the connection to ${who} was lost ${after}`;
    default:
      return birth.placedBy === '' ? `the service ended it ${after}` : 'the call that was ordered was not connected';
  }
}

function gaveUp({ facts, birth }: History, cast: Cast, { waitMs, endAt: _endAt }: CallRecord): string {
  const cancelled = facts.find(({ type }) => type === 'call.cancelled');
  const after = lengthText((cancelled?.at ?? birth.at + waitMs) - birth.at);
  const rang = facts.some((fact) => fact.type === 'leg.ringing' && fact.status === 180);
  const isWaking = !rang && facts.some(({ type }) => type === 'push.delivered');
  const while_ = rang ? '' : isWaking ? `, while ${genitive(cast.callee)} mobile was being woken` : ', before any phone rang';
  return `${cast.caller} gave up after ${after}${while_}`;
}

const PAST: Readonly<Record<Why, string>> = {
  busy: 'was busy',
  declined: 'declined',
  'no answer': 'did not answer',
  unreachable: 'could not be reached',
  unavailable: 'said that nobody is there',
  redirected: 'sent the call elsewhere',
  refused: 'refused the call',
  'answered elsewhere': '',
  'caller gave up': '',
  'call ended': 'did not answer',
};

/** What each device did, those that did the same together; empty if none was tried and that is not why. */
function whyNobody(history: History, cast: Cast, { forks, pushes, status, reason }: CallRecord): string {
  const clauses = new Map<string, string[]>();
  for (const [device, did] of [...forkClauses(forks), ...pushClauses(pushes, forks)]) {
    const devices = clauses.get(did) ?? [];
    if (!devices.includes(device)) clauses.set(did, [...devices, device]);
  }
  if (clauses.size > 0)
    return [...clauses]
      .slice(0, MAX_CLAUSES)
      .map(([did, devices]) => clause(devices, did, cast))
      .join(', ');
  const failed = history.facts.find((fact) => fact.type === 'route.failed');
  if (failed !== undefined) return `the call could not go on (${phrased(failed.status, failed.reason)})`;
  if (forks.length > 0) return '';
  if (status !== 480) return `${cast.caller} got ${phrased(status, reason)}`;
  return `nobody could be rung: ${cast.callee} has no phone registered, and none that can be woken`;
}

type Clause = readonly [device: string, did: string];

const clause = (devices: readonly string[], did: string, cast: Cast): string =>
  `${together(devices, cast)} ${devices.length > 1 ? did.replace(/^was /, 'were ') : did}`;

/** Of several tries to a device the last one counts. */
function forkClauses(forks: readonly RecordedFork[]): readonly Clause[] {
  const last = new Map(forks.map(({ device, why }) => [device, why === '' ? '' : PAST[why]]));
  return [...last].filter(([, did]) => did !== '');
}

const pushClauses = (pushes: CallRecord['pushes'], forks: readonly RecordedFork[]): readonly Clause[] =>
  pushes
    .filter(({ device }) => !forks.some((fork) => fork.device === device))
    .map(({ device, failed }) => [
      device,
      failed === '' ? 'was pushed and did not wake up in time' : `could not be woken (${failed})`,
    ]);

/** `Bob's mobile`, `Bob's phones`, `Bob's mobile and Carol's phone`, `5 phones`. */
function together(devices: readonly string[], cast: Cast): string {
  if (devices.length === 1) return cast.ofDevice(devices[0] ?? '');
  const owners = new Set(devices.map((device) => cast.ownerOf(device)));
  if (owners.size === 1) return `${genitive([...owners][0] ?? '')} phones`;
  return devices.length === 2 ? devices.map((device) => cast.ofDevice(device)).join(' and ') : `${devices.length} phones`;
}
