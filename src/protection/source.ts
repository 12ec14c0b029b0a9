const GROUPS = 8;
const OF_PREFIX = 4;
const MAPPED = '::ffff:';

/**
 * Who stands behind an IP address, as far as can be told: an IPv4 address by itself, of IPv6 the /64, since one
 * customer has at least that much (RFC 6177 §2) and could otherwise be somebody else with each packet.
 */
export function sourceOf(host: string): string {
  if (!host.includes(':')) return host;
  if (host.startsWith(MAPPED) && host.includes('.')) return host.slice(MAPPED.length);
  const end = endOfPrefix(host);
  if (end !== -1) return `${host.slice(0, end)}::/64`;
  const gap = host.indexOf('::');
  const left = gap === -1 ? host : host.slice(0, gap);
  const groups = left === '' ? [] : left.split(':', OF_PREFIX);
  if (gap !== -1 && groups.length < OF_PREFIX) fill(groups, host.slice(gap + 2));
  return `${groups.slice(0, OF_PREFIX).join(':')}::/64`;
}

/** Where the fourth group ends, if four are written out, as mostly they are. */
function endOfPrefix(host: string): number {
  let at = -1;
  for (let group = 0; group < OF_PREFIX; group++) {
    const next = host.indexOf(':', at + 1);
    if (next === -1 || next === at + 1) return -1;
    at = next;
  }
  return at;
}

/** Writes out what `::` stands for, as far as it belongs to the prefix. */
function fill(groups: string[], right: string): void {
  const behind = right === '' ? [] : right.split(':', GROUPS);
  const zeros = GROUPS - groups.length - behind.length;
  for (let i = 0; i < zeros && groups.length < OF_PREFIX; i++) groups.push('0');
  groups.push(...behind);
}
