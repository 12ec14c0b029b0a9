/** How a call is diverted by a device, and how a diverted call says so: Diversion (RFC 5806) and History-Info (RFC 7044). */
import type { Diversion, DiversionReason } from '../../../machines/vocabulary/binding.ts';
import { splitList } from '../../sip/headers.ts';
import type { SipMessage, SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';

type Headers = Map<string, readonly string[]>;

/** RFC 5806 §6. */
const REASON: Readonly<Record<DiversionReason, string>> = {
  always: 'unconditional',
  busy: 'user-busy',
  noAnswer: 'no-answer',
  unreachable: 'unavailable',
  deflected: 'deflection',
  pickedUp: 'deflection',
};
/** RFC 4458 §2, which RFC 7044 §5.2 refers to. */
const CAUSE: Readonly<Record<DiversionReason, number>> = {
  always: 302,
  busy: 486,
  noAnswer: 408,
  unreachable: 503,
  deflected: 480,
  pickedUp: 480,
};
const MAX_ENTRIES = 20;

/** Writes how the call came here above what was said of it before; `headers` is changed. */
export function setDiversions(headers: Headers, diversions: readonly Diversion[]): void {
  const ours = diversions.toReversed().map(({ by, why }) => `<${by}>;reason=${REASON[why]};counter=1`);
  headers.set('diversion', [...ours, ...entries(headers.get('diversion'))].slice(0, MAX_ENTRIES));
  headers.set('history-info', history(entries(headers.get('history-info')), diversions));
}

const entries = (lines: readonly string[] | undefined): string[] => (lines ?? []).flatMap((line) => splitList(line) ?? []);

const indexOf = (entry: string | undefined): string => /;\s*index=([0-9.]{1,60})/.exec(entry ?? '')?.[1] ?? '';

/** RFC 7044 §9: whom it was for first, then each next one a level below. */
function history(before: readonly string[], diversions: readonly Diversion[]): readonly string[] {
  const [first] = diversions;
  const written = [...before];
  let index = indexOf(written.at(-1));
  if (index === '' && first !== undefined) {
    index = '1';
    written.push(`<${first.by}>;index=1`);
  }
  for (const { to, why } of diversions) {
    const parent = index;
    index += '.1';
    written.push(`<${to};cause=${CAUSE[why]}>;index=${index};mp=${parent}`);
  }
  return written.slice(-MAX_ENTRIES);
}

/**
 * What a phone of ours says of diversions, as a trunk may hear it: carriers believe them for who calls and who pays, and
 * a phone can write any number there (RFC 5806, Security Considerations). Its user did it, as often; `headers` is changed.
 */
export function disbelieve(headers: Headers, user: string): void {
  headers.delete('history-info');
  const count = timesDiverted({ headers });
  if (count > 0) headers.set('diversion', [`<${user}>;reason=unknown;counter=${count}`]);
}

const MAX_COUNT = 99;

/** How often the call was diverted before it came: loops through networks that keep no Max-Forwards end by it. */
export function timesDiverted({ headers }: Pick<SipRequest, 'headers'>): number {
  const lines = headers.get('diversion');
  if (lines === undefined) return 0;
  let count = 0;
  for (const entry of entries(lines)) {
    const counter = Number(parseNameAddr(entry)?.params.counter ?? 1);
    count += Number.isInteger(counter) && counter > 0 ? counter : 1;
  }
  return Math.min(count, MAX_COUNT);
}

const MAX_CONTACTS = 8;
const preference = (q: string | null | undefined): number => {
  const value = Number(q ?? 1);
  return value >= 0 && value <= 1 ? value : 0;
};

/** Where a 3xx redirects to, dearest first (RFC 3261 §20.10); what is no SIP or tel URI is left out. */
export function contactsByPreference(redirection: SipMessage | undefined): SipUri[] {
  if (redirection === undefined || redirection.contact === '*') return [];
  return redirection.contact
    .slice(0, MAX_CONTACTS)
    .toSorted((a, b) => preference(b.params.q) - preference(a.params.q))
    .map(({ uri }) => parseUri(uri))
    .filter((uri) => uri !== undefined);
}
