/** Looking for somebody who answers: the devices of one callee are one hunt, and a diverted call hunts again. */
import type { Diversion, DiversionReason, Forwarding, Ring, Target } from './binding.ts';
import type { Outcome } from './outcome.ts';

/** Times that one call goes to somebody else, before it came to us and here together. */
export const MAX_DIVERSIONS = 5;
/** Redirections by devices that one call follows. */
export const MAX_REDIRECTIONS = 5;

/** RFC 3261 §21.4.24, §21.6.1, and §21.6.2, which phones send for the button beside "answer". */
const BUSY: ReadonlySet<number> = new Set([486, 600, 603]);
/** Whether a final answer is a person’s, or of a phone that is in use. */
export const declines = (status: number): boolean => BUSY.has(status);
/** The device, or the way to it, was not to be had; whatever is not here says that the call itself was wrong. */
const NOT_HAD: ReadonlySet<number> = new Set([401, 404, 407, 408, 410, 430, 480, 487]);
const isNotHad = ({ status }: Outcome): boolean => NOT_HAD.has(status) || status < 400 || (status >= 500 && status < 600);

/** Why a hunt brought nobody; empty where somebody else would do no better. `hasRung`: a device did ring. */
export function whyUnanswered(best: Outcome | null, hasRung: boolean): DiversionReason | '' {
  if (best === null) return hasRung ? 'noAnswer' : 'unreachable';
  if (BUSY.has(best.status)) return 'busy';
  if (!isNotHad(best)) return '';
  return hasRung ? 'noAnswer' : 'unreachable';
}

/** Where the callee wants such calls to go; empty: nowhere. */
export const targetOf = (forwarding: Forwarding, why: DiversionReason | ''): string =>
  why === '' || why === 'deflected' || why === 'pickedUp' ? '' : forwarding[why];

/** Whether a final answer of a device is diverted although it would end the search (RFC 3261 §16.7 step 5): its user wants so. */
export const divertsBusy = (status: number, forwarding: Forwarding): boolean => BUSY.has(status) && forwarding.busy !== '';

/** The target with the steps that led the call to it. */
export const divertedTo = (target: Target, diversions: readonly Diversion[]): Target =>
  diversions.length === 0 ? target : { ...target, diversions };

/** The same of what is to be rung. */
export const divertedRings = (rings: readonly Ring[], diversions: readonly Diversion[]): readonly Ring[] =>
  diversions.length === 0 ? rings : rings.map((ring) => ({ ...ring, target: divertedTo(ring.target, diversions) }));
