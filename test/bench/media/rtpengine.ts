/** Debian's rtpengine in userspace as a relay of the bench, ordered by what the service orders it by. */
import { spawnSync } from 'node:child_process';
import { SystemClock } from '../../../src/clock.ts';
import type { MediaParty } from '../../../src/media/media.ts';
import { NgClient } from '../../../src/media/rtpengine/ng-client.ts';
import { NgSession } from '../../../src/media/rtpengine/session.ts';
import { CryptoRandom } from '../../../src/random.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';
import { openDatagrams } from '../../../src/transport/datagrams.ts';
import { Rtpengine } from '../../interop/support/rtpengine.ts';
import { type Address, addressIn, cpuMsOf, HOST, type PartyPorts, type Relay, rssBytesOf, sdpOf } from './relay.ts';

const PARTY: MediaParty = { leg: '', user: '', host: HOST, local: HOST, isWebRtc: false };
const random = new CryptoRandom();

export class RtpengineRelay implements Relay {
  readonly name = 'rtpengine';
  readonly #daemon: Rtpengine;
  readonly #client: NgClient;

  private constructor(daemon: Rtpengine) {
    this.#daemon = daemon;
    const timers = new TimerHeap(new SystemClock(), (error) => console.error(error));
    const wire = openDatagrams({ host: HOST, port: daemon.port });
    this.#client = new NgClient({ wire, timers, random, timeoutMs: 5_000, turned: () => {} });
  }

  static readonly isInstalled = (): boolean => spawnSync('sh', ['-c', 'command -v rtpengine']).status === 0;

  static async open(): Promise<RtpengineRelay> {
    return new RtpengineRelay(await Rtpengine.start());
  }

  /** One after the other, as calls come. */
  async calls(parties: readonly PartyPorts[]): Promise<readonly (readonly [Address, Address])[]> {
    const answers: (readonly [Address, Address])[] = [];
    for (const [caller, callee] of parties) {
      const session = new NgSession(this.#client, random, { caller: PARTY, fork: PARTY, injects: false });
      const ofCallee = await told(session, 'caller', caller, 'offer');
      answers.push([await told(session, 'fork', callee, 'answer'), ofCallee]);
    }
    return answers;
  }

  attend(): Promise<never> {
    return Promise.reject(new Error('the service itself talks to those'));
  }

  cpuMs(): number {
    return cpuMsOf(this.#daemon.pid);
  }

  rssBytes(): number {
    return rssBytesOf(this.#daemon.pid);
  }

  close(): Promise<void> {
    this.#client.close();
    return this.#daemon.stop();
  }
}

const told = (session: NgSession, from: 'caller' | 'fork', port: number, what: 'offer' | 'answer'): Promise<Address> =>
  new Promise((done, failed) =>
    session.describe(
      from,
      sdpOf(port),
      what,
      (said) => (typeof said === 'string' ? done(addressIn(said)) : failed(new Error(said.reason))),
      ({ refused }) => failed(new Error(refused)),
    ),
  );
