/** Whether what is heard is taken, in each state in which a case can be when it comes; and the reverse. */
import type { Explored } from '../explore.ts';
import { liveEvents } from '../live.ts';
import { isPassing, leavesOf, type Node, nodesOf, placeOf, takesEvent } from '../nodes.ts';
import type { Say } from '../rule.ts';
import type { Birth, Subject } from '../subject.ts';

const kindsOf = ({ interests }: Birth): ReadonlySet<string> => new Set(interests.map(({ fact }) => fact));

/** What can be heard in a state: by the births that were seen to lead there, else what all births hear. */
function heardIn(node: Node, { births }: Subject, { seen }: Explored): ReadonlySet<string> {
  const leading = births.filter((birth) => seen.get(birth)?.has(node.id));
  if (leading.length > 0) return new Set(leading.flatMap((birth) => [...kindsOf(birth)]));
  const [first, ...others] = births.map(kindsOf);
  return new Set([...(first ?? [])].filter((kind) => others.every((other) => other.has(kind))));
}

export function heard(subject: Subject, say: Say, explored: Explored): void {
  const { machine } = subject.scenario;
  for (const node of leavesOf(machine)) {
    if (isPassing(node)) continue;
    for (const kind of heardIn(node, subject, explored))
      if (!takesEvent(node, kind))
        say(placeOf(node), `it hears ${kind} and has no transition for it`, `write '${kind}': {} if it means nothing there`);
  }
  const isLive = liveEvents(subject);
  for (const node of nodesOf(machine.root))
    for (const descriptor of node.transitions.keys())
      if (!isLive(descriptor))
        say(
          placeOf(node),
          `it takes ${descriptor}, which it never hears`,
          `add ${descriptor} to listensTo, or take the transition out`,
        );
}
