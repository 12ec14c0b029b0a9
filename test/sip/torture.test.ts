import { describe, expect, it } from 'vitest';
import { encode } from '../../src/sip/codec.ts';
import { defect, message, request, response, wire } from './messages.ts';

// After RFC 4475, SIP Torture Test Messages. What is legal though ugly is read, what is not is named.

describe('RFC 4475 §3.1.1: valid messages', () => {
  it('§3.1.1.1 a short tortuous INVITE', () => {
    const invite = request(
      wire(
        [
          'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
          'TO :',
          ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
          'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
          '  ;',
          '  tag = 98asjd8',
          'MaX-fOrWaRdS: 0068',
          'Call-ID: wsinv.ndaksdj@192.0.2.1',
          'Content-Length   : 150',
          'cseq: 0009',
          '  INVITE',
          'Via  : SIP  /   2.0',
          ' /UDP',
          '    192.0.2.2;branch=390skdjuw',
          's :',
          'NewFangledHeader:   newfangled value',
          ' continued newfangled value',
          'UnknownHeaderWithUnusualValue: ;;,,;;,;',
          'Content-Type: application/sdp',
          'Route:',
          ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
          'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
          '  branch  =   z9hG4bK9ikj8  ,',
          ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
          ' z9hG4bK30239',
          'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
          '      newvalue ;',
          '  secondparam ; q = 0.33',
        ].map((line) => (line.startsWith('MaX') ? 'MaX-fOrWaRdS: 068' : line)),
        'x'.repeat(150),
      ),
    );
    expect(invite.to.params.tag).toBe('1918181833n');
    expect(invite.from).toMatchObject({ name: '"J Rosenberg \\\\\\""', params: { tag: '98asjd8' } });
    expect(invite.cseq).toEqual({ seq: 9, method: 'INVITE' });
    expect(invite.via.map((via) => [via.transport, via.host, via.params.branch])).toEqual([
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ]);
    expect(invite.headers.get('subject')).toEqual(['']);
    expect(invite.headers.get('newfangledheader')).toEqual(['newfangled value continued newfangled value']);
    expect(invite.headers.get('unknownheaderwithunusualvalue')).toEqual([';;,,;;,;']);
    expect(invite.contact).toMatchObject([{ params: { newparam: 'newvalue', secondparam: null, q: '0.33' } }]);
    expect(message(Buffer.from(encode(invite), 'latin1'))).toEqual(invite);
  });

  it('§3.1.1.2 a wide range of valid characters', () => {
    const method = "!interesting-Method0123456789_*+`.%indeed'~";
    const uri = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com";
    const unusual = request(
      wire([
        `${method} ${uri} SIP/2.0`,
        "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
        'To: "BEL:\\\x07 NUL:\\\x01 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
        "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\";tag=_token~1'+`*%!-.",
        'Call-ID: intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
        `CSeq: 139122385 ${method}`,
        'Max-Forwards: 255',
        "extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb",
        'Content-Length: 0',
      ]),
    );
    expect(unusual.method).toBe(method);
    expect(unusual.uri).toBe(uri);
    expect(unusual.from.params.tag).toBe("_token~1'+`*%!-.");
    expect(message(Buffer.from(encode(unusual), 'latin1'))).toEqual(unusual);
  });

  const common = (method: string): string[] => [
    'Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw',
    'Max-Forwards: 70',
    'From: <sip:sip%3Auser%40example.com@company.com;other-param=summit>;tag=1',
    'To: <sip:null-%00-null@example.com>',
    'Call-ID: esc01.239409asdfakjkn23onasd0-3234',
    `CSeq: 234234 ${method}`,
    'Content-Length: 0',
  ];

  it('§3.1.1.3 and §3.1.1.4 percent escapes, null ones too', () => {
    const uri = 'sip:sips%3Auser%40example.com@example.net';
    expect(request(wire([`INVITE ${uri} SIP/2.0`, ...common('INVITE')]))).toMatchObject({
      uri,
      to: { uri: 'sip:null-%00-null@example.com' },
    });
  });

  it('§3.1.1.5 a percent sign that is no escape in a method', () => {
    expect(request(wire(['RE%47IST%45R sip:registrar.example.com SIP/2.0', ...common('RE%47IST%45R')])).method).toBe(
      'RE%47IST%45R',
    );
  });

  it('§3.1.1.6 no space between display name and <', () => {
    const options = wire([
      'OPTIONS sip:user@example.com SIP/2.0',
      ...common('OPTIONS').filter((line) => !line.startsWith('From')),
      'From: caller<sip:caller@example.com>;tag=323',
    ]);
    expect(request(options).from).toMatchObject({ name: 'caller', uri: 'sip:caller@example.com' });
  });

  it('§3.1.1.8 and §3.1.2.14 bytes behind the end of a datagram', () => {
    const register = wire(
      ['REGISTER sip:example.com SIP/2.0', ...common('REGISTER')],
      'INVITE sip:joe@example.com SIP/2.0\r\n\r\n',
    );
    expect(request(register).body).toBe('');
  });

  it('§3.1.1.9 a semicolon in the user part', () => {
    const uri = 'sip:user;par=u%40example.net@example.com';
    expect(request(wire([`OPTIONS ${uri} SIP/2.0`, ...common('OPTIONS')])).uri).toBe(uri);
  });

  it('§3.1.1.10 many transports', () => {
    const vias = ['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'].map(
      (name, i) => `Via: SIP/2.0/${name} t${i}.example.com;branch=z9hG4bK${i}`,
    );
    const options = request(wire(['OPTIONS sip:user@example.com SIP/2.0', ...vias, ...common('OPTIONS').slice(1)]));
    expect(options.via.map((via) => via.transport)).toEqual(['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP']);
  });

  it('§3.1.1.12 and §3.1.1.13 an unusual reason phrase, and none', () => {
    const reason = '= 2**3 * 5**2 \xd0\xbd\xd0\xbe';
    expect(response(wire([`SIP/2.0 200 ${reason}`, ...common('INVITE')])).reason).toBe(reason);
    expect(response(wire(['SIP/2.0 100 ', ...common('INVITE')])).reason).toBe('');
  });
});

describe('RFC 4475 §3.1.2: invalid messages', () => {
  const invite = (start: string, ...lines: string[]): Buffer =>
    wire([
      start,
      'Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw',
      'To: sip:j.user@example.com',
      'From: sip:caller@example.net;tag=134161461246',
      'Call-ID: badinv01.0ha0isndaksdjasdf3234nas',
      `CSeq: 8 ${start.split(' ')[0]}`,
      ...lines,
    ]);
  const good = 'INVITE sip:user@example.com SIP/2.0';

  it.each([
    ['§3.1.2.1 extraneous separators', invite(good, 'Contact: "Joe" <sip:joe@example.org>;;;;'), 'bad-contact'],
    ['§3.1.2.2 a length larger than the message', invite(good, 'Content-Length: 9999'), 'content-length'],
    ['§3.1.2.3 a negative length', invite(good, 'Content-Length: -999'), 'bad-content-length'],
    ['§3.1.2.4 overlarge numbers', invite(good, 'Max-Forwards: 300'), 'bad-max-forwards'],
    ['§3.1.2.7 <> around the Request-URI', invite('INVITE <sip:user@example.com> SIP/2.0'), 'bad-request-uri'],
    ['§3.1.2.8 white space inside the Request-URI', invite('INVITE sip:user@example.com; lr SIP/2.0'), 'bad-request-line'],
    ['§3.1.2.9 many spaces in the request line', invite('INVITE  sip:user@example.com  SIP/2.0'), 'bad-request-line'],
    ['§3.1.2.10 spaces at its end', invite('INVITE sip:user@example.com SIP/2.0  '), 'bad-request-line'],
    [
      '§3.1.2.13 an unbracketed Contact with headers',
      invite(good, 'Contact: sip:user@example.com?Route=%3Csip:x%3E'),
      'bad-contact',
    ],
    ['§3.1.2.16 an unknown version', invite('INVITE sip:user@example.com SIP/7.0'), 'version'],
  ])('%s', (_, bytes, name) => {
    expect(defect(bytes)).toMatchObject({ name, answerable: { cseq: { seq: 8 } } });
  });

  it('§3.1.2.4 a CSeq that no number holds is refused, unanswered', () => {
    const bytes = Buffer.from(invite(good).toString().replace('CSeq: 8', 'CSeq: 36893488147419103232'), 'latin1');
    expect(defect(bytes)).toMatchObject({ name: 'bad-cseq', answerable: undefined });
  });

  it('§3.1.2.5 and §3.1.2.19 responses with overlarge numbers are dropped', () => {
    expect(defect(invite('SIP/2.0 4294967301 better not break the receiver')).answerable).toBeUndefined();
  });

  it('§3.1.2.6 an unterminated quoted string', () => {
    const bytes = Buffer.from(invite(good).toString().replace('To: sip:', 'To: "Mr. J. User <sip:'), 'latin1');
    expect(defect(bytes).name).toBe('bad-to');
  });

  it('§3.1.2.17 and §3.1.2.18 methods that do not match', () => {
    const bytes = Buffer.from(
      invite('OPTIONS sip:user@example.com SIP/2.0').toString().replace('8 OPTIONS', '8 INVITE'),
      'latin1',
    );
    expect(defect(bytes)).toMatchObject({ name: 'cseq-method', answerable: { method: 'OPTIONS', cseq: { method: 'INVITE' } } });
  });

  it('§3.3.1 missing headers, §3.3.8 repeated single ones', () => {
    expect(
      defect(wire(['INVITE sip:user@example.com SIP/2.0', 'CSeq: 193942 INVITE', 'Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bK1']))
        .name,
    ).toBe('no-from');
    expect(defect(invite(good, 'CSeq: 59 INVITE')).name).toBe('repeated-cseq');
  });

  it('§3.3.2 and §3.3.3 unknown schemes are for the user agent to refuse', () => {
    expect(request(invite('OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0')).uri).toContain('totallyopaque');
    expect(request(invite('OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0')).uri).toContain('soap.beep');
  });
});
