import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Linphone } from './support/linphone.ts';
import { BARESIP, describeWith, LINPHONE, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { headerOf, onStage } from './support/stage.ts';
import { answers, asks, bodyOf, hangsUp, isHungUp, sdp, talk, waits } from './support/talk.ts';

const ESTABLISHED = /connected\.[\s\S]*Media streams established/;
const ENDED = /Call \d+ with .* ended/;
/** Three seconds of voice at 50 packets a second, of which a busy machine may lose half. */
const SPEAK_MS = 3_000;
const PACKETS_AT_LEAST = 75;
const HOST = '127.0.0.1';

let service: Service;
let parts: { stop(): Promise<void> }[];
beforeEach(async () => {
  service = await Service.start(4);
  parts = [];
});
afterEach(async () => {
  await Promise.all(parts.map((part) => part.stop()));
  await service.stop();
});

async function baresip(): Promise<Baresip> {
  const phone = await Baresip.start(service.user(), service.port);
  parts.push(phone);
  return phone;
}
async function linphone(): Promise<Linphone> {
  const phone = await Linphone.start(service.user(), service.port);
  parts.push(phone);
  return phone;
}

/** The two that remain speak for a while; then one hangs up, and both have heard more than what is said before. */
async function speakAndEnd(alice: Baresip, carol: Baresip): Promise<void> {
  await sleep(SPEAK_MS);
  alice.command('hangup');
  await Promise.all([alice.event('CALL_CLOSED'), carol.event('CALL_CLOSED')]);
  expect(await alice.packetsReceived(), alice.said).toBeGreaterThan(PACKETS_AT_LEAST);
  expect(await carol.packetsReceived(), carol.said).toBeGreaterThan(PACKETS_AT_LEAST);
}

describeWith({ ...LINPHONE, ...BARESIP }, 'transfer by a real phone', () => {
  it('blind: linphone sends its caller to a third phone, which hears it', async () => {
    const [alice, bob, carol] = [await baresip(), await linphone(), await baresip()];
    alice.command('dial', `sip:${bob.user.name}@${HOST}`);
    await bob.says(ESTABLISHED);
    bob.mark();
    bob.command(`transfer 1 sip:${carol.user.name}@${HOST}`);
    await carol.event('CALL_ESTABLISHED');
    await bob.says(ENDED);
    await speakAndEnd(alice, carol);
    await service.says(/call ended/);
  });

  it('attended: linphone asks a third phone, then joins its caller with it', async () => {
    const [alice, bob, carol] = [await baresip(), await linphone(), await baresip()];
    alice.command('dial', `sip:${bob.user.name}@${HOST}`);
    await bob.says(ESTABLISHED);
    bob.command('pause');
    await bob.says(/paused/);
    bob.mark();
    bob.command(`call sip:${carol.user.name}@${HOST}`);
    await carol.event('CALL_ESTABLISHED');
    await bob.says(ESTABLISHED);
    bob.mark();
    bob.command('transfer 1 --to-call 2');
    await bob.says(ENDED);
    await speakAndEnd(alice, carol);
  });
});

/** An audio session of this origin. */
const audio = (session: number, version: number) => ({ type: 'application/sdp', body: sdp(session, version) });
/** The o= line of what a message carries (RFC 8866 §5.2). */
function originOf(message: string | undefined) {
  const [, session = '', version = ''] = /^o=\S+ (\d+) (\d+) /m.exec(bodyOf(message ?? '')) ?? [];
  return { session, version: BigInt(version) };
}
const isOf =
  (method: string) =>
  (message: string): boolean =>
    headerOf(message, 'CSeq').endsWith(` ${method}`);

describeWith(SIPP, 'transfer between sipp phones', () => {
  it('blind: the callee sends its caller to a third phone, is told how it goes, and is hung up', () =>
    onStage(
      () => service,
      async ({ user, sipp, phone }) => {
        const [alice, bob, carol] = [user(), user(), user()];
        const refer = asks('REFER', 5, { headers: [`Refer-To: <sip:${carol.name}@${HOST}>`] }, 202);
        const told = ['NOTIFY', 'NOTIFY', 'NOTIFY'].map((method) => answers(method));
        const referrer = await phone('callee-talks', { user: bob, keys: talk([refer, ...told, isHungUp()], audio(1111, 7)) });
        const target = await phone('callee-offerless', { user: carol });
        const joined = answers('INVITE', audio(2222, 3));
        const caller = await sipp('caller-talks', {
          user: alice,
          to: bob,
          keys: talk([joined, waits(1_000), hangsUp()], audio(2222, 2)),
        });
        await caller.done();
        await referrer.got('BYE');
        await target.got('BYE');

        expect(referrer.received('SIP/2.0 202').filter(isOf('REFER'))).toHaveLength(1);
        const notified = referrer
          .received('NOTIFY')
          .map((notify) => `${bodyOf(notify).trim()}, ${headerOf(notify, 'Subscription-State').split(';')[0]}`);
        expect(notified).toEqual(['SIP/2.0 100 Trying, active', 'SIP/2.0 180 Ringing, active', 'SIP/2.0 200 OK, terminated']);
        // Referred by Bob, for Alice.
        expect(headerOf(target.received('INVITE')[0] ?? '', 'Referred-By')).toContain(bob.name);
        expect(headerOf(target.received('INVITE')[0] ?? '', 'From')).toContain(alice.name);
        expect([referrer, target].map((one) => one.received('BYE').length)).toEqual([1, 1]);

        // Alice hears one session that changes, though another phone speaks from now on (RFC 3264 §8).
        const before = originOf(caller.received('SIP/2.0 200').find(isOf('INVITE')));
        const after = originOf(caller.received('INVITE')[0]);
        expect(before).toEqual({ session: '1111', version: 7n });
        expect(after.session).toBe(before.session);
        expect(after.version).toBeGreaterThan(before.version);
        // And what each says of its media is what the other hears.
        const mediaOf = (message: string | undefined) => bodyOf(message ?? '').match(/^[cm]=.*$/gm);
        const offer = mediaOf(target.sent('SIP/2.0 200').find(isOf('INVITE')));
        const answer = mediaOf(caller.sent('SIP/2.0 200').find(isOf('INVITE')));
        expect([offer?.length, answer?.length]).toEqual([2, 2]);
        expect(mediaOf(caller.received('INVITE')[0])).toEqual(offer);
        expect(mediaOf(target.received('ACK')[0])).toEqual(answer);
      },
    )());
});
