import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { ServiceWorldOptions } from '../../src/testing/service-world.ts';
import { AudibleWorld } from '../support/audible.ts';
import { dialler } from '../support/dialler.ts';
import { expectQuiet } from '../support/quiet.ts';

const missing = (): never => {
  throw new Error('missing');
};
const incoming = (phone: Phone) => phone.incoming ?? missing();

function scene(options: ServiceWorldOptions = {}) {
  const audible = new AudibleWorld({ users: ['alice', 'bob', 'carol', 'dave'], ...options });
  const { world } = audible;
  const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((name) =>
    world.phone(name, { checksSessions: true }),
  ) as [Phone, Phone, Phone, Phone];
  for (const phone of [alice, bob, carol, dave]) phone.register();
  world.run(500);
  return { audible, world, alice, bob, carol, dave };
}
function talking(options: ServiceWorldOptions = {}) {
  const stage = scene(options);
  const call = stage.alice.call('bob');
  stage.world.run(200);
  return { ...stage, call, bobs: incoming(stage.bob) };
}
const hostsIn = (phone: Phone): string[] =>
  [...phone.received('INVITE'), ...phone.received(200), ...phone.received('ACK')]
    .map(({ message }) => /^c=IN IP4 (\S+)/m.exec(message.body)?.[1] ?? '')
    .filter((host) => host !== '');

describe('audio that passes through the service', () => {
  it('is heard by the other party, in both directions, and both see us alone', () => {
    const { audible, world, alice, bob, call, bobs } = talking();
    expect(audible.talk([alice, call], [bob, bobs])).toEqual([50, 50]);
    expect(new Set([...hostsIn(alice), ...hostsIn(bob)])).toEqual(new Set(['10.0.0.1']));
    call.bye();
    world.run(500);
    expect(audible.open).toBe(0);
    expectQuiet(world);
  });

  it('goes on after a hold, an offerless re-INVITE and one that the other side asks for', () => {
    const { audible, world, alice, bob, call, bobs } = talking();
    for (const ask of [
      () => call.reInvite({ direction: 'sendonly' }),
      () => call.reInvite(),
      () => bobs.reInvite({ sdp: '' }),
      () => bobs.reInvite(),
    ]) {
      const sent = ask();
      world.run(300);
      expect(sent.status).toBe(200);
    }
    expect(audible.talk([alice, call], [bob, bobs])).toEqual([50, 50]);
    bobs.bye();
    expectQuiet(world);
    expect(audible.open).toBe(0);
  });

  it('follows a blind transfer to the new party', () => {
    const { audible, world, alice, carol, call, bobs } = talking();
    bobs.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(1000);
    const carols = incoming(carol);
    expect(audible.talk([alice, call], [carol, carols])).toEqual([50, 50]);
    call.bye();
    world.run(500);
    expect(carols.end).toBe('hungUp');
    expectQuiet(world);
    expect(audible.open).toBe(0);
  });

  it('follows an attended transfer', () => {
    const { audible, world, alice, bob, carol, call, bobs } = talking();
    const consult = bob.call('carol');
    world.run(500);
    const carols = incoming(carol);
    expect(audible.talk([bob, consult], [carol, carols])).toEqual([50, 50]);
    const { callId, localTag, dialog } = consult;
    const replaces = encodeURIComponent(`${callId};to-tag=${dialog?.remoteTag};from-tag=${localTag}`);
    bobs.request('REFER', { headers: [['Refer-To', `<sip:carol@example.com?Replaces=${replaces}>`]] });
    world.run(1500);
    const heir = carol.calls.find((one) => one.state === 'answered') ?? missing();
    expect(audible.talk([alice, call], [carol, heir])).toEqual([50, 50]);
    call.bye();
    expectQuiet(world);
    expect(audible.open).toBe(0);
  });

  it('is heard from the fork that answered, and from no other', () => {
    const { audible, world, alice, bob } = scene();
    const desk = world.phone('desk', { user: 'bob' });
    desk.register();
    bob.onInvite = 'ring';
    desk.onInvite = 'ring';
    world.run(500);
    const call = alice.call('bob');
    world.run(500);
    expect(audible.open).toBeGreaterThan(6);
    incoming(desk).answer();
    world.run(500);
    expect(audible.talk([alice, call], [desk, incoming(desk)])).toEqual([50, 50]);
    call.bye();
    expectQuiet(world);
    expect(audible.open).toBe(0);
  });

  it('goes from the service to whom it rings, for a caller that the service attends', () => {
    const { audible, world, alice, bob } = scene({ scenarios: [dialler], config: { codes: ['*6'] } });
    bob.onInvite = 'ring';
    const call = alice.call('sip:*6bob@example.com');
    world.run(500);
    expect([call.status, bob.incoming?.state]).toEqual([200, 'ringing']);
    incoming(bob).answer();
    world.run(500);
    expect(audible.talk([alice, call], [bob, incoming(bob)])).toEqual([50, 50]);
    call.bye();
    expectQuiet(world);
    expect(audible.open).toBe(0);
  });

  it('is told of by facts, and its end ends nothing where the config does not ask for that', () => {
    const { audible, world, alice, bob, call, bobs } = talking({ journals: true });
    audible.talk([alice, call], [bob, bobs]);
    world.run(20_000);
    call.bye();
    world.run(1000);
    const [journal = ''] = world.service.journals;
    for (const fact of ['stream.opened', 'stream.flowing', 'stream.stalled', 'stream.ended'])
      expect([fact, journal.split(`"${fact}"`).length - 1]).toEqual([fact, expect.any(Number)]);
    expect(journal).toContain('stream.stalled');
    expectQuiet(world);
  });
});
