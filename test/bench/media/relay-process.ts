/** The built-in media engine alone, as a process: asked over IPC for calls and attended parties, it ends with the channel. */
import { SystemClock } from '../../../src/clock.ts';
import { openMedia } from '../../../src/media/builtin.ts';
import type { MediaParty } from '../../../src/media/media.ts';
import { CryptoRandom } from '../../../src/random.ts';
import { SimulatedFiles } from '../../../src/testing/simulated-files.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';
import { UdpRtpSockets } from '../../../src/transport/rtp-sockets.ts';
import { type Address, type Asked, addressIn, HOST, sdpOf } from './relay.ts';

const random = new CryptoRandom();
const timers = new TimerHeap(new SystemClock(), (error) => console.error(error));
const ports = { first: 20_000, last: 29_999 };
const config = {
  ...{ anchor: 'always' as const, ports, advertise: [], prompts: undefined, recordings: undefined },
  ...{ stalledAfterMs: 10_000, stalledEndsCallAfterMs: 0, inband: false },
};
const plane = openMedia(config, {
  sockets: new UdpRtpSockets(ports, () => random.fraction()),
  ...{ timers, random, files: new SimulatedFiles(), codesOf: () => [], report: console.error },
});
plane.hear({
  ...{ opened: () => {}, heard: () => {}, stopped: () => {}, closed: () => {}, digit: () => {}, unanchored: () => {} },
});
let legs = 0;
const party = (): MediaParty => ({ leg: `leg:${++legs}`, user: '', host: HOST, local: HOST, isWebRtc: false });

function call(caller: number, callee: number): readonly [Address, Address] {
  const bridge = plane.bridge({ call: 'call', caller: party(), fork: party(), attended: undefined });
  if (bridge === undefined) throw new Error('it is not anchored');
  let [ofCaller, ofCallee] = ['', ''];
  bridge.describe('caller', sdpOf(caller), 'offer', (said) => (ofCallee = String(said)));
  bridge.describe('fork', sdpOf(callee), 'answer', (said) => (ofCaller = String(said)));
  bridge.connect();
  return [addressIn(ofCaller), addressIn(ofCallee)];
}

function attend(port: number): Address {
  const one = party();
  let answer = '';
  plane.attend('call', one).answer(sdpOf(port), (said) => (answer = String(said)));
  plane.leg(one.leg)?.play({ prompts: ['tone:hold'], repeats: true, ended: () => undefined });
  return addressIn(answer);
}

process.on('message', (asked: Asked) => {
  process.send?.(
    asked.ask === 'calls'
      ? asked.parties.map(([caller, callee]) => call(caller, callee))
      : asked.ports.map((port) => attend(port)),
  );
});
// The profile is written on a plain exit.
process.on('disconnect', () => process.exit(0));
