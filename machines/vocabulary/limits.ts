/** Bounds of what an actor may hold; each list in a context names one. */
export const MAX_FORKS = 32;
export const MAX_BINDINGS = 32;
export const MAX_KEEPERS = 8;
