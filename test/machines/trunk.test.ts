import { afterAll, describe, expect, it } from 'vitest';
import { trunk as scenario, trunkMachine } from '../../machines/trunk.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const coverage = new Coverage(trunkMachine);
afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

const opened = (): Chart =>
  new Chart(trunkMachine, { fact: { type: 'trunk.opened', trunk: 'carrier' }, self: 't:1', current: [], settings: {} }, coverage);
const accepted = { type: 'trunk.accepted', trunk: 'carrier', refreshAfterMs: 300_000 };
const refused = (status: number, more: object = {}) => ({
  type: 'trunk.refused',
  trunk: 'carrier',
  status,
  reason: 'No',
  retryAfterMs: 0,
  jitterThousandths: 500,
  ...more,
});
const register = { type: 'sip.register', to: 'port:sip', trunk: 'carrier' };
const registered = { type: 'trunk.registered', trunk: 'carrier' };
const lost = (status: number) => ({ type: 'trunk.lost', trunk: 'carrier', status, reason: 'No' });

describe('a registration with a trunk', () => {
  it('is made at once, refreshed in time, and told once', () => {
    const chart = opened();
    expectTold(chart.told, [register]);
    expectTold(chart.give(accepted), [registered]);
    expect(chart.give(299_999)).toEqual([]);
    expectTold(chart.give(1, accepted), [register]);
    expect(chart.give(accepted, refused(500))).toEqual([]);
    expect(chart.state).toBe('registered');
  });

  it('is tried again ever more slowly while it fails, two minutes apart at most', () => {
    const chart = opened();
    for (const waitMs of [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 120_000, 120_000]) {
      expectTold(chart.give(refused(503)), [lost(503)]);
      expect(chart.give(accepted, refused(503), waitMs - 1)).toEqual([]);
      expectTold(chart.give(1), [register]);
    }
    expectTold(chart.give(accepted), [registered]);
    expectTold(chart.give(300_000, refused(408), 2_000), [register, lost(408), register]);
  });

  it('waits long after a refusal that a person has to mend, and as long as the trunk asks for', () => {
    const wrong = opened();
    expectTold(wrong.give(refused(403), 299_999, 1), [lost(403), register]);
    const asked = opened();
    expectTold(asked.give(refused(503, { retryAfterMs: 50_000 }), 49_999), [lost(503)]);
    expectTold(asked.give(1), [register]);
    const jittered = opened();
    expectTold(jittered.give(refused(503, { jitterThousandths: 0 }), 1_500), [lost(503), register]);
  });

  it('is tried again where the port never told how it ended', () => {
    expectTold(opened().give(256_000), [register]);
  });
});

describe('the scenario', () => {
  it('hears of its trunk and of no other', () => {
    for (const { where } of scenario.listensTo({ trunk: 'carrier' } as never, 't:1'))
      expect(where).toEqual([{ attribute: 'trunk', test: 'carrier' }]);
  });
});
