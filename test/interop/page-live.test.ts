import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { PageBrowser } from './support/page-browser.ts';
import { CHROMIUM, describeWith } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { RealPhones } from './support/real-phones.ts';
import { Service, type User } from './support/service.ts';

const TOKEN = 'open-sesame-of-the-operator';
const PRID = 'secret-push-token-of-bob';

/** The page on a real service while real calls run: one story, told in order. */
describeWith(CHROMIUM, 'the live page on a service that runs', () => {
  let service: Service;
  let browser: PageBrowser;
  let phones: RealPhones;
  let page: Page;
  let url = '';
  /** All that the service answered. */
  const answers: string[] = [];
  let [alice, bob]: (Phone | undefined)[] = [];
  let users: User[] = [];

  beforeAll(async () => {
    const listen = `http:127.0.0.1:${await freePort()}`;
    [service, browser] = await Promise.all([Service.start(4, { admin: { listen, token: TOKEN } }), PageBrowser.open()]);
    url = listen.replace('http:', 'http://');
    phones = new RealPhones(service);
    users = [service.user(), service.user(), service.user()];
    page = await browser.look(url);
    page.on('response', (response) => {
      if (response.url().includes('/api/'))
        void response.text().then(
          (text) => answers.push(text),
          () => undefined, // The service or the page went first.
        );
    });
  }, 60_000);
  afterAll(async () => {
    phones?.close();
    await browser?.close();
    await service?.stop();
  });

  const row = (...texts: readonly (string | RegExp)[]) =>
    texts.reduce((found, hasText) => found.filter({ hasText }), page.locator('tbody tr'));

  const logIn = async (token: string): Promise<void> => {
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
  };

  it('asks for the token of the config', async () => {
    await logIn('no-token-of-this-service');
    await page.getByText('This is not the token of the config.').waitFor();
    await logIn(TOKEN);
    await page.getByRole('button', { name: 'Log out' }).waitFor();
  });

  it('shows phones as they come and fall asleep', async () => {
    const [first, second] = users;
    if (first === undefined || second === undefined) throw new Error('no users');
    await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
    await page.getByRole('link', { name: 'Registrations' }).click();
    await row(`${first.name} `, 'Away').first().waitFor();
    alice = await phones.phone(first, { displayName: 'Alice', userAgent: 'Desk 1' });
    bob = await phones.phone(second, { userAgent: 'Pixel/8 (app 2.1)', push: { provider: 'fcm', param: 'interop', prid: PRID } });
    await row(`${first.name} `, '1 awake').waitFor();
    bob.sleep();
    await row(`${second.name} `, /1 (awake|asleep)/)
      .first()
      .waitFor();
  });

  it('shows a call as it rings, is talked and ends, found by its user', async () => {
    if (alice === undefined || bob === undefined) throw new Error('no phones');
    const called = bob;
    await page.getByRole('link', { name: 'Calls' }).click();
    called.onInvite = { ringAfterMs: 10 };
    const woken = service.pushes.next(PRID).then(() => phones.relaunch(called));
    const call = alice.call(called.user);
    await row('Alice', called.user, 'Ringing').waitFor();
    await woken;
    await expect.poll(() => called.sent(180).length, { timeout: 10_000 }).toBe(1);
    called.incoming?.answer();
    await row('Alice', called.user, 'Talking').waitFor();
    await expect.poll(() => page.locator('.tile').first().innerText()).toContain('1 talking');
    call.bye();
    await row('Alice', called.user, 'Answered').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(called.user);
    await expect.poll(() => row('Answered', called.user).count()).toBe(1);
    expect(await row('Answered', called.user).innerText()).toMatch(/hung up/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).hash).toBe('#/calls/call:1');
  });

  it('shows a user: the phone, which it forgets when told to, and the push that woke it', async () => {
    await page.goto(`${url}/#/users/${users[1]?.name}`);
    await page.getByRole('heading', { name: 'Pixel' }).waitFor();
    await page.getByText('Woke it').waitFor();
    await page.getByText(/^The phone registered after/).waitFor();
    await row('Alice', 'Answered').waitFor();
    await page.getByRole('button', { name: 'Remove the binding of Pixel' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByRole('heading', { name: 'No phone is registered' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await logIn(TOKEN);
    await page.getByRole('heading', { name: 'No phone is registered' }).waitFor();
  });

  it('tells that the service drains, and that it is gone', async () => {
    if (alice === undefined || users[2] === undefined) throw new Error('no phones');
    await page.getByRole('link', { name: 'Now' }).click();
    const carol = await phones.phone(users[2], { onInvite: 'answer' });
    const call = alice.call(carol.user);
    await row('Alice', 'Talking').waitFor();
    service.signal('SIGTERM');
    await page.getByText('no new calls are taken, 1 call may still finish').waitFor();
    call.bye();
    await page.getByText('The service does not answer.').waitFor();
  });

  it('was told no secret, and the browser complained of nothing', () => {
    const told = answers.join('\n');
    const found = ['Pixel/8 (app 2.1)', TOKEN, PRID, ...users.map(({ password }) => password)].filter((text) =>
      told.includes(text),
    );
    expect(found).toEqual(['Pixel/8 (app 2.1)']);
    expect(browser.complaints).toEqual([]);
  });
});
