/** Choices of menus, as people write them: one word, or a map with one thing to do. */
import type { Choice } from '../../machines/vocabulary/ivr.ts';
import { PROMPTS, type PromptCheck } from './prompts.ts';
import { type KeyPath, shown, unknownKeyFix } from './wording.ts';

type Complain = (path: KeyPath, what: string, fix: string) => void;
type Written = Readonly<Record<string, unknown>>;

const CHOICE =
  'repeat, back, hangUp, or a map such as { ring: bob }, { menu: opening }, { dial: 3 }, { pin: door, next: { ring: bob } }, { say: hours } or { raise: open-door }';
const PLAIN = ['repeat', 'back', 'hangUp'] as const;
const KEYS: Readonly<Record<string, readonly string[]>> = {
  ring: ['ring'],
  menu: ['menu'],
  dial: ['dial'],
  pin: ['pin', 'prompts', 'tries', 'next', 'otherwise'],
  say: ['say', 'next'],
  raise: ['raise', 'next'],
};
const MAX_NEXT = 8;
const MAX_WHOM = 16;
const MAX_PROMPTS = 8;
const MAX_TRIES = 10;
const MAX_EXTENSION = 32;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const REPEAT: Choice = { does: 'repeat' };
const HANG_UP: Choice = { does: 'hangUp' };

/** What choices may name. */
export interface Known {
  readonly menus: readonly string[];
  readonly pins: readonly string[];
  readonly prompts: PromptCheck;
  /** Why that target leads nowhere, as the fix. */
  readonly fixOfTarget: (target: string) => string | undefined;
  readonly complain: Complain;
}

/** Reads the choices of one config. */
export class ChoiceReader {
  readonly #known: Known;
  /** Menus that some choice leads to. */
  readonly opened = new Set<string>();

  constructor(known: Known) {
    this.#known = known;
  }

  read(written: unknown, path: KeyPath, depth = 0): Choice {
    const plain = PLAIN.find((word) => word === written);
    if (plain !== undefined) return { does: plain };
    if (typeof written !== 'object' || written === null || Array.isArray(written)) return this.#wrong(path, written, CHOICE);
    if (depth > MAX_NEXT) return this.#wrong(path, written, `at most ${MAX_NEXT} things one after the other`);
    const map = written as Written;
    const verbs = Object.keys(KEYS).filter((key) => Object.hasOwn(map, key));
    const [verb] = verbs;
    if (verb === undefined || verbs.length > 1) return this.#wrong(path, written, CHOICE);
    const known = KEYS[verb] ?? [];
    for (const key of Object.keys(map))
      if (!known.includes(key)) this.#known.complain([...path, key], 'unknown key', unknownKeyFix(key, known));
    return this.#does(verb, map, path, depth);
  }

  #does(verb: string, map: Written, path: KeyPath, depth: number): Choice {
    const at = [...path, verb];
    const next = (key = 'next', preset = REPEAT): Choice =>
      map[key] === undefined ? preset : this.read(map[key], [...path, key], depth + 1);
    if (verb === 'ring') return { does: 'ring', whom: this.#whom(map.ring, at) };
    if (verb === 'menu') return { does: 'menu', menu: this.#menu(map.menu, at) };
    if (verb === 'dial') return this.#dial(map.dial, at);
    if (verb === 'say') return { does: 'say', prompts: this.#prompts(map.say, at, 1), next: next() };
    if (verb === 'raise') return { does: 'raise', name: this.#name(map.raise, at), next: next() };
    return {
      does: 'pin',
      pin: this.#pin(map.pin, at),
      prompts: this.#prompts(map.prompts, [...path, 'prompts']),
      tries: this.#whole(map.tries ?? 3, [...path, 'tries'], MAX_TRIES),
      next: next(),
      otherwise: next('otherwise', HANG_UP),
    };
  }

  #dial(written: unknown, at: KeyPath): Choice {
    const map = typeof written === 'object' && written !== null ? (written as Written) : { digits: written };
    const digitsAt = map === written ? [...at, 'digits'] : at;
    for (const key of Object.keys(map))
      if (key !== 'digits' && key !== 'prompts')
        this.#known.complain([...at, key], 'unknown key', unknownKeyFix(key, ['digits', 'prompts']));
    const max = this.#whole(map.digits, digitsAt, MAX_EXTENSION);
    return { does: 'dial', prompts: this.#prompts(map.prompts, [...at, 'prompts']), max };
  }

  #whom(written: unknown, path: KeyPath): readonly string[] {
    const list: readonly unknown[] = Array.isArray(written) ? written : [written];
    if (list.length === 0 || list.length > MAX_WHOM) this.#wrong(path, written, `one to ${MAX_WHOM} users, such as [bob, carol]`);
    return list.filter((target, i): target is string => {
      const at = Array.isArray(written) ? [...path, i] : path;
      if (typeof target !== 'string') this.#wrong(at, target, 'a user, an alias, a number in quotes or a sip: URI');
      else {
        const fix = this.#known.fixOfTarget(target);
        if (fix !== undefined) this.#known.complain(at, JSON.stringify(target), fix);
      }
      return typeof target === 'string';
    });
  }

  #menu(written: unknown, path: KeyPath): string {
    const { menus } = this.#known;
    if (typeof written === 'string' && menus.includes(written)) {
      this.opened.add(written);
      return written;
    }
    this.#wrong(path, written, `one of ivr.menus: ${menus.join(', ')}`);
    return '';
  }

  /** Whoever writes the PIN itself here shall not read it in a log. */
  #pin(written: unknown, path: KeyPath): string {
    const { pins, complain } = this.#known;
    if (typeof written === 'string' && pins.includes(written)) return written;
    const fix = pins.length === 0 ? 'write ivr.pins first, such as pins: { door: "4711" }' : `write one of ivr.pins: ${pins}`;
    complain(path, '***', fix);
    return '';
  }

  #prompts(written: unknown, path: KeyPath, min = 0): readonly string[] {
    const list: readonly unknown[] = written === undefined ? [] : Array.isArray(written) ? written : [written];
    if (list.length < min || list.length > MAX_PROMPTS || !list.every((one) => typeof one === 'string')) {
      this.#wrong(path, written, PROMPTS);
      return [];
    }
    this.#known.prompts.check(path, list as readonly string[]);
    return list as readonly string[];
  }

  #name(written: unknown, path: KeyPath): string {
    if (typeof written === 'string' && NAME.test(written)) return written;
    this.#wrong(path, written, 'a name such as open-door, which a scenario hears in order.raised');
    return '';
  }

  #whole(written: unknown, path: KeyPath, max: number): number {
    if (typeof written === 'number' && Number.isInteger(written) && written >= 1 && written <= max) return written;
    this.#wrong(path, written, `a whole number from 1 to ${max}, such as 3`);
    return 1;
  }

  #wrong(path: KeyPath, written: unknown, fix: string): Choice {
    this.#known.complain(path, shown(written, path), `write ${fix}`);
    return REPEAT;
  }
}
