/** What the config must say of examples that cannot do without. */
export const WRITTEN: Readonly<Record<string, unknown>> = {
  'ring-group': { group: 'bob', members: ['carol', 'dan'], strategy: 'inTurn', fallback: 'erin' },
  'missed-call': { target: 'crm' },
};
