import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CryptoRandom } from '../../src/random.ts';
import { Phone } from '../../src/testing/phone.ts';
import { openSocketWire } from '../../src/testing/socket-wire.ts';
import { PageBrowser } from './support/page-browser.ts';
import { CHROMIUM, describeWith } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { ReceiverPage } from './support/receiver.ts';
import { Service } from './support/service.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 20_000;
const TOKEN = 'a-token-of-sixteen-characters';

type Told = StatelyInspectionEvent & { readonly sourceId?: string; readonly definition?: string };
const actorsIn = (told: readonly Told[]): string[] =>
  told.filter(({ type }) => type === '@xstate.actor').map(({ sessionId }) => sessionId);

describeWith(CHROMIUM, 'the official inspector', () => {
  let receiver: ReceiverPage;
  let browser: PageBrowser;
  const services: Service[] = [];
  const phones: Phone[] = [];

  /** A service whose inspector page is the receiver's, and where its door is. */
  async function served(more: Readonly<Record<string, unknown>> = {}): Promise<{ service: Service; door: string }> {
    const port = await freePort();
    const service = await Service.start(3, {
      admin: { listen: `http:${HOST}:${port}`, ...more },
      inspector: { page: receiver.url },
    });
    services.push(service);
    await service.says(/inspector at http:\/\/127\.0\.0\.1:\d+\/inspect$/m);
    return { service, door: `http://${HOST}:${port}` };
  }
  async function phone(service: Service, answers: boolean): Promise<Phone> {
    const { name, password } = service.user();
    const made = new Phone({
      ...{ wire: await openSocketWire('udp', HOST), random: new CryptoRandom(), user: name, name, password, domain: HOST },
      proxy: { host: HOST, port: service.port },
      ...(answers ? { onInvite: { ringAfterMs: 50, answerAfterMs: 200 } } : {}),
    });
    phones.push(made);
    const registration = made.register();
    await expect.poll(() => registration.status, { timeout: LIMIT_MS }).toBe(200);
    return made;
  }
  /** What the official receiver in the frame has heard. */
  const toldIn = async (page: Page): Promise<readonly Told[]> => {
    const frame = page.frames().find((one) => one.url() === receiver.url);
    return frame === undefined ? [] : await frame.evaluate('globalThis.told ?? []');
  };

  beforeAll(async () => {
    receiver = await ReceiverPage.open();
    browser = await PageBrowser.open();
  });
  afterAll(async () => {
    for (const one of phones) one.vanish();
    await browser?.close();
    receiver?.close();
    for (const service of services) await service.stop();
  });

  it('is told of a call that goes on, and of what it does then, by a page of ours around its own', async () => {
    const { service, door } = await served();
    const [alice, bob] = [await phone(service, false), await phone(service, true)];
    const call = alice.call(bob.user);
    await expect.poll(() => call.state, { timeout: LIMIT_MS }).toBe('answered');
    const page = await browser.look(`${door}/inspect?call=call:1`);
    await expect
      .poll(async () => actorsIn(await toldIn(page)).sort(), { timeout: LIMIT_MS })
      .toEqual(['call:1', 'leg:1/0', 'leg:1/1']);
    const [first] = await toldIn(page);
    expect(first).toMatchObject({ type: '@xstate.actor', sessionId: 'call:1', snapshot: { value: { talking: 'connected' } } });
    expect(JSON.parse(first?.definition ?? '')).toMatchObject({ id: 'call', states: expect.anything() });
    call.bye();
    const ends = async () =>
      (await toldIn(page)).some(
        (one) => one.type === '@xstate.snapshot' && one.sessionId === 'call:1' && one.snapshot.status === 'done',
      );
    await expect.poll(ends, { timeout: LIMIT_MS }).toBe(true);
    const arrows = (await toldIn(page))
      .filter(({ type }) => type === '@xstate.event')
      .map(({ sourceId, sessionId }) => `${sourceId} → ${sessionId}`);
    expect(arrows).toEqual(
      expect.arrayContaining(['port:sip → leg:1/0', 'leg:1/0 → call:1', 'call:1 → leg:1/1', 'leg:1/1 → port:sip']),
    );
    await page.getByText(/connected, \d+ events/).waitFor();
    // Nothing but the inspector's page came from elsewhere, and the policy had nothing to forbid.
    expect(browser.complaints.filter((line) => line !== `asked ${receiver.url}`)).toEqual([]);
    await page.context().close();
  });

  it('goes on after the service was restarted, and shows what then is', async () => {
    const { service, door } = await served();
    const page = await browser.look(`${door}/inspect?sample=2`);
    await page.getByText('connected; waiting for a call').waitFor();
    const again = new URL(door).port;
    await service.stop();
    await page.getByText(/does not answer; trying again/).waitFor();
    const next = await Service.start(3, { admin: { listen: `http:${HOST}:${again}` }, inspector: { page: receiver.url } });
    services.push(next);
    await page.getByText('connected; waiting for a call').waitFor();
    const [alice, bob] = [await phone(next, false), await phone(next, true)];
    const call = alice.call(bob.user);
    await expect
      .poll(async () => actorsIn(await toldIn(page)), { timeout: LIMIT_MS })
      .toEqual(expect.arrayContaining(['call:1', 'leg:1/1']));
    call.cancel();
    await page.context().close();
  });

  it('is told by WebSocket too, as createWebSocketReceiver wants it; a token is asked for, other pages are kept out', async () => {
    const { door } = await served({ token: TOKEN });
    const socketUrl = `${door.replace('http', 'ws')}/api/v1/inspect?sample=1`;
    const page = await browser.look(`${door}/inspect`);
    await page.getByText('log in on the live page first').waitFor();
    expect((await fetch(`${door}/api/v1/inspect`)).status).toBe(401);
    expect((await fetch(`${door}/api/v1/inspect`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(426);
    const status = await page.evaluate(`fetch('/api/v1/session', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: '${TOKEN}' }) }).then(({ status }) => status)`);
    expect(status).toBe(204);
    await page.getByText('connected; waiting for a call').waitFor();
    const foreign = await browser.look(receiver.url);
    const refused = `new Promise((done) => { const s = new WebSocket('${socketUrl}'); s.onopen = () => done('open'); s.onerror = () => done('refused'); })`;
    expect(await foreign.evaluate(refused)).toBe('refused');
    const told: Told[] = [];
    const open = await served();
    const [carol, dave] = [await phone(open.service, false), await phone(open.service, true)];
    createWebSocketReceiver({ server: `${open.door.replace('http', 'ws')}/api/v1/inspect?user=${carol.user}` }).subscribe(
      (event) => void told.push(event),
    );
    await expect.poll(() => actorsIn(told), { timeout: LIMIT_MS }).toEqual([expect.stringMatching(/^registration:/)]);
    const call = carol.call(dave.user);
    await expect.poll(() => call.state, { timeout: LIMIT_MS }).toBe('answered');
    await expect
      .poll(() => actorsIn(told), { timeout: LIMIT_MS })
      .toEqual(expect.arrayContaining(['call:1', 'leg:1/0', 'leg:1/1']));
    call.bye();
    await foreign.context().close();
    await page.context().close();
  });
});
