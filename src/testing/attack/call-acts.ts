/** What phones do with calls, up to the answer and at the end. */
import fc from 'fast-check';
import { type Act, number, quietAct } from './act.ts';
import type { Scene } from './scene.ts';

/** Never more calls at a time for one phone: nobody has more hands. */
const MAX_CALLS_OF_A_PHONE = 4;
const STATUSES = [486, 603, 404, 480, 500, 503, 600, 302, 401, 488];

export const calling = fc.record({
  phone: number,
  to: number,
  /** Without an offer the callee makes it. */
  offers: fc.constantFrom(true, true, true, false),
  reliable: fc.constantFrom(undefined, undefined, 'supported' as const, 'required' as const),
  ackAfterMs: fc.constantFrom(0, 0, 0, 5, 600, 3_000),
  /** Hangs up by itself so long after the answer. */
  talksMs: fc.option(fc.constantFrom(0, 1, 200, 3_000, 20_000), { nil: undefined }),
  /** Gives up by itself if there is no answer until then. */
  patienceMs: fc.option(fc.constantFrom(0, 5, 10, 30, 1_000, 5_000, 20_000), { nil: undefined }),
});

/** A call to a user, answered or not. */
export const call: Act = quietAct(
  'calls',
  calling,
  (scene, { phone: n, to, offers, reliable, ackAfterMs, talksMs, patienceMs }) => {
    const phone = scene.phone(n);
    if (phone === undefined) return undefined;
    const open = phone.calls.filter(({ state }) => state !== 'ended').length;
    if (open >= MAX_CALLS_OF_A_PHONE) return undefined;
    let isHeard = false;
    const placed = phone.call(scene.user(to), {
      ...(offers ? {} : { sdp: '' }),
      ...(reliable === undefined ? {} : { reliable }),
      ...(ackAfterMs === 0 ? {} : { ack: { afterMs: ackAfterMs } }),
      onChange: ({ state }) => {
        if (state !== 'answered' || isHeard || talksMs === undefined) return;
        isHeard = true;
        phone.wire.after(talksMs + ackAfterMs, () => placed.bye());
      },
    });
    placed.onRequest = scene.answersOf(phone);
    if (patienceMs !== undefined) phone.wire.after(patienceMs, () => placed.state !== 'answered' && placed.cancel());
    const how = [
      ...(offers ? [] : ['without an offer']),
      ...(reliable === undefined ? [] : [`100rel ${reliable}`]),
      ...(ackAfterMs === 0 ? [] : [`ACK ${ackAfterMs} ms late`]),
      ...(talksMs === undefined ? [] : [`hangs up ${talksMs} ms after the answer`]),
      ...(patienceMs === undefined ? [] : [`gives up after ${patienceMs} ms`]),
    ];
    return `${phone.name} calls ${scene.user(to)}${how.length === 0 ? '' : `; ${how.join(', ')}`}`;
  },
);

export const answer: Act = quietAct('answers', number, (scene, n) => {
  const place = scene.ringing(n);
  place?.call.answer();
  return place && `${place.phone.name} answers`;
});

export const ring: Act = quietAct('rings', fc.tuple(number, fc.constantFrom(180, 183, 199)), (scene, [n, status]) => {
  const place = scene.ringing(n);
  place?.call.ring(status);
  return place && `${place.phone.name} says ${status}`;
});

export const decline: Act = quietAct('declines', fc.tuple(number, fc.constantFrom(...STATUSES)), (scene, [n, status]) => {
  const place = scene.ringing(n);
  place?.call.decline(status);
  return place && `${place.phone.name} declines with ${status}`;
});

export const redirect: Act = quietAct('redirects', fc.tuple(number, number), (scene, [n, to]) => {
  const place = scene.ringing(n);
  place?.call.redirect(`sip:${scene.user(to)}@example.com`);
  return place && `${place.phone.name} redirects to ${scene.user(to)}`;
});

export const cancel: Act = quietAct('gives up', number, (scene, n) => {
  const place = scene.placed(n);
  place?.call.cancel();
  return place && `${place.phone.name} gives up`;
});

export const redial: Act = quietAct('redials', number, (scene, n) => {
  const place = scene.placed(n);
  if (place === undefined) return undefined;
  const { uri } = place.call;
  place.call.cancel();
  place.phone.call(uri);
  return `${place.phone.name} gives up and dials again`;
});

export const bye: Act = quietAct('hangs up', number, (scene, n) => {
  const place = answered(scene, n);
  place?.call.bye();
  return place && `${place.phone.name} hangs up`;
});

export const byes: Act = quietAct('all of a user hang up', number, (scene, n) => {
  const user = scene.user(n);
  const phones = scene.phones.filter((phone) => phone.user === user && scene.isUp(phone));
  const calls = phones.flatMap(({ calls }) => calls).filter(({ state }) => state === 'answered');
  for (const one of calls) one.bye();
  return calls.length === 0 ? undefined : `all phones of ${user} hang up`;
});

const answered = (scene: Scene, n: number) => {
  const place = scene.find(n, ({ calls }) => calls.findLast(({ state }) => state === 'answered'));
  return place && { phone: place.phone, call: place.found };
};

/** Calls up to the answer, and their ends. */
export const CALL_ACTS: readonly Act[] = [
  call,
  call,
  call,
  answer,
  answer,
  ring,
  decline,
  decline,
  redirect,
  cancel,
  redial,
  bye,
  bye,
  byes,
];
