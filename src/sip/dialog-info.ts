/** Writes `application/dialog-info+xml` (RFC 4235 §4), as phones read it that light a lamp. */

export const DIALOG_INFO = 'application/dialog-info+xml';

/** One side of a dialog; an empty URI: nothing is said of it. */
export interface DialogParty {
  /** Display name as it is shown, bytes or text. */
  readonly name: string;
  readonly uri: string;
}

/** One dialog. */
export interface DialogElement {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly direction: 'initiator' | 'recipient';
  readonly state: string;
  /** Why it was terminated; empty: nothing is said. */
  readonly event: string;
  readonly local: DialogParty;
  readonly remote: DialogParty;
}

/** One document. */
export interface DialogInfo {
  /** URI of the user that is watched. */
  readonly entity: string;
  readonly version: number;
  readonly isFull: boolean;
  readonly dialogs: readonly DialogElement[];
}

/** Longer names are cut, longer URIs left out: nobody's display needs them, and NOTIFY may go over UDP. */
const MAX_NAME = 64;
const MAX_URI = 256;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What the wire brought is bytes: UTF-8 (RFC 3261 §7.3.1), or what an old phone takes for text. The config's is text. */
function textOf(written: string): string {
  for (let i = 0; i < written.length; i++) if (written.charCodeAt(i) > 0xff) return written.toWellFormed();
  try {
    return decoder.decode(Buffer.from(written, 'latin1'));
  } catch {
    return written;
  }
}

/** What may not stand in XML 1.0 (§2.2), and C1 controls, which no name needs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_CHARACTER = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g;

const escaped = (text: string): string => text.replace(NO_CHARACTER, ' ').replace(/[&<>"']/g, (found) => ENTITIES[found] ?? '');
const uriText = (uri: string): string => (uri.length > MAX_URI ? '' : escaped(textOf(uri)));
const nameText = (name: string): string => escaped([...textOf(name.slice(0, 4 * MAX_NAME))].slice(0, MAX_NAME).join('').trim());

function party(element: 'local' | 'remote', { name, uri }: DialogParty): string {
  const address = uriText(uri);
  if (address === '') return '';
  const shown = nameText(name);
  const display = shown === '' ? '' : ` display="${shown}"`;
  return `<${element}><identity${display}>${address}</identity><target uri="${address}"/></${element}>`;
}

function element({ id, callId, localTag, remoteTag, direction, state, event, local, remote }: DialogElement): string {
  const why = event === '' ? '' : ` event="${escaped(event)}"`;
  return (
    `<dialog id="${escaped(id)}" call-id="${escaped(callId)}" local-tag="${escaped(localTag)}" ` +
    `remote-tag="${escaped(remoteTag)}" direction="${direction}"><state${why}>${escaped(state)}</state>` +
    `${party('local', local)}${party('remote', remote)}</dialog>\r\n`
  );
}

/** The document, as bytes (UTF-8). */
export function formatDialogInfo({ entity, version, isFull, dialogs }: DialogInfo): string {
  const text =
    '<?xml version="1.0" encoding="UTF-8"?>\r\n' +
    `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" ` +
    `state="${isFull ? 'full' : 'partial'}" entity="${uriText(entity)}">\r\n${dialogs.map(element).join('')}</dialog-info>\r\n`;
  return Buffer.from(text, 'utf8').toString('latin1');
}
