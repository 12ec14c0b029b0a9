/** `npm run demo`: the push story on real loopback sockets, with simulated phones; prints its ladder. */

import { SystemClock } from '../clock.ts';
import { type Config, loadConfig } from '../config.ts';
import { exitCode, isProblem, reasonOf } from '../errors.ts';
import { createLog } from '../log.ts';
import { CryptoRandom } from '../random.ts';
import { type Running, start } from '../start.ts';
import { drawLadder } from '../testing/ladder.ts';
import { Phone } from '../testing/phone.ts';
import { PushService } from '../testing/push-service.ts';
import { Recorder, SERVICE } from '../testing/recorder.ts';
import { openSocketWire } from '../testing/socket-wire.ts';
import { TimerHeap } from '../timer-heap.ts';
import type { Endpoint, TransportName } from '../transport/transport.ts';
import { Missed, Stage } from './stage.ts';
import { playStory } from './story.ts';

const HOST = '127.0.0.1';
const LIMIT_MS = 15_000;
const PROVIDER = 'demo';
const PRID = 'token-of-bobs-mobile';
const INTRODUCTION = `
Alice calls Bob. His desk phone is registered and awake; the app on his mobile sleeps, but left a push token with
its registration (RFC 8599). Between the messages stand the facts (call.offered) and the states they lead to.

`;

const clock = new SystemClock();
const log = createLog({ level: 'warn', format: 'pretty', clock, sink: { write: (line) => void process.stderr.write(line) } });
const timers = new TimerHeap(clock, (error) => log.error({ problem: reasonOf(error) }, 'a timer broke something'));
const random = new CryptoRandom();
const stage = new Stage(timers, LIMIT_MS);
const recorder = new Recorder(() => clock.now());
const push = new PushService({ now: () => clock.now(), after: (delayMs, fire) => timers.set(delayMs, fire) });
const stories: string[] = [];

/** The presets, on ports that the system chooses and with a store that is forgotten. */
function demoConfig(): Config {
  const config = loadConfig({ argv: [], env: { CALLWEAVE_DB: ':memory:' }, cwd: 'no-such-folder' });
  if (Array.isArray(config)) throw new Missed(config.map(({ line }) => line).join('; '));
  const listen = (['udp', 'tcp'] as const).map((transport) => ({ transport, host: HOST, port: 0 }));
  return { ...config, listen };
}

async function startService(config: Config): Promise<Running> {
  const running = await start(config, log, {
    senders: new Map([[PROVIDER, push]]),
    hear: (story) =>
      void stories.push(
        `${story.caller} called ${story.callee}: ${story.outcome}, over after ${story.seconds} s`,
        ...story.devices.split('; ').map((device) => `  ${device}`),
      ),
  });
  if (isProblem(running)) throw new Missed(running.problem);
  running.service.engine.journal.observe((taking) => recorder.taking(taking));
  return running;
}

function addressOf({ listening }: Running, transport: TransportName): Endpoint {
  const found = listening.find((listener) => listener.transport === transport);
  if (found === undefined) throw new Missed(`the service does not listen on ${transport}`);
  return found.local;
}

async function openPhone(running: Running, user: string, name: string, how: { transport: 'udp' | 'tcp'; wakeable?: boolean }) {
  const wire = await openSocketWire(how.transport, HOST);
  const phone = new Phone({
    wire,
    random,
    user,
    name,
    domain: HOST,
    password: `${user}-demo`,
    proxy: addressOf(running, how.transport),
    ...(how.wakeable === true ? { push: { provider: PROVIDER, prid: PRID } } : {}),
  });
  recorder.listenTo(phone);
  return phone;
}

async function perform(): Promise<void> {
  const running = await startService(demoConfig());
  const alice = await openPhone(running, 'alice', 'Alice', { transport: 'udp' });
  const desk = await openPhone(running, 'bob', "Bob's desk phone", { transport: 'tcp' });
  const mobile = await openPhone(running, 'bob', "Bob's mobile", { transport: 'udp', wakeable: true });
  recorder.drawPushes(push, () => mobile.name);
  const relaunch = (): void => {
    void openSocketWire('udp', HOST).then((wire) => {
      mobile.relaunch(wire);
      mobile.register();
    });
  };
  const note = (phone: Phone, what: string) => recorder.note(phone.name, what);
  try {
    await playStory({ alice, desk, mobile, push, prid: PRID, relaunch, note, curtain: () => recorder.start() }, stage);
    await stage.until('the service tells how the call ended', () => stories.length > 0);
    await stage.until('nothing of the call is left in the service', () => running.service.openLegs === 0);
  } finally {
    process.stdout.write(INTRODUCTION);
    process.stdout.write(drawLadder(recorder.records, { parties: [alice, recorder, desk, mobile].map(partyName) }));
    for (const phone of [alice, desk, mobile]) phone.wire.close();
    await running.stop();
  }
}

const partyName = (party: Phone | Recorder): string => (party instanceof Phone ? party.name : SERVICE);

try {
  await perform();
  process.stdout.write(`\nThe call's story, as the service logs it:\n${stories.join('\n')}\n`);
  process.exit(exitCode.ok);
} catch (error) {
  process.stdout.write(`\nThe demo failed. ${error instanceof Missed ? error.message : reasonOf(error)}\n`);
  process.exit(exitCode.software);
}
