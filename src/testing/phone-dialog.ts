import { headerOf, type PhoneMessage, tagOf, uriOf, valuesOf } from './phone-message.ts';

/** One dialog as the phone keeps it (RFC 3261 §12). */
export interface Dialog {
  readonly callId: string;
  /** Our From value in requests, tag included. */
  readonly local: string;
  /** Our To value in requests, tag included. */
  readonly remote: string;
  readonly remoteTag: string;
  readonly routes: readonly string[];
  target: string;
  /** Number of the last request that came; 0: none yet. */
  remoteCseq: number;
}

/** The caller's dialog with whoever answered (RFC 3261 §12.1.2). */
export const dialogOfAnswer = (response: PhoneMessage, target: string): Dialog => ({
  callId: headerOf(response, 'call-id'),
  local: headerOf(response, 'from'),
  remote: headerOf(response, 'to'),
  remoteTag: tagOf(response, 'to'),
  routes: valuesOf(response, 'record-route').toReversed(),
  target: targetIn(response, target),
  remoteCseq: 0,
});

/** The callee's dialog with the caller (RFC 3261 §12.1.1). `local` is the To value with our tag. */
export const dialogOfInvite = (invite: PhoneMessage, local: string, cseq: number): Dialog => ({
  callId: headerOf(invite, 'call-id'),
  local,
  remote: headerOf(invite, 'from'),
  remoteTag: tagOf(invite, 'from'),
  routes: valuesOf(invite, 'record-route'),
  target: targetIn(invite, ''),
  remoteCseq: cseq,
});

/** The Contact's URI; `otherwise` where there is none. */
export const targetIn = (message: PhoneMessage, otherwise: string): string => {
  const [contact] = valuesOf(message, 'contact');
  return contact === undefined ? otherwise : uriOf(contact);
};
