import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { StampedFact } from '../../src/engine/entry.ts';
import type { Taking } from '../../src/engine/journal.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { IncomingCall } from '../../src/testing/phone-incoming-call.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const WAKE_LIMIT_MS = 20_000;
/** The last of them has never registered before. */
const DEVICES = ['desk', 'mobile', 'tablet', 'stranger'] as const;
const BORN_ASLEEP = ['mobile', 'tablet'];

const act = fc.record({
  afterMs: fc.oneof(fc.constantFrom(0, 1, 5, 10), fc.integer({ min: 0, max: 7000 })),
  device: fc.constantFrom(...DEVICES),
  what: fc.constantFrom('register', 'register', 'register', 'unregister', 'answer', 'decline', 'decline', 'call.cancel'),
});
const service = fc.record({
  fault: fc.constantFrom(undefined, undefined, undefined, 'unknown' as const, 'down' as const, 'mute' as const),
  answersAfterMs: fc.integer({ min: 0, max: 25_000 }),
});

type Entry = StampedFact & { readonly device?: string; readonly call?: string; readonly to?: string };
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Alice calls Bob, of whose devices some sleep; everything that the engine takes is kept. */
class Scene {
  readonly world: ReturnType<typeof serviceWorld>;
  readonly takings: Taking[] = [];
  readonly alice: Phone;
  readonly call: ReturnType<Phone['call']>;
  readonly bornMs: number;
  readonly #phones = new Map<string, Phone>();

  constructor(seed: number, hasDesk: boolean, pushes: typeof service extends fc.Arbitrary<infer T> ? T : never) {
    this.world = serviceWorld({ seed, config: { auth: 'none' } });
    this.alice = this.world.phone('alice');
    for (const name of DEVICES) {
      const push = name === 'desk' ? {} : { push: { provider: 'apns', prid: `token-of-${name}` } };
      this.#phones.set(name, this.world.phone(name, { user: 'bob', onInvite: 'ring', ...push }));
    }
    for (const name of hasDesk ? ['desk', ...BORN_ASLEEP] : BORN_ASLEEP) this.#phones.get(name)?.register();
    this.world.run(200);
    for (const name of BORN_ASLEEP) this.world.push.subscribe(`token-of-${name}`, () => {}, { times: 0 });
    this.world.push.fault = pushes.fault;
    this.world.push.answersAfterMs = pushes.answersAfterMs;
    this.#watch();
    this.call = this.alice.call('bob');
    this.world.run(5);
    this.bornMs = this.world.now();
  }

  #watch(): void {
    const { engine } = this.world.service.service;
    engine.journal.observe((taking) => {
      this.takings.push({ ...taking });
      if (this.bornMs === undefined || taking.entry.at <= this.bornMs + WAKE_LIMIT_MS) return;
      const { keepers = [] } = (engine.actor('call:1')?.context ?? {}) as { keepers?: readonly string[] };
      if (keepers.length > 0) this.world.timers.set(0, () => expect(keepers, 'who keeps the call open').toEqual([]));
    });
  }

  #incoming(name: string): IncomingCall | undefined {
    const call = this.#phones.get(name)?.incoming;
    return call?.state === 'ringing' ? call : undefined;
  }

  get rings(): boolean {
    return DEVICES.some((name) => this.#incoming(name) !== undefined);
  }

  play({ afterMs, device, what }: Act): void {
    this.world.run(afterMs);
    if (what === 'register') this.#phones.get(device)?.register();
    else if (what === 'unregister') this.#phones.get(device)?.unregister();
    else if (what === 'answer') this.#incoming(device)?.answer();
    else if (what === 'decline') this.#incoming(device)?.decline(486);
    else if (this.call.state !== 'answered' && this.call.state !== 'ended') this.call.cancel();
  }

  /** What the engine took and nobody refused. */
  entries(...types: string[]): Entry[] {
    return this.takings
      .filter(({ entry, refused }) => refused === undefined && types.includes(entry.type))
      .map(({ entry }) => entry as Entry);
  }
}

function expectOneForkAndPushADevice(scene: Scene): void {
  const forks = scene.entries('fork.started');
  const [end] = scene.entries('call.answered', 'call.cancelled', 'call.failed');
  expect(new Set(forks.map(({ device }) => device)).size, 'devices that have one fork').toBe(forks.length);
  expect(
    forks.filter(({ seq }) => seq > (end?.seq ?? 0)),
    'forks after the end',
  ).toEqual([]);
  expect(scene.entries('push.send')).toHaveLength(BORN_ASLEEP.length);
  for (const name of DEVICES) {
    const pushes = scene.world.push.pushes.filter(({ request }) => request.prid === `token-of-${name}`);
    const kinds = pushes.map(({ request }) => request.kind);
    expect([[], ['incoming-call'], ['incoming-call', 'cancelled']], `pushes to ${name}`).toContainEqual(kinds);
  }
}

/** Whatever registers before the call's end rings; and while one that was pushed may still register, the call does not fail. */
function expectNoLostWakeUp(scene: Scene): void {
  const [end] = scene.entries('call.answered', 'call.cancelled', 'call.failed');
  const rung = scene.entries('fork.started').map(({ device }) => device);
  for (const { device, at } of scene.entries('binding.added', 'binding.refreshed'))
    if (end === undefined || at < end.at) expect(rung, 'what registered in time').toContain(device);
  const [failed] = scene.entries('call.failed');
  if (failed === undefined || failed.at > scene.bornMs + WAKE_LIMIT_MS - 100) return;
  const settled = scene.entries('fork.started', 'push.failed', 'binding.removed').filter(({ seq }) => seq < failed.seq);
  const devices = settled.map(({ device }) => device);
  for (const { device } of scene.entries('push.send')) expect(devices, 'what could not be woken any more').toContain(device);
}

const isFinal = ({ direction, again, message }: Phone['history'][number]): boolean =>
  direction === 'in' && !again && message.status >= 200 && headerOf(message, 'cseq').endsWith('INVITE');

describe('a call to sleeping devices', () => {
  test.prop(
    { seed: fc.nat(10_000), acts: fc.array(act, { maxLength: 14 }), pushes: service, hasDesk: fc.boolean() },
    { numRuns: 120 },
  )(
    'forks and pushes once a device, to nobody after its end, and is kept open no longer than the wake limit',
    ({ seed, acts, pushes, hasDesk }) => {
      const scene = new Scene(seed, hasDesk, pushes);
      const { world, call } = scene;
      for (const one of acts) scene.play(one);
      world.run(Math.max(scene.bornMs + WAKE_LIMIT_MS + 200 - world.now(), 200));
      const goesOn = scene.rings || call.state === 'answered';
      expect(call.state === 'ended', 'over, unless a phone rings or has answered').toBe(!goesOn);
      call.bye();
      world.run(70_000);
      expect(call.status, 'the caller has its final answer').toBeGreaterThanOrEqual(200);
      expect(scene.alice.history.filter(isFinal), 'final answers').toHaveLength(1);
      expectOneForkAndPushADevice(scene);
      expectNoLostWakeUp(scene);
      expectQuiet(world);
    },
  );
});
