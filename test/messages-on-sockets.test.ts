import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';
import { isProblem } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { type Running, start } from '../src/start.ts';
import { bodyOf, SocketPeer, valuesOf } from './support/socket-peer.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
const USERS = ['bob', '+4989123', '%2331', '*8', 'o.k-a_y~!'];

let running: Running;
let peers: SocketPeer[];
beforeEach(async () => {
  const config = loadConfig({ argv: [], env: { CALLWEAVE_DB: ':memory:', CALLWEAVE_ADMIN: 'off' }, cwd: '/' }) as Config;
  const listen = ['127.0.0.1', '::1'].flatMap((host) =>
    (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port: 0 })),
  );
  const [sample] = config.listen;
  const users = new Map(
    USERS.map((name) => [name, { name, password: 'x', displayName: undefined, wakeable: undefined }]),
  ) as unknown as Config['users'];
  const fail = (fields: object, message: string): void => {
    throw new Error(`${message} ${JSON.stringify(fields)}`);
  };
  const settings = {
    ...config,
    auth: 'none',
    pickup: undefined,
    menus: new Map(),
    demo: false,
    users,
    listen: listen.map((one) => ({ ...sample, ...one })),
  } as Config;
  const started = await start(settings, { ...silentLog, error: fail });
  if (isProblem(started)) throw new Error(started.problem);
  running = started;
  peers = [];
});
afterEach(async () => {
  for (const peer of peers) peer.end();
  await running.stop();
});

async function peer(transport: 'udp' | 'tcp', host = '127.0.0.1'): Promise<SocketPeer> {
  const found = running.listening.find(({ transport: one, local }) => one === transport && local.host === host);
  const made = await SocketPeer[transport]({ host, port: found?.local.port ?? 0 });
  peers.push(made);
  return made;
}
const hostOf = ({ local: { host, port } }: SocketPeer): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

let serial = 0;
/** The lines of a request; a header given stands instead of the preset of the same name, an empty one leaves it out. */
function request(
  from: SocketPeer,
  transport: string,
  method: string,
  uri: string,
  given: Record<string, string> = {},
  body = '',
) {
  serial += 1;
  const headers: Record<string, string> = {
    Via: `SIP/2.0/${transport.toUpperCase()} ${hostOf(from)};branch=z9hG4bKs${serial};rport`,
    'Max-Forwards': '70',
    From: '<sip:alice@elsewhere.example>;tag=a',
    To: `<${uri}>`,
    'Call-ID': `c${serial}@x`,
    CSeq: `${serial} ${method}`,
    Contact: `<sip:me@${hostOf(from)};transport=${transport}>`,
    ...(body === '' ? {} : { 'Content-Type': 'application/sdp' }),
    'Content-Length': String(body.length),
    ...given,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));
  return `${method} ${uri} SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

async function registers(bob: SocketPeer, transport: string, user = 'bob'): Promise<void> {
  const aor = `sip:${user}@localhost`;
  const from = { From: `<${aor}>;tag=r` };
  await bob.send(request(bob, transport, 'REGISTER', 'sip:localhost', { ...from, To: `<${aor}>` }));
  const answer = await bob.hears('SIP/2.0');
  expect(answer).toMatch(/^SIP\/2\.0 200 /);
}

function answerTo(invite: string, contact: string, status = '200 OK', body = SDP): string {
  const copied = ['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) => valuesOf(invite, name).map((value) => `${name}: ${value}`));
  const more = [`To: ${valuesOf(invite, 'To')[0]};tag=b`, `Contact: <${contact}>`, `Content-Length: ${body.length}`];
  const type = body === '' ? [] : ['Content-Type: application/sdp'];
  return `SIP/2.0 ${status}\r\n${[...copied, ...more, ...type].join('\r\n')}\r\n\r\n${body}`;
}

/** Plays a whole call whose INVITE goes out in these pieces; what the callee heard of it. */
async function playsCall(
  transport: 'udp' | 'tcp',
  options: {
    host?: string;
    user?: string;
    uri?: string;
    headers?: Record<string, string>;
    body?: string;
    cut?: (invite: string) => string[];
  } = {},
): Promise<string> {
  const [alice, bob] = [await peer(transport, options.host), await peer(transport, options.host)];
  await registers(bob, transport, options.user);
  const uri = options.uri ?? `sip:${options.user ?? 'bob'}@localhost`;
  // Where it would be heard from too: nothing to relay.
  const sdp = options.host === '::1' ? SDP.replaceAll('IP4 127.0.0.1', 'IP6 ::1') : SDP;
  const sent = request(alice, transport, 'INVITE', uri, options.headers, options.body ?? sdp);
  await alice.send(...(options.cut ?? ((whole) => [whole]))(sent));
  const invite = await bob.hears('INVITE');
  await bob.send(answerTo(invite, `sip:bob@${hostOf(bob)};transport=${transport}`, '200 OK', sdp));
  const ok = await alice.hears('SIP/2.0 200');
  expect(bodyOf(ok)).toBe(sdp);
  const target = /<(.*)>/.exec(valuesOf(ok, 'Contact')[0] ?? '')?.[1] ?? '';
  const dialog = {
    From: valuesOf(ok, 'From')[0] ?? '',
    To: valuesOf(ok, 'To')[0] ?? '',
    'Call-ID': valuesOf(ok, 'Call-ID')[0] ?? '',
  };
  const number = valuesOf(ok, 'CSeq')[0]?.split(' ')[0] ?? '';
  await alice.send(request(alice, transport, 'ACK', target, { ...dialog, CSeq: `${number} ACK` }));
  await bob.hears('ACK');
  await alice.send(request(alice, transport, 'BYE', target, { ...dialog, CSeq: `${Number(number) + 1} BYE` }));
  await alice.hears('SIP/2.0 200', 2);
  await bob.send(answerTo(await bob.hears('BYE'), 'sip:bob@localhost', '200 OK', ''));
  return invite;
}

describe('a call over real sockets', () => {
  it.each([
    ['udp', '127.0.0.1'],
    ['tcp', '127.0.0.1'],
    ['udp', '::1'],
    ['tcp', '::1'],
  ] as const)('over %s on %s', async (transport, host) => {
    const invite = await playsCall(transport, { host });
    if (host === '::1') expect(valuesOf(invite, 'Contact')[0]).toContain('@[::1]:');
  });

  it('between IPv6 and IPv4, TCP and UDP', async () => {
    const [alice, bob] = [await peer('tcp', '::1'), await peer('udp')];
    await registers(bob, 'udp');
    await alice.send(request(alice, 'tcp', 'INVITE', 'sip:bob@[::1]', {}, SDP));
    const invite = await bob.hears('INVITE');
    // What it is told of us it can reach.
    expect(valuesOf(invite, 'Contact')[0]).toContain('@127.0.0.1:');
    await bob.send(answerTo(invite, `sip:bob@${hostOf(bob)}`, '486 Busy Here', ''));
    await alice.hears('SIP/2.0 486');
  });

  it('with an INVITE of 8 kB over UDP, which the network cuts, passed whole', async () => {
    const body = `${SDP}${Array.from({ length: 160 }, (_, n) => `a=candidate:${n} 1 UDP 2130706431 192.0.2.5 ${4000 + n} typ host\r\n`).join('')}`;
    expect(body.length).toBeGreaterThan(8_192);
    expect(bodyOf(await playsCall('udp', { body }))).toBe(body);
  });

  it('with an INVITE of 8 kB over TCP, one byte at a time', async () => {
    const body = `${SDP}a=x:${'y'.repeat(8_200)}\r\n`;
    expect(bodyOf(await playsCall('tcp', { body, cut: (invite) => [...invite] }))).toBe(body);
  });

  it('with two messages in one segment, and pings around them', async () => {
    const alice = await peer('tcp');
    const options = () => request(alice, 'tcp', 'OPTIONS', 'sip:localhost');
    await alice.send(`\r\n\r\n${options()}${options()}\r\n\r\n${options()}`);
    await alice.hears('SIP/2.0 200', 3);
  });

  it('with a message cut in two at every byte', async () => {
    const alice = await peer('tcp');
    const length = request(alice, 'tcp', 'OPTIONS', 'sip:localhost', {}, SDP).length;
    for (let at = 1; at < length; at += 1) {
      const message = request(alice, 'tcp', 'OPTIONS', 'sip:localhost', {}, SDP);
      await alice.send(message.slice(0, at), message.slice(at));
    }
    await alice.hears('SIP/2.0 200', length - 1);
  }, 60_000);
});

describe('odd forms of a message', () => {
  const COMPACT: Record<string, string> = {
    Via: '',
    From: '',
    To: '',
    'Call-ID': '',
    Contact: '',
    'Content-Type': '',
    'Content-Length': '',
  };
  it.each(['udp', 'tcp'] as const)('compact names and odd cases over %s', async (transport) => {
    const alice = await peer(transport);
    const bob = await peer(transport);
    await registers(bob, transport);
    const compact = {
      ...COMPACT,
      v: `SIP/2.0/${transport.toUpperCase()} ${hostOf(alice)};branch=z9hG4bKcompact${transport};rport`,
      f: '"A, l" <sip:alice@elsewhere.example>;tag=a',
      t: '<sip:bob@localhost>',
      i: `compact-${transport}`,
      m: `<sip:alice@${hostOf(alice)}>`,
      c: 'application/sdp',
      l: String(SDP.length),
      s: 'x',
      k: 'timer',
      y: 'abc;info=<https://x>',
    };
    await alice.send(request(alice, transport, 'INVITE', 'sip:bob@localhost', compact, SDP));
    const invite = await bob.hears('INVITE');
    expect(valuesOf(invite, 'Subject', 's')).toEqual(['x']);
    expect(valuesOf(invite, 'Identity', 'y')).toEqual(['abc;info=<https://x>']);
    expect(valuesOf(invite, 'From', 'f')[0]).toMatch(/^"A, l" <sip:alice@elsewhere.example>/);
    expect(bodyOf(invite)).toBe(SDP);
    await bob.send(answerTo(invite, `sip:bob@${hostOf(bob)}`, '486 Busy Here', ''));
    await alice.hears('SIP/2.0 486');
  });

  it('folded lines, blanks around colons and names in any case', async () => {
    const alice = await peer('udp');
    const bob = await peer('udp');
    await registers(bob, 'udp');
    const odd = request(alice, 'udp', 'INVITE', 'sip:bob@localhost', { Subject: 'one\r\n two\r\n\tthree', 'X-Odd': 'a  b' }, SDP)
      .replace('From:', 'FROM  \t:')
      .replace('Call-ID:', 'cAlL-iD:')
      .replace('CSeq: ', 'cseq:\r\n  ')
      .replace('X-Odd:', 'x-oDD :');
    await alice.send(odd);
    const invite = await bob.hears('INVITE');
    expect(valuesOf(invite, 'Subject')).toEqual(['one two three']);
    expect(valuesOf(invite, 'X-Odd')).toEqual(['a  b']);
    await bob.send(answerTo(invite, `sip:bob@${hostOf(bob)}`, '486 Busy Here', ''));
    await alice.hears('SIP/2.0 486');
  });

  it.each([
    ['sip:%62o%62@localhost', 'bob'],
    ['sip:%2B4989123@localhost', '+4989123'],
    ['sip:+4989123@localhost;user=phone', '+4989123'],
    ['sip:%2331@localhost', '#31'],
    ['sip:#31@localhost', '#31'],
    ['sip:*8@localhost', '*8'],
    ['SIP:bob@LOCALHOST', 'bob'],
    ['sip:bob:password@localhost', 'bob'],
    ['sip:o.k-a_y~!@localhost', 'o.k-a_y~!'],
  ])('a Request-URI %s is for %s', async (uri, user) => {
    const written = encodeURIComponent(user).replace('%2B', '+').replace('%2A', '*');
    const invite = await playsCall('udp', { uri, user: written });
    expect(invite).toMatch(/^INVITE sip:me@/);
  });

  it('quoted names with commas, brackets, quotes and UTF-8 pass as they came', async () => {
    const name = Buffer.from('"Müller, <the> \\"boss\\"; x=y"', 'utf8').toString('latin1');
    const invite = await playsCall('udp', { headers: { From: `${name} <sip:alice@elsewhere.example;x=%23>;tag=1` } });
    expect(valuesOf(invite, 'From')[0]).toContain(`${name} <sip:alice@elsewhere.example;x=%23>`);
  });

  it('a lower-case method is another method: 501', async () => {
    const alice = await peer('udp');
    await alice.send(request(alice, 'udp', 'invite', 'sip:bob@localhost', {}, SDP));
    expect(await alice.hears('SIP/2.0 501')).toMatch(/Allow: INVITE/);
  });

  it('lines that end in LF alone are read over UDP, but not where some end in CRLF', async () => {
    const alice = await peer('udp');
    const options = () => request(alice, 'udp', 'OPTIONS', 'sip:localhost', { 'Content-Length': '' }, 'a\r\nb\n\nc');
    await alice.send(options().replace(/^[\s\S]*?\r\n\r\n/, (head) => head.replaceAll('\r\n', '\n')));
    await alice.hears('SIP/2.0 200');
    await alice.send(options().replace('\r\n\r\n', '\n\n'), options());
    await alice.hears('SIP/2.0 200', 2);
    expect(alice.heard).toHaveLength(2);
  });
});

describe('Content-Length', () => {
  it('over UDP may be missing: the datagram is the message; one too short cuts the body, one too long is refused', async () => {
    const bob = await peer('udp');
    await registers(bob, 'udp');
    const alice = await peer('udp');
    for (const [n, length, expected] of [
      [1, '', SDP],
      [2, String(SDP.length - 2), SDP.slice(0, -2)],
    ] as const) {
      await alice.send(request(alice, 'udp', 'INVITE', 'sip:bob@localhost', { 'Content-Length': length }, SDP));
      const invite = await bob.hears('INVITE', n);
      expect(bodyOf(invite)).toBe(expected);
      await bob.send(answerTo(invite, `sip:bob@${hostOf(bob)}`, '486 Busy Here', ''));
      await alice.hears('SIP/2.0 486', n);
    }
    await alice.send(request(alice, 'udp', 'INVITE', 'sip:bob@localhost', { 'Content-Length': '9999' }, SDP));
    await alice.hears('SIP/2.0 400');
  });

  it('over TCP has to be there: without it the connection is closed; one too long waits for the rest', async () => {
    const alice = await peer('tcp');
    await alice.send(request(alice, 'tcp', 'OPTIONS', 'sip:localhost', { 'Content-Length': '' }));
    await alice.closes();
    const other = await peer('tcp');
    await other.send(request(other, 'tcp', 'OPTIONS', 'sip:localhost', { 'Content-Length': '5' }));
    await other.send('ab');
    expect(other.heard).toEqual([]);
    await other.send('cde');
    await other.hears('SIP/2.0 200');
    // One too short: what is left over spoils the message behind it and no further one.
    const third = await peer('tcp');
    await third.send(request(third, 'tcp', 'OPTIONS', 'sip:localhost', { 'Content-Length': '2' }, SDP));
    await third.hears('SIP/2.0 200');
    await third.send(request(third, 'tcp', 'OPTIONS', 'sip:localhost'), request(third, 'tcp', 'OPTIONS', 'sip:localhost'));
    await third.hears('SIP/2.0 200', 2);
    expect(third.heard.filter((message) => message.startsWith('SIP/2.0 200'))).toHaveLength(2);
  });
});
