/** What holds of every call, whatever supervisors do with it: rules for walks. */
import { CALL, CALLER_LEG } from './call-stage.ts';
import type { WalkWorld } from './engine.ts';
import { type Said, type WalkRule, walkRule } from './rule.ts';

const ENDS: ReadonlySet<string> = new Set(['call.answered', 'call.cancelled', 'call.failed']);
/** The call is decided; others, such as those of pickers, are their own matter. */
const isDecided = ({ type, call }: Said): boolean => ENDS.has(type) && call === CALL;
const contextOf = (world: WalkWorld, address: string): Readonly<Record<string, unknown>> =>
  world.actors.find((actor) => actor.address === address)?.moment.snapshot?.context ?? {};

/** Counts by name, at most two: that is one too many. */
type Counts = Readonly<Record<string, number>>;
const counted = (counts: Counts, name: unknown): Counts => ({
  ...counts,
  [String(name)]: Math.min((counts[String(name)] ?? 0) + 1, 2),
});
const twice = (counts: Counts): string | undefined => Object.keys(counts).find((name) => (counts[name] ?? 0) > 1);

export const oneFinalAnswer = walkRule<number>({
  name: 'one final answer',
  start: 0,
  take: (answers, { type, leg, status }: Said) =>
    type === 'sip.respond' && leg === CALLER_LEG && Number(status) >= 200 ? Math.min(answers + 1, 2) : answers,
  still: (answers) => (answers > 1 ? 'the caller got two' : undefined),
  rest: (answers) => (answers === 0 ? 'the caller got none' : undefined),
});

/** A hunt is one callee's: a diverted call may ring a device again for somebody else. */
export const oneForkADevice = walkRule<Counts>({
  name: 'one fork a device',
  start: {},
  take: (forks, { type, device }: Said) => {
    if (type === 'call.diverted') return {};
    return type === 'fork.started' ? counted(forks, device) : forks;
  },
  still: (forks) => {
    const device = twice(forks);
    return device === undefined ? undefined : `${device} got two`;
  },
});

export const noLateFork = walkRule<string>({
  name: 'no new fork after answer or CANCEL',
  start: '',
  take: (memory, said: Said) => {
    const { type, device, leg } = said;
    if (memory === '' && (isDecided(said) || (type === 'cancel.received' && leg === CALLER_LEG))) return 'over';
    return memory === 'over' && type === 'fork.started' ? `${device} got one` : memory;
  },
  still: (memory) => (memory === '' || memory === 'over' ? undefined : memory),
});

/** In a talk no other fork is answered and kept. */
export const oneCallee = walkRule<readonly string[]>({
  name: 'one callee',
  start: [],
  take: (talking, { type, leg }: Said) => {
    if (type === 'sip.ack') return [...talking, String(leg)].slice(0, 2);
    return type === 'sip.bye' || type === 'bye.received' ? talking.filter((other) => other !== leg) : talking;
  },
  still: (talking) => (talking.length > 1 ? `${talking.join(' and ')} talk to one caller` : undefined),
});

interface Ringing {
  readonly forks: readonly string[];
  readonly isOver: boolean;
}
const ENDS_FORK: ReadonlySet<string> = new Set([
  'failure.received',
  'sip.cancel',
  'sip.discard',
  'sip.ack',
  'sip.bye',
  'bye.received',
]);

/** Whoever else rings is told so in the very step in which the call is decided. */
export const losersAreCancelled = walkRule<Ringing>({
  name: 'no phone rings for a call that is decided',
  start: { forks: [], isOver: false },
  take: ({ forks, isOver }, said: Said) => {
    const { type, leg } = said;
    if (type === 'sip.invite') return { forks: [...forks, String(leg)], isOver };
    if (isDecided(said)) return { forks, isOver: true };
    const isEnd = ENDS_FORK.has(type) || (type === 'answer.received' && !isOver);
    return isEnd ? { forks: forks.filter((other) => other !== leg), isOver } : { forks, isOver };
  },
  still: ({ forks, isOver }) => (isOver && forks.length > 0 ? `${forks.join(', ')} still rings` : undefined),
});

export const callEnds = walkRule<null>({
  name: 'the call ends, or people talk',
  start: null,
  rest: (_memory, { actors }) => {
    const [first] = actors;
    if (first === undefined) return undefined;
    const value = JSON.stringify(actors.find(({ address }) => address === CALL)?.moment.snapshot?.value ?? '');
    return value.includes('talking') ? undefined : `${actors.map(({ address }) => address).join(', ')} never ends`;
  },
});

/** From each command that the call took, for as long as it says. */
export const keptNoLonger = walkRule<Counts>({
  name: 'kept open no longer than asked',
  start: {},
  take: (until, said: Said) => (said.type === 'call.keepOpen' ? { ...until, [said.by]: said.at + Number(said.forMs) } : until),
  still: (until, world) => {
    const { keepers = [] } = contextOf(world, CALL) as { keepers?: readonly string[] };
    const late = keepers.find((keeper) => (until[keeper] ?? 0) < world.atMs);
    return late === undefined ? undefined : `${late} keeps it at ${world.atMs} ms`;
  },
});

export const oneOutcome = walkRule<Counts>({
  name: 'one outcome',
  start: {},
  take: (fates, said: Said) => {
    if (said.type === 'call.ended' && said.call === CALL) return counted(fates, 'end');
    return isDecided(said) ? counted(fates, 'outcome') : fates;
  },
  still: (fates) => (twice(fates) === undefined ? undefined : `it was told two of ${twice(fates)}`),
});

/** All of them. */
export const CALL_RULES: readonly WalkRule[] = [
  oneFinalAnswer,
  oneForkADevice,
  noLateFork,
  oneCallee,
  losersAreCancelled,
  callEnds,
  keptNoLonger,
  oneOutcome,
];
