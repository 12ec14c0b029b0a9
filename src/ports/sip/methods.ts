/** What the service can do, as it tells others. */

/** Methods of a dialog are relayed whatever they are; outside one these are known. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, INFO, UPDATE, REFER, NOTIFY';
/** Methods that start something outside a dialog. */
export const STARTERS = new Set(['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE']);
/** Option tags of ours: what we take part in ourselves. */
export const SUPPORTED = 'path';
/** Option tags of the parties that work through us untouched, so that Supported, Require and Allow may name them. */
export const CARRIED_OPTIONS = new Set([
  'timer',
  'norefersub',
  'tdialog',
  'histinfo',
  'answermode',
  'multiple-refer',
  'recipient-list-invite',
  'trickle-ice',
  'ice',
  'precondition',
  'early-session',
  'from-change',
  'uui',
]);
/** Content encodings of requests that we read ourselves. */
export const ACCEPT_ENCODING = 'identity';
