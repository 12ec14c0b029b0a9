import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Linphone } from './support/linphone.ts';
import { BARESIP, describeWith, LINPHONE } from './support/peers.ts';
import { Service } from './support/service.ts';

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
