/** Whether what a case listens to is in order: filters that fit their facts, few interests, none that hears everybody. */
import { Location } from '../../correlation/location.ts';
import { Ringing } from '../../correlation/ringing.ts';
import { Talks } from '../../correlation/talks.ts';
import { UserCalls } from '../../correlation/user-calls.ts';
import { Catalogue, isExact } from '../../engine/catalogue.ts';
import { ENGINE_LIMITS } from '../../engine/engine.ts';
import { viewOf } from '../../engine/port.ts';
import { checkScenario } from '../../engine/rule.ts';
import { reasonOf } from '../../errors.ts';
import type { Say } from '../rule.ts';
import type { Subject } from '../subject.ts';

/** What the engine itself refuses when a scenario is installed. */
export function filters({ scenario, settings, kinds, trouble }: Subject, say: Say): void {
  try {
    const views = [viewOf(new Location()), viewOf(new Talks()), viewOf(new Ringing()), viewOf(new UserCalls())];
    checkScenario(scenario, settings, { catalogue: new Catalogue([...kinds.values()]), kinds, views });
  } catch (error) {
    say('', reasonOf(error).replace(`scenario ${scenario.name}: `, ''), 'the engine would not install it');
    return;
  }
  for (const why of trouble)
    say('', `address, oncePer, of or listensTo threw at a probe: ${why}`, 'let it take any fact that startsOn lets through');
}

export function interests({ births }: Subject, say: Say): void {
  const most = Math.max(0, ...births.map((birth) => birth.interests.length));
  if (most > ENGINE_LIMITS.interestsPerActor)
    say('', `it listens to ${most} interests`, `the engine bears no case with more than ${ENGINE_LIMITS.interestsPerActor}`);
  const wide = births.flatMap((birth) => birth.interests.filter(({ where }) => !where.some(isExact)).map(({ fact }) => fact));
  for (const fact of new Set(wide))
    say(
      '',
      `each of its cases hears every ${fact} of the service`,
      'name an attribute exactly, such as the call or the aor',
      'warning',
    );
}
