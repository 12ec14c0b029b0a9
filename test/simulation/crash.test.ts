import { afterEach, describe, expect, it } from 'vitest';
import { callMachine } from '../../machines/call.ts';
import { legMachine } from '../../machines/leg.ts';
import { registrationMachine } from '../../machines/registration.ts';
import { pushNotificationMachine } from '../../machines/supervisors/push-notification.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { callOf, storyOf } from '../support/insight.ts';
import { expectQuiet } from '../support/quiet.ts';

/** The guard that throws when it is asked next, as a bug of ours would. */
let broken = '';

type Guards = Record<string, (args: unknown, params: unknown) => boolean>;
/** Lets guards of a chart throw on demand. */
function sabotage(machine: { readonly implementations: { readonly guards: unknown } }, names: readonly string[]): void {
  const guards = machine.implementations.guards as Guards;
  for (const name of names) {
    const sound = guards[name];
    if (sound === undefined) throw new Error(`the chart has no guard ${name}`);
    guards[name] = (args, params) => {
      if (broken === name) throw new Error(`${name} is broken`);
      return sound(args, params);
    };
  }
}
// Before the first service runs them.
sabotage(callMachine, ['isOver', 'hasPeer']);
sabotage(legMachine, ['isFork', 'isTrying']);
sabotage(pushNotificationMachine, ['isWoken']);
sabotage(registrationMachine, ['isEmpty']);

afterEach(() => {
  broken = '';
});

const push = { provider: 'apns', prid: 'token' };

function scene() {
  const problems: string[] = [];
  const world = serviceWorld({ hearProblem: (problem) => problems.push(problem), insight: true });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: { ringAfterMs: 100, answerAfterMs: 1000 } });
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  return { world, alice, bob, problems };
}

describe('an actor that throws costs one call, which is answered, and leaves nothing', () => {
  it('a call while it rings: the caller hears 500 and the device is cancelled', () => {
    const { world, alice, bob, problems } = scene();
    const call = alice.call('bob');
    world.run(400);
    expect(call.state).toBe('ringing');
    broken = 'hasPeer';
    call.request('INFO');
    world.run(300);
    expect(call.status).toBe(500);
    expect(bob.calls[0]?.end).toBe('cancelled');
    expect(problems.join()).toContain("guard 'hasPeer'");
    broken = '';
    const next = alice.call('bob');
    world.run(3000);
    expect(next.state).toBe('answered');
    next.bye();
    expectQuiet(world);
  });

  it('a call before it rang anybody', () => {
    const { world, alice } = scene();
    broken = 'isOver';
    const call = alice.call('bob');
    world.run(1000);
    expect(call.status).toBe(500);
    expectQuiet(world);
  });

  it('a call while its parties talk: both are hung up', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob');
    world.run(2500);
    expect(call.state).toBe('answered');
    broken = 'hasPeer';
    const info = call.request('INFO');
    world.run(1000);
    expect(call.end).toBe('hungUp');
    expect(bob.calls[0]?.end).toBe('hungUp');
    expect(info.status).toBe(487);
    expectQuiet(world);
    expect(callOf(world)).toMatchObject({ outcome: 'crashed', why: 'The chart of the call crashed, which is a defect' });
    expect(storyOf(world)).toContain('call:1 crashed, which is a defect of its chart');
  });

  it('the caller’s leg as it is born', () => {
    const { world, alice } = scene();
    broken = 'isFork';
    const call = alice.call('bob');
    world.run(1000);
    expect(call.status).toBe(500);
    expectQuiet(world, { 'no refusal unheard': 'the call cancels forks that were never born either' });
    expect(callOf(world).outcome).toBe('failed');
  });

  it('a fork’s leg: it is cancelled, and the call goes on with the others', () => {
    const { world, alice, bob } = scene();
    const other = world.phone('other', { user: 'bob', onInvite: { ringAfterMs: 600, answerAfterMs: 2000 } });
    other.register();
    world.run(200);
    const call = alice.call('bob');
    world.run(50);
    broken = 'isTrying';
    world.run(300);
    broken = '';
    expect(bob.calls[0]?.end).toBe('cancelled');
    world.run(3000);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
    expect(storyOf(world)).toContain('leg:1/1 crashed, which is a defect of its chart');
    expect(callOf(world).why).toMatch(/^Alice hung up after/);
  });

  it('the only fork’s leg: the call fails', () => {
    const { world, alice } = scene();
    const call = alice.call('bob');
    world.run(50);
    broken = 'isTrying';
    world.run(1000);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('a case that kept the call open: it is kept open no more', () => {
    const { world, alice } = scene();
    const mobile = world.phone('mobile', { user: 'carol', push });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, push.prid, { afterMs: 1000 });
    const call = alice.call('carol');
    world.run(500);
    expect(call.status).toBe(0);
    broken = 'isWoken';
    world.run(1000);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('a registration: its REGISTER gets 500 within ten seconds, and the next one is taken', () => {
    const { world, problems } = scene();
    const carol = world.phone('carol', { onInvite: 'answer' });
    broken = 'isEmpty';
    const lost = carol.register();
    world.run(100);
    expect(problems.join()).toContain('isEmpty is broken');
    expect(lost.status).toBe(0);
    broken = '';
    world.run(9900);
    expect(lost.status).toBe(500);
    const again = carol.register();
    world.run(500);
    expect(again.status).toBe(200);
    expectQuiet(world);
  });
});

describe('a transfer whose call crashes', () => {
  it('leaves the call as it was, with one record each', () => {
    const { world, alice, bob, problems } = scene();
    const carol = world.phone('carol', { onInvite: { ringAfterMs: 10, answerAfterMs: 2_000 } });
    carol.register();
    const call = alice.call('bob');
    world.run(2_000);
    bob.incoming?.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(500);
    expect(carol.incoming?.state).toBe('ringing');
    broken = 'hasPeer';
    carol.incoming?.request('INFO');
    world.run(1_000);
    broken = '';
    expect(problems.join()).toContain("guard 'hasPeer'");
    expect([call.state, bob.incoming?.state, carol.incoming?.end]).toEqual(['answered', 'answered', 'cancelled']);
    const told = bob.incoming?.requests.filter(({ method }) => method === 'NOTIFY').map(({ body }) => body.trim());
    expect(told?.at(-1)).toMatch(/^SIP\/2.0 500/);
    call.bye();
    expectQuiet(world);
    expect(world.service.records).toHaveLength(2);
  });
});
