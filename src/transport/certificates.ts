/** The certificates and keys of TLS listeners, as files that may change while the service runs. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import { isProblem, type Problem, problem } from '../errors.ts';
import type { Timer, TimerQueue } from '../timers.ts';

/** One certificate with its key: PEM files. */
export interface CertificateFiles {
  /** The chain, our own certificate first. */
  readonly certificate: string;
  readonly key: string;
}

/** The `tls` section of the configuration. */
export interface TlsSettings extends CertificateFiles {
  /** Others, for clients that ask for that server name; lower-case. */
  readonly names: ReadonlyMap<string, CertificateFiles>;
  readonly clientCertificates: 'none' | 'ask' | 'require';
  /** Certificates of authorities that peers are believed by, beside the system's for servers. */
  readonly ca: string | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Whether servers we connect to have to show a certificate of their name (RFC 5922 §7.3). */
  readonly verifyServers: boolean;
}

/** Where the certificates report to, and what they are timed by. */
export interface CertificateSurroundings {
  readonly timers: TimerQueue;
  /** One line for the operator: what is wrong or what was done. */
  readonly report: (line: string, level: 'info' | 'warn') => void;
}

const LOOK_EVERY_MS = 30_000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_WARNINGS = 100;

interface Loaded {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly byName: ReadonlyMap<string, SecureContext>;
  readonly client: SecureContext;
  /** When and how large the files were, so that a change is seen. */
  readonly stamp: string;
}

/** All certificates, read anew when their files change. */
export class Certificates {
  readonly settings: TlsSettings;
  readonly #surroundings: CertificateSurroundings;
  readonly #watchers = new Set<() => void>();
  #loaded: Loaded;
  #failedStamp = '';
  #timer: Timer | undefined;

  private constructor(settings: TlsSettings, surroundings: CertificateSurroundings, loaded: Loaded) {
    this.settings = settings;
    this.#surroundings = surroundings;
    this.#loaded = loaded;
    this.#lookLater();
  }

  /** Reads all files, or says which one is unfit and what to do about it. */
  static read(settings: TlsSettings, surroundings: CertificateSurroundings): Certificates | Problem {
    const loaded = load(settings, surroundings);
    return isProblem(loaded) ? loaded : new Certificates(settings, surroundings, loaded);
  }

  /** For tls.Server: what clients get that ask for no name. */
  contextOptions(): SecureContextOptions {
    return this.#loaded.options;
  }

  /** What a client gets that asks for that name: the name's own certificate, else the first. */
  contextFor(serverName: string): SecureContext {
    return this.#loaded.byName.get(serverName.toLowerCase()) ?? this.#loaded.context;
  }

  /** For connections that we open: our own certificate in case we are asked for one, and whom we believe. */
  clientContext(): SecureContext {
    return this.#loaded.client;
  }

  /** Calls back when other certificates were read; the answer ends that. */
  onChange(act: () => void): () => void {
    this.#watchers.add(act);
    return () => void this.#watchers.delete(act);
  }

  /** Looks at the files now. What cannot be used is told once, and the certificates in use stay. */
  reload(): void {
    const stamp = stampOf(this.settings);
    if (stamp === this.#loaded.stamp || stamp === this.#failedStamp) return;
    const loaded = load(this.settings, this.#surroundings);
    if (isProblem(loaded)) {
      this.#failedStamp = stamp;
      this.#surroundings.report(`${loaded.problem}; the certificates in use stay`, 'warn');
      return;
    }
    this.#failedStamp = '';
    this.#loaded = loaded;
    this.#surroundings.report('certificates were read anew', 'info');
    for (const act of this.#watchers) act();
  }

  close(): void {
    this.#surroundings.timers.clear(this.#timer);
    this.#watchers.clear();
  }

  /** By looking rather than by being told: a symbolic link that is moved, as certbot does, tells nobody. */
  #lookLater(): void {
    this.#timer = this.#surroundings.timers.set(LOOK_EVERY_MS, () => {
      this.reload();
      this.#lookLater();
    });
  }
}

const filesOf = ({ certificate, key, ca, names }: TlsSettings): string[] => [
  ...[certificate, key, ...(ca === undefined ? [] : [ca])],
  ...[...names.values()].flatMap((one) => [one.certificate, one.key]),
];

function stampOf(settings: TlsSettings): string {
  return filesOf(settings)
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? '-' : `${found.mtimeMs}/${found.size}/${found.ino}`;
    })
    .join(' ');
}

function load(settings: TlsSettings, { timers, report }: CertificateSurroundings): Loaded | Problem {
  const stamp = stampOf(settings);
  const warnings: string[] = [];
  const ca = settings.ca === undefined ? undefined : readPem(settings.ca, 'tls.ca', 'certificate');
  if (ca !== undefined && isProblem(ca)) return ca;
  const first = readPair(settings, 'tls', timers.now(), warnings);
  if (isProblem(first)) return first;
  const common = { minVersion: settings.minVersion } as const;
  const asServer = ca === undefined ? common : { ...common, ca: ca.pem };
  const byName = new Map<string, SecureContext>();
  for (const [name, files] of settings.names) {
    const pair = readPair(files, `tls.names.${name}`, timers.now(), warnings);
    if (isProblem(pair)) return pair;
    byName.set(name, createSecureContext({ ...asServer, ...pair }));
  }
  for (const line of warnings.slice(0, MAX_WARNINGS)) report(line, 'warn');
  const believed = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca.pem] };
  const options = { ...asServer, ...first };
  return {
    stamp,
    options,
    context: createSecureContext(options),
    byName,
    client: createSecureContext({ ...common, ...first, ...believed }),
  };
}

/** Reads a certificate and its key, and sees to it that they belong together. */
function readPair(
  files: CertificateFiles,
  under: string,
  nowMs: number,
  warnings: string[],
): { cert: string; key: string } | Problem {
  const certificate = readPem(files.certificate, `${under}.certificate`, 'certificate');
  if (isProblem(certificate)) return certificate;
  const key = readPem(files.key, `${under}.key`, 'key');
  if (isProblem(key)) return key;
  if (!certificate.x509.checkPrivateKey(key.privateKey)) {
    return problem(
      `${under}.key: ${files.key} is not the key of ${files.certificate}; name the key that the certificate was made for`,
    );
  }
  const validity = flawOfValidity(certificate.x509, nowMs);
  if (validity !== undefined)
    warnings.push(`${under}.certificate: ${files.certificate} ${validity}; clients will refuse it, renew it`);
  return { cert: certificate.pem, key: key.pem };
}

function flawOfValidity({ validFromDate, validToDate }: X509Certificate, nowMs: number): string | undefined {
  if (validToDate.getTime() < nowMs) return `expired on ${validToDate.toISOString().slice(0, 10)}`;
  return validFromDate.getTime() > nowMs ? `is not valid before ${validFromDate.toISOString().slice(0, 10)}` : undefined;
}

function readPem(path: string, key: string, kind: 'certificate'): { pem: string; x509: X509Certificate } | Problem;
function readPem(path: string, key: string, kind: 'key'): { pem: string; privateKey: KeyObject } | Problem;
function readPem(path: string, key: string, kind: 'certificate' | 'key'): object {
  let pem: string;
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return problem(`${key}: ${path} is larger than 1 MB; name a PEM file`);
    pem = readFileSync(path, 'latin1');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return problem(`${key}: ${path} cannot be read (${why}); name a PEM file that this user may read`);
  }
  try {
    return kind === 'key' ? { pem, privateKey: createPrivateKey(pem) } : { pem, x509: new X509Certificate(pem) };
  } catch {
    // Nothing of what OpenSSL says: it may quote the file.
    const what = kind === 'key' ? 'private key without a passphrase' : 'certificate';
    return problem(`${key}: ${path} holds no ${what} in PEM form; it begins with -----BEGIN …`);
  }
}
