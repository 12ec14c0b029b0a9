import { isIP } from 'node:net';
import { matchesPattern, type NumberPattern, parsePattern, writtenNumber } from '../sip/number.ts';
import { parseUri } from '../sip/uri.ts';
import { type Network, parseNetwork } from './network.ts';
import type { WrittenRule, WrittenTrunk, WrittenUserRouting } from './routing-schema.ts';
import { type KeyPath, nearest } from './wording.ts';

/** Where a user's calls go that do not reach one of the devices: a user, an alias, a number or a SIP URI each. */
export interface DiversionTargets {
  readonly always: string | undefined;
  readonly busy: string | undefined;
  readonly noAnswer: string | undefined;
  readonly unreachable: string | undefined;
}

/** What a user's section says of routing. */
export interface UserRouting {
  readonly aliases: readonly string[];
  /** Digits, with the plus of E.164 where it was written. */
  readonly numbers: readonly string[];
  /** Whether calls may leave to trunks; a list names trunks and number rules. */
  readonly outside: boolean | readonly string[];
  readonly diversions: DiversionTargets;
  /** How long the user's devices ring; `undefined`: as `calls.ringLimitSeconds` says. */
  readonly ringMs: number | undefined;
}

/** A way to numbers outside. */
export interface TrunkConfig {
  readonly name: string;
  /** SIP URIs in the order in which they are tried. */
  readonly servers: readonly string[];
  /** Host of the URIs that name numbers there. */
  readonly domain: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly realm: string | undefined;
  readonly register: boolean;
  readonly registerMs: number;
  /** The number that all callers show; `undefined`: their own. */
  readonly from: string | undefined;
  readonly trusted: boolean;
  /** Addresses and networks whose calls are this trunk's. */
  readonly allowFrom: readonly Network[];
  readonly inboundTo: string | undefined;
  readonly maxCalls: number;
  /** How long a server may say nothing while there is another. */
  readonly tryForMs: number;
}

/** Numbers that go outside. */
export interface NumberRule {
  readonly name: string;
  readonly pattern: NumberPattern;
  readonly trunks: readonly string[];
  /** Digits taken off the front, then those put before it. */
  readonly strip: number;
  readonly prepend: string;
}

export interface Routing {
  readonly users: ReadonlyMap<string, UserRouting>;
  readonly trunks: ReadonlyMap<string, TrunkConfig>;
  readonly numbers: readonly NumberRule[];
  readonly codes: readonly string[];
}

interface Written {
  readonly users?: Readonly<Record<string, WrittenUserRouting>> | undefined;
  readonly trunks?: WrittenTrunk;
  readonly numbers: readonly WrittenRule[];
  readonly codes: readonly string[];
  /** Numbers of menus are targets too. */
  readonly ivr?: { readonly numbers: Readonly<Record<string, string>> } | undefined;
}
type Complain = (path: KeyPath, what: string, fix: string) => void;

/** Reads what the config says of routing, and complains of names that lead nowhere. */
export function resolveRouting(written: Written, complain: Complain): Routing {
  const trunks = new Map<string, TrunkConfig>();
  for (const [name, trunk] of Object.entries(written.trunks ?? {})) trunks.set(name, resolveTrunk(name, trunk, complain));
  const numbers = written.numbers.map((rule, i) => resolveRule(rule, i, trunks, complain));
  const users = new Map<string, UserRouting>();
  const names = new Names(Object.keys(written.users ?? {}), complain);
  for (const [name, user] of Object.entries(written.users ?? {}))
    if (!isPlain(user)) users.set(name, resolveUser(name, user, names));
  const codes = resolveCodes(written, names, complain);
  const routing = { users, trunks, numbers, codes };
  const menus = new Set(Object.keys(written.ivr?.numbers ?? {}).map((number) => writtenNumber(number) ?? number));
  const check = new Targets({ routing, names, menus }, complain);
  for (const [name, user] of users) check.ofUser(name, user);
  for (const [name, { inboundTo }] of trunks) check.ofTrunk(name, inboundTo);
  return routing;
}

const toMs = (seconds: number): number => Math.round(seconds * 1000);
const SERVER_FIX = 'write a server such as sip:sip.carrier.example;transport=tcp';

function resolveTrunk(name: string, written: NonNullable<WrittenTrunk>[string], complain: Complain): TrunkConfig {
  const path = ['trunks', name];
  const { registerSeconds, tryForSeconds, server: servers, allowFrom, ...rest } = written;
  const uris = servers.map(parseUri);
  for (const [i, uri] of uris.entries())
    if (uri === undefined || uri.scheme === 'tel' || uri.user !== undefined)
      complain([...path, 'server', i], JSON.stringify(servers[i]), SERVER_FIX);
  if ((rest.username === undefined) !== (rest.password === undefined))
    complain([...path, rest.username === undefined ? 'username' : 'password'], 'missing', 'write both username and password');
  if (rest.register && rest.username === undefined) complain([...path, 'username'], 'missing', 'write it, or register: false');
  const sources = (allowFrom ?? uris.map((uri) => uri?.host ?? '').filter((host) => isIP(host) > 0)).map(parseNetwork);
  for (const [i, source] of (allowFrom ?? []).entries())
    if (sources[i] === undefined)
      complain([...path, 'allowFrom', i], JSON.stringify(source), 'write an address or a network, such as 192.0.2.0/24');
  const hosts = uris.map((uri) => uri?.host ?? '');
  return {
    name,
    servers,
    domain: (rest.domain ?? hosts[0] ?? '').toLowerCase(),
    username: rest.username,
    password: rest.password,
    realm: rest.realm,
    register: rest.register,
    registerMs: toMs(registerSeconds),
    from: rest.from,
    trusted: rest.trusted,
    allowFrom: sources.filter((source) => source !== undefined),
    inboundTo: rest.inboundTo,
    maxCalls: rest.maxCalls,
    tryForMs: toMs(tryForSeconds),
  };
}

function resolveRule(written: WrittenRule, i: number, trunks: ReadonlyMap<string, unknown>, complain: Complain): NumberRule {
  const pattern = parsePattern(written.match);
  if (pattern === undefined)
    complain(['numbers', i, 'match'], JSON.stringify(written.match), 'write a number such as "110", or a pattern such as "_0X."');
  for (const [n, trunk] of written.trunk.entries())
    if (!trunks.has(trunk))
      complain(['numbers', i, 'trunk', n], JSON.stringify(trunk), oneOf('trunks', trunk, [...trunks.keys()]));
  return {
    name: written.name ?? '',
    pattern: pattern ?? { places: [], tail: '' },
    trunks: written.trunk,
    strip: written.strip,
    prepend: written.prepend ?? '',
  };
}

/** Whether all numbers of a rule begin with that code, and would hide behind it. */
export const isBehind = (match: string, code: string): boolean => match.replace(/^_/, '').startsWith(code);

/** A code would hide whoever has a name or a number that begins with it. */
function resolveCodes({ codes, numbers }: Written, names: Names, complain: Complain): readonly string[] {
  for (const [i, code] of codes.entries()) {
    const hide = (what: string): void => complain(['codes', i], JSON.stringify(code), `remove it, ${what} would hide behind it`);
    if (codes.indexOf(code) !== i) complain(['codes', i], JSON.stringify(code), 'remove it, it is there already');
    const hidden = names.beginningWith(code);
    if (hidden !== undefined) hide(`${JSON.stringify(hidden.name)} of ${hidden.owner}`);
    const rule = numbers.find(({ match }) => isBehind(match, code));
    if (rule !== undefined) hide(`the number ${JSON.stringify(rule.match)}`);
  }
  return codes.toSorted((a, b) => b.length - a.length);
}

const MOST_SHOWN = 8;
function oneOf(section: string, wrong: string, known: readonly string[]): string {
  const near = nearest(wrong, known);
  if (near !== undefined) return `did you mean ${near}?`;
  return known.length === 0 ? `write ${section} first` : `write one of ${section}: ${known.slice(0, MOST_SHOWN).join(', ')}`;
}

/** Who has which name; none may be anybody else's too. */
class Names {
  readonly #owners: Map<string, string>;
  readonly #complain: Complain;

  constructor(users: readonly string[], complain: Complain) {
    this.#owners = new Map(users.map((name) => [name, name]));
    this.#complain = complain;
  }

  take(owner: string, name: string, path: KeyPath): void {
    const other = this.#owners.get(name);
    if (other === undefined) this.#owners.set(name, owner);
    else
      this.#complain(
        path,
        JSON.stringify(name),
        other === owner ? 'remove it, it is there already' : `write it for one user only, it is ${other}’s`,
      );
  }

  number(owner: string, written: string, path: KeyPath): string {
    const number = writtenNumber(written);
    if (number === undefined)
      this.#complain(path, JSON.stringify(written), 'write a number in quotes, such as "+49301234" or "100"');
    else this.take(owner, number, path);
    return number ?? written;
  }

  /** Somebody whose name, alias or number begins so. */
  beginningWith(start: string): { readonly name: string; readonly owner: string } | undefined {
    for (const [name, owner] of this.#owners) if (name.startsWith(start)) return { name, owner };
    return undefined;
  }

  /** The user behind a name, an alias or a number. */
  ownerOf(name: string): string | undefined {
    const number = this.#owners.get(name) === undefined ? writtenNumber(name) : undefined;
    return this.#owners.get(number ?? name);
  }
}

/** A user about whom nothing is written: reached by name, not allowed outside, diverting nothing. */
const isPlain = (written: WrittenUserRouting): boolean =>
  written.aliases.length + written.numbers.length === 0 &&
  written.outside === false &&
  written.ringSeconds === undefined &&
  (written.always ?? written.onBusy ?? written.onNoAnswer ?? written.onUnreachable) === undefined;

function resolveUser(name: string, written: WrittenUserRouting, names: Names): UserRouting {
  const path = ['users', name];
  for (const [i, alias] of written.aliases.entries()) names.take(name, alias, [...path, 'aliases', i]);
  return {
    aliases: written.aliases,
    numbers: written.numbers.map((number, i) => names.number(name, number, [...path, 'numbers', i])),
    outside: written.outside,
    diversions: {
      always: written.always,
      busy: written.onBusy,
      noAnswer: written.onNoAnswer,
      unreachable: written.onUnreachable,
    },
    ringMs: written.ringSeconds === undefined ? undefined : toMs(written.ringSeconds),
  };
}

const KEY_OF: readonly (readonly [keyof DiversionTargets, string])[] = [
  ['always', 'always'],
  ['busy', 'onBusy'],
  ['noAnswer', 'onNoAnswer'],
  ['unreachable', 'onUnreachable'],
];
const NO_SUCH = 'write a user, an alias, a number that a rule of numbers knows, or a sip: URI';

/** Whether targets lead somewhere, and whoever they belong to may go there. */
class Targets {
  readonly #routing: Routing;
  readonly #names: Names;
  /** Numbers behind which a menu is. */
  readonly #menus: ReadonlySet<string>;
  readonly #complain: Complain;

  constructor(known: { routing: Routing; names: Names; menus: ReadonlySet<string> }, complain: Complain) {
    this.#routing = known.routing;
    this.#names = known.names;
    this.#menus = known.menus;
    this.#complain = complain;
  }

  ofUser(name: string, { diversions, outside }: UserRouting): void {
    const { trunks, numbers } = this.#routing;
    const known = [...trunks.keys(), ...numbers.map((rule) => rule.name).filter((rule) => rule !== '')];
    if (typeof outside !== 'boolean')
      for (const [i, each] of outside.entries())
        if (!known.includes(each))
          this.#complain(['users', name, 'outside', i], JSON.stringify(each), oneOf('trunks', each, known));
    for (const [kind, key] of KEY_OF) {
      const target = diversions[kind];
      if (target !== undefined) this.#target(['users', name, key], target, name, outside);
    }
  }

  ofTrunk(name: string, target: string | undefined): void {
    if (target !== undefined && this.#names.ownerOf(target) === undefined && !this.#isMenu(target))
      this.#complain(['trunks', name, 'inboundTo'], JSON.stringify(target), 'write a user, an alias or a number of a user');
  }

  #isMenu(target: string): boolean {
    return this.#menus.has(writtenNumber(target) ?? target);
  }

  #target(path: KeyPath, target: string, user: string, outside: UserRouting['outside']): void {
    // What a URI leads to is known only where our domains are; it is asked when a call comes.
    if (/^(sips?|tel):/i.test(target)) {
      if (parseUri(target) === undefined) this.#complain(path, JSON.stringify(target), NO_SUCH);
      return;
    }
    const owner = this.#names.ownerOf(target);
    if (owner === user) this.#complain(path, JSON.stringify(target), 'write somebody else');
    if (owner !== undefined || this.#isMenu(target)) return;
    const number = writtenNumber(target);
    const rules = number === undefined ? [] : this.#routing.numbers.filter(({ pattern }) => matchesPattern(pattern, number));
    if (rules.length === 0) this.#complain(path, JSON.stringify(target), NO_SUCH);
    else if (!rules.some((rule) => mayUse(outside, rule)))
      this.#complain(path, JSON.stringify(target), `write outside: true for ${user}, since this number is outside`);
  }
}

/** Whether who may call outside so may use that rule. */
export const mayUse = (outside: UserRouting['outside'], { name, trunks }: NumberRule): boolean =>
  typeof outside === 'boolean' ? outside : outside.includes(name) || trunks.some((trunk) => outside.includes(trunk));
