import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { onStage } from './support/stage.ts';
import { hangsUp, isHungUp, PLAIN, talk, waits } from './support/talk.ts';

const folder = mkdtempSync(join(tmpdir(), 'callweave-vanish-'));
const records = join(folder, 'calls.jsonl');
/** Asks no phone whether it is there. */
let service: Service;
/** Asks phones soon, but not while a busy machine is still about to kill them: a living sipp takes no OPTIONS. */
let curious: Service;
beforeAll(async () => {
  [service, curious] = await Promise.all([
    Service.start(8, { calls: { aliveCheckSeconds: 0 } }),
    Service.start(6, { calls: { aliveCheckSeconds: 10 }, records: { path: records } }),
  ]);
});
afterAll(async () => {
  await Promise.all([service?.stop(), curious?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Until the one that stays hangs up: long enough to kill the other on a busy machine. */
const TALK_MS = 5_000;
/** What the service writes about a call that is over. */
const endOf = (callee: string): RegExp => new RegExp(`"callee":"sip:${callee}@[^\\n]*"call ended"`);

describeWith(SIPP, 'a phone whose process is killed mid-call', () => {
  it.concurrent.each(['caller', 'callee'] as const)(
    'the %s over TCP: the other hangs up, is answered at once, the call is over, and another one is served',
    (who) =>
      onStage(
        () => service,
        async ({ user, sipp, phone }) => {
          const [alice, bob] = [user(), user()];
          const leaves = { keys: talk([waits(TALK_MS), hangsUp()]), transport: 'tcp' } as const;
          const stays = { keys: talk([isHungUp()]), transport: 'tcp' } as const;
          const callee = await phone('callee-talks', { ...(who === 'caller' ? leaves : stays), user: bob });
          const caller = await sipp('caller-talks', { ...(who === 'caller' ? stays : leaves), user: alice, to: bob });
          await callee.got('ACK');
          const [killed, other] = who === 'caller' ? [caller, callee] : [callee, caller];
          await killed.kill();
          expect(other.sent('BYE'), 'the kill came too late to show anything').toHaveLength(0);
          if (who === 'callee') await caller.done();
          else await expect.poll(() => callee.received('SIP/2.0 200').some(isOfBye), { timeout: 3 * TALK_MS }).toBe(true);
          expect(other.sent('BYE')).toHaveLength(1);
          await service.says(endOf(bob.name));
          const [carol, dave] = [user(), user()];
          await phone('callee', { user: dave, transport: 'tcp' });
          await (await sipp('caller', { user: carol, to: dave, transport: 'tcp', pauseMs: 100 })).done();
          await service.says(endOf(dave.name));
        },
      )(),
  );

  it.concurrent.each([
    { how: 'silent', from: 'tcp', to: 'tcp', sessions: [] },
    { how: 'silent', from: 'tcp', to: 'udp', sessions: [] },
    // Questions over UDP alone would take two minutes; here is a session to be refreshed instead.
    { how: 'expired', from: 'udp', to: 'udp', sessions: ['Supported: timer', 'Session-Expires: 90'] },
  ] as const)(
    'and its peer as well, $from and $to: no BYE ever comes, and the call ends by itself, $how',
    ({ how, from, to, sessions }) =>
      onStage(
        () => curious,
        async ({ user, sipp, phone }) => {
          const [alice, bob] = [user(), user()];
          const limitSeconds = GONE_LIMIT_MS / 1000;
          const callee = await phone('callee-talks', { user: bob, transport: to, limitSeconds, keys: talk([isHungUp()]) });
          const keys = talk([isHungUp()], { ...PLAIN, headers: sessions });
          const caller = await sipp('caller-talks', { user: alice, to: bob, transport: from, limitSeconds, keys });
          await callee.got('ACK');
          await Promise.all([caller.kill(), callee.kill()]);
          await expect.poll(() => recordOf(bob.name), { timeout: GONE_LIMIT_MS, interval: 100 }).toBeDefined();
          expect(recordOf(bob.name)).toMatchObject({ outcome: 'answered', endedBy: 'service', how });
          expect([...caller.sent('BYE'), ...callee.sent('BYE')]).toHaveLength(0);
        },
      )(),
  );
});

/**
 * Far beyond what it takes: over TCP two questions, 30 s apart, for which no connection comes about; a session of 90 s is
 * over 30 s before its end; and a BYE over UDP is given up after 32 s (RFC 3261 §17.1.2.2, Timer F).
 */
const GONE_LIMIT_MS = 160_000;
function recordOf(callee: string): unknown {
  const lines = existsSync(records)
    ? readFileSync(records, 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'))
    : [];
  return lines.map((line) => JSON.parse(line)).find((record) => record.callee.startsWith(`sip:${callee}@`));
}

describeWith(SIPP, 'the services on which phones vanished', () => {
  it.each([
    ['one where nobody is asked', () => service],
    ['one that asks', () => curious],
  ])('%s: has no call left to wait for as it stops', async (_, stopped) => {
    stopped().signal('SIGTERM');
    await stopped().says(/"calls":0,[^\n]*"drained"/);
    expect(stopped().said).not.toContain('"draining"');
  });
});

const isOfBye = (message: string): boolean => /^CSeq:\s*\d+ BYE/im.test(message);
