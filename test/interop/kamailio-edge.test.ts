import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Kamailio } from './support/kamailio.ts';
import { BARESIP, describeWith, KAMAILIO, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { Sipp } from './support/sipp.ts';
import { headerOf, pushable } from './support/stage.ts';

const TALK_MS = 1_000;
const LIMIT_MS = 15_000;
const POLL_MS = 50;

describeWith({ ...KAMAILIO, ...BARESIP, ...SIPP }, 'Kamailio as edge: Path at registration, Record-Route both ways', () => {
  let service: Service;
  let edge: Kamailio;
  let phones: { stop(): Promise<void> }[];
  beforeEach(async () => {
    service = await Service.start(6);
    edge = await Kamailio.start('edge', service.port);
    phones = [];
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(`${edge.said.slice(-6000)}\n---\n${service.said.slice(-6000)}`);
    await Promise.all(phones.map((phone) => phone.stop()));
    await edge.stop();
    await service.stop();
  });

  async function registered(transport: 'udp' | 'tcp'): Promise<Baresip> {
    const phone = await Baresip.start(service.user(), edge.port, { transport });
    phones.push(phone);
    return phone;
  }
  const seen = (what: RegExp): number => edge.said.match(new RegExp(what, 'g'))?.length ?? 0;
  async function sees(what: RegExp, times: number): Promise<void> {
    const until = performance.now() + LIMIT_MS;
    while (seen(what) < times) {
      if (performance.now() > until) throw new Error(`the edge saw ${what} ${seen(what)} times, not ${times}`);
      await sleep(POLL_MS);
    }
  }
  /** Requests inside dialogs that the service sent by way of the edge. */
  const fromService = (method: string): RegExp => new RegExp(`edge-inside ${method} from ${service.port}`);

  it.each([
    ['udp', 'caller'],
    ['udp', 'callee'],
    ['tcp', 'caller'],
    ['tcp', 'callee'],
  ] as const)(
    'connects phones over %s, holds, resumes, and the %s hangs up: all of it by way of the edge',
    async (transport, who) => {
      const [alice, bob] = [await registered(transport), await registered(transport)];
      alice.command('dial', `sip:${bob.user.name}@127.0.0.1`);
      await Promise.all([alice.event('CALL_ESTABLISHED'), bob.event('CALL_ESTABLISHED')]);
      await sleep(TALK_MS);
      const [ends, other] = who === 'caller' ? [alice, bob] : [bob, alice];
      ends.command('hold');
      await sees(fromService('ACK'), 2);
      await sleep(TALK_MS);
      ends.command('resume');
      await sees(fromService('ACK'), 3);
      other.command('hold');
      await sees(fromService('ACK'), 4);
      expect(seen(fromService('INVITE'))).toBe(3);
      ends.command('hangup');
      await Promise.all([alice.event('CALL_CLOSED'), bob.event('CALL_CLOSED')]);
      expect(seen(fromService('ACK'))).toBe(4);
      expect(seen(fromService('BYE'))).toBe(1);
      expect(edge.said).not.toContain('edge-lost');
      expect(edge.said).toMatch(
        new RegExp(`edge-start INVITE from ${service.port} route <sip:127.0.0.1:${edge.port};lr;received`),
      );
    },
  );

  it('rings the right one of two phones behind the edge, and the other one too', async () => {
    const [alice, bob, carol] = [await registered('udp'), await registered('udp'), await registered('udp')];
    for (const callee of [bob, carol]) {
      alice.command('dial', `sip:${callee.user.name}@127.0.0.1`);
      await callee.event('CALL_ESTABLISHED');
      callee.command('hangup');
      await callee.event('CALL_CLOSED');
    }
    expect([bob, carol].map((phone) => phone.events.filter(({ type }) => type === 'CALL_ESTABLISHED').length)).toEqual([1, 1]);
  });

  it('wakes a phone behind the edge by push', async () => {
    const [alice, bob] = [service.user(), service.user()];
    const play = async (scenario: string, part: Omit<Parameters<typeof Sipp.play>[1], 'service'>): Promise<Sipp> => {
      const one = await Sipp.play(scenario, { ...part, service: edge.port });
      phones.push(one);
      return one;
    };
    await (await play('register', { user: bob, contactParams: pushable(bob) })).done();
    const caller = await play('caller', { user: alice, to: bob });
    const push = await service.pushes.next(bob.name);
    const mobile = await play('mobile', { user: bob, contactParams: pushable(bob), callId: String(push.callId) });
    await caller.done().catch((error: unknown) => {
      throw new Error(`${error}\n${caller.explain()}\n${mobile.explain()}`);
    });
    await mobile.done();
    expect(headerOf(mobile.received('INVITE')[0] ?? '', 'Record-Route')).toContain(`127.0.0.1:${edge.port}`);
    expect(seen(fromService('BYE'))).toBe(1);
    expect(edge.said).not.toContain('edge-lost');
  });
});
