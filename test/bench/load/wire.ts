/**
 * Just enough SIP for phones under our own control: templates out, substring searches in. Shares nothing with src/sip, both
 * to stay cheaper than the service it loads and so as not to share its bugs.
 */

const DOMAIN = '127.0.0.1';
const PN = ';pn-provider=fcm;pn-param=bench;pn-prid=';

const SDP = [
  'v=0',
  'o=- 3990 3990 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 40000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=sendrecv',
  '',
].join('\r\n');
const WITH_SDP = `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`;
const NO_BODY = 'Content-Length: 0\r\n\r\n';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const contactOf = (role: string, id: number, port: number, pn: boolean): string =>
  `<sip:${role}${id}@127.0.0.1:${port}${pn ? `${PN}${role}${id}` : ''}>`;

/** REGISTER of callee `id`, an hour long; with `pn` its binding counts as asleep (RFC 8599). */
export const registerRequest = (id: number, cseq: number, port: number, pn: boolean): Buffer =>
  latin1(
    `REGISTER sip:${DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-r${id}-${cseq};rport\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:c${id}@${DOMAIN}>;tag=r${id}\r\nTo: <sip:c${id}@${DOMAIN}>\r\n` +
      `Call-ID: r${id}-bench\r\nCSeq: ${cseq} REGISTER\r\nContact: ${contactOf('c', id, port, pn)}\r\n` +
      `Expires: 3600\r\nUser-Agent: bench\r\n${NO_BODY}`,
  );

/** Who sends a request, under whose name: a caller is `a`, a picker `b`. */
export interface Sender {
  readonly role: 'a' | 'b';
  readonly id: number;
  readonly port: number;
  readonly user: string;
}

/** Caller `id`, who is a user of that name. */
export const callerOf = (id: number, port: number): Sender => ({ role: 'a', id, port, user: `a${id}` });

const head = (sender: Sender, method: string, cseq: number, branch: string, uri: string, to: string): string => {
  const { role, id, port, user } = sender;
  return (
    `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${role}${id}-${branch};rport\r\n` +
    `Max-Forwards: 70\r\nFrom: "Bench ${id}" <${uriOf(user)}>;tag=${role}${id}\r\nTo: ${to}\r\n` +
    `Call-ID: ${role}${id}-bench\r\nCSeq: ${cseq} ${method}\r\n`
  );
};

const uriOf = (user: string): string => `sip:${user}@${DOMAIN}`;

/** INVITE to a user. */
export const inviteRequest = (from: Sender, callee: string): Buffer =>
  latin1(
    head(from, 'INVITE', 1, 'i', uriOf(callee), `<${uriOf(callee)}>`) +
      `Contact: ${contactOf(from.role, from.id, from.port, false)}\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n` +
      `Supported: replaces\r\nUser-Agent: bench\r\n${WITH_SDP}`,
  );

/** ACK to a 2xx: a transaction of its own, to the remote target (RFC 3261 §13.2.2.4). */
export const ackOfSuccess = (from: Sender, answer: string): Buffer =>
  latin1(head(from, 'ACK', 1, 'k', targetOf(answer), field(answer, 'To')) + NO_BODY);

/** ACK to a final answer that is no 2xx: of the INVITE's transaction (RFC 3261 §17.1.1.3). */
export const ackOfFailure = (from: Sender, callee: string, answer: string): Buffer =>
  latin1(head(from, 'ACK', 1, 'i', uriOf(callee), field(answer, 'To')) + NO_BODY);

/** BYE from who called. */
export const byeRequest = (from: Sender, answer: string): Buffer =>
  latin1(head(from, 'BYE', 2, 'b', targetOf(answer), field(answer, 'To')) + NO_BODY);

/** An answer of party `role``id` to a request it received. */
export function answerTo(request: string, status: string, role: string, id: number, port: number, withSdp: boolean): Buffer {
  const to = field(request, 'To');
  const tag = to.includes(';tag=') ? '' : `;tag=${role}${id}`;
  return latin1(
    `SIP/2.0 ${status}\r\n${viaLines(request)}From: ${field(request, 'From')}\r\nTo: ${to}${tag}\r\n` +
      `Call-ID: ${field(request, 'Call-ID')}\r\nCSeq: ${field(request, 'CSeq')}\r\n` +
      `Contact: ${contactOf(role, id, port, false)}\r\n${withSdp ? WITH_SDP : NO_BODY}`,
  );
}

/** Status of a response, 0 for a request. */
export const statusOf = (text: string): number => (text.startsWith('SIP/2.0 ') ? Number(text.slice(8, 11)) : 0);

/** Method named in CSeq. */
export function methodOf(text: string): string {
  const cseq = field(text, 'CSeq');
  return cseq.slice(cseq.lastIndexOf(' ') + 1);
}

/** User part of the Request-URI. */
export function requestUser(text: string): string {
  const start = text.indexOf(' sip:') + 5;
  return start < 5 ? '' : text.slice(start, text.indexOf('@', start));
}

/** Branch of the topmost Via. */
export function branchOf(text: string): string {
  const via = field(text, 'Via');
  const start = via.indexOf('branch=') + 7;
  const end = via.indexOf(';', start);
  return via.slice(start, end < 0 ? undefined : end);
}

function targetOf(answer: string): string {
  const contact = field(answer, 'Contact');
  return contact.slice(contact.indexOf('<') + 1, contact.indexOf('>'));
}

/** How the peer spells each header, learned at first sight, so that the search stays a plain one. */
const spellings = new Map<string, string>();

/** Value of the first header of that name, '' if there is none. */
export function field(text: string, name: string): string {
  let key = spellings.get(name) ?? `\r\n${name}:`;
  let at = text.indexOf(key);
  if (at < 0) {
    at = text.toLowerCase().indexOf(`\r\n${name.toLowerCase()}:`);
    if (at < 0) return '';
    key = text.slice(at, at + name.length + 3);
    spellings.set(name, key);
  }
  const start = at + key.length;
  return text.slice(start, text.indexOf('\r\n', start)).trim();
}

function viaLines(text: string): string {
  const key = field(text, 'Via') === '' ? '\r\nVia:' : (spellings.get('Via') ?? '\r\nVia:');
  let lines = '';
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 2)) {
    lines += text.slice(at + 2, text.indexOf('\r\n', at + 2) + 2);
  }
  return lines;
}
