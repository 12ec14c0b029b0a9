/** What one party may not learn of another, and of whom. */
import type { Endpoint } from '../../transport/transport.ts';
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { valuesOf } from '../phone-message.ts';
import type { Hearer } from './ear.ts';
import { Findings } from './findings.ts';
import { type Follower, type Ledger, ledgerOf, peerOf, type SeenLeg } from './ledger.ts';
import type { Sighting } from './sighting.ts';

class Sides implements Follower {
  readonly findings: Findings;

  constructor(ledger: Ledger) {
    this.findings = new Findings(ledger.ear.world);
    ledger.follow(this);
  }

  invited(fork: SeenLeg, { atMs, callId, fromTag, message }: Sighting): void {
    const { caller } = fork.call;
    const tell = (what: string): void => this.findings.add({ atMs, callId, ...peerOf(fork), what });
    if (valuesOf(message, 'via').length !== 1) tell('an INVITE with more Vias than ours');
    if (valuesOf(message, 'record-route').length > 0) tell('an INVITE with the caller’s Record-Route');
    if (caller === undefined) return;
    if (callId === caller.callId) tell('an INVITE under the caller’s Call-ID');
    if (fromTag === caller.tag) tell('an INVITE with the caller’s From tag');
  }
}

/** A back-to-back user agent has dialogs of its own on each side. */
export const sidesApart: Invariant = {
  name: 'sides apart',
  says: 'No Via, Record-Route, Call-ID or tag of the caller’s side stands in the INVITE to a device.',
  watch(world: ServiceWorld): Watch {
    const { findings } = new Sides(ledgerOf(world));
    return { broken: () => findings.lines, brokenAtRest: () => findings.lines };
  },
};

const PUSH_TOKEN = /pn-prid=([^;>,?\s"]+)/gi;
const TOKEN = 'pn-prid=';
/** More tokens than any world has phones; those of a flood are forgotten. */
const MOST_TOKENS = 10_000;

class Secrets implements Hearer {
  readonly findings: Findings;
  readonly #passwords: readonly string[];
  /** Hosts that know a push token, since they told us of it. */
  readonly #known = new Map<string, Set<string>>();
  #turn = 0;

  constructor(ledger: Ledger) {
    const { world } = ledger.ear;
    this.findings = new Findings(world);
    const { users, trunks } = world.service.config;
    const passwords = [...users.values()].map(({ password }) => password);
    for (const trunk of trunks.values()) if (trunk.password !== undefined) passwords.push(trunk.password);
    this.#passwords = passwords.filter((password) => password.length >= 8);
    ledger.ear.hear(this);
  }

  message({ atMs, isIn, text, peer, callId }: Sighting): void {
    const tokens = text.includes(TOKEN) ? [...text.matchAll(PUSH_TOKEN)].map(([, token = '']) => token) : [];
    if (isIn) this.#learn(tokens, peer);
    else {
      for (const token of tokens)
        if (this.#known.get(token)?.has(peer.host) !== true)
          this.findings.add({ atMs, callId, peer, what: 'a push token of another device left to this one' });
      this.#look(text, (what) => this.findings.add({ atMs, callId, peer, what: `${what} left` }));
    }
  }

  /** Tokens are masked further down, by the log itself. */
  logged(message: string, fields: object): void {
    const atMs = this.findings.nowMs;
    this.#look(`${message} ${JSON.stringify(fields)}`, (what) =>
      this.findings.add({ atMs, what: `${what} stands in the log: "${message}"` }),
    );
  }

  #learn(tokens: readonly string[], { host }: Endpoint): void {
    for (const token of tokens) {
      if (this.#known.size > MOST_TOKENS) this.#known.clear();
      this.#known.set(token, (this.#known.get(token) ?? new Set()).add(host));
    }
  }

  /** One password a message, in turn, so that many users cost no more than few. */
  #look(text: string, tell: (what: string) => void): void {
    if (this.#passwords.length === 0) return;
    this.#turn = (this.#turn + 1) % this.#passwords.length;
    const password = this.#passwords[this.#turn];
    if (password !== undefined && text.includes(password)) tell('a password');
  }
}

/** RFC 8599 §13: who has a push token can wake and follow its owner. */
export const secretsStay: Invariant = {
  name: 'secrets stay',
  says: 'No push token leaves for a host that did not tell us of it, and no password stands in a message or in the log.',
  watch(world: ServiceWorld): Watch {
    const { findings } = new Secrets(ledgerOf(world));
    return { broken: () => findings.lines, brokenAtRest: () => findings.lines };
  },
};
