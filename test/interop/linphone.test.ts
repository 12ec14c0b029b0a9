import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Linphone, type LinphoneOptions } from './support/linphone.ts';
import { BARESIP, describeWith, LINPHONE, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { Sipp } from './support/sipp.ts';

const ESTABLISHED = /connected\.[\s\S]*Media streams established/;
/** Until both sides' RTP has begun. */
const VOICE_MS = 1_000;
const ENDED = /Call \d+ with .* ended/;

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

async function linphone(options: LinphoneOptions = {}): Promise<Linphone> {
  const phone = await Linphone.start(service.user(), service.port, options);
  parts.push(phone);
  return phone;
}

describeWith(LINPHONE, 'linphone, a whole phone', () => {
  it.each([
    ['udp', 'caller'],
    ['udp', 'callee'],
    ['tcp', 'caller'],
  ] as const)('registers over %s, calls, is called, hears digits both ways; the %s hangs up', async (transport, who) => {
    const [alice, bob] = [await linphone({ transport }), await linphone({ transport })];
    alice.call(bob.user);
    await Promise.all([alice.says(ESTABLISHED), bob.says(ESTABLISHED)]);
    await sleep(VOICE_MS);
    await alice.dial('17');
    await bob.says(/Receiving tone 1 [\s\S]*Receiving tone 7 /);
    await bob.dial('42');
    await alice.says(/Receiving tone 4 [\s\S]*Receiving tone 2 /);
    (who === 'caller' ? alice : bob).command('terminate');
    await Promise.all([alice.says(ENDED), bob.says(ENDED)]);
    await service.says(/"outcome":"answered"/);
  });

  it('hears that the other is busy, and the other no longer rings when the caller gives up', async () => {
    const [alice, bob] = [await linphone(), await linphone({ answers: false })];
    alice.call(bob.user);
    await bob.says(/Receiving new incoming call/);
    bob.command('terminate');
    await alice.says(/ended|busy|declined/i);
    alice.mark();
    bob.mark();
    alice.call(bob.user);
    await bob.says(/Receiving new incoming call/);
    await alice.says(/ringing/);
    alice.command('terminate');
    await Promise.all([alice.says(ENDED), bob.says(ENDED)]);
    await service.says(/"outcome":"cancelled"/);
  });

  it('holds and resumes', async () => {
    const [alice, bob] = [await linphone(), await linphone()];
    alice.call(bob.user);
    await Promise.all([alice.says(ESTABLISHED), bob.says(ESTABLISHED)]);
    alice.mark();
    bob.mark();
    alice.command('pause');
    await alice.says(/Call \d+ with .* (is now )?paused/);
    alice.command('resume');
    await alice.says(/Call \d+ resumed|Media streams established/);
    bob.mark();
    await alice.dial('5');
    await bob.says(/Receiving tone 5 /);
    alice.command('terminate');
    await bob.says(ENDED);
  });
});

describeWith({ ...LINPHONE, ...BARESIP }, 'linphone and baresip', () => {
  it.each(['linphone', 'baresip'] as const)('talk when %s calls, hear digits, and either can hang up', async (caller) => {
    const phone = await linphone();
    const other = await Baresip.start(service.user(), service.port);
    parts.push(other);
    if (caller === 'linphone') phone.call(other.user);
    else other.command('dial', `sip:${phone.user.name}@127.0.0.1`);
    await Promise.all([phone.says(ESTABLISHED), other.event('CALL_ESTABLISHED'), other.event('CALL_RTPESTAB')]);
    await sleep(VOICE_MS);
    await phone.dial('3');
    expect((await other.event('CALL_DTMF_START')).param).toBe('3');
    if (caller === 'linphone') phone.command('terminate');
    else other.command('hangup');
    await Promise.all([phone.says(ENDED), other.event('CALL_CLOSED')]);
  });
});

describeWith({ ...LINPHONE, ...SIPP }, 'linphone and sipp', () => {
  it('calls a sipp that answers, and hangs up', async () => {
    const phone = await linphone();
    const bob = service.user();
    const callee = await Sipp.play('stay', { user: bob, service: service.port, outOfCall: 'callee', limitSeconds: 60 });
    parts.push(callee);
    await callee.got('SIP/2.0 200');
    phone.call(bob);
    await phone.says(ESTABLISHED);
    phone.command('terminate');
    await callee.got('BYE');
    expect(callee.received('ACK')).toHaveLength(1);
  });

  it('is called by a sipp, which hangs up', async () => {
    const phone = await linphone();
    const caller = await Sipp.play('caller', { user: service.user(), to: phone.user, service: service.port, pauseMs: 1000 });
    parts.push(caller);
    await caller.done();
    await phone.says(ENDED);
  });
});
