/**
 * What systemd is told of the service (sd_notify(3)): that it runs, that it stops, that it is alive. Node has no datagram
 * sockets of the kind it takes, so its own program systemd-notify speaks: a few milliseconds, some times a minute, and
 * nothing native to build. The unit needs NotifyAccess=all, since the program is not our main process.
 */
import { spawn } from 'node:child_process';
import type { Log } from './log.ts';
import type { Timer, TimerQueue } from './timers.ts';

/** Says these assignments, such as `READY=1`; `failed` hears why they could not be said. */
export type Say = (assignments: readonly string[], failed: (why: string) => void) => void;

export interface NotifierParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly timers: TimerQueue;
  readonly log: Log;
  /** One short line for `systemctl status`. */
  readonly status: () => string;
  readonly say?: Say;
}

export interface Notifier {
  ready(): void;
  stopping(): void;
  close(): void;
}

/** Half of its patience is what sd_watchdog_enabled(3) recommends; a third, since speaking takes its time. */
const PINGS = 3;
const SILENT: Notifier = { ready: () => undefined, stopping: () => undefined, close: () => undefined };

const bySystemdNotify: Say = (assignments, failed) => {
  const child = spawn('systemd-notify', assignments, { stdio: 'ignore' });
  child.once('error', (error) => failed(error.message));
  child.once('exit', (code) => code !== 0 && failed(`systemd-notify ended with ${code}`));
};

/** A notifier; a silent one where systemd did not start us, or does not want to know. */
export function openNotifier(parts: NotifierParts): Notifier {
  const { env, timers, log, status } = parts;
  if (!env.NOTIFY_SOCKET) return SILENT;
  const everyMs = watchdogMs(parts);
  let timer: Timer | undefined;
  let hasFailed = false;
  const say = (...assignments: string[]): void =>
    (parts.say ?? bySystemdNotify)([...assignments, `STATUS=${status()}`], (why) => {
      if (!hasFailed) log.error({ problem: why }, 'systemd cannot be told');
      hasFailed = true;
    });
  // The queue fires only while the event loop turns and the engine has taken all that waited: that is being alive.
  const ping = (): void => {
    say('WATCHDOG=1');
    timer = timers.set(everyMs, ping);
  };
  return {
    ready: () => {
      say('READY=1');
      if (everyMs > 0) timer = timers.set(everyMs, ping);
    },
    stopping: () => say('STOPPING=1'),
    close: () => timers.clear(timer),
  };
}

function watchdogMs({ env, pid }: NotifierParts): number {
  const isForUs = !env.WATCHDOG_PID || env.WATCHDOG_PID === String(pid);
  const patienceUs = Number(env.WATCHDOG_USEC);
  return isForUs && patienceUs > 0 ? patienceUs / 1000 / PINGS : 0;
}
