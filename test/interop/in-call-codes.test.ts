import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bestMatch, glide, writePcm } from './support/audio.ts';
import { AudioEnd } from './support/audio-end.ts';
import { describeWith, SIPP } from './support/peers.ts';
import { Service, type User } from './support/service.ts';
import type { Sipp } from './support/sipp.ts';
import { onStage, type Stage } from './support/stage.ts';
import { isHungUp, presses, talk, WITH_KEYS, waits } from './support/talk.ts';

const folder = mkdtempSync(join(tmpdir(), 'callweave-codes-'));
const MUSIC = glide(300, 1500, 500);
const SPEECH = glide(3000, 500, 500);
const MUCH_ALIKE = 0.99;

let service: Service;
beforeAll(async () => {
  mkdirSync(join(folder, 'prompts'));
  writePcm(join(folder, 'prompts', 'music.wav'), glide(300, 1500, 500, 32_000), 32_000);
  service = await Service.start(20, {
    media: { prompts: join(folder, 'prompts'), ports: [37_000, 37_999] },
    inCallCodes: { codes: { '*1': 'hold', '*0': 'hangUp' }, holdMusic: 'music' },
  });
});
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const stage = (play: (stage: Stage) => Promise<void>) => onStage(() => service, play);

/** Two who talk, each with a media end of its own; either may hang up first. */
interface Talk {
  readonly a: AudioEnd;
  readonly b: AudioEnd;
  readonly caller: Sipp;
  readonly callee: Sipp;
}

/** They want keys under different payload types. */
async function talking({ user, sipp, phone }: Stage, play: (talk: Talk) => Promise<void>): Promise<void> {
  const [alice, bob]: User[] = [user(), user()];
  const [a, b] = [await AudioEnd.open('PCMU', 96), await AudioEnd.open('PCMU', 101)];
  if (alice === undefined || bob === undefined) throw new Error('no users');
  try {
    const callee = await phone('callee-talks', { user: bob, keys: talk([isHungUp()], b.session(2, 1)) });
    const caller = await sipp('caller-talks', { user: alice, to: bob, keys: talk([isHungUp()], a.session(1, 1)) });
    await callee.got('ACK');
    a.speakTo(caller.received('SIP/2.0 200').at(-1) ?? '');
    b.speakTo(callee.received('INVITE')[0] ?? '');
    await a.until('the other', () => a.packetsHeard > 5);
    await b.until('the other', () => b.packetsHeard > 5);
    await play({ a, b, caller, callee });
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
}

/** Lets one speak, and is how alike it is what the other hears. */
async function passes(from: AudioEnd, to: AudioEnd): Promise<number> {
  const before = to.heard.length;
  from.says(SPEECH);
  await to.until('what was said', () => to.heard.length >= before + SPEECH.length + 20 * 160);
  return bestMatch(to.heard.subarray(before), SPEECH).likeness;
}

describeWith(SIPP, 'while two talk through the service', () => {
  it(
    'they hear each other as they spoke, and keys that are no codes under their own payload types',
    stage((on) =>
      talking(on, async ({ a, b, caller, callee }) => {
        expect(await passes(a, b)).toBeGreaterThan(MUCH_ALIKE);
        expect(await passes(b, a)).toBeGreaterThan(MUCH_ALIKE);
        await a.presses('78');
        await b.presses('9', { loses: (place) => place === 0 || place > 3 });
        await b.until('the keys', () => b.keys === '78');
        await a.until('the keys', () => a.keys === '9');
        await a.presses('*0');
        await Promise.all([caller.done(), callee.got('BYE')]);
      }),
    ),
  );

  it.each(['caller', 'callee'] as const)('the %s holds and resumes by a code, of which the other hears nothing', (who) =>
    stage((on) =>
      talking(on, async ({ a, b, caller, callee }) => {
        const [holds, held] = who === 'caller' ? [a, b] : [b, a];
        await holds.presses('*1', { loses: (place) => place % 2 === 0 });
        const before = held.heard.length;
        // It began before all packets of the code were out, and goes round.
        await held.until('music', () => held.heard.length >= before + 2 * MUSIC.length);
        expect(bestMatch(held.heard.subarray(before), MUSIC).likeness).toBeGreaterThan(MUCH_ALIKE);
        await holds.presses('*1');
        expect(await passes(holds, held)).toBeGreaterThan(MUCH_ALIKE);
        expect(await passes(held, holds)).toBeGreaterThan(MUCH_ALIKE);
        await holds.presses('*0');
        await Promise.all([caller.done(), callee.got('BYE')]);
        expect(held.keys).toBe('');
      }),
    )(),
  );

  it(
    "sipp's recordings are codes in either direction",
    stage(async ({ user, sipp, phone }) => {
      const [alice, bob, carol] = [user(), user(), user()];
      const hangsUp = [waits(300), presses('*0', 0), isHungUp()];
      const callee = await phone('callee-talks', { user: bob, keys: talk([isHungUp()], WITH_KEYS) });
      const caller = await sipp('caller-talks', { user: alice, to: bob, keys: talk(hangsUp, WITH_KEYS) });
      await caller.done();
      await callee.got('BYE');
      const other = await phone('callee-talks', { user: carol, keys: talk(hangsUp, WITH_KEYS) });
      const called = await sipp('caller-talks', { user: alice, to: carol, keys: talk([isHungUp()], WITH_KEYS) });
      await called.done();
      await other.got('BYE');
    }),
  );
});
