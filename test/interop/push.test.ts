import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { headerOf, onStage, pushable, type Stage } from './support/stage.ts';

const WAKE_LIMIT_MS = 20_000;
/** Late, yet with room for a busy machine to start sipp and answer its challenge; 19.9 s to the millisecond is simulated. */
const LATE_MS = 18_000;

let service: Service;
beforeAll(async () => {
  service = await Service.start(60);
});
afterAll(() => service?.stop());

/** The cases mind their own users only, so that the slow ones may wait together. */
const rings = (name: string, play: (stage: Stage) => Promise<void>) =>
  it.concurrent(
    name,
    onStage(() => service, play),
  );

describeWith(SIPP, 'calls to phones that sleep', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    rings(`wakes the phone over ${transport}: one push, which names the Call-ID of the INVITE`, async (stage) => {
      const [alice, bob] = [stage.user(), stage.user()];
      await stage.registers({ user: bob, transport, contactParams: pushable(bob) });
      const caller = await stage.sipp('caller', { user: alice, to: bob, transport, pauseMs: 200 });
      const push = await stage.pushes.next(bob.name);
      const mobile = await wakes(stage, 'mobile', bob, push, { transport });
      await Promise.all([caller.done(), mobile.done()]);
      expect(push).toMatchObject({ kind: 'incoming-call', provider: 'fcm', prid: bob.name });
      expect(mobile.received('INVITE')).toHaveLength(1);
      expect(headerOf(mobile.received('INVITE')[0] ?? '', 'Call-ID')).toBe(push.callId);
      expect(stage.pushes.of(bob.name)).toHaveLength(1);
      expect(caller.received('SIP/2.0 182').length).toBeGreaterThan(0);
    });
  }

  rings('wakes a wakeable account that has no binding at all', async (stage) => {
    const [alice, bob] = [stage.user(), stage.service.wakeableUser()];
    const caller = await stage.sipp('caller', { user: alice, to: bob, pauseMs: 200 });
    const mobile = await wakes(stage, 'mobile', bob, await stage.pushes.next(bob.name));
    await Promise.all([caller.done(), mobile.done()]);
    expect(stage.pushes.of(bob.name)).toHaveLength(1);
  });

  rings('keeps the call open for the mobile when the desk phone declines first', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    const desk = await stage.phone('callee-declines', { user: bob, pauseMs: 100 });
    await stage.registers({ user: bob, contactParams: pushable(bob) });
    const caller = await stage.sipp('caller', { user: alice, to: bob, pauseMs: 200 });
    const push = await stage.pushes.next(bob.name);
    await desk.got('ACK');
    const mobile = await wakes(stage, 'mobile', bob, push);
    await Promise.all([caller.done(), mobile.done()]);
    expect(desk.received('INVITE')).toHaveLength(1);
  });

  rings('lets the desk phone ring on when the wake limit passes', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    const desk = await stage.phone('callee', { user: bob, pauseMs: WAKE_LIMIT_MS + 2_500 });
    await stage.registers({ user: bob, contactParams: pushable(bob) });
    const caller = await stage.sipp('caller', { user: alice, to: bob, limitSeconds: 40 });
    await stage.pushes.next(bob.name);
    await caller.done();
    await desk.got('BYE');
    expect(desk.received('CANCEL')).toHaveLength(0);
  });

  rings('connects a mobile that registers late within the wake limit and answers twenty seconds later', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    await stage.registers({ user: bob, contactParams: pushable(bob) });
    const caller = await stage.sipp('caller', { user: alice, to: bob, limitSeconds: 60 });
    const push = await stage.pushes.next(bob.name);
    await sleep(LATE_MS);
    const mobile = await wakes(stage, 'mobile', bob, push, { pauseMs: 20_000, limitSeconds: 50 });
    await Promise.all([caller.done(), mobile.done()]);
  });

  rings('gives up with 480 when nobody registers within the wake limit', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    await stage.registers({ user: bob, contactParams: pushable(bob) });
    const startedMs = performance.now();
    const caller = await stage.sipp('caller-fails-480', { user: alice, to: bob });
    await caller.done();
    expect(performance.now() - startedMs).toBeGreaterThan(WAKE_LIMIT_MS - 500);
  });

  rings('sends a sleeping phone no INVITE before its REGISTER, though its binding has not expired', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    const asleep = await stage.phone('callee', { user: bob, contactParams: pushable(bob) });
    const caller = await stage.sipp('caller', { user: alice, to: bob });
    const push = await stage.pushes.next(bob.name);
    await sleep(1_000);
    expect(asleep.received('INVITE')).toHaveLength(0);
    const mobile = await wakes(stage, 'mobile', bob, push);
    await Promise.all([caller.done(), mobile.done()]);
    expect(asleep.received('INVITE')).toHaveLength(0);
  });

  rings('wakes by the right password alone', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    await stage.registers({ user: bob, contactParams: pushable(bob) });
    const caller = await stage.sipp('caller', { user: alice, to: bob });
    const mobile = await wakes(stage, 'mobile-wrong-password', bob, await stage.pushes.next(bob.name));
    await Promise.all([caller.done(), mobile.done()]);
    expect(mobile.received('INVITE')).toHaveLength(1);
  });

  rings('ends at once when the caller cancels, takes the push back, and calls nobody later', async (stage) => {
    const [alice, bob] = [stage.user(), stage.user()];
    await stage.registers({ user: bob, contactParams: pushable(bob) });
    const caller = await stage.sipp('caller-cancels', { user: alice, to: bob, pauseMs: 500 });
    const push = await stage.pushes.next(bob.name);
    await caller.done();
    expect(await stage.pushes.next(bob.name, 2)).toMatchObject({ kind: 'cancelled', callId: push.callId });
    const mobile = await wakes(stage, 'mobile-too-late', bob, push, { pauseMs: 1_500 });
    await mobile.done();
    expect(mobile.received('INVITE')).toHaveLength(0);
    expect(stage.pushes.of(bob.name)).toHaveLength(2);
  });
});

/** The device registers because of that push. */
function wakes(
  stage: Stage,
  scenario: string,
  user: Parameters<Stage['sipp']>[1]['user'],
  push: Readonly<Record<string, unknown>>,
  more: Partial<Parameters<Stage['sipp']>[1]> = {},
) {
  return stage.sipp(scenario, { user, contactParams: pushable(user), callId: String(push.callId), ...more });
}
