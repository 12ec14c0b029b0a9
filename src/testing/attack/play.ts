import { EVERY_ACT } from '../arbitraries/histories.ts';
import type { Invariant, Watch } from '../invariant.ts';
import { type ServiceWorld, type ServiceWorldOptions, serviceWorld } from '../service-world.ts';
import type { Act } from './act.ts';
import { restart } from './fault-acts.ts';
import { type History, instant } from './history.ts';
import { MEDIA_ACTS } from './media-acts.ts';
import { PICKUP_ACTS } from './pickup-acts.ts';
import { Scene } from './scene.ts';

/** One rule that a run broke, and how. */
export interface Broken {
  readonly invariant: string;
  readonly says: string;
  /** One line each, bounded. */
  readonly lines: readonly string[];
}

/** What came of one run. */
export interface Played {
  readonly world: ServiceWorld;
  readonly scene: Scene;
  readonly broken: readonly Broken[];
  /** What was done, with instants. */
  readonly told: readonly string[];
  /** Simulated milliseconds that it took. */
  readonly tookMs: number;
}

/** How histories are played: the world around them, what may be done in it, and what must hold. */
export interface Staging {
  readonly users: readonly string[];
  readonly world: Omit<ServiceWorldOptions, 'seed' | 'users' | 'network'>;
  readonly invariants: readonly Invariant[];
  readonly acts: ReadonlyMap<string, Act>;
  /** Sees the scene before anything happens in it; what it answers is called once all phones have registered. */
  readonly look?: (scene: Scene) => () => void;
}

type Tell = (line: string) => void;

/** What goes wrong without breaking any rule by name. */
export const NOTHING_THROWS = 'nothing throws';

/** Phones have registered by then, on a calm network. */
const CURTAIN_MS = 300;
/** The longest answer, 64*T1, and twice its way (RFC 3261 §17). */
const TRANSACTIONS_MS = 70_000;
const QUIET_STEP_MS = 40_000;
/** Two phones that died are found out when their session expires, or after two questions: after an hour at the latest. */
const QUIET_LIMIT_MS = 4_000_000;
const MAX_LINES = 10;

/** The kit's acts and those of a user, by name. Throws where two have one name. */
export function actsByName(more: readonly Act[] = []): ReadonlyMap<string, Act> {
  const acts = new Map([...EVERY_ACT, ...PICKUP_ACTS, ...MEDIA_ACTS, restart].map((act) => [act.name, act]));
  for (const act of more) {
    const known = acts.get(act.name);
    if (known !== undefined && known !== act) throw new Error(`two acts are called "${act.name}": give yours another name`);
    acts.set(act.name, act);
  }
  return acts;
}

/**
 * Plays a history in two phases, and holds what comes of it against the invariants: first the faults, then all is healed,
 * who still talks hangs up, and all comes to rest.
 */
export function play(history: History, staging: Staging): Played {
  const { users, invariants } = staging;
  const world = serviceWorld({ ...staging.world, users, seed: history.seed, invariants: [] });
  const watches = invariants.map((invariant) => ({ invariant, watch: invariant.watch(world) }));
  const scene = new Scene(world, users, history);
  const told: string[] = [];
  const broken: Broken[] = [];
  const curtain = staging.look?.(scene);
  let startMs = 0;
  const tell = (line: string): void => void told.push(`${instant(world.now() - startMs)}  ${line}`);
  try {
    enter(scene);
    startMs = world.now();
    curtain?.();
    const isSound = (): boolean => watches.every(({ watch }) => watch.broken().length === 0);
    perform(scene, history, staging.acts, tell, isSound);
    broken.push(...brokenIn(watches, (watch) => watch.broken()));
    if (broken.length === 0) {
      heal(scene, tell);
      broken.push(...brokenIn(watches, (watch) => watch.brokenAtRest()));
    }
  } catch (error) {
    broken.push({ invariant: NOTHING_THROWS, says: 'neither the service nor an act throws', lines: linesOf(error) });
  }
  return { world, scene, broken, told, tookMs: world.now() };
}

/** All register on a calm network, and apps fall asleep. */
function enter(scene: Scene): void {
  const { world } = scene;
  for (const phone of scene.phones) scene.register(phone);
  world.run(CURTAIN_MS);
  for (const phone of scene.phones) scene.sleep(phone);
  world.run(CURTAIN_MS);
}

function perform(scene: Scene, history: History, acts: Staging['acts'], tell: Tell, isSound: () => boolean): void {
  const { world } = scene;
  world.network.weather(history.network);
  const startMs = world.now();
  for (const { atMs, act: name, with: drawn } of history.acts) {
    if (startMs + atMs > world.now()) world.run(startMs + atMs - world.now());
    // What comes later is of no interest any more.
    if (!isSound()) return;
    const act = acts.get(name);
    if (act === undefined) throw new Error(`no act is called "${name}": pass it in \`acts\``);
    const line = act.run(scene, drawn);
    if (line !== undefined) tell(line);
  }
  world.run(TRANSACTIONS_MS);
}

/** The second phase: network and push service are well, half of the dead come back, all hang up, and nobody does anything more. */
function heal(scene: Scene, tell: Tell): void {
  const { world } = scene;
  tell('the network and the push service are well, and stay so');
  world.network.heal();
  world.push.fault = undefined;
  world.push.answersAfterMs = 20;
  scene.phones.forEach((phone, n) => {
    if (n % 2 === 0) scene.revive(phone);
  });
  world.run(TRANSACTIONS_MS);
  tell('everybody hangs up');
  for (const phone of scene.phones)
    if (scene.isUp(phone))
      for (const call of phone.calls) 'cancel' in call && call.state !== 'answered' ? call.cancel() : call.bye();
  scene.rest();
  const endsMs = world.now() + QUIET_LIMIT_MS;
  do world.run(QUIET_STEP_MS);
  while (isBusy(world) && world.now() < endsMs);
  world.run(TRANSACTIONS_MS);
}

/** Registrations and trunks stay; every other actor belongs to something that is to end. */
const isBusy = ({ service: { service } }: ServiceWorld): boolean =>
  service.engine.countActors() > service.engine.countActors('registration') + service.engine.countActors('trunk');

const brokenIn = (
  watches: readonly { readonly invariant: Invariant; readonly watch: Watch }[],
  ask: (watch: Watch) => readonly string[],
): Broken[] =>
  watches.flatMap(({ invariant: { name, says }, watch }) => {
    const lines = ask(watch);
    return lines.length === 0 ? [] : [{ invariant: name, says, lines: lines.slice(0, MAX_LINES) }];
  });

const linesOf = (error: unknown): string[] =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, MAX_LINES) : [String(error)];
