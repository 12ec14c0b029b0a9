/** The HTTP door on this machine, by the config: what it shows is the service's, and so are the files of the page. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Door } from './admin/door.ts';
import type { DoorCertificates } from './admin/listener.ts';
import { audited } from './audited-orders.ts';
import type { Config } from './config.ts';
import { isProblem, type Problem, problem } from './errors.ts';
import type { InsightWishes } from './insight/insight.ts';
import { inspectorPart } from './inspecting.ts';
import type { UserScenarios } from './installing.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import { ServiceOrders } from './orders.ts';
import type { Random } from './random.ts';
import type { Service } from './service.ts';
import type { TimerQueue } from './timers.ts';

/** Bytes of SIP messages that are kept for those who look. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const IS_SOURCE = import.meta.url.endsWith('.ts');
const besides = (inSource: string, inPackage: string): string =>
  fileURLToPath(new URL(IS_SOURCE ? inSource : inPackage, import.meta.url));
/** Built of src/page; in a package beside the compiled files. */
const PAGE = besides('../dist/page', '../page');
const PACKAGE = besides('../package.json', '../../package.json');

/** How much is kept for the door; nothing where there is none. */
export const keptFor = ({ admin }: Config): InsightWishes | undefined =>
  admin && {
    maxCalls: admin.keep.calls,
    maxAgeMs: admin.keep.maxAgeMs,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    version: String(JSON.parse(readFileSync(PACKAGE, 'utf8')).version),
    memoryBytes: () => process.memoryUsage.rss(),
  };

/** Counts for whoever asks at the door; nothing where there is none. */
export async function metricsFor({ admin }: Config): Promise<Metrics | undefined> {
  if (admin === undefined) return undefined;
  const { Metrics } = await import('./metrics/metrics.ts');
  return new Metrics(() => {
    const { rss: residentBytes, heapUsed: heapBytes } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return { residentBytes, heapBytes, cpuMs: (user + system) / 1000 };
  });
}

const URI = /^(?:sips?|tel):[\x21-\x7e]+$/i;
const DIALLED = /^[A-Za-z0-9\-_.!~*'()+#]{1,64}$/;

/** What a phone of ours would ask for that is told to call that. */
const dialled =
  ({ domains, realm }: Config) =>
  (callee: string): string | undefined =>
    URI.test(callee) ? callee : DIALLED.test(callee) ? `sip:${callee.replaceAll('#', '%23')}@${domains[0] ?? realm}` : undefined;

export interface AroundDoor {
  readonly config: Config;
  readonly service: Service;
  readonly scenarios: UserScenarios | undefined;
  readonly certificates: DoorCertificates | undefined;
  /** Names of the facts that users' scenarios brought. */
  readonly facts: readonly string[];
  readonly timers: TimerQueue;
  readonly random: Random;
  readonly log: Log;
}

/** Opens it; undefined where it is off, or where its address is taken that nobody asked for. */
export async function openOwnDoor(around: AroundDoor): Promise<Door | undefined | Problem> {
  const { config, service, scenarios, certificates, facts, timers, random, log } = around;
  const { admin } = config;
  const { insight } = service;
  if (admin === undefined || insight === undefined) return undefined;
  // A service without a door does not load what makes one.
  const [{ openDoor }, { readPage }] = await Promise.all([import('./admin/door.ts'), import('./admin/page-files.ts')]);
  const door = await openDoor({
    ...{ insight, timers, random, certificates, metrics: service.metrics },
    orders: audited(
      new ServiceOrders({
        ...{ engine: service.engine, timers, facts },
        ...{ aorOf: (user) => insight.user(user)?.aor, uriOf: dialled(config), ringMs: config.calls.ringLimitMs },
      }),
      log,
    ),
    address: admin,
    admission: admin,
    page: readPage(PAGE),
    inspector: config.inspector && inspectorPart(service, insight, config.inspector, scenarios),
    isDraining: () => service.isDraining,
    report: (line) => log.error({ problem: line }, 'the HTTP API broke something'),
  });
  if (!isProblem(door)) return door;
  if (!admin.isPreset)
    return problem(`${door.problem}; stop what uses the address, or set admin.listen to one that is free, or off`);
  log.warn({ problem: door.problem }, 'no HTTP API and no live page; set admin.listen to an address that is free, or off');
  return undefined;
}
