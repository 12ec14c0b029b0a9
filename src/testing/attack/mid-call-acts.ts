/** What phones do inside calls that stand. */
import fc from 'fast-check';
import type { Phone } from '../phone.ts';
import type { PhoneCall, ReInviteParts, Sent } from '../phone-call.ts';
import { type Act, number, quietAct } from './act.ts';

const OFFERS = { holds: { direction: 'sendonly' }, resumes: {}, 'asks for an offer': { sdp: '' } } as const;
const METHODS = ['INFO', 'MESSAGE', 'UPDATE', 'OPTIONS', 'FOO'] as const;
const BODIES: Readonly<Record<string, object>> = {
  INFO: { body: 'a=end-of-candidates\r\n', contentType: 'application/trickle-ice-sdpfrag' },
};

/** A phone has one re-INVITE open at a time (RFC 3261 §14.1). */
const open = new WeakMap<PhoneCall, Sent>();
export const hasOpenOffer = (call: PhoneCall): boolean => open.get(call)?.status === 0;
export const offers = (call: PhoneCall, parts: ReInviteParts): void => void open.set(call, call.reInvite(parts));

/** A new offer inside a call. */
export const reInvite: Act = quietAct(
  're-INVITE',
  fc.tuple(number, fc.constantFrom('holds' as const, 'resumes' as const, 'asks for an offer' as const)),
  (scene, [n, how]) => {
    const place = scene.talk(n);
    if (place === undefined || hasOpenOffer(place.call)) return undefined;
    offers(place.call, OFFERS[how]);
    return `${place.phone.name} ${how}`;
  },
);

/** Any other request inside a call. */
export const ask: Act = quietAct('asks in a call', fc.tuple(number, fc.constantFrom(...METHODS)), (scene, [n, method]) => {
  const place = scene.talk(n);
  place?.call.request(method, BODIES[method] ?? {});
  return place && `${place.phone.name} sends ${method}`;
});

/** Sends the other party to somebody else (RFC 3515). */
export const refer: Act = quietAct('transfers', fc.tuple(number, number), (scene, [n, to]) => {
  const place = scene.talk(n);
  place?.call.request('REFER', { headers: [['Refer-To', `<sip:${scene.user(to)}@example.com>`]] });
  return place && `${place.phone.name} transfers its call to ${scene.user(to)}`;
});

/** Couples its two calls (RFC 3891), or sends its one call to itself. */
export const attended: Act = quietAct('transfers attended', fc.tuple(number, number), (scene, [n, to]) => {
  const place = scene.talk(n);
  if (place === undefined) return undefined;
  const talks = talksOf(place.phone);
  const other = talks[talks.length - 2] ?? place.call;
  const uri = `<sip:${scene.user(to)}@example.com?Replaces=${encodeURIComponent(named(other))}>`;
  place.call.request('REFER', { headers: [['Refer-To', uri]] });
  return `${place.phone.name} transfers its call to its other one`;
});

/** Takes a call over (RFC 3891). */
export const replace: Act = quietAct('takes over', fc.tuple(number, number), (scene, [n, of]) => {
  const place = scene.talk(of);
  const phone = scene.phone(n);
  if (place === undefined || phone === undefined) return undefined;
  phone.call(place.phone.user, { headers: [['Replaces', named(place.call)]] });
  return `${phone.name} takes over a call of ${place.phone.name}`;
});

const talksOf = ({ calls }: Phone): PhoneCall[] => calls.filter(({ state, confirmed }) => state === 'answered' && confirmed);
const named = (call: PhoneCall): string => `${call.callId};to-tag=${call.dialog?.remoteTag};from-tag=${call.localTag}`;

export const TRANSFER_ACTS: readonly Act[] = [refer, refer, attended, replace];

/** Both parties of a call say something at once. */
export const glare: Act = quietAct('both re-INVITE', number, (scene, n) => {
  const sides = scene.phones.filter((phone) => scene.isUp(phone)).flatMap(talksOf);
  const [one, other] = [sides[n % Math.max(sides.length, 1)], sides[(n + 1) % Math.max(sides.length, 1)]];
  const both = [one, other].filter((call) => call !== undefined && !hasOpenOffer(call)) as PhoneCall[];
  for (const call of both) offers(call, {});
  return both.length === 0 ? undefined : `${both.length} parties re-INVITE at once`;
});

/** What is said inside calls. */
export const MID_CALL_ACTS: readonly Act[] = [reInvite, reInvite, ask, glare];
