import { describe, expect, it } from 'vitest';
import { headerOf, uriOf, valuesOf, viaOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import type { Endpoint } from '../../src/transport/transport.ts';

const LISTENING = (advertised: Endpoint) =>
  (['udp', 'tls'] as const).map((transport) => ({
    transport,
    local: { host: '10.0.0.1', port: transport === 'udp' ? 5060 : 5061 },
    advertised,
  }));
const PUBLIC = { host: '203.0.113.5', port: 5070 };
const NAME = { host: 'sip.example.net', port: 5061 };

describe('a listener that advertises another address', () => {
  it.each([
    ['udp', PUBLIC, /^sip:\w+@203\.0\.113\.5:5070$/],
    ['udp', { host: '2001:db8::5', port: 5070 }, /^sip:\w+@\[2001:db8::5\]:5070$/],
    ['tls', NAME, /^sip:\w+@sip\.example\.net:5061;transport=tls$/],
  ] as const)('over %s names %o in Via and Contact, to both sides', (transport, advertised, contact) => {
    const world = serviceWorld({ listening: LISTENING(advertised) });
    const [alice, bob] = [world.phone('alice', { transport }), world.phone('bob', { transport, onInvite: 'ring' })];
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(500);
    const [invite] = bob.received('INVITE');
    const [ringing] = alice.received(180);
    if (invite === undefined || ringing === undefined) throw new Error('a call that rings');
    const sentBy = advertised.host.includes(':') ? `[${advertised.host}]` : advertised.host;
    expect(viaOf(headerOf(invite.message, 'via'))).toMatchObject({
      transport: transport.toUpperCase(),
      sentBy: `${sentBy}:${advertised.port}`,
    });
    for (const { message } of [invite, ringing]) expect(uriOf(valuesOf(message, 'contact')[0] ?? '')).toMatch(contact);
    call.cancel();
    world.run(40_000);
    expect(world.service.stories).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('is ours by that address: calls for it are taken, Contacts that lead there refused', () => {
    const world = serviceWorld({ listening: LISTENING(PUBLIC) });
    const [alice, bob] = [world.phone('alice'), world.phone('bob', { onInvite: 'ring' })];
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const call = alice.call('sip:bob@203.0.113.5');
    const loop = bob.register({ contacts: ['<sip:bob@203.0.113.5:5070>'] });
    const elsewhere = bob.register({ contacts: ['<sip:bob@203.0.113.5:5080>'] });
    world.run(1_000);
    expect(call.state).toBe('ringing');
    expect([loop.status, loop.response?.reason]).toEqual([403, 'Contact Points At This Server']);
    expect(elsewhere.status).toBe(200);
    call.cancel();
    world.run(1_000);
  });
});
