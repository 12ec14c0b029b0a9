import type { SipMessage } from '../../src/sip/message.ts';
import type { PhoneMessage } from '../../src/testing/phone-message.ts';
import type { Scene, SceneOptions } from './scene.ts';

/** What the whole service makes of a message. */
export type Outcome =
  /** It becomes a call, or a MESSAGE, for a phone of this user, which sees it so. */
  | { readonly reaches: string; readonly as?: (seen: PhoneMessage, scene: Scene) => void }
  /** Its sender gets this final answer. */
  | { readonly status: number; readonly reason: string; readonly as?: (answer: PhoneMessage, scene: Scene) => void }
  /** Nobody hears anything; the service counts it under this name, if it does. */
  | { readonly dropped: string };

/** A message of RFC 4475 or RFC 5118, and what has to come of it. */
export interface Torture extends SceneOptions {
  /** The RFC's name, and that of the file with its bytes. */
  readonly name: string;
  readonly section: string;
  readonly title: string;
  /** What the codec says: nothing against it, and what it reads, or the name of what is wrong. */
  readonly reads: ((message: SipMessage) => void) | 'nothing to remark' | { readonly defect: string };
  /** How the framing of a stream takes it where that is another matter: it waits for more, or closes the connection. */
  readonly framing?: 'waits' | 'closes';
  readonly outcome: Outcome;
}

export const FINE = 'nothing to remark';
