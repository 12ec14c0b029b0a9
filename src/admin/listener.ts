/** The sockets of the door: how long a stranger may take, and how much of our memory one may have. */
import { createServer as createHttp, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContext, SecureContextOptions } from 'node:tls';

/** Certificates that may change while it listens. */
export interface DoorCertificates {
  contextOptions(): SecureContextOptions;
  contextFor(serverName: string): SecureContext;
  /** Calls back when others were read; the answer ends that. */
  onChange(act: () => void): () => void;
}

export interface DoorAddress {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Slow clients hold a socket no longer than this, and big ones no more memory (slowloris). */
export const LIMITS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
  insecureHTTPParser: false,
};
const MAX_CONNECTIONS = 512;
const MAX_HEADERS = 100;

/** A door that listens. */
export interface Listener {
  readonly server: Server;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens; the error's code where it cannot. */
export async function listen(
  { scheme, host, port }: DoorAddress,
  certificates: DoorCertificates | undefined,
  answer: RequestListener,
  limits: ServerOptions = LIMITS,
): Promise<Listener | { readonly code: string }> {
  const tls = scheme === 'https' ? certificates : undefined;
  const server = tls === undefined ? createHttp(limits, answer) : createHttps({ ...limits, ...secure(tls) }, answer);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  const forget = tls?.onChange(() => 'setSecureContext' in server && server.setSecureContext(tls.contextOptions()));
  const failed = await new Promise<Error | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => resolve(undefined));
  });
  if (failed !== undefined) {
    forget?.();
    return { code: 'code' in failed ? String(failed.code) : failed.message };
  }
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close: () => {
      forget?.();
      return new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}

const secure = (tls: DoorCertificates) => ({
  ...tls.contextOptions(),
  SNICallback: (name: string, done: (error: null, context: SecureContext) => void) => done(null, tls.contextFor(name)),
});
