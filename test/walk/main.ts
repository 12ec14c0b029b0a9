/**
 * The long walk: one town after the other, each with its phones, its storms and its healing, held against all invariants.
 * `MINUTES=30 npm run test:simulation`; SEED fixes what happens, ROUND plays one town of it alone.
 */
import { actsByName, play, type Staging } from '../../src/testing/attack/play.ts';
import { AttackFailure, INVARIANTS, MEDIA_ACTS, playHistory, simulatedMedia } from '../../src/testing/index.ts';
import { smaller } from './smaller.ts';
import { drawTown, seedOfRound, TOWN, townPickup } from './town.ts';

const SHRINKS_FOR_MS = 120_000;
const TELLS_EVERY_MS = 10_000;
const { MINUTES = '1', SEED = String(Date.now() % 2 ** 31), ROUND = '' } = process.env;

const numberOf = (name: string, text: string): number => {
  if (!/^\d+(\.\d+)?$/.test(text)) {
    console.error(`${name}=${text} is no number`);
    process.exit(64);
  }
  return Number(text);
};
const minutes = numberOf('MINUTES', MINUTES);
const seed = numberOf('SEED', SEED);
const only = ROUND === '' ? undefined : numberOf('ROUND', ROUND);

const users = Array.from({ length: TOWN.users }, (_, n) => `user${n}`);
const config = { pickup: townPickup(users) };
const staging: Staging = { users, world: { config }, invariants: INVARIANTS, acts: actsByName() };
/** In one town of three all media passes through the service. */
const relaying = { openMedia: simulatedMedia, config: { ...config, media: { anchor: 'always' as const } } };
const isRelaying = (round: number): boolean => round % 3 === 0;
/** Every second town lives on a busy machine. */
const stagingOf = (round: number): Staging => ({
  ...staging,
  world: { ...(isRelaying(round) ? relaying : staging.world), isInterleaved: round % 2 === 0 },
});
const beganMs = performance.now();
const walked = { calls: 0, simulatedMs: 0, rounds: 0 };

function progress(): string {
  const seconds = (performance.now() - beganMs) / 1000;
  const { user, system } = process.cpuUsage();
  return [
    `${(walked.simulatedMs / 3_600_000).toFixed(1)} simulated hours`,
    `${walked.calls} calls`,
    `${(walked.calls / seconds).toFixed(0)} calls a second (${((walked.calls * 1e6) / (user + system)).toFixed(0)} a second of CPU)`,
    `${walked.rounds} rounds, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`,
  ].join(', ');
}

/** Plays one town; false if it broke a rule. */
function plays(round: number): boolean {
  const history = drawTown(seedOfRound(seed, round), TOWN, isRelaying(round) ? MEDIA_ACTS : []);
  const staged = stagingOf(round);
  const { broken, tookMs, world } = play(history, staged);
  walked.calls += world.service.stories.length;
  walked.simulatedMs += tookMs;
  walked.rounds += 1;
  const [first] = broken;
  if (first === undefined) return true;
  console.log(`\n${progress()}\nround ${round} breaks "${first.invariant}": ${first.says}`);
  for (const line of first.lines) console.log(`  ${line}`);
  console.log(`\nPlay this round again with SEED=${seed} ROUND=${round} npm run test:simulation. Looking for fewer acts …\n`);
  const untilMs = performance.now() + SHRINKS_FOR_MS;
  const fails = (fewer: typeof history) => play(fewer, staged).broken.some(({ invariant }) => invariant === first.invariant);
  report(
    smaller(history, fails, () => performance.now() < untilMs),
    staged,
  );
  return false;
}

function report(history: ReturnType<typeof drawTown>, { world }: Staging): void {
  try {
    playHistory(history, { name: 'the walk', users, world, invariants: INVARIANTS });
  } catch (error) {
    console.log(error instanceof AttackFailure ? error.message : error);
  }
}

console.log(`SEED=${seed}`);
let isSound = true;
let toldMs = beganMs;
for (let round = only ?? 1; isSound; round += 1) {
  isSound = plays(round);
  const nowMs = performance.now();
  if (only !== undefined || nowMs - beganMs >= minutes * 60_000) break;
  if (isSound && nowMs - toldMs >= TELLS_EVERY_MS) {
    console.log(progress());
    toldMs = nowMs;
  }
}
console.log(`${progress()}: ${isSound ? 'no invariant was broken' : 'an invariant was broken, see above'} (SEED=${seed})`);
process.exit(isSound ? 0 : 1);
