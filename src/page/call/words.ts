/** Words for people: names of addresses, and instants of a call. */
import type { CallView, MessageView } from '../../insight/model.ts';

/** `bob` of `sip:bob@example.com`; what is no URI stays. */
export const userOf = (uri: string): string => /^(?:sips?|tel):([^@;>]+)/i.exec(uri)?.[1] ?? uri;

/** `Bob` of `sip:bob@example.com`; numbers stay numbers. */
export function personOf(uri: string): string {
  const user = userOf(uri);
  return /^[a-z]/.test(user) ? user.charAt(0).toUpperCase() + user.slice(1) : user;
}

/** Seconds since the start of the call, `3.120`; its INVITE came a little before it. */
export const sinceStart = (call: Pick<CallView, 'startedAt'>, at: number): string =>
  (Math.max(at - call.startedAt, 0) / 1000).toFixed(3);

/** An answer's status; 0 of a request or a push. */
export const statusOf = ({ label }: Pick<MessageView, 'label'>): number => Number(/^([1-6]\d\d)\b/.exec(label)?.[1] ?? 0);

/** What people call an actor: `Alice` for her leg, else what it is. */
export function actorName(call: Pick<CallView, 'parties' | 'call'>, address: string): string {
  if (address === call.call) return 'the call';
  const party = call.parties.find(({ leg }) => leg === address);
  if (party !== undefined) return party.name;
  const [scenario = '', rest = ''] = address.split(':', 2);
  if (scenario === 'port') return PORTS[rest] ?? rest;
  if (scenario === 'stream') return `media of ${call.parties.find(({ leg }) => leg === `leg:${rest}`)?.name ?? rest}`;
  if (scenario === 'call' || scenario === 'leg') return address;
  return scenario.replaceAll('-', ' ');
}

const PORTS: Readonly<Record<string, string>> = { sip: 'SIP', push: 'push', media: 'media', http: 'HTTP' };
