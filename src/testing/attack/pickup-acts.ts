/** What phones do with calls that ring for others, where the config has pickup groups. */
import fc from 'fast-check';
import type { CallPickUp } from '../../../machines/vocabulary/commands.ts';
import type { Phone } from '../phone.ts';
import type { OutgoingCall } from '../phone-outgoing-call.ts';
import { type Act, number, quietAct } from './act.ts';
import { LAMP_ACTS } from './lamp-acts.ts';
import type { Scene } from './scene.ts';

/** How a picker's phone takes it that it is told to talk to somebody else. */
type Taking = 'at once' | 'late' | 'never' | 488 | 500 | 491;

const MAX_CALLS_OF_A_PHONE = 4;
const LATE_MS = 2_000;

interface Drawn {
  readonly phone: number;
  /** Whose call; undefined: the group's. */
  readonly of: number | undefined;
  readonly takes: Taking;
  readonly offers: boolean;
  /** Gives up, or hangs up, so long after dialling. */
  readonly patienceMs: number | undefined;
}

export const picking: fc.Arbitrary<Drawn> = fc.record({
  phone: number,
  of: fc.option(number, { nil: undefined, freq: 2 }),
  takes: fc.constantFrom<Taking>('at once', 'at once', 'at once', 'late', 'never', 488, 500, 491),
  offers: fc.constantFrom(true, true, true, false),
  patienceMs: fc.option(fc.constantFrom(0, 5, 10, 15, 20, 25, 30, 200, 3_000), { nil: undefined, freq: 2 }),
});

/** What is dialled; undefined where there is no such code. */
function dialled({ world }: Scene, of: string | undefined): string | undefined {
  const codes = world.service.config.pickup?.codes;
  if (of === undefined) return codes?.group;
  return codes?.directed === undefined ? undefined : `${codes.directed}${of}`;
}

/** Lets the phone of a picker take the other caller's offer as it likes to, and any later one at once. */
function takeAs(call: OutgoingCall, takes: Taking, otherwise: () => number): void {
  let isAsked = false;
  if (takes === 'late') call.answersReInvites = { afterMs: LATE_MS };
  if (takes === 'never') call.answersReInvites = 'never';
  call.onRequest = ({ method }) => {
    if (method !== 'INVITE' || isAsked) return otherwise();
    isAsked = true;
    return typeof takes === 'number' ? takes : 200;
  };
}

const busy = ({ calls }: Phone): boolean => calls.filter(({ state }) => state !== 'ended').length >= MAX_CALLS_OF_A_PHONE;

function pickUp(scene: Scene, { phone: n, of, takes, offers, patienceMs }: Drawn): string | undefined {
  const phone = scene.phone(n);
  const whose = of === undefined ? undefined : scene.user(of);
  const code = dialled(scene, whose);
  if (phone === undefined || code === undefined || busy(phone)) return undefined;
  // As phones write it that keep to RFC 3261 §25.1.
  const call = phone.call(code.replaceAll('#', '%23'), offers ? {} : { sdp: '' });
  takeAs(call, takes, scene.answersOf(phone));
  if (patienceMs !== undefined) phone.wire.after(patienceMs, () => (call.state === 'answered' ? call.bye() : call.cancel()));
  const how = [
    ...(takes === 'at once' ? [] : [`takes the other caller ${typeof takes === 'number' ? `with ${takes}` : takes}`]),
    ...(offers ? [] : ['without an offer']),
    ...(patienceMs === undefined ? [] : [`gives up after ${patienceMs} ms`]),
  ];
  const what = whose === undefined ? 'the call of its group' : `what rings for ${whose}`;
  return `${phone.name} picks up ${what}${how.length === 0 ? '' : `; ${how.join(', ')}`}`;
}

export const pickup: Act = quietAct('picks up', picking, pickUp);

/** Two at once. */
export const pickups: Act = quietAct('two pick up', fc.tuple(picking, picking), (scene, both) => {
  const lines = both.flatMap((one) => pickUp(scene, one) ?? []);
  return lines.length === 0 ? undefined : lines.join('; ');
});

/** An operator, or a scenario, gives a ringing call to a user: that one's phones ring too. */
export const order: Act = quietAct('is given a call', fc.tuple(number, number), (scene, [n, to]) => {
  const { engine } = scene.world.service.service;
  const calls = [...engine.actors()].filter(({ scenario }) => scenario === 'call');
  const call = calls[n % Math.max(calls.length, 1)];
  if (call === undefined || scene.world.service.config.pickup === undefined) return undefined;
  const picker = `sip:${scene.user(to)}@example.com`;
  const command: CallPickUp = { type: 'call.pickUp', to: call.address, picker };
  engine.order(command, 'operator');
  return `${call.address} is given to ${scene.user(to)}`;
});

/** Calls that ring for others are taken. */
export const PICKUP_ACTS: readonly Act[] = [pickup, pickup, pickups, order, ...LAMP_ACTS];
