/**
 * Fact descriptors as values: one `defineFact` gives the TypeScript type, the filter builder, the check at load and
 * the redaction. Declaration merging has no run-time shape; a value has.
 */

export type AttributeKind = 'text' | 'integer' | 'flag' | 'detail';

/** One attribute of a fact; `is` exists only for the type checker. */
export interface Attribute<T> {
  readonly kind: AttributeKind;
  readonly secret: boolean;
  /** Of a secret detail: names of the fields in it, however deep, that are the secret; the rest may be shown. */
  readonly inside?: readonly string[];
  readonly is?: T;
}

const attribute = <T>(kind: AttributeKind): Attribute<T> => ({ kind, secret: false });
export const text = <T extends string = string>(): Attribute<T> => attribute('text');
export const integer = (): Attribute<number> => attribute('integer');
export const flag = (): Attribute<boolean> => attribute('flag');
/** Bounded plain JSON that travels with a fact and that no filter can name. */
export const detail = <T>(): Attribute<T> => attribute('detail');
/**
 * Marks what must never reach a log, an export or the inspector: tokens, digits, contacts that carry them. An export keeps
 * the structure of a detail and hides the fields named in `inside`; without names it hides all that is in it.
 */
export const secret = <T>(of: Attribute<T>, inside?: readonly string[]): Attribute<T> => ({
  ...of,
  secret: true,
  ...(inside === undefined ? {} : { inside }),
});

// biome-ignore lint/suspicious/noExplicitAny: a shape holds attributes of every type
export type Shape = Readonly<Record<string, Attribute<any>>>;
export type ValuesOf<S extends Shape> = { readonly [K in keyof S]: NonNullable<S[K]['is']> };
export type Fact<N extends string = string, S extends Shape = Shape> = { readonly type: N } & ValuesOf<S>;

/** What the engine writes on every fact and command when it is posted; machines read it and never write it. */
export interface Stamp {
  /** Position in the engine's one order of all facts and commands. */
  readonly seq: number;
  /** Instant of posting, milliseconds of the engine's clock. */
  readonly at: number;
  /** Address of the author. */
  readonly by: string;
  /** `seq` of the entry that led to this one; 0 for what came from outside. */
  readonly cause: number;
}
export type Posted<F> = F & Stamp;

export interface Glob {
  readonly op: 'glob';
  readonly pattern: string;
}
export interface Range {
  readonly op: 'range';
  readonly min: number;
  readonly max: number;
}
export interface AnyOf<T> {
  readonly op: 'anyOf';
  readonly of: readonly T[];
}
export interface Not<T> {
  readonly op: 'not';
  readonly of: T;
}
/** What one attribute is held against: a bare value means equality, and is never read as a pattern. */
export type Test<T> =
  | T
  | AnyOf<T>
  | Not<T | AnyOf<T> | Glob | Range>
  | (T extends string ? Glob : never)
  | (T extends number ? Range : never);

export const MAX_GLOB_LENGTH = 128;

/**
 * A pattern in which `*` stands for any run of characters: glob`sip:*@example.com`. A template without substitutions,
 * so that no data from the wire can become part of a pattern. Throws on substitutions and on overlong patterns.
 */
export function glob(pattern: TemplateStringsArray, ...substitutions: never[]): Glob {
  if (substitutions.length > 0 || pattern.length !== 1) throw new Error('glob takes a literal pattern, without substitutions');
  const literal = pattern[0] ?? '';
  if (literal.length > MAX_GLOB_LENGTH) throw new Error(`a glob has at most ${MAX_GLOB_LENGTH} characters`);
  return { op: 'glob', pattern: literal };
}
/** Inclusive on both sides. */
export const range = (bounds: { min?: number; max?: number }): Range => ({
  op: 'range',
  min: bounds.min ?? Number.NEGATIVE_INFINITY,
  max: bounds.max ?? Number.POSITIVE_INFINITY,
});
export const anyOf = <const T extends string | number | boolean>(...of: readonly T[]): AnyOf<T> => ({ op: 'anyOf', of });
export const not = <const T>(of: T): Not<T> => ({ op: 'not', of });

export interface Condition {
  readonly attribute: string;
  readonly test: Test<string | number | boolean>;
}

/** A fact's kind with a filter over its attributes; all conditions must hold. */
export interface Interest<F = unknown> {
  readonly fact: string;
  readonly where: readonly Condition[];
  /** Also deliver, at birth, what is already true (the engine's views answer). */
  readonly current: boolean;
  /** Exists only for the type checker. */
  readonly delivers?: F;
}

// Attributes of kind `detail` cannot be filtered: their values are objects, which Test does not admit.
type Filter<S extends Shape> = { readonly [K in keyof S]?: Test<NonNullable<S[K]['is']> & (string | number | boolean)> };

/** The descriptor of one kind of fact; called, it makes the fact. */
export interface FactKind<N extends string = string, S extends Shape = Shape> {
  (attributes: ValuesOf<S>): Fact<N, S>;
  readonly fact: N;
  readonly shape: S;
  /** An interest in this kind. Throws on an attribute that the kind does not have, or that no filter can name. */
  where(filter: Filter<S>, how?: { readonly current?: boolean }): Interest<Posted<Fact<N, S>>>;
}
export type FactOf<K> = K extends FactKind<infer N, infer S> ? Posted<Fact<N, S>> : never;
/** The fact as its author writes it, before the engine stamps it. */
export type Raw<K> = K extends FactKind<infer N, infer S> ? Fact<N, S> : never;

/** The engine writes these, and `to` tells a command from a fact. */
const RESERVED = ['type', 'to', 'seq', 'at', 'by', 'cause'];
const FACT_NAME = /^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$/;

function condition(fact: string, shape: Shape, key: string, test: unknown): Condition {
  const known = Object.hasOwn(shape, key) ? shape[key] : undefined;
  if (known === undefined) throw new Error(`${fact} has no attribute "${key}"; it has ${Object.keys(shape).join(', ')}`);
  if (known.kind === 'detail') throw new Error(`${fact}: no filter can name "${key}", it is a detail`);
  if (test === undefined) throw new Error(`${fact}: the filter on "${key}" is undefined, which would match everything`);
  return { attribute: key, test: test as Condition['test'] };
}

/** Makes a kind of fact. `name` is two dotted tokens, past tense: `call.answered`. Throws on any other form. */
export function defineFact<const N extends `${string}.${string}`, const S extends Shape>(name: N, shape: S): FactKind<N, S> {
  if (!FACT_NAME.test(name)) throw new Error(`a fact's name is two dotted tokens such as call.answered, not "${name}"`);
  const reserved = RESERVED.find((key) => Object.hasOwn(shape, key));
  if (reserved !== undefined) throw new Error(`${name}: the attribute name "${reserved}" is the engine's`);
  const where = (filter: Filter<S>, how: { readonly current?: boolean } = {}): Interest<Posted<Fact<N, S>>> => {
    const conditions: Condition[] = [];
    for (const key in filter) conditions.push(condition(name, shape, key, filter[key]));
    return { fact: name, where: conditions, current: how.current ?? false };
  };
  return Object.assign((attributes: ValuesOf<S>) => ({ type: name, ...attributes }), { fact: name, shape, where }) as FactKind<
    N,
    S
  >;
}
