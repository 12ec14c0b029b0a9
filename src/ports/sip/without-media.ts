/** What we say of the session where we answer somebody ourselves, and there is nobody yet who could speak (RFC 3725 §4.3). */
import type { Origin } from '../../sip/sdp.ts';
import { inactiveAnswer, inactiveOffer } from '../../sip/sdp-inactive.ts';
import type { Flow } from '../../transport/transport.ts';
import type { SipContext } from './context.ts';

const SESSION_BYTES = 6;

/** Answers that offer without media; without one, offers a session without media. */
export function withoutMedia({ random }: SipContext, { advertised: { host } }: Flow, offer: string | undefined): string {
  const sessionId = String(Number.parseInt(random.hex(SESSION_BYTES), 16));
  const addressType = host.includes(':') ? 'IP6' : 'IP4';
  const origin: Origin = { username: '-', sessionId, version: '1', addressType, address: host };
  return offer === undefined ? inactiveOffer(origin) : inactiveAnswer(offer, { origin, hex: (bytes) => random.hex(bytes) });
}
