/** Reads a SUBSCRIBE (RFC 6665 §4.2.1) as far as the dialog event package has to do with it (RFC 4235 §3). */
import { DIALOG_INFO } from '../../sip/dialog-info.ts';
import { header, integerHeader, splitList } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { parseParams } from '../../sip/params.ts';
import { eventsOf } from './methods.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { SipSettings } from './settings.ts';

export const DIALOG_EVENT = 'dialog';
/** Ask for another package under the same name (shared lines): its state is not this one's. */
const FOREIGN_PARAMS = ['sla', 'ma'];
const MAX_EVENT = 256;
const MAX_ID = 128;

/** A SUBSCRIBE that can be served. */
export interface WatchRequest {
  /** The Event header for its NOTIFYs, which tells subscriptions of one dialog apart by `id` (RFC 6665 §4.5.2). */
  readonly event: string;
  /** As granted; 0: the state of now alone, or no more. */
  readonly expiresSeconds: number;
}

/** The Event header of a NOTIFY for such a SUBSCRIBE; `undefined` where it is another package. */
export function eventOf(request: SipRequest): string | undefined {
  const lines = request.headers.get('event');
  const [line = ''] = lines ?? [];
  if (lines?.length !== 1 || line.length > MAX_EVENT) return undefined;
  const semicolon = line.indexOf(';');
  const name = (semicolon === -1 ? line : line.slice(0, semicolon)).trim();
  const params = parseParams(line, semicolon === -1 ? line.length : semicolon);
  // Departs from RFC 6665 §8.2.1, to which names of packages have a case: phones write them in either.
  if (name.toLowerCase() !== DIALOG_EVENT || params === undefined) return undefined;
  if (FOREIGN_PARAMS.some((foreign) => params[foreign] !== undefined)) return undefined;
  const { id } = params;
  return typeof id === 'string' && id.length <= MAX_ID ? `${DIALOG_EVENT};id=${id}` : DIALOG_EVENT;
}

/** RFC 3261 §20.1: no Accept at all means the package's own type (RFC 4235 §3.5). */
function accepts(request: SipRequest): boolean {
  const lines = request.headers.get('accept');
  if (lines === undefined) return true;
  const types = lines.flatMap((line) => splitList(line) ?? []).map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  return types.some((type) => type === DIALOG_INFO || type === 'application/*' || type === '*/*');
}

/** What it asks for, or why it cannot be served. The package has been looked at before. */
export function readWatch(settings: SipSettings, request: SipRequest): WatchRequest | Refusal {
  const event = eventOf(request);
  if (event === undefined) return refusal(489, '', { 'allow-events': eventsOf(settings) });
  if (!accepts(request)) return refusal(406, '', { accept: DIALOG_INFO });
  const { minExpiresSeconds, maxExpiresSeconds, defaultExpiresSeconds } = settings;
  const written = header(request, 'expires');
  const asked = written === undefined ? defaultExpiresSeconds : integerHeader(request, 'expires');
  if (asked === undefined) return refusal(400, 'Malformed Expires');
  // RFC 6665 §4.2.1.1.
  if (asked > 0 && asked < minExpiresSeconds) return refusal(423, '', { 'min-expires': String(minExpiresSeconds) });
  return { event, expiresSeconds: Math.min(asked, maxExpiresSeconds) };
}
