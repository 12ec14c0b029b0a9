/** The config as the service uses it: checked, in its own units, presets filled in. */

import type { InCallSettings } from '../../machines/vocabulary/ivr.ts';
import type { AdminConfig } from './admin.ts';
import type { InspectorConfig } from './inspector.ts';
import type { IvrConfig } from './ivr.ts';
import type { MediaConfig } from './media.ts';
import type { Network } from './network.ts';
import type { PickupConfig } from './pickup.ts';
import type { NumberRule, TrunkConfig, UserRouting } from './routing.ts';

/** One address the service listens on; port 0 lets the system choose. */
export interface ListenAddress {
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  /** What peers are told instead; lower-case, without a port the one that is bound. */
  readonly advertise?: { readonly host: string; readonly port: number | undefined } | undefined;
  /** IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A certificate with its key: absolute paths of PEM files. */
export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

/** How TLS is spoken. */
export interface TlsConfig extends CertificatePaths {
  /** By the server name that clients ask for, lower-case. */
  readonly names: ReadonlyMap<string, CertificatePaths>;
  readonly clientCertificates: 'none' | 'ask' | 'require';
  readonly ca: string | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly verifyServers: boolean;
}

/** What a device is woken by (RFC 8599 §8.2). */
export interface PushAddress {
  readonly provider: string;
  readonly prid: string;
  readonly param: string | undefined;
}

/** A local user. */
export interface UserConfig {
  readonly name: string;
  /** Empty: no phone registers with that name, and nobody calls as it. */
  readonly password: string;
  readonly displayName: string | undefined;
  /** Set if this user is woken even with no binding at all. */
  readonly wakeable: PushAddress | undefined;
  /** Left out: reached by name alone, and not allowed outside. */
  readonly routing?: UserRouting;
}

/** How pushes of one pn-provider leave. */
export type ProviderConfig =
  | { readonly sender: 'log' }
  | {
      readonly sender: 'http';
      readonly url: string;
      /** Limit of one try. */
      readonly timeoutMs: number;
      readonly retries: number;
      readonly headers: Readonly<Record<string, string>>;
    };

/** A system that scenarios may ask by HTTP. */
export interface HttpTargetConfig {
  readonly url: string;
  /** Of every request; they hold what scenarios must not know. */
  readonly headers: Readonly<Record<string, string>>;
  /** From a scenario's command to the end of the answer. */
  readonly timeoutMs: number;
  /** Requests under way at once. */
  readonly maxOpen: number;
  /** A longer answer fails. */
  readonly maxBodyBytes: number;
}
export interface HttpConfig {
  /** By the name that scenarios use. */
  readonly targets: ReadonlyMap<string, HttpTargetConfig>;
  /** Requests under way at once, to all targets together. */
  readonly maxOpen: number;
}

/** A place in the config, as an error line names it: `callweave.yaml:3` and `scenarios[0]`. */
export interface Place {
  readonly place: string;
  readonly key: string;
}

/** One entry of `scenarios`: what is loaded, and how it is run. */
export interface ScenarioEntry {
  /** As written: a path, or the name of a built-in example. */
  readonly use: string;
  /** Absolute; undefined for a built-in example. */
  readonly path: string | undefined;
  /** Cases that may live at once. */
  readonly maxCases: number;
  /** undefined: the config says nothing of them. */
  readonly settings: unknown;
  readonly at: Place;
  readonly settingsAt: Place;
}

/** Everything that can be set, checked and with presets filled in. */
export interface Config {
  /** The file it came from; `undefined` for the embedded presets. */
  readonly file: string | undefined;
  /** True with the embedded demo users, which exist only where no config file is given. */
  readonly demo: boolean;
  readonly listen: readonly ListenAddress[];
  /** Set if anything is spoken over TLS. */
  readonly tls: TlsConfig | undefined;
  readonly websocket: {
    /** The one path that is served; all where none is set. */
    readonly path: string | undefined;
    /** Pages that may connect, lower-case, `*` for all; those of our own hosts where none are set. */
    readonly origins: readonly string[] | undefined;
  };
  /** Empty: every listener's address counts as the one default domain. Lower-case. */
  readonly domains: readonly string[];
  readonly realm: string;
  readonly auth: 'digest' | 'none';
  readonly digest: { readonly algorithm: 'MD5' | 'SHA-256' | 'SHA-512-256'; readonly nonceMs: number };
  readonly users: ReadonlyMap<string, UserConfig>;
  readonly trunks: ReadonlyMap<string, TrunkConfig>;
  /** In order: the first that stands for a number counts. */
  readonly numbers: readonly NumberRule[];
  /** Star codes, longest first: what begins with one is for scenarios alone. */
  readonly codes: readonly string[];
  /** Who may take whose calls; undefined: nobody, and the codes are numbers as others. */
  readonly pickup: PickupConfig | undefined;
  /** Beside the service's own, in the order of the config. */
  readonly scenarios: readonly ScenarioEntry[];
  readonly registrar: {
    readonly minExpiresMs: number;
    readonly maxExpiresMs: number;
    readonly defaultExpiresMs: number;
    readonly maxContacts: number;
  };
  readonly calls: {
    readonly ringLimitMs: number;
    /** A contact that said nothing at all for this long no longer delays the outcome. */
    readonly silentAfterMs: number;
    readonly maxForks: number;
    readonly earlyDialogs: 'forked' | 'single';
    /** Whether a 603 ends the call at once (RFC 3261 §21.6.2) or only that fork. */
    readonly declineEndsCall: boolean;
    /** Session timer where nobody asked for one (RFC 4028 §8.1); 0: none. */
    readonly sessionExpiresSeconds: number;
    /** Smaller ones get 422. */
    readonly minSessionExpiresSeconds: number;
    /** How often a party without session timer is asked whether it is there; 0: never. */
    readonly aliveCheckMs: number;
    /** Whether a REFER is carried out here or passed to the other phone. */
    readonly transfer: 'local' | 'relay';
    readonly maxCalls: number;
  };
  readonly push: {
    readonly wakeLimitMs: number;
    readonly awakeForMs: number;
    /** What the caller is told while a device wakes. */
    readonly progress: 'none' | 182 | 180;
    /** By pn-provider, lower-case. */
    readonly providers: ReadonlyMap<string, ProviderConfig>;
  };
  readonly http: HttpConfig;
  readonly media: MediaConfig;
  /** undefined: there are no menus. */
  readonly ivr: IvrConfig | undefined;
  /** undefined: nobody may press anything in a call. */
  readonly inCallCodes: InCallSettings | undefined;
  readonly dns: {
    /** Addresses of name servers, with or without port; empty: those of the system. */
    readonly servers: readonly string[];
    /** A question that waits so long has failed. */
    readonly timeoutMs: number;
    /** A server that said nothing for so long is given up for the next one. */
    readonly failoverMs: number;
  };
  readonly nat: {
    /** Each device behind NAT is pinged once in so long; 0: none. */
    readonly pingMs: number;
    /** So many unanswered pings in a row remove a binding; 0: none does. */
    readonly removeAfterMissed: number;
  };
  /** Absolute path of the SQLite file, or `:memory:`. */
  readonly store: { readonly path: string };
  /** How long running calls may go on once the service shall stop. */
  readonly drain: { readonly limitMs: number };
  /** Absolute path of the file of call records; undefined: none are kept. */
  readonly records: { readonly path: string | undefined };
  readonly journal: {
    /** Absolute path of the file of journals; undefined: none are kept. */
    readonly path: string | undefined;
    /** `failed`: only those of calls that reached nobody, or in which something crashed. */
    readonly calls: 'all' | 'failed';
    /** Only those of calls between whom one of these is; none: everybody's. */
    readonly users: readonly string[];
    readonly maxBytes: number;
  };
  readonly trace: {
    /** Absolute path of the capture file; undefined: no trace. */
    readonly path: string | undefined;
    /** User parts; none: all messages. */
    readonly users: readonly string[];
    readonly callIds: readonly string[];
    readonly maxBytes: number;
    readonly atStart: boolean;
  };
  /** Where messages are sent to as HEPv3. */
  readonly hep:
    | {
        readonly collector: { readonly host: string; readonly port: number };
        readonly captureId: number;
        readonly password: string;
      }
    | undefined;
  /** The door for operators; undefined: off. */
  readonly admin: AdminConfig | undefined;
  /** The official inspector; undefined: off. */
  readonly inspector: InspectorConfig | undefined;
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
    readonly format: 'auto' | 'pretty' | 'json';
  };
  readonly limits: {
    readonly tcpConnections: number;
    readonly tcpConnectionsPerSource: number;
    readonly transactions: number;
    /** Event loop lag above which new calls get 503. */
    readonly overloadLagMs: number;
    /** Messages of any kind; 0: no limit. */
    readonly requestsPerSecondPerSource: number;
    /** Never limited, never banned. */
    readonly trusted: readonly Network[];
    /** Failures within a minute; 0: nobody is banned. */
    readonly failuresBeforeBan: number;
    readonly banMs: number;
    /** What stands in the User-Agent of scanners. */
    readonly scanners: readonly string[];
  };
}
