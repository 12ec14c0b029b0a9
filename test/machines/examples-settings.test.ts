import { describe, expect, it } from 'vitest';
import { missedCall } from '../../machines/supervisors/missed-call.ts';
import { ringGroup } from '../../machines/supervisors/ring-group.ts';

const GROUP = { group: 'support', members: ['alice', 'bob'] };

describe('the settings of a ring group', () => {
  it('have presets, and may be of one group or of several', () => {
    const presets = { strategy: 'all', ringMs: 20_000, fallback: '', label: '' };
    expect(ringGroup.settings?.(GROUP)).toEqual({ groups: [{ ...GROUP, ...presets }] });
    expect(ringGroup.settings?.({ groups: [GROUP, { ...GROUP, group: 'sales', ringSeconds: 2.5 }] })).toMatchObject({
      groups: [GROUP, { group: 'sales', ringMs: 2_500 }],
    });
  });

  it.each([
    [{}, 'members: write a list of 1 to 32'],
    ['support', 'write a map such as'],
    [{ members: ['a'] }, 'group: write the name of a user'],
    [{ group: 'su*', members: ['a'] }, 'group: write the name of a user'],
    [{ group: 'support', members: [] }, 'members: write a list'],
    [{ group: 'support', members: [7] }, 'members: write each'],
    [{ ...GROUP, strategy: 'random' }, 'strategy: write one of all, inTurn, rotating'],
    [{ ...GROUP, ringSeconds: 0 }, 'ringSeconds: write a number of seconds from 1 to 300'],
    [{ ...GROUP, label: 'a\nb' }, 'label: write a short text'],
    [{ ...GROUP, ringSecond: 9 }, 'ringSecond: unknown key'],
    [{ groups: [GROUP, GROUP] }, 'support: two groups have this name'],
    [{ groups: [], group: 'x' }, 'group: unknown key'],
  ])('%j are refused with the fix', (written, fix) => {
    expect(() => ringGroup.settings?.(written)).toThrow(fix);
  });

  it('decide which calls bear a case: those to its name, not those that a scenario placed', () => {
    const [birth] = ringGroup.startsFor?.(ringGroup.settings?.(GROUP) as never) ?? [];
    expect(birth?.where).toContainEqual({ attribute: 'callee', test: { op: 'glob', pattern: 'sip:support@*' } });
    expect(birth?.where).toContainEqual({ attribute: 'placedBy', test: '' });
  });
});

describe('the settings of missed calls', () => {
  it('have presets', () => {
    expect(missedCall.settings?.({ target: 'crm' })).toEqual({
      ...{ target: 'crm', path: '', afterMs: 120_000, callers: 'all', callees: [], calledBackBy: 'callee', retries: 3 },
    });
  });

  it.each([
    [{}, 'target: write a name under http.targets'],
    [{ target: 'https://x/' }, 'target: write a name under http.targets'],
    [{ target: 'crm', path: 'a?b' }, 'path: write a path below the target'],
    [{ target: 'crm', callees: 'bob' }, 'callees: write a list'],
    [{ target: 'crm', retries: 1.5 }, 'retries: write a whole number from 0 to 10'],
    [{ target: 'crm', callers: 'none' }, 'callers: write one of all, internal, external'],
    [{ target: 'crm', headers: {} }, 'headers: unknown key'],
  ])('%j are refused with the fix', (written, fix) => {
    expect(() => missedCall.settings?.(written)).toThrow(fix);
  });
});
