/** Values that attributes of the service's facts and commands may have, by name: what a probe is made of. */
import { type Binding, NO_FORWARDING, NO_PUSH, type Ring, type Target } from '../../machines/vocabulary/binding.ts';

const target: Target = { contact: 'sip:bob@192.0.2.2:5060', path: [], flow: 'flow:1', stream: true };
const push = { provider: 'apns', prid: 'token', param: '' };
const ring: Ring = { device: 'outside', aor: '', target };
const contact = { device: 'mobile', target, expiresSeconds: 600, qThousandths: 1000, push, params: '' };
const binding: Binding = {
  aor: 'sip:bob@example.com',
  device: 'mobile',
  target,
  push,
  params: '',
  qThousandths: 1000,
  callId: 'registration',
  cseq: 1,
  expiresAtMs: 600_000,
  registeredAtMs: 0,
  userAgent: '',
};
const forwarding = {
  ...NO_FORWARDING,
  busy: 'sip:carol@example.com',
  noAnswer: 'sip:carol@example.com',
  unreachable: 'sip:carol@example.com',
  ringMs: 20_000,
};

/** The first value is the one that a probe has unless another is tried. */
export const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  accountPush: [NO_PUSH, push],
  binding: [binding, { ...binding, push: NO_PUSH }],
  contacts: [[contact], [], [{ ...contact, expiresSeconds: 0 }]],
  forwarding: [NO_FORWARDING, forwarding, { ...forwarding, always: 'sip:carol@example.com' }],
  push: [push],
  rings: [[], [ring]],
  // A call that is meant, too.
  target: [target, 'call:2', ''],
  callees: [['sip:bob@example.com', 'sip:carol@example.com']],

  aor: ['sip:bob@example.com'],
  argument: ['', '12'],
  callee: ['sip:bob@example.com', 'sip:carol@example.com'],
  caller: ['sip:alice@example.com', 'sip:+4930123456@carrier.example'],
  callId: ['stem-1', ''],
  callIdStem: ['stem'],
  code: ['', '*37', '#37'],
  command: ['call.keepOpen', 'call.transfer', 'media.record'],
  device: ['mobile', 'desk'],
  digits: ['1', '2', '3', '#', ''],
  form: ['group', 'directed', 'replaces', 'order'],
  how: ['done', 'failed', 'taken', 'missed', 'gone', 'matched', 'silent', 'full'],
  label: ['', 'Support'],
  menu: ['main'],
  method: ['INFO', 'REFER'],
  mode: ['join', 'callback'],
  name: ['*1', '*2', '*3', '*4', '*5', '*7', '*8', '*9', '*0'],
  origin: ['peer', 'timeout'],
  outcome: ['answered', 'failed', 'cancelled'],
  party: ['caller', 'callee'],
  picker: ['sip:dave@example.com'],
  placedBy: [''],
  provider: ['apns', ''],
  reason: ['', 'none'],
  status: [180, 200, 302, 408, 486, 503, 603],
  uri: ['sip:carol@example.com'],
  user: ['sip:alice@example.com', ''],
  watched: ['sip:bob@example.com'],
  watcher: ['sip:dave@example.com'],
  what: ['ringing', 'consulting', 'done', 'failed'],
  why: ['', 'busy', 'noAnswer', 'unreachable', 'unregistered', 'expired'],

  media: [true, false],
  cseq: [2, 1],
  exchange: [1],
  expires: [600],
  expiresMs: [600_000, 0],
  forMs: [20_000],
  jitterThousandths: [500],
  message: [0, 7],
  order: [1, 2, 3],
  place: [1],
  progress: [0, 180],
  refreshAfterMs: [60_000],
  retryAfterMs: [0],
  route: [0, 1],
};

/** What a command carries beside its type and address, for those that an actor may be given. */
export const COMMAND_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  'call.fork': ['device', 'aor', 'target', 'callId'],
  'call.ring': ['callee', 'rings', 'wakeable', 'accountPush', 'label'],
  'call.drop': ['callee'],
  'call.keepOpen': ['forMs', 'progress'],
  'call.pickUp': ['picker'],
  'call.end': ['status', 'reason'],
  'call.answer': ['forMs', 'media'],
  'call.transfer': ['leg', 'callee', 'consult'],
  'call.join': ['leg', 'aor'],
  'call.divert': ['callee', 'why', 'rings', 'wakeable', 'accountPush', 'forwarding'],
  'leg.progress': ['fork', 'status', 'message'],
  'leg.answer': ['fork', 'status', 'message', 'media'],
  'leg.reject': ['status', 'reason', 'message'],
  'leg.acknowledge': ['message'],
  'leg.cancel': ['reason', 'text'],
  'leg.hangUp': ['message'],
};
