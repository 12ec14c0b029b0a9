import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { BARESIP, describeWith, SIPP } from './support/peers.ts';
import { Service } from './support/service.ts';
import { onStage, pushable, type Stage } from './support/stage.ts';
import { answers, asks, hangsUp, isHungUp, sdp, talk, waits } from './support/talk.ts';

const HOST = '127.0.0.1';
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const WRITTEN_LIMIT_MS = 20_000;

let service: Service;
let dir: string;
let path: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'callweave-journal-'));
  path = join(dir, 'journal.jsonl');
  service = await Service.start(30, { journal: { path } });
});
afterAll(async () => {
  await service?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The calls of the file so far, once there are as many. */
async function calls(least: number): Promise<readonly string[]> {
  for (let waitedMs = 0; waitedMs < WRITTEN_LIMIT_MS; waitedMs += 100) {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    if (lines.length >= least) return lines;
    await sleep(100);
  }
  throw new Error(`there are fewer than ${least} journals after ${WRITTEN_LIMIT_MS} ms`);
}

/** What `callweave replay` says of the file, and its exit code. */
async function replayed(): Promise<{ readonly code: number; readonly out: string }> {
  const child = spawn(process.execPath, [MAIN, 'replay', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  const [code] = await once(child, 'close');
  return { code: Number(code), out };
}

/** Plays a case, and holds that every call of the file, which now are `more` more, plays again as it was. */
function journalled(more: number, outcome: string, play: (stage: Stage) => Promise<void>): () => Promise<void> {
  return onStage(
    () => service,
    async (stage) => {
      const before = readFileSync(path, 'utf8').split('\n').length - 1;
      await play(stage);
      const lines = (await calls(before + more)).slice(before);
      expect(lines.map((line) => JSON.parse(line).outcome)).toContain(outcome);
      for (const secret of [/secret-\d/, /pn-prid=u\d/, /"prid":"u\d/]) expect(lines.join('\n')).not.toMatch(secret);
      const { code, out } = await replayed();
      expect(out.split('\n').filter((line) => !/^call:\d+: same \(\d+ entries\)$|^$/.test(line))).toEqual([]);
      expect(code).toBe(0);
    },
  );
}

describeWith(SIPP, 'the journal of a call between sipp phones plays again', () => {
  it(
    'woken by push',
    journalled(1, 'answered', async (stage) => {
      const [alice, bob] = [stage.user(), stage.user()];
      await stage.registers({ user: bob, contactParams: pushable(bob) });
      const caller = await stage.sipp('caller', { user: alice, to: bob, pauseMs: 200 });
      const { callId } = await stage.pushes.next(bob.name);
      const mobile = await stage.sipp('mobile', { user: bob, contactParams: pushable(bob), callId: String(callId) });
      await Promise.all([caller.done(), mobile.done()]);
    }),
  );

  it(
    'cancelled by its caller',
    journalled(1, 'cancelled', async ({ user, sipp, pushes, registers }) => {
      const [alice, bob] = [user(), user()];
      await registers({ user: bob, contactParams: pushable(bob) });
      const caller = await sipp('caller-cancels', { user: alice, to: bob, pauseMs: 500 });
      await pushes.next(bob.name);
      await caller.done();
    }),
  );

  it(
    'that fails, since both phones decline',
    journalled(1, 'failed', async ({ user, sipp, phone }) => {
      const [alice, bob] = [user(), user()];
      await phone('callee-declines', { user: bob });
      await phone('callee-declines', { user: bob, pauseMs: 300 });
      await (await sipp('caller-fails-486', { user: alice, to: bob })).done();
    }),
  );

  it(
    'that is transferred, as two calls',
    journalled(2, 'answered', async ({ user, sipp, phone }) => {
      const [alice, bob, carol] = [user(), user(), user()];
      const audio = (session: number, version: number) => ({ type: 'application/sdp', body: sdp(session, version) });
      const refer = asks('REFER', 5, { headers: [`Refer-To: <sip:${carol.name}@${HOST}>`] }, 202);
      const told = ['NOTIFY', 'NOTIFY', 'NOTIFY'].map((method) => answers(method));
      await phone('callee-talks', { user: bob, keys: talk([refer, ...told, isHungUp()], audio(1111, 7)) });
      const target = await phone('callee-offerless', { user: carol });
      const keys = talk([answers('INVITE', audio(2222, 3)), waits(1_000), hangsUp()], audio(2222, 2));
      await (await sipp('caller-talks', { user: alice, to: bob, keys })).done();
      await target.got('BYE');
    }),
  );
});

describeWith(BARESIP, 'the journal of a call between baresip phones plays again', () => {
  it(
    'answered, and hung up by the callee',
    journalled(1, 'answered', async ({ user }) => {
      const [alice, bob] = await Promise.all([Baresip.start(user(), service.port), Baresip.start(user(), service.port)]);
      try {
        alice.command('dial', `sip:${bob.user.name}@${HOST}`);
        await alice.event('CALL_ESTABLISHED');
        bob.command('hangup');
        await alice.event('CALL_CLOSED');
      } finally {
        await Promise.all([alice.stop(), bob.stop()]);
      }
    }),
  );
});
