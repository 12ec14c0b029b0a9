/** Every metric but the histograms: its name by the conventions of Prometheus, what it says, and where it is read. */
import type { Now } from '../insight/model.ts';
import type { Counts, Reading } from './counts.ts';
import type { Tally } from './tally.ts';

/** What is read when somebody asks for the metrics, and not before. */
export interface Readings {
  readonly now: Now;
  /** Living actors by scenario and state. */
  readonly actors: readonly Reading[];
  readonly mediaSessions: number;
  readonly bannedSources: number;
  readonly connections: ReadonlyMap<string, number>;
  /** By the name of what was wrong with them, which is one of ours. */
  readonly rejectedMessages: ReadonlyMap<string, number>;
  readonly process: ProcessReadings;
}

/** The process, as far as it is known; all 0 in the virtual world. */
export interface ProcessReadings {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Since its start, of all its threads. */
  readonly cpuMs: number;
}

/** One metric. */
export interface Definition {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  read(tally: Tally, readings: Readings): readonly Reading[];
}

const MS = 1000;
const NO_LABELS = {};
const one = (value: number): readonly Reading[] => [{ labels: NO_LABELS, value }];

type Number = (tally: Tally, readings: Readings) => number;
const counter = (name: string, help: string, read: Number): Definition => ({
  ...{ name, help, kind: 'counter', labels: [] },
  read: (tally, readings) => one(read(tally, readings)),
});
const gauge = (name: string, help: string, read: Number): Definition => ({ ...counter(name, help, read), kind: 'gauge' });
const counters = (name: string, help: string, label: string, of: (tally: Tally) => Counts): Definition => ({
  ...{ name, help, kind: 'counter', labels: [label] },
  read: (tally) => of(tally).read(),
});
const gauges = (
  name: string,
  help: string,
  labels: readonly string[],
  read: (tally: Tally, readings: Readings) => readonly Reading[],
): Definition => ({ name, help, labels, kind: 'gauge', read });
const byLabel = (label: string, values: Readonly<Record<string, number>>): readonly Reading[] =>
  Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));

export const DEFINITIONS: readonly Definition[] = [
  gauges('callweave_info', 'Always 1; the version that runs', ['version'], (_, { now }) => [
    { labels: { version: now.version }, value: 1 },
  ]),
  gauge('callweave_draining', '1 while no new calls are taken', (_, { now }) => (now.isDraining ? 1 : 0)),

  gauges('callweave_calls', 'Calls that are not over', ['state'], (_, { now }) => byLabel('state', { ...now.calls })),
  counter('callweave_calls_started_total', 'Calls that were admitted or placed', ({ calls }) => calls),
  counters('callweave_calls_ended_total', 'Calls that are over, by how they ended', 'outcome', ({ ended }) => ended),
  counters(
    'callweave_calls_failed_total',
    'Calls that failed, by the final status that their callers got',
    'status',
    (tally) => tally.failed,
  ),
  counters(
    'callweave_calls_refused_total',
    'INVITEs that became no call, by the status that they got',
    'status',
    (tally) => tally.refused,
  ),
  counters('callweave_calls_diverted_total', 'Diversions of calls, by why', 'why', ({ diverted }) => diverted),
  counter('callweave_calls_transferred_total', 'Transfers that connected two parties', ({ transfers }) => transfers),
  counters(
    'callweave_sessions_lapsed_total',
    'Talks that were ended because a party was gone, by how that showed',
    'why',
    (tally) => tally.lapsed,
  ),
  counters('callweave_pickups_total', 'Calls that somebody tried to pick up', 'outcome', ({ pickups }) => pickups),

  gauges('callweave_bindings', 'Registered devices; asleep are those that a call wakes by push', ['state'], (_, { now }) =>
    byLabel('state', { awake: now.bindings.awake, asleep: now.bindings.asleep }),
  ),
  gauge('callweave_registered_users', 'Addresses of record that have a binding', (_, { now }) => now.bindings.users),
  counter('callweave_registers_total', 'REGISTER requests that were authenticated', ({ registers }) => registers),
  counters('callweave_bindings_removed_total', 'Bindings that ended, by why', 'why', ({ removedBindings }) => removedBindings),
  counters(
    'callweave_pushes_total',
    'Pushes by what the push service said; gone: it knows no such device any more',
    'outcome',
    ({ pushes }) => pushes,
  ),

  counter('callweave_menu_calls_total', 'Calls that a menu answered', ({ menus }) => menus),
  counter('callweave_digits_total', 'Keys that were heard, PINs left out', ({ digits }) => digits),
  counter('callweave_codes_total', 'Codes that parties of a talk pressed', ({ codes }) => codes),
  counters('callweave_pins_total', 'PINs that callers were asked for', 'outcome', ({ pins }) => pins),
  counter('callweave_recordings_total', 'Recordings that were begun', ({ recordings }) => recordings),
  gauge(
    'callweave_media_sessions',
    'Calls whose media is relayed by us or by rtpengine',
    (_, { mediaSessions }) => mediaSessions,
  ),
  counter('callweave_rtp_packets_total', 'RTP packets of streams that are over', ({ packets }) => packets),
  counter(
    'callweave_rtp_packets_lost_total',
    'RTP packets that streams lacked when they were over',
    ({ lostPackets }) => lostPackets,
  ),
  counter(
    'callweave_streams_stalled_total',
    'Streams that stopped though nobody was on hold',
    ({ stalledStreams }) => stalledStreams,
  ),
  counter(
    'callweave_media_unanchored_total',
    'Sessions whose media should have come to us, and could not',
    (tally) => tally.unanchored,
  ),

  gauges(
    'callweave_actors',
    'Living actors, by scenario and by the state of their chart',
    ['scenario', 'state'],
    (_, { actors }) => actors,
  ),
  counters('callweave_actor_failures_total', 'Actors whose chart threw', 'scenario', ({ failedActors }) => failedActors),
  counter('callweave_problems_total', 'Problems that the engine reported; the log says which', ({ problems }) => problems),

  counters(
    'callweave_messages_received_total',
    'SIP messages that came in, whatever became of them',
    'transport',
    (tally) => tally.messages,
  ),
  counter(
    'callweave_messages_dropped_total',
    'Messages of banned sources and of those above the rate limit',
    (tally) => tally.droppedMessages,
  ),
  gauges('callweave_connections', 'Open connections, those to trunks too', ['transport'], (_, { connections }) =>
    byLabel('transport', Object.fromEntries(connections)),
  ),
  {
    ...{ name: 'callweave_messages_rejected_total', kind: 'counter', labels: ['why'] },
    help: 'Messages that could not be parsed, or that nothing here waits for, by what was wrong',
    read: (_, { rejectedMessages }) => byLabel('why', Object.fromEntries(rejectedMessages)),
  },
  counters(
    'callweave_offences_total',
    'What sources did that gets them banned if they do it often; malformed are messages that cannot be parsed',
    'kind',
    ({ offences }) => offences,
  ),
  gauge('callweave_banned_sources', 'Sources that are banned now', (_, { bannedSources }) => bannedSources),
  counters(
    'callweave_overload_refused_total',
    'Requests that got 503 because the service was full',
    'method',
    (tally) => tally.overloaded,
  ),
  gauge('callweave_overload_refusing_ratio', 'Share of new calls that is refused with 503 now', (_, { now }) => now.refusing),
  gauge('callweave_lag_seconds', 'By how much the event loop is late', (_, { now }) => now.lagMs / MS),

  counters(
    'callweave_http_requests_total',
    'Requests of scenarios to other systems, by whether they got an answer',
    'outcome',
    (tally) => tally.http,
  ),
  gauges('callweave_trunk_registered', '1 while we are registered with the trunk', ['trunk'], ({ trunks }) =>
    byLabel('trunk', Object.fromEntries(trunks)),
  ),

  gauge('process_start_time_seconds', 'When the service started, seconds since the epoch', (_, { now }) => now.startedAt / MS),
  counter('process_cpu_seconds_total', 'CPU time of the process', (_, { process }) => process.cpuMs / MS),
  gauge('process_resident_memory_bytes', 'Memory of the process', (_, { process }) => process.residentBytes),
  gauge('nodejs_heap_size_used_bytes', 'Heap that is in use', (_, { process }) => process.heapBytes),
];

/** A histogram: its bounds are seconds. */
export interface TimeDefinition {
  readonly name: string;
  readonly help: string;
  readonly buckets: readonly number[];
}
const SETUP = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60];
const TALK = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];

export const TIMES = {
  toRing: { name: 'callweave_call_ringing_delay_seconds', help: 'From the INVITE until a phone rang', buckets: SETUP },
  toAnswer: { name: 'callweave_call_answer_delay_seconds', help: 'From the INVITE to the answer', buckets: SETUP },
  talk: { name: 'callweave_call_talk_seconds', help: 'From the answer to the end of a call', buckets: TALK },
  pushToRegister: {
    name: 'callweave_push_to_register_seconds',
    help: 'From a push to the registration of its phone',
    buckets: SETUP,
  },
  registerToRing: {
    name: 'callweave_register_to_ring_seconds',
    help: 'From that registration until the phone rang',
    buckets: SETUP,
  },
  pushToRing: { name: 'callweave_push_to_ring_seconds', help: 'From a push until its phone rang', buckets: SETUP },
} as const satisfies Readonly<Record<string, TimeDefinition>>;
