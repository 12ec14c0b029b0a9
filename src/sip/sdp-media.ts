/** Where the media of a session description goes: read, and replaced by an address of our own (RFC 4566, RFC 3264). */
import { sectionsOf } from './sdp-session.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** One payload type of an m-line of RTP. */
export interface Payload {
  /** 0 to 127. */
  readonly payloadType: number;
  /** Upper-case. */
  readonly encoding: string;
  readonly clockRate: number;
}

/** How the packets of an m-line are protected: not at all, by keys in the description (RFC 4568), or by DTLS (RFC 5764). */
export type Protection = 'none' | 'sdes' | 'dtls';

/** One m-line, as far as it says where packets go and what they are. */
export interface MediaLine {
  /** `audio`, `video`, `image` …, lower-case; empty where the line cannot be read. */
  readonly kind: string;
  /** 0: refused. */
  readonly port: number;
  /** `RTP/AVP`, `UDPTL` …, upper-case. */
  readonly protocol: string;
  /** As they stand behind the protocol. */
  readonly formats: string;
  /** Of RTP; at most 64. */
  readonly payloads: readonly Payload[];
  /** Of its own c= line, else of the session's; empty if there is none. */
  readonly address: string;
  /** Where its RTCP goes, if that is not the next port (RFC 3605); an empty host is that of the RTP. */
  readonly rtcp: { readonly host: string; readonly port: number } | undefined;
  /** RTP and RTCP share a port (RFC 5761). */
  readonly isMuxed: boolean;
  readonly direction: Direction;
  readonly protection: Protection;
  readonly hasIce: boolean;
}

/** Where an m-line is placed: what is written in its stead. */
export interface Placed {
  /** An IP address. */
  readonly host: string;
  /** 0: it is refused. */
  readonly port: number;
  /** Of RTCP, where the description names it; the next port if it is left out. */
  readonly rtcpPort?: number;
}

const MAX_BYTES = 65_536;
const MAX_LINES = 64;
const MAX_PAYLOADS = 64;
const HIGHEST_PORT = 65_535;

const LINE = /[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g;
const LINE_END = /[\r\n]+$/;
const MEDIA = /^m=([!-~]{1,64}) (\d{1,9})(?:\/\d{1,9})? ([!-~]{1,64})(?: (.*))?$/;
const CONNECTION = /^c=IN IP[46] ([^\s/]{1,255})/;
const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)$/;
const RTPMAP = /^a=rtpmap:(\d{1,3}) ([^\s/]{1,64})\/(\d{1,7})/;
const RTCP = /^a=rtcp:(\d{1,5})(?: IN IP[46] (\S{1,255}))?$/;
const ICE = /^a=(?:candidate:|remote-candidates:|end-of-candidates$|ice-)/;
/** RFC 3551 §6: what these say needs no rtpmap. */
const STATIC: readonly Payload[] = (
  [
    [0, 'PCMU', 8000],
    [3, 'GSM', 8000],
    [4, 'G723', 8000],
    [8, 'PCMA', 8000],
    [9, 'G722', 8000],
    [13, 'CN', 8000],
    [15, 'G728', 8000],
    [18, 'G729', 8000],
  ] as const
).map(([payloadType, encoding, clockRate]) => ({ payloadType, encoding, clockRate }));

const linesOf = (sdp: string): string[] => sdp.match(LINE) ?? [];

interface Shared {
  address: string;
  direction: Direction | undefined;
  hasIce: boolean;
  isDtls: boolean;
}

class Section {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: string;
  readonly #mapped = new Map<number, Payload>();
  readonly #own: Shared = { address: '', direction: undefined, hasIce: false, isDtls: false };
  #rtcp: MediaLine['rtcp'];
  #isMuxed = false;
  #isSdes = false;

  constructor(line: string) {
    const [, kind = '', port = '0', protocol = '', formats = ''] = MEDIA.exec(line) ?? [];
    this.kind = kind.toLowerCase();
    this.port = Number(port) > HIGHEST_PORT ? 0 : Number(port);
    this.protocol = protocol.toUpperCase();
    this.formats = formats;
  }

  take(line: string): void {
    if (takeShared(this.#own, line)) return;
    const rtpmap = RTPMAP.exec(line);
    if (rtpmap !== null) this.#map(rtpmap);
    else if (line === 'a=rtcp-mux') this.#isMuxed = true;
    else if (line.startsWith('a=crypto:')) this.#isSdes = true;
    else if (line.startsWith('a=rtcp:')) this.#rtcp = rtcpOf(line);
  }

  #map([, number = '', encoding = '', clockRate = '']: readonly string[]): void {
    const payloadType = Number(number);
    if (payloadType > 127 || this.#mapped.size >= MAX_PAYLOADS || Number(clockRate) === 0) return;
    this.#mapped.set(payloadType, { payloadType, encoding: encoding.toUpperCase(), clockRate: Number(clockRate) });
  }

  read(session: Shared): MediaLine {
    const { address, direction, hasIce, isDtls } = this.#own;
    const { kind, port, protocol, formats } = this;
    return {
      ...{ kind, port, protocol, formats },
      payloads: protocol.includes('RTP') ? this.#payloads() : [],
      address: address || session.address,
      rtcp: this.#rtcp,
      isMuxed: this.#isMuxed,
      direction: direction ?? session.direction ?? 'sendrecv',
      protection: isDtls || session.isDtls || protocol.includes('TLS') ? 'dtls' : this.#isSecured() ? 'sdes' : 'none',
      hasIce: hasIce || session.hasIce,
    };
  }

  #isSecured(): boolean {
    return this.#isSdes || this.protocol.includes('SAVP');
  }

  #payloads(): Payload[] {
    const found: Payload[] = [];
    for (const format of this.formats.split(' ', MAX_PAYLOADS)) {
      const number = /^\d{1,3}$/.test(format) ? Number(format) : -1;
      const payload = this.#mapped.get(number) ?? STATIC.find(({ payloadType }) => payloadType === number);
      if (payload !== undefined) found.push(payload);
    }
    return found;
  }
}

function takeShared(into: Shared, line: string): boolean {
  const address = CONNECTION.exec(line)?.[1];
  const direction = DIRECTION.exec(line)?.[1];
  if (address !== undefined) into.address ||= address;
  else if (direction !== undefined) into.direction = direction as Direction;
  else if (line.startsWith('a=fingerprint:')) into.isDtls = true;
  else if (ICE.test(line)) into.hasIce = true;
  else return false;
  return true;
}

function rtcpOf(line: string): MediaLine['rtcp'] {
  const [, port, host = ''] = RTCP.exec(line) ?? [];
  return port === undefined || Number(port) === 0 || Number(port) > HIGHEST_PORT ? undefined : { host, port: Number(port) };
}

/** The m-lines of a session description, in order; `undefined` for one that is too long to be one. Never throws. */
export function readMedia(sdp: string): readonly MediaLine[] | undefined {
  if (sdp.length > MAX_BYTES) return undefined;
  const session: Shared = { address: '', direction: undefined, hasIce: false, isDtls: false };
  const sections: Section[] = [];
  for (const raw of linesOf(sdp)) {
    const line = raw.replace(LINE_END, '');
    if (line.startsWith('m=')) {
      if (sections.length >= MAX_LINES) return undefined;
      sections.push(new Section(line));
    } else {
      const section = sections.at(-1);
      if (section === undefined) takeShared(session, line);
      else section.take(line);
    }
  }
  return sections.map((section) => section.read(session));
}

/** RFC 3264 §8.4 and RFC 2543 before it: an address that says that nothing is wanted. */
const isNowhere = (address: string): boolean => address === '0.0.0.0' || address === '::' || address === '';

/**
 * The description with some of its m-lines placed elsewhere: their ports, the addresses and `a=rtcp` are replaced, and what
 * speaks of other ways to the same place (ICE, bundles) goes, since there is one way. All else stays byte for byte. An address
 * 0.0.0.0 stays too: it puts on hold.
 */
export function placeMedia(sdp: string, lines: readonly MediaLine[], placed: readonly (Placed | undefined)[]): string {
  const first = placed.find((one) => one !== undefined);
  if (first === undefined) return sdp;
  const end = /[\r\n]+$/.exec(linesOf(sdp)[0] ?? '')?.[0] ?? '\r\n';
  const [head = '', ...sections] = sectionsOf(sdp);
  const connection = linesOf(head).find((line) => line.startsWith('c=')) ?? '';
  return (
    placedSection(head, first, end) +
    sections
      .map((section, index) => {
        const place = placed[index];
        const line = lines[index];
        const own = place === undefined ? section : placedSection(section, place, end);
        // What is not ours stays where it was, though the session's address is ours now.
        if (place === undefined) return line?.port === 0 ? own : withConnection(own, connection);
        return connection === '' ? withConnection(own, `${connectionTo(place)}${end}`) : own;
      })
      .join('')
  );
}

const placedSection = (section: string, place: Placed, end: string): string =>
  linesOf(section)
    .map((line) => replaced(line, place, end))
    .join('');

/** The section with that c= line at its place (RFC 4566 §5), unless it has one. */
function withConnection(section: string, connection: string): string {
  if (/^c=/m.test(section)) return section;
  const before = /^m=[^\r\n]*[\r\n]*(?:i=[^\r\n]*[\r\n]*)?/.exec(section)?.[0] ?? '';
  const isEnded = before === '' || LINE_END.test(before) || connection === '';
  return `${before}${isEnded ? '' : '\r\n'}${connection}${section.slice(before.length)}`;
}

const connectionTo = ({ host }: Placed): string => `c=IN ${host.includes(':') ? 'IP6' : 'IP4'} ${host}`;

/** A line as it is when its section is placed; empty: it goes. */
function replaced(line: string, place: Placed, end: string): string {
  if (line.startsWith('m=')) return line.replace(/^(m=\S+) \S+/, `$1 ${place.port}`);
  if (line.startsWith('c=')) return isNowhere(CONNECTION.exec(line)?.[1] ?? '') ? line : `${connectionTo(place)}${end}`;
  if (line.startsWith('a=rtcp:') && place.port === 0) return '';
  if (line.startsWith('a=rtcp:')) return `a=rtcp:${place.rtcpPort ?? place.port + 1} ${connectionTo(place).slice(2)}${end}`;
  return ICE.test(line.replace(LINE_END, '')) || /^a=(?:group:BUNDLE|bundle-only)/.test(line) ? '' : line;
}

/** Whether a party asks for no packets on this line: `sendonly`, `inactive`, or no address at all. */
export const isDeaf = ({ direction, address }: MediaLine): boolean =>
  direction === 'sendonly' || direction === 'inactive' || isNowhere(address);

/** Whether a party says that it sends nothing on this line: it is on hold, or refused. */
export const isMute = ({ direction, port }: MediaLine): boolean =>
  port === 0 || direction === 'recvonly' || direction === 'inactive';
