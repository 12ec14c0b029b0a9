import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { answerTo, ELSEWHERE, Picking, POLL, TALK_MS } from './support/picking.ts';
import { Service, type User } from './support/service.ts';
import type { Sipp } from './support/sipp.ts';
import { headerOf, onStage, type Stage } from './support/stage.ts';
import { answers, bodyOf, type Cargo, cargoLines, hangsUp, isHungUp, PLAIN, talk, waits } from './support/talk.ts';
import { type Team, Teams } from './support/team.ts';

/** Two-way audio within a second, with room for a machine that is busy with other things. */
const AUDIO_LIMIT_MS = 3_000;
/** In which a call that felt something would show it. */
const FEELS_MS = 300;

const teams = new Teams(4);
let service: Service;
beforeAll(async () => {
  service = await Service.start(0, teams.settings);
});
afterAll(() => service?.stop());

const played = (play: (stage: Stage, team: Team, picking: Picking) => Promise<void>) =>
  onStage(
    () => service,
    async (stage) => {
      const team = teams.next();
      const picking = new Picking(stage, team);
      await play(stage, team, picking).finally(() => picking.end());
    },
  );

/** What a NOTIFY tells of one dialog (RFC 4235 §4.1.1). */
interface Told {
  readonly state: string;
  readonly direction: string;
  readonly callId: string;
  readonly local: string;
  readonly remote: string;
}

/** The dialogs of all that a watcher was told, in order. */
function toldTo(watcher: Sipp): Told[] {
  const attribute = (of: string, name: string): string => new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(of)?.[1] ?? '';
  return watcher.received('NOTIFY').flatMap((notify) =>
    [...bodyOf(notify).matchAll(/<dialog ([^>]*)>([\s\S]*?)<\/dialog>/g)].map(([, attributes = '', content = '']) => ({
      state: /<state[^>]*>(\w+)</.exec(content)?.[1] ?? '',
      direction: attribute(attributes, 'direction'),
      callId: attribute(attributes, 'call-id'),
      local: attribute(attributes, 'local-tag'),
      remote: attribute(attributes, 'remote-tag'),
    })),
  );
}

async function isTold(watcher: Sipp, state: string): Promise<Told> {
  const find = (): Told | undefined => toldTo(watcher).findLast((told) => told.state === state);
  await expect.poll(find, POLL).toBeDefined();
  return find() as Told;
}

/** As a phone does whose user presses the lamp's button (RFC 3891 §3): to-tag is the tag of the side that is watched. */
const replaces = ({ callId, local, remote }: Told, flag = ''): Cargo => ({
  headers: ['Require: replaces', `Replaces: ${callId};to-tag=${local};from-tag=${remote}${flag}`],
});

async function isRefused({ sipp }: Stage, status: number, user: User, to: User, cargo: Cargo): Promise<void> {
  const keys = { cargo: cargoLines({ ...PLAIN, ...cargo }), status: String(status) };
  await (await sipp('caller-refused', { user, to, keys })).done();
}

describeWith(SIPP, 'a lamp and its button, between sipp phones', () => {
  it(
    'takes a ringing call by Replaces with what the NOTIFY said: audio flows both ways',
    played(async ({ sipp }, { bob, carol }, picking) => {
      const watcher = await sipp('watcher', { user: carol, to: bob });
      await watcher.got('NOTIFY');
      const ringing = await picking.rings('callee-cancelled');
      const told = await isTold(watcher, 'early');
      expect(told.direction).toBe('recipient');
      const picked = await picking.picks(carol, bob, replaces(told, ';early-only'));
      const heardMs = await picking.talkBothWays(ringing, picked);
      expect(heardMs - picked.startedMs).toBeLessThan(AUDIO_LIMIT_MS);
      await Promise.all([ringing.party.done(), picked.party.done()]);
      await ringing.callee.got('ACK');
      expect(headerOf(ringing.callee.received('CANCEL')[0] ?? '', 'Reason')).toBe(ELSEWHERE);
      await isTold(watcher, 'terminated');
      // What was told is of no real leg.
      for (const message of [answerTo(ringing.party), ...ringing.callee.received('INVITE')])
        expect(headerOf(message, 'Call-ID')).not.toBe(told.callId);
    }),
  );

  it(
    'takes an answered call over where that is allowed: audio flows both ways, and the phone that had it is hung up with a Reason',
    played(async (stage, { alice, bob, carol, erin }, picking) => {
      const watcher = await stage.sipp('watcher', { user: erin, to: bob });
      await watcher.got('NOTIFY');
      const [voice, other] = [await picking.media(), await picking.media()];
      const callee = await stage.phone('callee-talks', { user: bob, keys: talk([isHungUp()]) });
      const joined = answers('INVITE', voice.session(1111, 8));
      const keys = talk([joined, waits(TALK_MS), hangsUp()], voice.session(1111, 7));
      const caller = await stage.sipp('caller-talks', { user: alice, to: bob, keys });
      await callee.got('ACK');
      const told = await isTold(watcher, 'confirmed');
      await isRefused(stage, 403, carol, bob, replaces(told));
      await isRefused(stage, 486, erin, bob, replaces(told, ';early-only'));
      await sleep(FEELS_MS);
      expect([...callee.received('BYE'), ...caller.received('INVITE')]).toHaveLength(0);

      const takes = talk([isHungUp()], { ...other.session(2222, 2), ...replaces(told) });
      const taker = await stage.sipp('caller-talks', { user: erin, to: bob, keys: takes });
      await callee.got('BYE');
      expect(headerOf(callee.received('BYE')[0] ?? '', 'Reason')).toMatch(/^SIP;cause=\d{3}/);
      await expect.poll(() => caller.received('INVITE'), POLL).toHaveLength(1);
      await expect.poll(() => answerTo(taker), POLL).not.toBe('');
      voice.speakTo(bodyOf(caller.received('INVITE')[0] ?? ''));
      other.speakTo(bodyOf(answerTo(taker)));
      await Promise.all([voice.hears(other), other.hears(voice)]);
      await Promise.all([caller.done(), taker.done()]);
    }),
  );

  it(
    'answers 481 to what no NOTIFY said and 403 to who may not, and the call rings on',
    played(async (stage, { bob, carol, outsider }, picking) => {
      const watcher = await stage.sipp('watcher', { user: carol, to: bob });
      await watcher.got('NOTIFY');
      const ringing = await picking.rings('callee-cancelled');
      const told = await isTold(watcher, 'early');
      await isRefused(stage, 481, carol, bob, replaces({ ...told, local: 'guessed' }));
      await isRefused(stage, 403, outsider, bob, replaces(told));
      await sleep(FEELS_MS);
      expect(ringing.callee.received('CANCEL')).toHaveLength(0);
      expect(ringing.party.received('SIP/2.0 200')).toHaveLength(0);
      await (await picking.picks(carol, bob, replaces(told))).party.done();
    }),
  );
});
