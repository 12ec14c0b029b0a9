import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { continued, fitted, mediaLinesOf } from '../../src/sip/sdp-session.ts';

const kind = fc.constantFrom('audio', 'video', 'application');
const section = fc
  .record({ kind, port: fc.constantFrom(0, 4000, 5004), direction: fc.constantFrom('', 'a=sendonly\r\n') })
  .map(({ kind, port, direction }) => `m=${kind} ${port} RTP/AVP 0 96\r\na=rtpmap:96 x/8000\r\n${direction}`);
const origin = fc
  .record({ user: fc.constantFrom('-', 'phone', 'two words'), id: fc.nat(), version: fc.bigInt({ min: 0n, max: 2n ** 64n }) })
  .map(({ user, id, version }) => `o=${user} ${id} ${version} IN IP4 192.0.2.1\r\n`);
const description = fc
  .tuple(origin, fc.array(section, { maxLength: 5 }))
  .map(([line, media]) => `v=0\r\n${line}s=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n${media.join('')}`);

const originOf = (sdp: string) => /^o=(.*) (\d+) (IN .*)\r$/m.exec(sdp) ?? [];
const live = (sdp: string) => mediaLinesOf(sdp).filter((line) => !/^m=\S+ 0 /.test(line));

describe('a session whose describer changes (RFC 3264 §8)', () => {
  test.prop([fc.array(description, { minLength: 2, maxLength: 8 })])(
    'keeps its o=, raises its version with each change and loses no m-line',
    ([first = '', ...others]) => {
      let sent = first;
      let lines = mediaLinesOf(first);
      const [, session, , address] = originOf(first);
      for (const next of others) {
        const before = originOf(sent);
        const now = continued(sent, fitted(next, lines));
        const after = originOf(now);
        expect([after[1], after[3]]).toEqual([session, address]);
        expect(BigInt(after[2] ?? 0) - BigInt(before[2] ?? 0)).toBe(now === sent ? 0n : 1n);
        expect(mediaLinesOf(now).length).toBeGreaterThanOrEqual(lines.length);
        expect(live(now)).toEqual(live(next));
        sent = now;
        lines = mediaLinesOf(now);
      }
    },
  );

  test.prop([description, description])(
    'answers as many m-lines as were offered, however many were answered',
    (offer, answer) => {
      // Whoever answers was offered these, padded to what it had before: it refuses the padding at least.
      const offered = mediaLinesOf(offer);
      const answered = mediaLinesOf(answer).slice(0, offered.length).length;
      const padded = fitted(answer, [...offered, 'm=video 0 RTP/AVP 96']);
      fc.pre(mediaLinesOf(answer).length <= offered.length + 1 && answered <= offered.length);
      const back = fitted(padded, offered);
      if (mediaLinesOf(answer).length <= offered.length) expect(mediaLinesOf(back)).toHaveLength(offered.length);
    },
  );

  test.prop([description])('changes nothing that changes nothing', (sdp) => {
    expect(fitted(sdp, mediaLinesOf(sdp))).toBe(sdp);
    expect(continued(sdp, sdp)).toBe(sdp);
  });

  test.prop([fc.string({ maxLength: 200, unit: fc.constantFrom('o', '=', 'm', ' ', '1', '0', '\r', '\n', 'a') }), description])(
    'takes any text without a throw',
    (text, sdp) => {
      for (const [a, b] of [
        [text, sdp],
        [sdp, text],
      ] as const)
        expect(typeof continued(a, fitted(b, mediaLinesOf(a)))).toBe('string');
    },
  );
});

describe('fitted', () => {
  it('refuses what was there before, keeps what is new, and cuts refused lines at the end', () => {
    const audio = 'v=0\r\nm=audio 4000 RTP/AVP 0';
    expect(fitted(audio, ['m=audio 1 RTP/AVP 0', 'm=video 2 RTP/AVP 96'])).toBe(`${audio}\r\nm=video 0 RTP/AVP 96\r\n`);
    expect(fitted(`${audio}\r\nm=video 0 RTP/AVP 96\r\na=x\r\n`, ['m=audio 1 RTP/AVP 0'])).toBe(`${audio}\r\n`);
    expect(mediaLinesOf(fitted(`${audio}\r\nm=video 5 RTP/AVP 96\r\n`, ['m=audio 1 RTP/AVP 0']))).toHaveLength(2);
  });
});
