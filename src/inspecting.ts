/** The official inspector of a running service: which machines it has, and what of them is shown. */

import type { InspectorPart } from './admin/parts.ts';
import type { InspectorConfig } from './config.ts';
import { maskedFact } from './insight/fact-views.ts';
import type { Insight } from './insight/insight.ts';
import { Inspection } from './inspector/inspection.ts';
import { wishOf } from './inspector/wish.ts';
import { catalogueOf, type UserScenarios } from './installing.ts';
import { SecretsOf } from './journal/secrets.ts';
import { OWN_SCENARIOS } from './own-scenarios.ts';
import type { Service } from './service.ts';

/** Calls and registrations that one viewer follows at once. */
const MAX_ROOTS = 200;
const MAX_OPEN = 1_000;

/** Nothing is heard before somebody looks. */
export function inspectionOf(
  service: Pick<Service, 'engine' | 'location'>,
  insight: Insight,
  scenarios?: UserScenarios,
): Inspection {
  const users = (scenarios?.scenarios ?? []).map(({ scenario }) => scenario);
  const machines = new Map([...OWN_SCENARIOS, ...users].map(({ name, machine }) => [name, machine]));
  const secrets = new SecretsOf(catalogueOf(scenarios));
  const { engine, location } = service;
  return new Inspection({
    engine,
    machineOf: (name) => machines.get(name),
    mask: (told, isFact) => maskedFact(told, isFact, secrets),
    openCalls: () => insight.calls({ search: '', outcome: 'open', offset: 0, limit: MAX_OPEN }).rows,
    membersOf: (call) => (insight.call(call)?.actors ?? []).map(({ address }) => address),
    registrationsOf: (user) => {
      const aor = insight.user(user)?.aor;
      return [...new Set((aor === undefined ? [] : location.of(aor)).map(({ by }) => by))];
    },
    maxRoots: MAX_ROOTS,
  });
}

/** Pages that look at the same time. */
const MAX_VIEWERS = 16;

/** The inspector as the HTTP door has it. */
export function inspectorPart(
  service: Pick<Service, 'engine' | 'location'>,
  insight: Insight,
  { page }: InspectorConfig,
  scenarios?: UserScenarios,
): InspectorPart {
  const inspection = inspectionOf(service, insight, scenarios);
  return {
    page,
    isFull: () => inspection.viewers >= MAX_VIEWERS,
    open: (query, send) => inspection.open(wishOf(query), send),
  };
}
