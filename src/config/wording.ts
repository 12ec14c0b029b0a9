/** The words of config errors: what a wrong value looked like, with secrets masked, and what to write instead. */

const SECRET_KEY = /pass|pw|secret|token|prid|authori|cred|key/i;
const LONGEST_VALUE = 60;

/** Where a value stands: `['users', 'alice', 'password']`. */
export type KeyPath = readonly PropertyKey[];

/** `listen[0].port`, `users.alice.password`: the key as a person reads it. */
export function keyName(path: KeyPath): string {
  let name = '';
  for (const part of path) name += typeof part === 'number' ? `[${part}]` : name === '' ? String(part) : `.${String(part)}`;
  return name;
}

// Whatever stands under a user or a header may be a secret under a misspelt key; so is the path of many a web hook.
const isSecret = (path: KeyPath): boolean =>
  (path[0] === 'users' && path.length > 1) ||
  path[0] === 'http' ||
  // A PIN, or one under a misspelt key.
  (path[0] === 'ivr' && (path.length === 2 || path.includes('pins') || path.includes('pin'))) ||
  path.includes('headers') ||
  path.some((part) => SECRET_KEY.test(String(part)));

/** The value as it may be shown: one short line, `***` for a secret, no more than the kind of a list or a map. */
export function shown(value: unknown, path: KeyPath): string {
  if (value === undefined) return 'missing';
  if (value === null || value === '') return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (isSecret(path)) return '***';
  const text = typeof value === 'string' ? JSON.stringify(maskUrl(value)) : String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

// Credentials travel in a URL's user part and in its query.
const maskUrl = (text: string): string => text.replace(/\/\/[^/]*@/, '//***@').replace(/\?.*$/s, '?***');

/** The fix for an unknown key: the nearest known one, else all of them. */
export function unknownKeyFix(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? `known keys here: ${known.join(', ')}` : `did you mean ${near}?`;
}

/** The known word nearest to `word`, if one is near enough to have been meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase().slice(0, LONGEST_VALUE);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    // A key without its unit (wakeLimit) is far by edit distance, and still what was meant.
    const distance = wanted.length > 3 && lower.startsWith(wanted) ? 1 : editDistance(wanted, lower);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
