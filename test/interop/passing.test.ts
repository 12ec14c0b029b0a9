import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { headerOf, onStage } from './support/stage.ts';
import { answers, asks, bodyOf, type Cargo, hangsUp, isHungUp, sdp, talk } from './support/talk.ts';

let service: Service;
beforeAll(async () => {
  service = await Service.start(30);
});
afterAll(() => service?.stop());

const COMPARED = ['Content-Type', 'Content-Length', 'Identity', 'Date', 'MIME-Version', 'Warning', 'Info-Package', 'X-Foo'];
/** What must arrive as it left, byte for byte; a header that a message has not is empty on both sides. */
const freightOf = (message: string | undefined) => ({
  body: bodyOf(message ?? 'nothing came'),
  headers: COMPARED.map((name) => `${name}: ${headerOf(message ?? '', name)}`),
});

/** A PASSporT of the size that they have in the field (RFC 8224, RFC 8225, RFC 8588). */
const IDENTITY = `${'eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0In0'}.${'eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1'.repeat(9)}.${'rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk'.repeat(2)};info=<https://cert.example.org/passport.cer>;alg=ES256;ppt="shaken"`;
const MULTIPART: Cargo = {
  headers: [`Identity: ${IDENTITY}`, 'Date: Sun, 22 Nov 2026 21:40:00 GMT', 'MIME-Version: 1.0'],
  type: 'multipart/mixed;boundary="=_ b:1"',
  body: [
    '--=_ b:1',
    'Content-Type: application/sdp',
    '',
    sdp(4711, 1),
    '--=_ b:1',
    'Content-Type: application/pidf+xml',
    'Content-ID: <here@example.com>',
    '',
    '<presence entity="pres:a@b">Gr\u00c3\u00bc\u00c3\u009fe,  two  blanks</presence>',
    '--=_ b:1--',
    'epilogue',
  ].join('\n'),
};
const FAX: Cargo = {
  type: 'application/sdp',
  body: sdp(
    4711,
    2,
    'm=image 4000 udptl t38\na=T38FaxVersion:0\na=T38FaxRateManagement:transferredTCF\na=T38FaxUdpEC:t38UDPRedundancy',
  ),
};
const FAX_ANSWER: Cargo = { ...FAX, body: sdp(815, 2, 'm=image 4002 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400') };
const TRICKLE: Cargo = {
  headers: ['Info-Package: trickle-ice', 'Content-Disposition: Info-Package'],
  type: 'application/trickle-ice-sdpfrag',
  body: 'a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\nm=audio 9 RTP/AVP 0\na=mid:1\na=candidate:1 1 UDP 2130706432 192.0.2.1 5000 typ host\na=end-of-candidates',
};
const FOO: Cargo = {
  headers: ['X-Foo: what, "nobody"; knows=<1>'],
  type: 'application/x-foo',
  body: 'any\u00e4\u00ff {bytes}\n\n  at all',
};
const BAR: Cargo = { headers: ['X-Foo: is  answered'], type: 'application/x-bar', body: 'with other bytes \u00f6' };

const TRANSPORTS = [
  ['udp', 'udp'],
  ['tcp', 'udp'],
] as const;

describeWith(SIPP, 'between two real phones pass as they came, byte for byte', () => {
  it.each(TRANSPORTS)('Identity, Date and a multipart body of INVITE and 200, from %s to %s', (from, to) =>
    onStage(
      () => service,
      async ({ user, sipp, phone }) => {
        const [alice, bob] = [user(), user()];
        const back = { ...MULTIPART, headers: ['Date: Sun, 22 Nov 2026 21:40:01 GMT', 'MIME-Version: 1.0'] };
        const callee = await phone('callee-talks', { user: bob, transport: to, keys: talk([isHungUp()], back) });
        const keys = talk([hangsUp()], MULTIPART);
        const caller = await sipp('caller-talks', { user: alice, to: bob, transport: from, keys });
        await caller.done();
        await callee.got('BYE');
        const [, invite] = caller.sent('INVITE');
        expect(headerOf(invite ?? '', 'Identity')).toBe(IDENTITY);
        expect(freightOf(invite).body).toContain('epilogue');
        expect(freightOf(callee.received('INVITE')[0])).toEqual(freightOf(invite));
        const [ok] = callee.sent('SIP/2.0 200').filter(isOf('INVITE'));
        expect(freightOf(ok).body).toContain('epilogue');
        expect(freightOf(caller.received('SIP/2.0 200')[0])).toEqual(freightOf(ok));
      },
    )(),
  );

  it.each([
    { what: 'a trickle-ICE INFO and its 200', method: 'INFO', ask: TRICKLE, status: '200 OK', answer: {} },
    { what: 'an unknown method and its answer', method: 'FOO', ask: FOO, status: '200 OK', answer: BAR },
    { what: 'a refusal of it', method: 'FOO', ask: FOO, status: '499 Not Foo Enough', answer: BAR },
    { what: 'a T.38 re-INVITE and its 200', method: 'INVITE', ask: FAX, status: '200 OK', answer: FAX_ANSWER },
    {
      what: 'its 488',
      method: 'INVITE',
      ask: FAX,
      status: '488 Not Acceptable Here',
      answer: { headers: ['Warning: 304 bob "no fax here"'] },
    },
  ])('$what, asked by the caller, then by the callee', ({ method, ask, status, answer }) =>
    onStage(
      () => service,
      async ({ user, sipp, phone }) => {
        const [alice, bob] = [user(), user()];
        const [asking, answering] = [asks(method, 7, ask, Number(status.slice(0, 3))), answers(method, answer, status)];
        const callee = await phone('callee-talks', { user: bob, keys: talk([answering, asking, isHungUp()]) });
        const caller = await sipp('caller-talks', { user: alice, to: bob, keys: talk([asking, answering, hangsUp()]) });
        await caller.done();
        await callee.got('BYE');
        for (const [asker, asked] of [[caller, callee] as const, [callee, caller] as const]) {
          const sent = asker.sent(method).findLast(isInTalk);
          const received = asked.received(method).findLast(isInTalk);
          expect(freightOf(sent).body).not.toBe('');
          expect(freightOf(received)).toEqual(freightOf(sent));
          const reply = asked.sent(`SIP/2.0 ${status}`).findLast(isOf(method));
          const heard = asker.received(`SIP/2.0 ${status}`).findLast(isOf(method));
          expect(freightOf(reply).body === '').toBe(!('body' in answer));
          expect(freightOf(heard)).toEqual(freightOf(reply));
        }
      },
    )(),
  );
});

const isOf =
  (method: string) =>
  (message: string): boolean =>
    headerOf(message, 'CSeq').endsWith(` ${method}`);
/** Within the call rather than at its start. */
const isInTalk = (message: string): boolean => headerOf(message, 'To').includes(';tag=');
