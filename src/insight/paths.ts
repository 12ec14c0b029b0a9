/** The actors of a call and the way that each came, from the recording. */
import type { ActorState } from '../engine/engine.ts';
import type { Entry } from '../engine/entry.ts';
import type { Kept, Recording } from '../journal/recording.ts';
import type { ActorView, Visit } from './model.ts';

const MAX_FIRST = 60;
const MAX_LAST = 140;

/** A state value of XState as one line: `ringing.trying`; of parallel states the paths with a space between. */
export function stateText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .flatMap(([name, inner]) => {
      const below = stateText(inner);
      return below === '' ? [name] : below.split(' ').map((path) => `${name}.${path}`);
    })
    .join(' ');
}

interface Life {
  readonly address: string;
  readonly scenario: string;
  readonly bornAt: number;
  endedAt: number | null;
  readonly path: Visit[];
}

/** Its own address first, then legs, supervisors, streams; what it shares with other calls last. */
const rankOf = ({ scenario }: Life): number => {
  const rank = ['call', 'leg', '', 'stream', 'registration'].indexOf(scenario);
  return rank < 0 ? 2 : rank;
};

/** `living` tells what an actor is at now. */
export function actorsOf(
  { kept, startedAtMs }: Recording,
  living: (address: string) => ActorState | undefined,
): readonly ActorView[] {
  const lives = new Map<string, Life>();
  for (const [index, one] of kept.entries()) {
    note(lives, one, index + 1, startedAtMs);
    const { type, address } = one.entry as Entry & { readonly address?: unknown };
    const ended = type === 'actor.ended' ? lives.get(String(address)) : undefined;
    if (ended !== undefined) ended.endedAt = one.entry.at;
  }
  return [...lives.values()]
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map((life) => ({ ...life, state: stateOf(life, living), path: shortened(life.path) }));
}

function stateOf({ address, path, endedAt }: Life, living: (address: string) => ActorState | undefined): string {
  const alive = endedAt === null ? living(address) : undefined;
  return alive === undefined ? (path.at(-1)?.state ?? '') : stateText(alive.value);
}

function note(
  lives: Map<string, Life>,
  { born = [], heard = [], states = [], entry, atMs }: Kept,
  n: number,
  startedAtMs: number,
): void {
  for (const [index, { address, scenario }] of born.entries()) {
    const life: Life = { address, scenario, bornAt: atMs, endedAt: null, path: [] };
    lives.set(address, life);
    visit(life, states[index], atMs, entry.type, n);
  }
  for (const [index, address] of heard.entries()) {
    let life = lives.get(address);
    if (life === undefined) {
      // It lived before the call, and others share it.
      life = { address, scenario: address.slice(0, address.indexOf(':')), bornAt: startedAtMs, endedAt: null, path: [] };
      lives.set(address, life);
    }
    visit(life, states[born.length + index], atMs, entry.type, n);
  }
}

function visit({ path }: Life, value: unknown, at: number, event: string, n: number): void {
  const state = stateText(value);
  if (state !== '' && path.at(-1)?.state !== state) path.push({ at, state, event, n });
}

const shortened = (path: readonly Visit[]): readonly Visit[] =>
  path.length <= MAX_FIRST + MAX_LAST ? path : [...path.slice(0, MAX_FIRST), ...path.slice(-MAX_LAST)];
