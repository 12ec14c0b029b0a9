import type { Location } from '../../correlation/location.ts';
import type { Locator } from '../../dns/hop.ts';
import type { FactSink } from '../../engine/port.ts';
import type { MediaPlane } from '../../media/media.ts';
import type { Random } from '../../random.ts';
import type { TimerQueue } from '../../timers.ts';
import type { TransactionLayer } from '../../transaction/transaction.ts';
import type { Flow, Transports } from '../../transport/transport.ts';
import type { LegTable } from './leg-table.ts';
import type { SipSettings } from './settings.ts';
import type { Trunks } from './trunks.ts';

/** What the parts of the SIP port share. */
export interface SipContext {
  readonly settings: SipSettings;
  readonly engine: FactSink;
  readonly layer: TransactionLayer;
  readonly transports: Transports;
  readonly locator: Locator;
  readonly timers: TimerQueue;
  readonly random: Random;
  readonly location: Location;
  readonly legs: LegTable;
  /** The Reason of our BYEs and CANCELs that nobody else gives one; empty: none (RFC 3326). */
  readonly farewell: { reason: string };
  readonly trunks: Trunks;
  readonly tell: Tell;
  /** undefined: no media passes through here. */
  readonly media: MediaPlane | undefined;
}

/** What an operator should read in the log. */
export interface Tell {
  /** A trunk does not take the credentials that are configured for it. */
  refusedCredentials(trunk: string, status: number): void;
  /** A device behind NAT left so many pings in a row unanswered, and lost its binding or not. */
  unreachable(aor: string, missed: number, isRemoved: boolean): void;
}

const TAG_BYTES = 8;

/** A tag, unguessable: 64 bits (RFC 3261 §19.3 asks for 32). */
export const newTag = (context: SipContext): string => context.random.hex(TAG_BYTES);

/** Our end of a flow, as peers reach it, as the host part of a URI of ours. */
export const hostPort = (flow: Flow): string => {
  const { host, port } = flow.advertised;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
};
