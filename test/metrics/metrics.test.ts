import { describe, expect, it } from 'vitest';
import { actorEnded } from '../../machines/vocabulary/facts.ts';
import { chartOf } from '../../src/charts/definition.ts';
import type { StateNodeView } from '../../src/insight/model.ts';
import { Counts } from '../../src/metrics/counts.ts';
import { DEFINITIONS, TIMES } from '../../src/metrics/definitions.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { OWN_SCENARIOS } from '../../src/own-scenarios.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { menu } from '../support/menus.ts';
import { dial, office } from '../support/pickup.ts';
import { type Family, readPrometheus, sampleOf } from '../support/prometheus.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';

const measured = (options: ServiceWorldOptions = {}) => {
  const metrics = new Metrics();
  const world = serviceWorld({ ...options, insight: true, metrics });
  return { metrics, world, read: async () => readPrometheus(await metrics.text()) };
};
const push = { provider: 'apns', prid: 'token-of-bobs-mobile', param: 'TEAM.app.voip' };

describe('the metrics', () => {
  it('are in order for Prometheus, and are there before anything happened', async () => {
    const { metrics, read } = measured();
    const families = await read();
    const names = [...DEFINITIONS, ...Object.values(TIMES)].map(({ name }) => name);
    expect([...families.keys()].sort()).toEqual([...names].sort());
    for (const { name, kind, labels, help } of DEFINITIONS) {
      expect(families.get(name)).toMatchObject({ type: kind, help });
      for (const sample of families.get(name)?.samples ?? []) expect(Object.keys(sample.labels)).toEqual(labels);
    }
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('are empty text before the service runs', async () => {
    expect(await new Metrics().text()).toBe('');
  });

  it('count calls by how they ended, and how long each took', async () => {
    const { world, read } = measured();
    const [alice, bob, carol] = [
      world.phone('alice'),
      world.phone('bob', { onInvite: { ringAfterMs: 100, answerAfterMs: 3_000 } }),
      world.phone('carol', { onInvite: { ringAfterMs: 100, decline: 486, declineAfterMs: 500 } }),
    ];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(1_000);
    const ringing = await read();
    expect(sampleOf(ringing, 'callweave_calls', { state: 'ringing' })).toBe(1);
    expect(sampleOf(ringing, 'callweave_actors', { scenario: 'call', state: 'ringing.trying' })).toBe(1);
    expect(sampleOf(ringing, 'callweave_actors', { scenario: 'registration', state: 'bound' })).toBe(3);
    expect(sampleOf(ringing, 'callweave_bindings', { state: 'awake' })).toBe(3);
    world.run(7_000);
    expect(sampleOf(await read(), 'callweave_calls', { state: 'talking' })).toBe(1);
    call.bye();
    alice.call('carol');
    world.run(2_000);
    const given = alice.call('bob');
    world.run(1_000);
    given.cancel();
    alice.call('nobody');
    expectQuiet(world);
    const over = await read();
    const ended = (outcome: string) => sampleOf(over, 'callweave_calls_ended_total', { outcome });
    expect(['answered', 'failed', 'cancelled', 'crashed'].map(ended)).toEqual([1, 1, 1, 0]);
    expect(sampleOf(over, 'callweave_calls_started_total')).toBe(3);
    expect(sampleOf(over, 'callweave_calls_failed_total', { status: '486' })).toBe(1);
    expect(sampleOf(over, 'callweave_calls_refused_total', { status: '404' })).toBe(1);
    expect(sampleOf(over, 'callweave_calls', { state: 'talking' })).toBe(0);
    expect(over.get('callweave_actors')?.samples.filter(({ labels }) => labels.scenario === 'call')).toEqual([]);
    expect(sampleOf(over, 'callweave_call_answer_delay_seconds_count')).toBe(1);
    expect(sampleOf(over, 'callweave_call_answer_delay_seconds_sum')).toBeCloseTo(3, 1);
    expect(sampleOf(over, 'callweave_call_talk_seconds_sum')).toBeCloseTo(5, 1);
    expect(sampleOf(over, 'callweave_call_ringing_delay_seconds_count')).toBe(3);
    expect(sampleOf(over, 'callweave_registers_total')).toBeGreaterThanOrEqual(3);
    expect(sampleOf(over, 'callweave_messages_received_total', { transport: 'udp' })).toBeGreaterThan(20);
  });

  it('time a phone that is woken from the push to the REGISTER and on to the ringing', async () => {
    const { world, read } = measured();
    const alice = world.phone('alice');
    const mobile = world.phone('mobile', { user: 'bob', push, onInvite: { ringAfterMs: 400, answerAfterMs: 2_000 } });
    alice.register();
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, push.prid, { afterMs: 1_200, times: 1 });
    const call = alice.call('bob');
    world.run(200);
    expect(sampleOf(await read(), 'callweave_bindings', { state: 'asleep' })).toBe(1);
    world.run(5_000);
    call.bye();
    expectQuiet(world);
    const over = await read();
    const sum = (name: string) => [sampleOf(over, `${name}_count`), sampleOf(over, `${name}_sum`)];
    expect(sum('callweave_push_to_register_seconds')).toEqual([1, expect.closeTo(1.2, 1)]);
    expect(sum('callweave_register_to_ring_seconds')).toEqual([1, expect.closeTo(0.4, 1)]);
    expect(sum('callweave_push_to_ring_seconds')).toEqual([1, expect.closeTo(1.6, 1)]);
    expect(sampleOf(over, 'callweave_pushes_total', { outcome: 'delivered' })).toBe(1);
  });

  it('tell how many connections are open, by transport', async () => {
    const { world, read } = measured();
    const [alice, bob] = [world.phone('alice', { transport: 'tls' }), world.phone('bob', { transport: 'ws' })];
    for (const phone of [alice, bob, world.phone('carol')]) phone.register();
    world.run(500);
    const opened = (metrics: Awaited<ReturnType<typeof read>>) =>
      ['udp', 'tcp', 'tls', 'ws', 'wss'].map((transport) => sampleOf(metrics, 'callweave_connections', { transport }));
    expect(opened(await read())).toEqual([0, 0, 1, 1, 0]);
    alice.wire.close();
    world.run(1_000);
    expect(opened(await read())).toEqual([0, 0, 0, 1, 0]);
  });

  it('count what strangers do: garbage, scans, guesses, and whom we ban for it', async () => {
    const { world, read } = measured({ config: { limits: { failuresBeforeBan: 4 } } });
    const [garbage, scanner] = [new RawPeer(world, '203.0.113.7'), new RawPeer(world, '203.0.113.8')];
    for (let n = 0; n < 3; n++)
      garbage.wire.send('INVITE sip:x SIP/2.0\r\nVia: what\r\n\r\n', { host: SERVICE_HOST, port: 5060 });
    scanner.request('OPTIONS', 'sip:example.com', [['User-Agent', 'friendly-scanner']]);
    garbage.request('INVITE', 'sip:alice@example.com');
    world.run(1_000);
    const before = await read();
    expect(sampleOf(before, 'callweave_offences_total', { kind: 'malformed' })).toBe(3);
    expect(sampleOf(before, 'callweave_offences_total', { kind: 'scanner' })).toBe(1);
    expect(sampleOf(before, 'callweave_messages_received_total', { transport: 'udp' })).toBe(5);
    const rejected = before.get('callweave_messages_rejected_total')?.samples ?? [];
    expect(rejected.map(({ value }) => value).sort()).toEqual([1, 3]);
    expect(sampleOf(before, 'callweave_messages_rejected_total', { why: 'unwanted' })).toBe(1);
    for (let n = 0; n < 3; n++)
      garbage.wire.send('INVITE sip:x SIP/2.0\r\nVia: what\r\n\r\n', { host: SERVICE_HOST, port: 5060 });
    world.run(2_000);
    const banned = await read();
    expect(sampleOf(banned, 'callweave_banned_sources')).toBeGreaterThan(0);
    expect(sampleOf(banned, 'callweave_messages_dropped_total')).toBeGreaterThan(0);
  });

  it('count what is refused because the service is full', async () => {
    let now = () => 0;
    const { world, read } = measured({ config: { limits: { overloadLagMs: 100 } }, busyMs: () => now() });
    now = () => world.now();
    const alice = world.phone('alice');
    alice.register();
    world.run(8_000);
    for (let n = 0; n < 40; n++) alice.call('bob');
    world.run(2_000);
    const full = await read();
    expect(sampleOf(full, 'callweave_overload_refused_total', { method: 'INVITE' })).toBeGreaterThan(10);
    expect(sampleOf(full, 'callweave_overload_refusing_ratio')).toBeGreaterThan(0.5);
  });

  it('count charts that threw by their scenario, and nobody else’s', async () => {
    const metrics = new Metrics();
    const { insight } = measured().world.service.service;
    if (insight === undefined) throw new Error('nothing is kept');
    const nothing = {
      actors: () => [],
      mediaSessions: () => 0,
      bannedSources: () => 0,
      connections: () => new Map(),
      rejectedMessages: () => new Map(),
    };
    metrics.open({ nowMs: () => 0, now: () => insight.now(), ...nothing }, ['call', 'leg']);
    for (const address of ['call:1', 'leg:1/2', 'leg:1/3', 'odd:9'])
      for (const view of metrics.views)
        view.fold({ ...actorEnded({ address, of: '', how: 'failed' }), seq: 1, at: 0, by: '', cause: 0 });
    for (const view of metrics.views)
      view.fold({ ...actorEnded({ address: 'call:2', of: '', how: 'done' }), seq: 2, at: 0, by: '', cause: 0 });
    const families = readPrometheus(await metrics.text());
    const failed = (scenario: string) => sampleOf(families, 'callweave_actor_failures_total', { scenario });
    expect(['call', 'leg', 'other'].map(failed)).toEqual([1, 2, 1]);
  });

  it('count pickups that are won and lost', async () => {
    const metrics = new Metrics();
    const { world, alice, carol } = office({}, { insight: true, metrics });
    const call = alice.call('bob');
    world.run(500);
    carol.call(dial('*8'));
    world.run(1_000);
    carol.call(dial('*8'));
    world.run(1_000);
    call.bye();
    expectQuiet(world);
    const over = readPrometheus(await metrics.text());
    expect(sampleOf(over, 'callweave_pickups_total', { outcome: 'won' })).toBe(1);
    expect(sampleOf(over, 'callweave_pickups_total', { outcome: 'lost' })).toBe(1);
  });

  it('are read once a second at most', async () => {
    const { world, metrics } = measured();
    const first = await metrics.text();
    const alice = world.phone('alice');
    alice.register();
    world.run(900);
    expect(await metrics.text()).toBe(first);
    world.run(200);
    expect(sampleOf(readPrometheus(await metrics.text()), 'callweave_registers_total')).toBeGreaterThan(0);
  });
});

const PIN = '815377';
const DIALLED = '739582';
const MAIN = menu(
  {
    '3': { does: 'dial', prompts: ['tone:beep'], max: 6 },
    '4': {
      ...{ does: 'pin', pin: 'door', prompts: ['tone:beep'], tries: 3 },
      ...{ next: { does: 'ring', whom: ['bob'] }, otherwise: { does: 'hangUp' } },
    },
  },
  { prompts: ['tone:beep'], invalid: [], silent: [], retries: 9 },
);

const statesOf = (state: StateNodeView): string[] => [state.path, ...state.children.flatMap(statesOf)];

/** Values that labels may have whatever strangers do: words of ours, and names of the config. */
function isKnown({ name }: Family, label: string, value: string): boolean {
  if (label === 'scenario') return OWN_SCENARIOS.some((scenario) => scenario.name === value);
  if (label === 'state' && name === 'callweave_actors')
    return OWN_SCENARIOS.some((scenario) => statesOf(chartOf(scenario, true).root).includes(value));
  if (label === 'version') return value === '';
  if (label === 'le' || label === 'status') return /^(?:\+Inf|[\d.]+|other)$/.test(value);
  return /^(?:[a-z]+(?:[ -][a-z]+)*|noAnswer|pickedUp|INVITE|REGISTER)$/.test(value);
}

describe('no label and no value', () => {
  it('is a digit, a PIN or a token, which are counted all the same', async () => {
    const metrics = new Metrics();
    const stage = new IvrStage({
      ivr: { numbers: { '100': 'main' }, menus: { main: MAIN }, pins: { door: PIN } },
      ...{ insight: true, metrics },
    });
    const { world } = stage;
    const alice = stage.phone('alice');
    stage.phone('bob');
    const call = alice.call('sip:100@example.com');
    world.run(1_000);
    stage.press(alice, `3${DIALLED}`);
    world.run(4_000);
    stage.press(alice, '4');
    stage.press(alice, '111111#');
    stage.press(alice, `${PIN}#`);
    world.run(1_000);
    call.bye();
    expectQuiet(world);
    const text = await metrics.text();
    const families = readPrometheus(text);
    expect(sampleOf(families, 'callweave_digits_total')).toBe(8);
    expect(sampleOf(families, 'callweave_pins_total', { outcome: 'right' })).toBe(1);
    expect(sampleOf(families, 'callweave_pins_total', { outcome: 'wrong' })).toBe(1);
    expect(sampleOf(families, 'callweave_menu_calls_total')).toBe(1);
    expect(sampleOf(families, 'callweave_rtp_packets_total')).toBeGreaterThan(100);
    for (const secret of [PIN, DIALLED, '111111']) expect(text).not.toContain(secret);
  });

  it('is chosen by a stranger', async () => {
    const users = Array.from({ length: 12 }, (_, n) => `user-${n}`);
    const { world, metrics } = measured({ users: ['alice', ...users] });
    const alice = world.phone('alice');
    alice.register();
    users.forEach((user, n) => {
      const decline = 450 + n;
      const odd = { ...push, prid: `token-${n}` };
      world
        .phone(user, { ...(n === 0 ? { push: odd } : {}), onInvite: { ringAfterMs: 20, decline, declineAfterMs: 50 } })
        .register();
    });
    world.run(500);
    const before = readPrometheus(await metrics.text());
    for (const user of [...users, ...Array.from({ length: 20 }, (_, n) => `stranger-${n}`)]) {
      alice.call(user);
      world.run(1_000);
    }
    expectQuiet(world);
    const text = await metrics.text();
    const families = readPrometheus(text);
    expect(sampleOf(families, 'callweave_calls_failed_total', { status: 'other' })).toBe(users.length - 1);
    for (const family of families.values())
      for (const { labels } of family.samples)
        for (const [label, value] of Object.entries(labels))
          expect(isKnown(family, label, value), `${family.name} ${label}="${value}"`).toBe(true);
    const size = (of: ReadonlyMap<string, Family>) => [...of.values()].reduce((n, { samples }) => n + samples.length, 0);
    expect(size(families)).toBeLessThanOrEqual(size(before) + 4);
    for (const name of [...users, 'alice', 'stranger', 'token', 'example.com']) expect(text).not.toContain(name);
  });

  it('adds a series to counts, whatever comes', () => {
    const counts = new Counts('why', ['busy']);
    for (let n = 0; n < 1_000; n++) counts.add(`odd ${n}`);
    counts.add('busy', 2);
    expect(counts.read()).toEqual([
      { labels: { why: 'busy' }, value: 2 },
      { labels: { why: 'other' }, value: 1_000 },
    ]);
  });

  it('outgrows its bound, however many states there are', async () => {
    const metrics = new Metrics();
    const { insight } = measured().world.service.service;
    if (insight === undefined) throw new Error('nothing is kept');
    const actors = () => Array.from({ length: 1_000 }, (_, n) => ({ scenario: 'odd', value: `state${n}` }));
    metrics.open(
      {
        nowMs: () => 0,
        now: () => insight.now(),
        actors,
        mediaSessions: () => 0,
        bannedSources: () => 0,
        connections: () => new Map(),
        rejectedMessages: () => new Map(),
      },
      ['odd'],
    );
    const samples = readPrometheus(await metrics.text()).get('callweave_actors')?.samples ?? [];
    expect(samples).toHaveLength(101);
    expect(samples.find(({ labels }) => labels.state === 'other')?.value).toBe(900);
  });
});

describe('the reader of metrics', () => {
  const GOOD = '# HELP a_total something that happens\n# TYPE a_total counter\na_total{b="c"} 1\n';
  it('takes what is right', () => {
    expect(sampleOf(readPrometheus(GOOD), 'a_total', { b: 'c' })).toBe(1);
  });
  it.each([
    ['no newline', GOOD.trimEnd()],
    ['a series twice', `${GOOD}a_total{b="c"} 2\n`],
    ['another name', `${GOOD}b_total 2\n`],
    ['no counter', GOOD.replaceAll('a_total', 'a')],
    ['milliseconds', GOOD.replaceAll('a_total', 'a_ms_total')],
    ['no help', GOOD.replace('something that happens', 'x')],
    ['labels', GOOD.replace('"c"', '"c')],
    ['a value', GOOD.replace('} 1', '} one')],
  ])('does not take %s', (_, text) => {
    expect(() => readPrometheus(text)).toThrow();
  });
});
