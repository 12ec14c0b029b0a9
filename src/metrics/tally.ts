/** What is counted of facts: a fold of a number each. Digits are counted and never looked at. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import {
  actorEnded,
  bindingRemoved,
  callDiverted,
  callTransferred,
  codePressed,
  digitHeard,
  httpAnswered,
  httpFailed,
  inviteReceived,
  mediaUnanchored,
  menuDialled,
  pickupLost,
  pickupWon,
  pinChecked,
  pushDelivered,
  pushFailed,
  recordingStarted,
  registerReceived,
  sessionLapsed,
  streamClosed,
  streamStalled,
  trunkLost,
  trunkRegistered,
} from '../../machines/vocabulary/facts.ts';
import { Counts } from './counts.ts';

const KINDS = [
  ...[inviteReceived, callDiverted, callTransferred, sessionLapsed, actorEnded],
  ...[registerReceived, bindingRemoved, pushDelivered, pushFailed, pickupWon, pickupLost],
  ...[digitHeard, menuDialled, pinChecked, codePressed, recordingStarted],
  ...[streamClosed, streamStalled, mediaUnanchored, httpAnswered, httpFailed, trunkRegistered, trunkLost],
] as const;
type Counted = FactOf<(typeof KINDS)[number]>;

/** Final answers that are counted by their number; the others as `other`. */
const STATUSES = [
  '302',
  '400',
  '401',
  '403',
  '404',
  '408',
  '410',
  '423',
  '429',
  '480',
  '481',
  '482',
  '483',
  '484',
  '486',
  '487',
  '488',
];
const STATUSES_ABOVE = ['491', '494', '500', '501', '503', '504', '513', '600', '603', '604', '606'];

export class Tally {
  readonly folds = KINDS.map(({ fact }) => fact);
  readonly answers: readonly string[] = [];
  calls = 0;
  transfers = 0;
  registers = 0;
  digits = 0;
  menus = 0;
  codes = 0;
  recordings = 0;
  packets = 0;
  lostPackets = 0;
  stalledStreams = 0;
  unanchored = 0;
  problems = 0;
  droppedMessages = 0;
  readonly ended = new Counts('outcome', ['answered', 'failed', 'cancelled', 'crashed']);
  readonly failed = new Counts('status', [...STATUSES, ...STATUSES_ABOVE]);
  readonly refused = new Counts('status', [...STATUSES, ...STATUSES_ABOVE]);
  readonly diverted = new Counts('why', ['always', 'busy', 'noAnswer', 'unreachable', 'deflected', 'pickedUp']);
  readonly lapsed = new Counts('why', ['expired', 'silent', 'unknown']);
  readonly failedActors = new Counts('scenario', []);
  readonly removedBindings = new Counts('why', ['unregistered', 'expired', 'unreachable']);
  readonly pushes = new Counts('outcome', ['delivered', 'failed', 'gone']);
  readonly pickups = new Counts('outcome', ['won', 'lost']);
  readonly pins = new Counts('outcome', ['right', 'wrong']);
  readonly messages = new Counts('transport', ['udp', 'tcp', 'tls', 'ws', 'wss']);
  readonly offences = new Counts('kind', ['wrong credentials', 'unknown user', 'foreign domain', 'malformed', 'scanner']);
  readonly overloaded = new Counts('method', ['INVITE', 'REGISTER']);
  readonly http = new Counts('outcome', ['answered', 'failed']);
  /** 1 while it is registered, by the name of the trunk in the config. */
  readonly trunks = new Map<string, number>();

  current(): readonly never[] {
    return [];
  }

  fold(fact: Counted): void {
    switch (fact.type) {
      case 'invite.received':
        this.calls++;
        break;
      case 'call.diverted':
        this.diverted.add(fact.why);
        break;
      case 'call.transferred':
        this.transfers++;
        break;
      case 'session.lapsed':
        this.lapsed.add(fact.why);
        break;
      case 'actor.ended':
        // Addresses are the engine's own: `leg:7/1`.
        if (fact.how === 'failed') this.failedActors.add(fact.address.slice(0, fact.address.indexOf(':')));
        break;
      case 'register.received':
        this.registers++;
        break;
      case 'binding.removed':
        this.removedBindings.add(fact.why);
        break;
      case 'push.delivered':
        this.pushes.add('delivered');
        break;
      case 'push.failed':
        this.pushes.add(fact.permanent ? 'gone' : 'failed');
        break;
      case 'pickup.won':
        this.pickups.add('won');
        break;
      case 'pickup.lost':
        this.pickups.add('lost');
        break;
      case 'http.answered':
        this.http.add('answered');
        break;
      case 'http.failed':
        this.http.add('failed');
        break;
      case 'trunk.registered':
      case 'trunk.lost':
        this.trunks.set(fact.trunk, fact.type === 'trunk.registered' ? 1 : 0);
        break;
      case 'digit.heard':
        this.digits++;
        break;
      case 'menu.dialled':
        this.menus++;
        break;
      case 'pin.checked':
        this.pins.add(fact.ok ? 'right' : 'wrong');
        break;
      case 'code.pressed':
        this.codes++;
        break;
      case 'recording.started':
        this.recordings++;
        break;
      case 'stream.closed':
        this.packets += fact.packets;
        this.lostPackets += fact.lost;
        break;
      case 'stream.stalled':
        this.stalledStreams++;
        break;
      case 'media.unanchored':
        this.unanchored++;
    }
  }
}
