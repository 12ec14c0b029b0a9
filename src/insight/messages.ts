/** Messages and pushes of a call as they are shown. */
import type { JournalEntry, Told } from '../journal/format.ts';
import type { Glance } from '../trace/glance.ts';
import { masked } from '../trace/mask.ts';
import type { Box } from './message-shelf.ts';
import type { MessageView } from './model.ts';

const MAX_TEXT = 16_384;
const MAX_LABEL = 120;
const CSEQ = /\r?\ncseq[ \t]*:[ \t]*\d+[ \t]+([\w.!%*+`'~-]{1,32})/i;
const RESPONSE = /^SIP\/2\.0 (\d{3} ?[^\r\n]*)/i;

/** `INVITE`, `200 OK (BYE)`. */
export function labelOf({ startLine, text }: Glance): string {
  const response = RESPONSE.exec(startLine)?.[1];
  if (response === undefined) return startLine.slice(0, startLine.indexOf(' ')).slice(0, MAX_LABEL);
  const method = CSEQ.exec(text)?.[1];
  return `${response.trim()}${method === undefined ? '' : ` (${method})`}`.slice(0, MAX_LABEL);
}

const shortened = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}\r\n[${text.length - MAX_TEXT} more bytes are not shown]`;

/** `host:port`, IPv6 in brackets. */
export const endpointText = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The SIP messages that are kept, masked. */
export const messageViews = (box: Box | undefined): MessageView[] =>
  (box?.messages ?? []).map((message) => ({
    at: message.atMs,
    isIncoming: message.isIncoming,
    transport: message.flow.transport,
    remote: endpointText(message.flow.remote),
    label: labelOf(message),
    callId: message.callId,
    leg: box?.legs.find(({ callId }) => callId === message.callId)?.leg ?? '',
    text: shortened(Buffer.from(masked(message.text), 'latin1').toString('utf8')),
  }));

/** Pushes, as the journal has them: their secrets are hidden there. */
export const pushViews = (entries: readonly JournalEntry[], startedAtMs: number): MessageView[] =>
  entries.flatMap(({ at, fact, command }) => {
    const view = command?.to === 'port:push' ? ordered(command) : fact === undefined ? undefined : cameOf(fact);
    return view === undefined ? [] : [{ ...view, at: startedAtMs + at }];
  });

type Push = Omit<MessageView, 'at'>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const PUSH = { transport: 'push', callId: '', leg: '' } as const;
const lines = (fields: object): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join('\n');

function ordered({ type, device, aor, callId, caller, callerName, ttlMs, reason, push }: Told): Push {
  const remote = text((push as { readonly provider?: unknown } | undefined)?.provider);
  const isSent = type === 'push.send';
  return {
    ...PUSH,
    ...{ isIncoming: false, remote, callId: text(callId) },
    label: isSent ? 'push: incoming-call' : `push: cancelled (${text(reason)})`,
    text: lines({
      kind: isSent ? 'incoming-call' : 'cancelled',
      device,
      aor,
      callId,
      caller,
      callerName,
      ...(isSent ? { ttlMs } : { reason }),
    }),
  };
}

function cameOf({ type, device, provider, permanent, why }: Told): Push | undefined {
  if (type !== 'push.delivered' && type !== 'push.failed') return undefined;
  const isTaken = type === 'push.delivered';
  return {
    ...PUSH,
    ...{ isIncoming: true, remote: text(provider) },
    label: isTaken ? 'push: taken' : 'push: failed',
    text: lines({ device, provider, ...(isTaken ? {} : { permanent, why }) }),
  };
}
