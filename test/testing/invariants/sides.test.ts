import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/testing/invariants/digest.ts';
import { secretsStay, sidesApart } from '../../../src/testing/invariants/sides.ts';
import { serviceWorld } from '../../../src/testing/service-world.ts';
import { forgery } from './support.ts';

describe('sides apart', () => {
  const own = { callId: 'stem-1', fromTag: 'ours', branch: 'z9hG4bKours' };
  it.each([
    [{}, ''],
    [{ fromTag: 'f' }, 'the caller’s From tag'],
    [{ headers: ['Via: SIP/2.0/UDP 10.0.0.11;branch=z9hG4bK1'] }, 'more Vias than ours'],
    [{ headers: ['Record-Route: <sip:10.0.0.9;lr>'] }, 'the caller’s Record-Route'],
  ])('an INVITE with %o', (more, what) => {
    const { forger, broken } = forgery(sidesApart);
    forger.came({});
    forger.fact('invite.received', { call: 'call:1', leg: 'leg:1/0', callIdStem: 'stem' });
    forger.fact('fork.started', { call: 'call:1', leg: 'leg:1/1', callId: 'stem-1' });
    forger.left({ ...own, ...more });
    expect(broken()).toEqual(what === '' ? [] : [expect.stringContaining(what)]);
  });
});

describe('secrets stay', () => {
  const contact = 'Contact: <sip:bob@10.0.0.12;pn-provider=apns;pn-prid=a-token>';

  it('tells of a push token that leaves for another host than it came from', () => {
    const { forger, broken } = forgery(secretsStay);
    forger.came({ method: 'REGISTER', host: '10.0.0.12', headers: [contact] });
    forger.left({ uri: 'sip:bob@10.0.0.12;pn-prid=a-token', host: '10.0.0.12' });
    expect(broken()).toEqual([]);
    forger.left({ status: 200, host: '10.0.0.13', headers: [contact] });
    expect(broken()).toEqual(['0.000 s, 10.0.0.13:5062, Call-ID c1: a push token of another device left to this one']);
    expect(broken().join()).not.toContain('a-token');
  });

  it('tells of a password in a message or in the log, whoever’s it is', () => {
    const { forger, world, broken } = forgery(secretsStay);
    for (let n = 0; n < 3; n += 1) {
      forger.left({ status: 200, headers: ['X: carol-secret'] });
      world.logged('a line', { user: 'bob', said: 'bob-secret' });
    }
    for (let n = 0; n < 3; n += 1) world.logged('a line', { user: 'bob', said: 'bob-secret' });
    expect(broken()).toHaveLength(2);
    expect(broken()).toContainEqual(expect.stringContaining('a password left'));
    expect(broken()).toContain('0.000 s: a password stands in the log: "a line"');
  });
});

describe('same seed, same journal', () => {
  /** A call to two phones of which one sleeps, on a bad network, and a restart. */
  const play = (seed: number, more = 0): string => {
    const world = serviceWorld({ seed, network: { loss: 0.1, jitterMs: 30, duplication: 0.1 } });
    const digest = digestOf(world);
    const alice = world.phone('alice');
    const desk = world.phone('desk', { user: 'bob', onInvite: { ringAfterMs: 100, answerAfterMs: 9000 } });
    const mobile = world.phone('mobile', { user: 'bob', onInvite: 'answer', push: { provider: 'apns', prid: 'token' } });
    for (const phone of [alice, desk, mobile]) phone.register();
    world.run(5_000);
    world.sleepUntilPushed(mobile, 'token');
    const call = alice.call('bob');
    world.run(20_000 + more);
    call.bye();
    world.run(100);
    world.restart();
    desk.register();
    world.run(60_000);
    return digest();
  };

  it('two runs have one digest; another seed, or another history, has another', () => {
    const digests = [play(3), play(3), play(4), play(3, 1)];
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(3);
  });
});
