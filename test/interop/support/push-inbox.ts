import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';

/** One message of the service's HTTP push sender. */
export type Push = Readonly<Record<string, unknown>>;

const WAIT_MS = 15_000;

/** The push service of the tests: takes every POST and gives it to who waits for that device. */
export class PushInbox {
  readonly url: string;
  readonly #server: Server;
  readonly #received: Push[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/push`;
  }

  static async open(): Promise<PushInbox> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const inbox = new PushInbox(server, typeof address === 'object' && address !== null ? address.port : 0);
    server.on('request', (request, response) => {
      void bodyOf(request).then((body) => {
        response.writeHead(200).end();
        inbox.#take(body);
      });
    });
    return inbox;
  }

  get all(): readonly Push[] {
    return this.#received;
  }

  /** All pushes to the device so far, in order. */
  of(prid: string): Push[] {
    return this.#received.filter((push) => push.prid === prid);
  }

  /** The `nth` push to the device, as soon as it is there. */
  next(prid: string, nth = 1): Promise<Push> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(limit);
        this.#watchers.delete(watch);
      };
      const watch = () => {
        const push = this.of(prid)[nth - 1];
        if (push === undefined) return;
        settle();
        resolve(push);
      };
      const limit = setTimeout(() => {
        settle();
        reject(new Error(`push ${nth} to ${prid} did not come; there were ${JSON.stringify(this.#received)}`));
      }, WAIT_MS);
      this.#watchers.add(watch);
      watch();
    });
  }

  /** Calls back on each push. */
  onPush(take: (push: Push) => void): void {
    let seen = 0;
    this.#watchers.add(() => {
      for (const push of this.#received.slice(seen)) take(push);
      seen = this.#received.length;
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(body: string): void {
    const push: unknown = JSON.parse(body);
    if (typeof push !== 'object' || push === null) throw new Error(`not a push: ${body}`);
    this.#received.push(push as Push);
    for (const watch of [...this.#watchers]) watch();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}
