/** A SIP message as the rest of the program sees it. Strings hold bytes (latin1), as they came from the wire. */

/** Parameters by lower-case name, on an object without prototype; `null` where a parameter has no value. Values as written, quotes kept. */
export type Params = Readonly<Record<string, string | null>>;

export interface NameAddr {
  /** Display name as written (quotes kept), empty if there is none. */
  readonly name: string;
  readonly uri: string;
  readonly params: Params;
}

export interface Via {
  /** Upper-case: UDP, TCP, TLS, WS, WSS. */
  readonly transport: string;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Params;
}

export interface CSeq {
  readonly seq: number;
  readonly method: string;
}

interface Fields {
  /** Topmost first. */
  readonly via: readonly Via[];
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly cseq: CSeq;
  readonly contact: readonly NameAddr[] | '*';
  readonly route: readonly NameAddr[];
  readonly recordRoute: readonly NameAddr[];
  /** All other headers but Content-Length: lower-case long name to its lines in order, unfolded. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface SipRequest extends Fields {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
}

export interface SipResponse extends Fields {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** The lines of a request that an answer copies, as they came. */
export interface Echo {
  /** The top Via, if it could be read: where the answer goes over UDP. */
  readonly via: Via | undefined;
  readonly lines: readonly (readonly [name: string, line: string])[];
}

/** What makes bytes no SIP message; `reason` is fit for a 400's reason phrase. */
export interface Defect {
  readonly kind: 'defect';
  /** Stable name, for counters: `no-via`, `bad-cseq`, `content-length`, … */
  readonly name: string;
  readonly reason: string;
  /** The status of the answer where it is not 400: 505 for a version of SIP that is not 2.0. */
  readonly status?: number;
  /** As much of a request as is needed to answer it with 400, if that much could be read. */
  readonly answerable: SipRequest | undefined;
  /** Of a request that could not be read that far: the lines that its answer copies. */
  readonly echo?: Echo | undefined;
}
