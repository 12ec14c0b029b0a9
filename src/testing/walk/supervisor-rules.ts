/** What holds of the service's own supervisors on every walk. */
import { CALLEE, CALLER_LEG } from './call-stage.ts';
import { type Said, type WalkRule, walkRule } from './rule.ts';

const IS_OVER: ReadonlySet<string> = new Set(['call.answered', 'call.cancelled', 'call.failed']);

interface Wakes {
  readonly pushed: readonly string[];
  readonly forked: readonly string[];
  /** Registered, and no fork has followed yet. */
  readonly waiting: readonly string[];
  readonly isOver: boolean;
}

/** A device that was pushed, or that nobody knew, gets its fork in the very step in which it registers. */
export const noLostWakeUp = walkRule<Wakes>({
  name: 'no lost wake-up',
  start: { pushed: [], forked: [], waiting: [], isOver: false },
  take: (wakes, said: Said) => {
    const { type } = said;
    const device = String(said.device ?? '');
    if (IS_OVER.has(type) || (type === 'cancel.received' && said.leg === CALLER_LEG)) return { ...wakes, isOver: true };
    if (type === 'push.send') return { ...wakes, pushed: [...wakes.pushed, device] };
    if (type === 'fork.started')
      return { ...wakes, forked: [...wakes.forked, device], waiting: wakes.waiting.filter((other) => other !== device) };
    const mayWake = type === 'binding.added' || (type === 'binding.refreshed' && wakes.pushed.includes(device));
    // Before the call is offered nobody is pushed, and who is there is rung or pushed then.
    if (!mayWake || wakes.isOver || wakes.pushed.length === 0 || wakes.forked.includes(device)) return wakes;
    return { ...wakes, waiting: [...wakes.waiting, device] };
  },
  still: ({ waiting }) => (waiting.length === 0 ? undefined : `${waiting.join(', ')} registered and got no INVITE`),
});

/** One push, and one that takes it back, for each device and call. */
export const onePushADevice = walkRule<readonly string[]>({
  name: 'one push per device and call',
  start: [],
  take: (pushes, { type, device }: Said) =>
    type.startsWith('push.') && type !== 'push.delivered' && type !== 'push.failed'
      ? [...pushes, `${type} to ${device}`]
      : pushes,
  still: (pushes) => {
    const again = pushes.find((push, n) => pushes.indexOf(push) < n);
    return again === undefined ? undefined : `${again}, twice`;
  },
});

/** A diverted call comes to nobody a second time, and goes on no more often than it may. */
export const nobodyTwice = walkRule<readonly string[]>({
  name: 'nobody is called twice',
  start: [CALLEE],
  take: (called, { type, callee }: Said) => (type === 'call.diverted' ? [...called, String(callee)] : called),
  still: (called) => {
    const again = called.find((callee, n) => called.indexOf(callee) < n);
    return again === undefined ? undefined : `${again} is`;
  },
});

/** A diversion asks the dial plan once for each target. */
export const oneQuestion = walkRule<readonly string[]>({
  name: 'one question for each target',
  start: [],
  take: (asked, { type, uri }: Said) => (type === 'sip.route' ? [...asked, String(uri)] : asked),
  still: (asked) => (new Set(asked).size < asked.length ? `${asked.at(-1)} is asked for twice` : undefined),
});

export const PUSH_RULES: readonly WalkRule[] = [noLostWakeUp, onePushADevice];
export const DIVERSION_RULES: readonly WalkRule[] = [nobodyTwice, oneQuestion];
