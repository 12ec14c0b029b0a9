import { afterEach, beforeEach, expect, it } from 'vitest';
import { Kamailio } from './support/kamailio.ts';
import { describeWith, KAMAILIO, SIPP } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { Service, type User } from './support/service.ts';
import { Sipp } from './support/sipp.ts';
import { headerOf } from './support/stage.ts';

const ALICE: User = { name: 'alice', password: 'alice-secret' };
const BOB: User = { name: 'bob', password: 'bob-secret' };
const PSTN: User = { name: 'pstn', password: 'pstn-secret' };
const user = ({ name }: User): User => ({ name, password: '' });

describeWith({ ...KAMAILIO, ...SIPP }, 'Kamailio as a trunk that asks for a password', () => {
  let service: Service;
  let carrier: Kamailio;
  let outside: number;
  let peers: Sipp[];
  /** With this password for the trunk. */
  async function begin(password = 'trunk-secret'): Promise<void> {
    service = await Service.start(0, {
      users: {
        alice: { password: ALICE.password, outside: true, numbers: ['100'] },
        bob: { password: BOB.password, numbers: ['4930777'] },
      },
      trunks: {
        carrier: {
          server: `sip:127.0.0.1:${carrier.port}`,
          username: 'office',
          password,
          register: true,
          from: 'office',
          allowFrom: [],
        },
      },
      numbers: [{ match: '_0X.', trunk: 'carrier', strip: 1, prepend: '+49' }],
    });
  }
  beforeEach(async () => {
    peers = [];
    outside = await freePort();
    carrier = await Kamailio.start('trunk', outside);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      console.log([carrier.said.slice(-6000), service.said.slice(-6000), ...peers.map((peer) => peer.explain())].join('\n---\n'));
    await Promise.all(peers.map((peer) => peer.stop()));
    await service.stop();
    await carrier.stop();
  });
  async function plays(scenario: string, part: Parameters<typeof Sipp.play>[1]): Promise<Sipp> {
    const peer = await Sipp.play(scenario, part);
    peers.push(peer);
    return peer;
  }

  it('takes our registration, our call and our BYE, each challenged once', async () => {
    await begin();
    await carrier.says(/trunk-registered .*expires 600/);
    await service.says(/registered with a trunk/);
    const phone = await plays('callee', { service: carrier.port, user: PSTN, port: outside });
    const caller = await plays('caller', {
      service: service.port,
      user: ALICE,
      to: user({ name: '089123', password: '' }),
      pauseMs: 500,
    });
    await caller.done();
    await phone.done();
    expect(carrier.said).toMatch(/trunk-outbound \+4989123 from sip:office@127\.0\.0\.1/);
    for (const method of ['INVITE', 'BYE'])
      for (const what of [`trunk-asks ${method}`, `trunk-proven ${method}`])
        expect(carrier.said.match(new RegExp(what, 'g')), what).toHaveLength(1);
    const [invite = ''] = phone.received('INVITE');
    expect(headerOf(invite, 'proxy-authorization')).toBe('');
    expect(caller.received('SIP/2.0 407')).toHaveLength(0);
  });

  it('brings calls to the line that we registered, and they reach who has the number', async () => {
    await begin();
    await carrier.says(/trunk-registered/);
    const bob = await plays('stay', { service: service.port, user: BOB, outOfCall: 'callee', limitSeconds: 60 });
    await bob.got('SIP/2.0 200');
    const caller = await plays('caller', {
      service: carrier.port,
      user: PSTN,
      to: user({ name: '4930777', password: '' }),
      pauseMs: 500,
    });
    await caller.done();
    expect(carrier.said).toMatch(/trunk-inbound sip:[0-9a-f]{16}@127\.0\.0\.1/);
    expect(bob.received('INVITE')).toHaveLength(1);
  });

  it('that does not know our password costs the call, not the service, and one line in the log says why', async () => {
    await begin('wrong');
    await service.says(/not registered with a trunk/);
    const caller = await plays('caller-fails-480', {
      service: service.port,
      user: ALICE,
      to: user({ name: '089123', password: '' }),
    });
    await caller.done();
    await service.says(/a trunk refuses its user name or password/);
    expect(service.said).not.toContain('wrong"');
    expect(carrier.said).not.toMatch(/trunk-proven/);
  });
});
