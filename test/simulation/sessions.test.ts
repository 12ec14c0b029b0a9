import { describe, expect, it } from 'vitest';
import { headerOf, linesOf, type PhoneMessage } from '../../src/testing/phone-message.ts';
import type { TimerScript } from '../../src/testing/phone-session.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const missing = (): never => {
  throw new Error('missing');
};
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Alice and Bob, who take part in session timers as said, or do not know them. */
function scene(alices: TimerScript | undefined, bobs: TimerScript | undefined, calls: object = {}) {
  const world = serviceWorld({ config: { auth: 'none', calls, registrar: { maxExpiresMs: 48 * HOUR_MS } } });
  const alice = world.phone('alice', alices === undefined ? {} : { timer: alices });
  const bob = world.phone('bob', bobs === undefined ? {} : { timer: bobs });
  for (const phone of [alice, bob]) phone.register({ expiresSeconds: 86_400 });
  world.run(500);
  return { world, alice, bob };
}
/** The same, talking. */
function talking(...parts: Parameters<typeof scene>) {
  const s = scene(...parts);
  const call = s.alice.call('bob');
  s.world.run(500);
  expect(call.confirmed).toBe(true);
  const incoming = s.bob.incoming ?? missing();
  return { ...s, call, incoming, story: () => s.world.service.stories[0] };
}
const invited = ({ bob }: ReturnType<typeof scene>): PhoneMessage => bob.incoming?.invite ?? missing();
const accepted = ({ alice }: ReturnType<typeof scene>): PhoneMessage => alice.received(200, 'INVITE')[0]?.message ?? missing();

describe('a session timer (RFC 4028)', () => {
  it('is asked for where nobody asks, and where neither party knows it there is none', () => {
    const s = talking(undefined, undefined);
    expect(headerOf(invited(s), 'session-expires')).toBe('1800');
    expect(linesOf(accepted(s), 'session-expires')).toEqual([]);
    s.call.bye();
    expectQuiet(s.world);
    const off = talking({}, {}, { sessionExpiresSeconds: 0 });
    expect(linesOf(invited(off), 'session-expires')).toEqual([]);
    off.call.bye();
    expectQuiet(off.world);
  });

  it('is agreed on end to end, whoever asks and whoever refreshes, and holds the talk for hours', () => {
    for (const [alices, bobs, seconds, refresher] of [
      [{ expiresSeconds: 600 }, {}, 600, 'uac'],
      [{ expiresSeconds: 600, refresher: 'uas' }, { refresh: 'invite' }, 600, 'uas'],
      [{ refresh: 'invite' }, {}, 1800, 'uac'],
      [{}, { refresher: 'uas' }, 1800, 'uas'],
    ] as const) {
      const s = talking(alices, bobs);
      expect(headerOf(accepted(s), 'session-expires')).toBe(`${seconds};refresher=${refresher}`);
      s.world.run(3 * HOUR_MS);
      expect([s.call.state, s.incoming.state]).toEqual(['answered', 'answered']);
      const refreshes = refresher === 'uac' ? s.incoming.requests : s.call.requests;
      // At half the interval each.
      const due = (3 * 3600) / (seconds / 2);
      expect(Math.abs(refreshes.filter(({ method }) => method !== 'OPTIONS').length - due)).toBeLessThanOrEqual(1);
      expect(refreshes.filter(({ method }) => method === 'OPTIONS')).toEqual([]);
      s.call.bye();
      expectQuiet(s.world);
    }
  });

  it('is kept by the caller where the callee does not know it: its refreshes cross and prove both alive', () => {
    const s = talking({}, undefined);
    expect(headerOf(accepted(s), 'session-expires')).toBe('1800;refresher=uac');
    expect(headerOf(accepted(s), 'require')).toBe('timer');
    s.world.run(3 * HOUR_MS);
    expect(s.incoming.requests.filter(({ method }) => method === 'UPDATE').length).toBeGreaterThan(10);
    s.bob.vanish();
    s.world.run(16 * MINUTE_MS);
    expect([s.call.end, s.call.endReason]).toEqual(['hungUp', 'SIP;cause=408;text="Peer Does Not Answer"']);
    s.world.run(40_000);
    expect(s.story()?.devices).toContain('did not answer any more');
    expect(s.world.service.records[0]).toMatchObject({ endedBy: 'service', how: 'silent', outcome: 'answered' });
    expectQuiet(s.world);
  });

  it('is kept by the callee where the caller does not know it', () => {
    const s = talking(undefined, {});
    s.world.run(3 * HOUR_MS);
    expect(s.call.requests.filter(({ method }) => method === 'UPDATE').length).toBeGreaterThan(10);
    s.bob.vanish();
    s.world.run(1800_000);
    expect([s.call.end, s.call.endReason]).toEqual(['hungUp', 'SIP;cause=408;text="Session Expired"']);
    expectQuiet(s.world);
  });

  it('that nobody refreshes ends the call on both legs, 32 s before it is over, with its record', () => {
    const s = talking({ refresh: 'never' }, {});
    s.bob.timer = undefined;
    s.world.run(1_766_000);
    expect([s.call.state, s.incoming.state]).toEqual(['answered', 'answered']);
    s.world.run(3_000);
    for (const one of [s.call, s.incoming])
      expect([one.end, one.endReason]).toEqual(['hungUp', 'SIP;cause=408;text="Session Expired"']);
    s.world.run(1_000);
    expect(s.story()).toMatchObject({ outcome: 'answered', status: 200 });
    expect(s.story()?.devices).toContain('the caller did not refresh the session in time');
    expectQuiet(s.world);
  });

  it('of 90 s is over a third of it earlier', () => {
    const s = talking({ expiresSeconds: 90, refresh: 'never' }, {});
    s.world.run(59_000);
    expect(s.call.state).toBe('answered');
    s.world.run(1_000);
    expect(s.call.endReason).toContain('Session Expired');
    expectQuiet(s.world);
  });

  it('ends a call whose two phones vanish', () => {
    const s = talking({}, {});
    s.world.run(HOUR_MS);
    s.alice.vanish();
    s.bob.vanish();
    s.world.run(31 * MINUTE_MS);
    expect(s.story()).toMatchObject({ outcome: 'answered' });
    expectQuiet(s.world);
  });

  it('too small gets 422 with what is possible: ours, or the callee’s', () => {
    const ours = scene({ expiresSeconds: 60 }, {}, { minSessionExpiresSeconds: 120 });
    const call = ours.alice.call('bob');
    ours.world.run(500);
    expect([call.status, headerOf(ours.alice.received(422)[0]?.message ?? missing(), 'min-se')]).toEqual([422, '120']);
    expect(ours.bob.calls).toEqual([]);
    expectQuiet(ours.world);
    const bobs = scene({ expiresSeconds: 200 }, { minSeconds: 600 });
    const other = bobs.alice.call('bob');
    bobs.world.run(500);
    expect([other.status, headerOf(bobs.alice.received(422)[0]?.message ?? missing(), 'min-se')]).toEqual([422, '600']);
    expectQuiet(bobs.world);
  });

  it('too small is raised for a caller that does not know 422, and one that is no number is 400', () => {
    const s = scene(undefined, undefined);
    const call = s.alice.call('bob', { headers: [['Session-Expires', '60;refresher=uas']] });
    s.world.run(500);
    expect(headerOf(invited(s), 'session-expires')).toBe('90;refresher=uas');
    expect(headerOf(invited(s), 'min-se')).toBe('90');
    const update = call.request('UPDATE', {
      headers: [
        ['Supported', 'timer'],
        ['Session-Expires', '10'],
      ],
    });
    const bad = call.request('UPDATE', { headers: [['Session-Expires', 'soon']] });
    s.world.run(500);
    expect([update.status, headerOf(update.response ?? missing(), 'min-se'), bad.status]).toEqual([422, '90', 400]);
    call.bye();
    expectQuiet(s.world);
  });
});

describe('phones without session timers', () => {
  it('are asked each five minutes whether they are there, and any answer will do', () => {
    const s = talking(undefined, undefined);
    s.call.onRequest = () => 501;
    s.incoming.onRequest = () => 405;
    s.world.run(3 * HOUR_MS);
    for (const one of [s.call, s.incoming]) {
      expect(one.state).toBe('answered');
      expect(one.requests.filter(({ method }) => method === 'OPTIONS').length).toBe(36);
    }
    s.call.bye();
    expectQuiet(s.world);
  });

  it('that vanish both end the call after two questions without answer', () => {
    const s = talking(undefined, undefined);
    s.alice.vanish();
    s.bob.vanish();
    s.world.run(390_000);
    expect(s.world.service.service.engine.countActors('call')).toBe(1);
    s.world.run(60_000);
    expect(s.world.service.service.engine.countActors('call')).toBe(0);
    expect(s.story()).toMatchObject({ outcome: 'answered', status: 200 });
    expect(s.story()?.devices).toMatch(/did not answer any more at 39\d/);
    expectQuiet(s.world);
  });

  it('one of which vanishes leave the other with BYE', () => {
    const s = talking(undefined, undefined);
    s.bob.vanish();
    s.world.run(400_000);
    expect([s.call.end, s.call.endReason]).toEqual(['hungUp', 'SIP;cause=408;text="Peer Does Not Answer"']);
    expectQuiet(s.world);
  });

  it('one of which forgot the call leave the other with BYE at once', () => {
    const s = talking(undefined, undefined);
    s.incoming.onRequest = () => 481;
    s.world.run(301_000);
    expect([s.call.end, s.call.endReason]).toEqual(['hungUp', 'SIP;cause=481;text="Peer Knows No Such Call"']);
    expectQuiet(s.world);
  });

  it('one of which misses a question now and then keep talking', () => {
    const s = talking(undefined, undefined);
    const { onMessage } = s.bob.wire;
    const missOne = () => {
      s.bob.wire.onMessage = () => {};
      s.world.run(340_000);
      s.bob.wire.onMessage = onMessage;
    };
    // One now and then: only two in a row count.
    missOne();
    s.world.run(60_000);
    missOne();
    s.world.run(HOUR_MS);
    expect([s.call.state, s.incoming.state]).toEqual(['answered', 'answered']);
    s.call.bye();
    expectQuiet(s.world);
  });

  it('are never asked where the config says so', () => {
    const s = talking(undefined, undefined, { aliveCheckMs: 0 });
    s.world.run(24 * HOUR_MS);
    expect([s.call.requests, s.incoming.requests]).toEqual([[], []]);
    s.call.bye();
    expectQuiet(s.world);
  });
});

describe('a request that shows a party to be gone (RFC 5057)', () => {
  it.each([
    ['UPDATE', 481, true],
    ['INVITE', 481, true],
    ['INVITE', 408, true],
    ['INFO', 481, true],
    ['INFO', 408, false],
    ['MESSAGE', 481, false],
    ['UPDATE', 488, false],
    ['INVITE', 491, false],
  ])('%s answered %i', (method, status, ends) => {
    const s = talking(undefined, undefined);
    s.incoming.onRequest = () => status;
    const sent = method === 'INVITE' ? s.call.reInvite() : s.call.request(method);
    s.world.run(500);
    // No 408 is passed on to what is no INVITE (RFC 4320 §4.2).
    if (method === 'INVITE' || status !== 408) expect(sent.status).toBe(status);
    expect([s.call.state, s.incoming.state]).toEqual(ends ? ['ended', 'ended'] : ['answered', 'answered']);
    if (ends) expect(s.call.endReason).toContain(`SIP;cause=${status}`);
    s.call.bye();
    expectQuiet(s.world);
  });

  it('a re-INVITE that is never answered after its 180 gets 408 after three minutes, and its other end CANCEL', () => {
    const world = serviceWorld({ config: { auth: 'none' } });
    const alice = world.phone('alice');
    alice.register();
    const bob = new RawPeer(world, '10.0.9.1');
    bob.register('bob');
    world.run(200);
    const call = alice.call('bob');
    world.run(50);
    bob.reply(bob.requests('INVITE')[0] ?? missing(), 200, [SDP_TYPE], SDP);
    world.run(100);
    const asked = call.reInvite();
    world.run(100);
    const again = bob.requests('INVITE')[1] ?? missing();
    bob.reply(again, 180);
    world.run(179_000);
    expect([asked.status, bob.requests('CANCEL')]).toEqual([0, []]);
    world.run(2_000);
    expect([asked.status, bob.requests('CANCEL').length > 0]).toEqual([408, true]);
    bob.reply(bob.requests('CANCEL')[0] ?? missing(), 200);
    bob.reply(again, 487);
    call.bye();
    world.run(100);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });
});

describe('glare (RFC 3261 §14.2, RFC 3311 §5.2)', () => {
  it('both ways: each re-INVITE meets 491 where the other is open, and one of them passes later', () => {
    const s = talking(undefined, undefined);
    const first = s.call.reInvite();
    const second = s.incoming.reInvite();
    s.world.run(500);
    expect([first.status, second.status].toSorted()).toEqual([491, 491]);
    const later = s.incoming.reInvite();
    s.world.run(500);
    expect(later.status).toBe(200);
    s.call.bye();
    expectQuiet(s.world);
  });

  it('UPDATE with an offer before the INVITE’s is answered is 500 with Retry-After, one of the callee 491', () => {
    const world = serviceWorld({ config: { auth: 'none' } });
    const alice = world.phone('alice');
    const bob = world.phone('bob', { onInvite: 'ring' });
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const call = alice.call('bob', { reliable: 'supported' });
    world.run(100);
    const early = call.update();
    const back = bob.incoming?.update() ?? missing();
    world.run(100);
    expect([early.status, back.status]).toEqual([500, 491]);
    expect(Number(headerOf(early.response ?? missing(), 'retry-after'))).toBeLessThanOrEqual(10);
    // Once a reliable answer is acknowledged, both may offer.
    bob.incoming?.ring(183, SDP, { reliable: true });
    world.run(100);
    const now = call.update();
    world.run(100);
    const then = bob.incoming?.update() ?? missing();
    world.run(100);
    expect([now.status, then.status]).toEqual([200, 200]);
    bob.incoming?.answer();
    world.run(100);
    call.bye();
    expectQuiet(world);
  });
});
