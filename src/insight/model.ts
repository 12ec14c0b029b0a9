/**
 * What operators, the live page and other programs are shown of the service: the JSON of the HTTP API. Instants are
 * milliseconds since the epoch, unless a name says `Ms`, which is a length. Nothing here is a secret: push tokens, digits and
 * credentials were taken out before. Lists are bounded, and say what they leave out.
 */
import type { JournalEntry } from '../journal/format.ts';

/** Some of many, with how many there are. */
export interface Listing<T> {
  readonly rows: readonly T[];
  /** All that match, those that are not here included. */
  readonly total: number;
}

/** How the service is, at this moment. */
export interface Now {
  readonly at: number;
  readonly version: string;
  readonly startedAt: number;
  /** Takes no new calls any more. */
  readonly isDraining: boolean;
  /** Calls that are not over, by what they are at. */
  readonly calls: { readonly ringing: number; readonly talking: number; readonly other: number };
  /** Since the start. */
  readonly ended: { readonly answered: number; readonly failed: number; readonly cancelled: number; readonly crashed: number };
  readonly bindings: { readonly awake: number; readonly asleep: number; readonly users: number };
  /** Living actors by scenario, all scenarios of the service named. */
  readonly actors: Readonly<Record<string, number>>;
  /** One number for each of the last minutes, oldest first; the last one is not over. */
  readonly perMinute: {
    readonly calls: readonly number[];
    readonly registers: readonly number[];
    readonly pushes: readonly number[];
  };
  /** By how much work is late, milliseconds. */
  readonly lagMs: number;
  readonly memoryBytes: number;
  /** Share of new calls that is refused with 503, 0 to 1. */
  readonly refusing: number;
}

export type CallOutcome = 'open' | 'answered' | 'failed' | 'cancelled' | 'crashed';

/** A call in a list. */
export interface CallRow {
  /** Its address, `call:7`. */
  readonly call: string;
  readonly caller: string;
  readonly callee: string;
  /** What the caller's name is, as its phone gave it; empty where it gave none or wants to be anonymous. */
  readonly callerName: string;
  readonly outcome: CallOutcome;
  /** State of its chart, `ringing.trying`; of a call that is over, the last one. */
  readonly state: string;
  readonly startedAt: number;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  /** Status that the caller got; 0 while there is none. */
  readonly status: number;
  /** The ending in a few words, `Bob's phones did not answer`; empty while it goes on. */
  readonly why: string;
  /** Call-ID of the caller's leg. */
  readonly callId: string;
}

/** One stay of an actor in a state. */
export interface Visit {
  readonly at: number;
  /** Dotted path; of parallel states, the paths with a space between. */
  readonly state: string;
  /** Type of the event that led there, and the entry of the journal that it was (0: none of them). */
  readonly event: string;
  readonly n: number;
}

/** An actor, as it is or was. */
export interface ActorView {
  readonly address: string;
  readonly scenario: string;
  readonly bornAt: number;
  /** Null while it lives. */
  readonly endedAt: number | null;
  readonly state: string;
  /** How it came there, oldest first; of a long life the first ones and the last ones. */
  readonly path: readonly Visit[];
}

/** A message of SIP on its way in or out, or a push. */
export interface MessageView {
  readonly at: number;
  readonly isIncoming: boolean;
  readonly transport: string;
  /** The other side's `host:port`. */
  readonly remote: string;
  /** `INVITE`, `200 OK (BYE)`, `push: incoming-call`. */
  readonly label: string;
  readonly callId: string;
  /** Leg that it belongs to, `leg:7/1`; empty where that is not known. */
  readonly leg: string;
  /** All of it, secrets masked; what was too long is cut, and says so. */
  readonly text: string;
}

/** One sentence of what happened, `Bob's mobile was pushed`. */
export interface Sentence {
  readonly at: number;
  readonly text: string;
  /** How it looks: an ending of the whole call, something that went well, that went wrong, or neither. */
  readonly tone: 'end' | 'good' | 'bad' | 'plain';
  /** The entry of the journal that it tells of; 0 where it is none. */
  readonly n: number;
}

/** One party of a call in words. */
export interface PartyView {
  readonly leg: string;
  /** `Alice`, `Bob's mobile`: for people. */
  readonly name: string;
  readonly aor: string;
  readonly device: string;
  readonly remote: string;
}

/** Everything that is known of one call. */
export interface CallView extends CallRow {
  /** Caller first, then in order of ringing. */
  readonly parties: readonly PartyView[];
  /** The call itself first, then legs, then the supervisors that watch it, then streams. */
  readonly actors: readonly ActorView[];
  /** As in an export: facts, commands and delayed events with who heard them, secrets hidden. */
  readonly entries: readonly JournalEntry[];
  readonly messages: readonly MessageView[];
  /** Messages that were not kept. */
  readonly messagesCut: number;
  readonly story: readonly Sentence[];
  /** Other calls that it was joined to, went on from or into. */
  readonly related: readonly string[];
}

/** Bindings of one address of record. */
export interface UserRow {
  readonly aor: string;
  /** The user's name in the config, or the user part. */
  readonly user: string;
  readonly awake: number;
  readonly asleep: number;
  /** Earliest instant at which a binding runs out; null without any. */
  readonly expiresAt: number | null;
  /** Calls of this user that are not over. */
  readonly calls: number;
}

export interface BindingView {
  readonly device: string;
  /** For people: user agent, or the contact's host. */
  readonly name: string;
  /** Without pn-* parameters. */
  readonly contact: string;
  readonly transport: string;
  readonly remote: string;
  readonly userAgent: string;
  readonly isAwake: boolean;
  readonly registeredAt: number;
  readonly expiresAt: number;
  /** `pn-provider` (RFC 8599); empty if it cannot be woken. */
  readonly pushProvider: string;
}

/** A push and what came of it. */
export interface PushView {
  readonly at: number;
  readonly device: string;
  readonly provider: string;
  readonly call: string;
  readonly came: 'sent' | 'delivered' | 'registered' | 'failed';
  /** From the push to what came of it; null while nothing did. */
  readonly afterMs: number | null;
  readonly why: string;
}

/** Everything that is known of one user. */
export interface UserView extends UserRow {
  readonly bindings: readonly BindingView[];
  /** The last ones, newest first. */
  readonly pushes: readonly PushView[];
  /** The last ones that the user took part in, newest first. */
  readonly recent: readonly CallRow[];
}

/** A case of a supervisor, a stream, or any other actor in a list. */
export interface ActorRow {
  readonly address: string;
  readonly scenario: string;
  readonly state: string;
  readonly bornAt: number;
  /** The call that it belongs to; empty where none. */
  readonly call: string;
}

/** A chart for drawing: its definition, without code. */
export interface ChartView {
  readonly scenario: string;
  readonly description: string;
  /** Whether it is one of the service's own. */
  readonly isOwn: boolean;
  /** Facts that bear a case of it. */
  readonly startsOn: readonly string[];
  readonly root: StateNodeView;
}

export interface StateNodeView {
  /** Dotted path below the root; empty for the root itself. */
  readonly path: string;
  readonly name: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Path of the initial child; empty where none. */
  readonly initial: string;
  readonly description: string;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly transitions: readonly TransitionView[];
  readonly children: readonly StateNodeView[];
}

export interface TransitionView {
  /**
   * Event type; of delayed ones `after 20 s`, `after ringLimit`, or `after giveUp (32 s)` where the name stands for one length;
   * `always` of eventless ones, `done` where the children of a state are over.
   */
  readonly event: string;
  readonly guard: string;
  readonly actions: readonly string[];
  /** Path; the source's own where it goes nowhere; of parallel states, the paths with a space between. */
  readonly target: string;
  readonly description: string;
}

/** One fact as it is told to who subscribes. */
export interface FactView {
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly cause: number;
  readonly type: string;
  /** Call that it belongs to; empty where none. */
  readonly call: string;
  /** Its attributes, secrets masked. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** An error of the API (RFC 9457, application/problem+json). */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong and what to do about it. */
  readonly detail: string;
}
