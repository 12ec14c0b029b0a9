/** `inspector` of the config: whether calls can be watched in the official inspector of XState. */
import { z } from 'zod';
import { section, text } from './forms.ts';
import type { KeyPath } from './wording.ts';

const PAGE = 'the https: address of the inspector page, such as https://stately.ai/inspect';
const PRESET_PAGE = 'https://stately.ai/inspect';

const inspectorSection = section(
  {
    page: text(PAGE, { max: 512 })
      .refine((written) => URL.canParse(written) && /^https?:$/.test(new URL(written).protocol), { error: PAGE })
      .default(PRESET_PAGE),
  },
  'on, off or a map such as { page: https://stately.ai/inspect }',
);

/** The section as people write it. */
export const inspector = z.preprocess((value) => {
  if (value === 'on' || value === true) return {};
  return value === 'off' || value === false || value === null ? undefined : value;
}, inspectorSection.optional());

/** The inspector that a browser is shown. */
export interface InspectorConfig {
  /** Its page, which the browser loads into a frame. */
  readonly page: string;
}

/** What it is where nobody says more than that it shall be. */
export const INSPECTOR_PRESET: InspectorConfig = { page: PRESET_PAGE };

type Complain = (path: KeyPath, what: string, fix: string) => void;

/** Checks it against what surrounds it. */
export function resolveInspector(
  written: z.output<typeof inspector>,
  hasDoor: boolean,
  complain: Complain,
): InspectorConfig | undefined {
  if (written !== undefined && !hasDoor)
    complain(['inspector'], 'it is shown by the HTTP API, which is off', 'take admin: off away, or write inspector: off');
  return written && { page: new URL(written.page).href };
}
