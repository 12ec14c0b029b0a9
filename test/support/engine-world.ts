import type { AnyKind } from '../../src/engine/catalogue.ts';
import { Engine, type EngineLimits, type EngineProblem } from '../../src/engine/engine.ts';
import type { Taking } from '../../src/engine/journal.ts';
import type { AnyCommand, Port, View } from '../../src/engine/port.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

const rethrow = (error: unknown): never => {
  throw error;
};

/** An engine in virtual time with one port, `port:out`, which keeps what it is given unless another is given. */
export function engineWorld(
  catalogue: readonly AnyKind[],
  views: readonly View[] = [],
  limits: Partial<EngineLimits> = {},
  portOf?: (engine: Engine) => Port,
) {
  const clock = new VirtualTime(0);
  const timers = new TimerHeap(clock, rethrow);
  const problems: EngineProblem[] = [];
  const commands: AnyCommand[] = [];
  const closed: string[] = [];
  const engine = new Engine({ clock, timers, catalogue, views, report: (problem) => problems.push(problem), limits });
  const keeping: Port = {
    address: 'port:out',
    take: (command) => {
      commands.push(command);
      return undefined;
    },
    close: (owner) => closed.push(owner),
  };
  engine.connect(portOf?.(engine) ?? keeping);
  return { clock, timers, engine, problems, commands, closed };
}

/** A journal's takings as the lines that the naive engine writes. */
export function linesOf(taking: Taking): string[] {
  const { entry, steps, kind, refused } = taking;
  if (kind === 'timer') return [`timer of ${entry.by} by ${entry.cause} at ${entry.at}`];
  return [
    `${entry.seq} ${entry.type} by ${entry.by} of ${entry.cause} at ${entry.at}`,
    ...steps.map((step) => (step.isBirth ? `  born ${step.address}` : `  heard ${step.address} ${step.taken}`)),
    ...(refused === undefined ? [] : [`  refused ${refused}`]),
  ];
}
