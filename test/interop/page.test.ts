import { afterAll, beforeAll, expect, it } from 'vitest';
import { PageServer } from '../support/page-server.ts';
import { PageWorld } from '../support/page-world.ts';
import { PageBrowser } from './support/page-browser.ts';
import { CHROMIUM, describeWith } from './support/peers.ts';

const CALLS = 10_000;
/** Of the browser's thread, milliseconds, over two rounds of asking; ten thousand rows would take seconds. */
const LONGEST_TASK = `new Promise((done) => {
  const found = [0];
  new PerformanceObserver((list) => found.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
  setTimeout(() => done(Math.max(...found)), 2_500);
})`;
const FOCUSED = 'document.activeElement.textContent';
const SIDEWAYS = 'document.documentElement.scrollWidth - innerWidth';
const GROUND = 'getComputedStyle(document.documentElement).backgroundColor';
const KEPT = 'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])';

/** What a real service shows seldom, on made-up answers. */
describeWith(CHROMIUM, 'the live page in Chromium', () => {
  let browser: PageBrowser;
  const servers: PageServer[] = [];
  const served = async (world = new PageWorld()): Promise<PageServer> => {
    const server = await PageServer.open(world);
    servers.push(server);
    return server;
  };
  beforeAll(async () => {
    browser = await PageBrowser.open();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.close();
  });

  it('stays smooth with 10,000 calls: one page of them, searched by the service', async () => {
    const { url } = await served(new PageWorld({ calls: CALLS }));
    const page = await browser.look(url);
    const rows = page.locator('[data-row]');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(50);
    await page.getByText('1 – 50 of 10,000').waitFor();
    const longestTaskMs = await page.evaluate<number>(LONGEST_TASK);
    expect(longestTaskMs).toBeLessThan(400);
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByText('51 – 100 of 10,000').waitFor();
    await page.getByRole('searchbox').fill('call:1234');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.first().textContent()).toContain('heidi');
    expect(new URL(page.url()).hash).toBe('#/?search=call%3A1234');
    await page.getByRole('searchbox').fill('nobody at all');
    await page.getByText('Nothing found for “nobody at all”').waitFor();
    await page.context().close();
  });

  it('is used by keyboard: skip, search, rows, and back', async () => {
    const { url } = await served();
    const page = await browser.look(url);
    await page.locator('[data-row]').first().waitFor();
    await page.keyboard.press('Tab');
    const focused = (): Promise<string> => page.evaluate(FOCUSED);
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.keyboard.press('/');
    await page.keyboard.type('carol');
    await expect.poll(() => page.locator('[data-row]').count()).toBeLessThan(50);
    await page.keyboard.press('ArrowDown');
    const first = await focused();
    expect(first.toLowerCase()).toContain('carol');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).not.toBe(first);
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe(first);
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).hash).toMatch(/^#\/calls\/call:\d+$/);
    await page.goBack();
    await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('carol');
    await page.context().close();
  });

  it('says so while the service is gone, drains or is overrun, and goes on by itself', async () => {
    const { url, world } = await served();
    const page = await browser.look(url);
    await page.locator('[data-row]').first().waitFor();
    world.isGone = true;
    await page.getByText('The service does not answer.').waitFor();
    expect(await page.locator('[data-row]').count()).toBe(50);
    world.isGone = false;
    world.isDraining = true;
    world.refusing = 0.25;
    await page.getByText('no new calls are taken').waitFor();
    await page.getByText('25 % of new calls are refused').waitFor();
    expect(await page.getByText('The service does not answer.').count()).toBe(0);
    await page.context().close();
  });

  it('asks for the token where one is needed, and for nothing before', async () => {
    const { url, world } = await served();
    world.token = 'open sesame, please';
    const page = await browser.look(url);
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the token of the config.').waitFor();
    await page.getByLabel('Token').fill(world.token);
    await page.keyboard.press('Enter');
    await page.locator('[data-row]').first().waitFor();
    expect(await page.evaluate(KEPT)).not.toContain('sesame');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.context().close();
  });

  it('shows a user, and forgets a phone only when asked twice', async () => {
    const { url, world } = await served();
    const page = await browser.look(`${url}#/users/bob`, { isNarrow: true, scheme: 'dark' });
    await page.getByRole('heading', { name: 'bob' }).waitFor();
    await page.getByText('The phone registered after 3.1 s').waitFor();
    expect(await page.evaluate(SIDEWAYS)).toBeLessThanOrEqual(0);
    await page.getByRole('button', { name: 'Remove the binding of Yealink T54W' }).click();
    expect(world.orders).toEqual([]);
    await page.getByRole('button', { name: 'Remove it' }).click();
    await expect.poll(() => world.orders).toHaveLength(1);
    expect(world.orders[0]).toMatch(/^DELETE \/api\/v1\/users\/sip:bob@example\.com\/bindings\/urn:uuid:/);
    await page.context().close();
  });

  it('teaches a newcomer what to do, and keeps the theme that was chosen', async () => {
    const { url } = await served(new PageWorld({ isQuiet: true }));
    const page = await browser.look(url, { isNarrow: true });
    await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
    for (const [tab, title] of [
      ['Registrations', 'No phone is registered'],
      ['Streams', 'No media comes here'],
      ['Cases', 'No supervisor has a case'],
    ] as const) {
      await page.getByRole('link', { name: tab }).click();
      await page.getByRole('heading', { name: title }).waitFor();
    }
    expect(await page.evaluate(SIDEWAYS)).toBeLessThanOrEqual(0);
    const ground = (): Promise<string> => page.evaluate(GROUND);
    const light = await ground();
    await page.getByRole('button', { name: 'Theme: Auto' }).click();
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await page.reload();
    expect(await ground()).toBe(dark);
    await page.context().close();
  });

  it('made the browser complain of nothing, and asked no other host', () => expect(browser.complaints).toEqual([]));
});
