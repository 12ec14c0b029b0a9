/** The whole service, bytes in to bytes out, in a virtual world. */
import type { Scenario } from '../../machines/scenario.ts';
import { type Config, loadConfig, type MediaConfig, PRESET_MAX_CASES } from '../config.ts';
import type { CallRecord } from '../correlation/record.ts';
import type { Story } from '../correlation/story.ts';
import type { AnyKind } from '../engine/catalogue.ts';
import { isProblem } from '../errors.ts';
import { INSIGHT_PRESETS, type InsightWishes } from '../insight/insight.ts';
import type { JournalWishes } from '../journals.ts';
import { type Log, type LogFields, silentLog } from '../log.ts';
import type { MediaPlane } from '../media/media.ts';
import type { MediaSurroundings } from '../media-service.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { type BindingStore, openBindingStore } from '../ports/store/binding-store.ts';
import { Service, type UserScenario, type UserScenarios } from '../service.ts';
import type { Invariant } from './invariant.ts';
import { arm } from './invariants/armed.ts';
import { INVARIANTS } from './invariants/index.ts';
import type { ObservedService, ServiceWorld } from './observed-service.ts';
import { SimulatedResolver } from './simulated-resolver.ts';
import { createWorld, remember, type WorldOptions } from './world.ts';

export type { ObservedService, ServiceWorld } from './observed-service.ts';

export interface ServiceWorldOptions
  extends Partial<Pick<WorldOptions<Config, ObservedService>, 'network' | 'startMs' | 'listening' | 'remembers'>> {
  readonly seed?: number;
  /** Names of users; each has the password `NAME-secret`. Default: alice, bob, carol. */
  readonly users?: readonly string[];
  /** What differs from the embedded presets, section by section. */
  readonly config?: { readonly [Section in keyof Config]?: Partial<Config[Section]> | Config[Section] };
  /** The name server; by default one that knows no name. */
  readonly resolver?: SimulatedResolver;
  /** Scenarios beside the service's own; with a map, their `settings` and `maxCases` as the config writes them. */
  readonly scenarios?: readonly (Scenario | (Partial<UserScenario> & Pick<UserScenario, 'scenario'>))[];
  /** Kinds of facts that those bring. */
  readonly facts?: readonly AnyKind[];
  /** Milliseconds that the process has been busy; by default it is always idle. */
  readonly busyMs?: () => number;
  /** Keeps the journal of each call; or of some, as a config would ask for. */
  readonly journals?: boolean | Omit<JournalWishes, 'write'>;
  /** Keeps calls for those who look: `world.service.service.insight`. */
  readonly insight?: boolean | Partial<InsightWishes>;
  /** Counts what happens; it needs `insight`. */
  readonly metrics?: Metrics;
  /** A store that outlives `restart()`; by default each start finds an empty one. */
  readonly openStore?: () => BindingStore;
  /** Hears what the service logs as an error; by default that ends the test. */
  readonly hearProblem?: (problem: string) => void;
  /** The engine that media passes through, such as `simulatedMedia`; by default there is none. */
  readonly openMedia?: (surroundings: MediaSurroundings, config: MediaConfig) => MediaPlane;
  /** All that comes at one instant comes before the engine has gone on by one entry of its mailbox, as on a busy machine. */
  readonly isInterleaved?: boolean;
  /** What is watched; default: all invariants. */
  readonly invariants?: readonly Invariant[];
  /** Hears the other lines that the service logs, with their fields. */
  readonly hearLog?: (level: 'debug' | 'info' | 'warn', message: string, fields: LogFields) => void;
}

function presets(): Config {
  const config = loadConfig({ argv: [], env: {}, cwd: '/' });
  if (Array.isArray(config)) throw new Error(config.map(({ line }) => line).join('\n'));
  return config;
}

const isSection = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);

function configured({ users = ['alice', 'bob', 'carol'], config = {} }: ServiceWorldOptions): Config {
  const merged: Record<string, unknown> = { ...presets() };
  merged.demo = false;
  merged.pickup = undefined;
  merged.ivr = undefined;
  merged.domains = ['example.com'];
  merged.realm = 'example.com';
  merged.users = new Map(
    users.map((name) => [name, { name, password: `${name}-secret`, displayName: undefined, wakeable: undefined }]),
  );
  for (const [section, value] of Object.entries(config)) {
    merged[section] = isSection(value) && isSection(merged[section]) ? { ...merged[section], ...value } : value;
  }
  return merged as unknown as Config;
}

/** Users' scenarios as a config would have them. */
export const userScenarios = ({
  scenarios = [],
  facts = [],
}: Pick<ServiceWorldOptions, 'scenarios' | 'facts'>): UserScenarios => ({
  scenarios: scenarios.map((one) => {
    const { scenario, settings = {}, maxCases = PRESET_MAX_CASES } = 'machine' in one ? { scenario: one } : one;
    return { scenario, maxCases, settings: scenario.settings === undefined ? settings : scenario.settings(settings) };
  }),
  facts,
});

const heardBy = (hear: NonNullable<ServiceWorldOptions['hearLog']>): Partial<Log> => ({
  debug: (fields, message) => hear('debug', message, fields),
  info: (fields, message) => hear('info', message, fields),
  warn: (fields, message) => hear('warn', message, fields),
  enabled: () => true,
});

const ALL_JOURNALS: Omit<JournalWishes, 'write'> = { calls: 'all', users: [] };
const journalWishes = (asked: ServiceWorldOptions['journals'], write: JournalWishes['write']): JournalWishes | undefined =>
  asked === undefined || asked === false ? undefined : { ...(asked === true ? ALL_JOURNALS : asked), write };

/** A world whose service is the real one, with the push service's double behind every provider. */
export function serviceWorld(options: ServiceWorldOptions = {}): ServiceWorld {
  const config = configured(options);
  const { hearLog, openMedia } = options;
  // What is logged as the first service starts is nobody's secret yet.
  let watched: ServiceWorld | undefined;
  const world: ServiceWorld = createWorld<Config, ObservedService>({
    seed: options.seed ?? 1,
    config,
    ...(options.network === undefined ? {} : { network: options.network }),
    ...(options.listening === undefined ? {} : { listening: options.listening }),
    ...(options.startMs === undefined ? {} : { startMs: options.startMs }),
    ...(options.remembers === undefined ? {} : { remembers: options.remembers }),
    startService: ({ clock, timers, random, transports, push, http }) => {
      const fail = ({ problem }: { problem: string }): void => {
        throw new Error(problem);
      };
      const store = options.openStore?.() ?? openBindingStore(':memory:', { clock, report: fail });
      if (isProblem(store)) throw new Error(store.problem);
      const stories: Story[] = [];
      const records: CallRecord[] = [];
      const journals: string[] = [];
      const senders = new Map([...config.push.providers.keys()].map((provider) => [provider, push]));
      const heard: Log = { ...silentLog, ...(hearLog === undefined ? {} : heardBy(hearLog)) };
      const log = {
        ...heard,
        info: (fields: LogFields, message: string) => {
          watched?.logged(message, fields);
          heard.info(fields, message);
        },
        warn: (fields: LogFields, message: string) => {
          watched?.logged(message, fields);
          heard.warn(fields, message);
        },
        error: (fields: object, message: string) => {
          const problem = `${message}: ${JSON.stringify(fields)}`;
          if (options.hearProblem === undefined) fail({ problem });
          else options.hearProblem(problem);
        },
      };
      const resolver = (options.resolver ?? new SimulatedResolver()).runOn(timers);
      const service = new Service(
        {
          ...{ config, clock, timers, random, store, resolver, senders, log },
          openHttp: http.open,
          scenarios: userScenarios(options),
          openMedia: openMedia && ((surroundings) => openMedia(surroundings, config.media)),
          busyMs: options.busyMs ?? (() => 0),
          record: (one) => remember(records, one, options.remembers),
          journal: journalWishes(options.journals, (line) => void journals.push(line)),
          ...(options.insight === undefined || options.insight === false
            ? {}
            : { insight: { ...INSIGHT_PRESETS, ...(options.insight === true ? {} : options.insight) } }),
          metrics: options.metrics,
          sliceMs: options.isInterleaved === true ? 0 : undefined,
        },
        (story) => remember(stories, story, options.remembers),
      );
      service.start(transports(service.listener));
      return { service, config, stories, records, journals };
    },
  });
  watched = world;
  arm(world, options.invariants ?? INVARIANTS);
  return world;
}
