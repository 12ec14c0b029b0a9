/**
 * Bencode, which the ng protocol of rtpengine is written in. Strings are bytes, one character each (latin1), as bodies are
 * everywhere here.
 */

/** What a peer said. A map: the names are the peer's. */
export type Bencoded = string | number | readonly Bencoded[] | Dictionary;
export type Dictionary = ReadonlyMap<string, Bencoded>;

/** What is said to it. */
export type Said = string | number | readonly Said[] | { readonly [name: string]: Said };

/** A session description of ours, or a list of a call's streams, is nowhere near these. */
const MAX_CHARACTERS = 65_507;
const MAX_DEPTH = 16;
const MAX_VALUES = 5_000;
/** Digits of a number that a double still holds exactly. */
const MAX_DIGITS = 15;

const ZERO = 0x30;
const NINE = 0x39;

const stringOf = (text: string): string => `${text.length}:${text}`;

/** Throws on a number that is no safe integer, since only those can be said. */
export function encode(said: Said): string {
  if (typeof said === 'string') return stringOf(said);
  if (typeof said === 'number') {
    if (!Number.isSafeInteger(said)) throw new RangeError(`bencode has no number ${said}`);
    return `i${said}e`;
  }
  if (Array.isArray(said)) return `l${said.map(encode).join('')}e`;
  let text = 'd';
  for (const [name, value] of Object.entries(said)) text += stringOf(name) + encode(value);
  return `${text}e`;
}

/** One whole value and nothing behind it; undefined where it is anything else, too deep, too long or of too many parts. */
export function decode(text: string): Bencoded | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const reader = new Reader(text);
  const value = reader.value(0);
  return reader.isAtEnd ? value : undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  value(depth: number): Bencoded | undefined {
    this.#values += 1;
    if (depth > MAX_DEPTH || this.#values > MAX_VALUES) return undefined;
    switch (this.#text[this.#at]) {
      case 'i':
        this.#at += 1;
        return this.#number('e', true);
      case 'l':
        this.#at += 1;
        return this.#list(depth);
      case 'd':
        this.#at += 1;
        return this.#dictionary(depth);
      default:
        return this.#string();
    }
  }

  #list(depth: number): readonly Bencoded[] | undefined {
    const list: Bencoded[] = [];
    while (!this.#ends()) {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      list.push(value);
    }
    return list;
  }

  /** The daemon does not sort its names, as bencode asks, so that is not asked of it. */
  #dictionary(depth: number): Dictionary | undefined {
    const dictionary = new Map<string, Bencoded>();
    while (!this.#ends()) {
      const name = this.#string();
      const value = name === undefined ? undefined : this.value(depth + 1);
      if (name === undefined || value === undefined || dictionary.has(name)) return undefined;
      dictionary.set(name, value);
    }
    return dictionary;
  }

  #ends(): boolean {
    if (this.#text[this.#at] !== 'e') return false;
    this.#at += 1;
    return true;
  }

  #string(): string | undefined {
    const length = this.#number(':', false);
    if (length === undefined || length > this.#text.length - this.#at) return undefined;
    const from = this.#at;
    this.#at += length;
    return this.#text.slice(from, this.#at);
  }

  /** Decimal digits up to `end`, which is taken too; no leading zeros. */
  #number(end: string, mayBeNegative: boolean): number | undefined {
    const from = this.#at;
    if (mayBeNegative && this.#text[from] === '-') this.#at += 1;
    const first = this.#at;
    for (let code = this.#text.charCodeAt(first); code >= ZERO && code <= NINE; code = this.#text.charCodeAt(this.#at)) {
      this.#at += 1;
      if (this.#at - first > MAX_DIGITS) return undefined;
    }
    const digits = this.#text.slice(first, this.#at);
    const isWritten = digits !== '' && (digits === '0' ? first === from : digits[0] !== '0') && this.#text[this.#at] === end;
    if (!isWritten) return undefined;
    this.#at += 1;
    return Number(this.#text.slice(from, this.#at - 1));
  }
}

/** The part of that name, if there is one and it is of that kind; nothing of what is no dictionary. */
export function dictionaryIn(value: Bencoded | undefined, name: string): Dictionary | undefined {
  const part = isDictionary(value) ? value.get(name) : undefined;
  return isDictionary(part) ? part : undefined;
}
export function listIn(value: Bencoded | undefined, name: string): readonly Bencoded[] {
  const part = isDictionary(value) ? value.get(name) : undefined;
  return Array.isArray(part) ? part : [];
}
export function textIn(value: Bencoded | undefined, name: string): string | undefined {
  const part = isDictionary(value) ? value.get(name) : undefined;
  return typeof part === 'string' ? part : undefined;
}
export function numberIn(value: Bencoded | undefined, name: string): number | undefined {
  const part = isDictionary(value) ? value.get(name) : undefined;
  return typeof part === 'number' ? part : undefined;
}

export const isDictionary = (value: Bencoded | undefined): value is Dictionary => value instanceof Map;
