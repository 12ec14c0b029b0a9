/** What holds of every call that users take, on every walk. */
import { CALL } from './call-stage.ts';
import { DESK } from './pickup-stage.ts';
import { type Said, type WalkRule, walkRule } from './rule.ts';

type Known = Readonly<Record<string, string>>;

/** Each try that was begun is won or lost, once. */
export const eachTryEnds = walkRule<Known>({
  name: 'each try is won or lost, once',
  start: {},
  take: (tries, { type, by }: Said) => {
    if (type === 'pickup.began') return { ...tries, [by]: by in tries ? 'begun twice' : '' };
    if (type !== 'pickup.won' && type !== 'pickup.lost') return tries;
    const known = tries[by] ?? '';
    return { ...tries, [by]: known === '' ? type.slice('pickup.'.length) : `${known}, then ${type}` };
  },
  still: (tries) => {
    const twice = Object.entries(tries).find(([, outcome]) => outcome.includes(' '));
    return twice === undefined ? undefined : `${twice[0]}: ${twice[1]}`;
  },
  rest: (tries) => {
    const open = Object.entries(tries).find(([, outcome]) => outcome === '');
    return open === undefined ? undefined : `${open[0]} tells no end`;
  },
});

/** The same of joins, as the call tells of them. */
export const eachJoinEnds = walkRule<Known>({
  name: 'each join is won or lost, once',
  start: {},
  take: (joins, said: Said) => {
    const { type, by } = said;
    if (type === 'call.join') return { ...joins, [by]: '' };
    if (type === 'command.refused' && said.command === 'call.join') return { ...joins, [String(said.author)]: 'refused' };
    if (type !== 'join.won' && type !== 'join.lost') return joins;
    const one = String(said.case);
    const known = joins[one];
    return { ...joins, [one]: known === '' ? type.slice('join.'.length) : `${known ?? 'nothing'}, then ${type} by ${by}` };
  },
  still: (joins) => {
    const wrong = Object.entries(joins).find(([, outcome]) => outcome.includes(' '));
    return wrong === undefined ? undefined : `${wrong[0]}: ${wrong[1]}`;
  },
  rest: (joins) => {
    const open = Object.entries(joins).find(([, outcome]) => outcome === '');
    return open === undefined ? undefined : `${open[0]} hears no end`;
  },
});

interface Outcome {
  readonly winner: string;
  readonly answeredBy: string;
  /** Tries that are neither won nor lost. */
  readonly open: readonly string[];
  /** Those of them that were open when another won. */
  readonly late: readonly string[];
  readonly wrong: string;
}

/** Whoever answers the call has it: a picker who has won, and no other. */
export const oneWinner = walkRule<Outcome>({
  name: 'one winner',
  start: { winner: '', answeredBy: '', open: [], late: [], wrong: '' },
  take: (known, { type, call, picker, answeredBy, by }: Said) => {
    if (call !== CALL) return known;
    const open = known.open.filter((other) => other !== by);
    const late = known.late.filter((other) => other !== by);
    switch (type) {
      // A call that goes to a picker's phones is one to be had again.
      case 'call.diverted':
        return { ...known, winner: '' };
      case 'pickup.began':
        return { ...known, open: [...open, by] };
      case 'pickup.lost':
        return { ...known, open, late };
      case 'pickup.won': {
        const wrong = known.late.includes(by) ? `${picker} has won what another had won meanwhile` : known.wrong;
        return { ...known, winner: String(picker), open, late: open, wrong };
      }
      case 'call.answered':
        return { ...known, answeredBy: String(answeredBy) };
      default:
        return known;
    }
  },
  still: ({ winner, answeredBy, wrong }) => {
    if (wrong !== '') return wrong;
    return winner !== '' && answeredBy !== '' && winner !== answeredBy
      ? `${winner} has won what ${answeredBy || 'nobody'} answered`
      : undefined;
  },
});

interface Picker {
  readonly finals: number;
  readonly isAnswered: boolean;
  readonly isOver: boolean;
  readonly reason: string;
}
const NEW: Picker = { finals: 0, isAnswered: false, isOver: false, reason: '' };

/** Every picker's call has one final answer, and one that got no other party hears BYE that says why. */
export const pickersAreTold = walkRule<Readonly<Record<string, Picker>>>({
  name: 'every picker is told',
  start: {},
  take: (pickers, said: Said) => {
    const { type, call } = said;
    const leg = String(said.leg ?? '');
    if (type === 'invite.received') return call === CALL ? pickers : { ...pickers, [leg]: NEW };
    const known = pickers[leg];
    if (known === undefined) return pickers;
    const put = (change: Partial<Picker>) => ({ ...pickers, [leg]: { ...known, ...change } });
    const status = Number(said.status ?? 0);
    if (type === 'sip.respond' && status >= 200)
      return put({ finals: Math.min(known.finals + 1, 2), isAnswered: status < 300, isOver: status >= 300 });
    if (type === 'bye.received' || type === 'dialog.moved' || type === 'ack.missed') return put({ isOver: true });
    if (type !== 'sip.bye' || known.isOver) return pickers;
    const { order } = said as { readonly order?: { readonly status: number } | null };
    return put({ isOver: true, reason: order === null || order === undefined ? 'none' : String(order.status) });
  },
  still: (pickers) => {
    const found = Object.entries(pickers).find(([, { finals, reason }]) => finals > 1 || reason === 'none');
    return found === undefined
      ? undefined
      : `${found[0]}: ${found[1].finals} final answers, BYE for the reason ${found[1].reason}`;
  },
  rest: (pickers) => {
    const found = Object.entries(pickers).find(([, { finals, isOver }]) => finals !== 1 || !isOver);
    return found === undefined
      ? undefined
      : `${found[0]} was answered ${found[1].finals} times and is ${found[1].isOver ? '' : 'not '}over`;
  },
});

interface Phones {
  /** Device forks that were cancelled. */
  readonly cancelled: boolean;
  /** A reason for it: the call is decided, diverted, or has rung for its time. */
  readonly reason: boolean;
}

/** A picker whose phone cannot take the call leaves the others ringing. */
export const phonesRingOn = walkRule<Phones>({
  name: 'phones ring on',
  start: { cancelled: false, reason: false },
  take: (known, said: Said) => {
    const { type, call } = said;
    if (type === 'leg.cancel' && said.to === DESK) return { ...known, cancelled: true };
    const isReason =
      (call === CALL && ['call.answered', 'call.cancelled', 'call.failed', 'call.diverted'].includes(type)) ||
      (type === 'leg.failed' && call === CALL);
    return isReason ? { ...known, reason: true } : known;
  },
  still: ({ cancelled, reason }) => (cancelled && !reason ? 'the desk phone was cancelled for nothing' : undefined),
});

/** All of them. */
export const PICKUP_RULES: readonly WalkRule[] = [eachTryEnds, eachJoinEnds, oneWinner, pickersAreTold, phonesRingOn];
