import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { menu } from '../support/menus.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const NUMBERS = { '100': 'main' };
const BEEP = { prompts: ['tone:beep'] };
const ring = (...whom: string[]) => ({ does: 'ring', whom }) as const;
const MAIN = menu(
  {
    '1': ring('bob'),
    '2': ring('bob', 'carol'),
    '3': { does: 'dial', prompts: ['tone:beep'], max: 4 },
    '4': {
      ...{ does: 'pin', pin: 'door', prompts: ['tone:beep'], tries: 2 },
      ...{ next: ring('bob'), otherwise: { does: 'hangUp' } },
    },
    '9': { does: 'repeat' },
    '#': { does: 'hangUp' },
  },
  { ...BEEP, nobody: ['tone:busy'], invalid: [], silent: [], fallBack: ring('carol') },
);
const YAML = `users:
  alice: { password: alice-secret }
  bob: { password: bob-secret, numbers: ["2468"], onBusy: "100" }
  carol: { password: carol-secret }
trunks: { carrier: { server: "sip:10.0.8.1", inboundTo: "100" } }
ivr: { numbers: { "100": main }, menus: { main: {} } }
`;

type Options = NonNullable<ConstructorParameters<typeof IvrStage>[0]>;
/** Alice has dialled the menu and hears it; Bob's and Carol's phones ring until they are answered. */
function scene(options: Options = {}) {
  const { domains, ...config } = routed(YAML) as Record<string, unknown>;
  const stage = new IvrStage({
    ivr: { numbers: NUMBERS, menus: { main: MAIN }, pins: { door: '8153' } },
    ...options,
    config: { ...config, ...options.config } as never,
  });
  const { world } = stage;
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => stage.phone(name, { onInvite: 'ring' })) as [
    Phone,
    Phone,
    Phone,
  ];
  const call = alice.call('sip:100@example.com');
  world.run(1_000);
  return { stage, world, alice, bob, carol, call };
}
/** Both hear each other, and a key goes from one to the other. */
function expectTalk(stage: IvrStage, one: Phone, other: Phone): void {
  const [a, b] = [stage.mediaOf(one), stage.mediaOf(other)];
  const before = [a.packets, b.packets];
  a.talk(1_000);
  b.talk(1_000);
  stage.world.run(1_500);
  expect([a.packets - (before[0] ?? 0), b.packets - (before[1] ?? 0)]).toEqual([50, 50]);
}

describe('a caller in a menu', () => {
  it('is led to whom a key stands for, and they talk', () => {
    const { stage, world, alice, bob, call } = scene();
    expect(call.status).toBe(200);
    expect(stage.mediaOf(alice).packets).toBeGreaterThan(20);
    stage.press(alice, '1');
    expect(bob.incoming?.state).toBe('ringing');
    bob.incoming?.answer();
    world.run(500);
    expect(stage.refused).toEqual([]);
    expectTalk(stage, alice, bob);
    stage.press(alice, '5');
    expect(stage.mediaOf(bob).keys).toBe('5');
    bob.calls[0]?.bye();
    world.run(500);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
    expect(stage.problems).toEqual([]);
  });

  it('hears ringing while it rings, and the menu again where nobody answers', () => {
    const { stage, world, alice, bob, carol } = scene();
    stage.press(alice, '2');
    expect([bob.incoming?.state, carol.incoming?.state]).toEqual(['ringing', 'ringing']);
    const before = stage.mediaOf(alice).packets;
    world.run(10_000);
    expect(stage.mediaOf(alice).packets - before).toBeGreaterThan(480);
    bob.incoming?.decline(486);
    world.run(11_000);
    expect([bob.calls[0]?.end, carol.calls[0]?.end]).toEqual(['failed', 'cancelled']);
    expect(stage.entries('media.play').at(-1)).toMatchObject({ prompts: ['tone:busy', 'tone:beep'] });
    stage.press(alice, '1');
    expect(bob.calls).toHaveLength(2);
    bob.incoming?.answer();
    world.run(500);
    expectTalk(stage, alice, bob);
    alice.calls[0]?.bye();
    expectQuiet(world);
  });

  it('falls back to somebody by pressing nothing, and is hung up on where nobody is there', () => {
    const { stage, world, carol, call } = scene();
    world.run(11_000);
    expect(carol.incoming?.state).toBe('ringing');
    carol.incoming?.decline(486);
    world.run(3_000);
    expect([call.end, call.endReason]).toEqual(['hungUp', 'SIP;cause=200;text="Menu Is Over"']);
    expect(stage.refused).toEqual([]);
    expectQuiet(world);
  });

  it('may hang up at any time', () => {
    const { stage, world, alice, bob, call } = scene();
    stage.press(alice, '1');
    expect(bob.incoming?.state).toBe('ringing');
    call.bye();
    world.run(500);
    expect(bob.calls[0]?.end).toBe('cancelled');
    expectQuiet(world);
  });

  it('hangs up by a key', () => {
    const { stage, world, alice, call } = scene();
    stage.press(alice, '#');
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('wakes a phone that sleeps', () => {
    const { stage, world, alice, bob } = scene();
    bob.unregister();
    world.run(500);
    const push = { provider: 'apns', prid: 'token', param: 'TEAM.app.voip' };
    const mobile = stage.phone('mobile', { user: 'bob', push, onInvite: { ringAfterMs: 100, answerAfterMs: 1_000 } });
    world.sleepUntilPushed(mobile, 'token', { afterMs: 1_500 });
    world.run(500);
    stage.press(alice, '1');
    expect(world.push.sent('incoming-call', 'token')).toHaveLength(1);
    world.run(4_000);
    expect(mobile.calls[0]?.confirmed).toBe(true);
    expectTalk(stage, alice, mobile);
    mobile.calls[0]?.bye();
    expectQuiet(world);
  });

  it('dials an extension, as far as there is one', () => {
    const { stage, world, alice, bob } = scene();
    stage.press(alice, '3');
    stage.press(alice, '2469');
    expect(stage.entries('route.failed')).toHaveLength(1);
    expect(stage.entries('media.play').at(-1)).toMatchObject({ prompts: ['tone:beep'] });
    stage.press(alice, '3');
    stage.press(alice, '2468');
    expect(bob.incoming?.state).toBe('ringing');
    bob.incoming?.answer();
    world.run(500);
    expectTalk(stage, alice, bob);
    alice.calls[0]?.bye();
    expectQuiet(world);
  });

  it.each([
    ['the right one', '8153#', 'ringing', ''],
    ['the right one at the second try', '1111#8153#', 'ringing', ''],
    ['a wrong one, twice', '1111#2222#', undefined, 'hungUp'],
  ])('is let through by a PIN: %s', (_, keys, rung, end) => {
    const { stage, world, alice, bob, call } = scene();
    stage.press(alice, `4${keys}`);
    world.run(1_000);
    expect([bob.incoming?.state, call.end]).toEqual([rung, end]);
    if (end === '') call.bye();
    expectQuiet(world);
  });

  it('may type ahead, and gets all the way', () => {
    const { stage, world, alice, bob, call } = scene();
    stage.press(alice, '32468');
    expect(bob.incoming?.state).toBe('ringing');
    call.bye();
    expectQuiet(world);
  });
});

describe('a menu is reached', () => {
  it('by calls that a busy phone diverts to it', () => {
    const { stage, world, bob, carol, call } = scene();
    call.bye();
    bob.onInvite = { decline: 486 };
    const diverted = carol.call('bob');
    world.run(1_000);
    expect(diverted.status).toBe(200);
    bob.onInvite = 'ring';
    stage.press(carol, '1');
    bob.incoming?.answer();
    world.run(500);
    expectTalk(stage, carol, bob);
    diverted.bye();
    expectQuiet(world);
  });

  it('by a colleague’s transfer', () => {
    const { stage, world, alice, bob, carol, call } = scene();
    call.bye();
    carol.onInvite = 'answer';
    const talk = alice.call('carol');
    world.run(500);
    const refer = carol.calls[0]?.request('REFER', { headers: [['Refer-To', '<sip:100@example.com>']] });
    world.run(1_500);
    expect([refer?.status, carol.calls[0]?.end, talk.state]).toEqual([202, 'hungUp', 'answered']);
    stage.press(alice, '1');
    bob.incoming?.answer();
    world.run(500);
    expectTalk(stage, alice, bob);
    talk.bye();
    expectQuiet(world);
  });

  it('by calls that a trunk brings', () => {
    const { stage, world, call } = scene();
    call.bye();
    const trunk = new TrunkPeer(world as never);
    trunk.call('100', { uri: 'sip:+4930@10.0.0.1' });
    world.run(1_000);
    expect(stage.entries('menu.dialled').at(-1)).toMatchObject({ menu: 'main', callee: 'sip:100@example.com' });
    expect(trunk.raw.received.map(({ status }) => status)).toContain(200);
    world.run(120_000);
    expectQuiet(world);
  });

  it('and refuses who speaks neither PCMU nor PCMA', () => {
    const { world, alice, call } = scene();
    call.bye();
    const sdp = [
      ...['v=0', 'o=x 1 1 IN IP4 10.1.0.1', 's=-', 'c=IN IP4 10.1.0.1', 't=0 0'],
      ...['m=audio 40000 RTP/AVP 9', 'a=rtpmap:9 G722/8000', ''],
    ].join('\r\n');
    const other = alice.call('sip:100@example.com', { sdp });
    world.run(1_000);
    expect(other.status).toBe(488);
    expectQuiet(world);
  });
});
