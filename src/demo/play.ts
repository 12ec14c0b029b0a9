import type { Theatre } from './theatre.ts';

/** One story that the demo plays. */
export interface Play {
  /** What it shows, for the list of plays. */
  readonly says: string;
  /** What a reader of the ladder has to know. */
  readonly introduction: string;
  /** Plays it to its end. Throws `Missed` where something does not happen as it shall. */
  perform(theatre: Theatre): Promise<void>;
}
