/** The whole service with its own media engine, in virtual time, and phones that can be heard. */
import { openMedia } from '../../src/media/builtin.ts';
import type { MediaPlane } from '../../src/media/media.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { PhoneMedia } from '../../src/testing/phone-media.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type ServiceWorld, type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { SimulatedFiles } from '../../src/testing/simulated-files.ts';
import { RtpNetwork, SimulatedRtpSockets } from '../../src/testing/simulated-rtp.ts';
import type { TimerQueue } from '../../src/timers.ts';

/** Where phones say that their audio goes. */
const AUDIO_PORT = 40_000;

export class AudibleWorld {
  readonly world: ServiceWorld;
  readonly files = new SimulatedFiles();
  readonly #timers: TimerQueue;
  readonly #rtp: RtpNetwork;
  readonly #sockets: SimulatedRtpSockets;
  readonly #plane: MediaPlane;
  readonly #ends = new Map<Phone, PhoneMedia>();

  constructor(options: ServiceWorldOptions = {}) {
    let parts: { timers: TimerQueue; rtp: RtpNetwork; sockets: SimulatedRtpSockets; plane: MediaPlane } | undefined;
    this.world = serviceWorld({
      ...options,
      openMedia: ({ timers, random }) => {
        const rtp = new RtpNetwork({ timers, random: new SeededRandom(options.seed ?? 1) });
        const sockets = new SimulatedRtpSockets(rtp, { first: 20_000, last: 20_999 });
        const config = {
          ...({ anchor: 'always', ports: { first: 20_000, last: 20_999 }, advertise: [], prompts: '/prompts' } as const),
          ...{
            recordings: '/recordings',
            stalledAfterMs: 10_000,
            stalledEndsCallAfterMs: 0,
            inband: false,
            rtpengine: undefined,
          },
          ...options.config?.media,
        };
        const report = ({ problem }: { problem: string }): void => {
          throw new Error(problem);
        };
        const plane = openMedia(config, { sockets, timers, random, files: this.files, codesOf: () => [], report });
        parts = { timers, rtp, sockets, plane };
        return plane;
      },
      config: { ...options.config, media: { anchor: 'always', ...options.config?.media } },
    });
    if (parts === undefined) throw new Error('no media engine was opened');
    this.#timers = parts.timers;
    this.#rtp = parts.rtp;
    this.#sockets = parts.sockets;
    this.#plane = parts.plane;
  }

  get rtp(): RtpNetwork {
    return this.#rtp;
  }

  /** Sockets and sessions of the service that are open. */
  get open(): number {
    return this.#sockets.size + this.#plane.size;
  }

  /** The audio of a phone; it sends to where its call was last told. */
  ear(phone: Phone, call: PhoneCall): PhoneMedia {
    let end = this.#ends.get(phone);
    if (end === undefined) {
      const local = { host: phone.wire.local.host, port: AUDIO_PORT };
      end = new PhoneMedia({ network: this.#rtp, timers: this.#timers, local });
      this.#ends.set(phone, end);
    }
    end.reach(call.remoteSdp);
    return end;
  }

  /** How many of the 50 packets that each says the other hears. */
  talk([phoneA, a]: readonly [Phone, PhoneCall], [phoneB, b]: readonly [Phone, PhoneCall]): readonly [number, number] {
    const [earA, earB] = [this.ear(phoneA, a), this.ear(phoneB, b)];
    const before = [earA.packets, earB.packets] as const;
    earA.talk(1000);
    earB.talk(1000);
    this.world.run(1200);
    return [earA.packets - before[0], earB.packets - before[1]];
  }
}
