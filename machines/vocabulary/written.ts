/** Reading what people write under `settings` of a scenario; what is wrong throws an Error whose message is the fix. */

type Written = Readonly<Record<string, unknown>>;

/** The keys of a map, and no others. */
export function mapOf(written: unknown, keys: readonly string[], what: string): Written {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) throw new Error(`write ${what}`);
  const unknown = Object.keys(written).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new Error(`${unknown}: unknown key; known keys here: ${keys.join(', ')}`);
  return written as Written;
}

/** Text of a form. */
export function textOf(written: Written, key: string, how: { form: RegExp; write: string; preset?: string }): string {
  const value = written[key] ?? how.preset;
  if (typeof value !== 'string' || (value !== how.preset && !how.form.test(value))) throw new Error(`${key}: write ${how.write}`);
  return value;
}

/** A time in seconds, as milliseconds. */
export function millisecondsOf(written: Written, key: string, how: { preset: number; min: number; max: number }): number {
  const value = written[key] ?? how.preset;
  if (typeof value !== 'number' || !(value >= how.min && value <= how.max))
    throw new Error(`${key}: write a number of seconds from ${how.min} to ${how.max}, such as ${how.preset}`);
  return Math.round(value * 1000);
}

/** A whole number. */
export function wholeOf(written: Written, key: string, how: { preset: number; min: number; max: number }): number {
  const value = written[key] ?? how.preset;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < how.min || value > how.max)
    throw new Error(`${key}: write a whole number from ${how.min} to ${how.max}, such as ${how.preset}`);
  return value;
}

/** One of some words; the first is the preset. */
export function choiceOf<const T extends string>(written: Written, key: string, choices: readonly [T, ...T[]]): T {
  const value = written[key] ?? choices[0];
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) throw new Error(`${key}: write one of ${choices.join(', ')}`);
  return chosen;
}
