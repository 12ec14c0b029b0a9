/** The built-in media engine in virtual time, and phones that send RTP to it. */
import type { InCallCode } from '../../machines/vocabulary/media.ts';
import type { MediaConfig } from '../../src/config.ts';
import { openMedia } from '../../src/media/builtin.ts';
import type { Attended, MediaBridge, MediaLeg, MediaParty, Side, Undescribed } from '../../src/media/media.ts';
import { wavHeader } from '../../src/rtp/wav.ts';
import { PhoneMedia } from '../../src/testing/phone-media.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { SimulatedFiles } from '../../src/testing/simulated-files.ts';
import { RtpNetwork, SimulatedRtpSockets } from '../../src/testing/simulated-rtp.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

export const OURS = '10.0.0.1';

export const PRESET: MediaConfig = {
  anchor: 'auto',
  ports: { first: 20_000, last: 20_399 },
  advertise: [],
  prompts: '/prompts',
  recordings: '/recordings',
  stalledAfterMs: 10_000,
  stalledEndsCallAfterMs: 0,
  inband: false,
};

/** A description with these lines behind `c=` and `t=`. */
export const sdpOf = (host: string, ...lines: string[]): string =>
  `${['v=0', `o=x 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0', ...lines].join('\r\n')}\r\n`;
export const PCMU = ['m=audio 40000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000'];

export class MediaWorld {
  readonly time = new VirtualTime();
  readonly errors: unknown[] = [];
  readonly timers = new TimerHeap(this.time, (error) => this.errors.push(error));
  /** Of network and phones. */
  readonly outside = this.timers;
  readonly rtp: RtpNetwork;
  readonly sockets: SimulatedRtpSockets;
  readonly files = new SimulatedFiles();
  readonly plane: ReturnType<typeof openMedia>;
  /** What was told, in order. */
  readonly told: string[] = [];
  readonly keys: string[] = [];
  readonly counted = new Map<string, { packets: number; lost: number; jitterMs: number }>();
  readonly problems: string[] = [];
  codes: readonly InCallCode[] = [];

  constructor(config: Partial<MediaConfig> = {}, seed = 1) {
    const random = new SeededRandom(seed);
    const whole = { ...PRESET, ...config };
    this.rtp = new RtpNetwork({ timers: this.timers, random: random.fork('rtp') });
    this.sockets = new SimulatedRtpSockets(this.rtp, whole.ports);
    this.plane = openMedia(whole, {
      sockets: this.sockets,
      timers: this.timers,
      random: random.fork('service'),
      files: this.files,
      codesOf: () => this.codes,
      report: ({ problem }) => this.problems.push(problem),
    });
    this.plane.hear({
      opened: ({ leg }) => this.told.push(`${leg} opened`),
      heard: ({ leg }, _, payloadType) => this.told.push(`${leg} heard ${payloadType}`),
      stopped: ({ leg }) => this.told.push(`${leg} stopped`),
      closed: ({ leg }, counted) => {
        this.told.push(`${leg} closed`);
        this.counted.set(leg, counted);
      },
      digit: ({ leg }, digit, durationMs, way) => this.keys.push(`${leg} ${digit} ${durationMs} ${way}`),
      unanchored: (_, leg, why) => this.told.push(`${leg} unanchored: ${why}`),
    });
  }

  /** Throws what anything threw meanwhile. */
  run(ms: number): void {
    this.time.advance(ms);
    if (this.errors.length > 0) throw this.errors.shift();
  }

  phone(host: string, port = 40_000): PhoneMedia {
    return new PhoneMedia({ network: this.rtp, timers: this.timers, local: { host, port } });
  }

  party(leg: string, host: string): MediaParty {
    return { leg, user: `sip:${leg}@example.com`, host, local: OURS, isWebRtc: false };
  }

  /** A WAV file of so long, all of one sample. */
  prompt(name: string, ms: number, sample = 8000): void {
    const samples = new Int16Array(ms * 8).fill(sample);
    const bytes = Buffer.from(samples.buffer);
    this.files.put(`/prompts/${name}.wav`, Buffer.concat([wavHeader('PCM', 1, bytes.length), bytes]));
  }

  leg(name: string): MediaLeg {
    const leg = this.plane.leg(name);
    if (leg === undefined) throw new Error(`there is no ${name}`);
    return leg;
  }

  /** a and b at 10.0.0.2 and .3, in a call whose descriptions have been exchanged. */
  talk(offer = sdpOf('10.0.0.2', ...PCMU), answer = sdpOf('10.0.0.3', ...PCMU)) {
    const [a, b] = [this.phone('10.0.0.2'), this.phone('10.0.0.3')];
    const bridge = this.bridge();
    b.reach(describe(bridge, 'caller', offer, 'offer'));
    a.reach(describe(bridge, 'fork', answer, 'answer'));
    bridge.connect();
    return { a, b, bridge };
  }

  bridge(attended?: Attended): MediaBridge {
    const [caller, fork] = [this.party('a', '10.0.0.2'), this.party('b', '10.0.0.3')];
    const bridge = this.plane.bridge({ call: 'call:1', caller, fork, attended });
    if (bridge === undefined) throw new Error('it is not anchored');
    return bridge;
  }
}

/** What the other party is told; throws where it is told nothing. */
export function describe(bridge: MediaBridge, from: Side, sdp: string, what: 'offer' | 'answer'): string {
  return text((told) => bridge.describe(from, sdp, what, told));
}

export function text(ask: (told: (said: string | Undescribed) => void) => void): string {
  const said = asked(ask);
  if (typeof said !== 'string') throw new Error(`${said.status} ${said.reason}`);
  return said;
}

export function asked(ask: (told: (said: string | Undescribed) => void) => void): string | Undescribed {
  const all: (string | Undescribed)[] = [];
  ask((said) => all.push(said));
  const [said] = all;
  if (said === undefined || all.length !== 1) throw new Error(`told ${all.length} times`);
  return said;
}
