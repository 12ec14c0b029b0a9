/** Patterns of digits: `x` stands for any of 0 to 9, everything else for itself. */

/** Keys there are (ITU-T Q.23), as they are written. */
export const KEYS = /^[0-9*#A-D]*$/;
/** What a pattern may be. */
export const PATTERN = /^[0-9*#A-Dx]{1,32}$/;
export const MAX_PATTERNS = 64;
export const MAX_DIGITS = 32;

const begins = (pattern: string, digits: string): boolean => {
  if (pattern.length < digits.length) return false;
  for (let i = 0; i < digits.length; i += 1) {
    const key = digits.charAt(i);
    const wanted = pattern.charAt(i);
    if (wanted === 'x' ? key < '0' || key > '9' : wanted !== key) return false;
  }
  return true;
};

/** What digits are so far: one of the patterns, and the beginning of longer ones. */
export interface Standing {
  readonly isWhole: boolean;
  readonly isBeginning: boolean;
}

/** Holds digits against patterns; linear, over a bounded number of bounded ones. */
export function standing(patterns: readonly string[], digits: string): Standing {
  let isWhole = false;
  let isBeginning = false;
  for (const pattern of patterns) {
    if (!begins(pattern, digits)) continue;
    if (pattern.length === digits.length) isWhole = true;
    else isBeginning = true;
  }
  return { isWhole, isBeginning };
}
