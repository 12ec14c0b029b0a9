/** What the service can do, as it tells others. */
import type { SipSettings } from './settings.ts';

/** Methods of a dialog are relayed whatever they are; outside one these are known. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, INFO, PRACK, UPDATE, REFER, NOTIFY';
/** Methods that start something outside a dialog. */
export const STARTERS = new Set(['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE']);
/** Methods that belong to a dialog: outside one they meet none (RFC 3261 §15.1.2, RFC 6086 §4.2.2, RFC 6665 §4.1.3). */
export const DIALOG_BOUND = new Set(['BYE', 'INFO', 'UPDATE', 'PRACK', 'NOTIFY']);
/** Methods that no party may be told of as allowed: they do not pass through us. */
export const NOT_CARRIED_METHODS = new Set(['PUBLISH', 'REGISTER']);
/** The event package that passes through us, inside the dialog of its REFER (RFC 3515). */
const CARRIED_EVENTS = 'refer';
/** Whether calls can be picked up decides whether they can be watched. */
type Watchable = Pick<SipSettings, 'pickup'>;
/** Event packages, for Allow-Events (RFC 6665 §8.2.2). */
export const eventsOf = ({ pickup }: Watchable): string => (pickup === undefined ? CARRIED_EVENTS : `dialog, ${CARRIED_EVENTS}`);
/** Methods that we serve ourselves, for Allow. */
export const allowOf = ({ pickup }: Watchable): string => (pickup === undefined ? ALLOW : `${ALLOW}, SUBSCRIBE`);
/** Option tags of ours: what we take part in ourselves. */
export const SUPPORTED = 'path, replaces';
/** Option tags of the parties that work through us untouched, so that Supported, Require and Allow may name them. */
export const CARRIED_OPTIONS = new Set([
  '100rel',
  'timer',
  'replaces',
  'norefersub',
  'histinfo',
  'answermode',
  'multiple-refer',
  'recipient-list-invite',
  'trickle-ice',
  'ice',
  'early-session',
  'from-change',
  'uui',
]);
