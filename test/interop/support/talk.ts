/** What a sipp phone says and hears within a call, as pieces of a scenario: `caller-talks` and `callee-talks` play them in order. */

/** What a message carries beside what every message has. */
export interface Cargo {
  /** Header lines. */
  readonly headers?: readonly string[];
  readonly type?: string;
  /** Lines end by LF here; sipp sends CRLF. */
  readonly body?: string;
}

/** Long before the 32 s after which an answer is given for a party that is silent (RFC 3261 §17.1.2.2, Timer F). */
const AT_ONCE_MS = 5_000;

/** The end of a message: its own headers, its body. */
export function cargoLines({ headers = [], type, body = '' }: Cargo): string {
  const lines = type === undefined ? [...headers] : [...headers, `Content-Type: ${type}`];
  return [...lines, 'Content-Length: [len]', '', ...body.split('\n')].join('\n');
}

const send = (lines: readonly string[], attributes = ''): string =>
  `<send${attributes}><![CDATA[\n${lines.join('\n')}\n]]></send>`;

const requestLines = (method: string, seq: number, cargo: Cargo): string[] => [
  `${method} [next_url] SIP/2.0`,
  'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport',
  'Max-Forwards: 70',
  '[routes]',
  'From: "[user]" <sip:[user]@[domain]>;tag=[pid]-[call_number]',
  'To: <sip:[service]@[domain]>[$tag]',
  'Call-ID: [call_id]',
  `CSeq: ${seq} ${method}`,
  'Contact: <sip:[user]@[local_ip]:[local_port];transport=[transport]>',
  cargoLines(cargo),
];

/** Sends a request, and hears that answer; CSeq is `seq`. */
export function asks(method: string, seq: number, cargo: Cargo = {}, status = 200): string {
  const isInvite = method === 'INVITE';
  return [
    send(requestLines(method, seq, cargo), ' retrans="500"'),
    isInvite ? '<recv response="100" optional="true"/>' : '',
    `<recv response="${status}" timeout="${AT_ONCE_MS}"/>`,
    isInvite ? send(ackLines(seq, status)) : '',
  ].join('\n');
}

/** RFC 3261 §17.1.1.3: the ACK of a refusal belongs to the transaction of its INVITE. */
const ackLines = (seq: number, status: number): string[] =>
  requestLines('ACK', seq, {}).map((line) => (line.startsWith('Via') && status >= 300 ? '[last_Via:]' : line));

/** Hears a request, and answers it so, such as `486 Busy Here`. */
export function answers(method: string, cargo: Cargo = {}, status = '200 OK'): string {
  const isInvite = method === 'INVITE';
  const reply = [
    `SIP/2.0 ${status}`,
    ...['[last_Via:]', '[last_From:]', '[last_To:]', '[last_Call-ID:]', '[last_CSeq:]'],
    'Contact: <sip:[user]@[local_ip]:[local_port];transport=[transport]>',
    cargoLines(cargo),
  ];
  return [
    `<recv request="${method}"/>`,
    send(reply, isInvite ? ' retrans="500"' : ''),
    isInvite ? '<recv request="ACK"/>' : '',
  ].join('\n');
}

const PCAPS = '/usr/share/sip-tester';
const PCAP_NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'pound' };
/** From the beginning of a key to that of another one; the recordings take 140 ms. */
const PRESS_MS = 400;
/**
 * And of the same one: a recording that is played again within 200 ms of its end is taken for packets that came twice, and the
 * pauses of a sipp that a busy machine keeps waiting are shorter than they should be.
 */
const AGAIN_MS = 1_000;

/**
 * Presses keys as telephone-events, by the recordings that come with sipp; it sends them through a raw socket, which needs root.
 * Their payload type is 101. The last one takes its time too unless something is to follow while it plays.
 */
export function presses(digits: string, lastMs = PRESS_MS): string {
  const keys = [...digits].flatMap((digit, n) => {
    const play = `play_pcap_audio="${PCAPS}/dtmf_2833_${PCAP_NAMES[digit] ?? digit}.pcap"`;
    const next = digits[n + 1];
    const pauseMs = next === undefined ? lastMs : next === digit ? AGAIN_MS : PRESS_MS;
    return [`<nop><action><exec ${play}/></action></nop>`, ...(pauseMs === 0 ? [] : [waits(pauseMs)])];
  });
  return keys.join('\n');
}

export const waits = (ms: number): string => `<pause milliseconds="${ms}"/>`;
export const hangsUp = (seq = 99): string => asks('BYE', seq);
export const isHungUp = (): string => answers('BYE');

/** A session description that one can tell from others; `version` is that of its o= line. */
export const sdp = (session: number, version: number, media = 'm=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000'): string =>
  `v=0\no=- ${session} ${version} IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\n${media}`;

/** A session of one audio stream. */
export const PLAIN: Cargo = { type: 'application/sdp', body: sdp(53_655_765, 2_353_687_637) };

/** The same, with keys as telephone-events. */
export const WITH_KEYS: Cargo = {
  type: 'application/sdp',
  body: sdp(
    53_655_765,
    1,
    'm=audio [media_port] RTP/AVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15',
  ),
};

/** The keys of `caller-talks` and `callee-talks`: what goes with their INVITE or 200, and what follows the ACK. */
export const talk = (pieces: readonly string[], cargo: Cargo = PLAIN): Readonly<Record<string, string>> => ({
  cargo: cargoLines(cargo),
  talk: pieces.join('\n'),
});

/** The body of a message that sipp logged, as it was on the wire but for line ends at its very end; its length tells those. */
export const bodyOf = (message: string): string => /\r?\n\r?\n([\s\S]*)$/.exec(message)?.[1] ?? '';
