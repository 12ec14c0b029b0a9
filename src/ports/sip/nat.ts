/** Who says to be where it is not: parties behind NAT that name an address of their own network. */
import type { Target } from '../../../machines/vocabulary/binding.ts';
import { isPrivateHost } from '../../sip/private-host.ts';
import { parseUri } from '../../sip/uri.ts';

/** RFC 4566 §5.7; where each m-line has one of its own, the first speaks for all. */
const CONNECTION = /^c=IN IP[46] ([0-9A-Fa-f.:]{2,45})/m;

/** Whether a description names a private address that its packets do not come from, as far as its signalling tells. */
export function isMediaNatted(sdp: string, host: string): boolean {
  const named = CONNECTION.exec(sdp)?.[1];
  return named !== undefined && named !== host && isPrivateHost(named);
}

/** Whether a device registered a private address that it did not register from. One behind an edge proxy is that one's to help. */
export function isTargetNatted({ contact, path, flow }: Target): boolean {
  if (path.length > 0 || flow === '') return false;
  const host = parseUri(contact)?.host;
  if (host === undefined || !isPrivateHost(host)) return false;
  return !flow.slice(flow.lastIndexOf('/') + 1).startsWith(host.includes(':') ? `[${host}]:` : `${host}:`);
}
