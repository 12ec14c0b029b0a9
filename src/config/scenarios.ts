import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { section, text, whole } from './forms.ts';
import type { Place, ScenarioEntry } from './resolved.ts';
import type { Source } from './source.ts';

/** Cases of one scenario that may live at once, where nobody says otherwise. */
export const PRESET_MAX_CASES = 10_000;
const MOST_CASES = 1_000_000;

const USE = 'a file such as ./my-scenario.ts, or the name of a built-in example such as ring-back';
const ENTRY = `${USE}, or a map such as { use: ./my-scenario.ts, maxCases: 500, settings: { … } }`;
const LIST = 'a list of at most 100 files and names, such as [./my-scenario.ts, ring-back]';

const entry = z.preprocess(
  (written) => (typeof written === 'string' ? { use: written } : written),
  section(
    {
      use: text(USE, { max: 4096 }),
      maxCases: whole(PRESET_MAX_CASES, { min: 1, max: MOST_CASES }),
      /** The scenario itself says what may stand there. */
      settings: z.unknown().optional(),
    },
    ENTRY,
  ),
);

/** The key `scenarios`. */
export const scenarios = z.preprocess((written) => written ?? [], z.array(entry, { error: LIST }).max(100, { error: LIST }));

const FILE = /[/\\]|\.[cm]?[jt]s$/;

/** An entry as if the config said no more than `use`; a relative path is relative to `folder`. */
export function scenarioEntry(use: string, folder: string, at: Place): ScenarioEntry {
  const path = FILE.test(use) ? resolve(folder, use) : undefined;
  return { use, path, maxCases: PRESET_MAX_CASES, settings: undefined, at, settingsAt: at };
}

/** Paths are relative to the config file, since the scenarios of a config lie beside it. */
export function resolveScenarios(written: z.output<typeof scenarios>, source: Source, cwd: string): ScenarioEntry[] {
  const folder = source.file === undefined ? cwd : dirname(resolve(cwd, source.file));
  return written.map(({ use, maxCases, settings }, i) => ({
    ...scenarioEntry(use, folder, source.locate(['scenarios', i])),
    maxCases,
    settings,
    settingsAt: source.locate(['scenarios', i, 'settings']),
  }));
}
