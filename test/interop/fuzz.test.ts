import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SocketFuzz } from '../support/socket-fuzz.ts';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { onStage } from './support/stage.ts';

/** Seconds of the storm; `FUZZ_SECONDS=600 SEED=7` for more of it by hand. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 8);
const SEED = Number(process.env.SEED ?? 1);
/** What a process may keep of it: mostly the garbage collector's slack. */
const GROWTH_BYTES = 150 * 2 ** 20;
/** No transaction lives longer after its last message (RFC 3261 §17: 64*T1), and no half message on a connection. */
const SETTLES_MS = 45_000;

let service: Service;
beforeAll(async () => {
  service = await Service.start(4, { domains: ['example.com'] });
});
afterAll(() => service?.stop());

const handles = (): number => readdirSync(`/proc/${service.pid}/fd`).length;
const rssBytes = (): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) * 1024;

describeWith(SIPP, 'a process in a storm of messages that are nearly SIP', () => {
  it('neither ends nor grows, and connects the next call', { timeout: SECONDS * 1000 + SETTLES_MS + 90_000 }, async () => {
    const before = { handles: handles(), rssBytes: rssBytes() };
    const fuzz = new SocketFuzz(SEED, { udp: service.port, tcp: service.port });
    await fuzz.run(SECONDS * 1000);
    expect(fuzz.sent).toBeGreaterThan(SECONDS * 200);
    // Also for what is refused under load (503) to be taken again.
    await new Promise((resolve) => setTimeout(resolve, SETTLES_MS));
    await onStage(
      () => service,
      async ({ user, sipp, phone }) => {
        const [alice, bob] = [user(), user()];
        const callee = await phone('callee', { user: bob, transport: 'tcp' });
        await (await sipp('caller', { user: alice, to: bob })).done();
        await callee.got('BYE');
      },
    )();
    expect(service.running).toBe(true);
    expect(service.said).not.toMatch(/"level":"(?:error|fatal)"/);
    expect(handles()).toBeLessThanOrEqual(before.handles + 2);
    expect(rssBytes() - before.rssBytes).toBeLessThan(GROWTH_BYTES);
  });
});
