/** What a caller's way through menus knows and does: the parts that its chart names. No digit is kept. */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { Birth } from '../scenario.ts';
import type {
  CallAnswer,
  CallDivert,
  CallDrop,
  CallEnd,
  CallRing,
  MediaCheckPin,
  MediaCollect,
  MediaPlay,
  SipRoute,
} from '../vocabulary/commands.ts';
import type { FactOf, Raw } from '../vocabulary/descriptor.ts';
import type {
  actorEnded,
  callAnswered,
  callCancelled,
  callDiverted,
  callerAnswered,
  callFailed,
  commandRefused,
  digitsCollected,
  huntIdle,
  menuDialled,
  orderRaised,
  pinChecked,
  promptEnded,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';
import { type Address, CALLER_LEG, legAddress, PORT_MEDIA, PORT_SIP } from '../vocabulary/identity.ts';
import type { Choice, IvrSettings, Menu } from '../vocabulary/ivr.ts';
import type { Prompt } from '../vocabulary/media.ts';
import { SIXTY_FOUR_T1_MS } from '../vocabulary/time.ts';

type Born = FactOf<typeof menuDialled | typeof callDiverted>;
type Found = FactOf<typeof routeFound>;
type Heard = FactOf<
  | typeof callerAnswered
  | typeof digitsCollected
  | typeof pinChecked
  | typeof promptEnded
  | typeof routeFound
  | typeof routeFailed
  | typeof huntIdle
  | typeof callAnswered
  | typeof callCancelled
  | typeof callFailed
  | typeof actorEnded
  | typeof commandRefused
>;
type Of<T extends Heard['type']> = Extract<Heard, { type: T }>;
/** What a case is born with. */
export type Input = Birth<Born, never, IvrSettings>;

/** What a case keeps. */
export interface Context {
  readonly settings: IvrSettings;
  readonly call: Address;
  readonly leg: Address;
  readonly caller: string;
  /** Address of record of the number that leads here. */
  readonly number: string;
  /** Name of the menu that the caller is in, and of those on the way to it. */
  readonly menu: string;
  readonly path: readonly string[];
  /** Number of the latest order to the media port. */
  readonly order: number;
  /** What was asked for or chosen, all in all. */
  readonly steps: number;
  /** How often nothing useful was pressed in this menu. */
  readonly tries: number;
  readonly wrongPins: number;
  /** What is said before the menu's own prompts. */
  readonly preface: readonly Prompt[];
  readonly chosen: Choice;
  /** The retries are used up: nothing comes after what is tried now. */
  readonly isLast: boolean;
  /** Questions where callees are that have no answer yet; whether one of them was found. */
  readonly pending: number;
  readonly isFound: boolean;
  /** Those who are rung at once, or the one whom the call goes to. */
  readonly rung: readonly string[];
  readonly isHunt: boolean;
}

/** Ends any way through menus, however long somebody presses keys. */
export const MAX_STEPS = 100;
const MAX_PATH = 16;
const MAX_RUNG = 16;
/** Nobody stays in menus for longer. */
const ATTENDED_MS = 3_600_000;
/** The dial plan answers in the same instant, a call that rings nobody any more too. */
const ANSWER_LIMIT_MS = 1_000;
/** The call hears first that there is no ACK (RFC 3261 §13.3.1.4). */
const STEP_LIMIT_MS = SIXTY_FOUR_T1_MS + 1_000;
/** All prompts of a menu, and the keys behind them. */
const INPUT_LIMIT_MS = 1_800_000;
/** Longer than phones ring: they have a limit of their own. */
const RING_LIMIT_MS = 660_000;

const REPEAT: Choice = { does: 'repeat' };
const HANG_UP: Choice = { does: 'hangUp' };
const NO_MENU: Menu = {
  prompts: [],
  bargeIn: true,
  choices: {},
  firstMs: 1,
  betweenMs: 1,
  terminator: '',
  retries: 0,
  invalid: [],
  silent: [],
  nobody: [],
  ringMs: 1,
  fallBack: HANG_UP,
};

const userOf = (aor: string): string => aor.slice(aor.indexOf(':') + 1, aor.lastIndexOf('@'));
const domainOf = (aor: string): string => aor.slice(aor.lastIndexOf('@') + 1);
const own = <T>(of: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  of !== undefined && Object.hasOwn(of, key) ? of[key] : undefined;

const menuOf = ({ settings, menu }: Pick<Context, 'settings' | 'menu'>): Menu => own(settings.menus, menu) ?? NO_MENU;
/** As it would be dialled where the menu is. */
const uriOf = (whom: string, { number }: Context): string =>
  /^(?:sips?|tel):/i.test(whom) ? whom : `sip:${whom}@${domainOf(number)}`;
/** A number outside is rung in the name of a user who may. */
const onBehalfOf = ({ settings: { callsAs }, number }: Context): string =>
  callsAs === '' ? '' : `sip:${callsAs}@${domainOf(number)}`;
const chosenBy = (context: Context, { how, digits }: Of<'digits.collected'>): Choice | undefined =>
  how === 'matched' ? own(menuOf(context).choices, digits) : undefined;
const nextOf = (choice: Choice): Choice => ('next' in choice ? choice.next : REPEAT);
const promptsOf = (choice: Choice): readonly Prompt[] => ('prompts' in choice ? choice.prompts : []);

/** What the case knows at its birth. */
export function contextOf({ fact, settings }: Input): Context {
  const { call, callee: number, caller } = fact;
  const menu = fact.type === 'menu.dialled' ? fact.menu : (own(settings.numbers, userOf(number)) ?? '');
  const leg = fact.type === 'menu.dialled' ? fact.leg : legAddress(call, CALLER_LEG);
  return {
    ...{ settings, call, leg, caller, number, menu, path: [], order: 0, steps: 0, tries: 0, wrongPins: 0, preface: [] },
    ...{ chosen: REPEAT, isLast: false, pending: 0, isFound: false, rung: [], isHunt: false },
  };
}

const does =
  (what: Choice['does']) =>
  ({ context }: { context: Context }) =>
    context.chosen.does === what;

export const ivrSetup = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Heard,
    emitted: {} as
      | (CallAnswer | CallDivert | CallDrop | CallEnd | CallRing | SipRoute | MediaCheckPin | MediaCollect | MediaPlay)
      | Raw<typeof orderRaised>,
  },
  delays: {
    stepLimit: STEP_LIMIT_MS,
    answerLimit: ANSWER_LIMIT_MS,
    inputLimit: INPUT_LIMIT_MS,
    ringLimit: ({ context }) => (context.isHunt ? RING_LIMIT_MS : menuOf(context).ringMs),
  },
  guards: {
    isStale: ({ context, event }) => (event as Of<'digits.collected' | 'pin.checked' | 'prompt.ended'>).order !== context.order,
    isChoice: ({ context, event }) => chosenBy(context, event as Of<'digits.collected'>) !== undefined,
    isSilent: ({ event }) => (event as Of<'digits.collected'>).how === 'silent',
    isNumber: ({ event }) => (event as Of<'digits.collected'>).digits !== '',
    isTired: ({ context }) => context.steps >= MAX_STEPS,
    isPatient: ({ context }) => context.tries <= menuOf(context).retries,
    isLast: ({ context }) => context.isLast,
    rings: does('ring'),
    opens: does('menu'),
    dials: does('dial'),
    checks: does('pin'),
    says: does('say'),
    raises: does('raise'),
    goesBack: does('back'),
    hangsUp: does('hangUp'),
    isRight: ({ event }) => (event as Of<'pin.checked'>).ok,
    hasPinTries: ({ context }) => context.chosen.does === 'pin' && context.wrongPins < context.chosen.tries,
    isNoExtension: ({ context }) => context.chosen.does === 'dial' && context.pending === 0 && !context.isFound,
    isAsked: ({ context }) => context.pending === 0,
    isAskedAndRung: ({ context }) => context.pending === 0 && context.rung.length > 0,
    hasRung: ({ context }) => context.rung.length > 0,
    isHunt: ({ context }) => context.isHunt,
    isRingable: ({ context, event }) => {
      const { callee } = event as Found;
      return callee !== context.caller && callee !== context.number && !context.rung.includes(callee);
    },
    /** The service's own answer is one too. */
    isTaken: ({ event }) => (event as Of<'call.answered'>).device !== '',
  },
  actions: {
    answer: emit(({ context }) => ({ type: 'call.answer', to: context.call, forMs: ATTENDED_MS, media: true })),
    ask: enqueueActions(({ context, enqueue }) => {
      const { call, leg, preface } = context;
      const { prompts, bargeIn, choices, firstMs, betweenMs, terminator } = menuOf(context);
      const order = context.order + 1;
      const said = [...preface, ...prompts];
      const patterns = Object.keys(choices);
      const max = Math.max(1, ...patterns.map(({ length }) => length));
      if (said.length > 0)
        enqueue.emit({ type: 'media.play', to: PORT_MEDIA, call, leg, order, prompts: said, bargeIn, repeat: false });
      const form = { max, patterns, terminator, firstMs, betweenMs };
      enqueue.emit({ type: 'media.collect', to: PORT_MEDIA, call, leg, order, form });
      enqueue.assign({ order, preface: [], steps: context.steps + 1 });
    }),
    choose: assign(({ context, event }) => ({ chosen: chosenBy(context, event as Of<'digits.collected'>) ?? REPEAT })),
    noteSilent: assign(({ context }) => ({ preface: menuOf(context).silent, tries: context.tries + 1 })),
    noteInvalid: assign(({ context }) => ({ preface: menuOf(context).invalid, tries: context.tries + 1 })),
    noteNobody: assign(({ context }) => ({ preface: menuOf(context).nobody })),
    fallBack: assign(({ context }) => ({ chosen: menuOf(context).fallBack, isLast: true })),
    part: assign(({ context }): Partial<Context> => {
      const { nobody } = menuOf(context);
      return { chosen: nobody.length === 0 ? HANG_UP : { does: 'say', prompts: nobody, next: HANG_UP } };
    }),
    enter: assign(({ context }) => ({
      path: [...context.path, context.menu].slice(-MAX_PATH),
      menu: context.chosen.does === 'menu' ? context.chosen.menu : context.menu,
      tries: 0,
      isLast: false,
    })),
    goBack: assign(({ context }) => ({
      menu: context.path.at(-1) ?? context.menu,
      path: context.path.slice(0, -1),
      tries: 0,
    })),
    goOn: assign(({ context }) => ({ chosen: nextOf(context.chosen) })),
    giveUpPin: assign(({ context }) => ({ chosen: context.chosen.does === 'pin' ? context.chosen.otherwise : HANG_UP })),
    raise: enqueueActions(({ context, enqueue }) => {
      const { chosen, call, leg, caller } = context;
      if (chosen.does === 'raise')
        enqueue.emit({ type: 'order.raised', name: chosen.name, call, leg, user: caller, from: 'menu', argument: '' });
      enqueue.assign({ chosen: nextOf(chosen), steps: context.steps + 1 });
    }),
    say: enqueueActions(({ context, enqueue }) => {
      const { call, leg, chosen } = context;
      const order = context.order + 1;
      const prompts = promptsOf(chosen);
      enqueue.emit({ type: 'media.play', to: PORT_MEDIA, call, leg, order, prompts, bargeIn: true, repeat: false });
      enqueue.assign({ order, steps: context.steps + 1 });
    }),
    askExtension: enqueueActions(({ context, enqueue }) => {
      const { call, leg, chosen } = context;
      const { firstMs, betweenMs, terminator } = menuOf(context);
      const order = context.order + 1;
      const prompts = promptsOf(chosen);
      if (prompts.length > 0)
        enqueue.emit({ type: 'media.play', to: PORT_MEDIA, call, leg, order, prompts, bargeIn: true, repeat: false });
      const max = chosen.does === 'dial' ? chosen.max : 1;
      const form = { max, patterns: [], terminator, firstMs, betweenMs };
      enqueue.emit({ type: 'media.collect', to: PORT_MEDIA, call, leg, order, form });
      enqueue.assign({ order, steps: context.steps + 1 });
    }),
    askPin: enqueueActions(({ context, enqueue }) => {
      const { call, leg, chosen, preface } = context;
      const { firstMs, betweenMs } = menuOf(context);
      const order = context.order + 1;
      const prompts = [...preface, ...promptsOf(chosen)];
      if (prompts.length > 0)
        enqueue.emit({ type: 'media.play', to: PORT_MEDIA, call, leg, order, prompts, bargeIn: true, repeat: false });
      const pin = chosen.does === 'pin' ? chosen.pin : '';
      enqueue.emit({ type: 'media.checkPin', to: PORT_MEDIA, call, leg, order, pin, firstMs, betweenMs });
      enqueue.assign({ order, preface: [], steps: context.steps + 1 });
    }),
    noteWrongPin: assign(({ context }) => ({ preface: menuOf(context).invalid, wrongPins: context.wrongPins + 1 })),
    find: enqueueActions(({ context, enqueue }) => {
      const { call, chosen } = context;
      const whom = chosen.does === 'ring' ? chosen.whom.slice(0, MAX_RUNG) : [];
      const asker = onBehalfOf(context);
      whom.forEach((one, n) => {
        const uri = uriOf(one, context);
        enqueue.emit({ type: 'sip.route', to: PORT_SIP, call, route: n + 1, uri, onBehalfOf: asker });
      });
      enqueue.assign({ pending: whom.length, isFound: false, rung: [], isHunt: whom.length === 1 });
    }),
    /** Nobody calls outside by keys: whoever calls the menu is a stranger. */
    findExtension: enqueueActions(({ context, event, enqueue }) => {
      const { call, number: uri } = context;
      const { digits } = event as Of<'digits.collected'>;
      enqueue.emit({ type: 'sip.route', to: PORT_SIP, call, route: 1, uri, digits, onBehalfOf: '' });
      enqueue.assign({ pending: 1, isFound: false, rung: [], isHunt: true });
    }),
    noteAnswer: assign(({ context }) => ({ pending: Math.max(0, context.pending - 1) })),
    noteFound: assign({ isFound: true }),
    /** One alone is called as if the caller had dialled that number: with its group, its diversions and its ring limit. Several ring beside each other. */
    ring: enqueueActions(({ context, event, enqueue }) => {
      const { call: to, isHunt, rung } = context;
      const { callee, rings, wakeable, accountPush, forwarding } = event as Found;
      if (isHunt) enqueue.emit({ type: 'call.divert', to, why: 'deflected', callee, rings, wakeable, accountPush, forwarding });
      else enqueue.emit({ type: 'call.ring', to, callee, rings, wakeable, accountPush, label: '' });
      enqueue.assign({ rung: [...rung, callee].slice(0, MAX_RUNG) });
    }),
    drop: enqueueActions(({ context, enqueue }) => {
      for (const callee of context.rung) enqueue.emit({ type: 'call.drop', to: context.call, callee });
    }),
    playRinging: enqueueActions(({ context, enqueue }) => {
      const { call, leg } = context;
      const order = context.order + 1;
      const tone = { prompts: ['tone:ringing'], bargeIn: false, repeat: true };
      enqueue.emit({ type: 'media.play', to: PORT_MEDIA, call, leg, order, ...tone });
      enqueue.assign({ order });
    }),
    leave: emit(({ context }) => ({ type: 'call.end', to: context.call, status: 200, reason: 'Menu Is Over' })),
  },
});
