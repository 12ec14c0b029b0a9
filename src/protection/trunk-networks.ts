import { isIP } from 'node:net';
import type { Network, TrunkConfig } from '../config.ts';
import { parseUri } from '../sip/uri.ts';

const BITS = { 4: 32, 6: 128 } as const;

/** Networks from which calls of whole companies come: those of trunks, and servers of theirs that are addresses. */
export function trunkNetworks(trunks: Iterable<Pick<TrunkConfig, 'allowFrom' | 'servers'>>): Network[] {
  const found: Network[] = [];
  for (const { allowFrom, servers } of trunks) {
    found.push(...allowFrom);
    for (const server of servers) {
      const host = parseUri(server)?.host ?? '';
      const family = isIP(host);
      if (family === 4 || family === 6) found.push({ address: host, bits: BITS[family] });
    }
  }
  return found;
}
