import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { glanceAt } from '../../src/trace/glance.ts';
import { pcapHeader, pcapRecord } from '../../src/trace/pcap.ts';
import type { TransportName } from '../../src/transport/transport.ts';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { onStage } from './support/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'callweave-trace-'));
const path = join(folder, 'trace.pcap');
let service: Service;
beforeAll(async () => {
  service = await Service.start(8, { trace: { path, users: ['u1'] } });
});
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What tshark reads of a file: one line a SIP message, these fields. */
function sipFields(file: string, ...fields: readonly string[]): string[][] {
  const read = spawnSync('tshark', ['-r', file, '-Y', 'sip', '-T', 'fields', ...fields.flatMap((field) => ['-e', field])], {
    encoding: 'utf8',
  });
  if (read.status !== 0) throw new Error(read.stderr);
  return read.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

describeWith({ ...SIPP, tshark: 'tshark' }, 'a trace read by tshark', () => {
  it('has all legs of the traced user’s call, over UDP and TCP, and no other call', () =>
    onStage(
      () => service,
      async ({ user, sipp, phone }) => {
        const [alice, bob, carol, dave] = [user(), user(), user(), user()];
        const callee = await phone('callee', { user: bob, transport: 'tcp', pauseMs: 100 });
        const other = await phone('callee', { user: dave, pauseMs: 100 });
        const caller = await sipp('caller', { user: alice, to: bob, pauseMs: 100 });
        await caller.done();
        await callee.got('BYE');
        await (await sipp('caller', { user: carol, to: dave, pauseMs: 100 })).done();
        await other.got('BYE');
        // What is written is gathered for a moment.
        await expect
          .poll(() => sipFields(path, 'sip.Method').filter(([method]) => method === 'BYE').length, { timeout: 10_000 })
          .toBe(2);
        const messages = sipFields(path, 'sip.Method', 'sip.Status-Code', 'udp.srcport', 'udp.dstport', 'sip.CSeq.method');
        const count = (wanted: string) => messages.filter(([method, status]) => (method || status) === wanted).length;
        expect({ INVITE: count('INVITE'), ringing: count('180'), BYE: count('BYE') }).toEqual({ INVITE: 3, ringing: 2, BYE: 2 });
        const ports = new Set(messages.flatMap(([, , from, to]) => [Number(from), Number(to)]));
        expect(ports).toContain(caller.port);
        expect(ports).toContain(service.port);
        expect(ports).not.toContain(other.port);
        expect(new Set(sipFields(path, 'sip.Call-ID').flat()).size).toBe(2);
        const responses = sipFields(path, 'sip.auth.digest.response')
          .flat()
          .filter((value) => value !== '');
        expect(responses.length).toBeGreaterThan(0);
        for (const response of responses) expect(response).toMatch(/^"?x+"?$/);
      },
    )());

  it.each<[TransportName, string, string]>([
    ['tls', '192.0.2.1', '192.0.2.2'],
    ['wss', '192.0.2.1', '192.0.2.2'],
    ['udp', '2001:db8::1', '2001:db8::2'],
  ])('reads a message that came over %s from %s', (transport, local, remote) => {
    const ends = {
      local: { host: local, port: 5061 },
      advertised: { host: local, port: 5061 },
      remote: { host: remote, port: 49_152 },
    };
    const flow = { id: '', transport, reliable: true, secure: true, ...ends, open: true, send: () => undefined };
    const text = [
      `OPTIONS sip:bob@example.com SIP/2.0`,
      `Via: SIP/2.0/${transport.toUpperCase()} phone.invalid;branch=z9hG4bK1`,
      'From: <sip:alice@example.com>;tag=1',
      'To: <sip:bob@example.com>',
      'Call-ID: over-the-air',
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    const file = join(folder, `${transport}.pcap`);
    writeFileSync(file, Buffer.concat([pcapHeader(), pcapRecord(glanceAt(text, flow, true, 1_700_000_000_123))]));
    const address = remote.includes(':') ? 'ipv6.src' : 'ip.src';
    expect(sipFields(file, 'sip.Method', 'sip.Call-ID', address, 'frame.time_epoch')).toEqual([
      ['OPTIONS', 'over-the-air', remote, '1700000000.123000000'],
    ]);
  });
});
