/** Whether what a case keeps open outside itself is let go before it ends. */
import { type Explored, pathOf, type Step } from '../explore.ts';
import type { Say } from '../rule.ts';
import type { Subject } from '../subject.ts';

/** The first way to an end on which something is still open. */
const firstEnd = ({ steps }: Explored, isOpen: (step: Step) => boolean): Step | undefined =>
  steps.find((step) => step.moment.status === 'done' && isOpen(step));

export function keptOpen({ scenario }: Subject, say: Say, explored: Explored): void {
  // A call lets go of a case that belongs to it when that case ends.
  const leftOpen = ({ open, birth }: Step): string | undefined =>
    Object.keys(open.calls).find((call) => call !== scenario.of?.(birth.fact as never));
  const step = firstEnd(explored, (each) => leftOpen(each) !== undefined);
  if (step === undefined) return;
  const leftMs = (step.open.calls[leftOpen(step) ?? ''] ?? 0) - step.moment.atMs;
  say(
    '',
    `it can end and leave a call kept open for another ${leftMs} ms (${pathOf(step)})`,
    'emit call.letGo on every way to a final state, or let the case belong to the call: of: ({ call }) => call',
  );
}

export function pushed(_subject: Subject, say: Say, explored: Explored): void {
  const step = firstEnd(explored, ({ open }) => Object.keys(open.pushes).length > 0);
  if (step === undefined) return;
  say(
    '',
    `it can end while a device that it had pushed still expects the call (${pathOf(step)})`,
    'emit push.cancel to it on that way',
    'warning',
  );
}
