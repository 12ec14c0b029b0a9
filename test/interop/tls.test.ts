import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixture } from '../support/tls-fixture.ts';
import { Baresip } from './support/baresip.ts';
import { BARESIP, describeWith } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { Service } from './support/service.ts';

const HOST = '127.0.0.1';
const SPEAK_MS = 2_000;
const PACKETS_AT_LEAST = 50;

describeWith({ ...BARESIP, openssl: 'openssl' }, 'TLS with baresip and openssl', () => {
  let service: Service;
  let port = 0;
  let folder = '';
  const phones: Baresip[] = [];
  beforeAll(async () => {
    port = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'callweave-tls-'));
    const [certificate, key] = [join(folder, 'a.pem'), join(folder, 'a.key')];
    copyFileSync(fixture('server.pem'), certificate);
    copyFileSync(fixture('server.key'), key);
    const other = { certificate: fixture('other.pem'), key: fixture('other.key') };
    service = await Service.start(8, {
      listen: [`tls:${HOST}:${port}`],
      tls: { certificate, key, names: { 'other.test': other } },
    });
  });
  afterAll(async () => {
    await Promise.all(phones.map((phone) => phone.stop()));
    await service?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function registered(transport: 'tls' | 'udp'): Promise<Baresip> {
    const phone = await Baresip.start(service.user(), transport === 'tls' ? port : service.port, { transport });
    phones.push(phone);
    return phone;
  }
  /** The subject of the certificate that the service shows. */
  function subject(...more: string[]): string {
    const { stdout, stderr } = spawnSync(
      'openssl',
      ['s_client', '-connect', `${HOST}:${port}`, '-CAfile', fixture('ca.pem'), '-verify_return_error', ...more],
      { input: '', encoding: 'utf8', timeout: 20_000 },
    );
    return /^subject=(.*)$/m.exec(stdout)?.[1]?.trim() ?? `nothing: ${stderr}`;
  }

  it.each([
    ['tls', 'tls', 'caller'],
    ['tls', 'tls', 'callee'],
    ['tls', 'udp', 'caller'],
    ['udp', 'tls', 'caller'],
  ] as const)('connects a caller over %s and a callee over %s with voice both ways; the %s hangs up', async (from, to, who) => {
    const [alice, bob] = [await registered(from), await registered(to)];
    alice.command('dial', `sip:${bob.user.name}@${HOST}`);
    const both = (type: string) => Promise.all([alice.event(type), bob.event(type)]);
    await both('CALL_ESTABLISHED');
    await both('CALL_RTPESTAB');
    await sleep(SPEAK_MS);
    (who === 'caller' ? alice : bob).command('hangup');
    await both('CALL_CLOSED');
    expect(await alice.packetsReceived(), alice.said).toBeGreaterThan(PACKETS_AT_LEAST);
    expect(await bob.packetsReceived(), bob.said).toBeGreaterThan(PACKETS_AT_LEAST);
  });

  it('shows openssl the certificate of the name it asks for, and after SIGHUP the one that lies in the files now', async () => {
    expect(subject('-servername', 'localhost')).toMatch(/CN ?= ?localhost$/);
    expect(subject('-noservername')).toMatch(/CN ?= ?localhost$/);
    expect(subject('-servername', 'other.test')).toMatch(/CN ?= ?other\.test$/);
    expect(subject('-servername', 'localhost', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')).toMatch(/^nothing/);
    copyFileSync(fixture('client.pem'), join(folder, 'a.pem'));
    copyFileSync(fixture('client.key'), join(folder, 'a.key'));
    service.signal('SIGHUP');
    await service.says(/certificates were read anew/);
    expect(subject('-servername', 'localhost')).toMatch(/CN ?= ?a trunk$/);
    expect(service.running).toBe(true);
  });
});
