/** What the config may say of ring-back. */
export interface RingBackSettings {
  /** What the caller dials after a call that was not taken. Both codes have to stand in the config's `codes`. */
  readonly setCode: string;
  readonly cancelCode: string;
  /** How long after such a call the code may be dialled. */
  readonly offerMs: number;
  /** How long the caller waits for the callee. */
  readonly patienceMs: number;
  /** Both have to be free for so long before a phone rings. */
  readonly guardMs: number;
  /** How long the caller's phones ring. */
  readonly ringMs: number;
  /** How long after a try in vain the next one comes. */
  readonly retryMs: number;
  readonly tries: number;
  /** Ring-backs that one user may wait for: one more takes the oldest one's place. */
  readonly perUser: number;
  /** What the caller's phones show beside the callee's address. */
  readonly name: string;
}

interface Written {
  readonly preset: number;
  readonly min: number;
  readonly max: number;
}

const SECONDS = {
  offerSeconds: { preset: 300, min: 5, max: 3_600 },
  patienceSeconds: { preset: 1_800, min: 10, max: 86_400 },
  guardSeconds: { preset: 3, min: 0, max: 60 },
  ringSeconds: { preset: 30, min: 5, max: 180 },
  retrySeconds: { preset: 60, min: 5, max: 3_600 },
} as const satisfies Readonly<Record<string, Written>>;
const COUNTS = {
  tries: { preset: 3, min: 1, max: 20 },
  perUser: { preset: 5, min: 1, max: 100 },
} as const satisfies Readonly<Record<string, Written>>;
const TEXTS = { setCode: '*37', cancelCode: '#37', name: 'Ring Back' } as const;
const KEYS: readonly string[] = [...Object.keys(TEXTS), ...Object.keys(SECONDS), ...Object.keys(COUNTS)];

const CODE = /^[*#][0-9*#]{1,15}$/;
const NAME = /^[^\p{Cc}]{1,64}$/u;

/** Reads them; throws with what to write instead. */
export function readSettings(written: unknown): RingBackSettings {
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    throw new Error('settings are a map, such as { patienceSeconds: 1800 }');
  const said = written as Readonly<Record<string, unknown>>;
  const strange = Object.keys(said).find((key) => !KEYS.includes(key));
  if (strange !== undefined) throw new Error(`${JSON.stringify(strange)} is no setting; write one of ${KEYS.join(', ')}`);
  const text = (key: keyof typeof TEXTS, form: RegExp, fix: string): string => {
    const value = said[key] ?? TEXTS[key];
    if (typeof value !== 'string' || !form.test(value)) throw new Error(`${key}: ${shown(value)}; write ${fix}`);
    return value;
  };
  const number = (key: string, { preset, min, max }: Written, whole: boolean): number => {
    const value = said[key] ?? preset;
    if (typeof value !== 'number' || !(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw new Error(
        `${key}: ${shown(value)}; write a ${whole ? 'whole number' : 'number'} from ${min} to ${max}, such as ${preset}`,
      );
    return value;
  };
  const ms = (key: keyof typeof SECONDS): number => Math.round(number(key, SECONDS[key], false) * 1000);
  const settings = {
    setCode: text('setCode', CODE, 'a code in quotes, such as "*37"'),
    cancelCode: text('cancelCode', CODE, 'a code in quotes, such as "#37"'),
    name: text('name', NAME, 'a name in quotes, such as "Ring Back"'),
    offerMs: ms('offerSeconds'),
    patienceMs: ms('patienceSeconds'),
    guardMs: ms('guardSeconds'),
    ringMs: ms('ringSeconds'),
    retryMs: ms('retrySeconds'),
    tries: number('tries', COUNTS.tries, true),
    perUser: number('perUser', COUNTS.perUser, true),
  };
  if (settings.setCode === settings.cancelCode) throw new Error('setCode and cancelCode are one; write two');
  return settings;
}

const LONGEST = 40;
const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, LONGEST);
