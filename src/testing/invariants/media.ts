/** Where media goes that has to pass through the service. */
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { simulatedMediaIn } from '../simulated-media.ts';
import { earOf, type Hearer } from './ear.ts';
import { Findings } from './findings.ts';
import type { Sighting } from './sighting.ts';

/** RFC 4566 §5.7, RFC 3605, RFC 8839 §5.1: where a description says that media goes. */
const ADDRESSES = /^(?:c=IN IP[46]|a=rtcp:\d+ IN IP[46]|a=candidate:\S+ \d+ \S+ \d+) ([^\s/]+)/gm;
/** Nobody is there: a hold as it was before there were directions (RFC 3264 §8.4). */
const NOBODY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
/** What the built-in relay cannot carry passes as it is: a fact tells why. */
const IS_SECURED = /^(?:m=\S+ [1-9]\d* \S*\/SAVPF?\b|a=(?:crypto|fingerprint|key-mgmt):)/m;

class Anchored implements Hearer {
  readonly findings: Findings;
  readonly #ours: ReadonlySet<string>;

  constructor(world: ServiceWorld) {
    this.findings = new Findings(world);
    const named = world.service.config.media.advertise.map(({ host }) => host);
    this.#ours = new Set([...world.serviceHosts, ...named, ...NOBODY]);
    earOf(world).hear(this);
  }

  message({ isIn, message: { body }, text, atMs, callId, peer, method }: Sighting): void {
    if (isIn || !text.includes('\nc=IN ') || IS_SECURED.test(body)) return;
    for (const [, host = ''] of body.matchAll(ADDRESSES))
      if (!this.#ours.has(host))
        this.findings.add({ atMs, callId, peer, what: `${method} tells it to send media to ${host}, past the service` });
  }
}

const SILENT: Watch = { broken: () => [], brokenAtRest: () => [] };

/** Only a world in which all media is relayed by the built-in engine (`simulatedMedia`) can break it. */
export const mediaAnchored: Invariant = {
  name: 'media anchored',
  says: 'With `media.anchor: always` no party is told where media goes but to the service, and when all is quiet no socket of media is left open.',
  watch(world: ServiceWorld): Watch {
    if (simulatedMediaIn(world) === undefined) return SILENT;
    const anchored = world.service.config.media.anchor === 'always' ? new Anchored(world) : undefined;
    const broken = (): readonly string[] => anchored?.findings.lines ?? [];
    const left = (): readonly string[] => {
      const pairs = simulatedMediaIn(world)?.pairs ?? 0;
      return pairs === 0 ? [] : [`${(world.now() / 1000).toFixed(3)} s: left over: ${pairs} pairs of media sockets`];
    };
    return { broken, brokenAtRest: () => [...broken(), ...left()] };
  },
};
