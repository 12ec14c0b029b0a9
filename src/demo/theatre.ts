import { SystemClock } from '../clock.ts';
import { type Config, loadConfig } from '../config.ts';
import { isProblem, reasonOf } from '../errors.ts';
import { createLog } from '../log.ts';
import type { PushSender } from '../ports/push/senders/push-sender.ts';
import { CryptoRandom } from '../random.ts';
import { type Running, start } from '../start.ts';
import { drawLadder } from '../testing/ladder.ts';
import { Phone } from '../testing/phone.ts';
import { PushService } from '../testing/push-service.ts';
import { Recorder, SERVICE } from '../testing/recorder.ts';
import { openSocketWire } from '../testing/socket-wire.ts';
import { TimerHeap } from '../timer-heap.ts';
import { openSound, type Sound } from './sound.ts';
import { Missed, Stage } from './stage.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 15_000;
const PROVIDER = 'demo';

/** A phone of the cast. */
export interface Role {
  readonly user: string;
  readonly name: string;
  readonly transport: 'udp' | 'tcp';
  /** Push token of a phone that can be woken. */
  readonly prid?: string;
}

const clock = new SystemClock();
const log = createLog({ level: 'warn', format: 'pretty', clock, sink: { write: (line) => void process.stderr.write(line) } });
const timers = new TimerHeap(clock, (error) => log.error({ problem: reasonOf(error) }, 'a timer broke something'));
const random = new CryptoRandom();

/** How a theatre opens. */
export interface Opening {
  /** Opens the door of the live page at this port, 0: at any; undefined: there is none. */
  readonly pagePort?: number | undefined;
}

const openPush = (): PushService =>
  new PushService({ now: () => clock.now(), after: (delayMs, fire) => timers.set(delayMs, fire) });

/** A service that runs on loopback, the phones that play on it, and what becomes a ladder. */
export class Theatre {
  stage = new Stage(timers, LIMIT_MS);
  push = openPush();
  /** What the service tells of each call that is over, in lines. */
  stories: string[] = [];
  #recorder = new Recorder(() => clock.now());
  #phones: Phone[] = [];
  #sounds: Sound[] = [];
  #running: Running | undefined;

  /** Starts the service. Throws `Missed` with what is in the way. */
  async open({ pagePort }: Opening = {}): Promise<void> {
    const push: PushSender = {
      send: (request, done) => this.push.send(request, done),
      cancel: (request, done) => this.push.cancel(request, done),
      close: () => this.push.close(),
    };
    const running = await start(demoConfig(pagePort), log, {
      senders: new Map([[PROVIDER, push]]),
      hear: (story) =>
        void this.stories.push(
          `${story.caller} called ${story.callee}: ${story.outcome}, over after ${story.seconds} s`,
          ...story.devices.split('; ').map((device) => `  ${device}`),
        ),
    });
    if (isProblem(running)) throw new Missed(running.problem);
    running.service.engine.journal.observe((taking) => this.#recorder.taking(taking));
    this.#running = running;
  }

  /** A phone of one of the presets' users, whose passwords are `NAME-demo`; it stands in the ladder from left to right. */
  async phone({ user, name, transport, prid }: Role): Promise<Phone> {
    const wire = await openSocketWire(transport, HOST);
    const phone = new Phone({
      ...{ wire, random, user, name },
      domain: HOST,
      password: `${user}-demo`,
      proxy: this.#addressOf(transport),
      ...(prid === undefined ? {} : { push: { provider: PROVIDER, prid } }),
    });
    this.#recorder.listenTo(phone);
    if (prid !== undefined) this.#recorder.drawPushes(this.push, () => name);
    this.#phones.push(phone);
    return phone;
  }

  /** Media of a phone, which takes part in calls by what it says of itself. */
  async sound(): Promise<Sound> {
    const sound = await openSound(timers);
    this.#sounds.push(sound);
    return sound;
  }

  async everybodyRegisters(): Promise<void> {
    const registrations = this.#phones.map((phone) => ({ phone, registration: phone.register() }));
    for (const { phone, registration } of registrations)
      await this.stage.until(`${phone.name} registers`, () => registration.status === 200);
  }

  /** Starts the app of a phone again, on a new port; it registers. */
  relaunch(phone: Phone): void {
    void openSocketWire('udp', HOST).then((wire) => {
      phone.relaunch(wire);
      phone.register();
    });
  }

  /** The curtain: what follows is drawn. */
  curtain(): void {
    this.#recorder.start();
  }

  /** Tells what happens where no message does. */
  note(phone: Phone, what: string): void {
    this.#recorder.note(phone.name, what);
  }

  /** What the phones found wrong. */
  get complaints(): readonly string[] {
    return this.#phones.flatMap((phone) => phone.complaints);
  }

  /** Waits until the service has told of that many calls, and has nothing left of them. */
  async allOver(calls: number): Promise<void> {
    const told = (): number => this.stories.filter((line) => !line.startsWith(' ')).length;
    await this.stage.until('the service tells how the call ended', () => told() >= calls);
    await this.stage.until('nothing of it is left in the service', () => this.#running?.service.openLegs === 0);
  }

  /** What was drawn: the service stands behind the first phone. */
  get ladder(): string {
    const [first = '', ...others] = this.#phones.map(({ name }) => name);
    return drawLadder(this.#recorder.records, { parties: [first, SERVICE, ...others] });
  }

  /** Where the live page is; empty if there is none. */
  get pageUrl(): string {
    return this.#running?.door ?? '';
  }

  /** Between two plays on one service: the phones of the last one go home. */
  async clear(): Promise<void> {
    this.stage = new Stage(timers, LIMIT_MS);
    // Who sleeps says nothing.
    for (const phone of this.#phones) if (phone.isGone) phone.relaunch(await openSocketWire('udp', HOST));
    const leaving = this.#phones.map((phone) => ({ phone, registration: phone.unregister() }));
    for (const { phone, registration } of leaving)
      await this.stage.until(`${phone.name} takes its registration back`, () => registration.status === 200);
    this.#leave();
    this.push = openPush();
    this.#recorder = new Recorder(() => clock.now());
    this.stories = [];
  }

  #leave(): void {
    for (const phone of this.#phones) phone.wire.close();
    for (const { media } of this.#sounds) media.close();
    this.#phones = [];
    this.#sounds = [];
  }

  async close(): Promise<void> {
    this.#leave();
    await this.#running?.stop();
  }

  #addressOf(transport: Role['transport']) {
    const found = this.#running?.listening.find((listener) => listener.transport === transport);
    if (found === undefined) throw new Missed(`the service does not listen on ${transport}`);
    return found.local;
  }
}

/** The presets, on ports that the system chooses and with a store that is forgotten. */
function demoConfig(pagePort: number | undefined): Config {
  const config = loadConfig({ argv: [], env: { CALLWEAVE_DB: ':memory:' }, cwd: 'no-such-folder' });
  if (Array.isArray(config)) throw new Missed(config.map(({ line }) => line).join('; '));
  const listen = (['udp', 'tcp'] as const).map((transport) => ({ transport, host: HOST, port: 0 }));
  const admin = config.admin && pagePort !== undefined ? { ...config.admin, port: pagePort, isPreset: false } : undefined;
  return { ...config, listen, admin };
}
