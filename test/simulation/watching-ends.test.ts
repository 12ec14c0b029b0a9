import { expect, it } from 'vitest';
import { ringGroup } from '../../machines/supervisors/ring-group.ts';
import { watcherIn } from '../support/lamps.ts';
import { dial, office, usersWith } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

const GROUP = { scenario: ringGroup, settings: { group: 'frank', members: ['bob', 'carol'] } };

it.each(['picked up', 'diverted'])('lamps of a ring group’s members go out when the call is %s', (how) => {
  const users = usersWith(how === 'diverted' ? { frank: 'onNoAnswer: dave, ringSeconds: 3' } : {});
  const { world, alice, dave } = office({ watch: 'all', mode: 'callback' }, { ...users, scenarios: [GROUP] });
  const watcher = watcherIn(world, 'erin');
  const lamps = ['bob', 'carol', 'dave'].map((name) => watcher.watch(name));
  const shown = () => lamps.map(({ shows }) => shows);
  world.run(1_500);
  const call = alice.call('frank');
  world.run(1_500);
  expect(shown()).toEqual([['recipient early'], ['recipient early'], []]);
  if (how === 'picked up') dave.call(dial('**bob'));
  world.run(3_500);
  expect(dave.incoming?.state).toBe('ringing');
  expect(shown()).toEqual([[], [], ['recipient early']]);
  call.cancel();
  world.run(1_500);
  expect(shown()).toEqual([[], [], []]);
  expectQuiet(world);
  expect(watcher.complaints).toEqual([]);
});

it.each(['the caller gives up', 'another answers', 'the call is picked up'])(
  'the lamp of whom a phone redirected to, and who sleeps, goes out when %s',
  (how) => {
    const stage = office({ watch: 'all', mode: 'callback' });
    const { world, alice, bob, carol, dave } = stage;
    dave.register({ expiresSeconds: 0 });
    const push = { provider: 'apns', prid: 'token-of-dave', param: 'TEAM.app.voip' };
    const mobile = world.phone('mobile', { user: 'dave', push, instance: 'urn:uuid:1' });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, push.prid, { afterMs: 20_000, times: 1 });
    const watcher = watcherIn(world, 'erin');
    const lamp = watcher.watch('dave');
    const desk = world.phone('desk', { user: 'bob', onInvite: 'ring' });
    desk.register();
    world.run(1_500);
    const call = alice.call('bob');
    world.run(500);
    bob.incoming?.redirect('sip:dave@example.com');
    world.run(1_500);
    expect([desk.incoming?.state, lamp.shows]).toEqual(['ringing', ['recipient early']]);
    if (how === 'the caller gives up') call.cancel();
    else if (how === 'another answers') desk.incoming?.answer();
    else carol.call(dial('**bob'));
    world.run(2_500);
    expect(lamp.shows).toEqual([]);
    if (call.state === 'answered') call.bye();
    else call.cancel();
    expectQuiet(world);
    expect(watcher.complaints).toEqual([]);
  },
);

it('what stands behind a code that somebody dials is for nobody who watches', () => {
  const { world, alice, dave } = office({ watch: 'all' });
  const watcher = watcherIn(world, 'erin');
  const lamp = watcher.watch('dave');
  world.run(1_500);
  const call = alice.call('bob');
  world.run(500);
  dave.call(dial('**bob'));
  world.run(1_500);
  const documents = lamp.notices.map(({ body }) => body).join();
  expect(documents).toContain('sip:**@example.com');
  expect(documents).not.toContain('**bob');
  call.bye();
  expectQuiet(world);
});
