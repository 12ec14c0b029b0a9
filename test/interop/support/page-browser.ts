import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const LIMIT_MS = 20_000;
const BUILD = fileURLToPath(new URL('../../../.ci/page.mjs', import.meta.url));
const WIDE = { width: 1280, height: 860 };
const NARROW = { width: 390, height: 844 };

export interface Look {
  readonly isNarrow?: boolean;
  readonly scheme?: 'light' | 'dark';
}

/** The live page in Debian's Chromium: each page has cookies of its own, and tells what a browser complains of. */
export class PageBrowser {
  /** Errors of scripts, of the content security policy, and requests that left for another origin. */
  readonly complaints: string[] = [];
  readonly #chromium: Browser;

  private constructor(running: Browser) {
    this.#chromium = running;
  }

  /** Builds the page where its sources are newer, and starts the browser. */
  static async open(): Promise<PageBrowser> {
    const built = spawnSync(process.execPath, [BUILD, '--if-needed'], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the page cannot be built: ${built.stderr}`);
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    return new PageBrowser(await chromium.launch({ executablePath: '/usr/bin/chromium', args, timeout: LIMIT_MS }));
  }

  async look(url: string, { isNarrow = false, scheme = 'light' }: Look = {}): Promise<Page> {
    const context = await this.#chromium.newContext({ viewport: isNarrow ? NARROW : WIDE, colorScheme: scheme });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      // A request that failed is said there too; whether it should have is the test's to say.
      const isAnswer = /Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !isAnswer) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) this.complaints.push(`asked ${request.url()}`);
    });
    await page.goto(url);
    return page;
  }

  close(): Promise<void> {
    return this.#chromium.close();
  }
}
