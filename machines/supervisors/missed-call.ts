/**
 * Missed calls, told to another system by HTTP: a call to a user that nobody took, and no talk of the two within some
 * minutes. That is a join on the absence of an event: A, and then no B within n seconds.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario } from '../scenario.ts';
import type { HttpCommand } from '../vocabulary/commands.ts';
import type { FactOf } from '../vocabulary/descriptor.ts';
import { callAnswered, calleeMissed, type commandRefused, httpAnswered, httpFailed } from '../vocabulary/facts.ts';
import { PORT_HTTP } from '../vocabulary/identity.ts';
import { choiceOf, mapOf, millisecondsOf, textOf, wholeOf } from '../vocabulary/written.ts';

export interface MissedCallSettings {
  /** A name under `http.targets`, and a path below its URL. */
  readonly target: string;
  readonly path: string;
  /** How long a call back counts. */
  readonly afterMs: number;
  readonly callers: 'all' | 'internal' | 'external';
  /** User parts; none: all users. */
  readonly callees: readonly string[];
  readonly calledBackBy: 'callee' | 'anybody';
  /** Tries after the first. */
  readonly retries: number;
}

type Missed = FactOf<typeof calleeMissed>;
type Heard = Missed | FactOf<typeof callAnswered | typeof httpAnswered | typeof httpFailed | typeof commandRefused>;

interface Context {
  readonly settings: MissedCallSettings;
  /** The latest miss. */
  readonly missed: Missed;
  /** Misses that nobody was told of, and when the first of them was. */
  readonly count: number;
  readonly firstAtMs: number;
  readonly request: number;
  /** Tries of the present message. */
  readonly tries: number;
  readonly backoffMs: number;
}

/** Longer than any request may take. */
const ANSWER_LIMIT_MS = 65_000;
const FIRST_BACKOFF_MS = 2_000;
const LONGEST_BACKOFF_MS = 60_000;
const MAX_COUNT = 1_000;
/** Digits that two ways to write one number have in common: with and without country and area. */
const COMMON_DIGITS = 8;

const FOR_GOOD: ReadonlySet<string> = new Set(['noTarget', 'badPath', 'tooLarge']);

const hostOf = (uri: string): string => uri.slice(uri.lastIndexOf('@') + 1);
const digitsOf = (uri: string): string => uri.slice(uri.indexOf(':') + 1, uri.lastIndexOf('@')).replace(/\D/g, '');

/** The same address, or the same number written in another way. */
function isSameParty(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [digitsOf(a), digitsOf(b)];
  return x.length >= COMMON_DIGITS && y.length >= COMMON_DIGITS && x.slice(-COMMON_DIGITS) === y.slice(-COMMON_DIGITS);
}

/** Whether the two of a missed call talk, or somebody else of ours with that caller where this is as good. */
function isTalk({ missed, settings }: Context, answered: FactOf<typeof callAnswered>): boolean {
  const { caller, callee, answeredBy } = answered;
  const isAnybody = settings.calledBackBy === 'anybody';
  if (isSameParty(caller, missed.caller)) return isAnybody || callee === missed.callee || answeredBy === missed.callee;
  return (isAnybody || caller === missed.callee) && isSameParty(callee, missed.caller);
}

const WHY: Readonly<Record<Missed['why'], string>> = {
  always: 'not there',
  busy: 'busy',
  noAnswer: 'no answer',
  unreachable: 'not reachable',
  deflected: 'sent elsewhere',
  pickedUp: 'a colleague took the call, and did not answer',
  gaveUp: 'the caller gave up',
};

/** What the other system gets; `text` is what chats show. Who asked not to be shown is not. */
function bodyOf({ missed, count, firstAtMs }: Context): string {
  const { call, anonymous, callee, why, status, at } = missed;
  const uri = anonymous ? 'sip:anonymous@anonymous.invalid' : missed.caller;
  const name = anonymous ? 'Anonymous' : missed.callerName;
  const who = name === '' || anonymous ? name || uri : `${name} (${uri})`;
  const often = count === 1 ? '' : `, ${count} times`;
  return JSON.stringify({
    event: 'missed-call',
    text: `Missed call from ${who} to ${callee}${often}: ${WHY[why]}`,
    id: `${call}-${at}`,
    caller: { uri, name },
    callee,
    count,
    why,
    status,
    firstAtMs,
    lastAtMs: at,
  });
}

export const missedCallMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Missed, Heard, MissedCallSettings>,
    events: {} as Heard,
    emitted: {} as HttpCommand,
  },
  delays: {
    after: ({ context }) => context.settings.afterMs,
    backoff: ({ context }) => context.backoffMs,
    answerLimit: ANSWER_LIMIT_MS,
  },
  guards: {
    isUnwanted: ({ context }) => {
      const { callers } = context.settings;
      const isInternal = hostOf(context.missed.caller) === hostOf(context.missed.callee);
      return callers !== 'all' && isInternal !== (callers === 'internal');
    },
    /** Asleep, absent: nobody there to call back. */
    isHopeless: ({ context }) => context.missed.why === 'unreachable',
    hasNews: ({ context }) => context.count > 0,
    isTalk: ({ context, event }) => isTalk(context, event as FactOf<typeof callAnswered>),
    isTaken: ({ event }) => {
      const { status } = event as FactOf<typeof httpAnswered>;
      return status >= 200 && status < 300;
    },
    /** It may take it later; an answer that was too long has taken it. */
    mayTryAgain: ({ context, event }) => {
      if (context.tries > context.settings.retries) return false;
      if (event.type === 'http.answered') return event.status === 408 || event.status === 429 || event.status >= 500;
      return event.type !== 'http.failed' || !FOR_GOOD.has(event.why);
    },
  },
  actions: {
    noteMissed: assign(({ context, event }) => {
      const missed = event as Missed;
      const firstAtMs = context.count === 0 ? missed.at : context.firstAtMs;
      return { missed, firstAtMs, count: Math.min(context.count + 1, MAX_COUNT) };
    }),
    begin: assign({ tries: 0, backoffMs: FIRST_BACKOFF_MS }),
    send: enqueueActions(({ context, enqueue }) => {
      const request = context.request + 1;
      enqueue.assign({ request, tries: context.tries + 1 });
      enqueue.emit({
        ...{ type: 'http.request', to: PORT_HTTP, target: context.settings.target, request, method: 'POST' },
        ...{ path: context.settings.path, body: bodyOf(context), contentType: 'application/json', timeoutMs: 0 },
      } as HttpCommand);
    }),
    backOff: assign(({ context, event }) => {
      const asked = event.type === 'http.answered' ? event.retryAfterMs : 0;
      return { backoffMs: Math.min(Math.max(context.backoffMs * 2, asked), LONGEST_BACKOFF_MS) };
    }),
    settle: assign({ count: 0 }),
  },
}).createMachine({
  id: 'missedCall',
  description: 'A call that nobody took is told to another system, unless the two talk within some minutes',
  context: ({ input: { fact, settings } }) => ({
    settings,
    missed: fact,
    count: 1,
    firstAtMs: fact.at,
    request: 0,
    tries: 0,
    backoffMs: 0,
  }),
  initial: 'deciding',
  on: {
    'callee.missed': { actions: 'noteMissed' },
    'call.answered': [{ guard: 'isTalk', target: '.over' }, {}],
    'http.answered': {},
    'http.failed': {},
    'command.refused': {},
  },
  states: {
    deciding: {
      always: [{ guard: 'isUnwanted', target: 'over' }, { guard: 'isHopeless', target: 'telling' }, { target: 'waiting' }],
    },
    waiting: {
      description: 'The two may still talk; further misses of that caller make one message',
      after: { after: [{ guard: 'hasNews', target: 'telling' }, { target: 'over' }] },
    },
    telling: {
      initial: 'asking',
      entry: 'begin',
      states: {
        asking: {
          entry: 'send',
          on: {
            'http.answered': [
              { guard: 'isTaken', target: '#missedCall.told' },
              { guard: 'mayTryAgain', target: 'backingOff', actions: 'backOff' },
              { target: '#missedCall.told' },
            ],
            'http.failed': [{ guard: 'mayTryAgain', target: 'backingOff', actions: 'backOff' }, { target: '#missedCall.told' }],
          },
          after: { answerLimit: '#missedCall.told' },
        },
        backingOff: { after: { backoff: 'asking' } },
      },
    },
    told: {
      description: 'Told, or given up; what that caller misses next in this time is told together',
      entry: 'settle',
      always: 'waiting',
    },
    over: { type: 'final' },
  },
});

const KEYS = ['target', 'path', 'afterSeconds', 'callers', 'callees', 'calledBackBy', 'retries'];
const NAME = /^[A-Za-z0-9\-_.!~'()&=+$,;?/]{1,64}$/;
const MAX_CALLEES = 1_000;

function readSettings(written: unknown): MissedCallSettings {
  const map = mapOf(written, KEYS, 'a map such as { target: crm, path: missed-calls }');
  const { callees = [] } = map;
  if (
    !Array.isArray(callees) ||
    callees.length > MAX_CALLEES ||
    !callees.every((one) => typeof one === 'string' && NAME.test(one))
  )
    throw new Error('callees: write a list of names of users, such as [alice, support], or leave it out for all');
  return {
    target: textOf(map, 'target', { form: /^[A-Za-z0-9_.-]{1,64}$/, write: 'a name under http.targets, such as crm' }),
    path: textOf(map, 'path', { form: /^[^\s?#]{1,1000}$/, write: 'a path below the target, such as missed-calls', preset: '' }),
    afterMs: millisecondsOf(map, 'afterSeconds', { preset: 120, min: 0, max: 86_400 }),
    callers: choiceOf(map, 'callers', ['all', 'internal', 'external']),
    callees: callees as string[],
    calledBackBy: choiceOf(map, 'calledBackBy', ['callee', 'anybody']),
    retries: wholeOf(map, 'retries', { preset: 3, min: 0, max: 10 }),
  };
}

export const missedCall = defineScenario({
  name: 'missed-call',
  startsOn: [calleeMissed.where({})],
  startsFor: ({ callees }) =>
    callees.length === 0
      ? [calleeMissed.where({})]
      : callees.map((name) => calleeMissed.where({ callee: { op: 'glob', pattern: `sip:${name}@*` } })),
  oncePer: ({ caller, callee }) => `${caller} ${callee}`,
  listensTo: ({ caller, callee }, self) => [
    calleeMissed.where({ callee, caller }),
    // Whoever calls back, whom the callee calls, and to whom the caller talks.
    callAnswered.where({ callee: caller }),
    callAnswered.where({ caller: callee }),
    callAnswered.where({ caller }),
    httpAnswered.where({ case: self }),
    httpFailed.where({ case: self }),
  ],
  settings: readSettings,
  machine: missedCallMachine,
});
export default missedCall;
