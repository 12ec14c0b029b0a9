import { drawLadder, type LadderRecord } from '../ladder.ts';
import { Recorder, SERVICE } from '../recorder.ts';
import { describeHistory, type History } from './history.ts';
import { type Broken, type Played, play, type Staging } from './play.ts';
import type { Scene } from './scene.ts';

interface Failed {
  readonly name: string;
  readonly replay: string | undefined;
  readonly history: History;
  readonly staging: Staging;
  readonly numRuns: number;
  readonly numShrinks: number;
}

/** A ladder of more records is cut in its middle. */
const MAX_RECORDS = 160;
/** A ladder of more phones is not readable. */
const MAX_PARTIES = 6;

/** An attack broke an invariant; the message says which, by what history, and how to play it again. */
export class AttackFailure extends Error {
  // Private, so that whoever prints an error shows its message and not all of this.
  readonly #broken: readonly Broken[];
  readonly #failed: Failed;

  constructor(failed: Failed) {
    const { played, records } = playRecorded(failed);
    super(messageOf(failed, played, records));
    this.#broken = played.broken;
    this.#failed = failed;
  }

  override get name(): string {
    return 'AttackFailure';
  }

  get broken(): readonly Broken[] {
    return this.#broken;
  }

  /** The smallest history that was found; `playHistory` plays it. */
  get history(): History {
    return this.#failed.history;
  }

  /** What `attack({ replay })` takes; undefined where one history was played alone. */
  get replay(): string | undefined {
    return this.#failed.replay;
  }
}

/** The same run once more, now with somebody who writes it down. */
function playRecorded({ history, staging }: Failed): { played: Played; records: readonly LadderRecord[] } {
  const records: LadderRecord[] = [];
  const played = play(history, { ...staging, look: (scene) => record(scene, records, staging.world) });
  return { played, records };
}

function record(scene: Scene, records: LadderRecord[], { scenarios = [], facts = [] }: Staging['world']): () => void {
  const { world } = scene;
  const names = scenarios.map((one) => ('machine' in one ? one.name : one.scenario.name));
  const recorder = new Recorder(() => world.now(), { scenarios: names, facts });
  for (const phone of scene.phones) recorder.listenTo(phone);
  recorder.drawPushes(world.push, (prid) => scene.phoneOf(prid)?.name);
  world.service.service.engine.journal.observe((taking) => recorder.taking(taking));
  return () => {
    recorder.start(records);
    recorder.note(SERVICE, 'all phones have registered');
  };
}

function messageOf(
  { name, replay, history, numRuns, numShrinks }: Failed,
  played: Played,
  records: readonly LadderRecord[],
): string {
  const phones = played.scene.phones.map((phone) => phone.name);
  const [first = '', ...others] = partiesOf(records, phones, played.broken);
  const parties = [first, SERVICE, ...others].filter((party) => party !== '');
  // Among many phones the facts of others' calls say nothing.
  const isTown = phones.length > MAX_PARTIES;
  const drawn = records.filter(
    ({ from, to, kind }) => parties.includes(from) && parties.includes(to) && (kind === 'message' || !isTown || from !== SERVICE),
  );
  const told = isTown
    ? played.told.filter((line) => parties.some((party) => new RegExp(`\\b${party}\\b(?!-)`).test(line)))
    : played.told;
  const rules = played.broken.flatMap(({ invariant, says, lines }) => [
    `  ${invariant}: ${says}`,
    ...lines.map((line) => `    ${line}`),
  ]);
  return [
    `${name} does not withstand history ${numRuns}${numShrinks === 0 ? '' : `, made smaller ${numShrinks} times`}. Broken:`,
    ...(rules.length === 0 ? ['  nothing, when it was played again: something in it depends on more than its seed'] : rules),
    '',
    ...(replay === undefined
      ? []
      : [`Play it again with REPLAY='${replay}' in the environment, or attack({ …, replay: '${replay}' }).`, '']),
    ...shortenedLines(
      describeHistory(history, phones).filter((line) => !isTown || parties.some((party) => line.includes(` ${party}: `))),
    ),
    ...shortenedLines(told),
    '',
    drawLadder(shortened(drawn), { parties }),
  ].join('\n');
}

const MAX_TOLD = 60;
const shortenedLines = (lines: readonly string[]): readonly string[] =>
  lines.length <= MAX_TOLD
    ? lines
    : [...lines.slice(0, MAX_TOLD / 2), `… ${lines.length - MAX_TOLD} more …`, ...lines.slice(-MAX_TOLD / 2)];

/** Who is drawn: of few phones those that said or heard something, of many those that the broken rules name. */
function partiesOf(records: readonly LadderRecord[], phones: readonly string[], broken: readonly Broken[]): string[] {
  const words = new Set(broken.flatMap(({ lines }) => lines.flatMap((line) => line.split(/[^\w-]+/))));
  const latest = records.toReversed().flatMap(({ from, to }) => [from, to]);
  const named = phones.filter((name) => words.has(name));
  const candidates = new Set([...(phones.length > MAX_PARTIES ? named : []), ...latest]);
  const drawn = [...candidates]
    .filter((party) => party !== SERVICE)
    .slice(0, named.length > 0 && phones.length > MAX_PARTIES ? Math.min(named.length, MAX_PARTIES) : MAX_PARTIES);
  return phones.filter((name) => drawn.includes(name));
}

function shortened(records: readonly LadderRecord[]): readonly LadderRecord[] {
  if (records.length <= MAX_RECORDS) return records;
  const half = MAX_RECORDS / 2;
  const cut = records[half];
  const left = records.length - MAX_RECORDS;
  const gap = { atMs: cut?.atMs ?? 0, from: SERVICE, to: SERVICE, label: `${left} more lines`, kind: 'note' as const };
  return [...records.slice(0, half), gap, ...records.slice(-half)];
}
