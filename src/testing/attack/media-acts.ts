/** What is heard in calls whose media passes through the service (`openMedia: simulatedMedia`); elsewhere nothing is. */
import fc from 'fast-check';
import type { PhoneMedia } from '../phone-media.ts';
import { simulatedMediaIn } from '../simulated-media.ts';
import { type Act, number, quietAct } from './act.ts';
import { hasOpenOffer, offers } from './mid-call-acts.ts';
import type { Scene } from './scene.ts';

/** A phone that talks, and sends to where its call's description says. */
function voiceOf(scene: Scene, n: number): { readonly name: string; readonly voice: PhoneMedia } | undefined {
  const media = simulatedMediaIn(scene.world);
  const place = media === undefined ? undefined : scene.talk(n);
  if (media === undefined || place === undefined) return undefined;
  const voice = media.voice(place.phone.wire.local.host);
  voice.reach(place.call.remoteSdp);
  return { name: place.phone.name, voice };
}

export const talk: Act = quietAct('talks', fc.tuple(number, fc.constantFrom(60, 400, 2_000)), (scene, [n, forMs]) => {
  const found = voiceOf(scene, n);
  found?.voice.talk(forMs);
  return found && `${found.name} talks for ${forMs} ms`;
});

/** Presses keys, as telephone-events (RFC 4733). */
export const press: Act = quietAct('presses', fc.tuple(number, fc.constantFrom('1', '11', '*2', '0#')), (scene, [n, keys]) => {
  const found = voiceOf(scene, n);
  found?.voice.press(keys);
  return found && `${found.name} presses ${keys}`;
});

/** How media's own network behaves. */
export const mediaWeather: Act = quietAct(
  'media weather',
  fc.constantFrom({}, { loss: 0.1, jitterMs: 30 }, { duplication: 0.2, reordering: 0.2 }, { loss: 1 }),
  (scene, conditions) => {
    const rtp = simulatedMediaIn(scene.world)?.rtp;
    rtp?.heal();
    rtp?.weather(conditions);
    return rtp && `the network of media has ${JSON.stringify(conditions)}`;
  },
);

const VIDEO = 'm=video 40002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n';
const FAX = 'm=image 40004 udptl t38\r\n';
const ICE =
  'a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=candidate:1 1 UDP 2130706431 192.168.7.7 40000 typ host\r\n';

/** What phones offer beside one audio line that can be reached where it says. */
const SHAPES = {
  'video too': (offer: string) => offer + VIDEO,
  'a fax': (offer: string) => offer.replace('m=audio 40000', 'm=audio 0') + FAX,
  'an address of its own network': (offer: string) => offer.replace(/^c=.*$/m, 'c=IN IP4 192.168.7.7'),
  'an address for each line': (offer: string) => offer.replace('a=rtpmap:0', `c=IN IP4 192.168.7.8\r\na=rtpmap:0`) + VIDEO,
  'RTCP elsewhere': (offer: string) => `${offer}a=rtcp:40009 IN IP4 192.168.7.9\r\n`,
  'candidates of ICE': (offer: string) => offer + ICE,
  'nobody, as of old': (offer: string) => offer.replace(/^c=.*$/m, 'c=IN IP4 0.0.0.0'),
  'no media at all': (offer: string) => offer.replace('m=audio 40000', 'm=audio 0'),
} as const;

/** Offers other media inside a call. */
export const reshape: Act = quietAct(
  'offers other media',
  fc.tuple(number, fc.constantFrom(...(Object.keys(SHAPES) as (keyof typeof SHAPES)[]))),
  (scene, [n, what]) => {
    const place = scene.talk(n);
    if (place === undefined || hasOpenOffer(place.call)) return undefined;
    offers(place.call, { rewritten: SHAPES[what] });
    return `${place.phone.name} offers ${what}`;
  },
);

/** What is said, pressed and offered in calls. */
export const MEDIA_ACTS: readonly Act[] = [talk, talk, press, mediaWeather, reshape, reshape];
