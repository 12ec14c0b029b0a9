/**
 * Takes the secrets out of a journal. What a descriptor calls secret gets a name of its own, the same wherever the same
 * value stands, so that charts which only compare it decide as they did.
 */
import type { Shape } from '../../machines/vocabulary/descriptor.ts';
import type { Told } from './format.ts';

/** All of an attribute, or the fields of these names in it. */
type Hidden = true | ReadonlySet<string>;
const NOTHING: ReadonlySet<string> = new Set();
/** RFC 8599 §14, in whatever spelling; a password in a URI (RFC 3261 §19.1.1). */
const IN_URIS = /(;pn-(?:prid|param)\s*=\s*)("[^"]*"?|[^;>?\s"]*)|(\bsips?:[^@\s:<>]*:)([^@\s:<>]*)(?=@)/gi;
/** Shorter ones stand in other words by chance. */
const SHORTEST_SEARCHED = 6;

/** Whether there can be a parameter or a password in it: cheaper than to look for them. */
function mayHide(text: string): boolean {
  if (text.includes(';')) return true;
  const at = text.lastIndexOf('@');
  return at > 0 && text.indexOf(':') !== text.lastIndexOf(':', at);
}

/** Which attributes of facts and commands are secret, by the catalogue. */
export class SecretsOf {
  readonly #byFact = new Map<string, ReadonlyMap<string, Hidden>>();
  /** Commands have no descriptors: there every attribute that is secret in some fact is, and every such field. */
  readonly #everywhere = new Map<string, Hidden>();
  readonly #inside = new Set<string>();

  constructor(kinds: readonly { readonly fact: string; readonly shape: Shape }[]) {
    for (const { fact, shape } of kinds) {
      const secrets = Object.entries(shape).filter(([, { secret }]) => secret);
      if (secrets.length > 0) this.#byFact.set(fact, new Map(secrets.map(([name, { inside }]) => [name, hidden(inside)])));
      for (const [name, { inside }] of secrets) {
        if (inside === undefined) this.#everywhere.set(name, true);
        for (const field of inside ?? []) this.#inside.add(field);
      }
    }
  }

  of(told: Told, isFact: boolean, attribute: string): Hidden {
    if (isFact) return this.#byFact.get(told.type)?.get(attribute) ?? NOTHING;
    return this.#everywhere.get(attribute) ?? this.#inside;
  }

  /** Whether that attribute of a fact is secret, or something in it. */
  isSecret(fact: Told, attribute: string): boolean {
    return this.#byFact.get(fact.type)?.has(attribute) === true;
  }
}

const hidden = (inside: readonly string[] | undefined): Hidden => (inside === undefined ? true : new Set(inside));

/** Hides the secrets of one journal. */
export class Hider {
  readonly #secrets: SecretsOf;
  readonly #names = new Map<string, string>();
  readonly #mask: string | undefined;

  /** With a mask, every secret becomes that, and none can be told from another. */
  constructor(secrets: SecretsOf, mask?: string) {
    this.#secrets = secrets;
    this.#mask = mask;
  }

  /** A fact, a command or a timer's event with its secrets hidden. */
  hide(told: Told, isFact: boolean): Told {
    return this.#fields(told, (name) => this.#secrets.of(told, isFact, name)) as Told;
  }

  /** Texts in which a secret that was hidden elsewhere stands in the open, such as a token that a phone also has in its User-Agent. */
  search<T>(value: T): T {
    const searched = [...this.#names].filter(([secret]) => secret.length >= SHORTEST_SEARCHED);
    if (searched.length === 0) return value;
    const text = JSON.stringify(value);
    const found = searched.filter(([secret]) => text.includes(JSON.stringify(secret).slice(1, -1)));
    return found.length === 0 ? value : (replaced(value, found, '') as T);
  }

  /** Most of what is told holds no secret, and is passed on as it is. */
  #value(value: unknown, of: Hidden): unknown {
    if (typeof value === 'string') return of === true ? this.#name(value) : this.#cleaned(value);
    if (typeof value === 'number') return of === true && value !== 0 ? this.#number(value) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value)) return this.#fields(value, (name) => (of === true || of.has(name) ? true : of));
    const shown = value.map((each) => this.#value(each, of));
    return shown.some((each, index) => each !== value[index]) ? shown : value;
  }

  #fields(value: object, of: (name: string) => Hidden): object {
    let changed: [string, unknown][] | undefined;
    for (const name of Object.keys(value)) {
      const field = (value as Readonly<Record<string, unknown>>)[name];
      const shown = this.#value(field, of(name));
      if (shown === field) continue;
      changed ??= [];
      changed.push([name, shown]);
    }
    return changed === undefined ? value : { ...value, ...Object.fromEntries(changed) };
  }

  #cleaned(text: string): string {
    if (!mayHide(text)) return text;
    return text.replace(IN_URIS, (_, push?: string, token?: string, user?: string, password?: string) =>
      push !== undefined ? push + this.#name(token ?? '') : (user ?? '') + this.#name(password ?? ''),
    );
  }

  #name(secret: string): string {
    if (secret === '') return '';
    let name = this.#names.get(secret);
    if (name === undefined) {
      name = this.#mask ?? `hidden-${this.#names.size + 1}`;
      this.#names.set(secret, name);
    }
    return name;
  }

  #number(secret: number): number {
    const name = this.#name(`${secret}`);
    return this.#mask === undefined ? Number(name.slice('hidden-'.length)) : 0;
  }
}

/** What the engine reads: an actor or a kind whose name a phone chose as its token stays what it is. */
const FIXED: ReadonlySet<string> = new Set(['type', 'to', 'by', 'actor', 'scenario', 'address', 'name', 'heard', 'ignored']);

function replaced(value: unknown, found: readonly (readonly [string, string])[], name: string): unknown {
  if (FIXED.has(name)) return value;
  if (typeof value === 'string')
    return found.reduce((text, [secret, by]) => (text === by ? text : text.replaceAll(secret, by)), value);
  if (Array.isArray(value)) return value.map((each) => replaced(each, found, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, replaced(inner, found, field)]));
}
