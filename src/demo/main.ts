/** `npm run demo [NAME]`: a story on real loopback sockets, with simulated phones; prints its ladder. */
import { exitCode, reasonOf } from '../errors.ts';
import { type Asked, askedBy, USAGE } from './asked.ts';
import type { Play } from './play.ts';
import { expectThat, Missed } from './stage.ts';
import { Theatre } from './theatre.ts';

const say = (text: string): void => void process.stdout.write(text);

async function perform(theatre: Theatre, { introduction, perform: play }: Play): Promise<void> {
  try {
    await play(theatre);
    expectThat(`the phones complain: ${theatre.complaints.join('; ')}`, theatre.complaints.length === 0);
  } finally {
    say(`${introduction}\n${theatre.ladder}`);
  }
  say(`\nWhat the service logs of it:\n${theatre.stories.join('\n')}\n`);
}

async function performAll(theatre: Theatre, plays: readonly Play[]): Promise<void> {
  for (const [n, play] of plays.entries()) {
    if (n > 0) await theatre.clear();
    await perform(theatre, play);
  }
}

/** Plays, and stays where that was asked for: whoever looks at the page plays again by Enter. */
async function run({ plays, pagePort }: Asked): Promise<void> {
  const theatre = new Theatre();
  await theatre.open({ pagePort });
  try {
    await performAll(theatre, plays);
    if (pagePort === undefined) return;
    say(
      `\nThe calls can be looked at, as charts too: ${theatre.pageUrl}\nEnter plays it again, for you to watch; Ctrl+C ends.\n`,
    );
    for await (const _ of process.stdin) {
      await theatre.clear();
      await performAll(theatre, plays);
      say('\n');
    }
    // Nobody types: it stays until it is ended.
    await new Promise(() => undefined);
  } finally {
    await theatre.close();
  }
}

const asked = askedBy(process.argv.slice(2));
if (typeof asked === 'string') {
  process.stderr.write(`callweave: ${asked}; the demos are:\n${USAGE}`);
  process.exit(exitCode.config);
}
process.on('SIGINT', () => process.exit(exitCode.ok));
process.on('SIGTERM', () => process.exit(exitCode.ok));
try {
  await run(asked);
  process.exit(exitCode.ok);
} catch (error) {
  say(`\nThe demo failed. ${error instanceof Missed ? error.message : reasonOf(error)}\n`);
  process.exit(exitCode.software);
}
