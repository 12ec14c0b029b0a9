import { createHash } from 'node:crypto';
import type { Invariant } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { earOf } from './ear.ts';

/** What two runs of one seed are held equal by. */
export const sameSeed: Pick<Invariant, 'name' | 'says'> = {
  name: 'same seed, same journal',
  says: 'The same seed gives the same messages at the same instants, and the engine takes the same entries with the same outcome.',
};

/**
 * Begins to take the digest of a world: every packet as it is sent, and every entry that the engine takes, with its instant,
 * author, cause and what each actor made of it. Call it before anything happens; what it answers gives the digest up to now.
 */
export function digestOf(world: ServiceWorld): () => string {
  const hash = createHash('sha256');
  world.watch({
    sent: ({ atMs, transport, from, to, text, lost }) =>
      hash.update(`${atMs} ${transport} ${from.host}:${from.port} ${to.host}:${to.port} ${lost} ${text}\n`),
    pushed: ({ atMs, request }) => hash.update(`${atMs} ${JSON.stringify(request)}\n`),
  });
  earOf(world).hear({
    taken: ({ kind, entry, steps, refused }) => {
      const made = steps.map(({ address, isBirth, taken, status }) => [address, isBirth, taken, status]);
      hash.update(`${kind} ${JSON.stringify(entry)} ${JSON.stringify(made)} ${refused}\n`);
    },
    restarted: () => hash.update('restarted\n'),
  });
  return () => hash.copy().digest('hex');
}
