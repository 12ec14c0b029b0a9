import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PickupGroup, pickupReach } from '../../src/config.ts';
import { Domains } from '../../src/ports/sip/domains.ts';
import { PickupRights } from '../../src/ports/sip/pickup-rights.ts';

const domains = new Domains('example.com', ['example.org']);
const aor = (name: string): string => `sip:${name}@example.com`;

type Groups = Readonly<Record<string, PickupGroup>>;
const rightsOf = (groups: Groups, more: { takeOver?: string[]; watch?: 'group' | 'all' } = {}): PickupRights =>
  new PickupRights({ reach: pickupReach(new Map(Object.entries(groups))), takeOver: [], watch: 'group', ...more }, domains);

const OFFICE: Groups = {
  sales: { members: ['bob', 'carol'], pickers: [] },
  desk: { members: ['carol', 'dave'], pickers: ['erin'] },
};

describe('pickup rights', () => {
  it('let members take each other’s calls, and pickers those of members', () => {
    const rights = rightsOf(OFFICE);
    expect(rights.calleesOf(aor('bob'))).toEqual([aor('bob'), aor('carol')]);
    expect(rights.calleesOf(aor('carol'))).toEqual([aor('bob'), aor('carol'), aor('dave')]);
    expect(rights.calleesOf(aor('erin'))).toEqual([aor('erin'), aor('carol'), aor('dave')]);
    expect(rights.calleesOf(aor('frank'))).toBeUndefined();
    expect(rights.mayPickUp(aor('erin'), aor('dave'))).toBe(true);
    expect(rights.mayPickUp(aor('dave'), aor('erin'))).toBe(false);
    expect(rights.mayPickUp(aor('bob'), aor('dave'))).toBe(false);
  });

  it('let everybody take and watch what rings for oneself', () => {
    const rights = rightsOf(OFFICE);
    expect(rights.mayPickUp(aor('frank'), aor('frank'))).toBe(true);
    expect(rights.mayWatch(aor('frank'), aor('frank'))).toBe(true);
    expect(rights.mayTakeOver(aor('frank'), aor('frank'))).toBe(false);
  });

  it('let all users take the calls of a group that says so, and them alone', () => {
    const rights = rightsOf({ ...OFFICE, door: { members: ['gate'], pickers: 'all' } });
    expect(rights.calleesOf(aor('frank'))).toEqual([aor('frank'), aor('gate')]);
    expect(rights.mayPickUp(aor('bob'), aor('gate'))).toBe(true);
    expect(rights.mayPickUp(aor('gate'), aor('bob'))).toBe(false);
  });

  it('give who may take over what is answered no further calls than those that may be picked up', () => {
    const rights = rightsOf(OFFICE, { takeOver: ['erin'] });
    expect(rights.mayTakeOver(aor('erin'), aor('dave'))).toBe(true);
    expect(rights.mayTakeOver(aor('erin'), aor('bob'))).toBe(false);
    expect(rights.mayTakeOver(aor('carol'), aor('dave'))).toBe(false);
  });

  it('let everybody watch everybody where the config says so, and take no more for it', () => {
    const rights = rightsOf(OFFICE, { watch: 'all' });
    expect(rights.mayWatch(aor('frank'), aor('bob'))).toBe(true);
    expect(rights.mayPickUp(aor('frank'), aor('bob'))).toBe(false);
    expect(rightsOf(OFFICE).mayWatch(aor('frank'), aor('bob'))).toBe(false);
    expect(rightsOf(OFFICE).mayWatch(aor('erin'), aor('dave'))).toBe(true);
  });

  it('property: are what reading all groups for each question says', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const some = fc.subarray(names);
    const group = fc.record({ members: some, pickers: fc.oneof(some, fc.constant('all' as const)) });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('x', 'y', 'z'), group), (groups) => {
        const rights = rightsOf(groups);
        const mayTake = (picker: string, callee: string): boolean =>
          Object.values(groups).some(
            ({ members, pickers }) =>
              members.includes(callee) && (pickers === 'all' || [...members, ...pickers].includes(picker)),
          );
        for (const picker of names) {
          const callees = names.filter((callee) => mayTake(picker, callee));
          const own = [...new Set([picker, ...callees])].sort().map(aor);
          expect(rights.calleesOf(aor(picker))?.toSorted()).toEqual(callees.length === 0 ? undefined : own);
          for (const callee of names)
            expect(rights.mayPickUp(aor(picker), aor(callee))).toBe(picker === callee || callees.includes(callee));
        }
      }),
    );
  });
});
