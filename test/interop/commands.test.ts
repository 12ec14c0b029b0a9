import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CryptoRandom } from '../../src/random.ts';
import { Phone } from '../../src/testing/phone.ts';
import { openSocketWire } from '../../src/testing/socket-wire.ts';
import { Child } from './support/child.ts';
import { freePort } from './support/ports.ts';
import { Service } from './support/service.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 30_000;
const TOKEN = 'a-token-of-sixteen-characters';
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The program asks a service that runs, as an operator does. */
describe('the commands', () => {
  let service: Service;
  let door = '';
  const phones: Phone[] = [];
  const children: Child[] = [];

  beforeAll(async () => {
    const port = await freePort();
    door = `http://${HOST}:${port}`;
    service = await Service.start(2, { admin: { listen: `http:${HOST}:${port}`, token: TOKEN } });
  });
  afterAll(async () => {
    for (const child of children) await child.stop('SIGKILL');
    for (const phone of phones) phone.vanish();
    await service?.stop();
  });

  const program = (args: readonly string[], token: string = TOKEN): Child => {
    const env = { ...process.env, CALLWEAVE_TOKEN: token };
    const child = new Child(process.execPath, [MAIN, ...args, '--url', door], tmpdir(), env);
    children.push(child);
    return child;
  };
  async function says(...args: readonly string[]): Promise<string> {
    const child = program(args);
    expect(await child.ended, child.said).toBe(0);
    return child.said;
  }
  async function phone(): Promise<Phone> {
    const { name, password } = service.user();
    const made = new Phone({
      ...{ wire: await openSocketWire('udp', HOST), random: new CryptoRandom(), user: name, name, password, domain: HOST },
      proxy: { host: HOST, port: service.port },
      onInvite: { ringAfterMs: 50 },
    });
    phones.push(made);
    const registration = made.register();
    await expect.poll(() => registration.status, { timeout: LIMIT_MS }).toBe(200);
    return made;
  }

  it('list users and calls, watch one begin and end, hang it up, and tell its story', async () => {
    const [alice, bob] = [await phone(), await phone()];
    const watching = program(['watch', 'call.*', '--json']);
    const users = await says('users');
    expect(users).toMatch(new RegExp(`^u1 +sip:${alice.user}@\\S+ +1 `, 'm'));
    await watching.says(/watching http/, LIMIT_MS);
    const call = alice.call(bob.user);
    await expect.poll(() => call.state, { timeout: LIMIT_MS }).toBe('ringing');
    expect(await says('calls', '--search', bob.user)).toMatch(/^call:1 .* open +ringing/m);
    expect(await says('hangup', '1')).toBe('call:1 is ended\n');
    await expect.poll(() => call.phrase, { timeout: LIMIT_MS }).toBe('Ended By Operator');
    await watching.says(/"type":"call\.ended"/, LIMIT_MS);
    expect(watching.said).toMatch(/"type":"call\.offered"/);
    const shown = await says('call', 'call:1', '--messages');
    expect(shown).toMatch(/^call:1 {2}sip:u1@\S+ .*sip:u2@/m);
    expect(shown).toMatch(/INVITE sip:u2@\S+ SIP\/2\.0/);
    expect(await says('story', '1')).toMatch(/ = .*operator/i);
    expect(JSON.parse(await says('user', bob.user, '--json'))).toMatchObject({ awake: 1, recent: [{ call: 'call:1' }] });
    for (const said of [shown, watching.said]) expect(said).not.toMatch(/secret-\d|response="(?!x+")/);
    const again = program(['hangup', '1']);
    expect([await again.ended, again.said]).toEqual([1, expect.stringMatching(/^callweave: .*call:1 is over/)]);
    const stranger = program(['calls'], 'not-the-token-of-anybody');
    expect([await stranger.ended, stranger.said]).toEqual([77, expect.stringMatching(/; this is not its token\n$/)]);
  });
});
