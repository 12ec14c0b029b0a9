/** The trunks at run time: whose call comes in, how many lines are taken, where a registration leads. */
import { BlockList, isIP } from 'node:net';
import type { TrunkConfig } from '../../config.ts';
import type { Random } from '../../random.ts';
import type { NameAddr, SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { dialledNumber } from '../../sip/number.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import type { Account } from './challenges.ts';

const LINE_BYTES = 8;
const familyOf = (host: string): 'ipv4' | 'ipv6' => (host.includes(':') ? 'ipv6' : 'ipv4');

/** One trunk. */
export class Trunk {
  readonly config: TrunkConfig;
  /** What its challenges are answered with; `undefined`: nothing. */
  readonly account: Account | undefined;
  /** User part of the Contact that we register: whoever calls it was told by the trunk. */
  readonly line: string;
  readonly #sources = new BlockList();
  /** Where our registration is; its calls come from there. */
  registeredAt: Flow | undefined;
  /** RFC 3608 §6.1. */
  serviceRoute: readonly NameAddr[] = [];
  /** Calls that go through it now. */
  calls = 0;

  constructor(config: TrunkConfig, random: Random) {
    this.config = config;
    const { username, password, realm } = config;
    this.account =
      username === undefined || password === undefined ? undefined : { username, password, realm, latest: undefined };
    this.line = random.hex(LINE_BYTES);
    for (const { address, bits } of config.allowFrom) this.#sources.addSubnet(address, bits, familyOf(address));
  }

  get isFull(): boolean {
    return this.calls >= this.config.maxCalls;
  }

  /** Phones may share the address of a registrar, but not its port. */
  sends({ remote }: Flow): boolean {
    const registrar = this.registeredAt?.remote;
    if (registrar !== undefined && registrar.host === remote.host && registrar.port === remote.port) return true;
    return this.#sources.check(remote.host, familyOf(remote.host));
  }
}

export class Trunks {
  readonly #byName = new Map<string, Trunk>();

  constructor(configs: Iterable<TrunkConfig>, random: Random) {
    for (const config of configs) this.#byName.set(config.name, new Trunk(config, random));
  }

  named(name: string): Trunk | undefined {
    return this.#byName.get(name);
  }

  all(): Iterable<Trunk> {
    return this.#byName.values();
  }

  /** The trunk that calls the line which we registered there, and which nobody else was told. */
  byLine({ user }: SipUri): Trunk | undefined {
    for (const trunk of this.#byName.values()) if (trunk.config.register && user === trunk.line) return trunk;
    return undefined;
  }

  /** The trunk whose address the sender has. */
  bySource(flow: Flow): Trunk | undefined {
    if (this.#byName.size === 0 || isIP(flow.remote.host) === 0) return undefined;
    for (const trunk of this.#byName.values()) if (trunk.sends(flow)) return trunk;
    return undefined;
  }
}

/** The numbers that a call from a trunk may be for, likeliest first: P-Called-Party-ID (RFC 7315 §4.2), Request-URI, To. */
export function numbersDialled(request: SipRequest, uri: SipUri, trunk: Trunk): string[] {
  const called = parseNameAddr(request.headers.get('p-called-party-id')?.[0] ?? '');
  const named = [called === undefined ? undefined : parseUri(called.uri), uri, parseUri(request.to.uri)];
  return named
    .filter((each) => each !== undefined && each.user !== trunk.line)
    .map((each) => each && dialledNumber(each))
    .filter((number) => number !== undefined);
}
