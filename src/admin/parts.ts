/** What the door is made of: what it shows, what it passes on, and by what it is timed. */
import type { Insight, Orders } from '../insight/insight.ts';
import type { Random } from '../random.ts';
import type { TimerQueue } from '../timers.ts';
import type { PageFiles } from './page-files.ts';

/** The numbers for Prometheus, and the media type that they are written in. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Who may come in. */
export interface Admission {
  /** What they have to know; undefined: nothing. */
  readonly token: string | undefined;
  /** Names that browsers ask for, lower-case, beside addresses and `localhost`. */
  readonly names: readonly string[];
}

/** The official inspector. */
export interface InspectorPart {
  /** Address of its page. */
  readonly page: string;
  readonly isFull: () => boolean;
  /** Tells whom the query asks for, as JSON; the answer ends that. */
  open(query: URLSearchParams, send: (event: string) => void): () => void;
}

export interface AppParts {
  readonly insight: Insight;
  /** None: the door only shows. */
  readonly orders?: Orders | undefined;
  readonly metrics?: Exposition | undefined;
  /** Takes no new calls any more. */
  readonly isDraining: () => boolean;
  readonly page: PageFiles;
  /** Undefined: off. */
  readonly inspector?: InspectorPart | undefined;
  readonly admission: Admission;
  readonly timers: TimerQueue;
  readonly random: Random;
  /** One line for the operator: something in here broke. */
  readonly report: (line: string) => void;
}
