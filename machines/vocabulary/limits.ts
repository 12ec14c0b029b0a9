/** Bounds of what an actor may hold; each list in a context names one. */
export const MAX_FORKS = 32;
/** Legs of one call, all hunts together. */
export const MAX_CALL_FORKS = 96;
/** Callees that scenarios may ring in one call, all together. */
export const MAX_MEMBERS = 64;
/** Legs of other calls that are being joined to one at a time, and that were ever tried; they take no room from devices. */
export const MAX_OPEN_JOINS = 4;
export const MAX_JOINS = 16;
export const MAX_BINDINGS = 32;
export const MAX_KEEPERS = 8;
