import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child } from './support/child.ts';
import { describeWith, SIPP, SIPSAK } from './support/peers.ts';
import { Service } from './support/service.ts';
import { onStage } from './support/stage.ts';

let service: Service;
beforeAll(async () => {
  service = await Service.start(20);
});
afterAll(() => service?.stop());
const stage = (play: Parameters<typeof onStage>[1]) => onStage(() => service, play);

describeWith(SIPP, 'calls between phones that are awake', () => {
  it.each(['udp', 'tcp'] as const)('connects a plain call over %s: challenge, 180, 200, ACK, BYE', async (transport) =>
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const callee = await phone('callee', { user: bob, transport, pauseMs: 200 });
      const caller = await sipp('caller', { user: alice, to: bob, transport, pauseMs: 200 });
      await caller.done();
      expect(caller.received('SIP/2.0 180')).toHaveLength(1);
      expect(callee.received('INVITE')).toHaveLength(1);
      expect(callee.received('ACK')).toHaveLength(1);
      await callee.got('BYE');
    })(),
  );

  it(
    'connects a caller on UDP with a callee on TCP',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const callee = await phone('callee', { user: bob, transport: 'tcp' });
      await (await sipp('caller', { user: alice, to: bob })).done();
      await callee.got('BYE');
    }),
  );

  it(
    'tells the caller that the only phone is busy',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const desk = await phone('callee-declines', { user: bob });
      await (await sipp('caller-fails-486', { user: alice, to: bob })).done();
      await desk.got('ACK');
    }),
  );

  it(
    'carries the offer of an offerless INVITE in the 200 and its answer in the ACK',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const callee = await phone('callee-offerless', { user: bob });
      const caller = await sipp('caller-offerless', { user: alice, to: bob, pauseMs: 100 });
      await caller.done();
      expect(callee.received('INVITE')[0]).not.toContain('m=audio');
      expect(callee.received('ACK')[0]).toContain('m=audio');
      await callee.got('BYE');
    }),
  );

  it(
    'gives the loser of two crossing 200s an ACK and a BYE',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const loser = await phone('callee-crosses', { user: bob });
      const winner = await phone('callee', { user: bob, pauseMs: 300 });
      const caller = await sipp('caller', { user: alice, to: bob, pauseMs: 1500 });
      await loser.got('BYE');
      expect(loser.received('ACK')).toHaveLength(1);
      expect(winner.received('BYE')).toHaveLength(0);
      await caller.done();
      await winner.got('BYE');
    }),
  );

  it(
    'refuses a call whose password is wrong',
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      const callee = await phone('callee', { user: bob });
      await (await sipp('caller-fails-403', { user: { ...alice, password: 'wrong' }, to: bob })).done();
      expect(callee.received('INVITE')).toHaveLength(0);
    }),
  );
});

describeWith(SIPSAK, 'OPTIONS', () => {
  it('answers sipsak over UDP', async () => {
    const sipsak = new Child('sipsak', ['-vv', '-s', `sip:127.0.0.1:${service.port}`], '/');
    expect(await sipsak.ended, sipsak.said).toBe(0);
    expect(sipsak.said).toContain('SIP/2.0 200');
    expect(sipsak.said).toMatch(/Allow: .*INVITE/i);
  });
});
