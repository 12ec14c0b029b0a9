import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const HOST = '127.0.0.1';
const ENTRY = 'receiver.js';
const PROGRAM = `import { createBrowserReceiver } from '@statelyai/inspect';
globalThis.told = [];
createBrowserReceiver().subscribe((event) => void globalThis.told.push(event));`;
const here = fileURLToPath(new URL('.', import.meta.url));

/** A page with the official receiver of `@statelyai/inspect`, as the page of Stately has it: `told` is what it heard. */
export class ReceiverPage {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://${HOST}:${(server.address() as AddressInfo).port}/inspect`;
  }

  static async open(): Promise<ReceiverPage> {
    const bundle = await rolldown({
      input: ENTRY,
      platform: 'browser',
      plugins: [
        {
          name: 'entry',
          resolveId: (id) => (id === ENTRY ? `${here}${ENTRY}` : undefined),
          load: (id) => (id === `${here}${ENTRY}` ? PROGRAM : undefined),
        },
      ],
    });
    const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
    await bundle.close();
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<!doctype html><title>receiver</title><p>receiver</p><script type="module">${output[0].code}</script>`);
    }).listen(0, HOST);
    await once(server, 'listening');
    return new ReceiverPage(server);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
