import { isIP } from 'node:net';
import type { SipUri } from '../sip/uri.ts';
import type { Found, Hop, Locator } from './hop.ts';
import { DEFAULT_PORT, transportOf } from './uri-transport.ts';

const NOTHING_ASKED = (): void => undefined;

/** Finds servers that are named by address. */
export class AddressLocator implements Locator {
  locate(uri: SipUri, found: Found): () => void {
    const transport = transportOf(uri);
    const { host } = uri;
    if (transport === undefined || isIP(host) === 0) found([]);
    else found([{ transport, host, port: uri.port ?? DEFAULT_PORT[transport], serverName: undefined }]);
    return NOTHING_ASKED;
  }

  avoid(_hop: Hop): void {}
}
