/** Stories in which several abilities of a call meet: transfer, trunks, diversion, reliable provisionals, session timers. */
import { describe, expect, it } from 'vitest';
import { Phone } from '../../src/testing/phone.ts';
import { type Header, headerOf, linesOf, type PhoneMessage, uriOf } from '../../src/testing/phone-message.ts';
import { RoamingWire } from '../../src/testing/roaming-wire.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { SimulatedResolver } from '../../src/testing/simulated-resolver.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const missing = (): never => {
  throw new Error('missing');
};
const incoming = (phone: Phone) => phone.incoming ?? missing();
const LAST = <T>(all: readonly T[]): T => all.at(-1) ?? missing();

/** Alice, Bob and Carol, registered, and a trunk with one line that asks for credentials. */
function scene(wishes: Record<string, string> = {}, options: ServiceWorldOptions = {}, trunkMore = 'maxCalls: 1') {
  const user = (name: string, more: string) =>
    `  ${name}: { password: ${name}-secret, ${[more, wishes[name] ?? ''].filter(Boolean).join(', ')} }`;
  const yaml = `users:
${user('alice', 'numbers: ["+49301234"], outside: true')}
${user('bob', 'numbers: ["+49301235"]')}
${user('carol', 'numbers: ["+49301236"]')}
trunks: { carrier: { server: "sip:10.0.8.1:5060", username: office, password: trunk-secret, allowFrom: [10.0.8.1], ${trunkMore} } }
numbers: [ { match: "_0X.", trunk: carrier, strip: 1, prepend: "+49" } ]
`;
  const world = serviceWorld({ ...options, config: { ...options.config, ...routed(yaml) } });
  const trunk = new TrunkPeer(world as never);
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name)) as [Phone, Phone, Phone];
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  /** Whether the trunk's line is free again: a call outside gets through. */
  const expectFree = () => {
    trunk.answer = 200;
    const call = alice.call('0555');
    world.run(2_000);
    expect(call.state, 'the line is free').toBe('answered');
    call.bye();
    expectQuiet(world);
  };
  const records = () => world.service.records.length;
  return { world, trunk, alice, bob, carol, expectFree, records };
}
/** A request of the trunk's party in the dialog that this answer of ours made, or this INVITE of ours. */
function inDialog(
  trunk: TrunkPeer,
  made: PhoneMessage,
  method: string,
  seq: number,
  headers: readonly Header[] = [],
  body = '',
): void {
  const isAnswer = made.method === '';
  const [from, to] = isAnswer ? ['from', 'to'] : ['to', 'from'];
  const own = headerOf(made, from);
  trunk.raw.request(
    method,
    uriOf(headerOf(made, 'contact')),
    [
      ['From', own.includes('tag=') ? own : `${own};tag=rawtag`],
      ['To', headerOf(made, to)],
      ['Call-ID', headerOf(made, 'call-id')],
      ['CSeq', `${seq} ${method}`],
      ['Contact', `<${trunk.raw.contact}>`],
      ...headers,
    ],
    body,
  );
}
const okToInvite = (trunk: TrunkPeer): PhoneMessage =>
  LAST(
    trunk.raw.received.filter(
      ({ method, status, headers }) =>
        method === '' &&
        status === 200 &&
        headers.some(([name, value]) => name.toLowerCase() === 'cseq' && value.endsWith('INVITE')),
    ),
  );

describe('a call at a trunk', () => {
  it('is transferred to a user, past the challenge to the re-INVITE, and its ACK has the same credentials', () => {
    const { world, trunk, alice, carol, expectFree, records } = scene();
    const call = alice.call('0891234');
    world.run(1_000);
    trunk.expireNonce();
    call.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(3_000);
    expect([incoming(carol).state, call.end]).toEqual(['answered', 'hungUp']);
    expect(trunk.wrong).toEqual([]);
    const invite = LAST(trunk.requests('INVITE'));
    const ack = LAST(trunk.requests('ACK'));
    expect(headerOf(ack, 'cseq')).toBe(headerOf(invite, 'cseq').replace('INVITE', 'ACK'));
    expect(headerOf(invite, 'proxy-authorization')).not.toBe('');
    expect(headerOf(ack, 'proxy-authorization')).toBe(headerOf(invite, 'proxy-authorization'));
    // The line is still taken.
    const other = alice.call('0892222');
    world.run(1_000);
    expect(other.state).toBe('ended');
    incoming(carol).bye();
    expectQuiet(world);
    expect(records()).toBe(3);
    expectFree();
  });

  it('whose party holds gets an ACK with the credentials of the re-INVITE', () => {
    const { world, trunk, alice } = scene();
    const call = alice.call('0891234');
    world.run(1_000);
    call.reInvite({ direction: 'sendonly' });
    world.run(500);
    const invite = LAST(trunk.requests('INVITE'));
    expect(headerOf(LAST(trunk.requests('ACK')), 'proxy-authorization')).toBe(headerOf(invite, 'proxy-authorization'));
    call.bye();
    expectQuiet(world);
  });

  it('whose 200 crosses the CANCEL is acknowledged and ended with credentials', () => {
    const { world, trunk, alice } = scene();
    trunk.answer = 180;
    const call = alice.call('0891234');
    world.run(500);
    call.cancel();
    world.run(100);
    const invite = LAST(trunk.requests('INVITE'));
    trunk.raw.reply(invite, 200, [SDP_TYPE], SDP);
    world.run(1_000);
    expect(headerOf(invite, 'proxy-authorization')).not.toBe('');
    expect(headerOf(LAST(trunk.requests('ACK')), 'proxy-authorization')).toBe(headerOf(invite, 'proxy-authorization'));
    expect(headerOf(LAST(trunk.requests('BYE')), 'proxy-authorization')).not.toBe('');
    expectQuiet(world);
  });

  it('that a second device behind it answers too has that one acknowledged and ended with credentials', () => {
    const { world, trunk, alice } = scene();
    const call = alice.call('0891234');
    world.run(500);
    const invite = LAST(trunk.requests('INVITE'));
    const other = headerOf(invite, 'to').concat(';tag=second');
    trunk.raw.reply(invite, 200, [SDP_TYPE, ['To', other]], SDP);
    world.run(1_000);
    const toSecond = (method: string) => LAST(trunk.requests(method).filter((one) => headerOf(one, 'to').endsWith('tag=second')));
    expect(headerOf(toSecond('ACK'), 'proxy-authorization')).toBe(headerOf(invite, 'proxy-authorization'));
    expect(headerOf(toSecond('BYE'), 'proxy-authorization')).not.toBe('');
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('whose party vanishes after a transfer ends by its session timers or questions, and frees the line', () => {
    const { world, trunk, alice, carol, expectFree } = scene();
    const call = alice.call('0891234');
    world.run(1_000);
    call.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(3_000);
    expect(incoming(carol).state).toBe('answered');
    carol.vanish();
    const { hears } = trunk.raw;
    trunk.raw.hears = () => {};
    world.run(4_000_000);
    expect(world.service.service.openLegs).toBe(0);
    trunk.raw.hears = hears;
    expectFree();
  });

  it('is transferred back outside by its party only with permission, though the user who diverts there may', () => {
    const { world, trunk, bob, records } = scene({ bob: 'outside: true' });
    trunk.challenge = 0;
    trunk.call('+49301235', { uri: 'sip:+49301235@example.com' });
    world.run(500);
    expect(incoming(bob).state).toBe('answered');
    const made = okToInvite(trunk);
    for (const [n, target] of ['<sip:0900555@example.com>', '<tel:0900555>', '<sip:0900555@10.0.8.1>'].entries()) {
      inDialog(trunk, made, 'REFER', 10 + n, [['Refer-To', target]]);
      world.run(1_000);
    }
    expect(trunk.requests('NOTIFY').map(({ body }) => body.trim())).toEqual(
      Array(3).fill('SIP/2.0 403 Not Allowed To Call Outside'),
    );
    expect(trunk.requests('INVITE')).toEqual([]);
    incoming(bob).bye();
    expectQuiet(world);
    expect(records()).toBe(1);
  });

  it('whose BYE crosses the REFER ends, and the transferee with it', () => {
    const { world, trunk, bob, carol, expectFree } = scene();
    trunk.challenge = 0;
    trunk.call('+49301235', { uri: 'sip:+49301235@example.com' });
    world.run(500);
    const made = okToInvite(trunk);
    carol.onInvite = { ringAfterMs: 10, answerAfterMs: 2_000 };
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    inDialog(trunk, made, 'BYE', 10);
    world.run(5_000);
    expect(carol.calls.every(({ state }) => state === 'ended')).toBe(true);
    expect(incoming(bob).state).toBe('ended');
    expectQuiet(world);
    expectFree();
  });
});

describe('lines of a trunk', () => {
  it.each([
    ['before it says anything', 0, 200],
    ['after its 180', 180, 500],
  ])('are free after CANCEL of a diverted call %s', (_when, rings, afterMs) => {
    const { world, trunk, bob, carol, expectFree, records } = scene({ bob: 'outside: true, onBusy: "0555666"' });
    trunk.answer = 0;
    trunk.challenge = 0;
    bob.onInvite = { decline: 486 };
    const hears = trunk.raw.hears;
    trunk.raw.hears = (message) => {
      if (message.method === 'INVITE' && rings !== 0) trunk.raw.reply(message, rings);
      else if (message.method === 'CANCEL') {
        trunk.raw.reply(message, 200);
        trunk.raw.reply(LAST(trunk.requests('INVITE')), 487);
      } else hears(message);
    };
    const call = carol.call('bob');
    world.run(afterMs);
    expect(trunk.requests('INVITE').length).toBeGreaterThan(0);
    call.cancel();
    expectQuiet(world);
    expect(call.status).toBe(487);
    expect(records()).toBe(1);
    trunk.raw.hears = hears;
    expectFree();
  });

  it('are free after a transfer outside that the transferee leaves while it rings', () => {
    const { world, trunk, alice, bob, expectFree, records } = scene();
    trunk.challenge = 0;
    trunk.answer = 0;
    const call = bob.call('alice');
    world.run(500);
    incoming(alice).request('REFER', { headers: [['Refer-To', '<sip:0555666@example.com>']] });
    world.run(500);
    expect(trunk.requests('INVITE')).toHaveLength(1);
    call.bye();
    expectQuiet(world);
    expect(incoming(alice).state).toBe('ended');
    expect(records()).toBe(2);
    expectFree();
  });
});

describe('a transfer', () => {
  it('to a phone that sleeps and is never woken leaves the call as it was', () => {
    const { world, alice, bob, records } = scene();
    const dora = world.phone('carol', { push: { provider: 'apns', prid: 'dora-token' } });
    dora.register();
    world.run(300);
    const carol = world.phones.find((phone) => phone !== dora && phone.name === 'carol');
    carol?.unregister();
    dora.sleep();
    world.run(300);
    const call = alice.call('bob');
    world.run(500);
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(120_000);
    const told = incoming(bob)
      .requests.filter(({ method }) => method === 'NOTIFY')
      .map(({ body }) => body.trim());
    expect(LAST(told)).toMatch(/^SIP\/2.0 [4-6]/);
    expect([call.state, incoming(bob).state]).toEqual(['answered', 'answered']);
    call.bye();
    expectQuiet(world);
    expect(records()).toBe(2);
  });

  it('of a call that drains works, and ends with it', () => {
    const { world, alice, bob, carol, records } = scene();
    const call = alice.call('bob');
    world.run(500);
    world.service.service.drain(() => {});
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(1_000);
    expect([call.state, incoming(carol).state]).toEqual(['answered', 'answered']);
    call.bye();
    expectQuiet(world);
    expect(records()).toBe(2);
  });

  it('outside shows no name of a transferee who asked not to be shown', () => {
    const { world, trunk, alice, bob } = scene();
    trunk.challenge = 0;
    const call = bob.call('alice', { headers: [['Privacy', 'id']] });
    world.run(500);
    incoming(alice).request('REFER', { headers: [['Refer-To', '<sip:0555666@example.com>']] });
    world.run(1_000);
    const invite = LAST(trunk.requests('INVITE'));
    expect(headerOf(invite, 'from')).toContain('anonymous@anonymous.invalid');
    call.bye();
    expectQuiet(world);
  });

  it('goes on though the transferee’s phone registers elsewhere meanwhile', () => {
    const { world, bob, carol } = scene();
    const wire = new RoamingWire(world.wire('198.51.100.1'));
    const alice = new Phone({
      ...{ name: 'roamer', user: 'alice', domain: 'example.com', password: 'alice-secret', wire, instance: 'urn:uuid:1' },
      random: world.random.fork('roamer'),
      proxy: { host: SERVICE_HOST, port: 5060 },
    });
    world.phones.push(alice);
    alice.register();
    world.run(300);
    const call = alice.call('bob');
    world.run(500);
    carol.onInvite = { ringAfterMs: 10, answerAfterMs: 3_000 };
    incoming(bob).request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(1_000);
    wire.roam(world.wire('198.51.100.2'));
    alice.register();
    world.run(5_000);
    expect([call.state, incoming(carol).state]).toEqual(['answered', 'answered']);
    expect(incoming(carol).remoteSdp).not.toBe('');
    incoming(carol).bye();
    expectQuiet(world);
  });

  it('twice over a diversion: the second callee is busy and wants its calls elsewhere', () => {
    const { world, alice, bob, carol, records } = scene({ bob: 'onBusy: carol' });
    bob.onInvite = { decline: 486 };
    const call = alice.call('bob');
    world.run(1_000);
    expect(incoming(carol).state).toBe('answered');
    incoming(carol).reInvite({ direction: 'sendonly' });
    world.run(300);
    bob.onInvite = 'answer';
    incoming(carol).request('REFER', { headers: [['Refer-To', '<sip:bob@example.com>']] });
    world.run(1_000);
    expect([call.state, incoming(bob).state]).toEqual(['answered', 'answered']);
    bob.calls.at(-1)?.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
    world.run(1_000);
    expect([call.state, incoming(carol).state]).toEqual(['answered', 'answered']);
    call.bye();
    expectQuiet(world);
    expect(records()).toBe(3);
  });
});

describe('who is shown, and believed', () => {
  it('is no Diversion, History-Info or asserted identity that a phone made up', () => {
    const { world, trunk, alice } = scene({}, {}, 'trusted: true');
    trunk.challenge = 0;
    const call = alice.call('0891234', {
      headers: [
        ['Diversion', '<sip:+49110@example.com>;reason=unconditional'],
        ['History-Info', '<sip:+49110@example.com>;index=1'],
        ['P-Asserted-Identity', '<sip:+49110@example.com>'],
        ['P-Preferred-Identity', '<sip:+49110@example.com>'],
        ['Remote-Party-ID', '<sip:+49110@example.com>'],
      ],
    });
    world.run(1_000);
    const invite = LAST(trunk.requests('INVITE'));
    const lines = invite.headers.filter(([, value]) => value.includes('+49110'));
    expect(lines).toEqual([]);
    call.bye();
    expectQuiet(world);
  });

  it('is nobody who asked not to be, in whatever header', () => {
    const { world, trunk, alice } = scene();
    trunk.challenge = 0;
    const names = ['Reply-To', 'Call-Info', 'Organization', 'Subject', 'P-Asserted-Identity'];
    const call = alice.call('0891234', {
      headers: [['Privacy', 'user;id'], ...names.map((name): Header => [name, '<sip:alice@example.com>'])],
    });
    world.run(1_000);
    const [invite] = trunk.requests('INVITE');
    expect(invite?.headers.filter(([, value]) => value.includes('alice'))).toEqual([]);
    call.bye();
    expectQuiet(world);
  });

  it('is no stranger who has a user’s wish to call outside paid by that user as somebody else', () => {
    const { world, trunk, bob } = scene({ bob: 'outside: true, onBusy: "0555666"' }, {}, 'trusted: true');
    trunk.challenge = 0;
    bob.onInvite = { decline: 486 };
    const stranger = new RawPeer(world, '10.0.9.9');
    stranger.request(
      'INVITE',
      'sip:bob@example.com',
      [['Contact', `<${stranger.contact}>`], ['P-Asserted-Identity', '<sip:+49110@x>'], SDP_TYPE],
      SDP,
    );
    world.run(1_000);
    const invite = LAST(trunk.requests('INVITE'));
    expect(headerOf(invite, 'from')).toContain('sip:+49301235@10.0.8.1');
    expect(headerOf(invite, 'p-asserted-identity')).toBe('<sip:+49301235@10.0.8.1>');
    expect(linesOf(invite, 'diversion')[0]).toContain('sip:bob@example.com');
    stranger.request('CANCEL', 'sip:bob@example.com', []);
    world.run(400_000);
  });

  it('is no caller from a trunk who redirects, by himself or by a phone without permission', () => {
    const { world, trunk, bob } = scene();
    trunk.challenge = 0;
    bob.onInvite = { redirect: ['sip:0900555@example.com', 'tel:0900556', 'sip:0900@10.0.8.1'] };
    trunk.call('+49301235', { uri: 'sip:+49301235@example.com' });
    world.run(1_000);
    expect(trunk.requests('INVITE')).toEqual([]);
    expect(trunk.raw.answer.status).toBe(480);
    expectQuiet(world);
  });
});

describe('reliable provisionals', () => {
  it('a CANCEL while the 2xx waits for a PRACK ends the call at once', () => {
    const world = serviceWorld({ config: { auth: 'none' } });
    const alice = world.phone('alice');
    alice.register();
    const bob = new RawPeer(world, '10.0.9.1');
    bob.register('bob');
    world.run(200);
    const call = alice.call('bob', { reliable: 'supported', prack: { afterMs: 60_000 } });
    world.run(50);
    const invite = bob.requests('INVITE')[0] ?? missing();
    bob.reply(invite, 183, [SDP_TYPE, ['Require', '100rel'], ['RSeq', '77']], SDP);
    bob.reply(invite, 200, [SDP_TYPE], SDP);
    world.run(200);
    call.cancel();
    world.run(500);
    expect(call.status).toBe(487);
    expect(bob.requests('ACK')).toHaveLength(1);
    expect(bob.requests('BYE')).toHaveLength(1);
    bob.reply(LAST(bob.requests('BYE')), 200);
    expectQuiet(world);
    expect(world.service.records).toHaveLength(1);
  });

  it('of the first hunt without PRACK do not keep the second hunt from answering', () => {
    const { world, alice, bob, carol } = scene({ bob: 'onNoAnswer: carol, ringSeconds: 3' });
    bob.onInvite = (call) => call.ring(183, '', { reliable: true });
    carol.onInvite = { ringAfterMs: 100, answerAfterMs: 1_000 };
    const call = alice.call('bob', { reliable: 'supported', prack: { afterMs: 3_500 } });
    world.run(6_000);
    expect([call.state, call.status]).toEqual(['answered', 200]);
    call.bye();
    expectQuiet(world);
  });

  it.each(['single', 'perFork'])('and transfers, with early dialogs %s', (earlyDialogs) => {
    const { world, alice, bob, carol } = scene({ bob: 'onBusy: carol' }, { config: { calls: { earlyDialogs } as never } });
    bob.onInvite = { decline: 486 };
    carol.onInvite = (call) => {
      call.ring(183, '', { reliable: true });
    };
    const call = alice.call('bob', { reliable: 'required' });
    world.run(1_000);
    expect(call.progress.map(({ status }) => status)).toContain(181);
    incoming(carol).answer();
    world.run(1_000);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });
});

it('a push token in whatever spelling is in no record', () => {
  const world = serviceWorld({ config: { auth: 'none' } });
  const alice = world.phone('alice');
  alice.register();
  const bob = new RawPeer(world, '10.0.9.1');
  bob.register('bob', '', ';PN-Prid=SECRET-TOKEN');
  world.run(200);
  const call = alice.call('bob');
  world.run(500);
  expect(bob.requests('INVITE')[0]?.uri).toContain('PN-Prid=SECRET-TOKEN');
  bob.reply(bob.requests('INVITE')[0] ?? missing(), 486);
  world.run(500);
  expect(call.status).toBe(486);
  expectQuiet(world);
  expect(JSON.stringify([world.service.records, world.service.stories])).not.toContain('SECRET-TOKEN');
});
describe('an attended transfer between two parties of a trunk', () => {
  it('couples both past their challenges, keeps two lines, and frees them at the end', () => {
    const { world, trunk, alice, records } = scene({}, {}, 'maxCalls: 2');
    const first = alice.call('0891111');
    world.run(1_000);
    first.reInvite({ direction: 'sendonly' });
    world.run(500);
    const second = alice.call('0892222');
    world.run(1_000);
    expect([first.state, second.state]).toEqual(['answered', 'answered']);
    const id = `${encodeURIComponent(second.callId)}%3Bto-tag%3D${second.dialog?.remoteTag}%3Bfrom-tag%3D${second.localTag}`;
    first.request('REFER', { headers: [['Refer-To', `<sip:0892222@example.com?Replaces=${id}>`]] });
    world.run(5_000);
    expect(trunk.wrong).toEqual([]);
    const told = first.requests.filter(({ method }) => method === 'NOTIFY').map(({ body }) => body.trim());
    expect(LAST(told)).toBe('SIP/2.0 200 OK');
    expect([first.state, second.state]).toEqual(['ended', 'ended']);
    const full = alice.call('0893333');
    world.run(1_000);
    expect(full.state).toBe('ended');
    const made = LAST(trunk.requests('INVITE').filter((invite) => headerOf(invite, 'proxy-authorization') !== ''));
    inDialog(trunk, made, 'BYE', 50);
    expectQuiet(world);
    expect(records()).toBe(4);
    const again = [alice.call('0894444'), alice.call('0895555')];
    world.run(1_000);
    expect(again.map(({ state }) => state)).toEqual(['answered', 'answered']);
    for (const call of again) call.bye();
    expectQuiet(world);
  });
});

describe('a trunk whose other is full', () => {
  it('keeps the line that its slow call takes', () => {
    const yaml = `users: { alice: { password: alice-secret, outside: true } }
trunks: { carrier: { server: "sip:10.0.8.1", maxCalls: 1 }, backup: { server: "sip:10.0.8.2", maxCalls: 1 } }
numbers: [ { match: "_1X.", trunk: backup }, { match: "_0X.", trunk: [carrier, backup] } ]
`;
    const world = serviceWorld({ config: routed(yaml) });
    const [carrier, backup] = [new TrunkPeer(world as never), new TrunkPeer(world as never, '10.0.8.2')];
    for (const trunk of [carrier, backup]) trunk.challenge = 0;
    const alice = world.phone('alice');
    alice.register();
    world.run(500);
    const busy = alice.call('123');
    world.run(500);
    carrier.answer = 0;
    const slow = alice.call('0123');
    world.run(9_000);
    carrier.raw.reply(LAST(carrier.requests('INVITE')), 200, [SDP_TYPE], SDP);
    world.run(500);
    expect([busy.state, slow.state]).toEqual(['answered', 'answered']);
    const invites = carrier.requests('INVITE').length;
    const third = alice.call('0456');
    world.run(1_000);
    expect(third.state).toBe('ended');
    expect(carrier.requests('INVITE')).toHaveLength(invites);
    for (const call of [busy, slow]) call.bye();
    expectQuiet(world);
  });
});

it('nothing of a mixed story is in the log that is nobody’s business', () => {
  const lines: string[] = [];
  const hearLog: ServiceWorldOptions['hearLog'] = (_level, message, fields) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const { world, trunk, alice, carol } = scene({ carol: 'outside: true, onUnreachable: "0555"' }, { hearLog });
  carol.unregister();
  const dora = world.phone('carol', { push: { provider: 'apns', prid: 'DORA-TOKEN' } });
  dora.register();
  world.run(300);
  const call = alice.call('0891234');
  world.run(1_000);
  call.request('INFO', { headers: [['Content-Type', 'application/dtmf-relay']], body: 'Signal=7731\r\nDuration=100\r\n' });
  call.request('INFO', { headers: [['Content-Type', 'application/dtmf']], body: '7731' });
  world.run(300);
  world.sleepUntilPushed(dora, 'DORA-TOKEN', { afterMs: 1_000 });
  call.request('REFER', { headers: [['Refer-To', '<sip:carol@example.com>']] });
  world.run(10_000);
  expect(incoming(dora).state).toBe('answered');
  incoming(dora).bye();
  expectQuiet(world);
  const digests = trunk.raw.received.flatMap(({ headers }) =>
    headers.map(([, value]) => /response="([0-9a-f]+)"/.exec(value)?.[1]),
  );
  const told = `${lines.join('\n')} ${JSON.stringify([world.service.records, world.service.stories])}`;
  for (const secret of ['DORA-TOKEN', '7731', 'trunk-secret', 'alice-secret', ...digests]) {
    if (secret !== undefined) expect(told).not.toContain(secret);
  }
  expect(digests.some((digest) => digest !== undefined)).toBe(true);
});

it.each([1, 40, 900])('a caller who gives up %d ms into a call to a trunk that is found by name leaves nothing', (afterMs) => {
  const resolver = new SimulatedResolver();
  const yaml = `users: { alice: { password: alice-secret, outside: true }, bob: { password: bob-secret, outside: true, onBusy: "0555" } }
trunks: { carrier: { server: "sip:gone.example", maxCalls: 1 } }
numbers: [ { match: "_0X.", trunk: carrier } ]
`;
  const world = serviceWorld({ config: routed(yaml), resolver });
  const [alice, bob] = [world.phone('alice'), world.phone('bob', { onInvite: { decline: 486 } })];
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  for (const number of ['0891234', 'bob']) {
    const call = alice.call(number);
    world.run(afterMs);
    call.cancel();
    world.run(40_000);
    expect([480, 486, 487]).toContain(call.status);
  }
  expectQuiet(world);
  expect(world.service.records).toHaveLength(2);
});
