/** What watches messages on this machine: the trace file and the feed to a HEP collector, as the config says. */
import { renameSync } from 'node:fs';
import type { Config } from './config.ts';
import { type Problem, problem } from './errors.ts';
import { AppendFile } from './files/append-file.ts';
import type { Log } from './log.ts';
import type { TimerQueue } from './timers.ts';
import { HepFeed } from './trace/hep.ts';
import { openHepSocket } from './trace/hep-socket.ts';
import { Tracer } from './trace/tracer.ts';
import type { Wiretap } from './trace/wiretap.ts';

/** Messages hold who called whom and what their phones are. */
const PRIVATE = 0o600;

/** What runs of it. */
export interface Observing {
  /** Undefined where no `trace.path` is configured. */
  readonly tracer: Tracer | undefined;
  /** Begins the configured trace, or ends the one that goes on. */
  toggleTrace(): void;
  close(done: () => void): void;
}

export interface ObservingParts {
  readonly config: Config;
  readonly wiretap: Wiretap;
  readonly timers: TimerQueue;
  readonly log: Log;
}

/** Starts what the config asks for. */
export function startObserving(parts: ObservingParts): Observing | Problem {
  const { config, log } = parts;
  const tracer = tracerOf(parts);
  const { trace } = config;
  const failed = trace.atStart ? tracer?.start(trace) : undefined;
  if (failed !== undefined) return problem(`trace.path: ${failed.problem}; set trace.path to a file in a folder that is there`);
  const closeHep = startHep(parts);
  return {
    tracer,
    toggleTrace: () => {
      if (tracer === undefined) log.warn({}, 'no trace: the config has no trace.path');
      else if (tracer.isOn) tracer.stop(() => log.info({ path: trace.path }, 'trace ended'));
      else {
        const why = tracer.start(trace);
        if (why === undefined) log.info({ path: trace.path, users: trace.users.join(' ') || 'all' }, 'trace began');
        else log.error({ problem: why.problem }, 'the trace cannot be written');
      }
    },
    close: (done) => {
      closeHep();
      if (tracer === undefined) done();
      else tracer.stop(done);
    },
  };
}

function tracerOf({ config, wiretap, timers, log }: ObservingParts): Tracer | undefined {
  const { path, maxBytes } = config.trace;
  if (path === undefined) return undefined;
  const report = ({ problem: line }: Problem): void => log.error({ problem: line }, 'the trace cannot be written');
  return new Tracer({
    wiretap,
    maxBytes,
    report,
    openFile: () => {
      keepOld(path);
      return AppendFile.open({ path, timers, report, flags: 'w', mode: PRIVATE });
    },
  });
}

function keepOld(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch {
    // There is none, or it cannot be moved; then the opening says why.
  }
}

function startHep({ config, wiretap, log }: ObservingParts): () => void {
  const { hep } = config;
  if (hep === undefined) return () => undefined;
  const socket = openHepSocket(hep.collector, (error) =>
    log.error({ problem: error.message }, 'the HEP collector cannot be reached'),
  );
  const feed = new HepFeed(hep, wiretap.kinship, (datagram) => socket.send(datagram));
  wiretap.add(feed);
  return () => {
    wiretap.remove(feed);
    socket.close();
  };
}
