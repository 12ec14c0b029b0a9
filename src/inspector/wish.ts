/** Whom somebody wants to see in the inspector. */

export interface InspectionWish {
  /** Addresses of actors that stand alone: `call:7`, `registration:2`. */
  readonly calls: readonly string[];
  /** User names or numbers: all their calls, and their registrations. */
  readonly users: readonly string[];
  /** As many calls at a time, whosever they are. */
  readonly sample: number;
}

/** A call that goes on. */
export interface OpenCall {
  readonly call: string;
  readonly caller: string;
  readonly callee: string;
}

const MAX_NAMES = 20;
const MAX_SAMPLE = 100;
/** What is shown where nobody says more. */
const SAMPLE = 10;

/** Reads `call=call:7&user=bob&sample=10`; with nothing said, some calls. */
export function wishOf(query: URLSearchParams): InspectionWish {
  const calls = query
    .getAll('call')
    .slice(0, MAX_NAMES)
    .map((name) => (/^\d+$/.test(name) ? `call:${name}` : name));
  const users = query.getAll('user').slice(0, MAX_NAMES);
  const wanted = Number(query.get('sample') ?? (calls.length + users.length > 0 ? 0 : SAMPLE));
  const sample = Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_SAMPLE) : 0;
  return { calls, users, sample };
}

const userOf = (uri: unknown): string => /^(?:sips?|tel):([^@;?]*)/i.exec(String(uri))?.[1] ?? '';

/** Whether one of these calls or is called. */
export const isOfUsers = ({ caller, callee }: Omit<OpenCall, 'call'>, users: readonly string[]): boolean =>
  users.length > 0 && (users.includes(userOf(caller)) || users.includes(userOf(callee)));

/** Whether an actor was wished for, by the fact that it was born of. */
export function isWished({ calls, users }: InspectionWish, address: string, birth: Readonly<Record<string, unknown>>): boolean {
  // A transferred call goes on as another one.
  if (calls.includes(address) || (typeof birth.continues === 'string' && calls.includes(birth.continues))) return true;
  if (users.length === 0) return false;
  const { caller, callee, aor } = birth;
  return isOfUsers({ caller: String(caller), callee: String(callee) }, users) || users.includes(userOf(aor));
}
