import type { Play } from './play.ts';
import { expectThat } from './stage.ts';

const PRID = 'token-of-bobs-old-mobile';

/** Bob's only phone sleeps, and its app was removed: its push token is dead, and Alice hears so at once. */
export const unreachable: Play = {
  says: 'a call that nobody can be rung for, and why',
  introduction: `
Alice calls Bob. His only phone sleeps, and meanwhile its app was removed: the push service knows the token no more. Nobody is
left who could ring, so Alice is told at once instead of after the time that a phone may take to wake up.
`,
  async perform(theatre) {
    const { stage, push: gateway } = theatre;
    const alice = await theatre.phone({ user: 'alice', name: 'Alice', transport: 'udp' });
    const mobile = await theatre.phone({ user: 'bob', name: "Bob's mobile", transport: 'udp', prid: PRID });
    await theatre.everybodyRegisters();
    mobile.sleep();
    theatre.curtain();
    const call = alice.call('bob');
    await stage.until('the push goes out, in vain', () => gateway.sent('incoming-call').length > 0);
    await stage.until('Alice is told', () => call.status === 480);
    expectThat("Bob's mobile hears nothing of it", mobile.received('INVITE').length === 0);
    await theatre.allOver(1);
  },
};
