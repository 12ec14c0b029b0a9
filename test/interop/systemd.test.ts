import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Child } from './support/child.ts';
import { describeWith } from './support/peers.ts';

const LIMIT_MS = 30_000;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** The socket that systemd listens on: prints each datagram on a line. */
const RECEIVER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, fds, flags, address = socket.recv_fds(s, 4096, 8)
    for fd in fds: os.close(fd)
    print(data.decode().replace("\\n", " "), flush=True)
`;

let dir = '';
const children: Child[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'callweave-notify-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await child.stop('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

describeWith({ python3: 'python3', 'systemd-notify': 'systemd' }, 'a unit of Type=notify with a watchdog', () => {
  it('hears of the real process that it is ready, alive and stopping', async () => {
    const socket = join(dir, 'notify');
    const systemd = new Child('python3', ['-c', RECEIVER, socket], dir);
    children.push(systemd);
    await systemd.says(/bound/, LIMIT_MS);
    const service = new Child(process.execPath, [MAIN], dir, {
      ...process.env,
      CALLWEAVE_LISTEN: 'udp:127.0.0.1:0',
      CALLWEAVE_DB: ':memory:',
      CALLWEAVE_ADMIN: 'off',
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: '1500000',
    });
    children.push(service);
    await systemd.says(/READY=1/, LIMIT_MS);
    await systemd.says(/(WATCHDOG=1[\s\S]*){3}STATUS=0 calls, 0 users registered/, LIMIT_MS);
    await service.stop('SIGTERM');
    expect(await service.ended).toBe(0);
    await systemd.says(/STOPPING=1/, LIMIT_MS);
    expect(service.said).not.toContain('systemd cannot be told');
  });
});
