import type { Play } from './play.ts';
import { expectThat } from './stage.ts';

const LISTENS_MS = 300;
const RINGS_MS = 800;
const TALK_MS = 500;

/** Alice calls 100 and presses 2, which rings Bob; he is busy, so she presses 3, and talks to Carol. */
export const ivr: Play = {
  says: 'a caller is led through a menu by the keys she presses',
  introduction: `
Alice calls 100. The service answers itself, with media of its own, and asks what she wants; the keys she presses come as
telephone-events in her RTP (RFC 4733). 2 is for Bob, who declines; the menu goes on, and 3 is for Carol. Digits are secrets:
the ladder shows that some were pressed, and where they led.
`,
  async perform(theatre) {
    const { stage } = theatre;
    const alice = await theatre.phone({ user: 'alice', name: 'Alice', transport: 'udp' });
    const bob = await theatre.phone({ user: 'bob', name: 'Bob', transport: 'tcp' });
    const carol = await theatre.phone({ user: 'carol', name: 'Carol', transport: 'udp' });
    const [hers, others] = [await theatre.sound(), await theatre.sound()];
    await theatre.everybodyRegisters();
    bob.onInvite = { ringAfterMs: 20, decline: 486, declineAfterMs: RINGS_MS };
    carol.onInvite = 'ring';
    theatre.curtain();
    const call = alice.call('100', { sdp: hers.sdp });
    await stage.until('the service answers', () => call.confirmed);
    hers.media.reach(call.remoteSdp);
    await stage.until('Alice hears the menu', () => hers.media.packets > 0);
    await stage.pause(LISTENS_MS);
    theatre.note(alice, 'presses a key');
    hers.media.press('2');
    await stage.until("Bob's phone rings", () => bob.incoming !== undefined);
    await stage.until('Bob declines', () => bob.calls[0]?.state === 'ended');
    await stage.pause(LISTENS_MS);
    theatre.note(alice, 'presses another');
    hers.media.press('3');
    await stage.until("Carol's phone rings", () => carol.incoming?.state === 'ringing');
    await stage.pause(RINGS_MS / 2);
    const answered = carol.incoming;
    answered?.answer(others.sdp);
    await stage.until('Carol has the call', () => carol.calls[0]?.confirmed === true);
    others.media.reach(carol.calls[0]?.remoteSdp ?? '');
    const heardBefore = hers.media.packets;
    hers.media.talk(TALK_MS);
    others.media.talk(TALK_MS);
    theatre.note(alice, 'Alice and Carol talk');
    await stage.pause(TALK_MS);
    expectThat('Carol hears Alice', others.media.packets > 0);
    expectThat('Alice hears Carol', hers.media.packets > heardBefore);
    const bye = call.bye();
    await stage.until('the call ends on both sides', () => bye?.status === 200 && carol.calls[0]?.end === 'hungUp');
    await theatre.allOver(1);
  },
};
