/** What the built-in relay can carry. */
import type { MediaLine } from '../sip/sdp-media.ts';

/** Datagrams that need not be understood to be relayed: RTP without keys, T.38 and its like. */
const CARRIED = /^(?:RTP\/AVPF?|UDPTL|UDP|UDP\/BFCP)$/;

export const isCarried = ({ protocol, port }: MediaLine): boolean => port !== 0 && CARRIED.test(protocol);

/** Why a session has to pass us by; `undefined`: it need not. */
export function whyUnanchored(lines: readonly MediaLine[]): string | undefined {
  const secured = lines.find(({ port, protection }) => port !== 0 && protection !== 'none');
  if (secured !== undefined) {
    const what = secured.protection === 'dtls' ? 'DTLS-SRTP' : 'SRTP';
    return `the ${secured.kind || 'media'} is encrypted (${what}): rtpengine carries that, the built-in relay does not`;
  }
  // One without any media is told as ours, too: there is nothing that could pass us by.
  const isPassing = lines.some(({ port }) => port !== 0) && !lines.some(isCarried);
  return isPassing ? 'nothing in it is sent in datagrams' : undefined;
}
