/** Descriptions that keep a session open without media: what a party hears of us who lifted before there is somebody to talk to. */
import { formatOrigin, type Origin } from './sdp.ts';
import { refusedLine, sectionsOf } from './sdp-session.ts';

/** Where the answer comes from, and unguessable bytes as hexadecimal for the keys that it has to name. */
export interface Inactive {
  readonly origin: Origin;
  readonly hex: (bytes: number) => string;
}

/** What an accepted section keeps of the offer: all that says how media would be coded, nothing that says where it comes from. */
const KEPT = /^a=(rtpmap|fmtp|ptime|maxptime|mid|rtcp-mux|rtcp-fb|rtcp-rsize)(:|$)/;
const LINE_END = /\r\n|\n|\r/;
/** RFC 3264 §6: nobody listens at the discard port, and nobody sends. */
const DISCARD_PORT = '9';

/**
 * Accepts the first audio of an offer as inactive and refuses the rest (RFC 3264 §6.1; RFC 3725 §4.3 has a "black hole"
 * there). Keys of SRTP and DTLS are named where the offer has such, at random, since nothing will ever be sent with them.
 */
export function inactiveAnswer(offer: string, { origin, hex }: Inactive): string {
  const [head = '', ...sections] = sectionsOf(offer);
  const spoken = sections.findIndex((section) => /^m=audio (?!0[ /])/.test(section));
  const bundled = spoken === -1 ? undefined : /^a=mid:(\S{1,64})/m.exec(sections[spoken] ?? '')?.[1];
  const lines = ['v=0', formatOrigin(origin), 's=-', `c=IN ${origin.addressType} ${origin.address}`, 't=0 0'];
  if (bundled !== undefined && /^a=group:BUNDLE/m.test(head)) lines.push(`a=group:BUNDLE ${bundled}`);
  for (const [i, section] of sections.entries())
    lines.push(...(i === spoken ? inactive(section, `${head}${section}`, hex) : [refusedLine(section)]));
  return `${lines.join('\r\n')}\r\n`;
}

const OFFERED = ['a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'];

/** Offers audio that nobody sends or hears yet: for a party that made no offer itself. */
export function inactiveOffer(origin: Origin): string {
  const head = ['v=0', formatOrigin(origin), 's=-', `c=IN ${origin.addressType} ${origin.address}`, 't=0 0'];
  return [...head, `m=audio ${DISCARD_PORT} RTP/AVP 0 8 101`, ...OFFERED, 'a=inactive', ''].join('\r\n');
}

function inactive(section: string, said: string, hex: Inactive['hex']): string[] {
  const [media = '', ...attributes] = section.split(LINE_END);
  return [
    media.replace(/^(m=\S+) \S+/, `$1 ${DISCARD_PORT}`),
    ...attributes.filter((line) => KEPT.test(line)),
    ...keysFor(section, said, hex),
    'a=inactive',
  ];
}

const FINGERPRINT_BYTES = 32;

function keysFor(section: string, said: string, hex: Inactive['hex']): string[] {
  const keys: string[] = [];
  if (/^a=ice-ufrag:/m.test(said)) keys.push(`a=ice-ufrag:${hex(4)}`, `a=ice-pwd:${hex(16)}`);
  if (/^a=fingerprint:/m.test(said)) {
    const bytes = hex(FINGERPRINT_BYTES).toUpperCase().match(/../g) ?? [];
    // RFC 5763 §5: the offerer begins, with whom it cannot reach.
    keys.push(`a=fingerprint:sha-256 ${bytes.join(':')}`, 'a=setup:passive');
  } else {
    // RFC 4568 §5.1.2: the first suite, with a key of the same length.
    const crypto = /^a=crypto:(\d{1,9}) (\S{1,64}) inline:([A-Za-z0-9+/=]{1,128})/m.exec(section);
    const length = Buffer.from(crypto?.[3] ?? '', 'base64').length;
    if (crypto !== null)
      keys.push(`a=crypto:${crypto[1]} ${crypto[2]} inline:${Buffer.from(hex(length), 'hex').toString('base64')}`);
  }
  return keys;
}
