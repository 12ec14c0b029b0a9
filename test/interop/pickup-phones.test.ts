import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Baresip } from './support/baresip.ts';
import { Linphone } from './support/linphone.ts';
import { BARESIP, describeWith, LINPHONE, SIPP } from './support/peers.ts';
import { Picking } from './support/picking.ts';
import { Service, type User } from './support/service.ts';
import { onStage } from './support/stage.ts';
import { bodyOf } from './support/talk.ts';
import { ANY, directed, type Team, Teams } from './support/team.ts';

const ESTABLISHED = /connected\.[\s\S]*Media streams established/;
const ENDED = /Call \d+ with .* ended/;
const RINGS = /Receiving new incoming call/;
/** Two seconds of voice at 50 packets a second, of which a busy machine may lose half. */
const SPEAK_MS = 2_000;
const PACKETS_AT_LEAST = 50;

let service: Service;
let team: Team;
let parts: { stop(): Promise<void> }[];
beforeEach(async () => {
  const teams = new Teams(1);
  service = await Service.start(0, teams.settings);
  team = teams.next();
  parts = [];
});
afterEach(async () => {
  await Promise.all(parts.map((part) => part.stop()));
  await service.stop();
});

async function linphone(user: User, answers = true): Promise<Linphone> {
  const phone = await Linphone.start(user, service.port, { answers });
  parts.push(phone);
  return phone;
}
async function baresip(user: User, answers = true): Promise<Baresip> {
  const phone = await Baresip.start(user, service.port, { answers });
  parts.push(phone);
  return phone;
}

/** Each hears the digits of the other, which travel in the audio stream (RFC 4733). */
async function talkByDigits(one: Linphone, other: Linphone): Promise<void> {
  await one.dial('17');
  await other.says(/Receiving tone 1 [\s\S]*Receiving tone 7 /);
  await other.dial('42');
  await one.says(/Receiving tone 4 [\s\S]*Receiving tone 2 /);
}

describeWith(LINPHONE, 'call pickup by linphone', () => {
  it.each([
    ['*8', 'picker', () => ANY],
    ['** and the extension', 'caller', directed],
  ] as const)('dials %s for a colleague’s phone, and talks with the caller; the %s hangs up', async (_, who, dials) => {
    const [alice, bob, carol] = [await linphone(team.alice), await linphone(team.bob, false), await linphone(team.carol)];
    alice.call(team.bob);
    await bob.says(RINGS);
    await alice.says(/ringing/);
    carol.call(dials(team.bob));
    await Promise.all([alice.says(ESTABLISHED), carol.says(ESTABLISHED), bob.says(ENDED)]);
    await talkByDigits(alice, carol);
    (who === 'caller' ? alice : carol).command('terminate');
    await Promise.all([alice.says(ENDED), carol.says(ENDED)]);
  });

  it('hears at once that nothing rings', async () => {
    const carol = await linphone(team.carol);
    carol.call(ANY);
    await carol.says(/Call \d+ with sip:\*8@.* error/);
    await service.says(/404 Nothing To Pick Up/);
  });
});

describeWith({ ...LINPHONE, ...BARESIP }, 'call pickup by linphone from a baresip', () => {
  it('talks with the baresip that called, whose colleague’s phone no longer rings', async () => {
    const [alice, bob, carol] = [await baresip(team.alice), await baresip(team.bob, false), await linphone(team.carol)];
    alice.command('dial', `sip:${team.bob.name}@127.0.0.1`);
    await bob.event('CALL_INCOMING');
    await alice.event('CALL_RINGING');
    carol.call(ANY);
    await Promise.all([alice.event('CALL_ESTABLISHED'), carol.says(ESTABLISHED), bob.event('CALL_CLOSED')]);
    await sleep(SPEAK_MS);
    await carol.dial('3');
    expect((await alice.event('CALL_DTMF_START')).param).toBe('3');
    alice.command('hangup');
    await Promise.all([alice.event('CALL_CLOSED'), carol.says(ENDED)]);
    expect(await alice.packetsReceived(), alice.said).toBeGreaterThan(PACKETS_AT_LEAST);
  });
});

describeWith({ ...BARESIP, ...SIPP }, 'call pickup by a sipp from a baresip', () => {
  it('talks with the baresip that called; the one that rang does so no more', () =>
    onStage(
      () => service,
      async (stage) => {
        const picking = new Picking(stage, team);
        const [alice, bob] = [await baresip(team.alice), await baresip(team.bob, false)];
        alice.command('dial', `sip:${team.bob.name}@127.0.0.1`);
        await bob.event('CALL_INCOMING');
        await alice.event('CALL_RINGING');
        const picked = await picking.picks(team.carol, ANY);
        await picked.party.got('INVITE');
        picked.voice.speakTo(bodyOf(picked.party.received('INVITE')[0] ?? ''));
        await Promise.all([alice.event('CALL_ESTABLISHED'), bob.event('CALL_CLOSED')]);
        await expect.poll(() => picked.voice.sources, { timeout: 10_000 }).toBe(1);
        await sleep(SPEAK_MS);
        alice.command('hangup');
        await Promise.all([alice.event('CALL_CLOSED'), picked.party.done()]);
        expect(await alice.packetsReceived(), alice.said).toBeGreaterThan(PACKETS_AT_LEAST);
        await picking.end();
      },
    )());
});
