/** The whole service with the built-in media engine, menus and codes, and phones whose keys are RTP. */
import type { InCallSettings, IvrSettings } from '../../machines/vocabulary/ivr.ts';
import type { Config } from '../../src/config.ts';
import type { Taking } from '../../src/engine/journal.ts';
import { openMedia } from '../../src/media/builtin.ts';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { PhoneMedia } from '../../src/testing/phone-media.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { SimulatedFiles } from '../../src/testing/simulated-files.ts';
import { RtpNetwork, SimulatedRtpSockets } from '../../src/testing/simulated-rtp.ts';
import type { TimerHeap } from '../../src/timer-heap.ts';
import { PRESET } from './media-world.ts';

export interface IvrOptions extends ServiceWorldOptions {
  readonly ivr?: Partial<IvrSettings> & { readonly pins?: Readonly<Record<string, string>> };
  readonly inCallCodes?: InCallSettings;
  readonly media?: Partial<Config['media']>;
}

/** It, with a phone for each user, registered. */
export class IvrStage {
  readonly world: ReturnType<typeof serviceWorld>;
  readonly files = new SimulatedFiles();
  readonly problems: string[] = [];
  readonly takings: Taking[] = [];
  #network: RtpNetwork | undefined;
  #timers: TimerHeap | undefined;
  readonly #media = new Map<string, PhoneMedia>();

  constructor({ ivr, inCallCodes, media, ...options }: IvrOptions = {}) {
    const config = { ...PRESET, ...media };
    const { pins = {}, numbers = {}, menus = {}, callsAs = '' } = ivr ?? {};
    this.world = serviceWorld({
      openMedia: ({ timers, random, codesOf }) => {
        this.#timers = timers;
        this.#network = new RtpNetwork({ timers, random: new SeededRandom(options.seed ?? 1).fork('rtp') });
        const sockets = new SimulatedRtpSockets(this.#network, config.ports);
        const report = ({ problem }: { problem: string }): void => void this.problems.push(problem);
        return openMedia(config, { sockets, timers, random, files: this.files, codesOf, report });
      },
      ...options,
      config: {
        ...options.config,
        media: config,
        ivr: ivr && { numbers, menus, callsAs, pins: new Map(Object.entries(pins)) },
        inCallCodes,
      },
    });
    this.world.service.service.engine.journal.observe((taking) => this.takings.push({ ...taking }));
  }

  /** A phone that registers, and answers at once unless it is told otherwise. */
  phone(name: string, options: Parameters<ReturnType<typeof serviceWorld>['phone']>[1] = {}): Phone {
    const phone = this.world.phone(name, { onInvite: 'answer', ...options });
    phone.register();
    this.mediaOf(phone, undefined);
    this.world.run(300);
    return phone;
  }

  /** The media of a phone; it sends to where its call's description says. */
  mediaOf(phone: Phone, call = phone.calls.at(-1) as PhoneCall | undefined): PhoneMedia {
    const { host } = phone.wire.local;
    let media = this.#media.get(host);
    if (media === undefined) {
      if (this.#network === undefined || this.#timers === undefined) throw new Error('no media was opened');
      media = new PhoneMedia({ network: this.#network, timers: this.#timers, local: { host, port: 40_000 } });
      this.#media.set(host, media);
    }
    if (call !== undefined) media.reach(call.remoteSdp);
    return media;
  }

  /** Presses keys, and lets time pass until the last one was heard. */
  press(phone: Phone, keys: string): void {
    this.mediaOf(phone).press(keys);
    this.world.run(keys.length * 220 + 300);
  }

  /** What the engine took and nobody refused. */
  entries(...types: string[]): Seen[] {
    return this.takings
      .filter(({ entry, refused }) => refused === undefined && types.includes(entry.type))
      .map(({ entry }) => entry as unknown as Seen);
  }

  /** Commands that were refused, each with why. */
  get refused(): string[] {
    return this.entries('command.refused').map(({ command, why }) => `${command}: ${why}`);
  }
}

type Seen = Readonly<Record<string, unknown>>;
