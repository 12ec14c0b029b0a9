/** Whether every wait ends: by a deadline that leads out, with the actor that the case belongs to, or for a reason told. */
import { actorEnded } from '../../../machines/vocabulary/facts.ts';
import type { Explored, Step } from '../explore.ts';
import { pathOf } from '../explore.ts';
import { isPassing, leavesIn, leavesOf, lineageOf, type Node, placeOf, type Transition, targetsOf } from '../nodes.ts';
import type { Say } from '../rule.ts';
import type { Birth, Subject } from '../subject.ts';

const MAX_DELAY_MS = 2 ** 31 - 1;

/** A transition after which the leaf is another one, or no more. */
const leadsOut = (leaf: Node, transition: Transition): boolean =>
  targetsOf(transition).some((target) => target !== leaf && !(lineageOf(leaf).includes(target) && entersAgain(leaf, target)));

/** Whether entering a state around the leaf leads to the leaf again. */
function entersAgain(leaf: Node, around: Node): boolean {
  let at: Node | undefined = around;
  while (at !== undefined && at !== leaf)
    at = at.type === 'compound' ? (targetsOf(at.initial as Transition)[0] as Node) : undefined;
  return at === leaf;
}

/** An `after` of the state or of one around it whose last word, where no guard lets pass, leads out of the state. */
function hasDeadline(leaf: Node): boolean {
  return lineageOf(leaf).some(({ after, transitions }) =>
    after.some(({ eventType }) =>
      ((transitions.get(eventType) ?? []) as Transition[]).some(
        ({ guard }, n, all) => guard === undefined && leadsOut(leaf, all[n] as Transition),
      ),
    ),
  );
}

/** It hears the end of the actor that it belongs to, whatever that one's end is, and goes then. */
function endsWithOwner(leaf: Node, { scenario, births }: Subject): boolean {
  const goes = lineageOf(leaf)
    .flatMap(({ transitions }) => (transitions.get(actorEnded.fact) ?? []) as Transition[])
    .some((transition) => transition.guard === undefined && leadsOut(leaf, transition));
  return goes && births.length > 0 && births.every((birth) => hearsOwner(scenario.of?.(birth.fact as never) ?? '', birth));
}

const hearsOwner = (owner: string, { interests }: Birth): boolean =>
  owner !== '' &&
  interests.some(
    ({ fact, where }) =>
      fact === actorEnded.fact && where.length === 1 && where[0]?.attribute === 'address' && where[0].test === owner,
  );

export function bounded(subject: Subject, say: Say, explored: Explored): void {
  const { scenario } = subject;
  const excused = scenario.unbounded ?? {};
  const used = new Set<string>();
  for (const leaf of leavesOf(scenario.machine)) {
    if (isPassing(leaf) || hasDeadline(leaf) || endsWithOwner(leaf, subject)) continue;
    if (Object.hasOwn(excused, placeOf(leaf))) used.add(placeOf(leaf));
    else
      say(
        placeOf(leaf),
        'it may wait here for ever',
        'give it an `after` that leads out, or a reason in the scenario: unbounded: { … }',
      );
  }
  for (const place of Object.keys(excused))
    if (!used.has(place) && place !== scenario.machine.id)
      say(place, 'it has a reason to be unbounded and needs none', 'take it out of `unbounded`');
  sayOddDelays(explored, say);
}

function sayOddDelays({ steps }: Explored, say: Say): void {
  const told = new Set<string>();
  for (const step of steps) {
    for (const { delayMs } of step.moment.armed) {
      if (delayMs >= 0 && delayMs <= MAX_DELAY_MS) continue;
      const place = placeIn(step);
      if (told.has(place)) continue;
      told.add(place);
      say(place, `it sets a timer of ${delayMs} ms (after ${pathOf(step)})`, `a delay is 0 to ${MAX_DELAY_MS} ms`);
    }
  }
}

export function placeIn({ moment }: Step): string {
  const { snapshot } = moment;
  if (snapshot === undefined) return '';
  const ids = leavesIn(snapshot);
  return leavesOf(snapshot.machine)
    .filter(({ id }) => ids.includes(id))
    .map(placeOf)
    .join(' and ');
}
