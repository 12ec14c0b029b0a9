import { describe, expect, it } from 'vitest';
import { headerOf, uriOf, valuesOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import type { TransportName } from '../../src/transport/transport.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer } from '../support/raw-peer.ts';

const SIPS_BOB = 'sips:bob@example.com';

/** Alice, and a phone of Bob's for each transport, all registered. */
function scene(caller: TransportName, ...callees: TransportName[]) {
  const world = serviceWorld();
  const alice = world.phone('alice', { transport: caller });
  const bobs = callees.map((transport) => world.phone(`bob-${transport}`, { user: 'bob', transport }));
  for (const phone of [alice, ...bobs]) phone.register();
  world.run(500);
  return { world, alice, bobs };
}

describe('a call to a SIPS URI', () => {
  it.each(['udp', 'tcp', 'ws'] as const)('is refused over %s, as is a MESSAGE', (transport) => {
    const { world, alice, bobs } = scene(transport, 'tls');
    const call = alice.call(SIPS_BOB);
    const message = alice.request('MESSAGE', SIPS_BOB, { body: 'hello' });
    world.run(1_000);
    expect([call.status, message.status]).toEqual([403, 403]);
    expect(alice.received(403)[0]?.message.reason).toBe('SIPS Needs TLS');
    expect(bobs[0]?.received('INVITE')).toEqual([]);
    expectQuiet(world);
  });

  it.each(['tls', 'wss'] as const)('over %s rings the phones on secure connections, and no other', (transport) => {
    const { world, alice, bobs } = scene(transport, 'tls', 'udp', 'wss');
    const call = alice.call(SIPS_BOB);
    world.run(1_000);
    expect(call.state).toBe('answered');
    expect(bobs.map((bob) => bob.received('INVITE').length)).toEqual([1, 0, 1]);
    const contacts = [...alice.received(200, 'INVITE'), ...bobs.flatMap((bob) => bob.received('INVITE'))];
    for (const { message } of contacts) expect(uriOf(valuesOf(message, 'contact')[0] ?? '')).toMatch(/^sips:\w+@10\.0\.0\.1:/);
    call.bye();
    world.run(500);
    expect(world.service.stories).toMatchObject([{ outcome: 'answered' }]);
    expectQuiet(world);
  });

  it('is 480 where no phone is on a secure connection', () => {
    const { world, alice, bobs } = scene('tls', 'udp', 'tcp');
    const call = alice.call(SIPS_BOB);
    world.run(1_000);
    expect(call.status).toBe(480);
    expect(bobs.flatMap((bob) => bob.received('INVITE'))).toEqual([]);
    expectQuiet(world);
  });

  it('carries MESSAGE to phones on secure connections alone', () => {
    const { world, alice, bobs } = scene('tls', 'udp', 'wss');
    const message = alice.request('MESSAGE', SIPS_BOB, { body: 'hello' });
    world.run(1_000);
    expect(message.status).toBe(200);
    expect(bobs.map((bob) => bob.received('MESSAGE').length)).toEqual([0, 1]);
    expectQuiet(world);
  });

  it('takes nothing of its dialogs over another transport', () => {
    const { world, alice } = scene('tls', 'tls');
    const call = alice.call(SIPS_BOB);
    world.run(1_000);
    const [answer] = alice.received(200, 'INVITE');
    if (answer === undefined) throw new Error('an answer');
    const of = (name: string): [string, string] => [name, headerOf(answer.message, name)];
    const spy = new RawPeer(world, '10.0.9.9', 'udp');
    spy.request('BYE', uriOf(valuesOf(answer.message, 'contact')[0] ?? ''), [
      of('From'),
      of('To'),
      of('Call-ID'),
      ['CSeq', '99 BYE'],
    ]);
    world.run(500);
    expect([spy.answer.status, spy.answer.reason]).toEqual([403, 'SIPS Needs TLS']);
    expect(call.state).toBe('answered');
    call.bye();
    world.run(500);
    expectQuiet(world);
  });
});

describe('a SIPS Contact', () => {
  const registers = (transport: TransportName) => {
    const world = serviceWorld();
    const bob = world.phone('bob', { transport });
    const contact = `sips:bob@${bob.wire.local.host}:${bob.wire.local.port}`;
    const registration = bob.register({ contacts: [`<${contact}>`] });
    world.run(500);
    return { world, bob, contact, registration };
  };

  it.each(['udp', 'tcp', 'ws'] as const)('is not registered over %s', (transport) => {
    const { registration } = registers(transport);
    expect([registration.status, registration.response?.reason]).toEqual([403, 'SIPS Contact Needs TLS']);
  });

  it('is registered over TLS, and called as it is, by callers in the clear too', () => {
    const { world, bob, contact, registration } = registers('tls');
    expect(registration.status).toBe(200);
    const alice = world.phone('alice');
    alice.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(1_000);
    expect(call.state).toBe('answered');
    const [invite] = bob.received('INVITE');
    expect(invite?.message.uri).toBe(contact);
    expect(uriOf(valuesOf(invite?.message ?? { ...bobNobody }, 'contact')[0] ?? '')).toMatch(/^sips:/);
    expect(uriOf(valuesOf(alice.received(200, 'INVITE')[0]?.message ?? { ...bobNobody }, 'contact')[0] ?? '')).toMatch(/^sip:/);
    call.bye();
    world.run(500);
    expectQuiet(world);
  });
});

const bobNobody = { method: '', uri: '', status: 0, reason: '', headers: [], body: '' };
