/** The built-in examples by name, each imported only where a config names it. */
export const EXAMPLES: Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>> = {
  'ring-back': () => import('../../machines/supervisors/ring-back.ts'),
};
