/** What can be said to a party, and how it names that. */
import type { Law } from '../rtp/g711.ts';
import type { MediaLine, Payload } from '../sip/sdp-media.ts';

const TELEPHONE_EVENT = 'TELEPHONE-EVENT';

/** Audio that we can make, as a party wants it. */
export interface AudioFormat {
  readonly law: Law;
  readonly payloadType: number;
}

const isLaw = ({ encoding, clockRate }: Payload): boolean => clockRate === 8000 && (encoding === 'PCMU' || encoding === 'PCMA');

/** The first of PCMU and PCMA that a party takes, of those that were agreed where `agreed` names any. */
export function audioOf({ payloads }: MediaLine, agreed: readonly Payload[] = []): AudioFormat | undefined {
  const known = payloads.filter(isLaw);
  const both = known.find(({ encoding }) => agreed.some((one) => isLaw(one) && one.encoding === encoding)) ?? known[0];
  return both && { law: both.encoding === 'PCMA' ? 'PCMA' : 'PCMU', payloadType: both.payloadType };
}

/** The law of a payload type, if it is PCMU or PCMA of 8 kHz. */
export function lawOf(payloadType: number, payloads: readonly Payload[]): Law | undefined {
  for (const payload of payloads)
    if (payload.payloadType === payloadType) return isLaw(payload) ? (payload.encoding as Law) : undefined;
  return undefined;
}

/** How key presses are named, for audio of that clock rate if there are several (RFC 4733 §2.4.1). */
export function eventsOf(payloads: readonly Payload[], clockRate = 8000): Payload | undefined {
  const named = payloads.filter(({ encoding }) => encoding === TELEPHONE_EVENT);
  return named.find((one) => one.clockRate === clockRate) ?? named[0];
}
