/** Journals of whatever happens play again as the same, and tell no secret. */
import { describe, expect, it } from 'vitest';
import {
  type AttackOptions,
  attack,
  CALL_ACTS,
  callHistories,
  histories,
  pushHistories,
  registrationHistories,
  TRANSFER_ACTS,
} from '../../src/testing/index.ts';
import { journalsPlayAgain } from '../support/journals.ts';
import { routed } from '../support/routed.ts';
import { worlds } from '../support/worlds.ts';

function playAgain(name: string, preset: number, how: AttackOptions): void {
  const { numRuns, seed } = worlds(preset);
  const invariants = [journalsPlayAgain(how)];
  const { runs, calls } = attack({
    ...{ name, invariants, runs: numRuns, world: { journals: true } },
    ...(seed === undefined ? {} : { seed }),
    ...how,
  });
  // A few histories may all be of people who register and do not call.
  if (runs > 1) expect(calls).toBeGreaterThan(runs < 20 ? 0 : runs / 2);
}

const DIVERTED = routed(`users:
  alice: { password: alice-secret, onBusy: bob, onUnreachable: carol }
  bob: { password: bob-secret, onNoAnswer: carol, ringSeconds: 3 }
  carol: { password: carol-secret, onBusy: alice, onUnreachable: bob }
`);

describe('journals play again', () => {
  it('of calls', () => playAgain('journals of calls', 6, { histories: callHistories }));
  it('of a busy machine', () => {
    playAgain('journals of a busy machine', 12, { histories, world: { journals: true, isInterleaved: true } });
  });
  it('of transfers', () => {
    playAgain('journals of transfers', 4, {
      histories: (options) => callHistories({ ...options, acts: [...TRANSFER_ACTS, ...TRANSFER_ACTS, ...CALL_ACTS] }),
    });
  });
  it('of registrations that come, go and move', () => {
    playAgain('journals of registrations', 4, { histories: registrationHistories });
  });
  it('of pushes', () => playAgain('journals of pushes', 6, { histories: pushHistories }));
  it('of devices that are known awake for a while', () => {
    playAgain('journals of the awake', 5, { histories, config: { push: { awakeForMs: 6_000 } } });
  });
  it('of diversions', () => playAgain('journals of diversions', 5, { histories, config: DIVERTED, limitsMs: [3_000] }));
});
