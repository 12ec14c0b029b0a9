import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { PageBrowser } from './support/page-browser.ts';
import { CHROMIUM, describeWith } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { RealPhones } from './support/real-phones.ts';
import { Service } from './support/service.ts';

/** A call that goes on while somebody looks at it: one story, told in order. */
describeWith(CHROMIUM, 'a call that goes on, in Chromium', () => {
  let service: Service;
  let browser: PageBrowser;
  let phones: RealPhones;
  let page: Page;
  let url = '';
  let [alice, bob]: (Phone | undefined)[] = [];

  beforeAll(async () => {
    const listen = `http:127.0.0.1:${await freePort()}`;
    [service, browser] = await Promise.all([Service.start(2, { admin: { listen } }), PageBrowser.open()]);
    phones = new RealPhones(service);
    alice = await phones.phone(service.user(), { displayName: 'Alice' });
    bob = await phones.phone(service.user(), { onInvite: { ringAfterMs: 10 } });
    url = listen.replace('http:', 'http://');
  }, 60_000);
  afterAll(async () => {
    phones?.close();
    await browser?.close();
    await service?.stop();
  });

  const chart = async (): Promise<string | null> =>
    page.getByRole('img', { name: /^Chart of call, now in/ }).getAttribute('aria-label');
  const badge = (text: string): Promise<void> => page.locator('.call-head .badge').getByText(text, { exact: true }).waitFor();

  it('is shown as it rings, and says why what was ordered is refused', async () => {
    alice?.call(bob?.user ?? '');
    await expect.poll(() => bob?.sent(180).length, { timeout: 10_000 }).toBe(1);
    page = await browser.look(`${url}/#/calls/call:1?view=charts`);
    await badge('Ringing');
    await page.getByPlaceholder('carol').fill('nobody-of-ours');
    await page.getByRole('button', { name: 'Pick up by' }).click();
    const said = page.locator('.orders').getByRole('status');
    await expect.poll(() => said.textContent(), { timeout: 10_000 }).toMatch(/nobody-of-ours/);
  });

  it('is followed from state to state', async () => {
    await expect.poll(chart).toMatch(/now in ringing\.trying$/);
    bob?.incoming?.answer();
    await badge('Talking');
    await expect.poll(chart).toMatch(/now in talking\.connected$/);
  });

  it('stays at the moment that was chosen, until its viewer comes back', async () => {
    await page.keyboard.press('Home');
    await expect.poll(chart).toMatch(/now in ringing\.offering$/);
    await page.getByRole('button', { name: 'Hang up' }).click();
    expect(bob?.incoming?.state).toBe('answered');
    await page.getByRole('button', { name: 'Hang up: sure?' }).click();
    await badge('Answered');
    expect(await chart()).toMatch(/now in ringing\.offering$/);
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await expect.poll(chart).toMatch(/now in ended$/);
    await expect.poll(() => bob?.incoming?.end ?? bob?.calls[0]?.end).toBe('hungUp');
    expect(await page.locator('.story li').last().textContent()).toMatch(/operator/i);
    expect(await page.getByRole('button', { name: 'Hang up' }).count()).toBe(0);
    expect(browser.complaints).toEqual([]);
  });
});
