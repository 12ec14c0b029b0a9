import { pino } from 'pino';
import type { Clock } from './clock.ts';

/** Flat fields of one log line, none of them an object that could hide a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Levels of a log, quietest last. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Where the service tells what it does: fields, and a message that is constant so that it can be searched for. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether lines of that level are written, for fields that cost something to make. */
  enabled(level: 'debug' | 'info'): boolean;
  /** Writes what is buffered, now; for the way out of the process. A block that is being written may come out behind it. */
  flush(): void;
}

/** Takes finished lines, line break included; a double for standard output. */
export interface LogSink {
  write(line: string): void;
  flushSync?(): void;
}

/** How lines look and where they go; standard output where no sink is given. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'auto' | 'pretty' | 'json';
  readonly clock: Pick<Clock, 'now'>;
  readonly sink?: LogSink;
}

/** Field names whose values never reach a log. */
const SECRETS = ['authorization', 'proxyAuthorization', 'password', 'token', 'prid', 'digits'];
const STANDARD_OUTPUT = 1;
/** One write a line costs more than all else a call does, so lines leave in blocks, and at least twice a second. */
const BLOCK_BYTES = 8 * 1024;
const FLUSH_EVERY_MS = 500;
/** Beyond this, a reader that has stalled loses lines instead of the service its memory. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** Makes the log: short lines for people on a terminal, JSON elsewhere. */
export function createLog({ level, format, clock, sink }: LogOptions): Log {
  const pretty = format === 'pretty' || (format === 'auto' && sink === undefined && process.stdout.isTTY === true);
  const lines = sink ?? standardOutput(pretty);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":${Math.trunc(clock.now())}`,
      formatters: { level: (label) => ({ level: label }), log: withoutTokens },
      redact: { paths: SECRETS, censor: '***' },
    },
    pretty ? { write: (line: string) => lines.write(prettyLine(line)) } : lines,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    enabled: (asked) => logger.isLevelEnabled(asked),
    flush: () => lines.flushSync?.(),
  };
}

const nothing = (): void => {};

/** A log that writes nothing, for tests. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  enabled: () => false,
  flush: nothing,
};

function standardOutput(pretty: boolean): LogSink {
  const destination = pino.destination({
    fd: STANDARD_OUTPUT,
    sync: false,
    minLength: pretty ? 0 : BLOCK_BYTES,
    periodicFlush: FLUSH_EVERY_MS,
    maxLength: MAX_BUFFERED_BYTES,
  });
  // A log that cannot be written (closed pipe, full disk) must not end the calls.
  destination.on('error', nothing);
  return {
    write: (line) => destination.write(line),
    flushSync: () => {
      try {
        destination.flushSync();
      } catch {
        // Nothing is left to tell it to.
      }
    },
  };
}

const PUSH_TOKEN = /(pn-prid\s*=\s*)("[^"]*"?|[^;>?\s,]*)/gi;

/** Masks the push token inside contacts and URIs (RFC 8599 §4: it lets others wake and track the device). */
function withoutTokens(fields: Record<string, unknown>): Record<string, unknown> {
  let masked: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || !/pn-prid/i.test(value)) continue;
    masked ??= { ...fields };
    masked[name] = value.replace(PUSH_TOKEN, '$1***');
  }
  return masked ?? fields;
}

const CLOCK_FACE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const PLAIN_VALUE = /^[\x21\x23-\x3c\x3e-\x7e]+$/;

/** `21:40:01 info  call ended  call=call:7 why="no answer"`, from a line of JSON. */
function prettyLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  let line = `${CLOCK_FACE.format(Number(time))} ${String(level).padEnd(5)} ${msg ?? ''}`;
  let gap = '  ';
  for (const [name, value] of Object.entries(fields)) {
    line += `${gap}${name}=${prettyValue(value)}`;
    gap = ' ';
  }
  return `${line}\n`;
}

// Values come from the wire: neither line breaks nor a terminal's control sequences may leave as they are.
function prettyValue(value: unknown): string {
  const text = String(value);
  return PLAIN_VALUE.test(text) ? text : JSON.stringify(text).replace(/\p{Cc}/gu, '?');
}
