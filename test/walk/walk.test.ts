import { describe, expect, it } from 'vitest';
import { actsByName, play } from '../../src/testing/attack/play.ts';
import { INVARIANTS } from '../../src/testing/index.ts';
import { smaller } from './smaller.ts';
import { drawTown, seedOfRound, townPickup } from './town.ts';

const SMALL = { users: 12, forMs: 30_000, calls: 40, otherActs: 60 };

describe('the long walk', () => {
  it('draws the same town for the same seed, and each round another', () => {
    const town = (seed: number, round: number) => drawTown(seedOfRound(seed, round), SMALL);
    expect(town(7, 2)).toEqual(town(7, 2));
    expect(town(7, 3)).not.toEqual(town(7, 2));
    expect(town(8, 2)).not.toEqual(town(7, 2));
  });

  it.each([
    ['idle', false],
    ['busy', true],
  ] as const)(
    'plays a town on an %s machine in which calls of every outcome happen, and finds nothing',
    (_how, isInterleaved) => {
      const users = Array.from({ length: SMALL.users }, (_, n) => `user${n}`);
      const played = play(drawTown(4, SMALL), {
        users,
        world: { config: { pickup: townPickup(users) }, isInterleaved },
        invariants: INVARIANTS,
        acts: actsByName(),
      });
      expect(played.broken).toEqual([]);
      const outcomes = new Set(played.world.service.stories.map(({ outcome }) => outcome));
      expect([...outcomes].toSorted()).toEqual(['answered', 'cancelled', 'failed']);
    },
  );

  it('looks for the fewest acts that still fail', () => {
    const town = drawTown(1, SMALL);
    const [a, b] = [town.acts[5], town.acts[60]];
    let tries = 0;
    const found = smaller(
      town,
      ({ acts }) => a !== undefined && b !== undefined && acts.includes(a) && acts.includes(b),
      () => {
        tries += 1;
        return tries < 1_000;
      },
    );
    expect(found.acts).toEqual([a, b]);
    expect(
      smaller(
        town,
        () => true,
        () => false,
      ),
    ).toEqual(town);
  });
});
