import type { Endpoint } from '../../transport/transport.ts';
import { endpointName } from '../network.ts';
import type { ServiceWorld } from '../observed-service.ts';

/** In a world that is broken all over, the first lines say it. */
const MOST = 20;

/** What is told of a finding, to be read beside a ladder. */
export interface Finding {
  readonly atMs: number;
  readonly callId?: string;
  readonly peer?: Endpoint;
  readonly what: string;
}

/** A finding as a line: when, with whom, in which dialog, what. */
export function lineOf(world: ServiceWorld, { atMs, callId, peer, what }: Finding): string {
  const at = `${(atMs / 1000).toFixed(3)} s`;
  const address = peer === undefined ? '' : endpointName(peer);
  const name = peer === undefined ? '' : world.nameOf(peer);
  const who = peer === undefined ? '' : `, ${name === address ? address : `${name} (${address})`}`;
  const where = callId === undefined ? '' : `, Call-ID ${callId}`;
  return `${at}${who}${where}: ${what}`;
}

/** What a watch has found, each thing once. */
export class Findings {
  readonly lines: string[] = [];
  readonly #world: ServiceWorld;
  readonly #told = new Set<string>();

  constructor(world: ServiceWorld) {
    this.#world = world;
  }

  get nowMs(): number {
    return this.#world.now();
  }

  add(finding: Finding): void {
    const key = `${finding.callId} ${finding.what}`;
    if (this.lines.length >= MOST || this.#told.has(key)) return;
    this.#told.add(key);
    this.lines.push(lineOf(this.#world, finding));
  }
}
