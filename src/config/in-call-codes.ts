/** `inCallCodes:` of the config: what parties may press while they talk. */
import { z } from 'zod';
import type { InCallAction, InCallOrder, InCallSettings } from '../../machines/vocabulary/ivr.ts';
import { choice, section, yesOrNo } from './forms.ts';
import { PROMPTS, PromptCheck, prompts } from './prompts.ts';
import { userName } from './routing-schema.ts';
import { type KeyPath, nearest, shown, unknownKeyFix } from './wording.ts';

const MAX_CODES = 64;
const CODES = 'a map of at most 64 codes, such as { "*1": hold, "*2": transfer, "*0": hangUp }';
const USERS = 'all, or a list of at most 1000 users, such as [alice, bob]';
const PARTIES = ['both', 'caller', 'callee'] as const;
const WORDS = ['hold', 'transfer', 'attendedTransfer', 'complete', 'cancel', 'record', 'hangUp'] as const;
const ORDER = `one of ${WORDS.join(', ')}, or a map such as { announce: tone:beep }, { raise: open-door } or { does: hold, users: [bob] }`;
const KEYS = ['does', 'announce', 'raise', 'takesArgument', 'users', 'party', 'hidden'];
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

const users = z.union([z.literal('all'), z.array(z.string({ error: USERS }).regex(userName, { error: USERS })).max(1_000)], {
  error: USERS,
});

const codesSection = section({
  codes: z
    .record(z.string().regex(/^[*#][0-9*#]{0,7}$/), z.unknown(), { error: CODES })
    .refine((map) => Object.keys(map).length <= MAX_CODES, { error: CODES })
    .default({}),
  users: users.default('all'),
  party: choice('both', PARTIES),
  hidden: yesOrNo(true),
  holdMusic: prompts,
});

/** The section as people write it; left out or left empty, nobody may press anything. */
export const inCallCodes = z.preprocess((value) => value ?? undefined, codesSection.optional());

type Written = z.output<typeof codesSection>;
type Map_ = Readonly<Record<string, unknown>>;
type Complain = (path: KeyPath, what: string, fix: string) => void;
/** What else the config says that codes have to do with. */
export interface AroundCodes {
  /** Names of all users; none where everybody is one. */
  readonly users: readonly string[];
  readonly everybodyIsUser: boolean;
  /** Absolute path of the folder of prompts. */
  readonly prompts: string | undefined;
}

/** Reads the section, and complains of codes that hide each other and of who is not there. */
export function resolveInCallCodes(written: Written, around: AroundCodes, complain: Complain): InCallSettings {
  const check = new PromptCheck(around.prompts, complain);
  check.check(['inCallCodes', 'holdMusic'], written.holdMusic);
  const reader = new OrderReader(written, around, check, complain);
  reader.users(written.users, ['inCallCodes', 'users']);
  const codes = Object.keys(written.codes);
  for (const code of codes) {
    const longer = codes.find((other) => other !== code && other.startsWith(code));
    if (longer !== undefined)
      complain(
        ['inCallCodes', 'codes', longer],
        JSON.stringify(longer),
        `write another code: it begins with ${JSON.stringify(code)}`,
      );
  }
  const orders = Object.entries(written.codes).map(([code, order]) => reader.read(code, order));
  return { orders, holdMusic: written.holdMusic.length === 0 ? ['tone:hold'] : written.holdMusic };
}

class OrderReader {
  readonly #preset: Written;
  readonly #around: AroundCodes;
  readonly #check: PromptCheck;
  readonly #complain: Complain;

  constructor(preset: Written, around: AroundCodes, check: PromptCheck, complain: Complain) {
    this.#preset = preset;
    this.#around = around;
    this.#check = check;
    this.#complain = complain;
  }

  read(code: string, written: unknown): InCallOrder {
    const path = ['inCallCodes', 'codes', code];
    const map: Map_ =
      typeof written === 'object' && written !== null && !Array.isArray(written) ? (written as Map_) : { does: written };
    for (const key of Object.keys(map))
      if (!KEYS.includes(key)) this.#complain([...path, key], 'unknown key', unknownKeyFix(key, KEYS));
    const does = this.#does(map, map === written ? [...path, 'does'] : path);
    const takesNumber = does === 'transfer' || does === 'attendedTransfer';
    return {
      name: code,
      code,
      does,
      prompts: does === 'announce' ? this.#prompts(map.announce, [...path, 'announce']) : [],
      raises: does === 'raise' ? this.#raises(map.raise, [...path, 'raise']) : '',
      takesArgument: takesNumber || (does === 'raise' && this.#flag(map.takesArgument, false, [...path, 'takesArgument'])),
      isHidden: this.#flag(map.hidden, this.#preset.hidden, [...path, 'hidden']),
      users: this.users(map.users ?? this.#preset.users, [...path, 'users']),
      party: this.#party(map.party ?? this.#preset.party, [...path, 'party']),
    };
  }

  #does(map: Map_, path: KeyPath): InCallAction {
    const ways = ['does', 'announce', 'raise'].filter((key) => Object.hasOwn(map, key));
    const word = WORDS.find((one) => one === map.does);
    if (ways.length === 1 && ways[0] === 'announce') return 'announce';
    if (ways.length === 1 && ways[0] === 'raise') return 'raise';
    if (ways.length === 1 && word !== undefined) return word;
    const near = typeof map.does === 'string' && ways.length === 1 ? nearest(map.does, WORDS) : undefined;
    this.#complain(path, shown(map.does ?? map, path), near === undefined ? `write ${ORDER}` : `did you mean ${near}?`);
    return 'hangUp';
  }

  #prompts(written: unknown, path: KeyPath): readonly string[] {
    const read = prompts.safeParse(written);
    if (read.success && read.data.length > 0) {
      this.#check.check(path, read.data);
      return read.data;
    }
    this.#complain(path, shown(written, path), `write ${PROMPTS}`);
    return [];
  }

  #raises(written: unknown, path: KeyPath): string {
    if (typeof written === 'string' && NAME.test(written)) return written;
    this.#complain(path, shown(written, path), 'write a name such as open-door, which a scenario hears in order.raised');
    return '';
  }

  #flag(written: unknown, preset: boolean, path: KeyPath): boolean {
    if (written === undefined || typeof written === 'boolean') return written ?? preset;
    this.#complain(path, shown(written, path), 'write true or false');
    return preset;
  }

  #party(written: unknown, path: KeyPath): InCallOrder['party'] {
    const party = PARTIES.find((one) => one === written);
    if (party === undefined) this.#complain(path, shown(written, path), `write one of ${PARTIES.join(', ')}`);
    return party ?? 'both';
  }

  /** undefined: all. */
  users(written: unknown, path: KeyPath): readonly string[] | undefined {
    const read = users.safeParse(written);
    if (!read.success) {
      this.#complain(path, shown(written, path), `write ${USERS}`);
      return [];
    }
    if (read.data === 'all') return undefined;
    // Of a code that says nothing of its own the section's are checked once.
    if (written === this.#preset.users && path.length > 2) return read.data;
    const { users: known, everybodyIsUser } = this.#around;
    for (const [i, name] of read.data.entries())
      if (!everybodyIsUser && !known.includes(name)) this.#complain([...path, i], JSON.stringify(name), userFix(name, known));
    return read.data;
  }
}

const MOST_SHOWN = 8;
function userFix(wrong: string, known: readonly string[]): string {
  const near = nearest(wrong, known);
  if (near !== undefined) return `did you mean ${near}?`;
  return known.length === 0 ? 'write users first' : `write one of users: ${known.slice(0, MOST_SHOWN).join(', ')}`;
}
