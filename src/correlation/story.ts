/** Why a call ended as it did, and what each device did: a fold of one call's facts into one readable line. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import {
  callAnswered,
  callCancelled,
  callEnded,
  callFailed,
  forkStarted,
  inviteReceived,
  legFailed,
  legRinging,
  legSilent,
  pushDelivered,
  pushFailed,
} from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import { MAX_FORKS } from '../../machines/vocabulary/limits.ts';

const KINDS = [
  inviteReceived,
  forkStarted,
  legRinging,
  legSilent,
  legFailed,
  pushDelivered,
  pushFailed,
  callAnswered,
  callCancelled,
  callFailed,
  callEnded,
] as const;
type Folded = FactOf<(typeof KINDS)[number]>;

/** A call's story, told when it has ended. */
export interface Story {
  readonly call: Address;
  readonly caller: string;
  readonly callee: string;
  readonly outcome: string;
  readonly status: number;
  readonly seconds: number;
  /** `desk rang at 0.02 s, said 486 at 0.31 s; mobile was pushed at 0.02 s, …` */
  readonly devices: string;
}

interface Chapter {
  readonly beganMs: number;
  /** By device: what it did, in order. */
  readonly devices: Map<string, string[]>;
}

const MAX_EVENTS = 12;

export class Stories {
  readonly folds = KINDS.map(({ fact }) => fact);
  readonly answers: readonly string[] = [];
  readonly #open = new Map<Address, Chapter>();
  readonly #tell: (story: Story) => void;

  constructor(tell: (story: Story) => void) {
    this.#tell = tell;
  }

  get size(): number {
    return this.#open.size;
  }

  current(): readonly never[] {
    return [];
  }

  fold(fact: Folded): void {
    if (fact.type === 'invite.received') {
      this.#open.set(fact.call, { beganMs: fact.at, devices: new Map() });
      return;
    }
    const chapter = this.#open.get(fact.call);
    if (chapter === undefined) return;
    if (fact.type === 'call.ended') this.#end(fact, chapter);
    else note(chapter, fact);
  }

  #end(fact: FactOf<typeof callEnded>, { beganMs, devices }: Chapter): void {
    this.#open.delete(fact.call);
    const { call, caller, callee, outcome, status } = fact;
    const told = [...devices].map(([device, events]) => `${device} ${events.join(', ')}`).join('; ');
    this.#tell({
      call,
      caller,
      callee,
      outcome,
      status,
      seconds: Math.round((fact.at - beganMs) / 10) / 100,
      devices: told || 'no device could be rung',
    });
  }
}

function note(chapter: Chapter, fact: Exclude<Folded, { type: 'invite.received' | 'call.ended' }>): void {
  const event = eventOf(fact);
  if (event === undefined) return;
  const { device, did } = event;
  let events = chapter.devices.get(device);
  if (events === undefined) {
    if (chapter.devices.size >= MAX_FORKS) return;
    events = [];
    chapter.devices.set(device, events);
  }
  if (events.length < MAX_EVENTS) events.push(`${did} at ${((fact.at - chapter.beganMs) / 1000).toFixed(2)} s`);
}

function eventOf(fact: Exclude<Folded, { type: 'invite.received' | 'call.ended' }>): { device: string; did: string } | undefined {
  switch (fact.type) {
    case 'fork.started':
      return { device: fact.device, did: fact.case === '' ? 'was called' : 'registered and was called' };
    case 'leg.ringing':
      return { device: fact.device, did: fact.status === 180 ? 'rang' : `said ${fact.status}` };
    case 'leg.failed':
      return { device: fact.device, did: `ended with ${fact.status}${fact.reason === '' ? '' : ` ${fact.reason}`}` };
    case 'push.delivered':
      return { device: fact.device, did: 'was pushed' };
    case 'push.failed':
      return { device: fact.device, did: `could not be pushed (${fact.why})` };
    case 'call.answered':
      return { device: fact.device, did: 'answered' };
    case 'call.cancelled':
      return { device: 'the caller', did: 'gave up' };
    case 'call.failed':
      return { device: 'the caller', did: `got ${fact.status}${fact.reason === '' ? '' : ` ${fact.reason}`}` };
    default:
      return undefined;
  }
}
