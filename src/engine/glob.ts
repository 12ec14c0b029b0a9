import { MAX_GLOB_LENGTH } from '../../machines/vocabulary/descriptor.ts';

/** Longer texts match no glob: it bounds what one comparison can cost. */
export const MAX_GLOBBED_LENGTH = 2048;

const STAR = 42;

/** Whether `text` has the form of `pattern`, in which `*` alone is special: two pointers and one way back, no recursion. */
export function globMatches(pattern: string, text: string): boolean {
  if (text.length > MAX_GLOBBED_LENGTH || pattern.length > MAX_GLOB_LENGTH) return false;
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const code = p < pattern.length ? pattern.charCodeAt(p) : -1;
    if (code === STAR) {
      star = p++;
      resume = t;
    } else if (code === text.charCodeAt(t)) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (p < pattern.length && pattern.charCodeAt(p) === STAR) p++;
  return p === pattern.length;
}
