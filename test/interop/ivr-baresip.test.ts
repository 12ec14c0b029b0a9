import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bestMatch, glide, readPcm, writePcm } from './support/audio.ts';
import { Baresip } from './support/baresip.ts';
import { BARESIP, describeWith } from './support/peers.ts';
import { Service, type User } from './support/service.ts';

const HOST = '127.0.0.1';
const folder = mkdtempSync(join(tmpdir(), 'callweave-ivr-baresip-'));
const WELCOME = glide(300, 3000, 1500);
const ALICE: User = { name: 'alice', password: 'secret-a' };
const BOB: User = { name: 'bob', password: 'secret-b' };

/** A phone leaves a frame out or puts one in where its clock and ours differ: all pieces but one have to be as they were. */
const piecesOf = (samples: Int16Array): Int16Array[] =>
  Array.from({ length: 5 }, (_, n) => samples.subarray((n * samples.length) / 5, ((n + 1) * samples.length) / 5));

let service: Service;
const phones: Baresip[] = [];
beforeAll(async () => {
  for (const name of ['prompts', 'heard']) mkdirSync(join(folder, name));
  writePcm(join(folder, 'prompts', 'welcome.wav'), glide(300, 3000, 1500, 22_050), 22_050);
  service = await Service.start(0, {
    users: Object.fromEntries([ALICE, BOB].map(({ name, password }) => [name, { password }])),
    media: { prompts: join(folder, 'prompts'), ports: [38_000, 38_999] },
    ivr: { numbers: { '100': 'main' }, menus: { main: { prompts: ['welcome'], choices: { '42': { ring: 'bob' } } } } },
    inCallCodes: { codes: { '*0': 'hangUp' } },
  });
  phones.push(await Baresip.start(ALICE, service.port, { recordsTo: join(folder, 'heard') }));
  phones.push(await Baresip.start(BOB, service.port));
});
afterAll(async () => {
  await Promise.all(phones.map((phone) => phone.stop()));
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describeWith(BARESIP, 'baresip', () => {
  it('hears a menu, presses keys in it, talks to whom they choose, and hangs up by a code', async () => {
    const [alice, bob] = phones;
    if (alice === undefined || bob === undefined) throw new Error('no phones');
    alice.command('dial', `sip:100@${HOST}`);
    await alice.event('CALL_ESTABLISHED');
    // All of the prompt, and what a phone keeps back against jitter.
    await sleep(2000);
    alice.command('sndcode', '4');
    await sleep(300);
    alice.command('sndcode', '2');
    await bob.event('CALL_ESTABLISHED');
    await sleep(500);
    alice.command('sndcode', '5');
    expect((await bob.event('CALL_DTMF_START')).param).toBe('5');
    bob.command('sndcode', '*');
    await sleep(300);
    bob.command('sndcode', '0');
    await Promise.all([alice.event('CALL_CLOSED'), bob.event('CALL_CLOSED')]);
    expect(alice.events.map(({ type }) => type)).not.toContain('CALL_DTMF_START');
    expect(await bob.packetsReceived()).toBeGreaterThan(20);
    // Its file is whole once it has ended.
    await alice.stop();
    const recording = readdirSync(join(folder, 'heard')).find((name) => name.endsWith('dec.wav'));
    const { samples } = readPcm(join(folder, 'heard', recording ?? 'nothing'));
    expect(piecesOf(WELCOME).filter((piece) => bestMatch(samples, piece).likeness > 0.97).length).toBeGreaterThanOrEqual(4);
  });
});
