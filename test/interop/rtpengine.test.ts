import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { InCallCode } from '../../machines/vocabulary/media.ts';
import { SystemClock } from '../../src/clock.ts';
import type { MediaBridge, MediaEvents, MediaParty, MediaPlane } from '../../src/media/media.ts';
import { RtpenginePlane } from '../../src/media/rtpengine/plane.ts';
import { CryptoRandom } from '../../src/random.ts';
import { decode, encode } from '../../src/rtp/g711.ts';
import { wavHeader } from '../../src/rtp/wav.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { type DatagramInbox, listenForDatagrams, openDatagrams } from '../../src/transport/datagrams.ts';
import { fixture } from '../support/tls-fixture.ts';
import { glide, writePcm } from './support/audio.ts';
import { Baresip } from './support/baresip.ts';
import { Browser } from './support/browser.ts';
import { BARESIP, CHROMIUM, describeWith, RTPENGINE } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { RtpEnd, until } from './support/rtp-end.ts';
import { Rtpengine } from './support/rtpengine.ts';
import { Service } from './support/service.ts';

const HOST = '127.0.0.1';
const KEY_EVENTS = 101;
const SPEAK_MS = 1_000;
/** What the menu says, and whom it rings: the last of the accounts, which no other case takes. */
const MENU_HERTZ = 1_200;
const MENU_USER = 'u8';
/** The voice of a baresip. */
const BARESIP_HERTZ = 440;
/** What is wrongly there comes within this. */
const SETTLE_MS = 300;

const party = (leg: string): MediaParty => ({ leg, user: leg, host: HOST, local: HOST, isWebRtc: false });

/** There is nothing but rtpengine here. */
const noBuiltin = (codesOf: MediaPlane['codesOf']): MediaPlane => ({
  bridge: () => undefined,
  attend: () => {
    throw new Error('nobody is attended here');
  },
  pressed: () => 'notHere',
  leg: () => undefined,
  codesOf,
  hear: () => {},
  size: 0,
  close: () => {},
});

/** How much of a tone there is in some samples, from 0 to about 1 (Goertzel). */
function shareOf(hertz: number, samples: Int16Array): number {
  let [energy, one, two] = [0, 0, 0];
  const by = 2 * Math.cos((2 * Math.PI * hertz) / 8000);
  for (const sample of samples) {
    energy += sample * sample;
    [one, two] = [sample + by * one - two, one];
  }
  return energy === 0 ? 0 : (2 * (one * one + two * two - by * one * two)) / (samples.length * energy);
}

describeWith(RTPENGINE, 'rtpengine, ordered by the service', () => {
  let daemon: Rtpengine;
  let inbox: DatagramInbox;
  let plane: RtpenginePlane;
  let prompts = '';
  let heard: string[];
  let reports: string[];
  let ends: RtpEnd[];
  let bridge: MediaBridge;
  let codes: readonly InCallCode[];

  beforeAll(async () => {
    daemon = await Rtpengine.start();
    prompts = mkdtempSync(join(tmpdir(), 'callweave-prompts-'));
    const sine = Int16Array.from({ length: 16_000 }, (_, at) => 9_000 * Math.sin((2 * Math.PI * 600 * at) / 8000));
    const audio = encode('PCMU', sine);
    writeFileSync(join(prompts, 'sine.wav'), Buffer.concat([wavHeader('PCMU', 1, audio.length), audio]));
  });
  afterAll(async () => {
    await daemon?.stop();
    rmSync(prompts, { recursive: true, force: true });
  });

  beforeEach(async () => {
    heard = [];
    reports = [];
    const timers = new TimerHeap(new SystemClock(), (error) => {
      throw error;
    });
    const opened = await listenForDatagrams({ host: HOST, port: daemon.keyPort }, (datagram) => plane.logged(datagram));
    if (opened instanceof Error) throw opened;
    inbox = opened;
    codes = [];
    plane = new RtpenginePlane(
      { address: { host: HOST, port: daemon.port }, dtmfLog: undefined, timeoutMs: 2_000, whenDown: 'refuse' },
      {
        wire: openDatagrams({ host: HOST, port: daemon.port }),
        ...{ timers, random: new CryptoRandom(), prompts, stalledAfterMs: 2_000 },
        builtin: noBuiltin(() => codes),
        report: ({ problem }) => void reports.push(problem),
      },
    );
    const events: MediaEvents = {
      opened: ({ leg }) => void heard.push(`opened ${leg}`),
      heard: ({ leg }, ssrc, payloadType) => void heard.push(`heard ${leg} ${ssrc} ${payloadType}`),
      stopped: ({ leg }) => void heard.push(`stopped ${leg}`),
      closed: ({ leg }, { packets }) => void heard.push(`closed ${leg} ${packets}`),
      digit: ({ leg }, digit, durationMs, way) => void heard.push(`digit ${leg} ${digit} ${durationMs} ${way}`),
      unanchored: () => {},
    };
    plane.hear(events);
    ends = [await RtpEnd.open(), await RtpEnd.open()];
  });
  afterEach(async () => {
    plane.close();
    inbox.close();
    await Promise.all(ends.map((end) => end.close()));
  });

  const described = (from: 'caller' | 'fork', what: 'offer' | 'answer', sdp: string): Promise<string> =>
    new Promise((done, failed) =>
      bridge.describe(from, sdp, what, (said) => (typeof said === 'string' ? done(said) : failed(new Error(said.reason)))),
    );

  /** Alice and bob speak to each other from here on. */
  async function talk(): Promise<void> {
    bridge = plane.bridge({ call: 'call', caller: party('alice'), fork: party('bob'), attended: undefined }) as MediaBridge;
    const [alice, bob] = ends as [RtpEnd, RtpEnd];
    bob.speakTo(await described('caller', 'offer', alice.description()));
    alice.speakTo(await described('fork', 'answer', bob.description()));
    bridge.connect();
    await until(() => alice.total > 5 && bob.total > 5, 'both hear each other');
  }

  const ofDigits = (): string[] => heard.filter((line) => line.startsWith('digit'));

  it('relays both ways, counts, and sees who falls silent', async () => {
    const [alice, bob] = ends as [RtpEnd, RtpEnd];
    await talk();
    await until(() => heard.filter((line) => line.startsWith('heard')).length === 2, 'streams flow');
    expect(heard).toContain(`heard alice ${alice.ssrc} 0`);
    alice.silence();
    await until(() => heard.includes('stopped alice'), 'alice has stalled');
    expect(heard).not.toContain('stopped bob');
    bridge.close();
    await until(() => heard.filter((line) => line.startsWith('closed')).length === 2, 'numbers');
    const packets = Number(heard.find((line) => line.startsWith('closed bob'))?.split(' ')[2]);
    expect(packets).toBeGreaterThan(50);
    expect(packets).toBeLessThanOrEqual(bob.sent);
    expect(plane.size).toBe(0);
  });

  it('hears each digit once', async () => {
    const [alice, bob] = ends as [RtpEnd, RtpEnd];
    await talk();
    await alice.press('11#', KEY_EVENTS);
    await until(() => ofDigits().length >= 3 && bob.keys.length >= 3, 'three digits');
    await sleep(SETTLE_MS);
    expect(ofDigits().map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual(['alice 1', 'alice 1', 'alice #']);
    expect(bob.keys).toEqual([1, 1, 11]);
  });

  it('keeps digits from the other party, and presses them in its place', async () => {
    const [alice, bob] = ends as [RtpEnd, RtpEnd];
    codes = [{ name: 'hold', code: '*1', takesArgument: false, isHidden: true }];
    await talk();
    plane.leg('alice')?.withhold(true);
    await sleep(SETTLE_MS);
    await alice.press('5', KEY_EVENTS);
    await until(() => ofDigits().length > 0, 'the digit is heard');
    plane.leg('alice')?.press('7');
    await until(() => bob.keys.length > 0, 'bob hears the key that was pressed for alice');
    await sleep(SETTLE_MS);
    expect(bob.keys).toEqual([7]);
    // What is pressed in its place is no digit of its own.
    expect(ofDigits().map((line) => line.split(' ')[2])).toEqual(['5']);
  });

  it('plays to one party, who hears nothing else meanwhile', async () => {
    const [alice, bob] = ends as [RtpEnd, RtpEnd];
    await talk();
    const ended: string[] = [];
    plane.leg('alice')?.play({ prompts: ['sine'], repeats: false, ended: (how, why) => void ended.push(`${how} ${why}`) });
    await until(() => alice.others(bob.ssrc).length > 40, 'alice hears it');
    const before = alice.count(bob.ssrc);
    const played = Buffer.concat(alice.others(bob.ssrc).slice(5, 40));
    expect(shareOf(600, decode('PCMU', played))).toBeGreaterThan(0.8);
    expect(bob.others(alice.ssrc)).toEqual([]);
    await until(() => ended.length > 0, 'it ends');
    expect(ended).toEqual(['played ']);
    expect(alice.count(bob.ssrc) - before).toBeLessThan(10);
    await until(() => alice.count(bob.ssrc) > before + 20, 'alice hears bob again');
  });

  it('keeps who is on hold apart', async () => {
    const [alice, bob] = ends as [RtpEnd, RtpEnd];
    await talk();
    plane.leg('alice')?.hold(['tone:hold']);
    await until(() => alice.others(bob.ssrc).length > 20, 'alice hears music');
    const before = [alice.count(bob.ssrc), bob.count(alice.ssrc)] as const;
    await sleep(400);
    expect(alice.count(bob.ssrc) - before[0]).toBeLessThan(5);
    expect(bob.count(alice.ssrc) - before[1]).toBeLessThan(5);
    plane.leg('alice')?.resume();
    await until(() => alice.count(bob.ssrc) > before[0] + 20 && bob.count(alice.ssrc) > before[1] + 20, 'they talk again');
  });

  it('says so when it is dead, and serves again when it is back', async () => {
    await talk();
    await until(() => heard.filter((line) => line.startsWith('heard')).length === 2, 'streams flow');
    await daemon.kill();
    await until(() => reports.length === 1, 'death is noticed');
    await expect(described('caller', 'offer', (ends[0] as RtpEnd).description())).rejects.toThrow('Media Relay Is Down');
    await until(() => heard.includes('stopped alice') && heard.includes('stopped bob'), 'streams have stopped');
    await daemon.restart();
    await until(() => reports.length === 2, 'it is back');
    bridge.close();
    await talk();
  });
});

describeWith({ ...RTPENGINE, ...CHROMIUM, ...BARESIP }, 'calls through rtpengine', () => {
  let daemon: Rtpengine;
  let service: Service;
  let browser: Browser;
  let server = '';
  let prompts = '';
  const phones: Baresip[] = [];

  beforeAll(async () => {
    daemon = await Rtpengine.start();
    prompts = mkdtempSync(join(tmpdir(), 'callweave-prompts-'));
    const port = await freePort();
    server = `wss://${HOST}:${port}/sip`;
    const media = {
      anchor: 'always',
      engine: 'rtpengine',
      prompts,
      rtpengine: { address: `${HOST}:${daemon.port}`, dtmfLog: `${HOST}:${daemon.keyPort}` },
    };
    writePcm(join(prompts, 'long.wav'), glide(MENU_HERTZ, MENU_HERTZ, 20_000), 8_000);
    const settings = {
      media,
      ivr: { numbers: { '100': 'main' }, menus: { main: { prompts: ['long'], choices: { '1': { ring: MENU_USER } } } } },
      listen: [`wss:${HOST}:${port}`],
      tls: { certificate: fixture('server.pem'), key: fixture('server.key') },
      websocket: { path: '/sip' },
    };
    [service, browser] = await Promise.all([Service.start(8, settings), Browser.open()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(phones.map((phone) => phone.stop()));
    await browser?.close();
    await service?.stop();
    await daemon?.stop();
    rmSync(prompts, { recursive: true, force: true });
  });

  async function baresip(): Promise<Baresip> {
    const phone = await Baresip.start(service.user(), service.port);
    phones.push(phone);
    return phone;
  }
  const told = (play: () => Promise<void>) => async (): Promise<void> => {
    try {
      await play();
    } catch (error) {
      const said = `--- the service said:\n${service.said.slice(-4_000)}\n--- rtpengine said:\n${daemon.said.slice(-6_000)}`;
      throw new Error(`${error instanceof Error ? error.message : error}\n${said}`, { cause: error });
    }
  };

  it(
    'a browser calls a phone that knows nothing of encryption, and is called by it',
    told(async () => {
      const phone = await baresip();
      const page = await browser.page({ user: service.user(), server, answers: true });
      await page.hears('registered');
      await page.call(phone.user);
      await page.hears('confirmed');
      await page.hearsMedia();
      await sleep(SPEAK_MS);
      await page.hangUp();
      expect(await phone.packetsReceived(), phone.said).toBeGreaterThan(20);
      phone.command('dial', `sip:${page.user.name}@${HOST}`);
      await page.hears(`invited ${phone.user.name}`);
      await phone.event('CALL_ESTABLISHED', 2);
      await page.hearsMedia();
      phone.command('hangup');
      await page.hears('ended remote');
      await page.close();
    }),
  );

  it(
    'a browser hears a menu of the service, and whom it chooses there',
    told(async () => {
      const user = { name: MENU_USER, password: 'secret-8' };
      const chosen = await Baresip.start(user, service.port);
      phones.push(chosen);
      const page = await browser.page({ user: service.user(), server });
      await page.hears('registered');
      await page.call({ name: '100', password: '' });
      await page.hears('confirmed');
      await page.hearsTone(MENU_HERTZ);
      await page.press('1');
      await chosen.event('CALL_ESTABLISHED');
      await page.hearsTone(BARESIP_HERTZ);
      await sleep(SPEAK_MS);
      await page.hangUp();
      expect(await chosen.packetsReceived(), chosen.said).toBeGreaterThan(20);
      await page.close();
    }),
  );

  it(
    'phones talk through the service itself while the daemon is dead, and through the daemon after that',
    told(async () => {
      const [alice, bob] = [await baresip(), await baresip()];
      await daemon.kill();
      daemon.forget();
      for (const [nth, isDead] of [
        [1, true],
        [2, false],
      ] as const) {
        if (!isDead) {
          await daemon.restart();
          await service.says(/answers again/);
        }
        alice.command('dial', `sip:${bob.user.name}@${HOST}`);
        await Promise.all([alice.event('CALL_ESTABLISHED', nth), bob.event('CALL_ESTABLISHED', nth)]);
        await Promise.all([alice.event('CALL_RTPESTAB', nth), bob.event('CALL_RTPESTAB', nth)]);
        await sleep(SPEAK_MS);
        // What its second life says, the first one being forgotten.
        expect(/'offer'/.test(daemon.said)).toBe(!isDead);
        bob.command('hangup');
        await Promise.all([alice.event('CALL_CLOSED', nth), bob.event('CALL_CLOSED', nth)]);
      }
    }),
  );
});
