import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { headerOf, onStage } from './support/stage.ts';

let service: Service;
beforeAll(async () => {
  service = await Service.start(40, { calls: { silentAfterSeconds: 2, ringLimitSeconds: 5 } });
});
afterAll(() => service?.stop());
const stage = (play: Parameters<typeof onStage>[1]) => onStage(() => service, play);

/** What the bad phone says, one header of it, and what its caller hears where it is the only one. */
const BAD = [
  ['302 Moved Temporarily', 'Contact: <sip:nobody@elsewhere.invalid>', 480],
  ['401 Unauthorized', 'WWW-Authenticate: Digest realm="other", nonce="n"', 480],
  ['407 Proxy Authentication Required', 'Proxy-Authenticate: Digest realm="other", nonce="n"', 480],
  ['503 Service Unavailable', 'Retry-After: 60', 500],
] as const;
const GOOD = [
  ['alone', undefined],
  ['one that declines', 'callee-declines'],
  ['one that answers', 'callee'],
] as const;
const EXPECTED = { callee: 200, 'callee-declines': 486 };

describeWith(SIPP, 'a phone that answers in a strange way', () => {
  it.each(
    BAD.flatMap(([status, more, alone]) =>
      GOOD.map(([beside, good]) => ({ status, more, beside, good, expected: good === undefined ? alone : EXPECTED[good] })),
    ),
  )('$status, $beside: $expected', async ({ status, more, good, expected }) =>
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const bad = await phone('callee-fails', { user: bob, keys: { status, more } });
      if (good !== undefined) await phone(good, { user: bob, pauseMs: 500 });
      const caller = await sipp(expected === 200 ? 'caller' : `caller-fails-${expected}`, { user: alice, to: bob });
      await caller.done();
      await bad.got('ACK');
      const [final = ''] = caller.received(`SIP/2.0 ${expected}`);
      for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) expect(headerOf(final, name)).toBe('');
    })(),
  );

  it(
    '606: the same at once, and the other is cancelled, for whom it stays a missed call',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const other = await phone('callee', { user: bob, pauseMs: 10_000 });
      const keys = { status: '606 Not Acceptable', more: 'Warning: 370 bob "no bandwidth"' };
      await phone('callee-fails', { user: bob, keys });
      const caller = await sipp('caller-fails-606', { user: alice, to: bob });
      await caller.done();
      expect(headerOf(caller.received('SIP/2.0 606')[0] ?? '', 'Warning')).toContain('no bandwidth');
      await other.got('CANCEL');
      // RFC 3326: only "Call completed elsewhere" would make it none.
      expect(other.received('CANCEL')[0]).not.toContain('elsewhere');
    }),
  );

  it(
    'nothing at all: 480 after the silence, the good one’s answer beside it, and the INVITE was repeated',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const bad = await phone('callee-says-nothing', { user: bob });
      await (await sipp('caller-fails-480', { user: alice, to: bob })).done();
      expect(bad.received('INVITE').length).toBeGreaterThan(1);
      const [carol, dave] = [user(), user()];
      await phone('callee-says-nothing', { user: dave });
      await phone('callee', { user: dave, pauseMs: 500 });
      await (await sipp('caller', { user: carol, to: dave, pauseMs: 3000 })).done();
    }),
  );
});

describeWith(SIPP, 'an INVITE without an offer', () => {
  it(
    'has two 200s that cross: the winner’s ACK carries the answer, the loser’s refuses the offer, then BYE',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const loser = await phone('callee-offerless-crosses', { user: bob });
      const winner = await phone('callee-offerless', { user: bob });
      const caller = await sipp('caller-offerless', { user: alice, to: bob, pauseMs: 1500 });
      await loser.got('BYE');
      expect(loser.received('ACK')[0]).toContain('m=audio 0 RTP/AVP');
      expect(winner.received('ACK')[0]).toMatch(/m=audio [1-9]/);
      expect(winner.received('BYE')).toHaveLength(0);
      await caller.done();
      await winner.got('BYE');
    }),
  );
});
