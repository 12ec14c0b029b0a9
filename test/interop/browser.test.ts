import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixture } from '../support/tls-fixture.ts';
import { Browser, type BrowserPhone } from './support/browser.ts';
import { CHROMIUM, describeWith } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { Service, type User } from './support/service.ts';

const HOST = '127.0.0.1';
const PATH = '/sip';

describeWith(CHROMIUM, 'JsSIP in Chromium over secure WebSocket', () => {
  let service: Service;
  let browser: Browser;
  let server = '';
  beforeAll(async () => {
    const port = await freePort();
    server = `wss://${HOST}:${port}${PATH}`;
    const listen = [`wss:${HOST}:${port}`];
    const tls = { certificate: fixture('server.pem'), key: fixture('server.key') };
    [service, browser] = await Promise.all([Service.start(12, { listen, tls, websocket: { path: PATH } }), Browser.open()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  const registered = async (user: User, more: object = {}): Promise<BrowserPhone> => {
    const phone = await browser.page({ user, server, ...more });
    await phone.hears('registered');
    return phone;
  };
  /** The body of a test, which tells what the service said where it fails. */
  const told = (play: () => Promise<void>) => async (): Promise<void> => {
    try {
      await play();
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n--- the service said:\n${service.said.slice(-6_000)}`, {
        cause: error,
      });
    }
  };

  it.each(['caller', 'callee'])(
    'registers with digest, calls and is called, media flows both ways, and the %s hangs up',
    (side) =>
      told(async () => {
        const [alice, bob] = [await registered(service.user()), await registered(service.user(), { answers: true })];
        await alice.call(bob.user);
        await bob.hears(`invited ${alice.user.name}`);
        await alice.hears('progress');
        for (const phone of [alice, bob]) await phone.hears('confirmed');
        for (const phone of [alice, bob]) await phone.hearsMedia();
        const [first, second] = side === 'caller' ? [alice, bob] : [bob, alice];
        await first.hangUp();
        await first.hears('ended local');
        await second.hears('ended remote');
        await Promise.all([alice.close(), bob.close()]);
      })(),
  );

  it(
    'is refused with a wrong password',
    told(async () => {
      const { name } = service.user();
      const phone = await browser.page({ user: { name, password: 'wrong' }, server });
      await phone.hears('registrationFailed');
      await phone.close();
    }),
  );

  it(
    'is woken: the push opens the page, which connects, registers, rings and answers',
    told(async () => {
      const [alice, user] = [await registered(service.user()), service.user()];
      const device = {
        contact: `sip:${user.name}@page.invalid;transport=ws;pn-provider=fcm;pn-param=interop;pn-prid=${user.name}`,
        instance: 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6',
      };
      const asleep = await registered(user, { device });
      await asleep.close();
      await alice.call(user);
      expect(await service.pushes.next(user.name)).toMatchObject({ kind: 'incoming-call', provider: 'fcm', prid: user.name });
      const awake = await browser.page({ user, server, device, answers: true });
      await awake.hears(`invited ${alice.user.name}`);
      for (const phone of [alice, awake]) await phone.hears('confirmed');
      for (const phone of [alice, awake]) await phone.hearsMedia();
      await awake.hangUp();
      await alice.hears('ended remote');
      expect(service.pushes.of(user.name)).toHaveLength(1);
      await Promise.all([alice.close(), awake.close()]);
    }),
  );
});
