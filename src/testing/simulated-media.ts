/** The service's own media engine in virtual time: its sockets are on a network of media that nothing else uses. */
import type { MediaConfig } from '../config.ts';
import { openMedia } from '../media/builtin.ts';
import type { MediaPlane } from '../media/media.ts';
import type { MediaSurroundings } from '../media-service.ts';
import type { TimerQueue } from '../timers.ts';
import { PhoneMedia } from './phone-media.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedFiles } from './simulated-files.ts';
import { RtpNetwork, SimulatedRtpSockets } from './simulated-rtp.ts';
import type { World } from './world.ts';

/** Where simulated phones say that their audio goes. */
const AUDIO_PORT = 40_000;

/** The media of one service: what is open, and the network on which phones talk. */
export class SimulatedMedia {
  readonly plane: MediaPlane;
  readonly rtp: RtpNetwork;
  /** Recordings, and prompts beside the built-in tones. */
  readonly files: SimulatedFiles;
  readonly #sockets: SimulatedRtpSockets;
  readonly #timers: TimerQueue;
  /** By host. */
  readonly #voices = new Map<string, PhoneMedia>();

  constructor({ timers, random, codesOf }: MediaSurroundings, config: MediaConfig, files: SimulatedFiles) {
    this.#timers = timers;
    this.files = files;
    this.rtp = new RtpNetwork({ timers, random: new SeededRandom(1) });
    this.#sockets = new SimulatedRtpSockets(this.rtp, config.ports);
    const report = ({ problem }: { readonly problem: string }): void => {
      throw new Error(problem);
    };
    this.plane = openMedia(config, { sockets: this.#sockets, timers, random, files, codesOf, report });
  }

  /** Pairs of sockets that the service has open. */
  get pairs(): number {
    return this.#sockets.size;
  }

  /** Whoever talks and listens on a host; silent, and sends nowhere yet. Each has an SSRC of its own. */
  voice(host: string): PhoneMedia {
    let voice = this.#voices.get(host);
    if (voice === undefined) {
      const local = { host, port: AUDIO_PORT };
      voice = new PhoneMedia({ network: this.rtp, timers: this.#timers, local, ssrc: 0x7000_0000 + this.#voices.size });
      this.#voices.set(host, voice);
    }
    return voice;
  }
}

/** By the timers of the service that it belongs to. */
const opened = new WeakMap<TimerQueue, SimulatedMedia>();

/** `serviceWorld({ openMedia: simulatedMedia })` relays media as the embedded service does; `config.media` says whose. */
export function simulatedMedia(surroundings: MediaSurroundings, config: MediaConfig, files = new SimulatedFiles()): MediaPlane {
  const media = new SimulatedMedia(surroundings, config, files);
  opened.set(surroundings.timers, media);
  return media.plane;
}

/** The media of the service that runs in a world now; undefined where it was made without. */
export const simulatedMediaIn = ({ serviceTimers }: Pick<World, 'serviceTimers'>): SimulatedMedia | undefined =>
  opened.get(serviceTimers);
