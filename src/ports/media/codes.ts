import type { Address } from '../../../machines/vocabulary/identity.ts';
import type { InCallCode } from '../../../machines/vocabulary/media.ts';
import { MAX_DIGITS, standing } from './patterns.ts';

/** A code that was pressed, whole, with its argument. */
export interface Pressed {
  readonly by: Address;
  readonly name: string;
  readonly argument: string;
}
/** What came of a key: codes, and keys that are none and belong to the other party. */
export interface Read {
  readonly pressed: readonly Pressed[];
  readonly passes: string;
}

/** Ends an argument, as a pause does. */
const ARGUMENT_END = '#';

/** Finds codes among the keys that a party presses; it knows no time. */
export class CodeReader {
  /** By who waits for them. */
  readonly #codes = new Map<Address, readonly InCallCode[]>();
  #known: readonly string[] = [];
  /** Keys that may yet be a code. */
  #seen = '';
  /** The code whose argument is being pressed. */
  #taken = '';
  #argument = '';

  /** Whose codes these are has no others; none at all: it waits for nothing any more. */
  listen(by: Address, codes: readonly InCallCode[]): void {
    if (codes.length === 0) this.#codes.delete(by);
    else this.#codes.set(by, codes);
    this.#known = [...new Set([...this.#codes.values()].flat().map(({ code }) => code))];
  }

  get listeners(): number {
    return this.#codes.size;
  }

  isListening(by: Address): boolean {
    return this.#codes.has(by);
  }

  /** Something that may be a code is not finished. */
  get isOpen(): boolean {
    return this.#seen !== '' || this.#taken !== '';
  }

  /** The other party shall hear of some of them nothing. */
  get hides(): boolean {
    for (const codes of this.#codes.values()) if (codes.some(({ isHidden }) => isHidden)) return true;
    return false;
  }

  press(key: string): Read {
    const read = new Reading();
    this.#take(key, read);
    return read;
  }

  /** No further key came in time. */
  timeUp(): Read {
    const read = new Reading();
    if (this.#taken !== '') this.#finish('', read);
    else this.#settle(true, read);
    return read;
  }

  #take(key: string, read: Reading): void {
    if (this.#taken === '') {
      this.#seen += key;
      this.#settle(false, read);
    } else if (key === ARGUMENT_END) this.#finish(key, read);
    else {
      this.#argument += key;
      if (this.#argument.length >= MAX_DIGITS) this.#finish('', read);
    }
  }

  /** Decides on what was seen, as far as it can be decided. */
  #settle(isLast: boolean, read: Reading): void {
    while (this.#seen !== '') {
      if (!isLast && standing(this.#known, this.#seen).isBeginning) return;
      const code = this.#longest();
      const rest = this.#seen.slice(Math.max(1, code.length));
      if (code === '') read.passes += this.#seen.charAt(0);
      this.#seen = rest;
      if (code === '') continue;
      this.#taken = code;
      // Without one the code is whole at once, and what came behind it is read anew.
      if (!this.#some(code, ({ takesArgument }) => takesArgument)) this.#finish('', read);
      else {
        this.#seen = '';
        for (const key of rest) this.#take(key, read);
        return;
      }
    }
  }

  /** The longest code that the keys begin with; empty where none does. */
  #longest(): string {
    let longest = '';
    for (const code of this.#known) if (code.length > longest.length && this.#seen.startsWith(code)) longest = code;
    return longest;
  }

  #finish(end: string, read: Reading): void {
    const code = this.#taken;
    const argument = this.#argument;
    this.#taken = '';
    this.#argument = '';
    for (const [by, codes] of this.#codes)
      for (const one of codes) if (one.code === code) read.pressed.push({ by, name: one.name, argument });
    if (!this.#some(code, ({ isHidden }) => isHidden)) read.passes += code + argument + end;
  }

  #some(code: string, is: (one: InCallCode) => boolean): boolean {
    for (const codes of this.#codes.values()) if (codes.some((one) => one.code === code && is(one))) return true;
    return false;
  }
}

class Reading implements Read {
  readonly pressed: Pressed[] = [];
  passes = '';
}
