import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { headerOf, onStage } from './support/stage.ts';

let service: Service;
/** Asks phones soon whether they are still there. */
let curious: Service;
beforeAll(async () => {
  [service, curious] = await Promise.all([Service.start(20), Service.start(4, { calls: { aliveCheckSeconds: 2 } })]);
});
afterAll(() => Promise.all([service?.stop(), curious?.stop()]));
const stage = (play: Parameters<typeof onStage>[1]) => onStage(() => service, play);

describeWith(SIPP, 'dialogs of real peers', () => {
  it.each(['udp', 'tcp'] as const)(
    'carry a reliable 183, its PRACK, and an UPDATE over %s (RFC 3262, RFC 3311)',
    async (transport) =>
      stage(async ({ user, sipp, phone }) => {
        const [alice, bob] = [user(), user()];
        const callee = await phone('callee-prack', { user: bob, transport, pauseMs: 100 });
        const caller = await sipp('caller-prack', { user: alice, to: bob, transport, pauseMs: 100 });
        await caller.done();
        await callee.got('BYE');
        expect(headerOf(callee.received('PRACK')[0] ?? '', 'RAck')).toBe('4711 1 INVITE');
        expect(headerOf(caller.sent('PRACK')[0] ?? '', 'RAck')).toMatch(/^\d+ 2 INVITE$/);
        expect(headerOf(caller.sent('PRACK')[0] ?? '', 'RAck')).not.toContain('4711');
        expect(callee.received('UPDATE')[0]).toContain('a=sendonly');
      })(),
  );

  it(
    'of a caller with session timers and a callee without: the caller refreshes (RFC 4028 §8.2)',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const callee = await phone('callee-refreshed', { user: bob });
      await (await sipp('caller-timer', { user: alice, to: bob, pauseMs: 100 })).done();
      await callee.got('BYE');
      expect(headerOf(callee.received('INVITE')[0] ?? '', 'Session-Expires')).toBe('600');
    }),
  );

  it(
    'of a caller that would refresh too often: 422 (RFC 4028 §8.1)',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const callee = await phone('callee', { user: bob });
      const caller = await sipp('caller-fails-422', { user: alice, to: bob });
      await caller.done();
      expect(headerOf(caller.received('SIP/2.0 422')[0] ?? '', 'Min-SE')).toBe('90');
      expect(callee.received('INVITE')).toHaveLength(0);
    }),
  );

  it(
    'of a callee that forgot the call end on both sides once it is asked',
    onStage(
      () => curious,
      async ({ user, sipp, phone }) => {
        const [alice, bob] = [user(), user()];
        await phone('callee-forgets', { user: bob });
        const caller = await sipp('caller-asked', { user: alice, to: bob });
        await caller.done();
        expect(headerOf(caller.received('BYE')[0] ?? '', 'Reason')).toContain('cause=481');
      },
    ),
  );
});
