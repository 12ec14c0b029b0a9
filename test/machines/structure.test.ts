/** What holds for every chart of the service, whatever it is about. */
import { readdirSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import { legMachine } from '../../machines/leg.ts';
import { registrationMachine } from '../../machines/registration.ts';
import { pushNotificationMachine } from '../../machines/supervisors/push-notification.ts';
import { NO_FORWARDING } from '../../machines/vocabulary/binding.ts';
import { loadConfig } from '../../src/config.ts';
import { lineOf } from '../../src/lint/finding.ts';
import { lintScenario } from '../../src/lint/lint.ts';
import { ownScenarios } from '../../src/own-scenarios.ts';
import { EXAMPLES } from '../../src/scenarios/examples.ts';
import { broughtBy } from '../../src/scenarios/exports.ts';
import { CODES, MENUS } from '../support/menus.ts';
import { WRITTEN } from '../support/written.ts';
import { Chart, type Stimulus } from './chart.ts';

const config = loadConfig({ argv: [], env: {}, cwd: '/' });
const SCENARIOS = Array.isArray(config)
  ? []
  : ownScenarios({ ...config, ivr: { ...MENUS, pins: new Map() }, inCallCodes: CODES });

/**
 * Two commands of one author and a deadline deep in the chart with the most events; a digit and how it was collected, a code
 * and what was pressed behind it, together. Their own tests go there.
 */
const TOO_DEEP =
  /^(call, state "ringing\.idle"|ivr-menu, state "(checking\.asking|dropping)"|in-call-codes, state "talking\.(transferring|consulting)"): no walk of the linter came here/;

/** By preset no stream ends its call; test/machines/stream.test.ts goes there. */
const NOT_BY_PRESET = /^stream, state "stalled\.counted": no walk of the linter came here/;

describe.each(SCENARIOS.map(({ scenario, settings }) => [scenario.name, scenario, settings] as const))(
  'the chart of a %s',
  (_name, scenario, settings) => {
    it('has no finding of the linter', () => {
      const lines = lintScenario(scenario, [], settings).map(lineOf);
      expect(lines.filter((line) => !TOO_DEEP.test(line) && !NOT_BY_PRESET.test(line))).toEqual([]);
    });

    it('can be drawn from JSON', () => {
      const { config, states } = scenario.machine;
      const drawn = JSON.parse(JSON.stringify(config)) as { states: object };
      expect(Object.keys(drawn.states)).toEqual(Object.keys(states));
    });
  },
);

it('no built-in example has a finding of the linter', async () => {
  for (const example of Object.values(EXAMPLES)) {
    const brought = broughtBy(await example());
    const { scenarios, facts } = 'lack' in brought ? { scenarios: [], facts: [] } : brought;
    expect(scenarios).not.toEqual([]);
    for (const scenario of scenarios)
      expect(lintScenario(scenario, facts, scenario.settings?.(WRITTEN[scenario.name] ?? {})).map(lineOf)).toEqual([]);
  }
});

it('no chart of the service is left out here', () => {
  const charts = ['machines', 'machines/supervisors'].flatMap((folder) =>
    readdirSync(new URL(`../../${folder}/`, import.meta.url)).filter((name) => name.endsWith('.ts') && name !== 'scenario.ts'),
  );
  expect(charts).toHaveLength(SCENARIOS.length + Object.keys(EXAMPLES).length);
});

// Any order of events: `Chart` itself holds that no delayed event is armed twice, and that none outlives its chart.

const target = { contact: 'sip:bob@10.0.0.2', path: [], flow: 'flow1', stream: true };
const push = { provider: 'apns', prid: 'token', param: '' };
const device = fc.constantFrom('a', 'b', 'c');
const anyLeg = fc.constantFrom('leg:7/0', 'leg:7/1', 'leg:7/2', 'leg:7/3');
const status = fc.constantFrom(180, 183, 200, 404, 486, 503, 600, 603);
const keeper = fc.constantFrom('push:1', 'pickup:1');
const delayMs = fc.constantFrom(0, 1, 500, 10_000, 20_000, 32_000, 60_000, 128_000);

/** An event of one of these kinds, with whatever attributes any of them may have. */
const anyEvent = (...types: string[]) =>
  fc
    .record({
      type: fc.constantFrom(...types),
      aor: fc.constant('sip:bob@x'),
      leg: anyLeg,
      address: fc.oneof(anyLeg, keeper),
      fork: anyLeg,
      status,
      forMs: delayMs,
      by: keeper,
      cseq: fc.integer({ min: 1, max: 40 }),
      all: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      contacts: fc.uniqueArray(
        fc
          .record({ device, expiresSeconds: fc.constantFrom(0, 60, 600), wakeable: fc.boolean() })
          .map(({ wakeable, ...one }) => ({
            ...one,
            target,
            qThousandths: 1000,
            push: wakeable ? push : { ...push, provider: '' },
            params: '',
          })),
        { maxLength: 3, selector: (one) => one },
      ),
      asleep: fc.boolean(),
      why: fc.constantFrom('unregistered', 'expired', 'unreachable'),
      flow: fc.constantFrom('flow1', 'flow2'),
      deviceWithBinding: device.map((name) => ({
        device: name,
        binding: {
          aor: 'sip:bob@x',
          device: name,
          target,
          push,
          params: '',
          callId: 'r',
          cseq: 1,
          expiresAtMs: 90_000,
          userAgent: '',
        },
      })),
      callId: fc.constantFrom('', 'stem-w0'),
      message: fc.constantFrom(0, 7),
      progress: fc.constantFrom(0, 182),
      reason: fc.constant('none'),
      target: fc.constant(target),
    })
    .map(({ deviceWithBinding, ...event }) => ({ ...event, ...deviceWithBinding }));
const sequence = (...types: string[]): fc.Arbitrary<Stimulus[]> =>
  fc.array(
    fc.oneof({ weight: 4, arbitrary: anyEvent(...types) as fc.Arbitrary<EventObject> }, { weight: 1, arbitrary: delayMs }),
    {
      maxLength: 40,
    },
  );

/** Gives all of it to the chart for as long as it lives; then time passes, and whatever it waits for falls due. */
function attack(chart: Chart, stimuli: readonly Stimulus[]): void {
  for (const stimulus of stimuli) {
    if (chart.status !== 'active') return;
    chart.give(stimulus);
  }
  if (chart.status === 'active') chart.give(24 * 3_600_000);
}

describe('no order of events arms a delayed event twice', () => {
  const invite = {
    type: 'invite.received',
    call: 'call:7',
    leg: 'leg:7/0',
    callee: 'sip:bob@x',
    callIdStem: 's',
    accountPush: push,
    rings: [],
    forwarding: NO_FORWARDING,
    diverted: 0,
    ...{ code: '', argument: '', placedBy: '' },
  };
  const legEvents = [
    ...['leg.progress', 'leg.answer', 'leg.reject', 'leg.acknowledge', 'leg.cancel', 'leg.hangUp', 'actor.ended', 'bye.received'],
    ...[
      'provisional.received',
      'answer.received',
      'failure.received',
      'cancel.received',
      'prack.missed',
      'ack.received',
      'ack.missed',
      'bye.finished',
    ],
  ];
  const callEvents = [
    ...['call.fork', 'call.keepOpen', 'call.letGo', 'call.claim', 'leg.ringing', 'leg.silent', 'leg.failed', 'leg.answered'],
    ...['leg.cancelled', 'leg.acknowledged', 'leg.hungUp', 'actor.ended', 'request.received', 'response.received'],
    ...['leg.forsaken', 'session.lapsed'],
  ];

  test.prop([sequence(...callEvents, 'call.keepOpen', 'call.letGo'), fc.integer({ min: 0, max: 3 })], { numRuns: 300 })(
    'call',
    (stimuli, awake) => {
      const current = ['a', 'b', 'c'].slice(0, awake).map((name) => ({ device: name, asleep: false, binding: { target } }));
      const settings = { maxForks: 3, declineEndsCall: false, transfer: 'local' };
      attack(new Chart(callMachine, { fact: invite, self: 'call:7', current, settings }), stimuli);
    },
  );

  test.prop([sequence(...legEvents), fc.boolean()], { numRuns: 300 })('leg', (stimuli, isFork) => {
    const fact = isFork ? { type: 'fork.started', call: 'call:7', device: 'a', callId: 's-1', target } : invite;
    attack(
      new Chart(legMachine, { fact, self: 'leg:7/0', current: [], settings: { ringLimitMs: 60_000, silentAfterMs: 10_000 } }),
      stimuli,
    );
  });

  test.prop(
    [sequence('register.received', 'binding.restored', 'flow.closed', 'device.unreachable'), fc.constantFrom(0, 30_000)],
    { numRuns: 300 },
  )('registration', (stimuli, awakeForMs) => {
    const fact = { type: 'binding.restored', aor: 'sip:bob@x', device: 'a', seq: 1, at: 0 };
    const binding = {
      aor: 'sip:bob@x',
      device: 'a',
      target,
      push,
      params: '',
      callId: 'r',
      cseq: 0,
      expiresAtMs: 50_000,
      userAgent: '',
    };
    const input = { fact: { ...fact, binding }, self: 'registration:1', current: [], settings: { maxBindings: 3, awakeForMs } };
    const chart = new Chart(registrationMachine, input);
    attack(chart, stimuli);
    expect(chart.status, 'after a day without a REGISTER nobody is bound').toBe('done');
  });

  test.prop([sequence('binding.added', 'binding.refreshed', 'binding.removed', 'push.failed', 'leg.ringing', 'call.answered')], {
    numRuns: 200,
  })('push notification', (stimuli) => {
    const current = ['a', 'b'].map((name) => ({
      type: 'binding.added',
      device: name,
      asleep: true,
      seq: 1,
      binding: { target, push },
    }));
    const fact = { type: 'call.offered', call: 'call:7', callee: 'sip:bob@x', callIdStem: 's', accountPush: push, cause: 9 };
    attack(
      new Chart(pushNotificationMachine, { fact, self: 'p:1', current, settings: { wakeLimitMs: 20_000, progress: 182 } }),
      stimuli,
    );
  });
});
