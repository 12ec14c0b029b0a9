/** Whether what a chart emits is known, and whether it takes every probe without throwing. */
import { ADDRESSEE } from '../../../machines/vocabulary/commands.ts';
import { KnownKind } from '../../engine/catalogue.ts';
import type { Message } from '../../engine/entry.ts';
import type { AnyFact } from '../../engine/port.ts';
import { reasonOf } from '../../errors.ts';
import { type Explored, pathOf } from '../explore.ts';
import type { Say } from '../rule.ts';
import { SAMPLES } from '../samples.ts';
import type { Subject } from '../subject.ts';
import { placeIn } from './bounded.ts';

/** What is wrong with a message, and what to do. */
function whyNot(message: Message, kinds: Subject['kinds']): readonly [says: string, fix: string] | undefined {
  const { type, to } = message;
  const isCommand = Object.hasOwn(ADDRESSEE, type);
  if (typeof to === 'string') {
    if (!isCommand)
      return [`it emits the command ${type}, which nobody takes`, 'see machines/vocabulary/commands.ts for those there are'];
    return to === '' ? [`it emits ${type} to nobody`, 'put an address into `to`'] : undefined;
  }
  if (isCommand) return [`it emits ${type} without an address`, 'put an address into `to`'];
  const kind = kinds.get(type);
  if (kind === undefined) return [`it emits the fact ${type}, which is in no catalogue`, 'make it with defineFact and export it'];
  const why = new KnownKind(kind).whyNotFact(message as AnyFact);
  return why === undefined ? undefined : [`it emits a fact that is not one: ${why}`, 'give each attribute a value of its kind'];
}

export function emitted({ kinds }: Subject, say: Say, { steps }: Explored): void {
  const told = new Set<string>();
  for (const step of steps)
    for (const message of step.moment.emitted) {
      const why = whyNot(message, kinds);
      if (why === undefined || told.has(why[0])) continue;
      told.add(why[0]);
      say(placeIn(step), `${why[0]} (after ${pathOf(step)})`, why[1]);
    }
}

/** Whether a message has a part of which no sample is known: what an action makes of `{}` says little. */
const isGuesswork = ({ type }: { readonly type: string }, kinds: Subject['kinds']): boolean =>
  Object.entries(kinds.get(type)?.shape ?? {}).some(([name, { kind }]) => kind === 'detail' && !Object.hasOwn(SAMPLES, name));

export function runs({ kinds }: Subject, say: Say, { steps }: Explored): void {
  const told = new Set<string>();
  for (const step of steps) {
    if (step.moment.status !== 'failed') continue;
    const why = reasonOf(step.moment.error);
    if (told.has(why)) continue;
    told.add(why);
    const level = isGuesswork(step.by, kinds) || isGuesswork(step.birth.fact, kinds) ? 'warning' : 'fault';
    const fix = 'see to it that no fact makes an action or a guard throw';
    say(placeIn(step), `it fails: ${why} (after ${pathOf(step)})`, fix, level);
  }
}
