import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import dnsPacket from 'dns-packet';

/** Answers by `TYPE name`. */
export type Zone = Readonly<Record<string, readonly object[]>>;

/** A name server on loopback over UDP, which answers from a table and knows nothing else. */
export class NameServer {
  readonly port: number;
  /** What was asked. */
  readonly asked: string[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket, zone: Zone) {
    this.port = socket.address().port;
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      const { id, questions = [] } = dnsPacket.decode(bytes);
      const [question] = questions;
      if (question === undefined) return;
      const key = `${question.type} ${question.name.toLowerCase()}`;
      this.asked.push(key);
      const data = zone[key] ?? [];
      const answers = data.map((one) => ({
        type: question.type,
        name: question.name,
        ttl: 60,
        data: 'ip' in one ? one.ip : one,
      }));
      const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE;
      socket.send(dnsPacket.encode({ type: 'response', id, flags, questions, answers } as never), from.port, from.address);
    });
  }

  static async start(zone: Zone): Promise<NameServer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket, zone);
  }

  close(): Promise<void> {
    return new Promise((closed) => this.#socket.close(() => closed()));
  }
}
