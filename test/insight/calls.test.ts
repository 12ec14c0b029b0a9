import { describe, expect, it } from 'vitest';
import { stateText } from '../../src/insight/paths.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { callOf, insightOf, query, storyOf } from '../support/insight.ts';
import { expectQuiet } from '../support/quiet.ts';

const PRID = 'very-secret-token';
const START_MS = 1_700_000_000_000;

/** Bob's phone sleeps, and is woken by Alice's call. */
function woken(options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ insight: true, startMs: START_MS, ...options });
  const alice = world.phone('alice');
  const mobile = world.phone('mobile', {
    user: 'bob',
    push: { provider: 'apns', prid: PRID },
    onInvite: { ringAfterMs: 100, answerAfterMs: 2000 },
  });
  alice.register();
  mobile.register();
  world.run(500);
  world.sleepUntilPushed(mobile, PRID, { afterMs: 1000 });
  const call = alice.call('bob');
  world.run(4000);
  return { world, alice, mobile, call };
}

describe('a call that is looked at', () => {
  it('is told with its parties, actors, messages and story while it goes on', () => {
    const { world } = woken();
    const view = callOf(world);
    expect(view).toMatchObject({
      call: 'call:1',
      caller: 'sip:alice@example.com',
      callee: 'sip:bob@example.com',
      outcome: 'open',
      state: 'talking.connected',
      endedAt: null,
      status: 200,
      why: '',
      messagesCut: 0,
      related: [],
    });
    expect(view.parties.map(({ leg, name }) => [leg, name])).toEqual([
      ['leg:1/0', 'Alice'],
      ['leg:1/1', "Bob's mobile"],
    ]);
    expect(view.actors.map(({ address, state }) => [address, state])).toEqual([
      ['call:1', 'talking.connected'],
      ['leg:1/0', 'confirmed'],
      ['leg:1/1', 'confirmed'],
      ['push-notification:1', expect.any(String)],
      ['registration:2', expect.any(String)],
    ]);
    expect(view.actors[0]?.path.map(({ state, event }) => [state, event])).toEqual([
      ['ringing.offering', 'invite.received'],
      ['ringing.trying', 'xstate.after.0.call.ringing.offering'],
      ['talking.answered', 'leg.answered'],
      ['talking.connected', 'leg.acknowledged'],
    ]);
    for (const { path } of view.actors)
      for (const { n, event } of path) {
        const { fact, command, timer } = view.entries[n - 1] ?? {};
        expect((fact ?? command ?? timer)?.type).toBe(event);
      }
    expect(view.messages.map(({ leg, isIncoming, label }) => `${leg} ${isIncoming ? '<' : '>'} ${label}`)).toEqual([
      'leg:1/0 < INVITE',
      'leg:1/0 > 182 Queued (INVITE)',
      ' > push: incoming-call',
      ' < push: taken',
      'leg:1/1 > INVITE',
      'leg:1/1 < 180 Ringing (INVITE)',
      'leg:1/0 > 180 Ringing (INVITE)',
      'leg:1/1 < 200 OK (INVITE)',
      'leg:1/0 > 200 OK (INVITE)',
      'leg:1/0 < ACK',
      'leg:1/1 > ACK',
    ]);
    expect(storyOf(world)).toEqual([
      'Alice called Bob',
      "Bob's mobile was pushed",
      "Bob's mobile registered and was called",
      "Bob's mobile rang",
      "Bob's mobile answered",
    ]);
  });

  it('is found by address and by the Call-ID of any leg, and stays when it is over', () => {
    const { world, call } = woken();
    const { callId, messages } = callOf(world);
    const ids = [...new Set(messages.map((message) => message.callId).filter((id) => id !== ''))];
    expect(ids).toContain(callId);
    expect(ids).toHaveLength(2);
    for (const id of ids) expect(insightOf(world).call(id)?.call).toBe('call:1');
    call.bye();
    expectQuiet(world);
    for (const id of ['call:1', ...ids]) expect(insightOf(world).call(id)?.why).toBe('Alice hung up after 1 s of talk');
    expect(callOf(world)).toMatchObject({ outcome: 'answered', state: 'ended', callId });
    expect(callOf(world).actors.every(({ endedAt, scenario }) => endedAt !== null || scenario === 'registration')).toBe(true);
    expect(insightOf(world).call('call:2')).toBeUndefined();
    expect(insightOf(world).call('')).toBeUndefined();
    expect(insightOf(world).journal('call:1')).toMatchObject({ callweave: 'journal', call: 'call:1', outcome: 'answered' });
  });

  it('is listed newest first, by outcome and by what is searched for', () => {
    const { world, alice, call } = woken();
    const carol = world.phone('carol', { onInvite: { decline: 486 } });
    carol.register();
    world.run(100);
    alice.call('carol');
    world.run(500);
    const found = (asked: Parameters<typeof query>[0]) => insightOf(world).calls(query(asked));
    expect(found({}).rows.map((row) => [row.call, row.outcome, row.why])).toEqual([
      ['call:2', 'failed', "Carol's phone was busy"],
      ['call:1', 'open', ''],
    ]);
    expect(found({ outcome: 'open' }).rows.map((row) => row.call)).toEqual(['call:1']);
    expect(found({ outcome: 'over' }).rows.map((row) => row.call)).toEqual(['call:2']);
    expect(found({ outcome: 'answered' })).toEqual({ rows: [], total: 0 });
    expect(found({ search: 'BOB' }).rows.map((row) => row.call)).toEqual(['call:1']);
    expect(found({ search: 'alice', offset: 1, limit: 1 })).toMatchObject({ total: 2, rows: [{ call: 'call:1' }] });
    expect(insightOf(world).now()).toMatchObject({
      calls: { ringing: 0, talking: 1, other: 0 },
      ended: { failed: 1, answered: 0 },
      bindings: { awake: 2, asleep: 1, users: 3 },
    });
    call.bye();
    expectQuiet(world);
    expect(found({ outcome: 'over' }).rows.map((row) => row.call)).toEqual(['call:2', 'call:1']);
    const { actors, calls, ended, perMinute } = insightOf(world).now();
    expect([calls.talking, ended, actors.call]).toEqual([0, { answered: 1, failed: 1, cancelled: 0, crashed: 0 }, 0]);
    expect(perMinute.calls.reduce((sum, count) => sum + count)).toBe(2);
    expect(perMinute.pushes.reduce((sum, count) => sum + count)).toBe(1);
    expect(perMinute.calls).toHaveLength(60);
  });

  it('is forgotten when it is old, and when there are more than may be kept', () => {
    const { world, call } = woken({ insight: { maxCalls: 2, maxAgeMs: 600_000 } });
    call.bye();
    world.run(40_000);
    for (let n = 0; n < 3; n++) {
      const next = world.phones[0]?.call('carol');
      world.run(40_000);
      expect(next?.status).toBe(480);
    }
    expect(
      insightOf(world)
        .calls(query())
        .rows.map((row) => row.call),
    ).toEqual(['call:4', 'call:3']);
    world.run(700_000);
    expect(insightOf(world).calls(query())).toEqual({ rows: [], total: 0 });
    expectQuiet(world);
  });

  it('tells those who watch it once, however much changes at an instant, and no more when they stop', () => {
    const { world, call } = woken();
    let changes = 0;
    const stop = insightOf(world).watch('call:1', () => changes++);
    world.run(1000);
    expect(changes).toBe(0);
    call.bye();
    world.run(1000);
    expect(changes).toBeGreaterThan(1);
    expect(changes).toBeLessThan(8);
    stop();
    const before = changes;
    expectQuiet(world);
    expect(changes).toBe(before);
    expect(() => insightOf(world).watch('call:99', () => changes++)()).not.toThrow();
  });

  it('leaves nothing to see where nobody asks for it', () => {
    const { world, call } = woken({ insight: false });
    expect(world.service.service.insight).toBeUndefined();
    expect(world.service.service.transactions.tap).toBeUndefined();
    call.bye();
    expectQuiet(world);
  });
});

describe('users that are looked at', () => {
  it('are told with bindings, pushes and calls, configured ones without a phone too', () => {
    const { world } = woken({ users: ['alice', 'bob', 'dave'] });
    expect(
      insightOf(world)
        .users(query())
        .rows.map(({ user, awake, calls }) => [user, awake, calls]),
    ).toEqual([
      ['alice', 1, 1],
      ['bob', 0, 1],
      ['dave', 0, 0],
    ]);
    expect(
      insightOf(world)
        .users(query({ search: 'da' }))
        .rows.map(({ aor }) => aor),
    ).toEqual(['sip:dave@example.com']);
    const bob = insightOf(world).user('bob');
    expect(bob).toEqual(insightOf(world).user('sip:bob@example.com'));
    expect(bob?.bindings).toMatchObject([{ isAwake: false, pushProvider: 'apns', transport: 'udp' }]);
    expect(bob?.pushes).toMatchObject([
      { provider: 'apns', call: 'call:1', came: 'registered', afterMs: expect.closeTo(1015, -2) },
    ]);
    expect(bob?.recent.map(({ call }) => call)).toEqual(['call:1']);
    expect(insightOf(world).user('nobody')).toBeUndefined();
    expect(JSON.stringify(bob)).not.toContain(PRID);
  });
});

describe('facts that are told', () => {
  it('come by kind and attributes, masked, until one stops', () => {
    const { world, alice, mobile, call } = woken();
    const heard: string[] = [];
    const told: string[] = [];
    const stop = insightOf(world).facts({ kinds: ['call.*', 'binding.added'], attributes: {} }, (fact) =>
      heard.push(`${fact.call} ${fact.type}`),
    );
    insightOf(world).facts({ kinds: [], attributes: { aor: 'sip:bob@example.com' } }, (fact) => told.push(JSON.stringify(fact)));
    call.bye();
    world.run(100);
    expect(heard).toEqual(['call:1 call.ended']);
    mobile.register();
    alice.register();
    world.run(100);
    expect(told.join('\n')).toContain('"prid":"***"');
    expect(told.join('\n')).not.toContain(PRID);
    expect(told.every((line) => line.includes('sip:bob@example.com'))).toBe(true);
    stop();
    alice.call('carol');
    world.run(1000);
    expect(heard).toHaveLength(1);
    expectQuiet(world);
  });
});

describe('a state', () => {
  it('is one line', () => {
    expect(stateText('idle')).toBe('idle');
    expect(stateText({ ringing: 'trying' })).toBe('ringing.trying');
    expect(stateText({ talking: { voice: 'on', hold: { by: 'alice' } }, timer: {} })).toBe(
      'talking.voice.on talking.hold.by.alice timer',
    );
    expect(stateText(undefined)).toBe('');
  });
});
