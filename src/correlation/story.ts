/** Why a call ended as it did, and what each device did: its history as one readable line. */
import { type Address, CALLER_LEG, legAddress } from '../../machines/vocabulary/identity.ts';
import { MAX_FORKS } from '../../machines/vocabulary/limits.ts';
import { type Happening, type History, outcomeOf } from './history.ts';

/** A call's story, told when it has ended. */
export interface Story {
  readonly call: Address;
  readonly caller: string;
  readonly callee: string;
  /** Who had it placed, so that nobody called; left out where somebody did. */
  readonly placedBy?: Address;
  readonly outcome: string;
  readonly status: number;
  readonly seconds: number;
  /** `desk rang at 0.02 s, said 486 at 0.31 s; mobile was pushed at 0.02 s, …` */
  readonly devices: string;
}

const MAX_EVENTS = 12;
/** What a party did whose talk was ended for it. */
export const LAPSED = {
  expired: 'did not refresh the session in time',
  silent: 'did not answer any more',
  unknown: 'knew nothing of the call any more',
};

/** The story of a call that is over. */
export function storyOf(history: History): Story {
  const { birth, facts, endedAtMs } = history;
  const { call, caller, callee } = birth;
  return {
    call,
    caller,
    callee,
    ...(birth.placedBy === '' ? {} : { placedBy: birth.placedBy }),
    ...outcomeOf(history),
    seconds: Math.round((endedAtMs - birth.at) / 10) / 100,
    devices: [...chapters(facts, birth)].map(([device, events]) => `${device} ${events.join(', ')}`).join('; ') || NOBODY,
  };
}

const NOBODY = 'no device could be rung';

/** By device: what it did, in order. */
function chapters(facts: readonly Happening[], { call, at: beganMs }: History['birth']): Map<string, string[]> {
  const devices = new Map<string, string[]>();
  const deviceOf = new Map<Address, string>();
  const partyOf = new Map<string, string>();
  for (const fact of facts) {
    if (fact.type === 'fork.started') {
      deviceOf.set(fact.leg, fact.device);
      if (isJoin(fact)) partyOf.set(fact.device, fact.aor || 'somebody');
    }
    const event = eventOf(fact, deviceOf, call);
    if (event === undefined) continue;
    const [named, did] = event;
    const device = partyOf.get(named) ?? named;
    let events = devices.get(device);
    if (events === undefined) {
      if (devices.size >= MAX_FORKS) continue;
      events = [];
      devices.set(device, events);
    }
    if (events.length < MAX_EVENTS) events.push(`${did} at ${((fact.at - beganMs) / 1000).toFixed(2)} s`);
  }
  return devices;
}

/** No device is rung, but the party of another call is joined (`call.join`). */
export const isJoin = ({ case: by, target }: Extract<Happening, { type: 'fork.started' }>): boolean =>
  by !== '' && target.adopts !== undefined;

/** It slept, and was called once it had registered; what a scenario rings itself is there. */
export const isWoken = ({ case: by }: { readonly case: Address }): boolean => by.startsWith('push-notification:');

/** A picker's phones are rung by the case itself: nobody waited for them to register. */
export const isPickers = ({ case: by }: { readonly case: Address }): boolean => by.startsWith('call-pickup:');

/** The same in both calls, the one that is picked up and the picker's own. */
const wonBy = ({ picker, callee, pickerCall }: Extract<Happening, { type: 'pickup.won' }>, call: Address): string =>
  call === pickerCall ? `took the one to ${callee}` : `was picked up by ${picker}`;
const lostBy = (lost: Extract<Happening, { type: 'pickup.lost' }>, call: Address): string => {
  const why = phrased(lost.status, lost.reason);
  if (call !== lost.pickerCall) return `could not be picked up by ${lost.picker} (${why})`;
  return lost.callee === '' ? `took none (${why})` : `could not take the one to ${lost.callee} (${why})`;
};

const callerOf = (call: Address): Address => legAddress(call, CALLER_LEG);

/** `486 Busy Here`. */
export const phrased = (status: number, reason: string): string => (reason === '' ? `${status}` : `${status} ${reason}`);

function eventOf(
  fact: Happening,
  deviceOf: ReadonlyMap<Address, string>,
  call: Address,
): readonly [device: string, did: string] | undefined {
  switch (fact.type) {
    case 'fork.started':
      if (isJoin(fact)) return [fact.device, 'came for the call'];
      return [
        fact.device,
        isPickers(fact) ? 'was called to pick up' : isWoken(fact) ? 'registered and was called' : 'was called',
      ];
    case 'leg.ringing':
      return [fact.device, fact.status === 180 ? 'rang' : `said ${fact.status}`];
    case 'leg.silent':
      return [deviceOf.get(fact.leg) ?? '', 'had said nothing'];
    case 'leg.failed':
      // The caller's own, which could not be answered: the story tells what it got.
      if (fact.leg === callerOf(fact.call)) return undefined;
      return [fact.device, `ended with ${phrased(fact.status, fact.reason)}`];
    case 'route.found':
      return ['the call', `went on to ${fact.callee}`];
    case 'route.failed':
      return ['the call', `could not go on (${phrased(fact.status, fact.reason)})`];
    case 'push.delivered':
      return [fact.device, 'was pushed'];
    case 'push.failed':
      return [fact.device, `could not be pushed (${fact.why})`];
    case 'call.answered':
      return [fact.device || 'the service', 'answered'];
    case 'pickup.won':
      return ['the call', wonBy(fact, call)];
    case 'pickup.lost':
      return ['the call', lostBy(fact, call)];
    case 'call.cancelled':
      return ['the caller', 'gave up'];
    case 'call.failed':
      return ['the caller', `got ${phrased(fact.status, fact.reason)}`];
    case 'session.lapsed':
      return [fact.leg.endsWith('/0') ? 'the caller' : (deviceOf.get(fact.leg) ?? ''), LAPSED[fact.why]];
    default:
      return undefined;
  }
}
