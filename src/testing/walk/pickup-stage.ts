/** A call that rings, and users who take it: the real charts of call, legs and pickup, with all parties' moves as choices. */
import type { StampedCommand } from '../../engine/entry.ts';
import type { AnyFact } from '../../engine/port.ts';
import { CALL, CALL_AND_LEGS, CALLEE, type CallStage, callStage, fact, inviteWith } from './call-stage.ts';
import type { Installed, WalkWorld } from './engine.ts';
import type { Said } from './rule.ts';
import type { Surroundings } from './walk.ts';

/** What may happen on a stage of pickers. */
export interface PickupStage extends Pick<CallStage, 'scenarios'> {
  /** How many, each with a call of its own; or ordered by an operator. */
  readonly pickers: number;
  readonly form: 'group' | 'order';
  readonly mode: 'join' | 'callback';
  /** Final answers of a picker's phone to the other caller's offer, beside 200. */
  readonly refusals?: readonly number[];
  readonly charts?: readonly Installed[];
}

/** The only fork of the call, as it comes. */
export const DESK = 'leg:1/1';
const pickerLeg = (n: number): string => `leg:${n}/0`;
const pickerCall = (n: number): string => `call:${n}`;
const pickerAor = (n: number): string => `sip:picker${n}@example.com`;
/** Alice's call has number 1. */
const FIRST_PICKER = 2;

/** A picker's own call as its phone sees it. */
type Own = 'idle' | 'calling' | 'answered' | 'talking' | 'over';
/** A re-INVITE to a picker: `off` is nobody's any more, but not answered yet. */
interface Join {
  readonly adopts: string;
  readonly state: 'asked' | 'off' | 'agreed' | 'moved';
}

interface Memory {
  readonly base: unknown;
  readonly own: Readonly<Record<string, Own>>;
  /** By fork. */
  readonly joins: Readonly<Record<string, Join>>;
}

const setOwn = (memory: Memory, leg: string, state: Own): Memory => ({ ...memory, own: { ...memory.own, [leg]: state } });
function setJoin(memory: Memory, fork: string, change: Partial<Join> | undefined): Memory {
  const { [fork]: known, ...others } = memory.joins;
  if (change === undefined) return { ...memory, joins: others };
  return { ...memory, joins: { ...others, [fork]: { adopts: '', state: 'asked', ...known, ...change } } };
}
const joinOf = ({ joins }: Memory, leg: string): [string, Join] | undefined =>
  Object.entries(joins).find(([, { adopts, state }]) => adopts === leg && (state === 'asked' || state === 'agreed'));

/** What becomes of a picker's own leg. */
function takeOwn(memory: Memory, leg: string, { type, status }: Said): Memory {
  switch (type) {
    case 'invite.received':
      return setOwn(memory, leg, 'calling');
    case 'sip.respond':
      return Number(status) < 200 ? memory : setOwn(memory, leg, Number(status) < 300 ? 'answered' : 'over');
    case 'ack.received':
      return setOwn(memory, leg, 'talking');
    case 'cancel.received':
    case 'ack.missed':
    case 'bye.received':
    case 'dialog.moved':
    case 'sip.bye':
      return setOwn(memory, leg, 'over');
    default:
      return memory;
  }
}

/** What becomes of a fork that is to have a picker's dialog. */
function takeJoin(memory: Memory, fork: string, join: Join | undefined, said: Said): Memory {
  switch (said.type) {
    case 'sip.invite':
      return setJoin(memory, fork, { adopts: String((said.target as { adopts?: string }).adopts) });
    case 'answer.received':
      // One that crosses its CANCEL agrees to nothing.
      return join?.state === 'off' ? memory : setJoin(memory, fork, { state: 'agreed' });
    case 'sip.cancel':
      return join?.state === 'asked' ? setJoin(memory, fork, { state: 'off' }) : memory;
    case 'sip.ack':
      return setJoin(memory, fork, { state: 'moved' });
    case 'failure.received':
    case 'sip.discard':
    case 'sip.bye':
    case 'bye.received':
      return setJoin(memory, fork, undefined);
    default:
      return memory;
  }
}

const isJoining = ({ type, target }: Said): boolean =>
  type === 'sip.invite' && (target as { adopts?: string } | undefined)?.adopts !== undefined;

/** Of the picker who was ordered to have it, nothing is known before. */
const pickersOf = (stage: PickupStage): readonly number[] => Array.from({ length: stage.pickers }, (_, n) => FIRST_PICKER + n);

function asks(stage: PickupStage, n: number): AnyFact | readonly AnyFact[] {
  const picker = pickerAor(n);
  // An operator's command, which the walk posts as it does facts.
  if (stage.form === 'order') return { type: 'call.pickUp', to: CALL, picker } as unknown as AnyFact;
  const [call, leg] = [pickerCall(n), pickerLeg(n)];
  const { form, mode } = stage;
  return [
    inviteWith({ call, leg, caller: picker, callee: 'sip:*8@example.com', code: '*8', callIdStem: `stem${n}` }),
    fact('pickup.asked', { call, leg, picker, callees: [CALLEE], form, mode }),
  ];
}

/** What a picker may do with the own call next. */
function mayOwn(memory: Memory, leg: string): (AnyFact | readonly AnyFact[])[] {
  const state = memory.own[leg];
  if (state === 'calling') return [fact('cancel.received', { leg, reason: '' })];
  if (state === 'answered') return [fact('ack.received', { leg, message: 5 }), fact('ack.missed', { leg })];
  if (state !== 'talking') return [];
  const hangsUp = fact('bye.received', { leg, fork: '', message: 6 });
  const [fork = '', join] = joinOf(memory, leg) ?? [];
  if (join === undefined) return [hangsUp];
  // Who was to have its dialog has lost its party too.
  const lost =
    join.state === 'asked'
      ? fact('failure.received', { leg: fork, status: 487, reason: 'Party Has Hung Up', origin: 'peer', message: 0 })
      : fact('bye.received', { leg: fork, fork: '', message: 0 });
  return [[lost, hangsUp]];
}

function mayJoin([leg, { state }]: [string, Join], refusals: readonly number[]): AnyFact[] {
  const fails = (status: number): AnyFact => fact('failure.received', { leg, status, reason: '', origin: 'peer', message: 0 });
  const agrees = fact('answer.received', { leg, status: 200, message: 2 });
  if (state === 'asked') return [agrees, ...refusals.map(fails)];
  // Its CANCEL is on its way; the answer may cross it.
  if (state === 'off') return [fails(487), agrees];
  return state === 'moved' ? [fact('bye.received', { leg, fork: '', message: 7 })] : [];
}

/** What the port does at once; as `src/ports/sip/adoption.ts` does it. */
function answer(command: StampedCommand, memory: () => Memory): readonly AnyFact[] | undefined {
  const { type, leg, target, order } = command as unknown as {
    readonly type: string;
    readonly leg: string;
    readonly target?: { readonly adopts?: string };
    readonly order?: object | null;
  };
  const moved = (old: string): AnyFact => fact('dialog.moved', { leg: old });
  if (type === 'sip.invite' && target?.adopts !== undefined) {
    const now = memory();
    const others = Object.entries(now.joins).filter(([fork, { adopts }]) => fork !== leg && adopts === target.adopts);
    const isFree = now.own[target.adopts] === 'talking' && !others.some(([, { state }]) => state !== 'off');
    return isFree ? [] : [fact('failure.received', { leg, status: 481, reason: '', origin: 'peer', message: 0 })];
  }
  if (type === 'sip.ack') {
    const join = memory().joins[leg];
    return join !== undefined && memory().own[join.adopts] === 'talking' ? [moved(join.adopts)] : undefined;
  }
  if (type !== 'sip.bye') return undefined;
  const [fork = '', join] = joinOf(memory(), leg) ?? [];
  if (join === undefined) return undefined;
  const isSentAway = order !== null && order !== undefined && join.state === 'asked';
  if (!isSentAway) return [moved(leg)];
  return [
    fact('failure.received', { leg: fork, status: 487, reason: '', origin: 'peer', message: 0 }),
    fact('bye.finished', { leg }),
  ];
}

/** The charts of call and leg where the config has pickup groups. */
const PICKABLE: readonly Installed[] = CALL_AND_LEGS.map(({ scenario, settings }) =>
  scenario.name === 'call' ? { scenario, settings: { ...(settings as object), picksUp: true } } : { scenario, settings },
);

/** Surroundings, scenarios and what happens before, as a walk takes them: Bob's desk phone rings. */
export function pickupStage(stage: PickupStage): ReturnType<typeof callStage> {
  const pickers = pickersOf(stage);
  const legs = new Map(pickers.map((n) => [pickerLeg(n), n]));
  const { scenarios, charts = PICKABLE, refusals = [488] } = stage;
  const base = callStage({
    devices: { desk: 'awake' },
    routes: stage.mode === 'callback' ? Object.fromEntries(pickers.map((n) => [pickerAor(n), ''])) : {},
    scenarios,
    charts,
  });
  const before = base.surroundings;
  const own: Record<string, Own> = Object.fromEntries([...legs.keys()].map((leg) => [leg, 'idle']));
  const start: Memory = { base: before.start, own, joins: {} };

  const take = (memory: Memory, said: Said): Memory => {
    const leg = String(said.leg ?? '');
    if (said.type === 'call.pickUp') return setOwn(memory, pickerLeg(numberOf(String(said.picker))), 'over');
    if (legs.has(leg)) return takeOwn(memory, leg, said);
    const join = memory.joins[leg];
    if (join !== undefined || isJoining(said)) return takeJoin(memory, leg, join, said);
    return { ...memory, base: before.take?.(memory.base, said) ?? memory.base };
  };
  const may = (memory: Memory, world: WalkWorld): readonly (AnyFact | readonly AnyFact[])[] => {
    const idle = pickers.filter((n) => memory.own[pickerLeg(n)] === 'idle');
    return [
      ...before.may(memory.base, world),
      // They are alike: the one who is first is first.
      ...idle.slice(0, 1).map((n) => asks(stage, n)),
      ...[...legs.keys()].flatMap((leg) => mayOwn(memory, leg)),
      ...Object.entries(memory.joins).flatMap((join) => mayJoin(join, refusals)),
    ];
  };
  return {
    ...base,
    before: [...base.before, fact('provisional.received', { leg: DESK, status: 180, message: 3 })],
    surroundings: {
      start,
      take,
      may,
      answer: (command: StampedCommand, memory: () => Memory) =>
        answer(command, memory) ?? before.answer?.(command, () => memory().base) ?? [],
    } as unknown as Surroundings<unknown>,
  };
}

const numberOf = (picker: string): number => Number(/\d+/.exec(picker)?.[0] ?? 0);
