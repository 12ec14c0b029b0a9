/** Descriptions of audio that the service itself sends and hears (RFC 3264 §5, §6). */
import { formatOrigin, type Origin } from './sdp.ts';
import type { Direction, MediaLine, Payload, Placed } from './sdp-media.ts';

/** One m-line of ours; `undefined` in a list of them: it is refused. */
export interface AudioLine {
  readonly placed: Placed;
  readonly payloads: readonly Payload[];
  readonly direction: Direction;
}

const written = ({ encoding }: Payload): string => (encoding === 'TELEPHONE-EVENT' ? 'telephone-event' : encoding);

function audioLines(protocol: string, { placed, payloads, direction }: AudioLine): string[] {
  const lines = [`m=audio ${placed.port} ${protocol} ${payloads.map(({ payloadType }) => payloadType).join(' ')}`];
  for (const payload of payloads) lines.push(`a=rtpmap:${payload.payloadType} ${written(payload)}/${payload.clockRate}`);
  // RFC 4733 §2.5.1.1: keys, and nothing else.
  for (const payload of payloads) if (payload.encoding === 'TELEPHONE-EVENT') lines.push(`a=fmtp:${payload.payloadType} 0-15`);
  lines.push('a=ptime:20', `a=${direction}`);
  return lines;
}

/** A line with its port set to 0, which refuses it (RFC 3264 §6). */
const refusedLine = ({ kind, protocol, formats }: MediaLine): string =>
  `m=${kind || 'audio'} 0 ${protocol || 'RTP/AVP'} ${formats || '0'}`;

/**
 * A description with one m-line for each of `lines`: audio of ours at `index`, where it speaks the protocol of the line there,
 * and all others refused.
 */
export function audioDescription(origin: Origin, lines: readonly MediaLine[], index: number, audio: AudioLine): string {
  const head = ['v=0', formatOrigin(origin), 's=-', `c=IN ${origin.addressType} ${origin.address}`, 't=0 0'];
  const all = lines.flatMap((line, n) => (n === index ? audioLines(line.protocol, audio) : [refusedLine(line)]));
  if (index >= lines.length) all.push(...audioLines('RTP/AVP', audio));
  return `${[...head, ...all].join('\r\n')}\r\n`;
}

/** What answers a direction, for one who would both send and hear (RFC 3264 §6.1). */
export function answering(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}
