import { describe, expect, it } from 'vitest';
import type { CallCommand } from '../../machines/vocabulary/commands.ts';
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

  it('is counted: what was heard of each party, and what was lost on the way', () => {
    const { audible, world, alice, bob, call, bobs } = talking();
    const told: object[] = [];
    world.service.service.engine.journal.observe(({ kind, entry, refused }) => {
      if (kind !== 'fact' || entry.type !== 'stream.ended' || refused !== undefined) return;
      const { leg, packets, lost } = entry as unknown as Readonly<Record<string, unknown>>;
      told.push({ leg, packets, lost });
    });
    const [one, other] = [audible.ear(alice, call), audible.ear(bob, bobs)];
    one.talk(400);
    other.talk(400);
    world.run(110);
    audible.rtp.path(alice.wire.local.host, '*', { loss: 1 });
    world.run(60);
    audible.rtp.heal();
    world.run(500);
    call.bye();
    expectQuiet(world);
    expect(told).toHaveLength(2);
    // RFC 3550 A.1: the first packet of a source only opens its probation.
    expect(told).toEqual(
      expect.arrayContaining([
        { leg: 'leg:1/0', packets: 16, lost: 3 },
        { leg: 'leg:1/1', packets: 19, lost: 0 },
      ]),
    );
  });

  it('ends its call once it has stalled for so long, where the config asks for that', () => {
    const media = { stalledAfterMs: 5_000, stalledEndsCallAfterMs: 8_000 };
    const { audible, world, alice, bob, call, bobs } = talking({ config: { media } });
    const [one, other] = [audible.ear(alice, call), audible.ear(bob, bobs)];
    one.talk(2_000);
    other.talk(40_000);
    world.run(14_000);
    expect([call.state, bobs.state]).toEqual(['answered', 'answered']);
    world.run(3_000);
    expect([call.end, bobs.end]).toEqual(['hungUp', 'hungUp']);
    other.hush();
    expectQuiet(world);
    expect(audible.open).toBe(0);
  });

  it('is closed at every end of a call', () => {
    const ends: Readonly<Record<string, (stage: ReturnType<typeof scene>) => void>> = {
      'the caller gives up on early media': ({ world, alice, bob }) => {
        bob.onInvite = { ringAfterMs: 0, early: true };
        const call = alice.call('bob');
        world.run(300);
        call.cancel();
      },
      'the callee declines after early media': ({ world, alice, bob }) => {
        bob.onInvite = { ringAfterMs: 0, early: true, decline: 486, declineAfterMs: 100 };
        alice.call('bob');
        world.run(500);
      },
      'nobody acknowledges': ({ world, alice, bob }) => {
        bob.onInvite = 'answer';
        alice.call('bob', { ack: 'never' });
        world.run(40_000);
      },
      'an operator ends it': ({ world, alice, bob }) => {
        bob.onInvite = 'answer';
        alice.call('bob');
        world.run(500);
        const order: CallCommand = { type: 'call.end', to: 'call:1', status: 480, reason: '' };
        world.service.service.engine.order(order, 'operator');
      },
    };
    for (const [how, end] of Object.entries(ends)) {
      const stage = scene();
      let most = 0;
      stage.world.service.service.engine.journal.observe(() => {
        most = Math.max(most, stage.audible.open);
      });
      end(stage);
      stage.world.run(1_000);
      expect([how, most > 0, stage.audible.open]).toEqual([how, true, 0]);
      expectQuiet(stage.world);
    }
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
