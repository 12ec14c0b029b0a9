/** The service's own charts, attacked as a user's scenario is: whatever phones, networks and push services do. */
import { describe, expect, it } from 'vitest';
import {
  type AttackOptions,
  attack,
  CALL_ACTS,
  callHistories,
  histories,
  INVARIANTS,
  mediaHistories,
  pushHistories,
  registrationHistories,
  simulatedMedia,
  TRANSFER_ACTS,
} from '../../src/testing/index.ts';
import { everyCallEnds, everyCallIsTold } from '../support/ends.ts';
import { pickupOf, USERS } from '../support/pickers.ts';
import { routed } from '../support/routed.ts';
import { worlds } from '../support/worlds.ts';

/** The same histories each time, so that no machine of others has a surprise; the long walk has others each time. */
const USUAL_SEED = 7;

/** `WORLDS=2000 SEED=7` plays more and others by hand, `REPLAY=…` what one of them failed with. */
function withstands(name: string, preset: number, how: AttackOptions): void {
  const { numRuns, seed = USUAL_SEED } = worlds(preset);
  const invariants = [...INVARIANTS, everyCallEnds, everyCallIsTold];
  const { runs, calls } = attack({ name, invariants, runs: numRuns, seed, ...how });
  // A replay plays one.
  if (runs > 1) expect(calls).toBeGreaterThan(runs / 2);
}

const DIVERTED = routed(`users:
  alice: { password: alice-secret, onBusy: bob, onUnreachable: carol }
  bob: { password: bob-secret, onNoAnswer: carol, ringSeconds: 3 }
  carol: { password: carol-secret, onBusy: alice, onUnreachable: bob }
`);

describe('the service withstands', () => {
  it('calls, and all that is said in them', () => withstands('calls', 60, { histories: callHistories }));
  it('transfers', () => {
    withstands('transfers', 30, {
      histories: (options) => callHistories({ ...options, acts: [...TRANSFER_ACTS, ...TRANSFER_ACTS, ...CALL_ACTS] }),
    });
  });
  it('calls whose media passes through it', () => {
    withstands('media', 25, {
      histories: mediaHistories,
      config: { media: { anchor: 'always' } },
      world: { openMedia: simulatedMedia },
    });
  });
  it('registrations that come, go and move', () => withstands('registrations', 30, { histories: registrationHistories }));
  it('pushes', () => withstands('pushes', 60, { histories: pushHistories }));
  it('diversions', () => withstands('diversions', 30, { histories, config: DIVERTED, limitsMs: [3_000] }));
  it('pickups', () => {
    for (const mode of ['join', 'callback'] as const)
      withstands(`pickups (${mode})`, 25, {
        histories: callHistories,
        users: USERS,
        config: { pickup: pickupOf({ mode, takeOver: ['erin'] }) },
      });
  });
  it('everything at once', () => withstands('everything', 40, { histories, users: USERS, config: { pickup: pickupOf() } }));
  it('everything at once, on a busy machine', () => {
    const world = { openMedia: simulatedMedia, isInterleaved: true };
    const config = { pickup: pickupOf(), media: { anchor: 'always' as const } };
    withstands('a busy machine', 40, { histories, users: USERS, config, world });
  });
});
