/** Reliable provisional answers on the wire (RFC 3262). */
import type { Dialog } from './dialog.ts';
import { header, integerHeader, tokens } from './headers.ts';
import type { SipMessage, SipRequest, SipResponse } from './message.ts';

/** The option tag of reliable provisionals. */
export const RELIABLE = '100rel';

const names = (message: SipMessage, name: string, option: string): boolean => {
  const lines = message.headers.get(name);
  return lines !== undefined && tokens(lines).some((token) => token.toLowerCase() === option);
};

/** Whether a message's Supported names the option; what it requires it supports. */
export const supports = (message: SipMessage, option: string): boolean =>
  names(message, 'supported', option) || names(message, 'require', option);

/** Whether a message's Require names the option. */
export const requires = (message: SipMessage, option: string): boolean => names(message, 'require', option);

/** The RSeq of a provisional answer that was sent reliably; `undefined` of every other (RFC 3262 §4, §7.1). */
export function rseqOf(response: SipResponse): number | undefined {
  if (response.status <= 100 || response.status >= 200 || !response.headers.has('rseq')) return undefined;
  const rseq = integerHeader(response, 'rseq');
  return rseq === undefined || rseq === 0 || rseq >= 2 ** 32 || !requires(response, RELIABLE) ? undefined : rseq;
}

/** The answer that a PRACK acknowledges (RFC 3262 §7.2). */
export interface Rack {
  readonly rseq: number;
  readonly seq: number;
  readonly method: string;
}

const RACK = /^(\d{1,10})[ \t]+(\d{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]{1,32})[ \t]*$/;

/** What a PRACK's RAck says; `undefined` if it says nothing readable. */
export function rackOf(prack: SipRequest): Rack | undefined {
  const found = RACK.exec(header(prack, 'rack') ?? '');
  return found === null ? undefined : { rseq: Number(found[1]), seq: Number(found[2]), method: found[3] ?? '' };
}

/** Writes a RAck. */
export const formatRack = ({ rseq, seq, method }: Rack): string => `${rseq} ${seq} ${method}`;

/**
 * Takes a reliable provisional of the peer into its dialog. False: a repetition, or out of order, which goes no further
 * and gets no PRACK (RFC 3262 §4). The numbers of each INVITE are its own (§3).
 */
export function takeRseq(dialog: Dialog, seq: number, rseq: number): boolean {
  const { taken } = dialog;
  if (taken !== undefined && taken.seq === seq && rseq !== taken.rseq + 1) return false;
  dialog.taken = { seq, rseq };
  return true;
}
