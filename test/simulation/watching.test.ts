import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { headerOf } from '../../src/testing/phone-message.ts';
import { type ServiceWorld, serviceWorld } from '../../src/testing/service-world.ts';
import type { Lamp, Watcher } from '../../src/testing/watcher.ts';
import { watcherIn } from '../support/lamps.ts';
import { dial, office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';

const statesOf = (lamp: Lamp): string[] =>
  lamp.notices.flatMap(({ dialogs }) => dialogs.map(({ state, event }) => `${state} ${event}`.trim()));

/** All rests, and the watcher has nothing to complain of. */
function expectDark(world: ServiceWorld, ...watchers: readonly Watcher[]): void {
  expectQuiet(world);
  expect(watchers.flatMap(({ complaints }) => complaints)).toEqual([]);
  for (const { lamps } of watchers) for (const lamp of lamps) expect(lamp.shows, 'at rest nobody talks').toEqual([]);
}

/** Carol watches Bob. */
function watching(...how: Parameters<typeof office>) {
  const stage = office(...how);
  const watcher = watcherIn(stage.world, 'carol');
  const lamp = watcher.watch('bob');
  stage.world.run(1_500);
  return { ...stage, watcher, lamp };
}

describe('a lamp', () => {
  it('is told at once that nobody rings, in full', () => {
    const { world, watcher, lamp } = watching();
    expect([lamp.status, lamp.expiresSeconds]).toEqual([200, 3600]);
    expect(lamp.notices).toHaveLength(1);
    expect(lamp.latest).toMatchObject({ version: 0, kind: 'full', entity: 'sip:bob@example.com', dialogs: [] });
    expect(lamp.latest?.subscription).toMatch(/^active;expires=3(600|599)$/);
    expectDark(world, watcher);
  });

  it('follows a call to its user from the first ring to the end, with who calls', () => {
    const { world, alice, bob, watcher, lamp } = watching({}, { config: {} });
    const call = alice.call('bob');
    world.run(300);
    expect(lamp.shows).toEqual(['recipient early']);
    const [dialog] = lamp.dialogs.values();
    expect(dialog).toMatchObject({ local: 'sip:bob@example.com', remote: 'sip:alice@example.com', direction: 'recipient' });
    world.run(2_000);
    bob.incoming?.answer();
    world.run(300);
    expect(lamp.shows).toEqual(['recipient confirmed']);
    world.run(5_000);
    call.bye();
    world.run(300);
    expect(lamp.shows).toEqual([]);
    expect(statesOf(lamp)).toEqual(['early', 'confirmed', 'terminated']);
    expect(lamp.notices.map(({ kind }) => kind)).toEqual(['full', 'partial', 'partial', 'partial']);
    expectDark(world, watcher);
  });

  it('follows a call that its user makes', () => {
    const { world, alice, bob, watcher, lamp } = watching();
    const call = bob.call('alice');
    world.run(1_500);
    expect(lamp.shows).toEqual(['initiator early']);
    expect([...lamp.dialogs.values()][0]).toMatchObject({ remote: 'sip:alice@example.com' });
    alice.incoming?.answer();
    world.run(1_500);
    expect(lamp.shows).toEqual(['initiator confirmed']);
    call.bye();
    world.run(1_000);
    expectDark(world, watcher);
  });

  it.each([
    ['the caller gives up', 'cancelled'],
    ['the callee declines', 'rejected'],
    ['a colleague takes it', 'replaced'],
  ])('goes out when %s', (_, event) => {
    const { world, alice, bob, dave, watcher, lamp } = watching();
    const call = alice.call('bob');
    world.run(2_000);
    if (event === 'cancelled') call.cancel();
    else if (event === 'rejected') bob.incoming?.decline(486);
    else dave.call(dial('**bob'));
    world.run(2_000);
    expect(lamp.shows).toEqual([]);
    expect(statesOf(lamp).at(-1)).toBe(`terminated ${event}`);
    if (event === 'replaced') call.bye();
    world.run(1_000);
    expectDark(world, watcher);
  });

  it('shows who picked a call up as talking', () => {
    const { world, alice, dave } = watching();
    const watcher = watcherIn(world, 'carol');
    const lamp = watcher.watch('dave');
    const call = alice.call('bob');
    world.run(500);
    dave.call(dial('**bob'));
    world.run(3_000);
    expect(lamp.shows).toEqual(['recipient confirmed']);
    expect([...lamp.dialogs.values()][0]).toMatchObject({ remote: 'sip:alice@example.com' });
    call.bye();
    world.run(2_000);
    expectDark(world, watcher);
  });

  it('that begins late shows what goes on', () => {
    const { world, alice, bob, carol, dave } = office();
    const [talk, ringing] = [alice.call('bob'), carol.call('dave')];
    world.run(500);
    bob.incoming?.answer();
    world.run(5_000);
    const watcher = watcherIn(world, 'erin');
    const lamps = ['bob', 'carol', 'dave'].map((name) => watcher.watch(name));
    world.run(300);
    expect(lamps.map(({ notices, shows }) => [notices.length, ...shows])).toEqual([
      [1, 'recipient confirmed'],
      [1, 'initiator early'],
      [1, 'recipient early'],
    ]);
    talk.bye();
    ringing.cancel();
    world.run(1_500);
    expect(dave.incoming?.end).toBe('cancelled');
    expectDark(world, watcher);
  });

  it('shows nobody who asked not to be shown', () => {
    const { world, alice, bob, watcher, lamp } = watching();
    const call = alice.call('bob', { headers: [['Privacy', 'id']] });
    world.run(1_500);
    bob.incoming?.answer();
    world.run(3_000);
    for (const { body } of lamp.notices) expect(body).not.toContain('alice');
    expect(lamp.notices.flatMap(({ dialogs }) => dialogs.map(({ remote }) => remote))).toEqual(
      Array(2).fill('sip:anonymous@anonymous.invalid'),
    );
    call.bye();
    world.run(1_000);
    expectDark(world, watcher);
  });

  it('hears at most once a second, and of a call that rang and ended in between not at all', () => {
    const { world, alice, watcher, lamp } = watching();
    for (let n = 0; n < 12; n++) {
      const call = alice.call('bob');
      world.run(150);
      call.cancel();
      world.run(150);
    }
    world.run(2_000);
    const times = lamp.notices.map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(2);
    expect(Math.min(...times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0)))).toBeGreaterThan(900);
    expect(lamp.shows).toEqual([]);
    expectDark(world, watcher);
  });
});

describe('a subscription', () => {
  it('is refreshed with all there is, and taken back', () => {
    const { world, alice, watcher, lamp } = watching();
    const call = alice.call('bob');
    world.run(3_000);
    watcher.refresh(lamp, { expiresSeconds: 600 });
    world.run(1_200);
    expect([lamp.status, lamp.expiresSeconds]).toEqual([200, 600]);
    expect(lamp.latest).toMatchObject({ version: 2, kind: 'full' });
    expect(lamp.shows).toEqual(['recipient early']);
    watcher.refresh(lamp, { expiresSeconds: 0 });
    world.run(1_200);
    expect(lamp.over).toBe('terminated;reason=timeout');
    expect(world.service.service.engine.countActors('subscription')).toBe(0);
    call.cancel();
    watcher.refresh(lamp, { expiresSeconds: 600 });
    world.run(1_200);
    expect(lamp.status, 'of a subscription that is over').toBe(481);
    expectQuiet(world);
  });

  it('expires', () => {
    const { world, watcher, lamp } = watching();
    watcher.refresh(lamp, { expiresSeconds: 60 });
    world.run(59_000);
    expect(lamp.over).toBe('');
    world.run(2_000);
    expect(lamp.over).toBe('terminated;reason=timeout');
    expectDark(world, watcher);
  });

  it('of no time is answered with what is true now', () => {
    const { world, alice } = office();
    const call = alice.call('bob');
    world.run(500);
    const watcher = watcherIn(world, 'dave');
    const lamp = watcher.watch('bob', { expiresSeconds: 0 });
    world.run(500);
    expect([lamp.status, lamp.notices.length, lamp.shows, lamp.over]).toEqual([
      200,
      1,
      ['recipient early'],
      'terminated;reason=timeout',
    ]);
    call.cancel();
    expectQuiet(world);
  });

  it.each([
    ['a user of no group', 'alice', 'bob', {}, 403, ''],
    ['nobody’s', 'carol', 'nobody', {}, 404, ''],
    ['another package', 'carol', 'bob', { event: 'message-summary' }, 489, 'allow-events'],
    ['no package', 'carol', 'bob', { event: '' }, 489, 'allow-events'],
    ['shared lines', 'carol', 'bob', { event: 'dialog;sla' }, 489, 'allow-events'],
    ['a type that is not there', 'carol', 'bob', { accept: 'application/pidf+xml' }, 406, 'accept'],
    ['too short a time', 'carol', 'bob', { expiresSeconds: 10 }, 423, 'min-expires'],
    ['any type', 'carol', 'bob', { accept: 'text/plain, */*;q=0.1' }, 200, ''],
    ['no type in particular', 'carol', 'bob', { accept: '' }, 200, ''],
    ['himself', 'alice', 'alice', {}, 200, ''],
    ['a member, as a picker', 'erin', 'bob', {}, 200, ''],
    ['a picker, as a member', 'bob', 'erin', {}, 403, ''],
  ] as const)('to %s is judged', (_, user, to, how, status, needed) => {
    const { world } = office();
    const watcher = watcherIn(world, user);
    const lamp = watcher.watch(to, how);
    world.run(1_000);
    expect(lamp.status).toBe(status);
    if (needed !== '' && lamp.response !== undefined) expect(headerOf(lamp.response, needed)).not.toBe('');
    expect(lamp.notices).toHaveLength(status === 200 ? 1 : 0);
    expectQuiet(world);
    expect(watcher.complaints).toEqual([]);
  });

  it('of everybody to everybody is allowed where the config says so', () => {
    const { world } = office({ watch: 'all' });
    const lamp = watcherIn(world, 'alice').watch('bob');
    world.run(500);
    expect(lamp.status).toBe(200);
    expectQuiet(world);
  });

  it('ends where its NOTIFY is refused, or nobody takes it', () => {
    const { world, alice, lamp } = watching();
    lamp.answer = () => 481;
    const mute = watcherIn(world, 'dave').watch('bob');
    mute.answer = () => undefined;
    alice.call('bob').cancel();
    alice.call('bob');
    world.run(70_000);
    expect(world.service.service.engine.countActors('subscription')).toBe(0);
    expectQuiet(world);
  });

  it('is unknown after a restart, and told its end when the service stops', () => {
    const { world, watcher, lamp } = watching();
    world.service.service.stop();
    world.run(500);
    expect(lamp.over).toBe('terminated;reason=deactivated');
    world.restart();
    watcher.refresh(lamp);
    world.run(500);
    expect(lamp.status).toBe(481);
    expectQuiet(world);
  });

  it('begins no more while the service drains', () => {
    const { world, alice, watcher, lamp } = watching();
    const call = alice.call('bob');
    world.run(500);
    world.service.service.drain(() => undefined);
    const late = watcherIn(world, 'dave').watch('bob');
    world.run(1_500);
    expect(late.status).toBe(503);
    expect(lamp.shows).toEqual(['recipient early']);
    call.cancel();
    world.run(2_000);
    expectDark(world, watcher);
  });
});

it('OPTIONS tell of it where users may watch each other, and only there', () => {
  const asked = (stage: ReturnType<typeof office>): string[] => {
    const sent = stage.alice.request('OPTIONS', 'sip:example.com');
    stage.world.run(500);
    const answer = sent.response;
    return answer === undefined ? [] : ['allow', 'allow-events'].map((name) => headerOf(answer, name));
  };
  const [allow, events] = asked(office());
  expect([allow?.includes('SUBSCRIBE'), events]).toEqual([true, 'dialog, refer']);
  const off = serviceWorld();
  const phone = off.phone('alice');
  const sent = phone.request('OPTIONS', 'sip:example.com');
  const refused = watcherIn(off, 'alice').watch('bob');
  off.run(500);
  expect(headerOf(sent.response ?? { method: '', uri: '', status: 0, reason: '', headers: [], body: '' }, 'allow')).not.toContain(
    'SUBSCRIBE',
  );
  expect(refused.status).toBe(489);
});

it('a call costs what its own watchers cost, however many watch others', () => {
  const costOf = (watchers: number): number => {
    const { world, alice, bob } = office({ watch: 'all' });
    const watcher = watcherIn(world, 'frank');
    for (let n = 0; n < watchers; n++) watcher.watch(n % 2 === 0 ? 'dave' : 'erin');
    world.run(5_000);
    const { engine } = world.service.service;
    const before = engine.evaluations;
    const call = alice.call('bob');
    world.run(1_000);
    bob.incoming?.answer();
    world.run(1_000);
    call.bye();
    world.run(1_000);
    const cost = engine.evaluations - before;
    expectDark(world, watcher);
    return cost;
  };
  expect(costOf(60)).toBe(costOf(0));
});

test.prop(
  [
    fc.array(
      fc.record({
        event: fc.oneof(
          fc.constantFrom('dialog', 'dialog;id=7', 'dialog;sla', ';', 'dialog;;=', ''),
          fc.string({ maxLength: 40 }),
        ),
        accept: fc.oneof(fc.constantFrom('', '*/*', 'application/dialog-info+xml;q=0', ',,,'), fc.string({ maxLength: 40 })),
        expires: fc.constantFrom('', '0', '60', '3600', '99999999999999', '-1', 'soon'),
        to: fc.constantFrom(
          'sip:bob@example.com',
          'sip:example.com',
          'sip:nobody@example.com',
          'tel:+49',
          'sip:bob@elsewhere.example',
        ),
        contacts: fc.constantFrom(0, 1, 2),
        tag: fc.constantFrom('', ';tag=x', ';tag='),
        from: fc.constantFrom('alice', 'bob', 'nobody'),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    fc.integer({ min: 0, max: 1_000 }),
  ],
  { numRuns: 25 },
)('whatever a SUBSCRIBE says, it is answered, and what it began ends', (asked, seed) => {
  const { world } = office({}, { seed, config: { auth: 'none' } });
  const peer = new RawPeer(world);
  peer.hears = (message) => {
    if (message.method === 'NOTIFY') peer.reply(message, seed % 3 === 0 ? 481 : 200);
  };
  const clean = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').trim();
  for (const { event, accept, expires, to, contacts, tag, from } of asked) {
    const all: [string, string][] = [
      ['To', `<${to}>${tag}`],
      ['From', `<sip:${from}@example.com>;tag=f`],
      ['Event', clean(event)],
      ['Accept', clean(accept)],
      ['Expires', expires],
      ...Array.from({ length: contacts }, (): [string, string] => ['Contact', `<${peer.contact}>`]),
    ];
    peer.request(
      'SUBSCRIBE',
      to,
      all.filter(([, value]) => value !== ''),
    );
    world.run(50);
  }
  world.run(1_000);
  expect(peer.received.filter(({ status }) => status >= 200)).toHaveLength(asked.length);
  world.run(8_000_000);
  expect(world.service.service.engine.countActors('subscription')).toBe(0);
  expectQuiet(world);
});
