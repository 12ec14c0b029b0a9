import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isProblem } from '../../src/errors.ts';
import { type BindingStore, openBindingStore } from '../../src/ports/store/binding-store.ts';
import { Phone } from '../../src/testing/phone.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { openSocketWire } from '../../src/testing/socket-wire.ts';
import type { Wire } from '../../src/testing/wire.ts';
import { Child } from '../interop/support/child.ts';
import { expectQuiet } from '../support/quiet.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-restart-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/**
 * Opens what is on the disk at this instant, as after `kill -9`: the database and its journal are copied, since in this
 * process the killed service still holds its file. Nothing is committed but by `flush`: what a 200 promised must be there.
 */
function disk(): () => BindingStore {
  let opened = 0;
  return () => {
    const [before, now] = [join(folder, `${opened}.sqlite`), join(folder, `${opened + 1}.sqlite`)];
    for (const end of ['', '-wal']) if (existsSync(before + end)) copyFileSync(before + end, now + end);
    opened += 1;
    const store = openBindingStore(now, {
      clock: { now: () => 0, yield: () => {} },
      report: ({ problem }) => {
        throw new Error(problem);
      },
    });
    if (isProblem(store)) throw new Error(store.problem);
    return store;
  };
}

const push = { provider: 'apns', prid: 'token', param: 'TEAM.app.voip' };

function scene(options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ openStore: disk(), ...options });
  const alice = world.phone('alice');
  const mobile = world.phone('mobile', { user: 'bob', push, onInvite: 'answer' });
  return { world, alice, mobile };
}
const bound = ({ world }: ReturnType<typeof scene>, user = 'bob') =>
  world.service.service.location.of(`sip:${user}@example.com`).map(({ device, asleep }) => ({ device, asleep }));

describe('after kill -9 and a new start', () => {
  it('a sleeping phone is still known, still woken, and rings with the Call-ID its push announced', () => {
    const played = scene();
    const { world, alice, mobile } = played;
    mobile.register({ keep: false });
    world.run(500);
    world.sleepUntilPushed(mobile, 'token', { afterMs: 1000 });
    const before = bound(played);
    world.restart();
    expect(bound(played)).toEqual(before);
    expect(before).toMatchObject([{ asleep: true }]);
    const call = alice.call('bob');
    world.run(3000);
    expect(world.push.sent('incoming-call', 'token')).toMatchObject([{ request: { param: push.param } }]);
    expect(call.state).toBe('answered');
    expect(mobile.calls[0]?.callId).toBe(world.push.sent('incoming-call')[0]?.request.callId);
    call.bye();
    expectQuiet(world);
  });

  it('an ordinary phone is rung where it registered', () => {
    const { world, alice } = scene();
    const desk = world.phone('desk', { user: 'bob', onInvite: 'answer' });
    desk.register();
    world.run(500);
    world.restart();
    const call = alice.call('bob');
    world.run(500);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('every REGISTER that was answered counts, and no other', () => {
    const played = scene({ users: ['alice', 'bob', ...Array.from({ length: 30 }, (_, n) => `u${n}`)] });
    const phones = Array.from({ length: 30 }, (_, n) => played.world.phone(`u${n}`));
    for (const [n, phone] of phones.entries()) played.world.timers.set(n * 2, () => phone.register());
    played.world.run(47);
    // Answers that are on their way are answers: they left after the commit.
    const answered = phones.map(({ wire }) =>
      played.world.packets.some(
        ({ to, text }) => to.port === wire.local.port && to.host === wire.local.host && text.startsWith('SIP/2.0 200'),
      ),
    );
    expect(new Set(answered)).toEqual(new Set([true, false]));
    played.world.restart();
    expect(phones.map(({ user }) => bound(played, user).length === 1)).toEqual(answered);
  });

  it('a binding expires when it would have', () => {
    const played = scene();
    const { world, alice, mobile } = played;
    mobile.register({ expiresSeconds: 100, keep: false });
    world.run(50_000);
    world.restart();
    world.run(49_000);
    expect(bound(played)).toHaveLength(1);
    world.run(2000);
    expect(bound(played)).toHaveLength(0);
    const call = alice.call('bob');
    world.run(500);
    expect(call.status).toBe(480);
    expect(world.push.pushes).toEqual([]);
  });

  it('a binding that expired while the service was down is not known, and not pushed', () => {
    const openStore = disk();
    const first = scene({ openStore });
    first.mobile.register({ expiresSeconds: 100, keep: false });
    first.world
      .phone('tablet', { user: 'bob', push: { ...push, prid: 'other' } })
      .register({ expiresSeconds: 1000, keep: false });
    first.world.run(500);
    expect(bound(first)).toHaveLength(2);
    const later = scene({ openStore, startMs: 101_000 });
    expect(bound(later)).toHaveLength(1);
    later.alice.call('bob');
    later.world.run(500);
    expect(later.world.push.sent('incoming-call').map(({ request }) => request.prid)).toEqual(['other']);
  });

  it('what was unregistered or replaced stays so', () => {
    const played = scene();
    const { world, mobile } = played;
    const relaunched = world.phone('relaunched', { user: 'carol', instance: 'urn:uuid:00000000-0000-1000-8000-000a95a0e128' });
    mobile.register({ keep: false });
    relaunched.register({ keep: false });
    world.run(500);
    mobile.unregister();
    relaunched.relaunch(world.wire('10.0.77.1'));
    relaunched.register({ keep: false });
    world.run(500);
    world.restart();
    expect(bound(played)).toEqual([]);
    const [binding, ...others] = world.service.service.location.of('sip:carol@example.com');
    expect(others).toEqual([]);
    expect(binding?.binding.target.contact).toContain('10.0.77.1');
  });

  it('a device is asleep although it was awake before, since its connection is gone', () => {
    const played = scene({ config: { push: { awakeForMs: 60_000 } } });
    const { world } = played;
    world.phone('app', { user: 'carol', transport: 'tcp', push }).register({ keep: false });
    world.run(500);
    expect(bound(played, 'carol')).toMatchObject([{ asleep: false }]);
    world.restart();
    world.run(500);
    expect(bound(played, 'carol')).toMatchObject([{ asleep: true }]);
  });

  it('requests of calls from before get 481, so that phones clear (RFC 3261 §12.2.2)', () => {
    const { world, alice, mobile } = scene();
    const desk = world.phone('desk', { user: 'bob', onInvite: 'answer' });
    desk.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(500);
    expect(call.state).toBe('answered');
    world.restart();
    const bye = call.bye();
    world.run(500);
    expect(bye?.status).toBe(481);
    expect(mobile.calls).toEqual([]);
    expectQuiet(world);
  });
});

describe('the real process', () => {
  const LIMIT_MS = 20_000;
  const wires: Wire[] = [];
  const children: Child[] = [];
  afterEach(async () => {
    for (const wire of wires.splice(0)) wire.close();
    for (const child of children.splice(0)) await child.stop('SIGKILL');
  });

  const root = fileURLToPath(new URL('../..', import.meta.url));
  async function started(): Promise<{ child: Child; port: number }> {
    const child = new Child(process.execPath, [join(root, 'src/main.ts'), '--config', join(folder, 'callweave.yaml')], folder);
    children.push(child);
    await child.says(/listening on udp 127\.0\.0\.1:\d+/, LIMIT_MS);
    return { child, port: Number(/udp 127\.0\.0\.1:(\d+)/.exec(child.said)?.[1]) };
  }
  async function phone(user: string, port: number, how: object = {}): Promise<Phone> {
    const wire = await openSocketWire('udp', '127.0.0.1');
    wires.push(wire);
    const random = new SeededRandom(wire.local.port);
    return new Phone({
      user,
      domain: 'example.com',
      proxy: { host: '127.0.0.1', port },
      password: `${user}-secret`,
      wire,
      random,
      ...how,
    });
  }
  async function until(what: string, holds: () => boolean): Promise<void> {
    for (let n = 0; !holds(); n++) {
      if (n > LIMIT_MS / 10) throw new Error(`this did not happen: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('is killed, starts again, pushes to the sleeping phone of before, and rings it when it registers', {
    timeout: 120_000,
  }, async () => {
    writeFileSync(
      join(folder, 'callweave.yaml'),
      [
        'listen: [udp:127.0.0.1:0]',
        'domains: [example.com]',
        'users: { alice: { password: alice-secret }, bob: { password: bob-secret } }',
        'store: { path: ./bindings.sqlite }',
        'admin: off',
        'log: { format: json }',
      ].join('\n'),
    );
    const first = await started();
    const app = await phone('bob', first.port, { push });
    const registration = app.register();
    await until('the phone registers', () => registration.status === 200);
    app.sleep();
    await first.child.stop('SIGKILL');

    const second = await started();
    await second.child.says(/1 binding restored/, LIMIT_MS);
    const alice = await phone('alice', second.port);
    const call = alice.call('bob');
    await until('the caller hears that the phone is woken', () => alice.received(182).length === 1);
    await second.child.says(/"kind":"incoming-call"/, LIMIT_MS);
    const woken = await phone('bob', second.port, { push, onInvite: 'answer' });
    woken.register();
    await until('the woken phone answers', () => call.state === 'answered');
    const bye = call.bye();
    await until('the call ends', () => bye?.status === 200 && woken.calls[0]?.end === 'hungUp');
    expect([...alice.complaints, ...woken.complaints]).toEqual([]);
    await second.child.stop('SIGTERM');
    expect(await second.child.ended).toBe(0);
  });
});
