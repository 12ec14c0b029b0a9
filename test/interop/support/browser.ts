import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Browser as Chromium, chromium, type Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import type { User } from './service.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 30_000;
const PAGE = fileURLToPath(new URL('../browser/page.js', import.meta.url));
const ARGUMENTS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // The certificate of the tests is nobody's; what a browser checks of it is not asked here.
  '--ignore-certificate-errors',
  '--allow-loopback-in-peer-connection',
  // What it hears is analysed though nobody clicked.
  '--autoplay-policy=no-user-gesture-required',
  '--disable-dev-shm-usage',
];

/** How a page registers. */
export interface PageOptions {
  readonly user: User;
  readonly server: string;
  /** Makes the same device of several pages, which can be woken: its Contact and +sip.instance. */
  readonly device?: { readonly contact: string; readonly instance: string };
  readonly answers?: boolean;
}

/** What page.js offers. */
interface PagePhone {
  readonly events: string[];
  start(options: object): void;
  call(target: string): void;
  hangUp(): void;
  press(keys: string): void;
  packetsReceived(): Promise<number>;
  loudestHertz(): number;
}

/** Debian's Chromium without a window, and the one page that it opens, over HTTP as browsers ask for a microphone. */
export class Browser {
  readonly #chromium: Chromium;
  readonly #server: Server;
  readonly #origin: string;

  private constructor(running: Chromium, server: Server, port: number) {
    this.#chromium = running;
    this.#server = server;
    this.#origin = `http://${HOST}:${port}`;
  }

  static async open(): Promise<Browser> {
    const script = await bundled();
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<!doctype html><title>phone</title><script type="module">${script}</script>`);
    }).listen(0, HOST);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const running = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS, timeout: LIMIT_MS });
    return new Browser(running, server, port);
  }

  /** Opens a page, which connects and registers. */
  async page(options: PageOptions): Promise<BrowserPhone> {
    const page = await this.#chromium.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    await page.goto(this.#origin);
    const { user, server, device, answers = false } = options;
    const uri = `sip:${user.name}@${HOST}`;
    const phone = new BrowserPhone(user, page, said);
    await phone.act('start', { uri, password: user.password, server, answers, ...device });
    return phone;
  }

  async close(): Promise<void> {
    await this.#chromium.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** One page that is a phone. */
export class BrowserPhone {
  readonly user: User;
  readonly #page: Page;
  readonly #said: readonly string[];

  constructor(user: User, page: Page, said: readonly string[]) {
    this.user = user;
    this.#page = page;
    this.#said = said;
  }

  act(what: 'start' | 'call' | 'hangUp' | 'press', value: unknown = undefined): Promise<void> {
    return this.#page.evaluate(
      ([name, argument]) => {
        const { phone } = globalThis as unknown as { phone: Record<string, (value: unknown) => void> };
        phone[name as string]?.(argument);
      },
      [what, value] as const,
    );
  }

  call({ name }: User): Promise<void> {
    return this.act('call', `sip:${name}@${HOST}`);
  }

  hangUp(): Promise<void> {
    return this.act('hangUp');
  }

  /** By SIP INFO. */
  press(keys: string): Promise<void> {
    return this.act('press', keys);
  }

  events(): Promise<string[]> {
    return this.#page.evaluate(() => (globalThis as unknown as { phone: PagePhone }).phone.events);
  }

  /** Resolves once that happened; a failure tells what happened instead. */
  async hears(event: string): Promise<void> {
    const heard = (wanted: string): boolean =>
      (globalThis as unknown as { phone: PagePhone }).phone.events.some((one) => one === wanted || one.startsWith(`${wanted} `));
    try {
      await this.#page.waitForFunction(heard, event, { timeout: LIMIT_MS, polling: 50 });
    } catch (error) {
      throw new Error(`${this.user.name} did not hear ${event}: ${await this.events()}\n${this.#said.join('\n')}`, {
        cause: error,
      });
    }
  }

  /** Resolves once media comes in. */
  async hearsMedia(): Promise<void> {
    const flows = async (): Promise<boolean> =>
      (await (globalThis as unknown as { phone: PagePhone }).phone.packetsReceived()) > 10;
    await this.#page.waitForFunction(flows, undefined, { timeout: LIMIT_MS, polling: 200 });
  }

  /** Resolves once a tone of that frequency is the loudest of what comes in. */
  async hearsTone(hertz: number): Promise<void> {
    const isHeard = (wanted: number): boolean =>
      Math.abs((globalThis as unknown as { phone: PagePhone }).phone.loudestHertz() - wanted) < 8;
    await this.#page.waitForFunction(isHeard, hertz, { timeout: LIMIT_MS, polling: 100 });
  }

  /** The tab is gone, as when the app sleeps: nothing is unregistered. */
  close(): Promise<void> {
    return this.#page.close();
  }
}

/** JsSIP and page.js as one file. */
async function bundled(): Promise<string> {
  const bundle = await rolldown({ input: PAGE, platform: 'browser', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  // Inside a script element its end tag would end it.
  return output[0].code.replaceAll('</script', '<\\/script');
}
