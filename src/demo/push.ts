import type { Phone } from '../testing/phone.ts';
import type { Play } from './play.ts';
import { expectThat } from './stage.ts';
import type { Theatre } from './theatre.ts';

const PRID = 'token-of-bobs-mobile';
const DESK_DECLINES_AFTER_MS = 700;
const WAKES_AFTER_MS = 900;
const TALK_MS = 500;

/** Bob is called; his desk phone declines, his sleeping mobile is woken, registers, rings and answers. */
export const push: Play = {
  says: 'a call that wakes a sleeping phone',
  introduction: `
Alice calls Bob. His desk phone is registered and awake; the app on his mobile sleeps, but left a push token with
its registration (RFC 8599). Between the messages stand the facts (call.offered) and the states they lead to.
`,
  async perform(theatre) {
    const { stage, push: gateway } = theatre;
    const alice = await theatre.phone({ user: 'alice', name: 'Alice', transport: 'udp' });
    const desk = await theatre.phone({ user: 'bob', name: "Bob's desk phone", transport: 'tcp' });
    const mobile = await theatre.phone({ user: 'bob', name: "Bob's mobile", transport: 'udp', prid: PRID });
    await theatre.everybodyRegisters();
    desk.onInvite = { ringAfterMs: 20, decline: 486, declineAfterMs: DESK_DECLINES_AFTER_MS };
    sendToSleep(mobile, theatre);
    theatre.curtain();
    const call = alice.call('bob');
    await stage.until("Bob's desk phone rings", () => desk.sent(180).length > 0);
    await stage.until("the push for Bob's mobile goes out", () => gateway.sent('incoming-call').length > 0);
    await stage.until("Bob's desk phone declines", () => desk.incoming?.status === 486);
    await stage.until("Bob's mobile registers", () => mobile.received(200, 'REGISTER').length > 1);
    await stage.until("Bob's mobile rings", () => mobile.sent(180).length > 0);
    await stage.until('Alice hears it', () => call.lastProgress === 180);
    await stage.until("Bob's mobile answers, and both sides know", () => call.confirmed && mobile.incoming?.confirmed === true);
    theatre.note(alice, 'Alice and Bob talk');
    await stage.pause(TALK_MS);
    const bye = call.bye();
    await stage.until('the call ends on both sides', () => bye?.status === 200 && mobile.incoming?.end === 'hungUp');
    expectThat('one push, no more', gateway.sent('incoming-call').length === 1);
    expectThat('the mobile rings once, however often it registers', mobile.received('INVITE').length === 1);
    const came = mobile.history.filter(({ direction }) => direction === 'in').map(({ message }) => message);
    const invited = came.findIndex(({ method }) => method === 'INVITE');
    expectThat('the 200 to REGISTER comes before the INVITE', invited > 0 && came[invited - 1]?.status === 200);
    await theatre.allOver(1);
  },
};

function sendToSleep(mobile: Phone, theatre: Theatre): void {
  mobile.onInvite = { ringAfterMs: 20, answerAfterMs: 600 };
  mobile.sleep();
  theatre.push.subscribe(
    PRID,
    () => {
      theatre.note(mobile, 'the push wakes the app');
      theatre.relaunch(mobile);
    },
    { afterMs: WAKES_AFTER_MS },
  );
}
