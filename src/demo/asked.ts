/** What the demo is asked for on its command line. */
import { ivr } from './ivr.ts';
import { pickup } from './pickup.ts';
import type { Play } from './play.ts';
import { push } from './push.ts';
import { unreachable } from './unreachable.ts';

const PLAYS: Readonly<Record<string, Play>> = { push, pickup, ivr, unreachable };
const PAGE_PORT = 8060;
const MAX_PORT = 65_535;
const STAY = /^--stay(?:=(\d{1,5}))?$/;

export interface Asked {
  readonly plays: readonly Play[];
  /** The service stays after it, with its live page at this port; 0: any. Undefined: it ends with the play. */
  readonly pagePort: number | undefined;
}

const line = (what: string, says: string): string => `  npm run demo ${what.padEnd(16)} ${says}\n`;

/** The demos, a line each. */
export const USAGE =
  Object.entries(PLAYS)
    .map(([name, { says }]) => line(name, says))
    .join('') +
  line('-- --stay', `all of them, and stays with its live page at http://127.0.0.1:${PAGE_PORT} (--stay=PORT: there)`);

/** What to play, or what is wrong with how it was asked for. */
export function askedBy(args: readonly string[]): Asked | string {
  const [name, ...rest] = args.filter((argument) => !argument.startsWith('--'));
  const [option, ...options] = args.filter((argument) => argument.startsWith('--'));
  if (rest.length > 0) return 'one demo at a time';
  const play = name !== undefined && Object.hasOwn(PLAYS, name) ? PLAYS[name] : undefined;
  if (name !== undefined && play === undefined) return `no demo is named ${JSON.stringify(name)}`;
  if (option === undefined) return { plays: [play ?? push], pagePort: undefined };
  const stay = STAY.exec(option);
  const pagePort = Number(stay?.[1] ?? PAGE_PORT);
  if (stay === null || options.length > 0) return `the demo knows --stay alone, not ${[option, ...options].join(' ')}`;
  if (pagePort > MAX_PORT) return `${pagePort} is no port`;
  return { plays: play === undefined ? Object.values(PLAYS) : [play], pagePort };
}
