/** What is let in from whom: a rate limit for each source, and bans of those that guess, scan or send garbage. */
import type { Network } from '../config.ts';
import type { Log } from '../log.ts';
import type { TimerQueue } from '../timers.ts';
import type { Flow } from '../transport/transport.ts';
import { type Ban, Bans } from './bans.ts';
import { Scanners } from './scanners.ts';
import { sourceOf } from './source.ts';
import { type Source, SourceTable } from './source-table.ts';
import { Trusted } from './trusted.ts';

/** Bounds of the protection. */
export interface ProtectionSettings {
  /** Messages of any kind; 0: no limit. As many again are taken in a burst. */
  readonly requestsPerSecondPerSource: number;
  /** Networks that are never limited or banned. */
  readonly trusted: readonly Network[];
  /** What stands in the User-Agent of scanners. */
  readonly scanners: readonly string[];
  /** Failures within a minute; 0: nobody is banned. */
  readonly failuresBeforeBan: number;
  readonly banMs: number;
}

/** What somebody did who may be up to no good. */
export type Offence = 'wrong credentials' | 'unknown user' | 'foreign domain' | 'malformed' | 'scanner';

/** Who must not be banned, since it would end what is rightly theirs. */
export interface Standing {
  /** How much there is to look through. */
  readonly size: number;
  /** Whether a binding or an answered call leads to one of these hosts. */
  has(isFrom: (host: string) => boolean): boolean;
}

/** What the protection is made of. */
export interface ProtectionParts {
  readonly settings: ProtectionSettings;
  readonly timers: TimerQueue;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly standing: Standing;
}

const MAX_SOURCES = 100_000;
const BURST_SECONDS = 2;
const WINDOW_MS = 60_000;
const TELL_EVERY_MS = 60_000;
/** A source that knew a password is not banned over UDP for so long: its phone may be restarting. */
const PROVEN_FOR_MS = 3_600_000;
/** Standing is looked up by a scan (about 50 ns an entry); who provokes it gets less than 5 % of the time for it. */
const ENTRIES_A_MS = 1_000;
const NEVER = Number.NEGATIVE_INFINITY;

export class Protection {
  readonly #settings: ProtectionSettings;
  readonly #timers: TimerQueue;
  readonly #log: ProtectionParts['log'];
  readonly #standing: Standing;
  readonly #trusted = new Trusted();
  readonly #scanners: Scanners;
  readonly #bans: Bans;
  readonly #sources: SourceTable;
  readonly #perMs: number;
  readonly #burst: number;
  #nextScanMs = NEVER;

  constructor({ settings, timers, log, standing }: ProtectionParts) {
    this.#settings = settings;
    this.#timers = timers;
    this.#log = log;
    this.#standing = standing;
    for (const network of settings.trusted) this.#trusted.add(network);
    this.#scanners = new Scanners(settings.scanners);
    this.#bans = new Bans(timers, settings.banMs, (ban) => this.#lifted(ban));
    this.#perMs = settings.requestsPerSecondPerSource / 1000;
    this.#burst = settings.requestsPerSecondPerSource * BURST_SECONDS;
    this.#sources = new SourceTable(MAX_SOURCES, (name, host) => this.#newSource(name, host));
  }

  /** Sources that are banned now. */
  get banned(): number {
    return this.#bans.size;
  }

  /** Lets a network in without limit from now on, as that of a trunk. */
  trust(network: Network): void {
    this.#trusted.add(network);
    this.#sources.clear();
  }

  /** Whether a message that came along this flow is looked at. Of a banned source no connection stays open. */
  admits(flow: Flow): boolean {
    const source = this.#sources.of(flow.remote.host);
    if (source.trusted) return true;
    const nowMs = this.#timers.now();
    if (source.bannedUntilMs > nowMs || (source.udpBannedUntilMs > nowMs && !flow.reliable)) {
      flow.close?.('the source is banned');
      return false;
    }
    if (this.#perMs === 0) return true;
    const tokens = Math.min(source.tokens + (nowMs - source.filledMs) * this.#perMs, this.#burst);
    source.filledMs = nowMs;
    if (tokens >= 1) {
      source.tokens = tokens - 1;
      return true;
    }
    source.tokens = tokens;
    this.#tooMany(source, nowMs);
    return false;
  }

  /** Whether a new connection from this host is taken. */
  admitsConnection(host: string): boolean {
    return this.#bans.size === 0 || this.#sources.of(host).bannedUntilMs <= this.#timers.now();
  }

  /** Whether that User-Agent is a scanner's, which is given no answer. */
  isScanner(userAgent: string | undefined): boolean {
    return this.#scanners.has(userAgent);
  }

  /** Its sender proved to know a password. */
  vouched(flow: Flow): void {
    this.#sources.of(flow.remote.host).provenUntilMs = this.#timers.now() + PROVEN_FOR_MS;
  }

  /** Counts a failure of a source, and bans it if that was one too many. */
  offended(flow: Flow, offence: Offence): void {
    const limit = this.#settings.failuresBeforeBan;
    const source = this.#sources.of(flow.remote.host);
    if (limit === 0 || source.trusted) return;
    // Over UDP a source address is a claim. Only who answers our challenge, which is good for one source alone, has received it.
    const isProven = flow.reliable || offence === 'wrong credentials';
    const nowMs = this.#timers.now();
    const count = isProven ? countProven(source, nowMs) : countDoubtful(source, nowMs);
    if (count >= limit || (offence === 'scanner' && isProven)) this.#judge(source, flow, offence, !isProven);
  }

  /** Forgets its timer. */
  stop(): void {
    this.#bans.stop();
  }

  #newSource(name: string, host: string): Source {
    const ban = this.#bans.of(name);
    return {
      name,
      trusted: this.#trusted.has(host),
      tokens: this.#burst,
      filledMs: this.#timers.now(),
      failures: 0,
      failuresSinceMs: NEVER,
      doubtful: 0,
      doubtfulSinceMs: NEVER,
      bannedUntilMs: ban === undefined || ban.udpOnly ? NEVER : ban.untilMs,
      udpBannedUntilMs: ban?.udpOnly ? ban.untilMs : NEVER,
      provenUntilMs: NEVER,
      dropped: 0,
      toldMs: NEVER,
    };
  }

  #tooMany(source: Source, nowMs: number): void {
    source.dropped++;
    if (nowMs - source.toldMs < TELL_EVERY_MS) return;
    const { requestsPerSecondPerSource: perSecond } = this.#settings;
    this.#log.warn({ source: source.name, perSecond, dropped: source.dropped }, 'source over the rate limit');
    source.toldMs = nowMs;
    source.dropped = 0;
  }

  #judge(source: Source, flow: Flow, why: Offence, udpOnly: boolean): void {
    const nowMs = this.#timers.now();
    if (nowMs < this.#nextScanMs) return;
    source.failures = 0;
    source.doubtful = 0;
    if (this.#isInStanding(source, nowMs)) {
      // Its neighbours behind the same address are not locked out with it.
      flow.close?.('too many failures');
      if (nowMs - source.toldMs >= TELL_EVERY_MS)
        this.#log.warn({ source: source.name, why }, 'source not banned, it has phones or calls');
      source.toldMs = nowMs;
      return;
    }
    const { untilMs } = this.#bans.add(source.name, udpOnly);
    if (udpOnly) source.udpBannedUntilMs = untilMs;
    else source.bannedUntilMs = untilMs;
    const transport = udpOnly ? 'udp' : 'all';
    this.#log.warn({ source: source.name, why, seconds: this.#settings.banMs / 1000, transport }, 'source banned');
    if (!udpOnly) flow.close?.('the source is banned');
  }

  #isInStanding({ name, provenUntilMs }: Source, nowMs: number): boolean {
    if (provenUntilMs > nowMs) return true;
    this.#nextScanMs = nowMs + this.#standing.size / ENTRIES_A_MS;
    return this.#standing.has((host) => sourceOf(host) === name);
  }

  #lifted({ source: name }: Ban): void {
    const source = this.#sources.known(name);
    if (source !== undefined) source.bannedUntilMs = source.udpBannedUntilMs = NEVER;
    this.#log.info({ source: name }, 'source let in again');
  }
}

function countProven(source: Source, nowMs: number): number {
  if (nowMs - source.failuresSinceMs >= WINDOW_MS) {
    source.failures = 0;
    source.failuresSinceMs = nowMs;
  }
  return ++source.failures;
}

function countDoubtful(source: Source, nowMs: number): number {
  if (nowMs - source.doubtfulSinceMs >= WINDOW_MS) {
    source.doubtful = 0;
    source.doubtfulSinceMs = nowMs;
  }
  return ++source.doubtful;
}
