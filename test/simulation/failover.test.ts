import { describe, expect, it } from 'vitest';
import { type Header, headerOf, linesOf, type PhoneMessage, paramOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { SimulatedResolver, type Zone } from '../../src/testing/simulated-resolver.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const EDGE: Header = ['Path', '<sip:edge.example.net;lr>'];

/** Alice, and Bob behind an edge of two servers with one name; `first` and `second` play them. */
function scene(more: Zone = {}) {
  const resolver = new SimulatedResolver();
  const world = serviceWorld({ config: { auth: 'none' }, resolver });
  const alice = world.phone('alice');
  alice.register();
  const [first, second] = [new RawPeer(world, '10.0.8.1'), new RawPeer(world, '10.0.8.2')];
  resolver.zone = {
    'SRV _sip._udp.edge.example.net': [
      { target: 'one.example.net', port: first.wire.local.port, priority: 1, weight: 0 },
      { target: 'two.example.net', port: second.wire.local.port, priority: 2, weight: 0 },
    ],
    'A one.example.net': ['10.0.8.1'],
    'A two.example.net': ['10.0.8.2'],
    ...more,
  };
  const bob = new RawPeer(world, '10.0.8.9');
  bob.request('REGISTER', 'sip:example.com', [
    ['To', '<sip:bob@example.com>'],
    ['From', '<sip:bob@example.com>;tag=raw'],
    ['Contact', `<${bob.contact}>`],
    EDGE,
  ]);
  world.run(200);
  expect(bob.answer.status).toBe(200);
  return { world, resolver, alice, bob, first, second };
}
const answers = (peer: RawPeer): void => {
  peer.hears = (request) => {
    if (request.method === 'INVITE') peer.reply(request, 200, [SDP_TYPE], SDP);
    else if (request.method !== 'ACK' && request.method !== '') peer.reply(request, 200);
  };
};
const refuses = (peer: RawPeer, status: number): void => {
  peer.hears = (request) => {
    if (request.method === 'INVITE') peer.reply(request, status);
  };
};
const only = (messages: readonly PhoneMessage[]): PhoneMessage => {
  const [message] = messages;
  if (message === undefined) throw new Error('none came');
  return message;
};
const branchOf = (message: PhoneMessage): string => paramOf(linesOf(message, 'via')[0] ?? '', 'branch') ?? '';

describe('a callee whose next hop has several servers', () => {
  it('is rung by the second if the first says 503, by a transaction of its own', () => {
    const { world, alice, first, second } = scene();
    refuses(first, 503);
    answers(second);
    const call = alice.call('bob');
    world.run(300);
    expect(call.confirmed).toBe(true);
    const [one, two] = [only(first.requests('INVITE')), only(second.requests('INVITE'))];
    expect(branchOf(two)).not.toBe(branchOf(one));
    for (const name of ['Call-ID', 'From', 'To', 'CSeq', 'Route']) expect(headerOf(two, name)).toBe(headerOf(one, name));
    expect(headerOf(two, 'route')).toBe('<sip:edge.example.net;lr>');
    expect(only(first.requests('ACK'))).toBeDefined();
    call.bye();
    world.run(200);
    expect([first.requests('BYE').length, second.requests('BYE').length]).toEqual([0, 1]);
    expectQuiet(world);
  });

  it('is rung by the second if the first is silent, which gets a CANCEL once it speaks after all', () => {
    const { world, alice, first, second } = scene();
    answers(second);
    const call = alice.call('bob');
    world.run(3_900);
    expect(second.requests('INVITE')).toEqual([]);
    world.run(300);
    expect(call.confirmed).toBe(true);
    first.reply(only(first.requests('INVITE')), 180);
    world.run(100);
    first.reply(only(first.requests('CANCEL')), 200);
    first.reply(only(first.requests('INVITE')), 487);
    call.bye();
    expectQuiet(world);
  });

  it('gives ACK and BYE to a first server that answers when the second has the call', () => {
    const { world, alice, first, second } = scene();
    answers(second);
    const call = alice.call('bob');
    world.run(4_200);
    const invite = only(first.requests('INVITE'));
    first.reply(invite, 200, [SDP_TYPE], SDP);
    world.run(100);
    first.reply(invite, 200, [SDP_TYPE], SDP);
    world.run(100);
    expect([first.requests('ACK').length, first.requests('BYE').length]).toEqual([2, 1]);
    first.reply(only(first.requests('BYE')), 200);
    expect(call.confirmed).toBe(true);
    expect(second.requests('BYE')).toEqual([]);
    call.bye();
    expectQuiet(world);
  });

  it('waits for a first that said 100, however long the phone behind it rings', () => {
    const { world, alice, first, second } = scene();
    refuses(first, 100);
    const call = alice.call('bob');
    world.run(15_000);
    expect(second.requests('INVITE')).toEqual([]);
    first.reply(only(first.requests('INVITE')), 200, [SDP_TYPE], SDP);
    world.run(100);
    expect(call.confirmed).toBe(true);
    call.bye();
    world.run(100);
    first.reply(only(first.requests('BYE')), 200);
    expectQuiet(world);
  });

  it('is not rung twice where the first refuses otherwise, or has rung', () => {
    for (const [provisional, status, heard] of [
      [0, 486, 486],
      [180, 503, 500],
    ] as const) {
      const { world, alice, first, second } = scene();
      first.hears = (request) => {
        if (request.method !== 'INVITE') return;
        if (provisional !== 0) first.reply(request, provisional);
        first.reply(request, status);
      };
      const call = alice.call('bob');
      world.run(1_000);
      expect(call.status).toBe(heard);
      expect(second.requests('INVITE')).toEqual([]);
      expectQuiet(world);
    }
  });

  it('is asked by the second at once for the next call', () => {
    const { world, alice, first, second } = scene();
    answers(second);
    const call = alice.call('bob');
    world.run(4_500);
    call.bye();
    world.run(500);
    const again = alice.call('bob');
    world.run(100);
    expect(again.confirmed).toBe(true);
    const [, invite] = second.requests('INVITE');
    const callIds = first.requests('INVITE').map((one) => headerOf(one, 'call-id'));
    expect(callIds).not.toContain(headerOf(only(invite === undefined ? [] : [invite]), 'call-id'));
    again.bye();
    expectQuiet(world);
  });

  it('has the outcome of the last if none serves', () => {
    const { world, alice, first, second } = scene();
    refuses(first, 503);
    refuses(second, 503);
    const call = alice.call('bob');
    world.run(1_000);
    expect(call.status).toBe(500);
    expectQuiet(world);
  });

  it('tries no more than four, whatever the zone says', () => {
    const peers = 8;
    const { world, resolver, alice } = scene();
    const refused: RawPeer[] = [];
    const servers = Array.from({ length: peers }, (_, n) => {
      const peer = new RawPeer(world, `10.0.7.${n + 1}`);
      peer.hears = (request) => {
        if (request.method !== 'INVITE') return;
        refused.push(peer);
        peer.reply(request, 503);
      };
      return { target: peer.wire.local.host, port: peer.wire.local.port, priority: n, weight: 0 };
    });
    resolver.zone = { 'SRV _sip._udp.edge.example.net': servers };
    alice.call('bob');
    world.run(2_000);
    expect(refused).toHaveLength(4);
    expectQuiet(world);
  });
});

describe('a name that is asked for while the call goes on', () => {
  it('is not waited for by a caller who hangs up, and nothing is left', () => {
    const { world, resolver, alice, first } = scene();
    resolver.delayMs = 1_500;
    const call = alice.call('bob');
    world.run(500);
    call.cancel();
    world.run(500);
    expect(call.status).toBe(487);
    world.run(10_000);
    expect(first.requests('INVITE')).toEqual([]);
    expectQuiet(world);
  });

  it('leads nowhere if nobody answers: 480 within the time that name servers have', () => {
    const { world, resolver, alice } = scene();
    resolver.delayMs = Number.POSITIVE_INFINITY;
    const call = alice.call('bob');
    world.run(6_500);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('that leads to ourselves leads nowhere', () => {
    const { world, resolver, alice } = scene();
    resolver.zone = { 'A edge.example.net': ['10.0.0.1'] };
    const call = alice.call('bob');
    world.run(1_000);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });
});

it('a MESSAGE goes to the next server too, and the first answer counts', () => {
  const { world, alice, first, second } = scene();
  answers(second);
  const sent = alice.request('MESSAGE', 'bob', { body: 'hello', contentType: 'text/plain' });
  world.run(4_300);
  expect(sent.status).toBe(200);
  first.reply(only(first.requests('MESSAGE')), 404);
  expectQuiet(world);
});
