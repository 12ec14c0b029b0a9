/**
 * Ring group (hunt group): a call to a group's name rings its members, all at once or one after the other; sleeping ones
 * are woken as any callee is. The call stays for the group: that is no diversion, and 5 members are not 5 diversions.
 */
import { enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario } from '../scenario.ts';
import type { CallCommand, SipRoute } from '../vocabulary/commands.ts';
import type { FactOf } from '../vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  callDiverted,
  calleeDropped,
  callFailed,
  callOffered,
  callUnanswered,
  type commandRefused,
  huntIdle,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';
import { PORT_SIP } from '../vocabulary/identity.ts';
import { choiceOf, mapOf, millisecondsOf, textOf } from '../vocabulary/written.ts';

/** One group, as its config says. */
export interface Group {
  /** User part of its address. */
  readonly group: string;
  readonly members: readonly string[];
  readonly strategy: 'all' | 'inTurn' | 'rotating';
  /** How long each turn rings. */
  readonly ringMs: number;
  /** Where the call goes that nobody takes; empty: nowhere. */
  readonly fallback: string;
  readonly label: string;
}
export interface RingGroupSettings {
  readonly groups: readonly Group[];
}

type Born = FactOf<typeof callOffered>;
type Found = FactOf<typeof routeFound>;
type Heard =
  | Found
  | FactOf<
      | typeof routeFailed
      | typeof huntIdle
      | typeof callAnswered
      | typeof callCancelled
      | typeof callDiverted
      | typeof callFailed
      | typeof callUnanswered
      | typeof calleeDropped
      | typeof actorEnded
      | typeof commandRefused
    >;

interface Context {
  readonly call: Born;
  /** Null where the settings know no such group. */
  readonly group: Group | null;
  /** Members whose turn has not come, in order. */
  readonly waiting: readonly string[];
  /** Questions where members are that have no answer yet. */
  readonly pending: number;
  /** Addresses of those who ring in this turn. */
  readonly rung: readonly string[];
}

/** The dial plan answers in the same instant. */
const ANSWER_LIMIT_MS = 1_000;
const MAX_MEMBERS = 32;
const FALLBACK = 0;

const userOf = (aor: string): string => aor.slice(aor.indexOf(':') + 1, aor.lastIndexOf('@'));
/** A member as it would be dialled where the group is. */
const uriOf = (member: string, { callee }: Born): string =>
  /^(?:sips?|tel):/i.test(member) ? member : `sip:${member}@${callee.slice(callee.lastIndexOf('@') + 1)}`;

/** Each call begins with another member: calls are numbered as they come. */
function inOrder({ members, strategy }: Group, { call }: Born): readonly string[] {
  const first = strategy === 'rotating' ? Number(/\d+$/.exec(call)?.[0] ?? 0) % members.length : 0;
  return [...members.slice(first), ...members.slice(0, first)];
}

export const ringGroupMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Born, Heard, RingGroupSettings>,
    events: {} as Heard,
    emitted: {} as CallCommand | SipRoute,
  },
  delays: {
    answerLimit: ANSWER_LIMIT_MS,
    turn: ({ context }) => context.group?.ringMs ?? 0,
  },
  guards: {
    hasMore: ({ context }) => context.waiting.length > 0,
    hasFallback: ({ context }) => context.group !== null && context.group.fallback !== '',
    isAsked: ({ context }) => context.pending === 0,
    hasRung: ({ context }) => context.rung.length > 0,
    isAskedAndRung: ({ context }) => context.pending === 0 && context.rung.length > 0,
    /** What is told of the turn before may come after this one has begun. */
    isOfThisTurn: ({ context, event }) => (event as FactOf<typeof huntIdle>).callee === context.rung.at(-1),
    /** Neither the caller's own phones nor those of somebody who wants all calls elsewhere. */
    isRingable: ({ context, event }) => {
      const { callee, forwarding } = event as Found;
      const { call, rung } = context;
      return callee !== call.callee && callee !== call.caller && forwarding.always === '' && !rung.includes(callee);
    },
  },
  actions: {
    ask: enqueueActions(({ context, enqueue }) => {
      const { call, group, waiting, rung } = context;
      if (group === null) return;
      const [next = ''] = waiting;
      const asked = group.strategy === 'all' ? waiting : [next];
      enqueue.emit({ type: 'call.keepOpen', to: call.call, forMs: group.ringMs + 2 * ANSWER_LIMIT_MS, progress: 0 });
      for (const callee of rung) enqueue.emit({ type: 'call.drop', to: call.call, callee });
      asked.forEach((member, n) => {
        const uri = uriOf(member, call);
        enqueue.emit({ type: 'sip.route', to: PORT_SIP, call: call.call, route: n + 1, uri, onBehalfOf: call.callee });
      });
      enqueue.assign({ waiting: waiting.slice(asked.length), pending: asked.length, rung: [] });
    }),
    ring: enqueueActions(({ context, event, enqueue }) => {
      const { callee, rings, wakeable, accountPush } = event as Found;
      const label = context.group?.label ?? '';
      enqueue.emit({ type: 'call.ring', to: context.call.call, callee, rings, wakeable, accountPush, label });
      enqueue.assign({ rung: [...context.rung, callee].slice(0, MAX_MEMBERS) });
    }),
    noteAnswer: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ pending: Math.max(0, context.pending - 1) });
    }),
    askFallback: enqueueActions(({ context, enqueue }) => {
      const { call, group } = context;
      if (group === null) return;
      enqueue.emit({ type: 'call.keepOpen', to: call.call, forMs: 2 * ANSWER_LIMIT_MS, progress: 0 });
      const uri = uriOf(group.fallback, call);
      enqueue.emit({ type: 'sip.route', to: PORT_SIP, call: call.call, route: FALLBACK, uri, onBehalfOf: call.callee });
    }),
    divert: enqueueActions(({ context, event, enqueue }) => {
      const { callee, rings, wakeable, accountPush, forwarding } = event as Found;
      const { call } = context.call;
      const whom = { callee, rings, wakeable, accountPush, forwarding };
      enqueue.emit({ type: 'call.divert', to: call, why: 'noAnswer', ...whom });
    }),
    leave: enqueueActions(({ context, enqueue }) => {
      const { call } = context.call;
      for (const callee of context.rung) enqueue.emit({ type: 'call.drop', to: call, callee });
      enqueue.emit({ type: 'call.letGo', to: call });
    }),
  },
}).createMachine({
  id: 'ringGroup',
  description: 'A call to a group rings its members, all at once or in turns',
  context: ({ input: { fact, settings } }) => {
    const group = settings.groups?.find((one) => one.group === userOf(fact.callee)) ?? null;
    return { call: fact, group, waiting: group === null ? [] : inOrder(group, fact), pending: 0, rung: [] };
  },
  initial: 'deciding',
  on: {
    'hunt.idle': {},
    'route.found': {},
    'route.failed': {},
    // Who declined is given up already; a call that has just ended rings nobody.
    'command.refused': {},
    'call.answered': '.over',
    'call.cancelled': '.over',
    'call.failed': '.over',
    // Somebody else is called; a group among those has a case of its own.
    'call.diverted': '.over',
    // The group's user has waited long enough, and says where such calls go.
    'call.unanswered': '.over',
    // It is one of another group, whose turn is over.
    'callee.dropped': '.leaving',
    'actor.ended': '.over',
  },
  states: {
    deciding: {
      always: [{ guard: 'hasMore', target: 'asking' }, { guard: 'hasFallback', target: 'fallingBack' }, { target: 'leaving' }],
    },
    asking: {
      description: 'Where are those whose turn it is, and what can be rung there now?',
      entry: 'ask',
      on: {
        'route.found': [{ guard: 'isRingable', actions: ['ring', 'noteAnswer'] }, { actions: 'noteAnswer' }],
        'route.failed': { actions: 'noteAnswer' },
      },
      always: [
        { guard: 'isAskedAndRung', target: 'ringing' },
        { guard: 'isAsked', target: 'deciding' },
      ],
      after: { answerLimit: [{ guard: 'hasRung', target: 'ringing' }, { target: 'deciding' }] },
    },
    ringing: {
      description: 'Their turn, for as long as one of them rings or may still wake',
      on: { 'hunt.idle': [{ guard: 'isOfThisTurn', target: 'deciding' }, {}] },
      after: { turn: 'deciding' },
    },
    fallingBack: {
      description: 'Nobody took it: where does the group want such calls to go?',
      entry: 'askFallback',
      on: {
        'route.found': { target: 'over', actions: 'divert' },
        'route.failed': 'leaving',
      },
      after: { answerLimit: 'leaving' },
    },
    leaving: { entry: 'leave', always: 'over' },
    over: { type: 'final' },
  },
});

const GROUP_KEYS = ['group', 'members', 'strategy', 'ringSeconds', 'fallback', 'label'];
const NAME = /^[A-Za-z0-9\-_.!~'()&=+$,;?/]{1,64}$/;
const TARGET = /^(?:(?:sips?|tel):)?[^\s<>"*]{1,256}$/;
const LABEL = /^[^\p{Cc}]{1,64}$/u;
const MAX_GROUPS = 1_000;
const WHAT = 'a map such as { group: support, members: [alice, bob] }';

function groupOf(written: unknown): Group {
  const map = mapOf(written, GROUP_KEYS, WHAT);
  const { members } = map;
  if (!Array.isArray(members) || members.length === 0 || members.length > MAX_MEMBERS)
    throw new Error(`members: write a list of 1 to ${MAX_MEMBERS} users, numbers or sip: URIs, such as [alice, bob]`);
  for (const member of members)
    if (typeof member !== 'string' || !TARGET.test(member))
      throw new Error('members: write each as a user, a number in quotes or a sip: URI');
  return {
    group: textOf(map, 'group', { form: NAME, write: 'the name of a user in users, such as support' }),
    members: [...new Set(members as string[])],
    strategy: choiceOf(map, 'strategy', ['all', 'inTurn', 'rotating']),
    ringMs: millisecondsOf(map, 'ringSeconds', { preset: 20, min: 1, max: 300 }),
    fallback: textOf(map, 'fallback', { form: TARGET, write: 'a user, a number in quotes or a sip: URI', preset: '' }),
    label: textOf(map, 'label', { form: LABEL, write: 'a short text, such as Support', preset: '' }),
  };
}

function readSettings(written: unknown): RingGroupSettings {
  const isList = typeof written === 'object' && written !== null && 'groups' in written;
  const groups = isList ? mapOf(written, ['groups'], WHAT).groups : [written];
  if (!Array.isArray(groups) || groups.length === 0 || groups.length > MAX_GROUPS)
    throw new Error(`groups: write a list of 1 to ${MAX_GROUPS} groups, each ${WHAT}`);
  const read = groups.map(groupOf);
  const twice = read.find(({ group }, n) => read.findIndex((other) => other.group === group) !== n);
  if (twice !== undefined) throw new Error(`${twice.group}: two groups have this name; rename one`);
  return { groups: read };
}

export const ringGroup = defineScenario({
  name: 'ring-group',
  startsOn: [callOffered.where({})],
  startsFor: ({ groups }) =>
    // Names of the config, and no `*` among them.
    groups.map(({ group }) => callOffered.where({ callee: { op: 'glob', pattern: `sip:${group}@*` }, code: '', placedBy: '' })),
  oncePer: ({ call, callee }) => `${call} ${callee}`,
  of: ({ call }) => call,
  listensTo: ({ call, callee }, self) => [
    routeFound.where({ call, case: self }),
    routeFailed.where({ call, case: self }),
    huntIdle.where({ call, hunter: self }),
    callAnswered.where({ call }),
    callCancelled.where({ call }),
    callDiverted.where({ call }),
    callFailed.where({ call }),
    callUnanswered.where({ call }),
    calleeDropped.where({ call, callee }),
    actorEnded.where({ address: call }),
  ],
  settings: readSettings,
  machine: ringGroupMachine,
});
export default ringGroup;
