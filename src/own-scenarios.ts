/** The scenarios that the service itself is made of, with what the config says of each; births come in this order. */
import { call } from '../machines/call.ts';
import { leg } from '../machines/leg.ts';
import { registration } from '../machines/registration.ts';
import type { Scenario } from '../machines/scenario.ts';
import { stream } from '../machines/stream.ts';
import { subscription } from '../machines/subscription.ts';
import { callPickup } from '../machines/supervisors/call-pickup.ts';
import { diversion } from '../machines/supervisors/diversion.ts';
import { inCallCodes } from '../machines/supervisors/in-call-codes.ts';
import { ivrMenu } from '../machines/supervisors/ivr-menu.ts';
import { operatorFork } from '../machines/supervisors/operator-fork.ts';
import { pushNotification } from '../machines/supervisors/push-notification.ts';
import { trunk } from '../machines/trunk.ts';
import type { Config } from './config.ts';

/** All of them. */
export const OWN_SCENARIOS: readonly Scenario[] = [
  registration,
  call,
  leg,
  diversion,
  trunk,
  pushNotification,
  callPickup,
  subscription,
  stream,
  ivrMenu,
  inCallCodes,
  operatorFork,
];

/** One of them, and its settings. */
export interface OwnScenario {
  readonly scenario: Scenario;
  readonly settings: unknown;
}

/** Those that the config wants, each with its settings. */
export function ownScenarios({ calls, push, registrar, pickup, media, ivr, inCallCodes: codes }: Config): readonly OwnScenario[] {
  const { maxForks, declineEndsCall, transfer, ringLimitMs, silentAfterMs } = calls;
  const settings: Readonly<Record<string, unknown>> = {
    [registration.name]: { maxBindings: registrar.maxContacts, awakeForMs: push.awakeForMs },
    [call.name]: { maxForks, declineEndsCall, transfer, picksUp: pickup !== undefined },
    [leg.name]: { ringLimitMs, silentAfterMs },
    [stream.name]: { endsCallAfterMs: media.stalledEndsCallAfterMs },
    [pushNotification.name]: { wakeLimitMs: push.wakeLimitMs, progress: push.progress === 'none' ? 0 : push.progress },
    // Not their PINs: settings stand in journals.
    [ivrMenu.name]: ivr && { numbers: ivr.numbers, menus: ivr.menus, callsAs: ivr.callsAs },
    [inCallCodes.name]: codes,
  };
  const unwanted = new Set<Scenario>([
    ...(pickup === undefined ? [callPickup, subscription] : []),
    ...(ivr === undefined ? [ivrMenu] : []),
    ...(codes === undefined ? [inCallCodes] : []),
  ]);
  return OWN_SCENARIOS.filter((one) => !unwanted.has(one)).map((scenario) => ({
    scenario,
    settings: settings[scenario.name] ?? {},
  }));
}
