/** What rtpengine counted of a party, from its answer to `query` and `delete`. */
import { type Bencoded, type Dictionary, dictionaryIn, listIn, numberIn, textIn } from './bencode.ts';

export interface Numbers {
  /** Packets of RTP that came from it. */
  readonly packets: number;
  /** As its receiver reported them by RTCP; 0 where nobody did. */
  readonly lost: number;
  readonly jitterMs: number;
  /** Of the first line of audio. */
  readonly ssrc: number;
  /** `PCMU/8000`; empty where nothing was heard. */
  readonly codec: string;
  /** By what was agreed, packets come from it: it is not on hold. */
  readonly isExpected: boolean;
}

const NOTHING: Numbers = { packets: 0, lost: 0, jitterMs: 0, ssrc: 0, codec: '', isExpected: false };

/** Of the party that is known by that tag. */
export function numbersIn(reply: Dictionary, tag: string): Numbers {
  const party = dictionaryIn(dictionaryIn(reply, 'tags'), tag);
  const medias = listIn(party, 'medias');
  const media = medias.find((one) => textOf(one, 'type') === 'audio') ?? medias[0];
  if (media === undefined) return NOTHING;
  const streams = listIn(media, 'streams');
  const rtp = streams[0];
  const ssrc = numberIn(rtp, 'SSRC') ?? 0;
  const packets = numberIn(dictionaryIn(rtp, 'stats'), 'packets') ?? 0;
  return {
    packets,
    ...reported(reply, ssrc, packets),
    ssrc,
    codec: textOf(media, 'codec') ?? '',
    isExpected: listIn(media, 'flags').includes('recv'),
  };
}

const textOf = (of: Bencoded, name: string): string | undefined => textIn(of, name);

/** The averages of what receivers reported (RFC 3550 §6.4.1); loss is in percent there. */
function reported(reply: Dictionary, ssrc: number, packets: number): Pick<Numbers, 'lost' | 'jitterMs'> {
  const average = dictionaryIn(dictionaryIn(dictionaryIn(reply, 'SSRC'), String(ssrc)), 'average MOS');
  const percent = Math.min(Math.max(numberIn(average, 'packet loss') ?? 0, 0), 100);
  return { lost: Math.round((packets * percent) / 100), jitterMs: Math.max(numberIn(average, 'jitter') ?? 0, 0) };
}
