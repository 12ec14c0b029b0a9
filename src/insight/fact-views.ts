/** Facts as they are told to who subscribes: chosen by kind and attributes, their secrets masked. */
import type { Entry } from '../engine/entry.ts';
import type { Told } from '../journal/format.ts';
import { Hider, type SecretsOf } from '../journal/secrets.ts';
import type { FactFilter } from './insight.ts';
import type { FactView } from './model.ts';

const MASK = '***';

/** Takes the secrets out of anything that is shown. */
export function maskedFact(told: Told, isFact: boolean, secrets: SecretsOf): Told {
  const hider = new Hider(secrets, MASK);
  return hider.search(hider.hide(told, isFact));
}

/** Which facts a filter means; what is secret matches nothing, or it could be guessed. */
export function chooser({ kinds, attributes }: FactFilter, secrets: SecretsOf): (fact: Told) => boolean {
  const exact = new Set(kinds.filter((kind) => !kind.endsWith('*')));
  const prefixes = kinds.filter((kind) => kind.endsWith('*')).map((kind) => kind.slice(0, -1));
  const wanted = Object.entries(attributes);
  return (fact) => {
    if (kinds.length > 0 && !exact.has(fact.type) && !prefixes.some((prefix) => fact.type.startsWith(prefix))) return false;
    return wanted.every(([name, value]) => String(fact[name]) === value && !secrets.isSecret(fact, name));
  };
}

/** Without its stamps; `call` names the call that its author is of, if it does not say itself. */
export function factView(entry: Entry, callOf: (address: string) => string, secrets: SecretsOf): FactView {
  const { seq, at, by, cause, ...told } = entry as unknown as Entry & { readonly call?: unknown };
  const { type, ...attributes } = maskedFact(told as unknown as Told, true, secrets);
  const named = typeof told.call === 'string' ? told.call : '';
  return { seq, at, by, cause, type, call: named || callOf(by), attributes };
}
