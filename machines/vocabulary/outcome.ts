/** A final answer that is no 2xx, as a call keeps it. */
export interface Outcome {
  readonly status: number;
  readonly reason: string;
  /** Handle of the message to pass on; 0: none, the answer is ours. */
  readonly message: number;
}

/** What a caller hears when no fork gave an answer worth passing on. */
export const UNAVAILABLE: Outcome = { status: 480, reason: '', message: 0 };

/** What a caller hears who dialled a star code that no scenario does anything about. */
export const UNTAKEN: Outcome = { status: 404, reason: 'Code Does Nothing Now', message: 0 };

const OF_ONE_FORK: ReadonlySet<number> = new Set([401, 407, 408, 430, 487]);

/**
 * A fork's failure as the caller may see it. RFC 3261 §16.7 step 6: 503 is not passed on, since it says "nothing here
 * works"; 401 and 407 challenge us and not the caller; a timeout, a dead flow (430) or a redirection of one fork means
 * that it cannot be had.
 */
export function asSeenByCaller(outcome: Outcome): Outcome {
  const { status } = outcome;
  if (status === 503) return { status: 500, reason: 'Callee Out Of Service', message: 0 };
  if (status < 400 || OF_ONE_FORK.has(status)) return UNAVAILABLE;
  return outcome;
}

/** RFC 3261 §16.7 step 6 in two steps: which class is better, then within 4xx what tells the caller most. */
function rank({ status }: Outcome): number {
  if (status >= 600) return 0;
  if (status === 480) return 5;
  // These let the caller mend its request and try again.
  if (status === 415 || status === 420 || status === 484) return 1;
  if (status >= 400 && status < 500) return 2;
  return 4;
}

/** The better of two final answers; the earlier one where they are equal. */
export function better(known: Outcome | null, next: Outcome): Outcome {
  const seen = asSeenByCaller(next);
  return known === null || rank(seen) < rank(known) ? seen : known;
}

/** RFC 3261 §16.7 step 5: a 6xx ends the search; 603 only where the policy says so, since a decline is often one phone's. */
export const endsSearch = (status: number, declineEndsCall: boolean): boolean =>
  status >= 600 && (status !== 603 || declineEndsCall);
