import { isIP, type TcpNetConnectOpts } from 'node:net';
import { connect, createServer, type PeerCertificate, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.ts';
import type { Entered } from './door.ts';
import { plainHost } from './endpoint.ts';
import { speaksFor } from './server-identity.ts';

/** TLS over the connections of one listener: the certificates are those that were read last. */
export class TlsSide {
  readonly #certificates: Certificates;
  #server: Server | undefined;
  #forget: () => void = () => {};

  constructor(certificates: Certificates) {
    this.#certificates = certificates;
  }

  /** Takes accepted connections through the handshake; `secured` gets those that passed it. */
  acceptor(handshakeMs: number, secured: Entered): Entered {
    const certificates = this.#certificates;
    const { clientCertificates } = certificates.settings;
    const server = createServer({
      ...certificates.contextOptions(),
      handshakeTimeout: handshakeMs,
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'require',
      // RFC 6066 §3: an unknown name gets the first certificate, and the client decides.
      SNICallback: (name, found: (error: Error | null, context?: SecureContext) => void) =>
        found(null, certificates.contextFor(name)),
    });
    server.on('secureConnection', (socket) => {
      const { remoteAddress, remotePort } = socket;
      // Gone again already.
      if (remoteAddress === undefined || remotePort === undefined) socket.destroy();
      else secured(socket, { host: plainHost(remoteAddress), port: remotePort });
    });
    // Scanners, plain text, no common version or cipher: the connection is closed, and that is all.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#forget = certificates.onChange(() => server.setSecureContext(certificates.contextOptions()));
    this.#server = server;
    return (socket) => void server.emit('connection', socket);
  }

  /** Opens a connection whose peer has to show a certificate of that name, or of that address where no name was looked up. */
  connect(how: TcpNetConnectOpts, serverName: string | undefined): TLSSocket {
    const { verifyServers } = this.#certificates.settings;
    const name = serverName ?? how.host ?? '';
    return connect({
      ...how,
      secureContext: this.#certificates.clientContext(),
      // RFC 6066 §3: an address is no server name.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: verifyServers,
      checkServerIdentity: (_host: string, certificate: PeerCertificate) => flawOf(certificate, name),
    });
  }

  close(): void {
    this.#forget();
    this.#server?.close();
  }
}

/** RFC 5922 §7.3: the certificate has to speak for the domain that was asked for. */
const flawOf = (certificate: PeerCertificate, name: string): Error | undefined =>
  speaksFor(certificate, name) ? undefined : new Error(`its certificate is not that of ${name}`);
