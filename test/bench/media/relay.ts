/** What relays audio in a bench: the built-in engine in a process of its own; rtpengine can stand in its place. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Address {
  readonly host: string;
  readonly port: number;
}
/** A party of the load: where it listens. */
export type PartyPorts = readonly [caller: number, callee: number];

export interface Relay {
  readonly name: string;
  /** Calls between these parties: where each of them sends to. */
  calls(parties: readonly PartyPorts[]): Promise<readonly (readonly [Address, Address])[]>;
  /** Parties that the service talks to, and plays a prompt to: where each sends to. */
  attend(ports: readonly number[]): Promise<readonly Address[]>;
  /** User and system time so far. */
  cpuMs(): number;
  rssBytes(): number;
  close(): Promise<void>;
}

export const HOST = '127.0.0.1';
/** Unit of utime and stime in /proc/PID/stat. */
const MS_PER_TICK = 10;

/** Of a process that is running. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(columns[11]) + Number(columns[12])) * MS_PER_TICK;
}

export const rssBytesOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;

/** A description of one audio. */
export const sdpOf = (port: number): string =>
  [
    'v=0',
    `o=x 1 1 IN IP4 ${HOST}`,
    's=-',
    `c=IN IP4 ${HOST}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:101 telephone-event/8000',
    '',
  ].join('\r\n');

/** Where a description says that audio goes. */
export const addressIn = (sdp: string): Address => ({
  host: /^c=IN IP4 (\S+)/m.exec(sdp)?.[1] ?? '',
  port: Number(/^m=audio (\d+)/m.exec(sdp)?.[1]),
});

export type Asked =
  | { readonly ask: 'calls'; readonly parties: readonly PartyPorts[] }
  | { readonly ask: 'attend'; readonly ports: readonly number[] };

/** The service's own engine, without signalling. */
export class BuiltInRelay implements Relay {
  readonly name = 'built in';
  readonly #child: ChildProcess;

  constructor(profileDir = process.env.CALLWEAVE_BENCH_PROFILE) {
    const execArgv = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    this.#child = fork(fileURLToPath(new URL('./relay-process.ts', import.meta.url)), { execArgv });
  }

  calls(parties: readonly PartyPorts[]): Promise<readonly (readonly [Address, Address])[]> {
    return this.#ask({ ask: 'calls', parties });
  }

  attend(ports: readonly number[]): Promise<readonly Address[]> {
    return this.#ask({ ask: 'attend', ports });
  }

  cpuMs(): number {
    return cpuMsOf(this.#child.pid ?? 0);
  }

  rssBytes(): number {
    return rssBytesOf(this.#child.pid ?? 0);
  }

  close(): Promise<void> {
    return new Promise((done) => {
      this.#child.once('exit', () => done());
      this.#child.disconnect();
    });
  }

  #ask<T>(asked: Asked): Promise<T> {
    return new Promise((done, fail) => {
      this.#child.once('message', (answer) => done(answer as T));
      this.#child.once('exit', () => fail(new Error('the relay died')));
      this.#child.send(asked);
    });
  }
}
