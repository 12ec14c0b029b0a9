import { afterEach, describe, expect, it } from 'vitest';
import { callMachine } from '../../machines/call.ts';
import type { InviteScript } from '../../src/testing/phone.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const PRID = 'very-secret-token';
const START_MS = Date.UTC(2026, 10, 22, 21, 40, 0);

/** Alice and as many phones of Bob's as there are scripts, all registered and awake. */
function scene(scripts: readonly InviteScript[], options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ startMs: START_MS, ...options });
  const alice = world.phone('alice');
  const bobs = scripts.map((onInvite, n) => world.phone(`bob${n}`, { user: 'bob', onInvite }));
  for (const phone of [alice, ...bobs]) phone.register();
  world.run(1000);
  const only = () => {
    expectQuiet(world);
    expect(world.service.records).toHaveLength(1);
    const [record] = world.service.records;
    if (record === undefined) throw new Error('no record');
    return record;
  };
  return { world, alice, bobs, only };
}

let isBroken = false;
const guards = callMachine.implementations.guards as Record<string, (args: unknown, params: unknown) => boolean>;
const sound = guards.hasPeer;
guards.hasPeer = (args, params) => {
  if (isBroken) throw new Error('broken');
  return sound?.(args, params) ?? false;
};
afterEach(() => {
  isBroken = false;
});

describe('the record of a call', () => {
  it('names parties, times, Call-IDs, and of each fork what became of it', () => {
    const { world, alice, bobs, only } = scene([
      { ringAfterMs: 100, answerAfterMs: 2000 },
      { ringAfterMs: 200, answerAfterMs: 60_000 },
      { decline: 486 },
    ]);
    const call = alice.call('bob');
    world.run(5000);
    call.bye({ headers: [['Reason', 'Q.850;cause=16']] });
    const record = only();
    expect(record).toMatchObject({
      v: 1,
      caller: 'sip:alice@example.com',
      callee: 'sip:bob@example.com',
      dialled: 'sip:bob@example.com',
      from: { uri: 'sip:alice@example.com' },
      outcome: 'answered',
      endedBy: 'caller',
      how: 'bye',
      status: 200,
      reasonHeaders: ['Q.850;cause=16'],
      leg: {
        callId: call.callId,
        transport: 'udp',
        local: '10.0.0.1:5060',
        remote: `${alice.wire.local.host}:${alice.wire.local.port}`,
      },
    });
    expect(record.startAt).toMatch(/^2026-11-22T21:40:01\.\d{3}Z$/);
    expect(record.talkMs).toBeGreaterThan(2900);
    expect(record.waitMs).toBeGreaterThanOrEqual(2000);
    expect(record.waitMs).toBeLessThan(2200);
    expect(record.forks.map(({ why, status }) => ({ why, status }))).toEqual([
      { why: '', status: 200 },
      { why: 'answered elsewhere', status: 0 },
      { why: 'busy', status: 486 },
    ]);
    expect(record.forks.map(({ callId }) => callId)).toEqual(bobs.map((bob) => bob.calls[0]?.callId));
    for (const [n, { remote, target }] of record.forks.entries()) {
      expect(remote).toBe(`${bobs[n]?.wire.local.host}:${bobs[n]?.wire.local.port}`);
      expect(target).toContain('sip:bob@');
    }
    const times = [record.startAt, record.ringAt, record.answerAt, record.endAt];
    expect([...times].sort()).toEqual(times);
  });

  it('says that the callee hung up', () => {
    const { world, alice, bobs, only } = scene(['answer']);
    alice.call('bob');
    world.run(3000);
    bobs[0]?.calls[0]?.bye();
    expect(only()).toMatchObject({ endedBy: 'callee', how: 'bye' });
  });

  it('says that the caller gave up, and with which Reason', () => {
    const { world, alice, only } = scene([{ ringAfterMs: 100, answerAfterMs: 60_000 }]);
    const call = alice.call('bob');
    world.run(3000);
    call.cancel([['Reason', 'SIP;cause=487;text="tired"']]);
    expect(only()).toMatchObject({
      outcome: 'cancelled',
      endedBy: 'caller',
      how: 'cancel',
      status: 487,
      answerAt: null,
      talkMs: 0,
      reasonHeaders: ['SIP;cause=487;text="tired"'],
      forks: [{ why: 'caller gave up' }],
    });
  });

  it.each<[string, InviteScript, string, string]>([
    ['declines', { decline: 603 }, 'declined', 'callee'],
    ['is not there', { decline: 480 }, 'unavailable', 'callee'],
    ['says nothing', 'silent', 'unreachable', 'service'],
    ['only rings', { ringAfterMs: 10, answerAfterMs: 600_000 }, 'no answer', 'service'],
  ])('says why a phone that %s did not become the call', (_name, script, why, endedBy) => {
    const { world, alice, only } = scene([script]);
    alice.call('bob');
    world.run(100_000);
    expect(only()).toMatchObject({ outcome: 'failed', how: 'failed', endedBy, forks: [{ why }] });
  });

  it('tells of pushes without their token', () => {
    const world = serviceWorld({ startMs: START_MS });
    const alice = world.phone('alice');
    const mobile = world.phone('mobile', { user: 'bob', push: { provider: 'apns', prid: PRID }, onInvite: 'answer' });
    alice.register();
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, PRID, { afterMs: 1000 });
    const call = alice.call('bob');
    world.run(4000);
    call.bye();
    expectQuiet(world);
    const [record] = world.service.records;
    expect(record).toMatchObject({
      pushes: [{ provider: 'apns', failed: '' }],
      forks: [{ joined: true, why: '', callId: mobile.calls[0]?.callId }],
    });
    expect(JSON.stringify(record)).not.toContain(PRID);
    expect(JSON.stringify(record)).not.toContain('pn-prid');
  });

  it('is written of a call whose chart crashed, once its legs are gone', () => {
    const { world, alice, only } = scene(['answer'], { hearProblem: () => undefined });
    const call = alice.call('bob');
    world.run(1000);
    isBroken = true;
    call.request('INFO');
    world.run(1000);
    isBroken = false;
    expect(only()).toMatchObject({ outcome: 'crashed', endedBy: 'service', how: 'crashed', leg: { callId: call.callId } });
  });

  it('is not written of an INVITE that was refused before it was a call', () => {
    const { world, alice } = scene([]);
    alice.call('nobody');
    world.run(1000);
    expect(world.service.records).toEqual([]);
  });
});
