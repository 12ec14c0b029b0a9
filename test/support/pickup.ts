/** An office whose users take each other's calls. */
import type { PickupConfig, PickupGroup } from '../../src/config.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { routed } from './routed.ts';

/** Bob, Carol and Dave may take each other's calls, and Erin theirs; Alice and Frank may take nobody's. */
export const SALES: Readonly<Record<string, PickupGroup>> = { sales: { members: ['bob', 'carol', 'dave'], pickers: ['erin'] } };
const USERS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'] as const;
type User = (typeof USERS)[number];

/** The section `pickup` as it is resolved. */
export const pickupOf = ({
  groups = SALES,
  ...more
}: { readonly groups?: Readonly<Record<string, PickupGroup>> } & Partial<Omit<PickupConfig, 'groups'>> = {}): PickupConfig => ({
  groups: new Map(Object.entries(groups)),
  codes: { group: '*8', directed: '**' },
  mode: 'join',
  takeOver: [],
  watch: 'group',
  ...more,
});

/** All have registered one phone each, which rings. */
export function office(pickup: Parameters<typeof pickupOf>[0] = {}, options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ users: USERS, ...options, config: { ...options.config, pickup: pickupOf(pickup) } });
  const phones = {} as Record<User, Phone>;
  for (const name of USERS) {
    phones[name] = world.phone(name, { onInvite: 'ring', checksSessions: true });
    phones[name].register();
  }
  world.run(500);
  return { world, ...phones };
}

/** The same users, of some of whom the config says more. */
export function usersWith(more: Partial<Record<User, string>>): ServiceWorldOptions {
  const users = USERS.map(
    (name) => `  ${name}: { password: ${name}-secret ${more[name] === undefined ? '' : `, ${more[name]}`} }`,
  );
  return { config: { users: routed(`users:\n${users.join('\n')}\n`).users } };
}

/** Dials a code at that domain. */
export const dial = (code: string): string => `sip:${code.replaceAll('#', '%23')}@example.com`;
