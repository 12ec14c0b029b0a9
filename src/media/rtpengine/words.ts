/** What rtpengine is told to do with a description: the words of its ng protocol (rtpengine 10, "offer" and "answer" messages). */
import { isIPv6 } from 'node:net';
import { isPrivateHost } from '../../sip/private-host.ts';
import type { MediaLine } from '../../sip/sdp-media.ts';
import type { MediaParty } from '../media.ts';
import type { Said } from './bencode.ts';

type Words = { readonly [name: string]: Said };

const BROWSERS = 'UDP/TLS/RTP/SAVPF';
const PLAIN = 'RTP/AVP';
const RTP = /\bRTP\//;

/** How the RTP of a description is carried; undefined where it has none. */
export const protocolOf = (lines: readonly MediaLine[]): string | undefined =>
  lines.find(({ port, protocol }) => port !== 0 && RTP.test(protocol))?.protocol;

/** RFC 8827 for browsers; a phone keeps what it spoke, and is offered plain RTP before it has. */
const protocolFor = ({ isWebRtc }: MediaParty, spoken: string | undefined): string => (isWebRtc ? BROWSERS : (spoken ?? PLAIN));

/**
 * What goes with each description: who it comes from, and how the other one wants it. The origin stays as it is, since it is the
 * dialog's. A source that was learned is not given up to a later one (`strict source`).
 */
function common(from: MediaParty, to: MediaParty, lines: readonly MediaLine[], injects: boolean): Words {
  const named = lines.find(({ port }) => port !== 0)?.address ?? '';
  const isNatted = from.host !== '' && named !== from.host && isPrivateHost(named);
  return {
    replace: ['session connection'],
    flags: ['strict source', ...(isNatted ? ['SIP source address'] : []), ...(injects ? ['inject DTMF'] : [])],
    ...(isNatted ? { 'received from': [isIPv6(from.host) ? 'IP6' : 'IP4', from.host] } : {}),
    ...(to.host === '' ? {} : { 'address family': isIPv6(to.host) ? 'IP6' : 'IP4' }),
    ICE: to.isWebRtc ? 'force' : 'remove',
  };
}

/** `spoken`: how the one that is offered to has carried its RTP, if it has said so. */
export function offerWords(
  from: MediaParty,
  to: MediaParty,
  lines: readonly MediaLine[],
  spoken: string | undefined,
  injects: boolean,
): Words {
  const protocol = protocolFor(to, spoken);
  return {
    ...common(from, to, lines, injects),
    'transport protocol': protocol,
    // RFC 8834 §4.5: browsers send RTCP along with the RTP.
    'rtcp-mux': [to.isWebRtc ? 'require' : 'demux'],
    ...(protocol.includes('TLS') ? { SDES: ['off'] } : { DTLS: 'off' }),
  };
}

/** An answer keeps what was offered. */
export const answerWords = (from: MediaParty, to: MediaParty, lines: readonly MediaLine[], injects: boolean): Words => ({
  ...common(from, to, lines, injects),
  'rtcp-mux': [to.isWebRtc ? 'accept' : 'demux'],
});
