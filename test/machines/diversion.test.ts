import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { diversionMachine, diversion as scenario } from '../../machines/supervisors/diversion.ts';
import { NO_FORWARDING } from '../../machines/vocabulary/binding.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const CALL = 'call:7';
const SELF = 'diversion:1';
const coverage = new Coverage(diversionMachine);
afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

const unanswered = (callee: string, target: string, diverted = 0) => ({
  type: 'call.unanswered',
  call: CALL,
  caller: 'sip:alice@x',
  callee,
  why: 'busy',
  status: 486,
  target,
  diverted,
});
const caseOf = (diverted = 0): Chart =>
  new Chart(
    diversionMachine,
    { fact: unanswered('sip:bob@x', 'sip:carol@x', diverted), self: SELF, current: [], settings: {} },
    coverage,
  );
const found = (callee: string, route: number): EventObject =>
  ({
    type: 'route.found',
    call: CALL,
    route,
    callee,
    rings: [],
    wakeable: false,
    accountPush: { provider: '', prid: '', param: '' },
    forwarding: NO_FORWARDING,
  }) as EventObject;
const keepOpen = { type: 'call.keepOpen', to: CALL, progress: 0 };
const route = (n: number, uri: string, onBehalfOf: string) => ({
  type: 'sip.route',
  to: 'port:sip',
  call: CALL,
  route: n,
  uri,
  onBehalfOf,
});
const letGo = { type: 'call.letGo', to: CALL };
const over = (type: string): EventObject => ({ type, call: CALL, address: CALL }) as EventObject;

describe('a call that was not taken', () => {
  it('goes where its callee wants it to, under the callee’s permissions, and on from there', () => {
    const chart = caseOf();
    expectTold(chart.told, [keepOpen, route(1, 'sip:carol@x', 'sip:bob@x')]);
    expectTold(chart.give(found('sip:carol@x', 1)), [{ type: 'call.divert', to: CALL, callee: 'sip:carol@x', why: 'busy' }]);
    expectTold(chart.give(unanswered('sip:carol@x', 'sip:dan@x')), [keepOpen, route(2, 'sip:dan@x', 'sip:carol@x')]);
    expectTold(chart.give(found('sip:dan@x', 2)), [{ type: 'call.divert', callee: 'sip:dan@x' }]);
    chart.give(over('call.answered'));
    expect(chart.status).toBe('done');
  });

  it('fails as it would have where the target may not be called', () => {
    const chart = caseOf();
    expectTold(chart.give({ type: 'route.failed' }), [letGo]);
    // Answers that come late change nothing.
    expect(chart.give({ type: 'route.failed' }, found('sip:carol@x', 1))).toEqual([]);
    chart.give(over('call.failed'));
    expect(chart.status).toBe('done');
  });

  it('goes to nobody twice', () => {
    const chart = caseOf();
    chart.give(found('sip:carol@x', 1), unanswered('sip:carol@x', 'sip:bob@x'));
    expectTold(chart.give(found('sip:bob@x', 2)), [letGo]);
    chart.give(over('call.cancelled'));
    expect(chart.status).toBe('done');
  });

  it('goes to five others at most, those before it came to us included', () => {
    const chart = caseOf(3);
    chart.give(found('sip:carol@x', 1), unanswered('sip:carol@x', 'sip:dan@x', 3), found('sip:dan@x', 2));
    expect(chart.give(unanswered('sip:dan@x', 'sip:erin@x', 3))).toEqual([]);
    expect(caseOf(5).told).toEqual([]);
  });

  it('is not kept open for a dial plan that does not answer, and ends with its call', () => {
    const chart = caseOf();
    expect(chart.give(unanswered('sip:bob@x', 'sip:carol@x'), 999)).toEqual([]);
    expectTold(chart.give(1), [letGo]);
    chart.give(over('actor.ended'));
    expect(chart.status).toBe('done');
  });
});

describe('the scenario', () => {
  it('is born only where somebody is to be called, once a call, and hears its own answers', () => {
    expect(scenario.startsOn[0]?.where).toEqual([{ attribute: 'target', test: { op: 'not', of: '' } }]);
    expect(scenario.oncePer?.({ call: CALL } as never)).toBe(CALL);
    expect(scenario.of?.({ call: CALL } as never)).toBe(CALL);
    const routes = scenario.listensTo({ call: CALL } as never, SELF).filter(({ fact }) => fact.startsWith('route.'));
    for (const { where } of routes) expect(where).toContainEqual({ attribute: 'case', test: SELF });
  });
});
