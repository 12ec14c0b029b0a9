/** What the config means for the SIP port. */
import { NO_PUSH } from '../machines/vocabulary/binding.ts';
import { type Config, pickupReach, type UserRouting } from './config.ts';
import type { SipSettings, SipUser } from './ports/sip/settings.ts';
import { writtenNumber } from './sip/number.ts';
import { canonicalUser } from './sip/uri.ts';

/** Its settings, users with what is said of their calls included. */
export function sipSettings(config: Config): SipSettings {
  const { registrar, calls, push, dns } = config;
  return {
    realm: config.realm,
    auth: config.auth,
    algorithm: config.digest.algorithm,
    nonceMs: config.digest.nonceMs,
    users: new Map(
      [...config.users].map(([name, { password, displayName, wakeable, routing }]) => [
        name,
        {
          password,
          displayName,
          ...routed(config, routing),
          push: wakeable === undefined ? NO_PUSH : { ...wakeable, param: wakeable.param ?? '' },
        },
      ]),
    ),
    minExpiresSeconds: Math.ceil(registrar.minExpiresMs / 1000),
    maxExpiresSeconds: Math.floor(registrar.maxExpiresMs / 1000),
    defaultExpiresSeconds: Math.floor(registrar.defaultExpiresMs / 1000),
    maxContacts: registrar.maxContacts,
    pushProviders: [...push.providers.keys()],
    earlyDialogs: calls.earlyDialogs,
    maxCalls: calls.maxCalls,
    maxForks: calls.maxForks,
    sessionExpiresSeconds: calls.sessionExpiresSeconds,
    minSessionExpiresSeconds: calls.minSessionExpiresSeconds,
    aliveCheckMs: calls.aliveCheckMs,
    anchor: config.media.anchor,
    transfer: calls.transfer,
    failoverMs: dns.failoverMs,
    trunks: config.trunks,
    numbers: config.numbers,
    codes: config.codes,
    menus: new Map(Object.entries(config.ivr?.numbers ?? {})),
    pickup: config.pickup && { ...config.pickup, reach: pickupReach(config.pickup.groups) },
  };
}

/** What a user's section says of routing, targets as URIs. */
function routed(config: Config, routing: UserRouting | undefined): Pick<SipUser, 'routing' | 'forwarding'> {
  if (routing === undefined) return {};
  const domain = config.domains[0] ?? config.realm;
  const uriOf = (target: string | undefined): string => {
    if (target === undefined || /^(sips?|tel):/i.test(target)) return target ?? '';
    const number = /\d/.test(target) && !config.users.has(target) ? writtenNumber(target) : undefined;
    return `sip:${canonicalUser(number ?? target)}@${domain}`;
  };
  const { always, busy, noAnswer, unreachable } = routing.diversions;
  return {
    routing,
    forwarding: {
      always: uriOf(always),
      busy: uriOf(busy),
      noAnswer: uriOf(noAnswer),
      unreachable: uriOf(unreachable),
      ringMs: routing.ringMs ?? 0,
    },
  };
}
