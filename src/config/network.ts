import { isIP } from 'node:net';

/** A range of IP addresses: all that agree with `address` in their first `bits`. */
export interface Network {
  readonly address: string;
  readonly bits: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** A network as written, `10.0.0.0/8` or a single address; `undefined` if it is none. */
export function parseNetwork(written: string): Network | undefined {
  const [address = '', width, more] = written.split('/', 3);
  const family = isIP(address);
  if (more !== undefined || (family !== 4 && family !== 6)) return undefined;
  const bits = width === undefined ? BITS[family] : /^\d{1,3}$/.test(width) ? Number(width) : -1;
  return bits < 0 || bits > BITS[family] ? undefined : { address, bits };
}
