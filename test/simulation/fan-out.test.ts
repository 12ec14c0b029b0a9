import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';
import { expectQuiet } from '../support/quiet.ts';

const CALLERS = 4000;
const SERVICE = { host: SERVICE_HOST, port: 5060 };
const push = (prid: string) => ({ provider: 'apns', prid });

/** Lines of a header as they came. */
const lines = (message: string, name: string) => message.split('\r\n').filter((line) => line.startsWith(`${name}: `));
const value = (message: string, name: string) => lines(message, name)[0]?.slice(name.length + 2) ?? '';

describe('many callers of one sleeping user', () => {
  // Peers of a few lines, since phones that keep a history of all that happens to them take their time.
  it(`${CALLERS} of them are all rung when it registers, the oldest first, none dropped`, () => {
    const world = serviceWorld({ config: { auth: 'none', limits: { requestsPerSecondPerSource: 0 } } });
    const callers = world.wire('10.0.50.1');
    const mobile = world.wire('10.0.50.2');
    const request = (method: string, n: number | string, more: readonly string[]) =>
      [
        `${method} sip:${method === 'REGISTER' ? '' : 'bob@'}example.com SIP/2.0`,
        `Via: SIP/2.0/UDP ${method === 'REGISTER' ? '10.0.50.2' : '10.0.50.1'};branch=z9hG4bK${n};rport`,
        'Max-Forwards: 70',
        `From: <sip:${method === 'REGISTER' ? 'bob@example.com' : 'alice@elsewhere.org'}>;tag=t${n}`,
        ...more,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n');
    let cseq = 0;
    const register = () => {
      cseq += 1;
      const contact = `Contact: <sip:bob@10.0.50.2:${mobile.local.port};pn-provider=apns;pn-prid=token>`;
      const more = ['To: <sip:bob@example.com>', 'Call-ID: r', `CSeq: ${cseq} REGISTER`, contact];
      mobile.send(request('REGISTER', `r${cseq}`, more), SERVICE);
    };
    const rung: { readonly caller: number; readonly callId: string }[] = [];
    mobile.onMessage = (message) => {
      if (!message.startsWith('INVITE ')) return;
      rung.push({ caller: Number(value(message, 'X-Caller')), callId: value(message, 'Call-ID') });
      const copied = ['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) => lines(message, name));
      const to = `${lines(message, 'To')[0]};tag=m${rung.length}`;
      for (const [status, afterMs] of [
        ['180 Ringing', 0],
        ['486 Busy Here', 2000],
      ] as const)
        mobile.after(afterMs, () =>
          mobile.send([`SIP/2.0 ${status}`, ...copied, to, 'Content-Length: 0', '', ''].join('\r\n'), SERVICE),
        );
    };
    const told = new Map<string, string[]>();
    callers.onMessage = (message) => {
      const [, status = ''] = message.split(' ');
      const callId = value(message, 'Call-ID');
      told.set(callId, [...(told.get(callId) ?? []), status]);
      const to = lines(message, 'To')[0] ?? '';
      if (Number(status) >= 300) callers.send(request('ACK', callId, [to, `Call-ID: ${callId}`, 'CSeq: 1 ACK']), SERVICE);
    };

    register();
    world.run(100);
    world.push.subscribe('token', () => {}, { times: 0 });
    for (let n = 0; n < CALLERS; n++) {
      const more = ['To: <sip:bob@example.com>', `Call-ID: ${n}`, 'CSeq: 1 INVITE', 'Contact: <sip:alice@10.0.50.1>'];
      callers.send(request('INVITE', n, [...more, `X-Caller: ${n}`]), SERVICE);
      world.run(1);
    }
    world.run(100);
    const { engine, location } = world.service.service;
    expect(engine.countActors('push-notification')).toBe(CALLERS);
    expect(engine.waits({ fact: 'binding.refreshed', limit: 2 * CALLERS })).toHaveLength(CALLERS);
    expect(rung).toEqual([]);

    register();
    world.run(100);
    expect(rung.map(({ caller }) => caller)).toEqual(Array.from({ length: CALLERS }, (_, n) => n));
    expect(rung.map(({ callId }) => callId)).toEqual(world.push.sent('incoming-call').map(({ request: { callId } }) => callId));
    world.run(3000);
    expect(told.size).toBe(CALLERS);
    expect(new Set([...told.values()].map((statuses) => statuses.join()))).toEqual(new Set(['182,180,486']));
    expectQuiet(world);
    expect([location.size, engine.countWaits()]).toEqual([1, 4]); // the registration's own four;
  }, 120_000);
});

describe('a call to a user whose name looks like a pattern', () => {
  it.each(['*', 'b*b', 'b*', '*ob', '**'])('%s hears nobody else’s REGISTER', (name) => {
    const world = serviceWorld({ users: ['alice', 'bob', name] });
    const alice = world.phone('alice');
    const star = world.phone('star', { user: name, push: push('star'), password: `${name}-secret`, onInvite: 'ring' });
    star.register();
    world.run(200);
    expect(world.service.service.location.of(`sip:${name}@example.com`)).toHaveLength(1);
    world.sleepUntilPushed(star, 'star', { afterMs: 5000 });
    const call = alice.call(name);
    world.run(200);
    expect(world.push.sent('incoming-call', 'star')).toHaveLength(1);

    const bob = world.phone('bob', { onInvite: 'ring' });
    for (let n = 0; n < 3; n++) {
      bob.register();
      world.run(200);
    }
    expect(world.service.service.location.of('sip:bob@example.com')).toHaveLength(1);
    expect(bob.received('INVITE')).toEqual([]);
    expect(call.state).not.toBe('ended');

    world.run(5000);
    expect(star.received('INVITE')).toHaveLength(1);
    call.cancel();
    expectQuiet(world);
  });

  it('and a waiting call to bob does not hear the REGISTER of *', () => {
    const world = serviceWorld({ users: ['alice', 'bob', '*'] });
    const alice = world.phone('alice');
    const bob = world.phone('bob', { push: push('bob') });
    bob.register();
    world.run(200);
    world.sleepUntilPushed(bob, 'bob', { times: 0 });
    alice.call('bob');
    world.run(200);
    const star = world.phone('star', { user: '*', password: '*-secret', onInvite: 'answer' });
    star.register();
    world.run(500);
    expect(world.service.service.location.of('sip:*@example.com')).toHaveLength(1);
    expect(star.received('INVITE')).toEqual([]);
  });
});
