import { BlockList } from 'node:net';
import type { Network } from '../config.ts';

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

/** Networks that are never limited and never banned. */
export class Trusted {
  readonly #networks = new BlockList();

  add({ address, bits }: Network): void {
    this.#networks.addSubnet(address, bits, familyOf(address));
  }

  /** Costs microseconds: ask once for a source, not for each packet. */
  has(host: string): boolean {
    return this.#networks.check(host, familyOf(host));
  }
}
