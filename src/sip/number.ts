/** Telephone numbers as they are dialled, and patterns of them in the form that Asterisk's dial plans made known. */
import type { SipUri } from './uri.ts';

/** What a number is made of: digits, `*`, `#`, the keys A to D, and the plus of E.164. */
const ALPHABET = '0123456789*#ABCD+';
export const MAX_NUMBER_LENGTH = 40;
const SEPARATORS = '-.()';
const HEX = /^[0-9a-fA-F]{2}$/;

/** A number in one spelling: escapes resolved (`%23` is `#`), keys in capitals; `undefined` for what is no number. */
function normalized(text: string, dropsSeparators: boolean): string | undefined {
  let number = '';
  for (let i = 0; i < text.length; i++) {
    let character = text.charAt(i);
    if (character === '%' && HEX.test(text.slice(i + 1, i + 3))) {
      character = String.fromCharCode(Number.parseInt(text.slice(i + 1, i + 3), 16));
      i += 2;
    }
    // RFC 3966 §5.1.1: visual separators say nothing.
    if (dropsSeparators && SEPARATORS.includes(character)) continue;
    const key = character.toUpperCase();
    if (!ALPHABET.includes(key) || (key === '+' && number !== '') || number.length === MAX_NUMBER_LENGTH) return undefined;
    number += key;
  }
  return number === '' || number === '+' ? undefined : number;
}

/**
 * The number that a URI names: of a tel URI (RFC 3966), of a SIP URI with `user=phone`, whose user part is written as one,
 * or of one whose user part is a number as it stands. Parameters inside the number, as `;phone-context`, are left out.
 */
export function dialledNumber(uri: SipUri): string | undefined {
  if (uri.user === undefined) return undefined;
  const isPhone = uri.scheme === 'tel' || uri.params.user?.toLowerCase() === 'phone';
  const semicolon = uri.user.indexOf(';');
  return normalized(semicolon === -1 ? uri.user : uri.user.slice(0, semicolon), isPhone);
}

/** A number as people write it in a config: blanks and the separators of RFC 3966 between the digits are dropped. */
export const writtenNumber = (text: string): string | undefined => normalized(text.replace(/ /g, ''), true);

/** A pattern that was understood: which characters may stand at each place, and what may follow. */
export interface NumberPattern {
  readonly places: readonly string[];
  /** `.`: one character or more; `!`: any number of them; empty: nothing. */
  readonly tail: '' | '.' | '!';
}

const CLASSES: Readonly<Record<string, string>> = { X: '0123456789', Z: '123456789', N: '23456789' };

/** The characters of `[...]` from `from`, which is behind the bracket, and where it ends; ranges are of digits. */
function readSet(text: string, from: number): { characters: string; end: number } | undefined {
  const end = text.indexOf(']', from);
  if (end <= from) return undefined;
  let characters = '';
  for (let i = from; i < end; i++) {
    const first = ALPHABET.indexOf(text.charAt(i).toUpperCase());
    if (first === -1) return undefined;
    if (text.charAt(i + 1) !== '-') characters += ALPHABET.charAt(first);
    else {
      const last = '0123456789'.indexOf(text.charAt(i + 2));
      if (i + 2 >= end || first > 9 || last < first) return undefined;
      characters += ALPHABET.slice(first, last + 1);
      i += 2;
    }
  }
  return { characters, end };
}

/**
 * Reads a pattern: with a leading `_`, `X` is any digit, `Z` 1 to 9, `N` 2 to 9, `[13-5]` one of a set, and at the end `.`
 * stands for one character or more and `!` for any number of them; without it, the text is one number. `undefined` for
 * anything else.
 */
export function parsePattern(text: string): NumberPattern | undefined {
  if (text.startsWith('_')) return parsePlaces(text);
  const number = writtenNumber(text);
  return number === undefined ? undefined : { places: [...number], tail: '' };
}

function parsePlaces(text: string): NumberPattern | undefined {
  const places: string[] = [];
  for (let i = 1; i < text.length; i++) {
    const character = text.charAt(i).toUpperCase();
    if ((character === '.' || character === '!') && i === text.length - 1) return { places, tail: character };
    if (places.length === MAX_NUMBER_LENGTH) return undefined;
    const set = character === '[' ? readSet(text, i + 1) : undefined;
    const characters = set?.characters ?? CLASSES[character] ?? (ALPHABET.includes(character) ? character : undefined);
    if (characters === undefined) return undefined;
    places.push(characters);
    if (set !== undefined) i = set.end;
  }
  return places.length === 0 ? undefined : { places, tail: '' };
}

/** Whether the pattern stands for the number; looks at each character once. */
export function matchesPattern({ places, tail }: NumberPattern, number: string): boolean {
  if (number.length < places.length || (tail === '' && number.length > places.length)) return false;
  if (tail === '.' && number.length === places.length) return false;
  for (let i = 0; i < places.length; i++) if (places[i]?.includes(number.charAt(i)) !== true) return false;
  return true;
}
