/** The notifier of the dialog event package (RFC 4235 on RFC 6665): who watches whom, in which dialog, and what they are sent. */
import type { SipNotify } from '../../../machines/vocabulary/commands.ts';
import { type Address, CALLER_LEG, legAddress } from '../../../machines/vocabulary/identity.ts';
import type { WatchedDialog } from '../../../machines/vocabulary/watching.ts';
import { type Dialog, dialogFromRequest, isIn, requestIn, takeRequest } from '../../sip/dialog.ts';
import { DIALOG_INFO, formatDialogInfo } from '../../sip/dialog-info.ts';
import { responseTo } from '../../sip/headers.ts';
import type { NameAddr, SipRequest, SipResponse } from '../../sip/message.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { formatUri, type SipUri } from '../../sip/uri.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import type { Flow } from '../../transport/transport.ts';
import { NOBODY, send, type Way } from './attempt.ts';
import { callingDevice, contactFor } from './caller.ts';
import { newTag, type SipContext } from './context.ts';
import type { Directory } from './directory.ts';
import { Domains } from './domains.ts';
import type { PickupRights } from './pickup-rights.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import { wayIn } from './routing.ts';
import { VirtualDialogs } from './virtual-dialogs.ts';
import { readWatch } from './watch-request.ts';

/** The SIP that the port keeps for one subscription. */
interface Watcher {
  readonly address: Address;
  /** Address of record of who watches, and the device, empty if no registered one is known. */
  readonly aor: string;
  readonly device: string;
  readonly watched: string;
  /** URI of the watched user as the watcher wrote it, which phones compare. */
  readonly entity: string;
  readonly event: string;
  readonly dialog: Dialog;
  readonly contact: readonly NameAddr[];
  flow: Flow;
  expiresAtMs: number;
  /** It was told the end, or is gone. */
  isOver: boolean;
}

/** Subscriptions of all, and of one user with all his phones; each key of a phone with lamps is one. */
const MAX_WATCHERS = 100_000;
const MAX_OF_ONE = 1_000;
const LAST = 'terminated;reason=timeout';
/** RFC 6665 §4.1.3: the watcher may subscribe anew at once. */
const STOPPED = 'terminated;reason=deactivated';

export class Watchers {
  readonly #context: SipContext;
  readonly #directory: Directory;
  readonly #rights: PickupRights;
  /** The dialogs that they are told of. */
  readonly virtual: VirtualDialogs;
  readonly #byAddress = new Map<Address, Watcher>();
  /** By the tag that we gave to its dialog. */
  readonly #byTag = new Map<string, Watcher>();
  /** How many subscriptions each watcher has. */
  readonly #counts = new Map<string, number>();

  constructor(context: SipContext, directory: Directory, rights: PickupRights) {
    this.#context = context;
    this.#directory = directory;
    this.#rights = rights;
    this.virtual = new VirtualDialogs(context.timers, context.random);
  }

  /** Subscriptions that go on. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** A SUBSCRIBE outside a dialog, by a user of ours; answered here unless it is refused. */
  subscribe(server: ServerTransaction, uri: SipUri, aor: string): Refusal | undefined {
    const { request } = server;
    const asked = readWatch(this.#context.settings, request);
    if (isRefusal(asked)) return asked;
    const watched = this.#directory.aorOf(uri);
    const why = this.#whyNot(aor, watched);
    if (why !== undefined || watched === undefined) return why ?? refusal(404, 'No Such User');
    const tag = newTag(this.#context);
    const dialog = dialogFromRequest(request, tag, 'confirmed');
    if (dialog === undefined || request.contact.length !== 1) return refusal(400, 'A SUBSCRIBE Has One Contact');
    const { engine } = this.#context;
    const watcher: Watcher = {
      address: engine.mint('subscription'),
      aor,
      device: callingDevice(this.#context, aor, server),
      watched,
      entity: formatUri({ ...uri, password: undefined, params: NO_PARAMS, headers: NO_HEADERS }),
      event: asked.event,
      dialog,
      contact: contactFor(this.#context, server.flow, [], request.uri),
      flow: server.flow,
      expiresAtMs: 0,
      isOver: false,
    };
    this.#byAddress.set(watcher.address, watcher);
    this.#byTag.set(tag, watcher);
    this.#counts.set(aor, (this.#counts.get(aor) ?? 0) + 1);
    this.#accept(watcher, server, asked.expiresSeconds);
    const expiresMs = asked.expiresSeconds * 1000;
    engine.post({ type: 'watch.asked', subscription: watcher.address, watcher: aor, watched, expiresMs });
    return undefined;
  }

  #whyNot(aor: string, watched: string | undefined): Refusal | undefined {
    if (aor === '') return refusal(403, 'Only Users May Watch');
    if (watched === undefined) return refusal(404, 'No Such User');
    if (!this.#rights.mayWatch(aor, watched)) return refusal(403, 'Not Allowed To Watch');
    if (this.#byAddress.size >= MAX_WATCHERS) return refusal(503, 'Too Many Subscriptions', { 'retry-after': '60' });
    return (this.#counts.get(aor) ?? 0) >= MAX_OF_ONE ? refusal(403, 'Too Many Subscriptions') : undefined;
  }

  #accept(watcher: Watcher, server: ServerTransaction, expiresSeconds: number): void {
    const { request } = server;
    watcher.expiresAtMs = this.#context.timers.now() + expiresSeconds * 1000;
    const headers = new Map([['expires', [String(expiresSeconds)]]]);
    const { contact, dialog } = watcher;
    server.respond(responseTo(request, 200, undefined, dialog.localTag, { contact, recordRoute: request.recordRoute, headers }));
  }

  /** The dialog of the subscription that a request with this To-tag is in. */
  has(tag: string): boolean {
    return this.#byTag.has(tag);
  }

  /** A request in the dialog of a subscription; answered here unless it is refused. */
  inDialog(server: ServerTransaction, tag: string): Refusal | undefined {
    const { request } = server;
    const watcher = this.#byTag.get(tag);
    if (watcher === undefined || watcher.isOver || !isIn(watcher.dialog, request)) return refusal(481, '');
    if (request.method !== 'SUBSCRIBE') return refusal(405, '', { allow: 'SUBSCRIBE' });
    const asked = readWatch(this.#context.settings, request);
    if (isRefusal(asked)) return asked;
    // RFC 6665 §4.5.2: another id is another subscription, and there is one in a dialog.
    if (asked.event !== watcher.event) return refusal(481, '');
    const outOfOrder = takeRequest(watcher.dialog, request);
    if (outOfOrder !== undefined) return refusal(outOfOrder.status, 'CSeq Out Of Order');
    watcher.flow = server.flow;
    this.#accept(watcher, server, asked.expiresSeconds);
    const { address: subscription } = watcher;
    this.#context.engine.post({ type: 'watch.refreshed', subscription, expiresMs: asked.expiresSeconds * 1000 });
    return undefined;
  }

  /** Tells a watcher. */
  notify({ subscription, version, isFull, dialogs, isLast }: SipNotify): string | undefined {
    const watcher = this.#byAddress.get(subscription);
    if (watcher === undefined || watcher.isOver) return 'no such subscription';
    watcher.isOver = isLast;
    const { watched, entity } = watcher;
    const name = this.#context.settings.users.get(Domains.userOf(watched))?.displayName ?? '';
    const local = { name, uri: entity };
    const elements = dialogs.map((dialog) => this.#elementOf(watched, local, dialog));
    const body = formatDialogInfo({ entity, version, isFull, dialogs: elements });
    const secondsLeft = Math.max(Math.ceil((watcher.expiresAtMs - this.#context.timers.now()) / 1000), 0);
    this.#send(watcher, isLast ? LAST : `active;expires=${secondsLeft}`, body);
    return undefined;
  }

  #elementOf(watched: string, local: { name: string; uri: string }, dialog: WatchedDialog) {
    const { call, direction, state, event, remote, remoteName } = dialog;
    const virtual = this.virtual.of(call, watched, direction);
    if (state === 'terminated') this.virtual.end(virtual);
    else if (this.#context.legs.at(legAddress(call, CALLER_LEG)) !== undefined) this.virtual.goOn(virtual);
    else this.#tellEnded(call, watched);
    const { id, callId, localTag, remoteTag } = virtual;
    return { id, callId, localTag, remoteTag, direction, state, event, local, remote: { name: remoteName, uri: remote } };
  }

  #tellEnded(call: Address, watched: string): void {
    this.#context.engine.post({ type: 'dialog.ended', call, watched });
  }

  #send(watcher: Watcher, state: string, body: string): void {
    const { dialog, contact, event } = watcher;
    const headers = new Map([
      ['event', [event]],
      ['subscription-state', [state]],
      ...(body === '' ? [] : [['content-type', [DIALOG_INFO]] as const]),
    ]);
    const request = requestIn(dialog, 'NOTIFY', { contact, headers, body });
    const way = wayIn(this.#context, watcher, dialog);
    if (watcher.isOver) send(this.#context, way, () => request, NOBODY);
    else this.#sendHeard(watcher, request, way);
  }

  #sendHeard(watcher: Watcher, request: SipRequest, way: Way): void {
    const tell = (how: 'taken' | 'missed' | 'gone'): void => {
      if (how === 'gone') watcher.isOver = true;
      if (this.#byAddress.has(watcher.address))
        this.#context.engine.post({ type: 'watch.notified', subscription: watcher.address, how });
    };
    send(this.#context, way, () => request, {
      response: (response) => {
        if (response.status >= 200) tell(outcomeOf(response));
      },
      // It may have registered from elsewhere since.
      timedOut: () => tell(wayIn(this.#context, watcher, watcher.dialog) === way ? 'gone' : 'missed'),
      failed: () => tell('missed'),
    });
  }

  /** That call has ended, or that subscription's actor; a watcher that does not know is told, so that it subscribes anew. */
  close(address: Address): void {
    for (const { call, user } of this.virtual.endCall(address)) this.#tellEnded(call, user);
    const watcher = this.#byAddress.get(address);
    if (watcher === undefined) return;
    this.#byAddress.delete(address);
    this.#byTag.delete(watcher.dialog.localTag);
    const others = (this.#counts.get(watcher.aor) ?? 1) - 1;
    if (others === 0) this.#counts.delete(watcher.aor);
    else this.#counts.set(watcher.aor, others);
    this.#tellStopped(watcher);
  }

  /** The service stops. */
  stop(): void {
    for (const watcher of this.#byAddress.values()) this.#tellStopped(watcher);
  }

  #tellStopped(watcher: Watcher): void {
    if (watcher.isOver) return;
    watcher.isOver = true;
    this.#send(watcher, STOPPED, '');
  }
}

const NO_HEADERS: SipUri['headers'] = {};

/** RFC 6665 §4.2.2: a watcher that refuses is gone, unless it says when to come again. */
function outcomeOf({ status, headers }: SipResponse): 'taken' | 'missed' | 'gone' {
  if (status < 300) return 'taken';
  return headers.has('retry-after') ? 'missed' : 'gone';
}
