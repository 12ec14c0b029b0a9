import { isProblem } from '../../src/errors.ts';
import { readJournal } from '../../src/journal/read.ts';
import type { Invariant } from '../../src/testing/invariant.ts';
import { type ReplayOptions, replay } from '../../src/testing/replay/replay.ts';
import type { ServiceWorld } from '../../src/testing/service-world.ts';

/** Push tokens and passwords that were ever on the wire of a world, or stand in its config. */
function secretsOf(world: ServiceWorld): Set<string> {
  const secrets = new Set(world.phones.map(({ user }) => `${user}-secret`));
  for (const { text } of world.packets)
    for (const [, prid] of text.matchAll(/pn-prid=([^;>\s"]+)/gi)) if (prid !== undefined) secrets.add(prid);
  return secrets;
}

/** Why the journals of a world do not play again as the same, and what of them should not be there. */
export function journalFaults(world: ServiceWorld, options: ReplayOptions = {}): string[] {
  const secrets = [...secretsOf(world)];
  return world.service.journals.flatMap((line) => {
    const told = secrets.filter((secret) => line.includes(secret)).map((secret) => `${secret} stands in a journal`);
    const journal = readJournal(line);
    if (isProblem(journal)) return [...told, journal.problem];
    const { isSame, lines, ladder } = replay(journal, options);
    return isSame ? told : [...told, [...lines, ladder].join('\n')];
  });
}

/** Every exported journal plays again as the same, and no secret stands in any. */
export const journalsPlayAgain = (options: ReplayOptions = {}): Invariant => ({
  name: 'journals play again',
  says: 'the journal of every call plays again as the same, and holds no secret',
  watch: (world) => ({ broken: () => [], brokenAtRest: () => journalFaults(world, options).slice(0, 3) }),
});
