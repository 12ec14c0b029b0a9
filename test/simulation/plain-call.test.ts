import { describe, expect, it } from 'vitest';
import type { InviteScript } from '../../src/testing/phone.ts';
import { headerOf, tagOf } from '../../src/testing/phone-message.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import type { TransportName } from '../../src/transport/transport.ts';
import { expectQuiet } from '../support/quiet.ts';

/** Alice and as many phones of Bob's as there are scripts, all registered. */
function scene(scripts: readonly InviteScript[], options: ServiceWorldOptions = {}, transport: TransportName = 'udp') {
  const world = serviceWorld(options);
  const alice = world.phone('alice', { transport });
  const bobs = scripts.map((onInvite, n) => world.phone(`bob${n}`, { user: 'bob', onInvite, transport }));
  for (const phone of [alice, ...bobs]) phone.register();
  world.run(500);
  return { world, alice, bobs };
}

describe('a plain call', () => {
  it.each(['udp', 'tcp', 'tls', 'ws', 'wss'] as const)(
    'over %s rings, is answered, and ends when the caller hangs up',
    (transport) => {
      const { world, alice, bobs } = scene([{ ringAfterMs: 100, answerAfterMs: 1000 }], {}, transport);
      const call = alice.call('bob');
      world.run(600);
      expect(call.state).toBe('ringing');
      world.run(1000);
      expect(call.state).toBe('answered');
      expect(call.confirmed).toBe(true);
      expect(bobs[0]?.calls[0]?.confirmed).toBe(true);
      call.bye();
      world.run(500);
      expect(bobs[0]?.calls[0]?.end).toBe('hungUp');
      expect(world.service.stories).toMatchObject([{ outcome: 'answered', status: 200 }]);
      expectQuiet(world);
    },
  );

  it('ends when the callee hangs up, and passes its Reason on', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob');
    world.run(500);
    bobs[0]?.calls[0]?.bye({ headers: [['Reason', 'Q.850;cause=16']] });
    world.run(500);
    expect(call.end).toBe('hungUp');
    expect(call.endReason).toBe('Q.850;cause=16');
    expectQuiet(world);
  });

  it('passes both session descriptions byte for byte', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob');
    world.run(500);
    const callee = bobs[0]?.calls[0];
    expect(callee?.remoteSdp).toBe(alice.sent('INVITE').at(-1)?.message.body);
    expect(call.remoteSdp).toBe(bobs[0]?.sent(200, 'INVITE')[0]?.message.body);
    call.bye();
    expectQuiet(world);
  });

  it('carries the offer in the 2xx and the answer in the ACK when the INVITE has none', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob', { sdp: '' });
    world.run(500);
    expect(call.remoteSdp).toContain('m=audio');
    expect(bobs[0]?.received('ACK')[0]?.message.body).toContain('m=audio');
    expect(bobs[0]?.calls[0]?.confirmed).toBe(true);
    call.bye();
    expectQuiet(world);
  });

  it('acknowledges the callee only when the caller has', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob', { ack: { afterMs: 3000 } });
    world.run(2500);
    expect(bobs[0]?.received('ACK')).toHaveLength(0);
    world.run(1500);
    expect(bobs[0]?.received('ACK')).toHaveLength(1);
    expect(call.confirmed).toBe(true);
    call.bye();
    expectQuiet(world);
  });

  it('ends both legs when the caller never acknowledges', () => {
    const { world, alice, bobs } = scene(['answer']);
    alice.call('bob', { ack: 'never' });
    world.run(31_000);
    expect(bobs[0]?.calls[0]?.end).toBe('');
    world.run(3000);
    expect(bobs[0]?.calls[0]?.end).not.toBe('');
    world.run(300_000);
    expect(world.service.service.engine.countActors('call')).toBe(0);
    expect(world.service.service.openLegs).toBe(0);
  });

  it('gives each fork an early dialog of its own, and confirms the winner’s', () => {
    const { world, alice, bobs } = scene([
      { ringAfterMs: 50, early: true },
      { ringAfterMs: 100, early: true, answerAfterMs: 1000 },
    ]);
    const call = alice.call('bob');
    world.run(2000);
    const tags = new Set(call.progress.map(({ tag }) => tag));
    expect(tags.size).toBe(2);
    expect(tagOf(alice.received(200, 'INVITE')[0]?.message ?? missing(), 'to')).toBe(call.progress[1]?.tag);
    expect(call.progress[0]?.sdp).not.toBe(call.progress[1]?.sdp);
    expect(bobs[0]?.calls[0]?.endReason).toContain('Call completed elsewhere');
    call.bye();
    expectQuiet(world);
  });

  it('shows one early dialog without SDP to callers that cannot fork', () => {
    const { world, alice } = scene(
      [
        { ringAfterMs: 50, early: true },
        { ringAfterMs: 100, answerAfterMs: 1000 },
      ],
      {
        config: { calls: { earlyDialogs: 'single' } },
      },
    );
    const call = alice.call('bob');
    world.run(2000);
    expect(
      new Set([...call.progress.map(({ tag }) => tag), tagOf(alice.received(200, 'INVITE')[0]?.message ?? missing(), 'to')]).size,
    ).toBe(1);
    expect(call.progress.every(({ sdp }) => sdp === '')).toBe(true);
    call.bye();
    expectQuiet(world);
  });

  it('gives the loser of two crossing answers an ACK and a BYE', () => {
    const { world, alice, bobs } = scene([
      { ringAfterMs: 10, answerAfterMs: 500 },
      { ringAfterMs: 10, answerAfterMs: 501 },
    ]);
    const call = alice.call('bob');
    world.run(3000);
    expect(call.state).toBe('answered');
    const ends = bobs.map((bob) => bob.calls[0]?.end);
    expect(ends.toSorted()).toEqual(['', 'hungUp']);
    call.bye();
    expectQuiet(world);
  });

  it('refuses the offer of a losing answer to an offerless INVITE', () => {
    const { world, alice, bobs } = scene([
      { ringAfterMs: 10, answerAfterMs: 500 },
      { ringAfterMs: 10, answerAfterMs: 501 },
    ]);
    const call = alice.call('bob', { sdp: '' });
    world.run(3000);
    const loser = bobs.find((bob) => bob.calls[0]?.end === 'hungUp');
    expect(loser?.received('ACK')[0]?.message.body).toMatch(/m=audio 0 /);
    call.bye();
    expectQuiet(world);
  });

  it('cancels all forks when the caller gives up, and passes its reason', () => {
    const { world, alice, bobs } = scene(['ring', 'ring']);
    const call = alice.call('bob');
    world.run(500);
    call.cancel([['Reason', 'SIP;cause=487;text="Gave up"']]);
    world.run(500);
    expect(call.status).toBe(487);
    for (const bob of bobs) {
      expect(bob.calls[0]?.end).toBe('cancelled');
      expect(bob.calls[0]?.endReason).toContain('Gave up');
    }
    expectQuiet(world);
  });

  it.each([
    ['', 'SIP;cause=487;text="Caller Has Hung Up"'],
    ['SIP;cause=487;text="Gave up"', 'SIP;cause=487;text="Gave up"'],
  ])('tells a phone that answers while the caller gives up, saying %j, why it is hung up', (said, heard) => {
    const { world, alice, bobs } = scene(['ring']);
    const call = alice.call('bob');
    world.run(500);
    call.cancel(said === '' ? [] : [['Reason', said]]);
    bobs[0]?.incoming?.answer();
    world.run(500);
    expect(call.status).toBe(487);
    expect(bobs[0]?.incoming).toMatchObject({ status: 200, end: 'hungUp', endReason: heard });
    expectQuiet(world);
  });

  describe('on a busy machine, where I/O comes between', () => {
    const busy = { isInterleaved: true };

    it.each([
      ['the 2xx', 200, 'SIP;cause=200;text="Call completed elsewhere"'],
      ['the CANCEL', 487, ''],
    ])('is what came first, if 2xx and CANCEL cross: %s', (_what, status, endReason) => {
      const { world, alice, bobs } = scene(['ring', 'ring'], busy);
      const call = alice.call('bob');
      world.run(500);
      const acts = [() => bobs[0]?.incoming?.answer(), () => call.cancel()];
      for (const act of status === 200 ? acts : acts.reverse()) act();
      world.run(500);
      expect(call.status).toBe(status);
      expect(bobs[0]?.incoming).toMatchObject({ status: 200, end: 'hungUp' });
      expect(bobs[1]?.incoming).toMatchObject({ end: 'cancelled', endReason });
      expectQuiet(world);
    });

    it('sends on what a phone says right behind its ACK behind that ACK', () => {
      const { world, alice, bobs } = scene(['answer'], busy);
      const call = alice.call('bob');
      call.onChange = () => {
        if (!call.confirmed) return;
        call.onChange = () => undefined;
        call.request('INFO');
      };
      world.run(500);
      const heard = bobs[0]?.history.filter(({ direction }) => direction === 'in').map(({ message }) => message.method);
      expect(heard?.filter(Boolean)).toEqual(['INVITE', 'ACK', 'INFO']);
      call.bye();
      expectQuiet(world);
    });
  });

  it('tells a phone that answers at the same instant as another one why it is hung up', () => {
    const { world, alice, bobs } = scene(['ring', 'ring']);
    const call = alice.call('bob');
    world.run(500);
    for (const bob of bobs) bob.incoming?.answer();
    world.run(500);
    const [lost, ...others] = bobs.filter(({ incoming }) => incoming?.state === 'ended');
    expect(others).toEqual([]);
    expect(lost?.incoming).toMatchObject({
      status: 200,
      end: 'hungUp',
      endReason: 'SIP;cause=200;text="Call completed elsewhere"',
    });
    call.bye();
    expectQuiet(world);
  });

  it('passes the best answer, and none that is not for the caller', () => {
    for (const [declines, status] of [
      [[486, 480], 486],
      [[480, 404], 404],
      [[503], 500],
      [[401], 480],
      [[603, 486], 603],
    ] as const) {
      const { world, alice } = scene(declines.map((decline) => ({ decline })));
      const call = alice.call('bob');
      world.run(1000);
      expect(call.status, declines.join()).toBe(status);
      expectQuiet(world);
    }
  });

  it('ends the search on a 600 but not on a 603', () => {
    const busy = scene(['ring', { decline: 600, declineAfterMs: 200 }]);
    const first = busy.alice.call('bob');
    busy.world.run(1000);
    expect(first.status).toBe(600);
    expectQuiet(busy.world);
    const declined = scene(['ring', { decline: 603, declineAfterMs: 200 }]);
    const second = declined.alice.call('bob');
    declined.world.run(1000);
    expect(second.status).toBe(0);
    second.cancel();
    expectQuiet(declined.world);
  });

  it('does not wait for a contact that says nothing at all', () => {
    const { world, alice } = scene(['silent', { decline: 486 }]);
    const call = alice.call('bob');
    world.run(9500);
    expect(call.status).toBe(0);
    world.run(1500);
    expect(call.status).toBe(486);
    world.run(300_000);
    expect(world.service.service.openLegs).toBe(0);
  });

  it('limits how long a fork may ring', () => {
    const { world, alice, bobs } = scene(['ring']);
    const call = alice.call('bob');
    world.run(59_000);
    expect(call.status).toBe(0);
    world.run(2500);
    expect(call.status).toBe(480);
    expect(bobs[0]?.calls[0]?.end).toBe('cancelled');
    expect(bobs[0]?.calls[0]?.endReason).toBe('');
    expectQuiet(world);
  });

  it('repeats its progress each minute', () => {
    const { world, alice } = scene(['ring'], { config: { calls: { ringLimitMs: 200_000 } } });
    const call = alice.call('bob');
    world.run(130_000);
    expect(call.progress.map(({ status }) => status)).toEqual([180, 180, 180]);
    call.cancel();
    expectQuiet(world);
  });

  it('relays re-INVITE, INFO, UPDATE, MESSAGE and unknown methods both ways, with their answers', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob');
    world.run(500);
    const callee = bobs[0]?.calls[0];
    if (callee === undefined) throw missing();
    for (const method of ['INFO', 'UPDATE', 'MESSAGE', 'OPTIONS', 'FROBNICATE']) {
      for (const [from, to] of [
        [call, callee],
        [callee, call],
      ] as const) {
        to.onRequest = () => 200;
        const sent = from.request(method, { headers: [['X-Side', 'kept']], body: 'a=b', contentType: 'text/plain' });
        world.run(500);
        expect(sent.status, method).toBe(200);
        const seen = to.requests.at(-1);
        expect([seen?.method, seen?.body, headerOf(seen ?? missing(), 'x-side')]).toEqual([method, 'a=b', 'kept']);
      }
    }
    callee.onRequest = () => 488;
    const refused = call.request('UPDATE');
    world.run(500);
    expect(refused.status).toBe(488);
    callee.onRequest = () => 200;
    for (const side of [call, callee]) {
      const held = side.reInvite({ direction: 'sendonly' });
      world.run(500);
      expect(held.status).toBe(200);
      const asked = side.reInvite({ sdp: '' });
      world.run(500);
      expect(asked.status).toBe(200);
    }
    call.bye();
    expectQuiet(world);
  });

  it('answers 491 to re-INVITEs that cross', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob');
    world.run(500);
    const callee = bobs[0]?.calls[0];
    const ours = call.reInvite();
    const theirs = callee?.reInvite();
    world.run(2000);
    const statuses = [ours.status, theirs?.status].toSorted();
    expect(statuses).toContain(491);
    call.bye();
    expectQuiet(world);
  });

  it('passes unknown headers end to end and rewrites its own', () => {
    const { world, alice, bobs } = scene(['answer']);
    const call = alice.call('bob', {
      headers: [
        ['X-Custom', 'yes'],
        ['Subject', 'lunch'],
        ['P-Asserted-Identity', '<sip:boss@example.com>'],
      ],
    });
    world.run(500);
    const invite = bobs[0]?.received('INVITE')[0]?.message ?? missing();
    expect(headerOf(invite, 'x-custom')).toBe('yes');
    expect(headerOf(invite, 'subject')).toBe('lunch');
    expect(headerOf(invite, 'p-asserted-identity')).toBe('');
    expect(headerOf(invite, 'authorization')).toBe('');
    expect(headerOf(invite, 'call-id')).not.toBe(call.callId);
    call.bye();
    expectQuiet(world);
  });

  it('is 404 for nobody, 480 for somebody who is nowhere, 403 for other domains', () => {
    const { world, alice } = scene([]);
    for (const [to, status] of [
      ['zoe', 404],
      ['bob', 480],
      ['sip:x@elsewhere.example', 403],
    ] as const) {
      const call = alice.call(to);
      world.run(500);
      expect(call.status, to).toBe(status);
    }
    expectQuiet(world);
  });

  it('answers OPTIONS, and refuses what it does not know', () => {
    const { world, alice } = scene([]);
    for (const [method, status] of [
      ['OPTIONS', 200],
      ['SUBSCRIBE', 489],
      ['PUBLISH', 489],
      ['FROBNICATE', 501],
    ] as const) {
      const sent = alice.request(method, 'bob');
      world.run(500);
      expect(sent.status, method).toBe(status);
    }
    expectQuiet(world);
  });

  it('delivers MESSAGE outside a dialog to every device, and answers once', () => {
    const { world, alice, bobs } = scene(['answer', 'answer']);
    const sent = alice.request('MESSAGE', 'bob', { body: 'hello', contentType: 'text/plain' });
    world.run(500);
    expect(sent.status).toBe(200);
    for (const bob of bobs) expect(bob.received('MESSAGE')[0]?.message.body).toBe('hello');
    expectQuiet(world);
  });

  it('does not let one user call as another', () => {
    const { world, alice } = scene(['answer']);
    const call = alice.call('bob', { from: 'sip:carol@example.com' });
    world.run(500);
    expect(call.status).toBe(403);
    expectQuiet(world);
  });
});

const missing = (): never => {
  throw new Error('missing');
};
