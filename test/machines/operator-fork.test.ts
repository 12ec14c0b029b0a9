import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { operatorForkMachine } from '../../machines/supervisors/operator-fork.ts';
import { NO_FORWARDING } from '../../machines/vocabulary/binding.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const CALL = 'call:7';
const SELF = 'operator-fork:1';
const coverage = new Coverage(operatorForkMachine);
afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

const order = { type: 'fork.ordered', call: CALL, uri: 'sip:carol@x', onBehalfOf: 'sip:bob@x', ringMs: 20_000 };
const born = (): Chart => new Chart(operatorForkMachine, { fact: order, self: SELF, current: [], settings: {} }, coverage);
const told = (type: string, more: object = {}): EventObject => ({ type, call: CALL, ...more }) as EventObject;
const callee = { callee: 'sip:carol@x', rings: [], wakeable: true, accountPush: { provider: '', prid: '', param: '' } };
const found = told('route.found', { route: 1, ...callee, forwarding: NO_FORWARDING });
const ring = { type: 'call.ring', to: CALL, ...callee, label: '' };
const drop = { type: 'call.drop', to: CALL, callee: 'sip:carol@x' };
const letGo = { type: 'call.letGo', to: CALL };

describe("an operator's fork", () => {
  it('keeps the call open, asks where that is under the permissions of whose call it is, and rings it', () => {
    const chart = born();
    expectTold(chart.told, [
      { type: 'call.keepOpen', to: CALL, forMs: 22_000, progress: 0 },
      { type: 'sip.route', to: 'port:sip', call: CALL, route: 1, uri: 'sip:carol@x', onBehalfOf: 'sip:bob@x' },
    ]);
    expectTold(chart.give(found), [ring]);
    expect(chart.give(found)).toEqual([]);
    expect(chart.state).toBe('ringing');
  });

  it.each([
    ['there is no such place', [told('route.failed', { status: 404 })]],
    ['nobody says where it is', [1_000]],
    ['nobody rings any more', [found, told('hunt.idle', { hunter: SELF })]],
    ['it has declined', [found, told('callee.dropped', { callee: 'sip:carol@x' })]],
    ['it has rung long enough', [found, told('route.failed'), 20_000]],
  ])('lets the call go where %s', (_why, stimuli) => {
    const chart = born();
    const rings = stimuli.includes(found);
    expectTold(chart.give(...stimuli).slice(rings ? 1 : 0), rings ? [drop, letGo] : [letGo]);
    expect(chart.status).toBe('done');
  });

  it.each(['call.answered', 'call.cancelled', 'call.failed', 'actor.ended', 'command.refused'])('is over with %s', (type) => {
    const chart = born();
    expect(chart.give(told('hunt.idle'))).toEqual([]);
    expect(chart.give(told(type, { address: CALL }))).toEqual([]);
    expect(chart.status).toBe('done');
  });
});
