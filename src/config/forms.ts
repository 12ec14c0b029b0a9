import { z } from 'zod';

/** The forms that values of the config take; each error message is the fix ("write …"). */

/** Separates the known keys in the message of an `unrecognized_keys` issue. */
export const KEY_SEPARATOR = '\n';

export const section = <S extends z.ZodRawShape>(shape: S, write = 'a map of keys, indented below it') =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(KEY_SEPARATOR) : write),
  });

/** A section that may be left out, or left empty. */
export const optional = <T extends z.ZodType>(of: T) => z.preprocess((value) => value ?? {}, of);

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A length of time; fractions are fine. */
export function seconds(preset: number, { min, max }: Bounds) {
  const error = `a number of seconds from ${min} to ${max}, such as ${preset}`;
  return z.number({ error }).min(min, { error }).max(max, { error }).default(preset);
}

export function whole(preset: number, { min, max }: Bounds, what = 'a whole number') {
  const error = `${what} from ${min} to ${max}, such as ${preset}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error }).default(preset);
}

export const choice = <const T extends string>(preset: T, of: readonly T[]) =>
  z.enum(of, { error: `one of ${of.join(', ')}` }).default(() => preset as never);

export const text = (error: string, { max = 1024, form = /^[^\r\n]+$/ }: { max?: number; form?: RegExp } = {}) =>
  z.string({ error }).min(1, { error }).max(max, { error }).regex(form, { error });

export const yesOrNo = (preset: boolean) => z.boolean({ error: 'true or false' }).default(preset);
