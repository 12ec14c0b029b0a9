import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bestMatch, glide, writePcm } from './support/audio.ts';
import { AudioEnd } from './support/audio-end.ts';
import { describeWith, SIPP } from './support/peers.ts';
import { Service, type User } from './support/service.ts';
import type { Sipp } from './support/sipp.ts';
import { headerOf, onStage, type Stage } from './support/stage.ts';
import { asks, hangsUp, isHungUp, presses, talk, WITH_KEYS, waits } from './support/talk.ts';

const folder = mkdtempSync(join(tmpdir(), 'callweave-ivr-'));
/** A prompt goes up, the next one down. */
const WELCOME = glide(300, 3000, 2000);
const HOURS = glide(3000, 300, 800);
const MENU: User = { name: '100', password: '' };
const ALICE: User = { name: 'alice', password: 'secret-a' };
const BOB: User = { name: 'bob', password: 'secret-b' };
const CAROL: User = { name: 'carol', password: 'secret-c' };
const NUMBERS: Readonly<Record<string, readonly string[]>> = { carol: ['23'] };

let service: Service;
beforeAll(async () => {
  mkdirSync(join(folder, 'prompts'));
  // Files of other rates than telephony's: what is heard is compared with what they were made from.
  writePcm(join(folder, 'prompts', 'welcome.wav'), glide(300, 3000, 2000, 16_000), 16_000);
  writePcm(join(folder, 'prompts', 'hours.wav'), glide(3000, 300, 800, 44_100), 44_100);
  service = await Service.start(0, {
    users: Object.fromEntries(
      [ALICE, BOB, CAROL].map(({ name, password }) => [name, { password, numbers: NUMBERS[name] ?? [] }]),
    ),
    media: { prompts: join(folder, 'prompts'), ports: [36_000, 36_999] },
    ivr: {
      numbers: { '100': 'main' },
      pins: { door: '4711' },
      menus: {
        main: {
          prompts: ['welcome'],
          firstDigitSeconds: 8,
          choices: {
            '1': { ring: 'bob' },
            '2': { say: 'hours' },
            '3': { dial: 2 },
            '55': { menu: 'door' },
            '*0': 'hangUp',
            '#': 'hangUp',
          },
        },
        door: { prompts: ['tone:beep'], choices: { '5': { pin: 'door', next: { ring: 'carol' }, otherwise: 'hangUp' } } },
      },
    },
  });
});
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const stage = (play: (stage: Stage) => Promise<void>) => onStage(() => service, play);

/** Calls with a media end for media, and lets it speak once it is answered. */
async function calls({ sipp }: Stage, end: AudioEnd, user: User, to: User, pieces: readonly string[]): Promise<Sipp> {
  const phone = await sipp('caller-talks', { user, to, keys: talk(pieces, end.session(1, 1)) });
  await phone.got('SIP/2.0 200');
  end.speakTo(phone.received('SIP/2.0 200')[0] ?? '');
  return phone;
}

const infos = (digits: string, firstSeq: number): string[] =>
  [...digits].flatMap((digit, n) => {
    const body = `Signal=${digit}\nDuration=160\n`;
    return [asks('INFO', firstSeq + n, { type: 'application/dtmf-relay', body }), waits(200)];
  });

describeWith(SIPP, 'a menu hears the keys of real phones', () => {
  it(
    "pressed by sipp's recordings, and rings whom they choose",
    stage(async ({ sipp, phone }) => {
      const bob = await phone('callee-talks', { user: BOB, keys: talk([isHungUp()], WITH_KEYS) });
      const pieces = [waits(300), presses('1'), waits(1000), hangsUp()];
      const alice = await sipp('caller-talks', { user: ALICE, to: MENU, keys: talk(pieces, WITH_KEYS) });
      await bob.got('ACK');
      await alice.done();
      await bob.got('BYE');
    }),
  );

  it(
    'of one recording played twice, once each, into a sub-menu and a PIN',
    stage(async ({ sipp, phone }) => {
      const carol = await phone('callee-talks', { user: CAROL, keys: talk([isHungUp()], WITH_KEYS) });
      // 5 opens, and the PIN has each key twice and a lower one behind a higher.
      const pieces = [waits(300), presses('55'), waits(700), presses('5'), waits(500), presses('4711#'), waits(1000), hangsUp()];
      const alice = await sipp('caller-talks', { user: ALICE, to: MENU, keys: talk(pieces, WITH_KEYS) });
      await carol.got('ACK');
      await alice.done();
      expect(service.said).not.toContain('4711');
    }),
  );

  it(
    'told of by INFO',
    stage(async ({ sipp, phone }) => {
      const carol = await phone('callee-talks', { user: CAROL, keys: talk([isHungUp()]) });
      const pieces = [waits(300), ...infos('323', 3), waits(800), hangsUp()];
      const alice = await sipp('caller-talks', { user: ALICE, to: MENU, keys: talk(pieces) });
      await carol.got('ACK');
      await alice.done();
      expect(alice.received('SIP/2.0 200').filter((answer) => headerOf(answer, 'CSeq').endsWith('INFO'))).toHaveLength(3);
    }),
  );

  it(
    'told of by INFO and RTP at once, as one',
    stage(async ({ sipp, phone }) => {
      const carol = await phone('callee-talks', { user: CAROL, keys: talk([isHungUp()], WITH_KEYS) });
      const both = (digit: string, seq: number): string[] => [...infos(digit, seq), presses(digit)];
      const pieces = [waits(300), ...both('3', 3), ...both('2', 4), ...both('3', 5), waits(800), hangsUp()];
      const alice = await sipp('caller-talks', { user: ALICE, to: MENU, keys: talk(pieces, WITH_KEYS) });
      await carol.got('ACK');
      await alice.done();
    }),
  );
});

describeWith(SIPP, 'what a menu says', () => {
  it.each(['PCMU', 'PCMA'] as const)('is heard as it was recorded, in %s, until a key stops it', (law) =>
    stage(async (on) => {
      const end = await AudioEnd.open(law);
      try {
        const alice = await calls(on, end, ALICE, MENU, [isHungUp()]);
        await end.until('all of the prompt', () => end.packetsHeard >= 100);
        expect(bestMatch(end.heard, WELCOME).likeness).toBeGreaterThan(0.99);
        // The third and all behind it, ends and all, are lost.
        await end.presses('2', { loses: (place) => place > 1 });
        const before = end.heard.length;
        await end.until('the other prompt', () => end.heard.length >= before + HOURS.length + 8 * 160);
        expect(bestMatch(end.heard.subarray(before - 8 * 160), HOURS).likeness).toBeGreaterThan(0.99);
        // It is said again, and interrupted.
        await end.until('the first prompt again', () => end.heard.length >= before + HOURS.length + 3000);
        await end.presses('*0');
        await alice.done();
        expect(bestMatch(end.heard.subarray(before + HOURS.length), WELCOME).likeness).toBeLessThan(0.95);
      } finally {
        await end.stop();
      }
    })(),
  );
});
