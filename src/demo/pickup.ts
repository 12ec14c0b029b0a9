import type { Phone } from '../testing/phone.ts';
import { headerOf } from '../testing/phone-message.ts';
import type { Play } from './play.ts';
import { expectThat } from './stage.ts';

const RINGS_MS = 800;
const TALK_MS = 500;

/** Bob's phone rings on his empty desk; Carol, of his group, dials *8, and has the call. */
export const pickup: Play = {
  says: 'a colleague picks a ringing call up with *8',
  introduction: `
Alice calls Bob, who is not at his desk. Carol is in a pickup group with him and dials *8. She is answered at once, without
media, and then offered Alice's session: her answer to that is one more answer to Alice's call, and the first one wins.
`,
  async perform(theatre) {
    const { stage } = theatre;
    const alice = await theatre.phone({ user: 'alice', name: 'Alice', transport: 'udp' });
    const bob = await theatre.phone({ user: 'bob', name: "Bob's phone", transport: 'tcp' });
    const carol = await theatre.phone({ user: 'carol', name: 'Carol', transport: 'udp' });
    await theatre.everybodyRegisters();
    bob.onInvite = { ringAfterMs: 20 };
    theatre.curtain();
    const call = alice.call('bob');
    await stage.until("Bob's phone rings", () => call.lastProgress === 180);
    await stage.pause(RINGS_MS);
    theatre.note(carol, 'hears it, dials *8');
    const pick = carol.call('*8');
    await stage.until('Alice is answered', () => call.status === 200);
    await stage.until("Bob's phone rings no more", () => bob.incoming?.end === 'cancelled');
    await stage.until(
      'Carol and Alice are told of each other',
      () => pick.requests.length > 0 && pick.confirmed && call.confirmed,
    );
    theatre.note(carol, `shows ${nameIn(shownTo(carol))}`);
    theatre.note(alice, 'Alice and Carol talk');
    await stage.pause(TALK_MS);
    const bye = call.bye();
    await stage.until('the call ends on both sides', () => bye?.status === 200 && pick.end === 'hungUp');
    expectThat("Bob's phone shows no missed call", bob.incoming?.endReason.includes('Call completed elsewhere') === true);
    expectThat("Carol's phone shows Alice", nameIn(shownTo(carol)) === 'Alice');
    await theatre.allOver(2);
  },
};

/** Who calls, as the re-INVITE says (RFC 3325). */
const shownTo = (phone: Phone): string => {
  const offered = phone.received('INVITE').at(-1)?.message;
  return offered === undefined ? '' : headerOf(offered, 'p-asserted-identity');
};
const nameIn = (identity: string): string => /^"?([^"<]*?)"?\s*</.exec(identity)?.[1] ?? identity;
