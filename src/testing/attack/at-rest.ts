/** Until the named invariants are there. */
import type { Invariant } from '../invariant.ts';

const quiet: Invariant = {
  name: 'nothing left',
  says: 'no actor, timer, leg or transaction is left when all is quiet',
  watch: (world) => ({
    broken: () => [],
    brokenAtRest: () => {
      const { engine, transactions, openLegs, kept } = world.service.service;
      const lines: string[] = [];
      for (const { scenario, address } of engine.actors())
        if (scenario !== 'registration' && scenario !== 'trunk') lines.push(`actor ${address} of ${scenario}`);
      if (transactions.size > 0) lines.push(`${transactions.size} transactions`);
      if (openLegs > 0) lines.push(`${openLegs} legs`);
      if (kept > 0) lines.push(`${kept} kept`);
      if (engine.backlog > 0) lines.push(`${engine.backlog} in the mailbox`);
      return lines;
    },
  }),
};
const IS_LOST = /no ACK to \d{3} within 64\*T1|no PRACK to/;
const complaints: Invariant = {
  name: 'no complaints',
  says: 'no phone sees a rule broken',
  watch: (world) => ({
    broken: () => world.complaints.filter((one) => !IS_LOST.test(one)),
    brokenAtRest: () => world.complaints.filter((one) => !IS_LOST.test(one)),
  }),
};
export const INVARIANTS: readonly Invariant[] = [quiet, complaints];
