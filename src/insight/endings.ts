/** Why a call ended as it did, in a few words. */
import type { Happening, History } from '../correlation/history.ts';
import { type CallRecord, type RecordedFork, recordOf, type Why } from '../correlation/record.ts';
import { LAPSED, phrased } from '../correlation/story.ts';
import type { Entry } from '../engine/entry.ts';
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

/** What is known of other calls. */
export interface Others {
  /** The story so far of another call. */
  historyOf(call: string): History | undefined;
  /** Kept calls that go on from that one. */
  onwardOf(call: string): readonly string[];
}

/** How it ended, and when that was decided. */
export interface Ending {
  readonly at: number;
  /** `seq` of what decided it; 0 if it is not known. */
  readonly seq: number;
  /** In a few words. */
  readonly why: string;
  /** And what the caller got of it. */
  readonly text: string;
}

interface Scene {
  readonly history: History;
  readonly record: CallRecord;
  readonly cast: Cast;
  readonly others: Others;
}

/** The ending of a call that is over. */
export function endingOf(history: History, recording: Recording, cast: Cast, others: Others): Ending {
  const record = recordOf(history);
  const scene = { history, record, cast, others };
  const order = record.how === 'ordered' || record.how === 'failed' ? orderOf(recording) : undefined;
  const decided = order ?? history.facts.find(({ type }) => DECIDES.has(type)) ?? history.end;
  const why = order === undefined ? textOf(scene) : ordered(order, scene);
  const got = gotOf(scene);
  const isTold =
    record.outcome !== 'failed' ||
    record.status === 0 ||
    why === got ||
    why.endsWith(`(${phrased(record.status, record.reason)})`);
  return { at: decided?.at ?? history.endedAtMs, seq: decided?.seq ?? 0, why, text: isTold ? why : `${why}, so ${got}` };
}

const DECIDES: ReadonlySet<Happening['type']> = new Set(['call.failed', 'call.cancelled', 'session.lapsed', 'leg.hungUp']);

/** Where the answer has no reason phrase of its own, the usual one is sent. */
const USUAL: Readonly<Record<number, string>> = {
  404: 'Not Found',
  408: 'Request Timeout',
  480: 'Temporarily Unavailable',
  486: 'Busy Here',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  603: 'Decline',
};
const gotOf = ({ cast, record: { status, reason } }: Scene): string =>
  `${cast.caller} got ${phrased(status, reason || USUAL[status] || '')}`;

function textOf(scene: Scene): string {
  const { outcome } = scene.record;
  if (outcome === 'crashed') return 'the chart of the call crashed, which is a defect';
  if (outcome === 'answered') return talkEnded(scene);
  if (outcome === 'cancelled') return gaveUp(scene);
  return whyNobody(scene) || gotOf(scene);
}

/** Who ordered its end, if anybody did before it was over. */
const orderOf = ({ kept, call }: Recording): Entry | undefined =>
  kept.find(({ entry, refused }) => entry.type === 'call.end' && entry.to === call && refused === undefined)?.entry;

const BY: Readonly<Record<string, string>> = {
  service: 'the service stopped and ended the call',
  operator: 'an operator ended the call',
  'ivr-menu': 'the menu ended the call',
  'in-call-codes': 'the code that was pressed ended the call',
};

/** The pickup ends the picker's own call, and says why itself. */
function ordered({ by }: Entry, { history: { birth, facts }, cast, record: { status, reason } }: Scene): string {
  const scenario = by.slice(0, Math.max(by.indexOf(':'), 0)) || by;
  if (scenario !== 'call-pickup')
    return BY[scenario] ?? `the scenario ${scenario} ended the call${reason === '' ? '' : ` (${phrased(status, reason)})`}`;
  const lost = facts.find((fact) => fact.type === 'pickup.lost' && fact.pickerCall === birth.call) as Lost | undefined;
  if (lost !== undefined) return notTaken(lost, cast, false);
  return `${cast.caller} is called back with the call`;
}

type Lost = Extract<Happening, { type: 'pickup.lost' }>;

/** Why a picker has not got a call, with what it was answered or without. */
export function notTaken({ callee, picker, status, reason }: Lost, cast: Cast, isAnswerTold = true): string {
  const why = isAnswerTold ? ` (${phrased(status, reason)})` : '';
  const who = cast.person(picker);
  return callee === '' ? `${who} found no call to take${why}` : `${who} could not take the call to ${cast.person(callee)}${why}`;
}

function talkEnded({ history: { birth, facts }, cast, record: { how, endedBy }, others }: Scene): string {
  const lapsed = facts.find((fact) => fact.type === 'session.lapsed');
  if (lapsed !== undefined && lapsed.why === how) return `${cast.ofLeg(lapsed.leg)} ${LAPSED[lapsed.why]}`;
  const hungUp = facts.find((fact) => fact.type === 'leg.hungUp');
  const who = hungUp === undefined ? (endedBy === 'caller' ? cast.caller : 'the other side') : cast.ofLeg(hungUp.leg);
  const after = talkText(facts, birth.at, hungUp?.at);
  switch (how) {
    case 'bye':
      return `${who} hung up${after}`;
    case 'moved':
      return movedOn(birth.call, who, cast, others);
    case 'no-ack':
      return `${who} never confirmed the answer (no ACK came)`;
    case 'no-prack':
      return `${who} never confirmed the ringing (no PRACK came)`;
    case 'failed':
      return `the connection to ${who} was lost${after}`;
    default:
      return birth.placedBy === '' ? `the service ended it${after}` : 'the call that was ordered was not connected';
  }
}

/** Who has only heard a menu has not talked to anybody. */
function talkText(facts: readonly Happening[], beganMs: number, endedMs: number | undefined): string {
  if (endedMs === undefined) return '';
  const answered = facts.findLast((fact) => fact.type === 'call.answered' && fact.leg !== '' && fact.at <= endedMs);
  return answered === undefined
    ? ` after ${lengthText(endedMs - beganMs)}`
    : ` after ${lengthText(endedMs - answered.at)} of talk`;
}

/** A party of it talks in another call now: by a pickup, by a transfer, or since it was replaced there. */
function movedOn(call: string, who: string, cast: Cast, others: Others): string {
  const picked = others.historyOf(call)?.facts.find((fact) => fact.type === 'pickup.won' && fact.pickerCall === call);
  if (picked?.type === 'pickup.won') return `${cast.person(picked.picker)} took the call to ${cast.person(picked.callee)}`;
  for (const onward of others.onwardOf(call)) {
    const next = others.historyOf(onward)?.birth;
    if (next !== undefined && others.historyOf(call)?.birth.placedBy !== '')
      return `${who} was connected with ${cast.person(next.callee)}`;
    if (next !== undefined && next.transferredBy !== '')
      return `${cast.person(next.transferredBy)} transferred ${who} to ${cast.person(next.callee)}`;
  }
  return `${who} talks on in another call`;
}

function gaveUp({ history: { facts, birth }, cast, record: { waitMs } }: Scene): string {
  const cancelled = facts.find(({ type }) => type === 'call.cancelled');
  const after = lengthText((cancelled?.at ?? birth.at + waitMs) - birth.at);
  const ringing = new Set<string>();
  for (const fact of facts) {
    if (fact.type === 'leg.ringing' && fact.status === 180) ringing.add(fact.device);
    else if (fact.type === 'leg.failed' && fact.at < (cancelled?.at ?? 0)) ringing.delete(fact.device);
  }
  const isWaking = ringing.size === 0 && facts.some(({ type }) => type === 'push.delivered');
  const while_ =
    ringing.size > 0
      ? `, while ${together([...ringing], cast)} rang`
      : isWaking
        ? `, while ${genitive(cast.callee)} mobile was being woken`
        : ', while no phone rang';
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
function whyNobody({ history, cast, record: { forks, pushes, status } }: Scene): string {
  const clauses = new Map<string, string[]>();
  for (const [device, did] of [...forkClauses(forks), ...pushClauses(pushes, forks)]) {
    const devices = clauses.get(did) ?? [];
    if (!devices.includes(device)) clauses.set(did, [...devices, device]);
  }
  if (clauses.size > 0) {
    const time = (did: string, devices: readonly string[]): string =>
      did === PAST['no answer'] ? rangFor(history, devices) : '';
    const said = [...clauses].slice(0, MAX_CLAUSES).map(([did, devices]) => clause(devices, did, cast) + time(did, devices));
    return said.join(', ');
  }
  const failed = history.facts.find((fact) => fact.type === 'route.failed');
  if (failed !== undefined) return `the call could not go on (${phrased(failed.status, failed.reason)})`;
  if (forks.length > 0) return '';
  if (status !== 480) return '';
  return `nobody could be rung: ${cast.callee} has no phone registered, and none that can be woken`;
}

/** How long the one that rang longest was rung. */
function rangFor({ facts }: History, devices: readonly string[]): string {
  let longestMs = 0;
  for (const failed of facts) {
    if (failed.type !== 'leg.failed' || !devices.includes(failed.device)) continue;
    const fork = facts.find((fact) => fact.type === 'fork.started' && fact.leg === failed.leg);
    longestMs = Math.max(longestMs, failed.at - (fork?.at ?? failed.at));
  }
  return longestMs === 0 ? '' : ` in ${lengthText(longestMs)}`;
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
