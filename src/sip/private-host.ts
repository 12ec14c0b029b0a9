/** Which addresses mean something only where they are. */
import { BlockList, isIP } from 'node:net';

const PRIVATE = new BlockList();
// RFC 1918 §3.
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
// RFC 6598 §7: between a carrier's NAT and its customers'.
PRIVATE.addSubnet('100.64.0.0', 10);
// RFC 3927 §2.1, RFC 4291 §2.5.6: link-local.
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addSubnet('fe80::', 10, 'ipv6');
// RFC 4193 §3.1.
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('127.0.0.0', 8);
PRIVATE.addAddress('::1', 'ipv6');

const NOWHERE = new BlockList();
// RFC 1122 §3.2.1.3, RFC 5771, RFC 4291 §2.7: this network, groups and the broadcast.
NOWHERE.addSubnet('0.0.0.0', 8);
NOWHERE.addSubnet('224.0.0.0', 4);
NOWHERE.addAddress('255.255.255.255');
NOWHERE.addAddress('::', 'ipv6');
NOWHERE.addSubnet('ff00::', 8, 'ipv6');

/** Whether an IP address means another machine, or none, outside the network it is in; names are not judged. */
export function isPrivateHost(host: string): boolean {
  const family = isIP(host);
  return family !== 0 && PRIVATE.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether packets may be sent there: an IP address of one machine. */
export function isSendable(host: string): boolean {
  const family = isIP(host);
  return family !== 0 && !NOWHERE.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** An IP address as sockets tell it: IPv6 short and in small letters (RFC 5952). Whatever is none stays as it is. */
export function canonicalHost(host: string): string {
  if (isIP(host) !== 6 || host.includes('%')) return host;
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}
