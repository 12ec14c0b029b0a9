import { describe, expect, it } from 'vitest';
import { headerOf } from '../../src/testing/phone-message.ts';
import { expectQuiet } from '../support/quiet.ts';
import { inviteOf, missing, rawScene, takesItsLeave, talking, within } from '../support/raw-call.ts';
import { type RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const offerOf = (name: string): string =>
  `v=0\r\no=${name} 7 7 IN IP4 10.0.9.9\r\ns=-\r\nc=IN IP4 10.0.9.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=mid:a\r\nm=video 4002 RTP/AVP 96\r\n`;
const offers = (bob: RawPeer, name: string) => bob.reply(inviteOf(bob), 200, [SDP_TYPE], offerOf(name));
const mediaOf = (sdp: string): string[] => sdp.split('\r\n').filter((line) => line.startsWith('m='));
const REJECTED = ['m=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 96'];

/** Alice has called without an offer, and these phones of Bob's ring. */
function ringing(devices = 1, ack: { readonly afterMs: number } | 'never' = { afterMs: 0 }) {
  const scene = rawScene(devices);
  const call = scene.alice.call('bob', { sdp: '', ack });
  scene.world.run(50);
  for (const bob of scene.bobs) {
    expect(inviteOf(bob).body).toBe('');
    expect(headerOf(inviteOf(bob), 'content-type')).toBe('');
    bob.reply(inviteOf(bob), 180);
  }
  scene.world.run(50);
  return { ...scene, call };
}

describe('an INVITE without an offer', () => {
  it('brings the answer in the ACK to the winner of two crossing 200s, and a refusal to the loser', () => {
    const { world, bobs, call } = ringing(2);
    const [winner = missing(), loser = missing()] = bobs;
    offers(winner, 'winner');
    offers(loser, 'loser');
    for (const bob of bobs) takesItsLeave(bob);
    world.run(100);
    expect(call.remoteSdp).toBe(offerOf('winner'));
    const [won = missing()] = winner.requests('ACK');
    expect(mediaOf(won.body)).toHaveLength(2);
    expect(mediaOf(won.body)).not.toEqual(REJECTED);
    const [lost = missing()] = loser.requests('ACK');
    expect(headerOf(lost, 'content-type')).toBe('application/sdp');
    expect(mediaOf(lost.body)).toEqual(REJECTED);
    expect([winner.requests('BYE').length, loser.requests('BYE').length]).toEqual([0, 1]);
    // A 2xx that is repeated gets its ACK again, with what it said (RFC 3261 §13.2.2.4).
    for (const bob of bobs) {
      offers(bob, bob === winner ? 'winner' : 'loser');
      world.run(20);
      expect(bob.requests('ACK').map(({ body }) => body)).toEqual(Array(2).fill(bob.requests('ACK')[0]?.body));
    }
    call.bye();
    expectQuiet(world);
  });

  it.each([
    ['CANCEL', 'crosses'],
    ['no answer', 'comes a minute after'],
  ])('refuses the offer of a 200 that %s %s', (why) => {
    const { world, bob, call } = ringing();
    bob.hears = (message) => {
      if (message.method === 'CANCEL') {
        bob.reply(message, 200);
        offers(bob, 'late');
      } else if (message.method === 'BYE') bob.reply(message, 200);
    };
    if (why === 'CANCEL') call.cancel();
    world.run(70_000);
    expect(call.status).toBe(why === 'CANCEL' ? 487 : 480);
    expect(bob.requests('ACK')).toHaveLength(1);
    expect(mediaOf(bob.requests('ACK')[0]?.body ?? '')).toEqual(REJECTED);
    expect(bob.requests('BYE')).toHaveLength(1);
    expectQuiet(world);
  });

  it('sends no ACK before the caller’s, however often the 200 comes', () => {
    const { world, bob, call } = ringing(1, { afterMs: 3000 });
    for (let n = 0; n < 4; n++) {
      offers(bob, 'bob');
      world.run(500);
    }
    expect(bob.requests('ACK')).toEqual([]);
    world.run(1500);
    expect(bob.requests('ACK')).toHaveLength(1);
    expect(mediaOf(bob.requests('ACK')[0]?.body ?? '')).toHaveLength(2);
    takesItsLeave(bob);
    call.bye();
    expectQuiet(world);
  });

  it('ends both legs where the ACK never comes, the callee’s with an answer that refuses its offer', () => {
    const { world, bob, call } = ringing(1, 'never');
    takesItsLeave(bob);
    offers(bob, 'bob');
    world.run(31_000);
    expect(bob.requests('BYE')).toEqual([]);
    world.run(3_000);
    expect(mediaOf(bob.requests('ACK')[0]?.body ?? '')).toEqual(REJECTED);
    expect(bob.requests('BYE')).toHaveLength(1);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });
});

describe('a re-INVITE without an offer', () => {
  it('passes from the caller: the offer in the 200, the answer in the ACK, each repeated 200 with it again', () => {
    const { world, bob, call } = talking();
    const sent = call.reInvite({ sdp: '' });
    world.run(50);
    const again = inviteOf(bob, 1);
    expect(again.body).toBe('');
    for (let n = 0; n < 3; n++) {
      bob.reply(again, 200, [SDP_TYPE], offerOf('bob'));
      world.run(50);
    }
    expect(sent.status).toBe(200);
    expect(call.remoteSdp).toBe(offerOf('bob'));
    const acks = bob.requests('ACK').filter((ack) => headerOf(ack, 'cseq') === headerOf(again, 'cseq').replace('INVITE', 'ACK'));
    expect(acks.map(({ body }) => mediaOf(body).length)).toEqual([2, 2, 2]);
    takesItsLeave(bob);
    call.bye();
    expectQuiet(world);
  });

  it('passes from the callee', () => {
    const { world, alice, bob, call } = talking();
    within(bob, 'INVITE', 5);
    world.run(50);
    const { answer } = bob;
    expect([answer.status, mediaOf(answer.body).length]).toEqual([200, 1]);
    within(bob, 'ACK', 5, [SDP_TYPE], SDP);
    world.run(50);
    expect(alice.received('ACK').at(-1)?.message.body).toBe(SDP);
    expect(call.remoteSdp).toBe(SDP);
    takesItsLeave(bob);
    call.bye();
    expectQuiet(world);
  });

  it.each(['nobody acknowledges', 'a BYE overtakes'] as const)(
    'whose 200 %s leaves its offer refused, not unanswered',
    (what) => {
      const { world, alice, bob, call } = talking();
      takesItsLeave(bob);
      within(bob, 'INVITE', 5);
      world.run(50);
      if (what === 'a BYE overtakes') within(bob, 'BYE', 6);
      world.run(40_000);
      expect(call.end).toBe('hungUp');
      const [ack = missing()] = alice.received('ACK').map(({ message }) => message);
      expect(mediaOf(ack.body)).toEqual(['m=audio 0 RTP/AVP 0 101']);
      // Her phone sent its 200 before ours, so its own limit was up just before.
      const lacks = alice.complaints.splice(0);
      expect(lacks).toHaveLength(what === 'a BYE overtakes' ? 0 : 1);
      for (const complaint of lacks) expect(complaint).toContain('no ACK to 200 within 64*T1');
      expectQuiet(world);
    },
  );
});
