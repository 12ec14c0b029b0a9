/** `ivr:` of the config: numbers of the service's own, the menus behind them, and PINs. */
import { z } from 'zod';
import type { Choice, IvrSettings, Menu } from '../../machines/vocabulary/ivr.ts';
import { matchesPattern, writtenNumber } from '../sip/number.ts';
import { parseUri } from '../sip/uri.ts';
import { seconds, section, text, whole, yesOrNo } from './forms.ts';
import { ChoiceReader } from './ivr-choices.ts';
import { PromptCheck, prompts } from './prompts.ts';
import { mayUse, type Routing } from './routing.ts';
import { type KeyPath, nearest } from './wording.ts';

const MAX_NUMBERS = 1_000;
const MAX_MENUS = 1_000;
const MAX_CHOICES = 64;

const NAMES = 'a map of menus, such as main: { prompts: welcome, choices: { "1": { ring: bob } } }';
const NUMBERS = 'a map of at most 1000 numbers and menus, such as { "100": main }';
const CHOICES = 'a map of at most 64 choices, such as { "1": { ring: bob }, "9": repeat }';
const PINS = 'a map of names and PINs in quotes, such as { door: "4711" }';
const PIN = '4 to 32 digits in quotes, such as "4711"';
const TERMINATOR = '"#", "*", or "" for none';
/** No PIN is one, should somebody write it in the place of its name. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/);
const atMost = (max: number) => (map: object) => Object.keys(map).length <= max;

const menu = section(
  {
    prompts,
    bargeIn: yesOrNo(true),
    choices: z
      .record(z.string().regex(/^[0-9*#]{1,8}$/), z.unknown(), { error: CHOICES })
      .refine(atMost(MAX_CHOICES), { error: CHOICES })
      .default({}),
    firstDigitSeconds: seconds(5, { min: 0.5, max: 60 }),
    betweenDigitsSeconds: seconds(3, { min: 0.5, max: 30 }),
    terminator: z.enum(['#', '*', ''], { error: TERMINATOR }).default('#'),
    retries: whole(3, { min: 0, max: 10 }),
    invalid: prompts,
    silent: prompts,
    nobody: prompts,
    ringSeconds: seconds(30, { min: 1, max: 300 }),
    /** One choice; read with the others. */
    fallBack: z.unknown().optional(),
  },
  'a map such as { prompts: welcome, choices: { "1": { ring: bob } } }',
);

const ivrSection = section({
  numbers: z
    .record(z.string().regex(/^[+A-Za-z0-9_.() -]{1,64}$/), text('the name of a menu, such as main', { max: 64 }), {
      error: NUMBERS,
    })
    .refine(atMost(MAX_NUMBERS), { error: NUMBERS })
    .default({}),
  pins: z.record(name, text(PIN, { max: 32, form: /^\d{4,32}$/ }), { error: PINS }).default({}),
  callsAs: text('the name of a user, such as reception', { max: 64 }).optional(),
  menus: z.record(name, menu, { error: NAMES }).refine(atMost(MAX_MENUS), { error: NAMES }).default({}),
});

/** The section as people write it; left out or left empty, there are no menus. */
export const ivr = z.preprocess((value) => value ?? undefined, ivrSection.optional());

/** What the service does out of the box: whoever calls 100 chooses one of the demo users. */
export const demoIvr = (): z.output<typeof ivrSection> =>
  ivrSection.parse({
    numbers: { '100': 'demo' },
    menus: {
      demo: {
        prompts: 'tone:beep',
        choices: { '1': { ring: 'alice' }, '2': { ring: 'bob' }, '3': { ring: 'carol' }, '9': 'repeat', '#': 'hangUp' },
        nobody: 'tone:busy',
      },
    },
  });

/** Menus, as their chart has them, and the PINs that the media port alone knows. */
export interface IvrConfig extends IvrSettings {
  /** By name. */
  readonly pins: ReadonlyMap<string, string>;
}

type Written = z.output<typeof ivrSection>;
type WrittenMenu = Written['menus'][string];
type Complain = (path: KeyPath, what: string, fix: string) => void;
/** What else the config says that menus have to do with. */
export interface Around {
  /** Names of all users; none where everybody is one. */
  readonly users: readonly string[];
  readonly everybodyIsUser: boolean;
  readonly routing: Routing;
  /** Star codes and those of pickup. */
  readonly codes: readonly string[];
  /** Absolute path of the folder of prompts. */
  readonly prompts: string | undefined;
}

/** Reads the section, and complains of what leads nowhere. */
export function resolveIvr(written: Written, around: Around, complain: Complain): IvrConfig {
  const menus = Object.keys(written.menus);
  const callsAs = written.callsAs ?? '';
  const owners = ownersOf(around);
  const check = new PromptCheck(around.prompts, complain);
  const numbers = resolveNumbers(written, around, owners, complain);
  const fixOfTarget = (target: string): string | undefined => whyNowhere(target, { around, owners, callsAs, numbers });
  const reader = new ChoiceReader({ menus, pins: Object.keys(written.pins), prompts: check, fixOfTarget, complain });
  const read = Object.entries(written.menus).map(([key, one]) => [key, resolveMenu(one, ['ivr', 'menus', key], reader, check)]);
  if (callsAs !== '' && !around.users.includes(callsAs))
    complain(['ivr', 'callsAs'], JSON.stringify(callsAs), userFix(callsAs, around.users));
  for (const key of menus)
    if (!reader.opened.has(key) && !Object.values(numbers).includes(key))
      complain(['ivr', 'menus', key], 'nothing leads there', 'remove it, or name it in ivr.numbers or in a choice');
  return { numbers, menus: Object.fromEntries(read), callsAs, pins: new Map(Object.entries(written.pins)) };
}

function resolveMenu(written: WrittenMenu, path: KeyPath, reader: ChoiceReader, check: PromptCheck): Menu {
  for (const key of ['prompts', 'invalid', 'silent', 'nobody'] as const) check.check([...path, key], written[key]);
  const choices: Record<string, Choice> = {};
  for (const [key, choice] of Object.entries(written.choices)) choices[key] = reader.read(choice, [...path, 'choices', key]);
  const { firstDigitSeconds, betweenDigitsSeconds, ringSeconds, fallBack, ...rest } = written;
  return {
    ...rest,
    choices,
    firstMs: Math.round(firstDigitSeconds * 1000),
    betweenMs: Math.round(betweenDigitsSeconds * 1000),
    ringMs: Math.round(ringSeconds * 1000),
    fallBack: fallBack === undefined ? { does: 'hangUp' } : reader.read(fallBack, [...path, 'fallBack']),
  };
}

/** Users behind names, aliases and numbers. */
function ownersOf({ users, routing }: Around): ReadonlyMap<string, string> {
  const owners = new Map(users.map((user) => [user, user]));
  for (const [user, { aliases, numbers }] of routing.users) for (const other of [...aliases, ...numbers]) owners.set(other, user);
  return owners;
}

function resolveNumbers(
  { numbers, menus }: Written,
  { codes }: Around,
  owners: ReadonlyMap<string, string>,
  complain: Complain,
): Readonly<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [key, to] of Object.entries(numbers)) {
    const path = ['ivr', 'numbers', key];
    const number = writtenNumber(key) ?? key;
    const owner = owners.get(number);
    if (owner !== undefined) complain(path, JSON.stringify(key), `write another number, this one is ${owner}’s`);
    if (codes.some((code) => number.startsWith(code)))
      complain(path, JSON.stringify(key), 'write a number that begins with no code');
    if (Object.hasOwn(resolved, number)) complain(path, JSON.stringify(key), 'remove it, it is there already');
    if (!Object.hasOwn(menus, to)) complain(path, JSON.stringify(to), menuFix(to, Object.keys(menus)));
    resolved[number] = to;
  }
  return resolved;
}

interface Where {
  readonly around: Around;
  readonly owners: ReadonlyMap<string, string>;
  readonly callsAs: string;
  readonly numbers: Readonly<Record<string, string>>;
}

/** Why nobody can be rung there, as the fix. */
function whyNowhere(target: string, { around, owners, callsAs, numbers }: Where): string | undefined {
  // What a URI leads to is known only where our domains are; it is asked when a call comes.
  if (/^(?:sips?|tel):/i.test(target)) return parseUri(target) === undefined ? `write ${TARGET}` : undefined;
  const number = writtenNumber(target);
  if (owners.has(target) || (number !== undefined && owners.has(number)) || around.everybodyIsUser) return undefined;
  const menuThere = numbers[number ?? target];
  if (menuThere !== undefined) return `write menu: ${menuThere}`;
  const rules = number === undefined ? [] : around.routing.numbers.filter(({ pattern }) => matchesPattern(pattern, number));
  if (rules.length === 0) return userFix(target, around.users);
  const outside = around.routing.users.get(callsAs)?.outside ?? false;
  if (rules.some((rule) => mayUse(outside, rule))) return undefined;
  return 'set ivr.callsAs to a user with outside: true, since this number is outside';
}
const TARGET = 'a user, an alias, a number in quotes or a sip: URI';

const MOST_SHOWN = 8;
const some = (all: readonly string[]): string => all.slice(0, MOST_SHOWN).join(', ');
function userFix(wrong: string, users: readonly string[]): string {
  const near = nearest(wrong, users);
  if (near !== undefined) return `did you mean ${near}?`;
  return users.length === 0 ? 'write users first' : `write one of users: ${some(users)}`;
}
function menuFix(wrong: string, menus: readonly string[]): string {
  const near = nearest(wrong, menus);
  if (near !== undefined) return `did you mean ${near}?`;
  return menus.length === 0 ? 'write ivr.menus first' : `write one of ivr.menus: ${some(menus)}`;
}
