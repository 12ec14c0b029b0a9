/** A peer on a real socket of the loopback that says any bytes; what it hears is cut into messages by nothing of ours. */
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const LIMIT_MS = 8_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export class SocketPeer {
  /** Whole messages as latin1, in order. */
  readonly heard: string[] = [];
  readonly local: Address;
  /** Whether the other side closed the connection. */
  isClosed = false;
  readonly #write: (bytes: Buffer) => Promise<void>;
  readonly #end: () => void;
  readonly #watchers = new Set<() => void>();
  #unread = '';

  private constructor(local: Address, write: (bytes: Buffer) => Promise<void>, end: () => void) {
    this.local = local;
    this.#write = write;
    this.#end = end;
  }

  static async udp(service: Address): Promise<SocketPeer> {
    const socket: Datagrams = createSocket(service.host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, service.host);
    await once(socket, 'listening');
    const write = (bytes: Buffer) =>
      new Promise<void>((resolve) => socket.send(bytes, service.port, service.host, () => resolve()));
    const peer = new SocketPeer({ host: service.host, port: socket.address().port }, write, () => socket.close());
    socket.on('message', (bytes) => peer.#hear(bytes.toString('latin1')));
    return peer;
  }

  static async tcp(service: Address): Promise<SocketPeer> {
    const socket: Socket = connect(service.port, service.host);
    // Each write shall be a segment of its own.
    socket.setNoDelay(true);
    await once(socket, 'connect');
    const write = (bytes: Buffer) => new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    const peer = new SocketPeer({ host: service.host, port: socket.localPort ?? 0 }, write, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (bytes) => peer.#read(bytes.toString('latin1')));
    socket.on('close', () => {
      peer.isClosed = true;
      peer.#tell();
    });
    return peer;
  }

  /** Sends these pieces, each in a datagram or segment of its own. */
  async send(...pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) await this.#write(Buffer.from(piece, 'latin1'));
  }

  /** The `nth` message heard that starts like that. */
  hears(start: string, nth = 1): Promise<string> {
    const found = () => this.heard.filter((message) => message.startsWith(start))[nth - 1];
    return this.#until(found, () => `${nth} of ${start}; it heard:\n${this.heard.join('\n---\n')}`);
  }

  /** Resolves once the other side has closed the connection. */
  async closes(): Promise<void> {
    await this.#until(
      () => this.isClosed || undefined,
      () => 'its connection closed',
    );
  }

  end(): void {
    this.#end();
  }

  #until<T>(found: () => T | undefined, wanted: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(limit);
        this.#watchers.delete(watch);
      };
      const watch = () => {
        const value = found();
        if (value === undefined) return;
        settle();
        resolve(value);
      };
      const limit = setTimeout(() => {
        settle();
        reject(new Error(`peer ${this.local.port} did not hear ${wanted()}`));
      }, LIMIT_MS);
      this.#watchers.add(watch);
      watch();
    });
  }

  #read(chunk: string): void {
    this.#unread += chunk;
    for (;;) {
      this.#unread = this.#unread.replace(/^(\r\n)+/, '');
      const end = this.#unread.indexOf('\r\n\r\n') + 4;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#unread)?.[1] ?? Number.NaN);
      if (end < 4 || !(this.#unread.length >= end + length)) return;
      this.#hear(this.#unread.slice(0, end + length));
      this.#unread = this.#unread.slice(end + length);
    }
  }

  #hear(message: string): void {
    this.heard.push(message);
    this.#tell();
  }

  #tell(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}

/** All lines of a header in a message, in any spelling of its name. */
export const valuesOf = (message: string, ...names: readonly string[]): string[] =>
  (message.split('\r\n\r\n')[0] ?? '')
    .split('\r\n')
    .filter((line) => names.some((name) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)))
    .map((line) => line.slice(line.indexOf(':') + 1).trim());

export const bodyOf = (message: string): string => message.slice(message.indexOf('\r\n\r\n') + 4);
