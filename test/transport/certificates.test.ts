import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { isProblem } from '../../src/errors.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { Certificates } from '../../src/transport/certificates.ts';
import type { Endpoint } from '../../src/transport/transport.ts';
import { certificates, closing, fixture, listening, TLS } from '../support/sockets.ts';

/** Copies of files in a folder of their own, that may be changed. */
function folder() {
  const path = mkdtempSync(join(tmpdir(), 'callweave-certificates-'));
  closing.push(() => rmSync(path, { recursive: true, force: true }));
  const [certificate, key] = [join(path, 'a.pem'), join(path, 'a.key')];
  let serial = 0;
  const put = (name: string, keyName = name): void => {
    copyFileSync(fixture(`${name}.pem`), certificate);
    copyFileSync(fixture(`${keyName}.key`), key);
    serial += 1;
    for (const file of [certificate, key]) utimesSync(file, serial, serial);
  };
  return { certificate, key, put, path };
}

function virtual() {
  const time = new VirtualTime(Date.UTC(2030, 0, 1));
  return { time, timers: new TimerHeap(time, () => {}) };
}

const subjectAt = (to: Endpoint): Promise<unknown> => {
  const socket = connect({ host: to.host, port: to.port, rejectUnauthorized: false });
  closing.push(() => socket.destroy());
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => resolve(socket.getPeerCertificate().subject.CN));
  });
};

describe('certificates that cannot be used', () => {
  const read = (settings: Partial<typeof TLS>) => {
    const { timers } = virtual();
    const found = Certificates.read({ ...TLS, ...settings }, { timers, report: () => {} });
    return isProblem(found) ? found.problem : 'fine';
  };

  it.each([
    [{ certificate: '/no/such.pem' }, /^tls\.certificate: \/no\/such\.pem cannot be read \(ENOENT\); name a PEM file that this/],
    [{ key: fixture('server.pem') }, /^tls\.key: .*server\.pem holds no private key without a passphrase in PEM form/],
    [{ certificate: fixture('make.sh') }, /^tls\.certificate: .*make\.sh holds no certificate in PEM form/],
    [{ key: fixture('other.key') }, /^tls\.key: .*other\.key is not the key of .*server\.pem; name the key that/],
    [{ ca: '/no/ca.pem' }, /^tls\.ca: \/no\/ca\.pem cannot be read/],
    [
      { names: new Map([['sip.example.net', { certificate: fixture('other.pem'), key: '/no/such.key' }]]) },
      /^tls\.names\.sip\.example\.net\.key: \/no\/such\.key cannot be read/,
    ],
  ])('%# are told of in one line with key and fix', (settings, line) => {
    expect(read(settings)).toMatch(line);
    expect(read(settings)).not.toContain('\n');
  });

  it('are used all the same when they have expired, with a warning', () => {
    const { said } = certificates({ certificate: fixture('expired.pem'), key: fixture('expired.key') });
    expect(said).toEqual([
      expect.stringMatching(/^tls\.certificate: .*expired\.pem expired on 2021-01-01; clients will refuse it, renew it$/),
    ]);
  });
});

describe('certificates whose files change', () => {
  it('are read anew within half a minute, and shown to whoever comes next', async () => {
    const { certificate, key, put } = folder();
    put('server');
    const { time, timers } = virtual();
    const { certificates: own, said } = certificates({ certificate, key }, timers);
    const { local } = await listening([{ transport: 'tls', host: '127.0.0.1', port: 0 }], { certificates: own });
    expect(await subjectAt(local)).toBe('localhost');
    put('other');
    time.advance(29_000);
    expect(await subjectAt(local)).toBe('localhost');
    time.advance(1_000);
    expect(await subjectAt(local)).toBe('other.test');
    expect(said).toEqual(['certificates were read anew']);
    own.close();
    expect(timers.size).toBe(0);
  });

  it('stay as they are while the new ones cannot be used, which is told once', () => {
    const { certificate, key, put } = folder();
    put('server');
    const { time, timers } = virtual();
    const { certificates: own, said } = certificates({ certificate, key }, timers);
    const [before, seen] = [own.contextFor('x'), vi.fn()];
    own.onChange(seen);
    put('other', 'server');
    time.advance(120_000);
    expect(own.contextFor('x')).toBe(before);
    expect(said).toEqual([expect.stringMatching(/^tls\.key: .* is not the key of .*; the certificates in use stay$/)]);
    writeFileSync(key, 'half a fi');
    time.advance(30_000);
    rmSync(key);
    time.advance(60_000);
    expect(said).toHaveLength(3);
    put('other');
    time.advance(30_000);
    expect(own.contextFor('x')).not.toBe(before);
    expect(said.at(-1)).toBe('certificates were read anew');
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it('are looked at at once when that is asked for, and left alone when nothing changed', () => {
    const { certificate, key, put } = folder();
    put('server');
    const { timers } = virtual();
    const { certificates: own, said } = certificates({ certificate, key }, timers);
    own.reload();
    expect(said).toEqual([]);
    put('other');
    own.reload();
    expect(said).toEqual(['certificates were read anew']);
  });
});
