import { describe, expect, it } from 'vitest';
import { headerOf } from '../../src/testing/phone-message.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const TRUNK = 'server: "sip:10.0.8.1:5060", username: office, password: trunk-secret';
const YAML = (trunks = `carrier: { ${TRUNK} }`, trunk = 'carrier'): string => `
users:
  alice: { password: alice-secret, numbers: ["+49301234", "100"], outside: true }
  bob: { password: bob-secret, aliases: [reception], numbers: ["+49301235"] }
  carol: { password: carol-secret, outside: [emergency] }
trunks: { ${trunks} }
numbers:
  - { name: emergency, match: "110", trunk: ${trunk} }
  - { match: "_0X.", trunk: ${trunk}, strip: 1, prepend: "+49" }
`;

function scene(yaml = YAML(), options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ ...options, config: { ...options.config, ...routed(yaml) } });
  const trunk = new TrunkPeer(world as never);
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name));
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('phones');
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  return { world, trunk, alice, bob, carol };
}

describe('a call outside', () => {
  it.each(['MD5', 'SHA-256'] as const)('is asked for credentials by the trunk and answers with them (%s)', (algorithm) => {
    const { world, trunk, alice } = scene();
    trunk.algorithm = algorithm;
    const call = alice.call('0891234');
    world.run(1000);
    expect(call.state).toBe('answered');
    expect(trunk.wrong).toEqual([]);
    const [first, second] = trunk.requests('INVITE');
    if (first === undefined || second === undefined) throw new Error('two INVITEs');
    expect([first.uri, second.uri]).toEqual(['sip:+49891234@10.0.8.1:5060', 'sip:+49891234@10.0.8.1:5060']);
    expect(headerOf(first, 'from')).toContain('<sip:+49301234@10.0.8.1>');
    expect(headerOf(first, 'to')).toBe('<sip:+49891234@10.0.8.1>');
    expect(headerOf(first, 'authorization')).toBe('');
    // RFC 3261 §22.2: the same call, another CSeq.
    for (const name of ['from', 'call-id']) expect(headerOf(second, name)).toBe(headerOf(first, name));
    expect([headerOf(first, 'cseq'), headerOf(second, 'cseq')]).toEqual(['1 INVITE', '2 INVITE']);
    const acks = trunk.requests('ACK').filter((ack) => headerOf(ack, 'cseq') === '2 ACK');
    expect(acks).toHaveLength(1);
    expect(headerOf(acks[0] ?? first, 'proxy-authorization')).toBe(headerOf(second, 'proxy-authorization'));
    expect(call.progress.map(({ status }) => status)).not.toContain(407);
    call.bye();
    world.run(500);
    expect(trunk.requests('BYE').map((bye) => headerOf(bye, 'cseq'))).toEqual(['3 BYE', '4 BYE']);
    expect(trunk.wrong).toEqual([]);
    expectQuiet(world);
  });

  it('answers 401, a stale nonce, and the challenge to a re-INVITE', () => {
    const { world, trunk, alice } = scene();
    trunk.challenge = 401;
    trunk.expireNonce();
    const call = alice.call('0891234');
    world.run(1000);
    expect(call.state).toBe('answered');
    call.reInvite();
    world.run(500);
    const seqs = trunk.requests('INVITE').map((invite) => headerOf(invite, 'cseq'));
    expect(seqs).toEqual(['1 INVITE', '2 INVITE', '3 INVITE', '4 INVITE']);
    expect(trunk.requests('ACK').at(-1)).toMatchObject({ method: 'ACK' });
    expect(headerOf(trunk.requests('ACK').at(-1) ?? fail(), 'cseq')).toBe('4 ACK');
    call.bye();
    expectQuiet(world);
  });

  it('fails where the password is wrong, and the caller is not asked for it', () => {
    const { world, trunk, alice } = scene(YAML('carrier: { server: "sip:10.0.8.1", username: office, password: wrong }'));
    const call = alice.call('0891234');
    world.run(2000);
    expect([call.state, call.status]).toEqual(['ended', 480]);
    expect(trunk.requests('INVITE')).toHaveLength(2);
    expectQuiet(world);
  });

  it('dials * and # as they are, in every spelling', () => {
    const yaml = `${YAML()}  - { match: "_*21*X.", trunk: carrier }\n  - { match: "#31#", trunk: carrier }\n`;
    const { world, trunk, alice } = scene(yaml);
    trunk.challenge = 0;
    trunk.answer = 404;
    for (const dialled of ['*21*123', '%2a21%2A123', '%2331%23', '#31#']) alice.call(dialled);
    world.run(1000);
    expect(trunk.requests('INVITE').map(({ uri }) => uri)).toEqual(
      ['*21*123', '*21*123', '%2331%23', '%2331%23'].map((user) => `sip:${user}@10.0.8.1:5060`),
    );
    expectQuiet(world);
  });

  it('takes tel URIs, and drops what only the eye needs in them', () => {
    const { world, trunk } = scene();
    trunk.challenge = 0;
    const [alice] = world.phones;
    alice?.call('tel:089-12.34');
    world.run(500);
    expect(trunk.requests('INVITE')[0]?.uri).toBe('sip:+49891234@10.0.8.1:5060');
  });

  it('shows only who may be shown: anonymous, or asserted to a trunk that is trusted', () => {
    const { world, trunk, alice } = scene(YAML(`carrier: { ${TRUNK}, trusted: true, from: "+49300" }`));
    trunk.challenge = 0;
    alice.call('0891234', { headers: [['Privacy', 'id']] });
    world.run(500);
    const invite = trunk.requests('INVITE')[0] ?? fail();
    expect(headerOf(invite, 'from')).toContain('anonymous@anonymous.invalid');
    expect(headerOf(invite, 'p-asserted-identity')).toBe('<sip:+49300@10.0.8.1>');
    expect(headerOf(invite, 'privacy')).toBe('id');
  });
});

describe('a trunk that does not serve', () => {
  const TWO = `carrier: { ${TRUNK} }, backup: { server: "sip:10.0.8.2" }`;

  it.each([
    [503, 200],
    [500, 200],
    [404, 404],
    [486, 486],
    [603, 603],
  ])('after its %d the caller gets %d', (answer, status) => {
    const { world, trunk, alice } = scene(YAML(TWO, '[carrier, backup]'));
    const backup = new TrunkPeer(world as never, '10.0.8.2');
    trunk.answer = answer;
    backup.challenge = 0;
    const call = alice.call('0891234');
    world.run(3000);
    expect(call.status).toBe(status);
    expect(backup.requests('INVITE')).toHaveLength(status === 200 ? 1 : 0);
    if (status === 200) call.bye();
    expectQuiet(world);
  });

  it('that says nothing is given up within its time, and its late answer gets ACK and BYE', () => {
    const { world, trunk, alice } = scene(YAML(TWO, '[carrier, backup]'));
    const backup = new TrunkPeer(world as never, '10.0.8.2');
    trunk.answer = 0;
    trunk.challenge = 0;
    backup.challenge = 0;
    const call = alice.call('0891234');
    world.run(4900);
    expect(backup.requests('INVITE')).toHaveLength(0);
    world.run(600);
    expect(call.state).toBe('answered');
    const late = trunk.requests('INVITE')[0] ?? fail();
    trunk.raw.reply(late, 200, [SDP_TYPE], SDP);
    world.run(500);
    expect(trunk.requests('ACK')).toHaveLength(1);
    expect(trunk.requests('BYE')).toHaveLength(1);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  });

  it('is passed over while all its lines are taken', () => {
    const { world, trunk, alice, bob } = scene(
      YAML(`carrier: { ${TRUNK}, maxCalls: 1 }, backup: { server: "sip:10.0.8.2" }`, '[carrier, backup]'),
    );
    const backup = new TrunkPeer(world as never, '10.0.8.2');
    backup.challenge = 0;
    const first = alice.call('0891234');
    world.run(500);
    const second = alice.call('0891235');
    world.run(500);
    expect([first.state, second.state]).toEqual(['answered', 'answered']);
    expect(backup.requests('INVITE')).toHaveLength(1);
    trunk.call('+49301235', { uri: 'sip:+49301235@10.0.0.1' });
    world.run(200);
    expect(trunk.raw.answer.status).toBe(503);
    expect(bob.calls).toHaveLength(0);
    first.bye();
    second.bye();
    world.run(40_000);
    const third = alice.call('0891236');
    world.run(500);
    expect(backup.requests('INVITE')).toHaveLength(1);
    third.bye();
    expectQuiet(world);
  });
});

describe('a call from a trunk', () => {
  it('reaches the user who has the number, however its plus is written', () => {
    const { world, trunk, bob } = scene();
    for (const number of ['+49301235', '49301235']) {
      trunk.call(number, { uri: `sip:${number}@10.0.0.1` });
      world.run(500);
      expect(trunk.raw.answer.status).toBe(200);
      bob.calls.at(-1)?.bye();
      world.run(500);
    }
    expect(world.service.stories).toMatchObject([{ callee: 'sip:bob@example.com' }, { callee: 'sip:bob@example.com' }]);
    expectQuiet(world);
  });

  it('finds its number in P-Called-Party-ID before the Request-URI', () => {
    const { world, trunk, bob } = scene();
    const headers = [['P-Called-Party-ID', '<sip:+49301235@10.0.8.1>']] as const;
    trunk.call('+49301234', { uri: 'sip:+49301234@10.0.0.1', headers });
    world.run(500);
    expect(bob.calls).toHaveLength(1);
    bob.calls[0]?.bye();
    expectQuiet(world);
  });

  it('goes to whom the trunk is for, whatever number it names', () => {
    const { world, trunk, bob } = scene(YAML(`carrier: { ${TRUNK}, inboundTo: reception }`));
    trunk.call('12', { uri: 'sip:12@10.0.0.1' });
    world.run(500);
    expect(bob.calls).toHaveLength(1);
    bob.calls[0]?.bye();
    expectQuiet(world);
  });

  it('gets 404 for a number of nobody, and never leaves by a trunk', () => {
    const { world, trunk } = scene();
    for (const number of ['0891234', '110', '+4989']) {
      trunk.call(number, { uri: `sip:${number}@10.0.0.1` });
      world.run(300);
      expect(trunk.raw.answer.status).toBe(404);
    }
    expect(trunk.requests('INVITE')).toHaveLength(0);
    expectQuiet(world);
  });
});

describe('a phone at the address of a trunk', () => {
  it('is the phone that it proves to be, and may do what its user may', () => {
    const { world, trunk } = scene();
    trunk.challenge = 0;
    const neighbour = world.phone('alice2', { user: 'alice', password: 'alice-secret', host: '10.0.8.1' });
    neighbour.register();
    world.run(500);
    const call = neighbour.call('0891234');
    world.run(500);
    expect(call.state).toBe('answered');
    call.bye();
    const pretender = world.phone('alice3', { user: 'alice', password: 'guessed', host: '10.0.8.1' });
    const refused = pretender.call('0891234');
    world.run(500);
    expect(refused.status).toBe(403);
    expectQuiet(world);
  });
});

describe('toll fraud', () => {
  it('is refused: no permission, a stranger, a foreign domain, a From that is not the user', () => {
    const { world, trunk, bob, carol } = scene();
    trunk.challenge = 0;
    const calls = [bob.call('0891234'), bob.call('110'), carol.call('0891234'), carol.call('sip:0891234@10.0.8.1')];
    world.run(1000);
    expect(calls.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    const stranger = new RawPeer(world);
    for (const [uri, from] of [
      ['sip:0891234@example.com', 'sip:x@elsewhere.example'],
      ['sip:110@10.0.0.1', 'sip:x@elsewhere.example'],
      ['sip:+49891234@10.0.8.1', 'sip:x@elsewhere.example'],
      ['sip:x@elsewhere.example', 'sip:x@elsewhere.example'],
      ['tel:0891234', 'sip:x@elsewhere.example'],
    ] as const) {
      stranger.request('INVITE', uri, [
        ['From', `<${from}>;tag=x`],
        ['Contact', `<${stranger.contact}>`],
      ]);
      world.run(300);
      expect([403, 404], uri).toContain(stranger.answer.status);
      stranger.received.length = 0;
    }
    const forger = new RawPeer(world, '10.0.9.8');
    forger.request('INVITE', 'sip:0891234@example.com', [
      ['From', '<sip:+49301234@example.com>;tag=x'],
      ['Contact', `<${forger.contact}>`],
    ]);
    world.run(300);
    expect(forger.answer.status).toBe(401);
    expect(trunk.requests('INVITE')).toHaveLength(0);
    const emergency = carol.call('110');
    world.run(500);
    expect(emergency.state).toBe('answered');
    emergency.bye();
    expectQuiet(world);
  });
});

describe('a user', () => {
  it('is called by alias and by number, and may call as one of them', () => {
    const { world, alice, bob } = scene();
    for (const name of ['reception', '+49301235', '49301235', 'bob']) {
      const call = alice.call(name);
      world.run(500);
      expect(call.state, name).toBe('answered');
      call.bye();
      world.run(500);
    }
    expect(bob.calls).toHaveLength(4);
    expectQuiet(world);
  });
});

describe('a registration with a trunk', () => {
  const REGISTERS = YAML(`carrier: { ${TRUNK}, register: true, allowFrom: [] }`);

  it('is made with credentials, brings calls, is refreshed in time and taken back at the end', () => {
    const { world, trunk, bob } = scene(REGISTERS);
    world.run(600);
    expect(trunk.registered).toMatch(/^sip:[0-9a-f]{16}@10\.0\.0\.1:5060$/);
    expect(trunk.wrong).toEqual([]);
    expect(headerOf(trunk.requests('REGISTER')[0] ?? fail(), 'to')).toBe('<sip:office@10.0.8.1>');
    trunk.call('+49301235');
    world.run(500);
    expect(trunk.raw.answer.status).toBe(200);
    bob.calls[0]?.bye();
    world.run(500);
    const before = trunk.requests('REGISTER').length;
    world.run(299_000);
    expect(trunk.requests('REGISTER')).toHaveLength(before);
    world.run(160_000);
    // The refresh has the credentials at once (RFC 3261 §22.1), unless the nonce is no longer taken.
    expect(trunk.requests('REGISTER').length).toBeGreaterThan(before);
    world.service.service.stop();
    world.run(100);
    expect(trunk.registered).toBe('');
  });

  it('follows the Service-Route (RFC 3608) of the latest one, after a time in which the registrar refused', () => {
    const { world, trunk, alice } = scene(REGISTERS);
    trunk.serviceRoute = '<sip:10.0.8.1;lr>';
    trunk.refusesRegister = 503;
    world.run(450_000);
    expect(trunk.registered).toMatch(/^sip:/);
    trunk.refusesRegister = 0;
    world.run(300_000);
    const call = alice.call('0891234');
    world.run(1000);
    expect(call.state).toBe('answered');
    expect(headerOf(trunk.requests('INVITE')[0] ?? fail(), 'route')).toBe('<sip:10.0.8.1;lr>');
    call.bye();
    world.run(1000);
  });

  it('does not keep the service from starting while the trunk is down, and is there once it is up', () => {
    const { world, trunk, alice, bob } = scene(REGISTERS.replace('10.0.8.1:5060', '10.0.8.7:5060'));
    const call = alice.call('bob');
    world.run(500);
    expect(call.state).toBe('answered');
    call.bye();
    world.run(60_000);
    const late = new TrunkPeer(world as never, '10.0.8.7');
    world.run(200_000);
    expect(late.registered).toMatch(/^sip:/);
    expect([trunk.registered, bob.calls.length]).toEqual(['', 1]);
  });

  it('believes no caller who has only heard of the trunk', () => {
    const { world, trunk, bob } = scene(REGISTERS);
    world.run(600);
    expect(trunk.registered).not.toBe('');
    const other = new TrunkPeer(world as never, '10.0.8.9');
    other.call('+49301235', { uri: 'sip:0000000000000000@10.0.0.1' });
    world.run(500);
    expect(other.raw.answer.status).toBe(403);
    expect(bob.calls).toHaveLength(0);
  });
});

describe('a MESSAGE', () => {
  it('reaches a number, and one outside only with permission', () => {
    const { world, trunk, alice, bob } = scene();
    const answers = [alice.request('MESSAGE', 'sip:reception@example.com'), alice.request('MESSAGE', 'sip:0891234@example.com')];
    const refused = bob.request('MESSAGE', 'sip:0891234@example.com');
    world.run(1000);
    expect([...answers, refused].map(({ status }) => status)).toEqual([200, 200, 403]);
    expect(trunk.requests('MESSAGE').map(({ uri }) => uri)).toEqual(Array(2).fill('sip:+49891234@10.0.8.1:5060'));
    expect(trunk.wrong).toEqual([]);
    expectQuiet(world);
  });
});

function fail(): never {
  throw new Error('missing');
}
