/** Messages made to cost as much as possible, each within what a datagram or a message of a stream can hold. */

/** What a peer sends, and what it may get for it: a status, or nothing. */
export interface Bomb {
  readonly name: string;
  readonly text: string;
  readonly status: number | 'nothing';
}

const times = (n: number, make: (i: number) => string, between = ''): string =>
  Array.from({ length: n }, (_, i) => make(i)).join(between);

interface Changes {
  readonly start?: string;
  /** In place of the usual lines of the same names. */
  readonly lines?: readonly string[];
  readonly body?: string;
}
let serial = 0;

/** A request that is right but for what it was given. */
function request(method: string, { start, lines = [], body = '' }: Changes = {}): string {
  serial++;
  const usual = [
    `Via: SIP/2.0/UDP 10.0.99.1:5060;branch=z9hG4bKbomb${serial};rport`,
    'Max-Forwards: 70',
    `From: <sip:stranger@elsewhere.org>;tag=bomb${serial}`,
    'To: <sip:carol@example.com>',
    `Call-ID: bomb${serial}`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:stranger@10.0.99.1:5060>',
    `Content-Length: ${body.length}`,
  ];
  const given = new Set(lines.map((line) => line.slice(0, line.indexOf(':'))));
  const kept = usual.filter((line) => !given.has(line.slice(0, line.indexOf(':'))));
  return [start ?? `${method} sip:carol@example.com SIP/2.0`, ...kept, ...lines, '', body].join('\r\n');
}

const options = (...lines: string[]): string => request('OPTIONS', { lines });
const VIA = 'SIP/2.0/UDP 10.0.99.1:5060;rport;branch=z9hG4bKv';
const MULTIPART = 'Content-Type: multipart/mixed;boundary=b';
const part = (i: number): string => `--b\r\nContent-Type: application/x-${i}\r\n\r\n${i}\r\n`;
const nested = (depth: number): string =>
  times(depth, (i) => `--b${i}\r\nContent-Type: multipart/mixed;boundary=b${i + 1}\r\n\r\n`);
const digest = (more: string): string =>
  `Authorization: Digest username="stranger", realm="example.com", nonce="${'0'.repeat(52)}", uri="sip:example.com", response="0"${more}`;

/** All of them: strangers' messages to a service that asks for passwords and where carol is no registered user. */
export const bombs = (): Bomb[] => [
  // Many of something.
  { name: '1,100 Via lines', text: options(...Array(1100).fill(`Via: ${VIA}`)), status: 'nothing' },
  {
    name: '1,000 Vias in lines of 8 kB',
    text: options(...Array(7).fill(`Via: ${times(140, () => VIA, ',')}`)),
    status: 'nothing',
  },
  { name: '70 Vias', text: options(`Via: ${times(70, (i) => `${VIA}${i}`, ',')}`), status: 200 },
  { name: '10,000 empty headers', text: options(...Array(10_000).fill('A:')), status: 400 },
  {
    name: '100 lines of 600 bytes',
    text: options(...times(100, (i) => `X-${i}: ${'x'.repeat(590)}`, '\n').split('\n')),
    status: 200,
  },
  { name: '1,500 Contacts', text: options(`Contact: ${times(1500, (i) => `<sip:${i}@a>`, ',').slice(0, 8000)}>`), status: 400 },
  { name: '500 Routes', text: options(`Route: ${times(500, () => '<sip:a;lr>', ',')}`), status: 400 },
  { name: '500 Record-Routes', text: options(`Record-Route: ${times(500, () => '<sip:a;lr>', ',')}`), status: 400 },
  { name: '4,000 option tags that are required', text: options(`Require: ${times(4000, () => 'a', ',')}`), status: 420 },
  {
    name: '28,000 option tags over seven lines',
    text: options(...Array(7).fill(`Supported: ${times(4000, () => 'a', ',')}`)),
    status: 200,
  },
  { name: '3,000 parameters of a Via', text: options(`Via: ${VIA}${times(3000, () => ';a')}`), status: 'nothing' },
  { name: '3,000 parameters of a From', text: options(`From: <sip:a@b>;tag=1${times(3000, () => ';a')}`), status: 'nothing' },
  {
    name: '3,000 parameters of a Request-URI',
    text: request('OPTIONS', { start: `OPTIONS sip:carol@example.com${times(3000, () => ';a')} SIP/2.0` }),
    status: 400,
  },
  {
    name: '2,000 headers of a Request-URI',
    text: request('OPTIONS', { start: `OPTIONS sip:carol@example.com?${times(2000, () => 'a=b', '&')} SIP/2.0` }),
    status: 400,
  },
  {
    name: '1,000 parameters of a digest',
    text: request('REGISTER', { lines: [digest(times(1000, (i) => `, a${i}=b`))] }),
    status: 401,
  },
  { name: '100 digests', text: request('REGISTER', { lines: Array(100).fill(digest('')) }), status: 401 },
  {
    name: '100 digests of other realms',
    text: request('REGISTER', { lines: times(100, (i) => digest('').replace('example.com', `r${i}`), '\n').split('\n') }),
    status: 401,
  },
  { name: '110 Paths', text: request('REGISTER', { lines: Array(110).fill('Path: <sip:a;lr>') }), status: 401 },
  {
    name: '1,200 parts of a body',
    text: request('INVITE', { lines: [MULTIPART], body: `${times(1200, part)}--b--` }),
    status: 480,
  },
  // Long ones.
  {
    name: 'a start line of 60 kB',
    text: request('OPTIONS', { start: `OPTIONS sip:${'a'.repeat(60_000)} SIP/2.0` }),
    status: 400,
  },
  { name: 'a method of 4 kB', text: request('A'.repeat(4000)), status: 501 },
  { name: 'a Call-ID of 8 kB', text: options(`Call-ID: ${'a'.repeat(8000)}`), status: 200 },
  { name: 'a branch of 8 kB', text: options(`Via: ${VIA}${'a'.repeat(8000)}`), status: 200 },
  { name: 'a From tag of 8 kB', text: options(`From: <sip:a@b>;tag=${'a'.repeat(8000)}`), status: 200 },
  { name: 'a header line of 60 kB', text: options(`X: ${'a'.repeat(60_000)}`), status: 400 },
  { name: 'a header name of 60 kB', text: options(`${'a'.repeat(60_000)}: x`), status: 400 },
  { name: 'a quoted name that never ends', text: options(`From: "${'\\'.repeat(8000)}`), status: 'nothing' },
  { name: 'a list of quotes', text: options(`Contact: ${times(2000, () => '"a",')}`), status: 400 },
  { name: 'a message of 100 kB', text: request('MESSAGE', { body: 'x'.repeat(100_000) }), status: 'nothing' },
  { name: 'a body of 60 kB', text: request('MESSAGE', { body: 'x'.repeat(60_000) }), status: 480 },
  // Deep ones.
  { name: '1,000 multiparts in each other', text: request('INVITE', { lines: [MULTIPART], body: nested(1000) }), status: 480 },
  { name: '7,000 comments in each other', text: options(`User-Agent: ${'('.repeat(7000)}`), status: 200 },
  { name: '20,000 folded lines', text: options(`X: a${times(20_000, () => '\r\n ')}`), status: 400 },
  { name: '4,000 angle brackets', text: options(`Contact: ${'<'.repeat(4000)}`), status: 400 },
  { name: '30,000 empty lines first', text: '\r\n'.repeat(30_000) + options(), status: 200 },
  // Numbers and bytes.
  { name: 'a Content-Length of 10 digits', text: options('Content-Length: 9999999999'), status: 400 },
  { name: 'a CSeq of 1,000 digits', text: options(`CSeq: ${'9'.repeat(1000)} OPTIONS`), status: 400 },
  { name: 'a Max-Forwards of 1,000 digits', text: options(`Max-Forwards: ${'9'.repeat(1000)}`), status: 400 },
  {
    name: 'a Max-Breadth of 1,000 digits',
    text: request('INVITE', { lines: [`Max-Breadth: ${'9'.repeat(1000)}`] }),
    status: 480,
  },
  { name: 'NUL in a header', text: options('X: a\0b'), status: 400 },
  { name: 'NUL in the start line', text: request('OPTIONS', { start: 'OPTIONS sip:carol\0@example.com SIP/2.0' }), status: 400 },
  { name: 'NUL in a body', text: request('MESSAGE', { body: 'a\0b' }), status: 480 },
  { name: 'bytes that are no UTF-8', text: options('Subject: \xff\xfe\xc0\x80', 'X-\xff: \x80'), status: 400 },
  { name: 'a line end without its CR', text: options('X: a\nFrom: <sip:b@c>'), status: 400 },
  { name: 'noise of 60 kB', text: '\xff\0\x01'.repeat(20_000), status: 'nothing' },
];
