import type { Phone } from '../testing/phone.ts';
import type { PushService } from '../testing/push-service.ts';
import { expectThat, type Stage } from './stage.ts';

/** Who plays. */
export interface Cast {
  readonly alice: Phone;
  readonly desk: Phone;
  readonly mobile: Phone;
  readonly push: PushService;
  /** Push token of the mobile. */
  readonly prid: string;
  /** Starts the mobile's app again, on a new port. */
  relaunch(): void;
  /** Tells what happens where no message does. */
  note(phone: Phone, what: string): void;
  /** The curtain: what follows is drawn. */
  curtain(): void;
}

const DESK_DECLINES_AFTER_MS = 700;
const WAKES_AFTER_MS = 900;
const TALK_MS = 500;

/** Bob is called; his desk phone declines, his sleeping mobile is woken, registers, rings and answers. Throws `Missed`. */
export async function playStory(cast: Cast, stage: Stage): Promise<void> {
  await everybodyRegisters(cast, stage);
  sendMobileToSleep(cast);
  cast.curtain();
  const call = cast.alice.call('bob');
  await stage.until("Bob's desk phone rings", () => cast.desk.sent(180).length > 0);
  await stage.until("the push for Bob's mobile goes out", () => cast.push.sent('incoming-call').length > 0);
  await stage.until("Bob's desk phone declines", () => cast.desk.incoming?.status === 486);
  await stage.until("Bob's mobile registers", () => cast.mobile.received(200, 'REGISTER').length > 1);
  await stage.until("Bob's mobile rings", () => cast.mobile.sent(180).length > 0);
  await stage.until('Alice hears it', () => call.lastProgress === 180);
  await stage.until(
    "Bob's mobile answers, and both sides know",
    () => call.confirmed && cast.mobile.incoming?.confirmed === true,
  );
  cast.note(cast.alice, 'Alice and Bob talk');
  await stage.pause(TALK_MS);
  const bye = call.bye();
  await stage.until('the call ends on both sides', () => bye?.status === 200 && cast.mobile.incoming?.end === 'hungUp');
  check(cast);
}

async function everybodyRegisters({ alice, desk, mobile }: Cast, stage: Stage): Promise<void> {
  const registrations = [alice, desk, mobile].map((phone) => ({ phone, registration: phone.register() }));
  for (const { phone, registration } of registrations)
    await stage.until(`${phone.name} registers`, () => registration.status === 200);
}

function sendMobileToSleep({ desk, mobile, push, prid, note, relaunch }: Cast): void {
  desk.onInvite = { ringAfterMs: 20, decline: 486, declineAfterMs: DESK_DECLINES_AFTER_MS };
  mobile.onInvite = { ringAfterMs: 20, answerAfterMs: 600 };
  mobile.sleep();
  push.subscribe(
    prid,
    () => {
      note(mobile, 'the push wakes the app');
      relaunch();
    },
    { afterMs: WAKES_AFTER_MS },
  );
}

/** What must hold beyond that it happened. */
function check({ alice, desk, mobile, push }: Cast): void {
  expectThat('one push, no more', push.sent('incoming-call').length === 1);
  expectThat('the mobile rings once, however often it registers', mobile.received('INVITE').length === 1);
  const came = mobile.history.filter(({ direction }) => direction === 'in').map(({ message }) => message);
  const invited = came.findIndex(({ method }) => method === 'INVITE');
  expectThat('the 200 to REGISTER comes before the INVITE', invited > 0 && came[invited - 1]?.status === 200);
  const complaints = [alice, desk, mobile].flatMap((phone) => phone.complaints);
  expectThat(`the phones complain: ${complaints.join('; ')}`, complaints.length === 0);
}
