import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PageBrowser } from './support/page-browser.ts';
import { CHROMIUM, describeWith } from './support/peers.ts';

const DEMO = fileURLToPath(new URL('../../src/demo/main.ts', import.meta.url));
const SIDEWAYS = 'document.documentElement.scrollWidth - innerWidth';
/** What the phone that sleeps left with its registration. */
const TOKEN = 'token-of-bobs-mobile';

/** The demo's service and phones, with the page of its calls. */
class Demo {
  url = '';
  readonly #child: ChildProcessWithoutNullStreams;

  constructor() {
    this.#child = spawn(process.execPath, [DEMO, 'push', '--stay=0']);
  }

  async played(): Promise<this> {
    let output = '';
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#child.stdout.on('data', (text) => {
      output += text;
      const said = /looked at, as charts too: (http:\S+)/.exec(output)?.[1];
      if (said !== undefined) resolve(said);
    });
    this.#child.on('close', () => reject(new Error(`the demo failed: ${output}`)));
    this.url = await promise;
    return this;
  }

  close(): void {
    this.#child.kill('SIGINT');
  }
}

describeWith(CHROMIUM, 'a call of the demo in Chromium', () => {
  let browser: PageBrowser;
  let demo: Demo;
  beforeAll(async () => {
    [browser, demo] = await Promise.all([PageBrowser.open(), new Demo().played()]);
  }, 60_000);
  afterAll(async () => {
    demo?.close();
    await browser?.close();
  });

  const story = (page: Page): Promise<string[]> => page.locator('.story li button span:last-child').allTextContents();
  const close = (page: Page): Promise<void> => page.context().close();

  it('says in plain sentences what happened and why it ended so', async () => {
    const page = await browser.look(demo.url);
    await page.locator('[data-row]').first().click();
    await page.getByRole('heading', { name: 'Alice to Bob' }).waitFor();
    const said = await story(page);
    expect(said).toEqual([
      ...['Alice called Bob', "Bob's phone was called", expect.any(String), expect.any(String)],
      ...["Bob's phone was busy (486 Busy Here)", "Bob's mobile registered and was called", "Bob's mobile rang"],
      ...["Bob's mobile answered", expect.stringMatching(/^Alice hung up after 0\.\d s of talk$/)],
    ]);
    expect(said).toContain("Bob's mobile was pushed");
    await close(page);
  });

  it('shows who said what to whom, and opens a message in full text, its secrets masked', async () => {
    const page = await browser.look(`${demo.url}/#/calls/call:1`);
    await page.locator('.rungs').waitFor();
    expect(await page.locator('.ladder-heads strong').allTextContents()).toEqual([
      ...['Alice', 'callweave', 'push service', "Bob's phone", "Bob's mobile"],
    ]);
    const labels = await page.locator('.message > text').allTextContents();
    for (const label of ['INVITE', '182 Queued', 'push: incoming-call', '486 Busy Here', '200 OK', 'ACK', 'BYE'])
      expect(labels).toContain(label);
    await page.getByRole('button', { name: 'INVITE' }).last().focus();
    await page.keyboard.press('Enter');
    const text = await page.locator('.drawer').textContent();
    expect(text).toMatch(/went to Bob's mobile[\s\S]*INVITE sip:bob@[\s\S]*Call-ID: [\s\S]*m=audio/);
    expect(text).toContain('pn-prid=xxxx');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.drawer').count()).toBe(0);
    await expect.poll(() => page.evaluate('document.activeElement.classList.contains("rung")')).toBe(true);
    expect(await page.content()).not.toContain(TOKEN);
    await close(page);
  });

  it('lights charts as they were at the moment that is chosen by key, sentence or step', async () => {
    const page = await browser.look(`${demo.url}/#/calls/call:1?view=charts`);
    const chart = page.getByRole('img', { name: /^Chart of call, now in/ });
    await chart.waitFor();
    const lit = (): Promise<string | null> => chart.getAttribute('aria-label');
    await expect.poll(lit).toBe('Chart of call, now in ended');
    await page.getByRole('button', { name: "Bob's mobile answered" }).click();
    await expect.poll(lit).toMatch(/now in talking\.answered$/);
    await page.keyboard.press('Home');
    await expect.poll(lit).toMatch(/now in ringing\.offering$/);
    await page.keyboard.press('End');
    await page.locator('.way').first().getByRole('button', { name: 'ringing.trying' }).click();
    await expect.poll(lit).toMatch(/now in ringing\.trying$/);
    expect(await page.locator('.map-actor').count()).toBe(await page.locator('.actor').count());
    expect(await page.locator('.actor .chart').count()).toBe(await page.locator('.actor').count());
    await close(page);
  });

  it('draws every machine, and says of a state what it takes', async () => {
    const page = await browser.look(`${demo.url}/#/machines`);
    await page.getByRole('link', { name: 'push-notification' }).waitFor();
    await expect.poll(() => page.locator('.thumb .chart').count(), { timeout: 20_000 }).toBeGreaterThan(5);
    await expect.poll(() => page.locator('.thumb:not(:has(.chart))').count(), { timeout: 20_000 }).toBe(0);
    await page.getByRole('link', { name: 'push-notification' }).click();
    await page.getByRole('button', { name: 'waking' }).click();
    expect(await page.locator('.state-card').textContent()).toContain('isNobodyLeft');
    await close(page);
  });

  it('fits a phone, dark, and complains of nothing', async () => {
    for (const path of ['calls/call:1', 'calls/call:1?view=charts', 'calls/call:1?view=journal', 'machines/leg']) {
      const page = await browser.look(`${demo.url}/#/${path}`, { isNarrow: true, scheme: 'dark' });
      await page.locator('.ladder, .actor .chart, .journal, .machine .chart').first().waitFor();
      expect(await page.evaluate(SIDEWAYS), path).toBeLessThanOrEqual(0);
      await close(page);
    }
    expect(browser.complaints).toEqual([]);
  });
});
