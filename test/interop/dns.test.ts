import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { NameServer } from './support/name-server.ts';
import { describeWith, SIPP } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { Service } from './support/service.ts';
import { Stage } from './support/stage.ts';

const NUMBER = '0301234';

describeWith(SIPP, 'a trunk that is found by NAPTR and SRV (RFC 3263)', () => {
  let names: NameServer | undefined;
  let service: Service | undefined;
  let stage: Stage | undefined;
  let silent: Socket | undefined;
  afterEach(async () => {
    await stage?.end();
    await service?.stop();
    await names?.close();
    silent?.close();
  });

  /** A service whose one trunk has two servers, the first one preferred. */
  async function scene(first: number, second: number): Promise<Stage> {
    names = await NameServer.start({
      'NAPTR carrier.test': [
        { order: 20, preference: 1, flags: 's', services: 'SIP+D2T', regexp: '', replacement: '_sip._tcp.carrier.test' },
        { order: 10, preference: 1, flags: 's', services: 'SIP+D2U', regexp: '', replacement: '_sip._udp.carrier.test' },
      ],
      'SRV _sip._udp.carrier.test': [
        { priority: 2, weight: 0, port: second, target: 'two.carrier.test' },
        { priority: 1, weight: 0, port: first, target: 'one.carrier.test' },
      ],
      'A one.carrier.test': [{ ip: '127.0.0.1' }],
      'A two.carrier.test': [{ ip: '127.0.0.1' }],
    });
    service = await Service.start(0, {
      users: { u1: { password: 'secret-1', outside: true, numbers: ['+4930100'] } },
      trunks: { carrier: { server: 'sip:carrier.test' } },
      numbers: [{ match: '_0X.', trunk: 'carrier' }],
      dns: { servers: [`127.0.0.1:${names.port}`], failoverSeconds: 1 },
    });
    stage = new Stage(service);
    return stage;
  }
  const explained = async (on: Stage, play: () => Promise<void>): Promise<void> => {
    await play().catch((error: unknown) => {
      throw new Error(`${error}\n${names?.asked.join('\n')}\n${on.explain()}`);
    });
  };
  const number = { name: NUMBER, password: '' };

  it('is called at its second server if the first says 503', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const on = await scene(first, second);
    const keys = { status: '503 Service Unavailable', more: 'X-Server: one' };
    const refusing = await on.sipp('callee-fails', { user: number, port: first, keys });
    const serving = await on.sipp('callee', { user: number, port: second });
    await explained(on, async () => {
      const caller = await on.sipp('caller', { user: on.user(), to: number, pauseMs: 200 });
      await Promise.all([caller.done(), refusing.done(), serving.done()]);
    });
    expect(names?.asked).toContain('NAPTR carrier.test');
    const branches = [refusing, serving].map((one) => /branch=(\S+)/.exec(one.received('INVITE')[0] ?? '')?.[1]);
    expect(new Set(branches).size).toBe(2);
  });

  it('is called at its second server if the first is silent', async () => {
    silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    let heard = 0;
    silent.on('message', () => {
      heard += 1;
    });
    const second = await freePort();
    const on = await scene(silent.address().port, second);
    const serving = await on.sipp('callee', { user: number, port: second });
    await explained(on, async () => {
      const caller = await on.sipp('caller', { user: on.user(), to: number, pauseMs: 200 });
      await Promise.all([caller.done(), serving.done()]);
    });
    expect(heard).toBeGreaterThanOrEqual(1);
  });
});
