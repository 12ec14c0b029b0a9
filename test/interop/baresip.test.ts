import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { BARESIP, describeWith } from './support/peers.ts';
import { Service } from './support/service.ts';

/** Two seconds of voice at 50 packets a second, less what is lost while the call is set up. */
const SPEAK_MS = 2_000;
const PACKETS_AT_LEAST = 50;

describeWith(BARESIP, 'baresip, a whole phone', () => {
  let service: Service;
  let phones: Baresip[];
  beforeEach(async () => {
    service = await Service.start(4);
    phones = [];
  });
  afterEach(async () => {
    await Promise.all(phones.map((phone) => phone.stop()));
    await service.stop();
  });

  async function registered(transport: 'udp' | 'tcp'): Promise<Baresip> {
    const phone = await Baresip.start(service.user(), service.port, { transport });
    phones.push(phone);
    return phone;
  }

  async function talk(caller: Baresip, callee: Baresip): Promise<void> {
    caller.command('dial', `sip:${callee.user.name}@127.0.0.1`);
    const both = (type: string) => Promise.all([caller.event(type), callee.event(type)]);
    await both('CALL_ESTABLISHED');
    await both('CALL_RTPESTAB');
    await sleep(SPEAK_MS);
  }

  it.each([
    ['udp', 'caller'],
    ['udp', 'callee'],
    ['tcp', 'caller'],
  ] as const)('registers over %s, calls, is called, hears the other; the %s hangs up', async (transport, who) => {
    const [alice, bob] = [await registered(transport), await registered(transport)];
    await talk(alice, bob);
    (who === 'caller' ? alice : bob).command('hangup');
    await Promise.all([alice.event('CALL_CLOSED'), bob.event('CALL_CLOSED')]);
    expect(await alice.packetsReceived(), alice.said).toBeGreaterThan(PACKETS_AT_LEAST);
    expect(await bob.packetsReceived(), bob.said).toBeGreaterThan(PACKETS_AT_LEAST);
  });
});
