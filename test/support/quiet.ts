import { expect } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { ObservedService } from '../../src/testing/service-world.ts';
import type { World } from '../../src/testing/world.ts';

/** Longer than any transaction, leg or call outlives its end. */
const SETTLES_MS = 300_000;

/** Lets all come to rest, and holds that nothing is left of any call and that no phone saw a rule broken. */
export function expectQuiet(world: World<Config, ObservedService>): void {
  world.run(SETTLES_MS);
  const { engine, transactions, openLegs, kept } = world.service.service;
  for (const scenario of ['call', 'leg', 'push-notification', 'diversion'])
    expect(engine.countActors(scenario), `${scenario} actors left`).toBe(0);
  expect(world.service.service.httpRequests, 'HTTP requests left').toBe(0);
  expect(transactions.size, 'transactions left').toBe(0);
  expect(openLegs, 'legs left in the SIP port').toBe(0);
  expect(kept, 'messages and requests left in the SIP port').toBe(0);
  expect(engine.backlog, 'entries left in the mailbox').toBe(0);
  expect(world.complaints).toEqual([]);
}
