import { describe, expect, it } from 'vitest';
import { enqueueActions } from 'xstate';
import type { Scenario } from '../../../machines/scenario.ts';
import { diversion } from '../../../machines/supervisors/diversion.ts';
import { pushNotification } from '../../../machines/supervisors/push-notification.ts';
import { ringGroup } from '../../../machines/supervisors/ring-group.ts';
import { isPassing, leavesOf, placeOf } from '../../../src/lint/nodes.ts';
import { CALL_RULES } from '../../../src/testing/walk/call-rules.ts';
import { CALL, CALL_AND_LEGS, CALLEE, type CallStage, callStage } from '../../../src/testing/walk/call-stage.ts';
import { DIVERSION_RULES, PUSH_RULES } from '../../../src/testing/walk/supervisor-rules.ts';
import { type Walks, walk } from '../../../src/testing/walk/walk.ts';
import { WRITTEN } from '../../support/written.ts';

/** `WALK_DEPTH=2 npx vitest run test/testing/walk` walks two steps further; each step takes some five times as long. */
const DEEPER = Number(process.env.WALK_DEPTH ?? 0);

/** What was walked, for who reads the test's output. */
function told(name: string, { walks, states, steps, depth }: Walks): void {
  console.log(`${name}: ${walks} walks of up to ${depth} steps, ${states} worlds, ${steps} steps taken`);
}

const pushed = (scenario: Scenario, devices: CallStage['devices']): CallStage => ({
  devices,
  registering: Object.keys(devices).filter((device) => devices[device] !== 'awake'),
  pushes: true,
  scenarios: [{ scenario, settings: { wakeLimitMs: 20_000, progress: 182 } }],
});
const diverted = (scenario: Scenario): CallStage => ({
  devices: { desk: 'awake' },
  declines: [480, 486, 603],
  routes: { [CALLEE]: 'sip:carol@x', 'sip:carol@x': 'sip:dave@x', 'sip:dave@x': CALLEE },
  scenarios: [{ scenario, settings: {} }],
});
const walked = (stage: CallStage, depth: number) =>
  walk({ ...callStage(stage), rules: [...CALL_RULES, ...PUSH_RULES, ...DIVERSION_RULES], depth });

/** A group of two who are rung one after the other, then somebody else. */
const grouped = (scenario: Scenario): CallStage => ({
  devices: {},
  declines: [486],
  routes: { 'sip:carol@example.com': '', 'sip:dan@example.com': '', 'sip:erin@example.com': '' },
  scenarios: [{ scenario, settings: scenario.settings?.(WRITTEN['ring-group']) }],
});

/** Stage, depth, and the least number of walks and worlds that there are. */
const STAGES: readonly (readonly [name: string, stage: CallStage, depth: number, walks: number, states: number])[] = [
  ['push: a sleeping phone', pushed(pushNotification, { mobile: 'asleep' }), 9, 850_000, 400],
  ['push: two sleeping phones', pushed(pushNotification, { mobile: 'asleep', tablet: 'asleep' }), 5, 50_000, 6_000],
  [
    'push: a sleeping phone, a new one and a desk',
    pushed(pushNotification, { desk: 'awake', mobile: 'asleep', fresh: 'unbound' }),
    4,
    7_000,
    4_000,
  ],
  ['diversion: from one to the next, and in a circle', diverted(diversion), 8, 15_000, 2_400],
  ['ring group: one after the other', grouped(ringGroup), 7, 4_000, 1_500],
];

describe('every order of what may come', () => {
  it.each(STAGES)('%s', (name, stage, depth, walks, states) => {
    const found = walked(stage, depth + DEEPER);
    told(name, found);
    expect(found.broken).toBeUndefined();
    expect(found.walks).toBeGreaterThanOrEqual(walks);
    expect(found.states).toBeGreaterThanOrEqual(states);
    // Each state in which the supervisor waits was come by.
    for (const { scenario } of stage.scenarios)
      for (const node of leavesOf(scenario.machine))
        if (!isPassing(node)) expect([...found.seen]).toContain(`${scenario.name}: ${placeOf(node)}`);
  });
});

const without = (scenario: Scenario, provided: object): Scenario => ({
  ...scenario,
  machine: scenario.machine.provide(provided as never),
});

describe('a walk catches', () => {
  it('a push notification that does not hear who registers', () => {
    const deaf = without(pushNotification, { guards: { isWoken: () => false } });
    const { broken } = walked(pushed(deaf, { mobile: 'asleep' }), 3);
    expect(broken).toMatchObject({ rule: 'no lost wake-up', says: 'mobile registered and got no INVITE' });
    expect(broken?.path.at(-1)).toContain('binding.refreshed device=mobile');
  });

  it('one that pushes twice', () => {
    const send = (device: string) => ({ type: 'push.send', to: 'port:push', call: CALL, device, callId: '', ttlMs: 1 }) as const;
    const eager = without(pushNotification, {
      actions: { wake: enqueueActions(({ enqueue }) => [1, 2].forEach(() => void enqueue.emit(send('mobile')))) },
    });
    const { broken } = walked(pushed(eager, { mobile: 'asleep' }), 3);
    expect(broken).toMatchObject({ rule: 'one push per device and call', says: 'push.send to mobile, twice' });
  });

  const onCharts = (changes: Readonly<Record<string, object>>, stage: CallStage): CallStage => ({
    ...stage,
    charts: CALL_AND_LEGS.map(({ scenario, settings }) => ({
      scenario: without(scenario, changes[scenario.name] ?? {}),
      settings,
    })),
  });

  it('a fork that is asked for again, and a call that gives it', () => {
    const forgetful = without(pushNotification, {
      actions: {
        fork: enqueueActions(({ event, enqueue }) => {
          const { device, binding } = event as unknown as { device: string; binding: { target: object } };
          const fork = { type: 'call.fork', to: CALL, aor: CALLEE, device, target: binding.target, callId: '' } as const;
          enqueue.emit(fork);
        }),
      },
    });
    const stage = pushed(forgetful, { mobile: 'asleep' });
    // The call itself refuses the second one, as long as it can.
    expect(walked(stage, 4).broken).toBeUndefined();
    const lax = onCharts({ call: { guards: { canFork: () => true } } }, stage);
    expect(walked(lax, 4).broken).toMatchObject({ rule: 'one fork a device', says: 'mobile got two' });
  });

  it('a call that does not cancel its other phones', () => {
    const stage: CallStage = { devices: { desk: 'awake', mobile: 'awake' }, scenarios: [] };
    expect(walked(stage, 4).broken).toBeUndefined();
    const lax = onCharts({ call: { actions: { cancelForks: () => {} } } }, stage);
    expect(walked(lax, 4).broken).toMatchObject({ rule: 'no phone rings for a call that is decided' });
  });

  it('a call that keeps itself open', () => {
    const lax = onCharts({ call: { actions: { letGo: () => {} } } }, pushed(pushNotification, { mobile: 'asleep' }));
    expect(walked(lax, 3).broken).toMatchObject({
      rule: 'kept open no longer than asked',
      says: 'push-notification:1 keeps it at 60000 ms',
    });
  });

  it('a ring group that never runs out of members', () => {
    const endless = without(ringGroup, { guards: { hasMore: () => true } });
    expect(walked(grouped(endless), 5).broken).toMatchObject({
      rule: 'one question for each target',
      says: 'sip:@example.com is asked for twice',
    });
  });

  it('a diversion that forgets whom it has called', () => {
    const forgetful = without(diversion, { guards: { isNew: () => true } });
    const { broken } = walked(diverted(forgetful), 12);
    expect(broken).toMatchObject({ rule: 'nobody is called twice' });
  });
});
