/** `media:` of the config: which calls' media comes to us, through which ports, and what is played and recorded. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { choice, optional, seconds, section, text, yesOrNo } from './forms.ts';
import { type RtpengineConfig, resolveRtpengine, rtpengine } from './rtpengine.ts';

const PORTS = 'a list of the first and the last port, at least 8 of them from 1024 to 65535, such as [20000, 29999]';
const MIN_PORTS = 8;
const port = z.number({ error: PORTS }).int({ error: PORTS }).min(1024, { error: PORTS }).max(65_535, { error: PORTS });
const ADDRESS = 'the public IP address of this machine, such as 203.0.113.5';

const mediaSection = section({
  anchor: choice('auto', ['auto', 'always', 'never']),
  engine: choice('builtin', ['builtin', 'rtpengine']),
  ports: z
    .tuple([port, port], { error: PORTS })
    .refine(([first, last]) => last - first + 1 >= MIN_PORTS, { error: PORTS })
    .default([20_000, 29_999]),
  advertise: text(ADDRESS, { max: 45 })
    .refine((host) => isIP(host) > 0 && host !== '0.0.0.0' && host !== '::', { error: ADDRESS })
    .optional(),
  prompts: text('a folder such as ./prompts', { max: 4096 }).optional(),
  recordings: text('a folder such as ./recordings', { max: 4096 }).optional(),
  stalledAfterSeconds: seconds(10, { min: 1, max: 3600 }),
  stalledEndsCallAfterSeconds: seconds(0, { min: 0, max: 86_400 }),
  inband: yesOrNo(false),
  rtpengine,
});

/** The section as people write it. */
export const media = optional(mediaSection);

/** What is named to peers of media instead of where it is bound. */
export interface MediaAdvertised {
  /** For what is bound there; undefined: for all of its address family. */
  readonly local: string | undefined;
  /** An IP address. */
  readonly host: string;
}

/** How media is treated. */
export interface MediaConfig {
  /** Which calls' media comes to us: those that need it, all that can, or only of those whom the service itself talks to. */
  readonly anchor: 'auto' | 'always' | 'never';
  /** Both included. */
  readonly ports: { readonly first: number; readonly last: number };
  /** The first that fits counts; none: what is bound is named. */
  readonly advertise: readonly MediaAdvertised[];
  /** Absolute path of the folder of WAV files; undefined: there are tones only. */
  readonly prompts: string | undefined;
  /** Absolute path; undefined: nothing is recorded. */
  readonly recordings: string | undefined;
  /** Nothing heard for so long: a stream has stalled. */
  readonly stalledAfterMs: number;
  /** A stream that has stalled for so long ends its call; 0: none does. */
  readonly stalledEndsCallAfterMs: number;
  /** Whether digits are heard as tones too. */
  readonly inband: boolean;
  /** What relays in place of the built-in engine; undefined: that one does. */
  readonly rtpengine?: RtpengineConfig | undefined;
}

/** What of a listener counts for media. */
interface Listener {
  readonly host: string;
  readonly advertise?: { readonly host: string } | undefined;
}

export function resolveMedia(written: z.output<typeof mediaSection>, listen: readonly Listener[], cwd: string): MediaConfig {
  const [first, last] = written.ports;
  const path = (folder: string | undefined): string | undefined => (folder === undefined ? undefined : resolve(cwd, folder));
  return {
    anchor: written.anchor,
    ports: { first, last },
    advertise: advertised(written.advertise, listen),
    prompts: path(written.prompts),
    recordings: path(written.recordings),
    stalledAfterMs: Math.round(written.stalledAfterSeconds * 1000),
    stalledEndsCallAfterMs: Math.round(written.stalledEndsCallAfterSeconds * 1000),
    inband: written.inband,
    rtpengine: written.engine === 'rtpengine' ? resolveRtpengine(written.rtpengine) : undefined,
  };
}

const isAll = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** What listeners advertise counts for media too, if it is an address: many phones know no names there. */
function advertised(host: string | undefined, listen: readonly Listener[]): MediaAdvertised[] {
  const own = host === undefined ? [] : [{ local: undefined, host }];
  const shared = listen.flatMap((listener) => {
    const public_ = listener.advertise?.host ?? '';
    return isIP(public_) === 0 ? [] : [{ local: isAll(listener.host) ? undefined : listener.host, host: public_ }];
  });
  return [...own, ...shared];
}
