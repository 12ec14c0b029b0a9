/** `pickup:` of the config: who may take whose calls, and by which codes. */
import { z } from 'zod';
import { choice, section, text } from './forms.ts';
import { isBehind, type Routing } from './routing.ts';
import { DIALLED_CODE, userName } from './routing-schema.ts';
import { type KeyPath, nearest } from './wording.ts';

const MAX_MEMBERS = 1000;
const MAX_GROUPS = 10_000;
/** Users whose calls one user may take: what one pickup costs grows with them. */
const MAX_CALLEES = 1000;

const NAMES = 'a list of at most 1000 users, such as [bob, carol]';
const name = z.string({ error: NAMES }).regex(userName, { error: 'the name of a user, such as bob' });
const names = z.array(name, { error: NAMES }).max(MAX_MEMBERS, { error: NAMES });
const PICKERS = 'all, or a list of at most 1000 users, such as [erin]';
const GROUP = 'a list of users such as [bob, carol], or a map such as { members: [bob, carol], pickers: [erin] }';
const GROUPS = 'a map of at most 10000 groups, such as sales: [bob, carol]';

const group = z.preprocess(
  (value) => (Array.isArray(value) ? { members: value } : value),
  section({ members: names, pickers: z.union([z.literal('all'), names], { error: PICKERS }).default([]) }, GROUP),
);

const codeOrFalse = (preset: string) => {
  const error = `a code in quotes that begins with * or #, such as "${preset}", or false for none`;
  return z.union([z.literal(false), text(error, { max: 16, form: DIALLED_CODE })], { error }).default(preset);
};

const pickupSection = section({
  groups: z
    .record(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/), group, { error: GROUPS })
    .refine((groups) => Object.keys(groups).length <= MAX_GROUPS, { error: GROUPS })
    .default({}),
  codes: z.preprocess((value) => value ?? {}, section({ group: codeOrFalse('*8'), directed: codeOrFalse('**') })),
  mode: choice('join', ['join', 'callback']),
  takeOver: names.default([]),
  watch: choice('group', ['group', 'all']),
});

/** The section as people write it; left out or left empty, nothing can be picked up. */
export const pickup = z.preprocess((value) => value ?? undefined, pickupSection.optional());

/** Members may take each other's calls, and pickers those of the members. */
export interface PickupGroup {
  readonly members: readonly string[];
  readonly pickers: readonly string[] | 'all';
}

/** Who may take whose calls, by names of users. */
export interface PickupConfig {
  readonly groups: ReadonlyMap<string, PickupGroup>;
  /** undefined: there is no such code. */
  readonly codes: { readonly group: string | undefined; readonly directed: string | undefined };
  /** Whether the picker's own call is connected to the caller, or its phones are rung with the caller's call. */
  readonly mode: 'join' | 'callback';
  /** Who may take calls that are answered, of those whose ringing calls they may. */
  readonly takeOver: readonly string[];
  /** Who may watch whom: those whose calls one may take, or everybody. */
  readonly watch: 'group' | 'all';
}

/** Whose calls users may take. Sets are shared by all for whom they are the same. */
export interface PickupReach {
  /** By user, for those that a group names. */
  readonly of: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of each other user. */
  readonly others: ReadonlySet<string>;
}

/** Computes once whose calls each user may take. */
export function pickupReach(groups: ReadonlyMap<string, PickupGroup>): PickupReach {
  const others = new Set<string>();
  const groupsOf = new Map<string, Set<PickupGroup>>();
  for (const each of groups.values()) {
    if (each.pickers === 'all') for (const member of each.members) others.add(member);
    for (const user of [...each.members, ...(each.pickers === 'all' ? [] : each.pickers)]) {
      const known = groupsOf.get(user);
      if (known === undefined) groupsOf.set(user, new Set([each]));
      else known.add(each);
    }
  }
  const numbers = new Map([...groups.values()].map((each, i) => [each, i]));
  const shared = new Map<string, ReadonlySet<string>>();
  const of = new Map<string, ReadonlySet<string>>();
  for (const [user, own] of groupsOf) {
    const key = [...own].map((each) => numbers.get(each)).join(' ');
    const callees = shared.get(key) ?? new Set([...[...own].flatMap(({ members }) => members), ...others]);
    shared.set(key, callees);
    of.set(user, callees);
  }
  return { of, others };
}

type Written = z.output<typeof pickupSection>;
type Complain = (path: KeyPath, what: string, fix: string) => void;
/** What else the config says that pickup has to do with. */
interface Surroundings {
  /** Names of all users; none where everybody is one. */
  readonly users: readonly string[];
  readonly routing: Routing;
  /** What the number rules stand for, as written. */
  readonly matches: readonly string[];
  readonly everybodyIsUser: boolean;
}

/** Reads the section, and complains of users that are not there and of codes that hide somebody. */
export function resolvePickup(written: Written, surroundings: Surroundings, complain: Complain): PickupConfig {
  const known = new Set(surroundings.users);
  const check = (path: KeyPath, users: readonly string[] | 'all'): void => {
    if (users === 'all' || surroundings.everybodyIsUser) return;
    for (const [i, user] of users.entries())
      if (!known.has(user)) complain([...path, i], JSON.stringify(user), userFix(user, surroundings.users));
  };
  for (const [key, { members, pickers }] of Object.entries(written.groups)) {
    check(['pickup', 'groups', key, 'members'], members);
    check(['pickup', 'groups', key, 'pickers'], pickers);
  }
  check(['pickup', 'takeOver'], written.takeOver);
  checkCodes(written.codes, surroundings, complain);
  const groups = new Map(Object.entries(written.groups));
  checkReach(pickupReach(groups), complain);
  const { group: groupCode, directed } = written.codes;
  return { ...written, groups, codes: { group: groupCode || undefined, directed: directed || undefined } };
}

const MOST_SHOWN = 8;
function userFix(wrong: string, users: readonly string[]): string {
  const near = nearest(wrong, users);
  if (near !== undefined) return `did you mean ${near}?`;
  return users.length === 0 ? 'write users first' : `write one of users: ${users.slice(0, MOST_SHOWN).join(', ')}`;
}

function checkReach({ of, others }: PickupReach, complain: Complain): void {
  const tooMany = ([user, callees]: readonly [string, ReadonlySet<string>]): boolean => {
    if (callees.size <= MAX_CALLEES) return false;
    complain(['pickup', 'groups'], `${user} may take the calls of ${callees.size} users`, `write at most ${MAX_CALLEES}`);
    return true;
  };
  // One line, however many users share what is too much.
  if (!tooMany(['everybody', others])) [...of].some(tooMany);
}

/** A code would hide whoever has a name or a number that begins with it. */
function checkCodes(codes: Written['codes'], { users, routing, matches }: Surroundings, complain: Complain): void {
  for (const [key, code] of Object.entries(codes)) {
    if (code === false) continue;
    const hide = (what: string): void =>
      complain(['pickup', 'codes', key], JSON.stringify(code), `write another code, or false: it would hide ${what}`);
    const star = routing.codes.find((one) => one.startsWith(code) || code.startsWith(one));
    if (star !== undefined) hide(`${JSON.stringify(star)} of codes`);
    const hidden = ownName(code, users, routing);
    if (hidden !== undefined) hide(hidden);
    const match = matches.find((one) => isBehind(one, code));
    if (match !== undefined) hide(`the number ${JSON.stringify(match)}`);
  }
}

function ownName(code: string, users: readonly string[], routing: Routing): string | undefined {
  const user = users.find((one) => one.startsWith(code));
  if (user !== undefined) return `the user ${JSON.stringify(user)}`;
  for (const [owner, { aliases, numbers }] of routing.users) {
    const other = [...aliases, ...numbers].find((one) => one.startsWith(code));
    if (other !== undefined) return `${JSON.stringify(other)} of ${owner}`;
  }
  return undefined;
}
