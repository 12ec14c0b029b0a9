import { afterAll, beforeAll, expect, it } from 'vitest';
import { bestMatch, glide } from './support/audio.ts';
import { AudioEnd, type Place } from './support/audio-end.ts';
import { describeWith, SIPP } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { Service } from './support/service.ts';
import { onStage } from './support/stage.ts';
import { isHungUp, talk } from './support/talk.ts';

const UPWARDS = glide(300, 1500, 500);
const DOWNWARDS = glide(3000, 500, 500);
const MUCH_ALIKE = 0.99;
/** How many packets of silence show that the way is open. */
const SILENCE = 5;

/** A phone: where it is, and what its session description says instead if it is behind a NAT, which nobody can reach. */
const open = (host: string): Place => ({ host });
const natted = (host: string, inside: string): Place => ({ host, named: { host: inside, port: 4000 } });

let service: Service;
beforeAll(async () => {
  const at = await freePort();
  // The calls end as their phones fall silent.
  const media = { anchor: 'auto', ports: [35_000, 35_999], stalledAfterSeconds: 2, stalledEndsCallAfterSeconds: 1 };
  service = await Service.start(12, { listen: [`udp:[::1]:${at}`], media }, { at });
});
afterAll(() => service?.stop());

describeWith(SIPP, 'phones whose packets come from elsewhere than their session descriptions say', () => {
  it.concurrent.each([
    { who: 'the caller', caller: natted('127.0.0.2', '127.0.0.9'), callee: open('127.0.0.3') },
    { who: 'the callee', caller: open('127.0.0.2'), callee: natted('127.0.0.3', '127.0.0.9') },
    { who: 'both', caller: natted('127.0.0.2', '127.0.0.8'), callee: natted('127.0.0.3', '127.0.0.9') },
    { who: 'a caller over IPv6', caller: natted('::1', 'fd00::9'), callee: open('::1') },
    { who: 'a caller over IPv6 of a phone over IPv4', caller: natted('::1', 'fd00::9'), callee: open('127.0.0.3') },
  ])('hear each other as they spoke: $who', ({ caller, callee }) =>
    onStage(
      () => service,
      async ({ user, sipp }) => {
        const [alice, bob] = [user(), user()];
        const [a, b] = [await AudioEnd.open('PCMU', 101, caller), await AudioEnd.open('PCMU', 101, callee)];
        try {
          // The binding of a phone behind NAT is known by its Contact.
          const stays = callee.named === undefined ? 'stay' : 'stay-natted';
          const keys = talk([isHungUp()], b.session(2, 1));
          const called = await sipp(stays, { user: bob, host: b.host, outOfCall: 'callee-talks', keys, limitSeconds: 90 });
          await called.got('SIP/2.0 200');
          const talks = { user: alice, to: bob, host: a.host, keys: talk([isHungUp()], a.session(1, 1)) };
          const calling = await sipp('caller-talks', talks);
          await called.got('ACK');
          a.speakTo(calling.received('SIP/2.0 200').at(-1) ?? '');
          b.speakTo(called.received('INVITE')[0] ?? '');
          await a.until('the other', () => a.packetsHeard > SILENCE);
          await b.until('the other', () => b.packetsHeard > SILENCE);
          expect(await passes(a, b, UPWARDS)).toBeGreaterThan(MUCH_ALIKE);
          expect(await passes(b, a, DOWNWARDS)).toBeGreaterThan(MUCH_ALIKE);
          a.silence();
          b.silence();
          await Promise.all([calling.done(), called.got('BYE')]);
        } finally {
          await Promise.all([a.stop(), b.stop()]);
        }
      },
    )(),
  );
});

/** Lets one speak, and is how alike it is what the other hears. */
async function passes(from: AudioEnd, to: AudioEnd, what: Int16Array): Promise<number> {
  const before = to.heard.length;
  from.says(what);
  await to.until('what was said', () => to.heard.length >= before + what.length + 20 * 160);
  return bestMatch(to.heard.subarray(before), what).likeness;
}
