/** The built-in examples by name, each imported only where a config names it. */
export const EXAMPLES: Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>> = {
  'missed-call': () => import('../../machines/supervisors/missed-call.ts'),
  'ring-back': () => import('../../machines/supervisors/ring-back.ts'),
  'ring-group': () => import('../../machines/supervisors/ring-group.ts'),
};
