import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Linphone } from './support/linphone.ts';
import { BARESIP, describeWith, LINPHONE } from './support/peers.ts';
import { Service, type User } from './support/service.ts';

/** Three seconds of voice at 50 packets a second, of which a busy machine may lose half. */
const SPEAK_MS = 3_000;
const PACKETS_AT_LEAST = 75;
const HOST = '127.0.0.1';
const CONFIG = { codes: ['*37', '#37'], scenarios: [{ use: 'ring-back', settings: { guardSeconds: 1 } }] };

let service: Service;
let phones: { stop(): Promise<void> }[];
beforeEach(async () => {
  service = await Service.start(4, CONFIG);
  phones = [];
});
afterEach(async () => {
  await Promise.all(phones.map((phone) => phone.stop()));
  await service.stop();
});

async function baresip(user: User): Promise<Baresip> {
  const phone = await Baresip.start(user, service.port);
  phones.push(phone);
  return phone;
}

describeWith(BARESIP, 'ring-back between real phones', () => {
  it('rings both once the one who was not there registers, and they hear each other', async () => {
    const absent = service.user();
    const alice = await baresip(service.user());
    alice.command('dial', `sip:${absent.name}@${HOST}`);
    await alice.event('CALL_CLOSED');
    alice.command('dial', `sip:*37@${HOST}`);
    expect((await alice.event('CALL_CLOSED', 2)).param).toContain('Ring Back Is Set');
    const bob = await baresip(absent);
    // Both answer by themselves: first Alice, whom the service rings, then Bob.
    await alice.event('CALL_ESTABLISHED');
    await bob.event('CALL_ESTABLISHED');
    await bob.event('CALL_RTPESTAB');
    await sleep(SPEAK_MS);
    bob.command('hangup');
    await Promise.all([bob.event('CALL_CLOSED'), alice.event('CALL_CLOSED', 3)]);
    expect(await bob.packetsReceived(), bob.said).toBeGreaterThan(PACKETS_AT_LEAST);
    expect(await alice.packetsReceived(), alice.said).toBeGreaterThan(PACKETS_AT_LEAST);
  });
});

describeWith({ ...BARESIP, ...LINPHONE }, 'ring-back for linphone', () => {
  it('rings linphone first, which waits without media until the other lifts', async () => {
    const absent = service.user();
    const alice = await Linphone.start(service.user(), service.port);
    phones.push(alice);
    alice.command(`call sip:${absent.name}@${HOST}`);
    await alice.says(/Call 1 with .* (error|ended)/);
    alice.command(`call sip:*37@${HOST}`);
    await alice.says(/Call 2 with .* (error|ended)/);
    alice.mark();
    const bob = await baresip(absent);
    await alice.says(/connected\./);
    await bob.event('CALL_ESTABLISHED');
    await bob.event('CALL_RTPESTAB');
    await sleep(SPEAK_MS);
    bob.command('hangup');
    await Promise.all([bob.event('CALL_CLOSED'), alice.says(/Call \d+ with .* ended/)]);
    expect(await bob.packetsReceived(), bob.said).toBeGreaterThan(PACKETS_AT_LEAST);
  });
});
