import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { answerTo, ELSEWHERE, isOf, Picking, POLL } from './support/picking.ts';
import { Service, type User } from './support/service.ts';
import { headerOf, onStage, type Stage } from './support/stage.ts';
import { answers, bodyOf, isHungUp, talk } from './support/talk.ts';
import { ANY, directed, type Team, Teams } from './support/team.ts';

/** Two-way audio within a second, with room for a machine that is busy with other things. */
const AUDIO_LIMIT_MS = 3_000;
/** Far less than any limit of time in the service. */
const AT_ONCE_MS = 5_000;
/** By then the picker has failed; the phone rings on until it is answered. */
const ANSWER_AFTER_MS = 4_000;

const teams = new Teams(8);
const calledBack = new Teams(1, 'callback');
let joins: Service;
let callsBack: Service;
beforeAll(async () => {
  [joins, callsBack] = await Promise.all([Service.start(0, teams.settings), Service.start(0, calledBack.settings)]);
});
afterAll(() => Promise.all([joins?.stop(), callsBack?.stop()]));

type Case = (stage: Stage, team: Team, picking: Picking) => Promise<void>;
const playedOn = (service: () => Service, team: () => Team, play: Case) =>
  onStage(service, async (stage) => {
    const people = team();
    const picking = new Picking(stage, people);
    await play(stage, people, picking).finally(() => picking.end());
  });
const played = (play: Case) =>
  playedOn(
    () => joins,
    () => teams.next(),
    play,
  );

/** The o= line of what a message carries (RFC 8866 §5.2). */
function originOf(message: string) {
  const [, session = '', version = '0'] = /^o=\S+ (\d+) (\d+) /m.exec(bodyOf(message)) ?? [];
  return { session, version: BigInt(version) };
}

const FORMS: readonly (readonly [what: string, dials: (callee: User) => User])[] = [
  ['the group', () => ANY],
  ['that extension', directed],
];

describeWith(SIPP, 'call pickup between sipp phones', () => {
  for (const [what, dials] of FORMS) {
    it(
      `joins the picker to the call that rings ${what}: audio flows both ways, the phone that rang shows no missed call`,
      played(async (_, { bob, carol }, picking) => {
        const ringing = await picking.rings('callee-cancelled');
        const picked = await picking.picks(carol, dials(bob));
        const heardMs = await picking.talkBothWays(ringing, picked);
        expect(heardMs - picked.startedMs).toBeLessThan(AUDIO_LIMIT_MS);
        await Promise.all([ringing.party.done(), picked.party.done()]);
        await ringing.callee.got('ACK');
        expect(headerOf(ringing.callee.received('CANCEL')[0] ?? '', 'Reason')).toBe(ELSEWHERE);
        expect([ringing.voice.sources, picked.voice.sources]).toEqual([1, 1]);
        expect(ringing.party.received('SIP/2.0 200').filter(isOf('INVITE'))).toHaveLength(1);

        // One session that changes (RFC 3264 §8): no media at first (RFC 3725 §4.3), then the caller's.
        const [first, offer] = [answerTo(picked.party), picked.party.received('INVITE')[0] ?? ''];
        expect(bodyOf(first)).toMatch(/^a=inactive\r?$/m);
        expect(bodyOf(offer)).not.toMatch(/^a=inactive/m);
        expect(originOf(offer).session).toBe(originOf(first).session);
        expect(originOf(offer).version).toBeGreaterThan(originOf(first).version);
      }),
    );

    it(
      `answers 404 at once where nothing rings ${what}`,
      played(async ({ sipp }, { bob, carol }) => {
        const startedMs = performance.now();
        const picker = await sipp('caller-fails-404', { user: carol, to: dials(bob) });
        await picker.done();
        expect(picker.received('SIP/2.0 404')[0]).toMatch(/^SIP\/2\.0 404 Nothing To Pick Up\r?\n/);
        expect(performance.now() - startedMs).toBeLessThan(AT_ONCE_MS);
      }),
    );
  }

  it(
    'shows each of the two the other, and the picker for whom the call was',
    played(async (_, { alice, bob, carol }, picking) => {
      const ringing = await picking.rings('callee-cancelled');
      const picked = await picking.picks(carol, ANY);
      await Promise.all([ringing.party.done(), picked.party.done()]);
      const offer = picked.party.received('INVITE')[0] ?? '';
      // RFC 3325; RFC 7044 and RFC 5806.
      expect(headerOf(offer, 'P-Asserted-Identity')).toContain(`sip:${alice.name}@`);
      expect(headerOf(offer, 'History-Info') + headerOf(offer, 'Diversion')).toContain(`sip:${bob.name}@`);
      expect(headerOf(answerTo(ringing.party), 'P-Asserted-Identity')).toContain(`sip:${carol.name}@`);
    }),
  );

  it(
    'lets the phone ring on, and tells why, where somebody may not: of no group, an extension of no group of theirs, none at all',
    played(async ({ sipp }, { bob, carol, erin, outsider }, picking) => {
      const ringing = await picking.rings('callee-cancelled');
      const refused = async (status: number, user: User, to: User) => {
        await (await sipp(`caller-fails-${status}`, { user, to })).done();
      };
      await refused(403, outsider, ANY);
      await refused(403, outsider, directed(bob));
      await refused(403, bob, directed(erin));
      await refused(404, carol, directed({ name: 'nobody-of-ours', password: '' }));
      expect(ringing.callee.received('CANCEL')).toHaveLength(0);
      expect(ringing.party.received('SIP/2.0 200')).toHaveLength(0);
      const picked = await picking.picks(carol, ANY);
      await Promise.all([ringing.party.done(), picked.party.done()]);
    }),
  );

  it(
    'lets the phone ring on where the picker takes no session, and tells the picker so; then the phone answers',
    played(async ({ sipp, phone }, { alice, bob, carol }) => {
      const callee = await phone('callee', { user: bob, pauseMs: ANSWER_AFTER_MS });
      const caller = await sipp('caller', { user: alice, to: bob, pauseMs: 500 });
      await caller.got('SIP/2.0 180');
      const keys = talk([answers('INVITE', {}, '488 Not Acceptable Here'), isHungUp()]);
      const picker = await sipp('caller-talks', { user: carol, to: ANY, keys });
      await picker.done();
      expect(headerOf(picker.received('BYE')[0] ?? '', 'Reason')).toMatch(/^SIP;cause=488;/);
      expect(caller.received('SIP/2.0 200'), 'the picker failed too late to show anything').toHaveLength(0);
      expect(callee.received('CANCEL')).toHaveLength(0);
      await caller.done();
      await callee.got('BYE');
    }),
  );

  it(
    'gives the call to one of two pickers, and tells the other one that it is gone',
    played(async ({ sipp }, { carol, dave }, picking) => {
      const ringing = await picking.rings('callee-cancelled');
      const first = await sipp('picker', { user: carol, to: ANY });
      // sipp takes no BYE while it is about to send: the two must not agree in the same millisecond.
      await first.got('INVITE');
      const pickers = [first, await sipp('picker', { user: dave, to: ANY })];
      await Promise.all([ringing.party.done(), ...pickers.map((picker) => picker.done())]);
      await ringing.callee.got('ACK');
      const reasons = pickers.map((picker) => headerOf(picker.received('BYE')[0] ?? '', 'Reason')).sort();
      expect(reasons).toEqual(['', 'SIP;cause=486;text="Answered By Another"']);
      expect(ringing.callee.received('CANCEL')).toHaveLength(1);
    }),
  );

  it(
    'rings the picker back in that mode: 480 at first, then the call, with whom it was for',
    playedOn(
      () => callsBack,
      () => calledBack.next(),
      async ({ sipp, phone }, { alice, bob, carol }, picking) => {
        const other = await picking.media();
        const desk = await phone('callee-talks', { user: carol, keys: talk([isHungUp()], other.session(2222, 3)) });
        const ringing = await picking.rings('callee-cancelled');
        const picker = await sipp('caller-fails-480', { user: carol, to: ANY });
        await picker.done();
        expect(picker.received('SIP/2.0 480')[0]).toMatch(/^SIP\/2\.0 480 You Are Called Back\r?\n/);
        await expect.poll(() => answerTo(ringing.party), POLL).not.toBe('');
        const rung = desk.received('INVITE')[0] ?? '';
        ringing.voice.speakTo(bodyOf(answerTo(ringing.party)));
        other.speakTo(bodyOf(rung));
        await Promise.all([ringing.voice.hears(other), other.hears(ringing.voice)]);
        await ringing.party.done();
        await desk.got('BYE');
        await ringing.callee.got('ACK');
        expect(headerOf(ringing.callee.received('CANCEL')[0] ?? '', 'Reason')).toBe(ELSEWHERE);
        expect(headerOf(rung, 'From')).toContain(alice.name);
        expect(headerOf(rung, 'History-Info') + headerOf(rung, 'Diversion')).toContain(`sip:${bob.name}@`);
      },
    ),
  );
});
