/** What a case keeps open outside itself: calls that it asked to be kept open, and devices that it had pushed. */
import type { Moment } from '../engine/moment.ts';

/** By address of the call, and by device and Call-ID: until when, in milliseconds of the exploration. */
export interface Open {
  readonly calls: Readonly<Record<string, number>>;
  readonly pushes: Readonly<Record<string, number>>;
}
type Said = { readonly type: string; readonly [attribute: string]: unknown };

const NOTHING: Open = { calls: {}, pushes: {} };
/** After these the call is over, or has forgotten who kept it open. */
const NOT_KEPT_AFTER: ReadonlySet<string> = new Set([
  'call.answered',
  'call.failed',
  'call.cancelled',
  'call.ended',
  'call.diverted',
]);
/** The device knows of the call without a push, or the push does not stand any more. */
const DEVICE_KNOWS: ReadonlySet<string> = new Set([
  'leg.ringing',
  'leg.failed',
  'call.answered',
  'push.failed',
  'binding.removed',
]);

const without = (from: Readonly<Record<string, number>>, isGone: (key: string, untilMs: number) => boolean) => {
  const entries = Object.entries(from);
  const left = entries.filter(([key, untilMs]) => !isGone(key, untilMs));
  return left.length === entries.length ? from : Object.fromEntries(left);
};
const pushOf = ({ device, callId }: Said): string => JSON.stringify([device, callId]);
const partsOf = (key: string): unknown[] => JSON.parse(key) as unknown[];

/** What is open after a step: `heard` is what led to it. */
export function opened(before: Open | undefined, heard: { readonly type: string }, { emitted, atMs }: Moment): Open {
  let open = hears(before ?? NOTHING, heard as Said, atMs);
  for (const message of emitted) open = says(open, message as unknown as Said, atMs);
  return open;
}

function hears(open: Open, heard: Said, atMs: number): Open {
  const { type, call, device, address } = heard;
  const isOver = (key: string): boolean =>
    (NOT_KEPT_AFTER.has(type) && key === call) || (type === 'actor.ended' && key === address);
  const calls = without(open.calls, (key, untilMs) => isOver(key) || untilMs <= atMs);
  const isKnown = (key: string): boolean => DEVICE_KNOWS.has(type) && device !== undefined && partsOf(key)[0] === device;
  const pushes = without(open.pushes, (key, untilMs) => isKnown(key) || untilMs <= atMs);
  return calls === open.calls && pushes === open.pushes ? open : { calls, pushes };
}

function says(open: Open, said: Said, atMs: number): Open {
  const { type, to, forMs, ttlMs, callId } = said;
  switch (type) {
    case 'call.keepOpen':
      return { ...open, calls: { ...open.calls, [String(to)]: atMs + Number(forMs) } };
    // Whoever was called for is given up, and who kept the call open for that one with it.
    case 'call.divert':
    case 'call.letGo':
    case 'call.end':
      return { ...open, calls: without(open.calls, (key) => key === to) };
    // The push was for whoever gets the fork with its Call-ID.
    case 'call.fork':
      return {
        ...open,
        pushes: Object.fromEntries(
          Object.entries(open.pushes).map(([key, untilMs]) => [partsOf(key)[1] === callId ? pushOf(said) : key, untilMs]),
        ),
      };
    case 'push.send':
      return { ...open, pushes: { ...open.pushes, [pushOf(said)]: atMs + Number(ttlMs) } };
    case 'push.cancel':
      return { ...open, pushes: without(open.pushes, (key) => key === pushOf(said)) };
    default:
      return open;
  }
}
