import { fileURLToPath } from 'node:url';

/** Path of a file of the test certificates. */
export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
