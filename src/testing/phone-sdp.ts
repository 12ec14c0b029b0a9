import type { Endpoint } from '../transport/transport.ts';

/** An SDP offer of one audio stream (RFC 4566, RFC 3264); `version` grows with each change of a session. */
export function offerOf(local: Endpoint, version: number, direction = 'sendrecv'): string {
  const family = local.host.includes(':') ? 'IP6' : 'IP4';
  return [
    'v=0',
    `o=phone ${local.port} ${version} IN ${family} ${local.host}`,
    's=-',
    `c=IN ${family} ${local.host}`,
    't=0 0',
    'm=audio 40000 RTP/AVP 0 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

const ANSWERING: Readonly<Record<string, string>> = { sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

/** An answer that takes the first audio stream and rejects all others: as many m-lines as the offer has (RFC 3264 §6). */
export function answerOf(offer: string, local: Endpoint, version: number): string {
  const media = [...offer.matchAll(/^m=(\w+) \d+ (\S+) (.*?)\r?$/gm)];
  const taken = media.findIndex(([, kind]) => kind === 'audio');
  const offered = /^a=(sendonly|recvonly|inactive)\r?$/m.exec(offer)?.[1] ?? '';
  const session = offerOf(local, version, ANSWERING[offered] ?? 'sendrecv');
  const head = session.slice(0, session.indexOf('m='));
  const audio = session.slice(session.indexOf('m='));
  return (
    head + media.map(([, kind, profile, formats], n) => (n === taken ? audio : `m=${kind} 0 ${profile} ${formats}\r\n`)).join('')
  );
}

/** An offer that keeps as many m-lines as the session has, by what the other side said last (RFC 3264 §8). */
export const padded = (offer: string, heard: string): string =>
  offer + 'm=video 0 RTP/AVP 96\r\n'.repeat(Math.max(0, mediaLines(heard) - mediaLines(offer)));

/** Number of m-lines. */
export const mediaLines = (sdp: string): number => sdp.match(/^m=/gm)?.length ?? 0;

const ORIGIN = /^o=(\S+ \S+) (\d+) (\S+ \S+ \S+)\r?$/m;

/** What RFC 3264 §8 forbids between one session description of the other side and its next. */
export function flawsOfNextSdp(before: string, next: string): string[] {
  const [, session, version, address] = ORIGIN.exec(before) ?? [];
  const [, nextSession, nextVersion, nextAddress] = ORIGIN.exec(next) ?? [];
  if (session === undefined || nextSession === undefined || before === next) return [];
  const flaws: string[] = [];
  if (session !== nextSession || address !== nextAddress) flaws.push('o= of another session than before (RFC 3264 §8)');
  else if (BigInt(nextVersion ?? 0) <= BigInt(version ?? 0))
    flaws.push('a changed description under no higher o= version (RFC 3264 §8)');
  if (mediaLines(next) < mediaLines(before)) flaws.push('fewer m-lines than before (RFC 3264 §8)');
  return flaws;
}
