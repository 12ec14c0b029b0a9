import { describe, expect, it } from 'vitest';
import { ringBack } from '../../machines/supervisors/ring-back.ts';
import type { InviteScript, Phone } from '../../src/testing/phone.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { callOf, storyOf } from '../support/insight.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { code, menu } from '../support/menus.ts';
import { dial, office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const PRID = 'secret-token';

/** Alice, who calls, and Bob's desk phone, which does as it is told. */
function scene(bobs?: InviteScript, options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ insight: true, ...options });
  const alice = world.phone('alice');
  alice.register();
  const bob = bobs === undefined ? undefined : world.phone('bob', { onInvite: bobs });
  bob?.register();
  world.run(500);
  return { world, alice, bob };
}

/** Bob's mobile sleeps beside it, and wakes so often. */
function asleep(times: number, bobs?: InviteScript) {
  const stage = scene(bobs);
  const mobile = stage.world.phone('mobile', { user: 'bob', push: { provider: 'apns', prid: PRID }, onInvite: 'ring' });
  mobile.register();
  stage.world.run(500);
  stage.world.sleepUntilPushed(mobile, PRID, { afterMs: 1000, times });
  return { ...stage, mobile };
}

/** How the n-th call ended: in a few words, and as the story's last sentence. */
function endOf(world: ReturnType<typeof scene>['world'], n = 1): readonly [why: string, end: string] {
  const { why, story } = callOf(world, n);
  expect(story.at(-1)?.tone).toBe('end');
  return [why, story.at(-1)?.text ?? ''];
}

describe('the story of a call that nobody answered says why', () => {
  it('no phone is registered', () => {
    const { world, alice } = scene();
    alice.call('bob');
    expectQuiet(world);
    expect(storyOf(world)).toEqual([
      'Alice called Bob',
      'Nobody could be rung: Bob has no phone registered, and none that can be woken, so Alice got 480 Temporarily Unavailable',
    ]);
  });

  it('it rang as long as phones ring', () => {
    const { world, alice } = scene('ring', { config: { calls: { ringLimitMs: 30_000 } } });
    alice.call('bob');
    expectQuiet(world);
    expect(storyOf(world)).toEqual([
      'Alice called Bob',
      "Bob's phone was called",
      "Bob's phone rang",
      "Bob's phone did not answer in 30 s",
      "Bob's phone did not answer in 30 s, so Alice got 480 Temporarily Unavailable",
    ]);
    expect(callOf(world).story.map(({ tone }) => tone)).toEqual(['plain', 'plain', 'good', 'bad', 'end']);
  });

  it.each([
    [{ decline: 486 }, "Bob's phone was busy", ', so Alice got 486 Busy Here'],
    [{ decline: 603 }, "Bob's phone declined", ', so Alice got 603 Decline'],
    [{ decline: 488 }, "Bob's phone refused the call", ', so Alice got 488 Whatever'],
  ] as const)('its phone said no: %o', (script, why, got) => {
    const { world, alice } = scene(script);
    alice.call('bob');
    expectQuiet(world);
    expect(endOf(world)).toEqual([why, why + got]);
  });

  it('its phone is gone', () => {
    const { world, alice, bob } = scene('ring');
    bob?.vanish();
    alice.call('bob');
    expectQuiet(world);
    expect(storyOf(world).slice(2, 3)).toEqual(["Bob's phone has said nothing so far"]);
    expect(callOf(world).why).toBe("Bob's phone could not be reached");
  });

  it('several phones, each in its own way', () => {
    const { world, alice } = asleep(0, { decline: 486 });
    alice.call('bob');
    expectQuiet(world);
    expect(callOf(world).why).toBe("Bob's phone was busy, Bob's mobile was pushed and did not wake up in time");
  });

  it('two of the same kind are told apart', () => {
    const { world, alice } = scene('ring');
    world.phone('desk', { user: 'bob', onInvite: 'ring' }).register();
    world.run(300);
    alice.call('bob');
    expectQuiet(world);
    expect(callOf(world).parties.map(({ name }) => name)).toEqual(['Alice', "Bob's phone 1", "Bob's phone 2"]);
    expect(callOf(world).why).toBe("Bob's phones did not answer in 1 min");
  });

  it('the caller gave up', () => {
    const { world, alice } = scene('ring');
    const call = alice.call('bob');
    world.run(12_000);
    call.cancel();
    expectQuiet(world);
    expect(callOf(world)).toMatchObject({ outcome: 'cancelled', why: "Alice gave up after 12 s, while Bob's phone rang" });
  });
});

describe('the story of a push says what came of it', () => {
  it('the phone did not wake up', () => {
    const { world, alice } = asleep(0);
    alice.call('bob');
    expectQuiet(world);
    expect(storyOf(world)).toEqual([
      'Alice called Bob',
      "Bob's mobile was pushed",
      "Bob's mobile was pushed and did not wake up in time, so Alice got 480 Temporarily Unavailable",
    ]);
  });

  it('it woke up, was rung, and its user declined', () => {
    const { world, alice, mobile } = asleep(1);
    alice.call('bob');
    world.run(3000);
    mobile.incoming?.decline(603);
    expectQuiet(world);
    expect(storyOf(world)).toEqual([
      'Alice called Bob',
      "Bob's mobile was pushed",
      "Bob's mobile registered and was called",
      "Bob's mobile rang",
      "Bob's mobile declined (603 Decline)",
      "Bob's mobile declined, so Alice got 603 Decline",
    ]);
  });

  it('the push service does not know the token', () => {
    const { world, alice } = asleep(0);
    world.push.fault = 'unknown';
    alice.call('bob');
    expectQuiet(world);
    expect(storyOf(world)[1]).toBe("Bob's mobile could not be pushed: no such token");
    expect(endOf(world)).toEqual([
      "Bob's mobile could not be woken (no such token)",
      "Bob's mobile could not be woken (no such token), so Alice got 480 Temporarily Unavailable",
    ]);
  });

  it('the caller gave up meanwhile', () => {
    const { world, alice } = asleep(0);
    const call = alice.call('bob');
    world.run(3000);
    call.cancel();
    expectQuiet(world);
    expect(callOf(world).why).toBe("Alice gave up after 3 s, while Bob's mobile was being woken");
  });
});

describe('the story of a talk says who ended it', () => {
  it.each([
    ['alice', 'Alice hung up after 2 s of talk'],
    ['bob', 'Bob hung up after 2 s of talk'],
  ])('%s', (name, why) => {
    const { world, alice, bob } = scene('answer');
    const call = alice.call('bob');
    world.run(2020);
    (name === 'alice' ? call : bob?.incoming)?.bye();
    expectQuiet(world);
    expect(endOf(world)).toEqual([why, why]);
  });

  it('an operator, a scenario, the service', () => {
    const { world, alice } = scene('answer');
    const end = (n: number, author: string) => {
      alice.call('bob');
      world.run(500);
      world.service.service.engine.order({ type: 'call.end', to: `call:${n}`, status: 480, reason: '' } as never, author);
      world.run(500);
      return callOf(world, n).why;
    };
    expect(end(1, 'operator')).toBe('An operator ended the call');
    expect(end(2, 'closing-time:7')).toBe('The scenario closing-time ended the call');
    alice.call('bob');
    world.run(500);
    world.service.service.drain(() => undefined);
    expect(world.service.service.insight?.now().isDraining).toBe(true);
    expectQuiet(world);
    expect(callOf(world, 3).why).toBe('The service stopped and ended the call');
  });

  it('a party that was gone', () => {
    const { world, alice, bob } = scene('answer', { config: { calls: { aliveCheckMs: 60_000 } } });
    alice.call('bob');
    world.run(500);
    bob?.vanish();
    world.run(400_000);
    expect(callOf(world).why).toBe('Bob did not answer any more');
    expectQuiet(world);
  });
});

describe('the story of a call that moves', () => {
  it('is told of both calls of a pickup', () => {
    const { world, alice, carol } = office({}, { insight: true });
    alice.call('bob');
    world.run(3000);
    const call = carol.call(dial('*8'));
    world.run(2000);
    call.bye();
    expectQuiet(world);
    expect(storyOf(world)).toEqual([
      'Alice called Bob',
      "Bob's phone was called",
      "Bob's phone rang",
      'Carol came for the call',
      'Carol picked the call up with *8',
      'Carol hung up after 2 s of talk',
    ]);
    expect(callOf(world, 2)).toMatchObject({ why: 'Carol took the call to Bob', related: ['call:1'] });
    expect(callOf(world).related).toEqual(['call:2']);
    carol.call(dial('*8'));
    expectQuiet(world);
    expect(endOf(world, 3)).toEqual([
      'Carol found no call to take',
      'Carol found no call to take, so Carol got 404 Nothing To Pick Up',
    ]);
  });

  it('is told of both calls of a transfer', () => {
    const { world, alice, bob } = scene('answer');
    const carol = world.phone('carol', { onInvite: 'answer' });
    carol.register();
    world.run(300);
    alice.call('bob');
    world.run(300);
    bob?.incoming?.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(3000);
    carol.incoming?.bye();
    expectQuiet(world);
    expect(callOf(world).why).toBe('Bob transferred Alice to Carol');
    expect(storyOf(world, 2)).toEqual([
      'Bob transferred Alice to Carol (call:1)',
      "Carol's phone was called",
      "Carol's phone rang",
      "Carol's phone answered",
      'Alice and Carol hear each other',
      'Carol hung up after 3 s of talk',
    ]);
  });

  it('is told of a call that a scenario places', () => {
    const world = serviceWorld({ insight: true, scenarios: [ringBack], config: { codes: ['*37', '#37'] } });
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name)) as [Phone, Phone, Phone];
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    const talk = carol.call('bob');
    world.run(500);
    bob.onInvite = { decline: 486 };
    alice.call('bob');
    world.run(1000);
    alice.call('sip:*37@example.com');
    world.run(500);
    bob.onInvite = 'answer';
    talk.bye();
    world.run(10_000);
    alice.incoming?.bye();
    expectQuiet(world);
    expect(endOf(world, 3)).toEqual([
      'The scenario ring-back ended the call (480 Ring Back Is Set)',
      'The scenario ring-back ended the call (480 Ring Back Is Set)',
    ]);
    expect(storyOf(world, 4).slice(0, 2)).toEqual([
      'The scenario ring-back rang Alice, to connect Alice with Bob',
      "Alice's phone was called",
    ]);
    expect(callOf(world, 4)).toMatchObject({ why: 'Alice was connected with Bob', related: ['call:5'] });
    expect(storyOf(world, 5)[0]).toBe('Alice was connected with Bob (call:4)');
  });

  it('is told of a diversion, to a number outside at last', () => {
    const yaml = `users:
  alice: { password: alice-secret, displayName: Alice Doe }
  bob: { password: bob-secret, onBusy: carol }
  carol: { password: carol-secret, outside: true, onNoAnswer: "0123", ringSeconds: 10 }
trunks: { carrier: { server: "sip:10.0.8.1" } }
numbers: [ { match: "_0X.", trunk: carrier } ]
`;
    const { world, alice } = scene({ decline: 486 }, { config: routed(yaml) as never });
    new TrunkPeer(world as never).challenge = 0;
    world.phone('carol', { onInvite: 'ring' }).register();
    world.run(300);
    const call = alice.call('bob');
    world.run(12_000);
    call.bye();
    expectQuiet(world);
    expect(storyOf(world)).toEqual([
      'Alice Doe called Bob',
      "Bob's phone was called",
      "Bob's phone was busy (486 Busy Here)",
      'The call went on from Bob to Carol, since Bob was busy',
      "Carol's phone was called",
      "Carol's phone rang",
      'The call went on from Carol to 0123, since Carol did not answer',
      '0123 was called',
      '0123 answered',
      'Alice Doe hung up after 2 s of talk',
    ]);
  });
});

describe('the story of a menu and of codes', () => {
  const MAIN = menu(
    {
      '1': { does: 'ring', whom: ['bob'] },
      '4': {
        ...{ does: 'pin', pin: 'door', prompts: [], tries: 1 },
        ...{ next: { does: 'raise', name: 'open-door', next: { does: 'hangUp' } }, otherwise: { does: 'hangUp' } },
      },
    },
    { prompts: ['tone:beep'], nobody: [], invalid: [], silent: [], fallBack: { does: 'hangUp' } },
  );
  const PIN = '8153';
  function inMenu() {
    const { users } = routed('users:\n  alice: { password: alice-secret }\n  bob: { password: bob-secret }\n');
    const stage = new IvrStage({
      insight: true,
      ivr: { numbers: { '100': 'main' }, menus: { main: MAIN }, pins: { door: PIN } },
      config: { users },
    });
    const [alice] = [stage.phone('alice'), stage.phone('bob', { onInvite: { ringAfterMs: 50, answerAfterMs: 900 } })];
    const call = alice.call('sip:100@example.com');
    stage.world.run(1000);
    return { stage, world: stage.world, alice, call };
  }

  it('tells where the caller was sent', () => {
    const { stage, world, alice, call } = inMenu();
    stage.press(alice, '1');
    world.run(4000);
    call.bye();
    expectQuiet(world);
    expect(storyOf(world).slice(0, -1)).toEqual([
      'Alice called 100',
      'The menu "main" took the call',
      'Alice pressed keys',
      'The menu sent the call on to Bob',
      "Bob's phone was called",
      "Bob's phone rang",
      "Bob's phone answered",
    ]);
  });

  it('tells that nobody took the call there, or that no phone is there', () => {
    const { stage, world, alice } = inMenu();
    const bob = stage.world.phones.find(({ user }) => user === 'bob');
    if (bob !== undefined) bob.onInvite = { ringAfterMs: 50, decline: 486, declineAfterMs: 300 };
    stage.press(alice, '1');
    world.run(2000);
    bob?.unregister();
    world.run(500);
    stage.press(alice, '1');
    expectQuiet(world);
    const told = storyOf(world);
    expect(told.slice(3, 7)).toEqual([
      'The menu sent the call on to Bob',
      "Bob's phone was called",
      "Bob's phone rang",
      "Bob's phone was busy (486 Busy Here)",
    ]);
    expect(told.slice(7, 11)).toEqual([
      'Nobody took the call, and the menu went on',
      'Alice pressed keys',
      'The menu sent the call on to Bob',
      'No phone is there, and the menu went on',
    ]);
  });

  it('tells that a PIN was right, and never which', () => {
    const { stage, world, alice } = inMenu();
    stage.press(alice, '4');
    world.run(1000);
    stage.press(alice, PIN);
    expectQuiet(world);
    expect(storyOf(world).slice(3)).toEqual(['Alice gave the right PIN', 'Alice chose "open-door"', 'The menu ended the call']);
    expect(JSON.stringify(callOf(world))).not.toContain(PIN);
  });

  it('tells the codes that were pressed in a talk, and not what came after them', () => {
    const orders = [code('raise', '*9', { raises: 'open-door', takesArgument: true }), code('hangUp', '*0')];
    const stage = new IvrStage({ insight: true, inCallCodes: { orders, holdMusic: [] } });
    const { world } = stage;
    const [alice, bob] = [stage.phone('alice'), stage.phone('bob')];
    alice.call('bob');
    world.run(500);
    for (const phone of [alice, bob]) stage.mediaOf(phone).talk(40);
    world.run(300);
    stage.press(alice, '*971839#');
    world.run(500);
    stage.press(bob, '*0');
    expectQuiet(world);
    expect(storyOf(world).slice(4)).toEqual([
      'Alice pressed the code "*9"',
      'Alice chose "open-door"',
      'Bob pressed the code "*0"',
      'The code that was pressed ended the call',
    ]);
    expect(JSON.stringify(callOf(world))).not.toContain('71839');
  });
});
