import { canonicalHost, isPrivateHost, isSendable } from '../sip/private-host.ts';

/** How sure a source is: nobody yet, a stranger, the host of its description or of its signalling, what its description names. */
const NOBODY = 0;
const STRANGER = 1;
const KNOWN_HOST = 2;
const DESCRIBED = 3;
/** A source that said nothing for so long may have moved. */
const SILENT_MS = 2000;
/** Of what has no source identifier. */
export const NO_SSRC = -1;

/**
 * Where one party's packets come from, and so where its own go to (symmetric RTP, RFC 4961; latching, RFC 7362 §4). The first
 * source counts, and nobody takes its place later but:
 * - a source that is more surely the party: the host that signals or that the description names before a stranger, and the
 *   very address of the description before all;
 * - the same stream (SSRC) from elsewhere, once the former source was silent for two seconds: a NAT gave it another port, or
 *   a phone changed its network. Who does not see the stream cannot know its SSRC;
 * - any source, once the party has described itself anew with another address.
 * A stranger is believed at its second packet in a row with the same SSRC; and where the description names an address that can
 * be reached, it is heard, but never sent to: so that nobody is sent the audio of a party that happens to be silent.
 */
export class Latch {
  /** Where to send; empty: nowhere. */
  host = '';
  port = 0;
  readonly #signalling: string;
  #rank = NOBODY;
  #sourceHost = '';
  #sourcePort = 0;
  #describedHost = '';
  #describedPort = 0;
  /** What the description names is no address inside some other network. */
  #isReachable = false;
  #ssrc = NO_SSRC;
  #heardMs = 0;
  /** A stranger that was heard once. */
  #candidate = '';
  #candidateSsrc = NO_SSRC;
  /** Heard before the party described itself anew; still admitted until another source is. */
  #formerHost = '';
  #formerPort = 0;

  /** `signalling`: the host that the party's messages come from. */
  constructor(signalling: string) {
    this.#signalling = signalling;
  }

  /** What the party says of itself. The same as before changes nothing, and neither does an address 0.0.0.0, by which it holds. */
  describe(named: string, port: number): void {
    const host = canonicalHost(named);
    const isAddress = port > 0 && isSendable(host);
    if ((host === this.#describedHost && port === this.#describedPort) || (this.#rank !== NOBODY && !isAddress)) return;
    // Behind NAT its address is no use: it is answered where it was heard, until it is heard elsewhere.
    const wasSentAsDescribed = this.host === this.#describedHost && this.port === this.#describedPort;
    this.#describedHost = host;
    this.#describedPort = port;
    this.#isReachable = isAddress && (!isPrivateHost(host) || host === this.#signalling);
    if (this.#rank !== NOBODY) {
      this.#formerHost = this.#sourceHost;
      this.#formerPort = this.#sourcePort;
    }
    this.#rank = NOBODY;
    this.#candidate = '';
    if (!wasSentAsDescribed && this.port !== 0) return;
    this.host = isAddress ? host : '';
    this.port = isAddress ? port : 0;
  }

  /** Whether a packet from there is the party's. */
  admits(host: string, port: number, ssrc: number, nowMs: number): boolean {
    if (this.#rank === NOBODY || port !== this.#sourcePort || host !== this.#sourceHost) {
      if (!this.#isBelieved(host, port, ssrc, nowMs)) return false;
    }
    this.#heardMs = nowMs;
    this.#ssrc = ssrc;
    return true;
  }

  #isBelieved(host: string, port: number, ssrc: number, nowMs: number): boolean {
    const rank = this.#rankOf(host, port);
    const isFormer = this.#rank === NOBODY && port === this.#formerPort && host === this.#formerHost;
    if (isFormer && rank !== DESCRIBED) return true;
    if (rank <= this.#rank && !this.#hasMoved(ssrc, nowMs)) return false;
    if (rank === STRANGER && this.#rank === NOBODY && !this.#isConfirmed(host, port, ssrc)) return false;
    // The party itself, from elsewhere, is sent to there; a stranger only where nothing better is known.
    if (rank !== STRANGER || this.#rank !== NOBODY || !this.#isReachable) {
      this.host = host;
      this.port = port;
    }
    this.#sourceHost = host;
    this.#sourcePort = port;
    this.#rank = rank;
    this.#formerPort = 0;
    return true;
  }

  #rankOf(host: string, port: number): number {
    if (host !== this.#describedHost) return host === this.#signalling ? KNOWN_HOST : STRANGER;
    return port === this.#describedPort ? DESCRIBED : KNOWN_HOST;
  }

  #hasMoved(ssrc: number, nowMs: number): boolean {
    return ssrc !== NO_SSRC && ssrc === this.#ssrc && nowMs - this.#heardMs >= SILENT_MS;
  }

  #isConfirmed(host: string, port: number, ssrc: number): boolean {
    const name = `${host} ${port}`;
    if (ssrc === NO_SSRC || (name === this.#candidate && ssrc === this.#candidateSsrc)) return true;
    this.#candidate = name;
    this.#candidateSsrc = ssrc;
    return false;
  }
}
