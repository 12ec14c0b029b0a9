/** Whether every state can be reached and left, and the case can come to an end from each. */
import type { Explored } from '../explore.ts';
import { liveEvents } from '../live.ts';
import { isLeaf, isPassing, leavesOf, nodesOf, placeOf, reachFrom } from '../nodes.ts';
import type { Say } from '../rule.ts';
import type { Subject } from '../subject.ts';

export function reachable(subject: Subject, say: Say, explored: Explored): void {
  const { machine, unbounded = {} } = subject.scenario;
  const isLive = liveEvents(subject);
  const reached = reachFrom(machine.root, isLive);
  for (const node of nodesOf(machine.root))
    if (!reached.has(node) && node.type !== 'history')
      say(placeOf(node), 'no transition leads here', 'lead one here, or take the state out');
  const isEnd = new Set(leavesOf(machine).filter((node) => node.type === 'final' && node.parent === machine.root));
  // A machine that is excused as a whole has no end, but each of its states is left for another.
  const isEndless = Object.hasOwn(unbounded, machine.id);
  for (const node of leavesOf(machine)) {
    if (!reached.has(node) || node.type === 'final') continue;
    const next = reachFrom(node, isLive);
    const canLeave = [...next].some((other) => isLeaf(other) && other !== node);
    if (!canLeave) say(placeOf(node), 'nothing leads out of it', 'give it a transition to another state');
    else if (!isEndless && ![...next].some((other) => isEnd.has(other)))
      say(placeOf(node), 'no way leads from here to the end of the case', 'lead to a state of type final');
  }
  sayNeverSeen(subject, say, explored);
}

/** States that no probe led to: its guards may want something that no probe says. */
function sayNeverSeen({ scenario, births }: Subject, say: Say, { seen }: Explored): void {
  const seenIds = new Set([...seen.values()].flatMap((ids) => [...ids]));
  if (births.length === 0) return;
  for (const node of leavesOf(scenario.machine))
    if (!seenIds.has(node.id) && !isPassing(node))
      say(placeOf(node), 'no walk of the linter came here', 'see whether its guards can ever let pass', 'warning');
}
