/** Times and bounds of the transaction layer; times in milliseconds (RFC 3261 §17.1.1.1). */
export interface TransactionSettings {
  /** Estimate of the round trip. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions, but those of INVITE. */
  readonly t2Ms: number;
  /** Longest life of a message in the network. */
  readonly t4Ms: number;
  /** An INVITE that nobody answered gets its 100 after so long (RFC 3261 §17.2.1). */
  readonly tryingAfterMs: number;
  /** Above it requests outside dialogs get 503; above it and a quarter everything new is dropped. */
  readonly maxServerTransactions: number;
  /** What the 503 asks for, in seconds; up to as much again is added at random. */
  readonly retryAfterSeconds: number;
}

export const DEFAULT_SETTINGS: TransactionSettings = {
  t1Ms: 500,
  t2Ms: 4000,
  t4Ms: 5000,
  tryingAfterMs: 200,
  maxServerTransactions: 200_000,
  retryAfterSeconds: 10,
};

/** 64*T1: Timers B, D (where unreliable), F, H, J, L and M. */
export const lifeMs = (settings: TransactionSettings): number => 64 * settings.t1Ms;

/** When a client's Timer E is first set to T2, counted from its start: before that no 100 to a non-INVITE (RFC 4320 §4.1). */
export function slowPaceMs({ t1Ms, t2Ms }: TransactionSettings): number {
  let elapsedMs = 0;
  for (let intervalMs = t1Ms; intervalMs < t2Ms; intervalMs *= 2) elapsedMs += intervalMs;
  return elapsedMs;
}
