import { afterEach, describe, expect, it } from 'vitest';
import { type Header, headerOf, linesOf, type PhoneMessage, tagOf } from '../../src/testing/phone-message.ts';
import { expectQuiet } from '../support/quiet.ts';
import { inviteOf, missing, rawScene, takesItsLeave, talking, within } from '../support/raw-call.ts';
import { SDP, SDP_TYPE } from '../support/raw-peer.ts';

const binary = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
const MULTIPART_TYPE: Header = ['Content-Type', 'multipart/mixed;boundary="=_ b:1"'];
const MULTIPART = [
  'preamble\r\n--=_ b:1\r\nContent-Type: application/sdp\r\n\r\n',
  SDP,
  '\r\n--=_ b:1\r\nContent-Type: application/isup;version=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n',
  binary,
  '\r\n--=_ b:1\r\nContent-Type: application/pidf+xml\r\nContent-ID: <here@example.com>\r\n\r\n<presence entity="pres:a@b">ÄÖ</presence>\r\n',
  '--=_ b:1--\r\nepilogue',
].join('');
const MANY_LINES = [
  'v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-options:trickle ice2\r\n',
  ...Array.from(
    { length: 20 },
    (_, n) =>
      `m=${n % 2 ? 'video' : 'audio'} ${4000 + 2 * n} UDP/TLS/RTP/SAVPF 96 97\r\na=mid:${n}\r\na=ice-ufrag:F7gI\r\na=fingerprint:sha-256 ${'AB:'.repeat(31)}CD\r\n` +
      `a=setup:actpass\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\na=candidate:1 1 UDP 2130706431 192.0.2.5 ${4000 + n} typ host\r\na=unknown-thing:  two  spaces \r\n`,
  ),
].join('');

/** What passes as it came, each line of it. */
const PASSING: readonly Header[] = [
  ['Identity', `${'eyJhbGciOiJFUzI1NiJ9.'.repeat(40)};info=<https://cert.example.org/c.pem>;alg=ES256;ppt=shaken`],
  ['Identity', `${'second'.repeat(50)};info=<https://cert.example.org/d.pem>`],
  ['Date', 'Sat, 13 Nov 2010 23:29:00 GMT'],
  ['History-Info', '<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1, <sip:c@example.com>;index=1.1;mp=1'],
  ['Diversion', '"Bob, the \\"boss\\"" <sip:bob@example.com>;reason=no-answer;counter=1;privacy=off'],
  ['Session-ID', 'ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000'],
  ['Alert-Info', '<urn:alert:source:internal>, <http://192.0.2.7/ring.wav>;appearance=2'],
  ['Call-Info', '<http://www.example.com/alice/photo.jpg>;purpose=icon'],
  ['User-to-User', '56a390f3d2b7310023a2;encoding=hex;purpose=isdn-uui'],
  ['Subject', 'Grüße, "quoted" <and> ünïcode'],
  ['X-Unknown', '  many   blanks,, and ; signs = "<>'],
  ['X-Unknown', 'a second line'],
  ['Priority', 'emergency'],
  ['Geolocation', '<cid:here@example.com>'],
  ['MIME-Version', '1.0'],
  ['Accept', 'application/sdp, application/isup;q=0.5'],
  ['User-Agent', 'a phone/1.0 (with comment)'],
];
/** What strangers assert, or is said to us alone. */
const STAYING: readonly Header[] = [
  ['P-Asserted-Identity', '<sip:boss@example.com>'],
  ['P-Preferred-Identity', '<sip:boss@example.com>'],
  ['Privacy', 'id'],
  ['Remote-Party-ID', '<sip:boss@example.com>'],
  ['Proxy-Authorization', 'Digest username="alice", realm="example.com", nonce="n", uri="sip:x", response="r"'],
];
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const ASCII_OR_UTF8 = PASSING.map(([name, value]): Header => [name, latin1(value)]);

function expectPassed(message: PhoneMessage): void {
  for (const name of new Set(PASSING.map(([known]) => known)))
    expect(linesOf(message, name), name).toEqual(
      ASCII_OR_UTF8.filter(([known]) => known === name).map(([, value]) => value.trim()),
    );
}

let world: ReturnType<typeof rawScene>['world'] | undefined;
/** Topology hiding: no header towards one party names the other's address, Call-ID or tag. */
function expectHidden(secrets: readonly string[], host: string): void {
  const heads = (world?.packets ?? []).filter(({ to }) => to.host === host).map(({ text }) => text.split('\r\n\r\n')[0] ?? '');
  expect(heads.length).toBeGreaterThan(2);
  for (const head of heads) for (const secret of secrets) expect(head).not.toContain(secret);
}
afterEach(() => {
  world = undefined;
});

describe('untouched, byte for byte', () => {
  it.each([
    ['a multipart body', MULTIPART, MULTIPART_TYPE[1]],
    ['a session description of 20 m-lines with SRTP, DTLS and ICE', MANY_LINES, 'application/sdp'],
  ])('pass headers and %s of INVITE and 200, and nothing tells one party where the other is', (_, body, type) => {
    const scene = rawScene();
    world = scene.world;
    const { alice, bob } = scene;
    const call = alice.call('bob', { sdp: body, headers: [...ASCII_OR_UTF8, ...STAYING] });
    world.run(50);
    const invite = inviteOf(bob);
    // The phone writes its own Content-Type.
    expect(headerOf(invite, 'content-type')).toBe('application/sdp');
    expect(invite.body).toBe(body);
    expectPassed(invite);
    for (const [name] of STAYING) expect(linesOf(invite, name), name).toEqual([]);
    bob.reply(invite, 183, [['Content-Type', type ?? ''], ...ASCII_OR_UTF8], body);
    bob.reply(invite, 200, [['Content-Type', type ?? ''], ...ASCII_OR_UTF8, ...STAYING], body);
    world.run(100);
    for (const status of [183, 200]) {
      const [{ message } = missing()] = alice.received(status, 'INVITE');
      expect(message.body).toBe(body);
      expect(headerOf(message, 'content-type')).toBe(type);
      expectPassed(message);
      for (const [name] of STAYING) expect(linesOf(message, name), name).toEqual([]);
    }
    takesItsLeave(bob);
    call.bye({ headers: [['Reason', 'Q.850;cause=16;text="done, really"']] });
    world.run(100);
    expect(headerOf(bob.requests('BYE')[0] ?? missing(), 'reason')).toBe('Q.850;cause=16;text="done, really"');
    const sent = alice.sent('INVITE')[0]?.message ?? missing();
    expectHidden(['10.0.9.1', headerOf(invite, 'call-id'), 'rawtag'], alice.wire.local.host);
    expectHidden([alice.wire.local.host, headerOf(sent, 'call-id'), tagOf(sent, 'from')], '10.0.9.1');
    expectQuiet(world);
  });

  const bodies: readonly (readonly [method: string, headers: readonly Header[], type: string, body: string])[] = [
    [
      'INFO',
      [['Info-Package', 'trickle-ice']],
      'application/trickle-ice-sdpfrag',
      'a=ice-ufrag:x\r\nm=audio 9 RTP/AVP 0\r\na=end-of-candidates\r\n',
    ],
    ['INFO', [], 'application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n'],
    ['INFO', [], 'application/dtmf', '#'],
    ['INFO', [['Content-Disposition', 'signal;handling=required']], 'application/isup', binary],
    ['MESSAGE', [['Content-Language', 'de']], 'text/plain;charset=UTF-8', latin1('Grüße 👋')],
    [
      'NOTIFY',
      [
        ['Event', 'refer;id=3'],
        ['Subscription-State', 'active;expires=60'],
      ],
      'message/sipfrag;version=2.0',
      'SIP/2.0 180 Ringing\r\n',
    ],
    ['OPTIONS', [['Accept', 'application/sdp']], '', ''],
    ['FOO', [['X-Foo', 'bar']], 'application/x-foo', binary],
    ['foo', [], 'text/plain', 'methods are case-sensitive'],
    ['UPDATE', [], 'application/sdp', MANY_LINES],
    [
      'SUBSCRIBE',
      [
        ['Event', 'conference'],
        ['Expires', '60'],
      ],
      '',
      '',
    ],
  ];
  it.each(bodies)('passes %s with its answer both ways inside a call', (method, headers, type, body) => {
    const { world, alice, bob, call } = talking();
    const typed: Header[] = type === '' ? [] : [['Content-Type', type]];
    // From the caller.
    const sent = call.request(method, { headers: [...headers, ...ASCII_OR_UTF8], body, contentType: type });
    world.run(50);
    const [request = missing()] = bob.requests(method);
    expect(request.body).toBe(body);
    expect(headerOf(request, 'content-type')).toBe(type);
    for (const [name, value] of headers) expect(linesOf(request, name), name).toContain(value);
    expectPassed({
      ...request,
      headers: request.headers.filter(([name, value]) => !headers.some(([n, v]) => n === name && v === value)),
    });
    bob.reply(request, 299, [['Content-Type', 'application/x-answer'], ...ASCII_OR_UTF8], binary);
    world.run(50);
    expect([sent.status, sent.response?.reason, sent.response?.body]).toEqual([299, 'Raw', binary]);
    expectPassed(sent.response ?? missing());
    // From the callee.
    call.onRequest = () => 404;
    within(bob, method, 9, [...headers, ...typed, ...ASCII_OR_UTF8], body);
    world.run(50);
    const back = call.requests.at(-1) ?? missing();
    expect([back.method, back.body, headerOf(back, 'content-type')]).toEqual([method, body, type]);
    expect(bob.answer.status).toBe(404);
    takesItsLeave(bob);
    call.bye();
    void alice;
    expectQuiet(world);
  });

  it('passes a T.38 re-INVITE, taken or refused with its Warning', () => {
    const t38 = SDP.replace(
      'm=audio 4000 RTP/AVP 0',
      'm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxRateManagement:transferredTCF',
    );
    for (const status of [200, 488]) {
      const { world, bob, call } = talking();
      const sent = call.reInvite({ sdp: t38 });
      world.run(50);
      const fax = inviteOf(bob, 1);
      expect(fax.body).toBe(t38);
      bob.reply(fax, status, status === 200 ? [SDP_TYPE] : [['Warning', '304 bob "no fax here"']], status === 200 ? t38 : '');
      world.run(50);
      expect(sent.status).toBe(status);
      if (status === 200) expect(call.remoteSdp).toBe(t38);
      else expect(headerOf(sent.response ?? missing(), 'warning')).toBe('304 bob "no fax here"');
      // The call goes on either way.
      within(bob, 'INFO', 20);
      world.run(50);
      expect(bob.answer.status).toBe(200);
      takesItsLeave(bob);
      call.bye();
      expectQuiet(world);
    }
  });
});
