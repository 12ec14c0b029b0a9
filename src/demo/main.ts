/** `npm run demo [NAME]`: a story on real loopback sockets, with simulated phones; prints its ladder. */

import { exitCode, reasonOf } from '../errors.ts';
import { ivr } from './ivr.ts';
import { pickup } from './pickup.ts';
import type { Play } from './play.ts';
import { push } from './push.ts';
import { expectThat, Missed } from './stage.ts';
import { Theatre } from './theatre.ts';

const PLAYS: Readonly<Record<string, Play>> = { push, pickup, ivr };
const DEFAULT_PLAY = 'push';

async function perform({ introduction, perform: play }: Play): Promise<void> {
  const theatre = new Theatre();
  try {
    await theatre.open();
    await play(theatre);
    expectThat(`the phones complain: ${theatre.complaints.join('; ')}`, theatre.complaints.length === 0);
  } finally {
    process.stdout.write(`${introduction}\n${theatre.ladder}`);
    await theatre.close();
  }
  process.stdout.write(`\nWhat the service logs of it:\n${theatre.stories.join('\n')}\n`);
}

function refuse(what: string): never {
  const plays = Object.entries(PLAYS).map(([name, { says }]) => `  npm run demo ${name.padEnd(10)} ${says}\n`);
  process.stderr.write(`callweave: ${what}; the demos are:\n${plays.join('')}`);
  process.exit(exitCode.config);
}

const [name = DEFAULT_PLAY, ...rest] = process.argv.slice(2);
const play = Object.hasOwn(PLAYS, name) ? PLAYS[name] : undefined;
if (play === undefined) refuse(`no demo is named ${JSON.stringify(name)}`);
if (rest.length > 0) refuse('one demo at a time');
try {
  await perform(play);
  process.exit(exitCode.ok);
} catch (error) {
  process.stdout.write(`\nThe demo failed. ${error instanceof Missed ? error.message : reasonOf(error)}\n`);
  process.exit(exitCode.software);
}
