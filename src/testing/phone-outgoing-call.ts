import { bodyOf, type CallHost, headersOf, PhoneCall, type Sent } from './phone-call.ts';
import { type Dialog, dialogOfAnswer } from './phone-dialog.ts';
import { cseqOf, type Header, headerOf, type PhoneMessage, tagOf, uriOf, valuesOf } from './phone-message.ts';
import { ReliableHearing } from './phone-reliable.ts';
import type { Asking } from './phone-requester.ts';
import { answerOf, offerOf } from './phone-sdp.ts';

/** How a call is placed. */
export interface CallOptions {
  /** The offer; by default one audio stream. Empty: none, so that the callee makes it. */
  readonly sdp?: string;
  readonly headers?: readonly Header[];
  /** When the 2xx is acknowledged; by default at once. */
  readonly ack?: 'never' | { readonly afterMs: number };
  /** Whether reliable provisionals are known, or asked for (RFC 3262); by default they are not. */
  readonly reliable?: 'supported' | 'required';
  /** When a reliable provisional is acknowledged; by default at once. */
  readonly prack?: 'never' | { readonly afterMs: number };
  /** A new offer inside each PRACK. */
  readonly prackSdp?: string;
  /** The From URI, if it shall not be the phone's own. */
  readonly from?: string;
  readonly onChange?: (call: OutgoingCall) => void;
}

const OPTIONS: Readonly<Record<'none' | 'supported' | 'required', readonly Header[]>> = {
  none: [],
  supported: [['Supported', '100rel']],
  required: [['Require', '100rel']],
};

/** 64*T1, less the way of the first answer. */
const UNACKNOWLEDGED_MS = 31_000;

/** One progress answer that the caller heard. */
export interface Progress {
  readonly atMs: number;
  readonly status: number;
  readonly tag: string;
  readonly sdp: string;
}

/** A call that the phone placed. */
export class OutgoingCall extends PhoneCall {
  readonly localTag: string;
  /** Every provisional but 100, in order. */
  readonly progress: Progress[] = [];
  /** Each PRACK, and what was answered. */
  readonly pracks: Sent[] = [];
  /** Reason phrase of the final answer, if that was a failure. */
  phrase = '';
  /** Contacts of a 3xx. */
  redirects: readonly string[] = [];
  readonly #asking: Asking;
  readonly #ack: CallOptions['ack'];
  readonly #offer: string;
  readonly #options: CallOptions;
  readonly #hearing: ReliableHearing;
  /** Tags of early dialogs whose session is agreed on already. */
  readonly #agreed = new Set<string>();
  readonly #uri: string;
  #early = new Map<string, Dialog>();
  #cancel: readonly Header[] | undefined;
  #cancelSent = false;
  /** When something was heard last of the INVITE. */
  #heardMs: number;

  constructor(
    host: CallHost,
    call: { callId: string; uri: string; from: string; proxy: CallHost['route'] },
    options: CallOptions,
  ) {
    super(host, call.callId, 1);
    this.localTag = host.tag();
    this.#heardMs = host.wire.now();
    this.#ack = options.ack;
    this.#options = options;
    this.#hearing = new ReliableHearing(options.reliable, (what) => host.complain(what));
    this.#uri = call.uri;
    this.#offer = options.sdp ?? offerOf(host.wire.local, 1);
    if (options.onChange !== undefined) this.onChange = () => options.onChange?.(this);
    const body = bodyOf(this.#offer);
    this.#asking = host.requester.ask(
      {
        method: 'INVITE',
        uri: call.uri,
        from: `${call.from};tag=${this.localTag}`,
        to: `<${call.uri}>`,
        callId: call.callId,
        headers: [
          ['Contact', host.contact],
          ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, PRACK, UPDATE, NOTIFY, REFER'],
          ...OPTIONS[options.reliable ?? 'none'],
          ...this.session.ask(),
          ...headersOf({ ...body, headers: options.headers ?? [] }),
        ],
        body: body.body ?? '',
        remote: call.proxy(call.uri),
        nextCseq: () => this.nextCseq(),
      },
      { response: (response, again) => this.#answer(response, again), timedOut: () => this.#noAnswer() },
    );
  }

  /** The URI that was called. */
  get uri(): string {
    return this.#uri;
  }

  /** Status of the latest provisional but 100; 0 if there was none. */
  get lastProgress(): number {
    return this.progress.at(-1)?.status ?? 0;
  }

  /** Gives up: the CANCEL goes out as soon as the server was heard (RFC 3261 §9.1). Does nothing after a final answer. */
  cancel(headers: readonly Header[] = []): void {
    if (this.status !== 0 || this.#cancel !== undefined) return;
    this.#cancel = headers;
    if (this.#asking.exchange.heard) this.#sendCancel();
  }

  /** RFC 3261 §13.3.1.4: who answered and got no ACK for 64*T1 hangs up. */
  protected override missedAnswer({ method }: PhoneMessage): boolean {
    return method === 'BYE' && this.status === 0 && this.host.wire.now() - this.#heardMs >= UNACKNOWLEDGED_MS;
  }

  #answer(response: PhoneMessage, again: boolean): void {
    const { status } = response;
    this.#heardMs = this.host.wire.now();
    if (status < 200) this.#provisional(response);
    else if (status < 300) this.#accepted(response, again);
    else {
      this.status = status;
      this.phrase = response.reason;
      this.redirects = status < 400 ? valuesOf(response, 'contact').map(uriOf) : [];
      this.finish(status === 487 && this.#cancel !== undefined ? 'cancelled' : 'failed', headerOf(response, 'reason'));
    }
  }

  #provisional(response: PhoneMessage): void {
    if (this.#cancel !== undefined && !this.#cancelSent) this.#sendCancel();
    if (response.status === 100) return;
    const tag = tagOf(response, 'to');
    const rseq = this.#hearing.hear(response);
    if (rseq === undefined) return;
    if (!this.#early.has(tag)) this.#early.set(tag, dialogOfAnswer(response, this.#uri));
    this.dialog = this.#early.get(tag);
    this.progress.push({ atMs: this.host.wire.now(), status: response.status, tag, sdp: response.body });
    if (this.state === 'trying' && response.status !== 182) this.state = 'ringing';
    if (rseq > 0) this.#prack(response, rseq, tag);
    this.onChange();
  }

  /** The early dialog with that tag is the one that the phone speaks in from now on. */
  speakIn(tag: string): void {
    this.dialog = this.#early.get(tag) ?? this.dialog;
  }

  protected override dialogWith(tag: string): Dialog | undefined {
    return this.dialog?.remoteTag === tag ? this.dialog : this.#early.get(tag);
  }

  /** RFC 3262 §4, and §5 for the session descriptions. */
  #prack(response: PhoneMessage, rseq: number, tag: string): void {
    const { prack, prackSdp = '' } = this.#options;
    const { local } = this.host.wire;
    const isFirst = response.body !== '' && !this.#agreed.has(tag);
    if (isFirst) this.#agreed.add(tag);
    if (isFirst && this.#offer !== '') this.checkAnswer(this.#offer, response.body);
    const body = isFirst && this.#offer === '' ? answerOf(response.body, local, 1) : prackSdp;
    this.#hearing.unacknowledged.add(tag);
    const send = () => {
      this.#hearing.unacknowledged.delete(tag);
      const sent: Sent = { method: 'PRACK', status: 0, response: undefined };
      this.pracks.push(sent);
      const rack: Header = ['RAck', `${rseq} ${headerOf(response, 'cseq')}`];
      this.host.requester.ask(this.draft('PRACK', { ...bodyOf(body), headers: [rack] }, this.#early.get(tag)), {
        response: (answer) => {
          if (answer.status < 200) return;
          sent.status = answer.status;
          sent.response = answer;
          if (body !== '' && body === prackSdp && answer.status < 300) this.checkAnswer(body, answer.body || 'none');
        },
        timedOut: () => {
          sent.status = 408;
        },
      });
    };
    if (prack === undefined) send();
    else if (prack !== 'never') this.host.wire.after(prack.afterMs, send);
  }

  #accepted(response: PhoneMessage, again: boolean): void {
    const { exchange } = this.#asking;
    if (again) {
      this.repeatAck(exchange);
      return;
    }
    this.status = response.status;
    const earlier = this.#early.get(tagOf(response, 'to'));
    const dialog = dialogOfAnswer(response, this.#uri);
    // Requests may have come inside the early dialog already.
    dialog.remoteCseq = earlier?.remoteCseq ?? 0;
    this.dialog = dialog;
    const agreed = this.#agreed.has(dialog.remoteTag);
    if (agreed && this.#hearing.unacknowledged.has(dialog.remoteTag))
      this.host.complain('2xx before the PRACK to a session description (RFC 3262 §3)');
    if (response.body === '' && !agreed) this.host.complain('2xx to INVITE without a session description (RFC 3261 §13.2.1)');
    if (this.#offer !== '') this.checkAnswer(this.#offer, response.body);
    this.remoteSdp =
      response.body || (this.progress.findLast(({ tag, sdp }) => tag === dialog.remoteTag && sdp !== '')?.sdp ?? '');
    this.#acknowledge(dialog, response);
    this.state = 'answered';
    this.session.agreed(response);
    this.onChange();
    // The CANCEL crossed the 2xx: the call stands, so it is hung up (RFC 3261 §9.1).
    if (this.#cancel !== undefined && this.state === 'answered') this.bye();
  }

  #acknowledge(dialog: Dialog, response: PhoneMessage): void {
    if (this.#ack === 'never') return;
    const { exchange } = this.#asking;
    const body =
      this.#offer === '' && !this.#agreed.has(dialog.remoteTag) ? answerOf(response.body, this.host.wire.local, 1) : '';
    if (this.#ack === undefined) this.sendAck(exchange, dialog, body);
    else this.host.wire.after(this.#ack.afterMs, () => this.sendAck(exchange, dialog, body));
  }

  #noAnswer(): void {
    this.status = 408;
    this.finish('lost');
  }

  /** RFC 3261 §9.1: the INVITE's own Via, Route, From, To, Call-ID and CSeq number. */
  #sendCancel(): void {
    this.#cancelSent = true;
    const { request, remote } = this.#asking.exchange;
    const kept = new Set(['via', 'max-forwards', 'from', 'to', 'call-id', 'route']);
    const copied = request.headers.filter(([name]) => kept.has(name.toLowerCase()));
    const headers: Header[] = [...copied, ['CSeq', `${cseqOf(request).number} CANCEL`], ...(this.#cancel ?? [])];
    this.host.cancel({ method: 'CANCEL', uri: request.uri, status: 0, reason: '', headers, body: '' }, remote);
  }
}
