import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { onStage } from './support/stage.ts';

let service: Service;
beforeAll(async () => {
  service = await Service.start(10);
});
afterAll(() => service?.stop());

describeWith(SIPP, 'phones whose Via, Contact and SDP name a private address', () => {
  it.each([
    ['udp', 'udp'],
    ['tcp', 'tcp'],
    ['udp', 'tcp'],
  ] as const)('register, call over %s, are called over %s, hear ACK and BYE where they are', async (from, to) =>
    onStage(
      () => service,
      async ({ user, sipp }) => {
        const [alice, bob] = [user(), user()];
        const parts = { host: '127.0.0.3', user: bob, transport: to, limitSeconds: 90 };
        const callee = await sipp('stay-natted', { ...parts, outOfCall: 'callee-natted' });
        await callee.got('SIP/2.0 200');
        const caller = await sipp('caller-natted', { host: '127.0.0.2', user: alice, to: bob, transport: from, pauseMs: 200 });
        await caller.done();
        await callee.got('BYE');
        expect(callee.received('ACK')).toHaveLength(1);
        // Media that would go to an address of a private network goes through the service.
        expect(callee.received('INVITE')[0]).toContain('c=IN IP4 127.0.0.1');
        expect(callee.received('INVITE')[0]).not.toContain('c=IN IP4 192.168.1.20');
        expect(callee.received('INVITE')[0]).toMatch(/^INVITE sip:\S+@192\.168\.1\.20:5060/);
      },
    )(),
  );
});
