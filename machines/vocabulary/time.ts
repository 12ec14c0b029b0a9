/** RFC 3261 §17.1.1.1: estimate of the round trip; retransmissions start here. */
export const T1_MS = 500;
/** RFC 3261 §17.1.2.2: longest interval between retransmissions. */
export const T2_MS = 4_000;
/** RFC 3261 §17.1.1.2, Timers B, F, H; §13.3.1.4: how long a 2xx waits for its ACK. */
export const SIXTY_FOUR_T1_MS = 64 * T1_MS;
/** RFC 3261 §13.3.1.1: a UAS that keeps a caller waiting repeats its provisional each minute. */
export const PROVISIONAL_REPEAT_MS = 60_000;
