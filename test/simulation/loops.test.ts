import { describe, expect, it } from 'vitest';
import { headerOf, type PhoneMessage } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { EchoProxy } from '../support/echo-proxy.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

/**
 * What one request of a caller may come to: at any time at most 60 branches (Max-Breadth, RFC 5393 §5.3), each of at
 * most 70 hops (Max-Forwards), however many contacts there are on the way.
 */
const BREADTH = 60;
const HOPS = 70;

function scene(maxForks = 32) {
  const world = serviceWorld({
    users: [],
    config: {
      auth: 'none',
      registrar: { maxContacts: 32 },
      calls: { maxForks, ringLimitMs: 20_000 },
      limits: { requestsPerSecondPerSource: 0, failuresBeforeBan: 0 },
    },
  });
  const caller = new RawPeer(world, '10.0.8.8');
  const echo = new EchoProxy(world);
  const ask = (method: string, user: string, headers: readonly (readonly [string, string])[] = []) => {
    const more = method === 'INVITE' ? ([['Contact', `<${caller.contact}>`], SDP_TYPE] as const) : [];
    caller.request(method, `sip:${user}@example.com`, [...more, ...headers], method === 'INVITE' ? SDP : 'hello');
    world.run(60_000);
    return caller.answer.status;
  };
  return { world, caller, echo, ask };
}

const toOther = (request: PhoneMessage): string =>
  request.uri.includes('alice') ? 'sip:bob@example.com' : 'sip:alice@example.com';

describe.each(['INVITE', 'MESSAGE'])('an %s that a proxy sends back to us', (method) => {
  it('for the same user is a loop: 482, at the first turn (RFC 3261 §16.3)', () => {
    const { world, echo, ask } = scene();
    echo.registerMany('alice', 32);
    world.run(100);
    echo.sendsTo = () => 'sip:alice@example.com';
    expect(ask(method, 'alice')).toBe(482);
    expect(echo.echoed).toBe(32);
    expectQuiet(world);
  });

  it('for each other, of two with 32 contacts each, ends with breadth and hops', () => {
    const { world, echo, ask } = scene();
    for (const user of ['alice', 'bob']) echo.registerMany(user, 32);
    world.run(100);
    echo.sendsTo = toOther;
    const status = ask(method, 'alice', [['Max-Forwards', '12']]);
    expect([440, 482, 483]).toContain(status);
    // We take one hop and the proxy takes one.
    expect(echo.echoed).toBeGreaterThan(32);
    expect(echo.echoed).toBeLessThanOrEqual((BREADTH * 12) / 2);
    expectQuiet(world);
  });

  it('in a chain of a single contact each ends with the hops', () => {
    const { world, echo, ask } = scene();
    for (const user of ['alice', 'bob']) echo.registerMany(user, 1);
    world.run(100);
    echo.sendsTo = toOther;
    expect(ask(method, 'alice')).toBe(483);
    expect(echo.echoed).toBeLessThanOrEqual(HOPS / 2);
    expectQuiet(world);
  });

  it('for another user, as a trunk sends back a number that is ours, goes on', () => {
    const { world, echo, ask } = scene();
    echo.registerMany('alice', 1);
    const bob = world.phone('bob', { onInvite: 'answer' });
    bob.register();
    world.run(100);
    echo.sendsTo = () => 'sip:bob@example.com';
    expect(ask(method, 'alice')).toBe(method === 'INVITE' ? 200 : bob.received('MESSAGE').length === 1 ? 200 : 0);
  });
});

it('the worst that one INVITE can come to stays within 60 branches of 70 hops', { timeout: 180_000 }, () => {
  const { world, echo, ask } = scene(16);
  for (const user of ['alice', 'bob']) echo.registerMany(user, 32);
  world.run(100);
  echo.sendsTo = toOther;
  ask('INVITE', 'alice', [['Max-Breadth', '1000000']]);
  expect(echo.echoed).toBeGreaterThan(1000);
  expect(echo.echoed).toBeLessThanOrEqual((BREADTH * HOPS) / 2);
  expectQuiet(world);
});

describe('Max-Breadth (RFC 5393 §5.3)', () => {
  const forks = (phones: number, breadth?: string) => {
    const all = scene(16);
    const devices = Array.from({ length: phones }, (_, i) =>
      all.world.phone(`alice${i}`, { user: 'alice', onInvite: { decline: 486 } }),
    );
    for (const phone of devices) phone.register();
    all.world.run(100);
    const status = all.ask('INVITE', 'alice', breadth === undefined ? [] : [['Max-Breadth', breadth]]);
    const invites = devices
      .flatMap((phone) => phone.received('INVITE'))
      .map(({ message }) => Number(headerOf(message, 'max-breadth')));
    expectQuiet(all.world);
    return { status, invites };
  };

  it('is put on a request that has none, and divided', () => expect(forks(3)).toEqual({ status: 486, invites: [3, 3, 3] }));
  it('is divided as it came', () => expect(forks(2, '40')).toEqual({ status: 486, invites: [2, 2] }));
  it('is never raised above the usual', () => expect(forks(2, '100000')).toEqual({ status: 486, invites: [3, 3] }));
  it('lets no more ring than it allows', () => expect(forks(5, '2')).toMatchObject({ invites: [1, 1] }));
  it('of 0 rings nobody: 440', () => expect(forks(2, '0')).toEqual({ status: 440, invites: [] }));
});

describe('a Contact that leads back to us is not registered', () => {
  it.each([
    'sip:bob@10.0.0.1:5060',
    'sip:bob@10.0.0.1',
    'sip:bob@10.0.0.1:5060;transport=tcp',
    'sip:bob@example.com',
    'sip:bob@EXAMPLE.com.:5060',
    'sip:bob@localhost:5060',
  ])('%s', (contact) => {
    const { world, caller } = scene();
    caller.request('REGISTER', 'sip:example.com', [
      ['To', '<sip:alice@example.com>'],
      ['From', '<sip:alice@example.com>;tag=raw'],
      ['Contact', `<${contact}>`],
    ]);
    world.run(100);
    expect([caller.answer.status, caller.answer.reason]).toEqual([403, 'Contact Points At This Server']);
  });
});
