import { parseParams } from './params.ts';

/** A dialog named by the other side of it (RFC 3891 §6.1): `toTag` is that of who receives the header. */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  readonly earlyOnly: boolean;
}

const MAX_LENGTH = 1024;

/** Reads a Replaces header's value; `undefined` if it lacks what RFC 3891 §6.1 asks for. */
export function parseReplaces(text: string): Replaces | undefined {
  if (text.length > MAX_LENGTH || text.includes(',')) return undefined;
  const semicolon = text.indexOf(';');
  if (semicolon === -1) return undefined;
  const callId = text.slice(0, semicolon).trim();
  const params = parseParams(text, semicolon);
  if (params === undefined) return undefined;
  const { 'to-tag': toTag, 'from-tag': fromTag } = params;
  if (callId === '' || /\s/.test(callId) || typeof toTag !== 'string' || typeof fromTag !== 'string') return undefined;
  return { callId, toTag, fromTag, earlyOnly: params['early-only'] !== undefined };
}
