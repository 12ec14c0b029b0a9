/** A town of five where everybody may take the calls of the others. */
import type { Config } from '../../src/config.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';

export const USERS = ['alice', 'bob', 'carol', 'dave', 'erin'];

/** Bob, Carol, Dave and Erin are one group; Alice is in none. */
export const pickupOf = (more: Partial<NonNullable<Config['pickup']>> = {}): NonNullable<Config['pickup']> => ({
  groups: new Map([['all', { members: USERS.slice(1), pickers: [] }]]),
  codes: { group: '*8', directed: '**' },
  mode: 'join',
  takeOver: [],
  watch: 'group',
  ...more,
});

/** The calls that a phone knows to stand. */
export const talksOf = ({ calls }: Phone): PhoneCall[] =>
  (calls as PhoneCall[]).filter(({ state, confirmed }) => state === 'answered' && confirmed);

const audioOf = (sdp: string): string => /c=IN IP4 (\S+)/.exec(sdp)?.[1] ?? '';

/** Who hears whom, and who believes to be heard by whom: both the same where all is well. */
export function hearing(phones: readonly Phone[]): { readonly hears: readonly string[]; readonly isHeardBy: readonly string[] } {
  const pairs = phones.flatMap((phone) =>
    talksOf(phone).map((call) => [phone.wire.local.host, audioOf(call.remoteSdp)] as const),
  );
  return { hears: pairs.map(([a, b]) => `${a} ${b}`).toSorted(), isHeardBy: pairs.map(([a, b]) => `${b} ${a}`).toSorted() };
}
