/** Every scenario of the product: the service's own, and the built-in examples. */
import type { Scenario } from '../../machines/scenario.ts';
import { missedCall } from '../../machines/supervisors/missed-call.ts';
import { ringBack } from '../../machines/supervisors/ring-back.ts';
import { ringGroup } from '../../machines/supervisors/ring-group.ts';
import { OWN_SCENARIOS } from '../../src/own-scenarios.ts';

export const ALL_SCENARIOS: readonly Scenario[] = [...OWN_SCENARIOS, missedCall, ringBack, ringGroup];
