/** What happened in a call, in plain sentences. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import type * as facts from '../../machines/vocabulary/facts.ts';
import type { Happening, History } from '../correlation/history.ts';
import { whyFailed } from '../correlation/record.ts';
import { isJoin, isPickers, isWoken, LAPSED, phrased } from '../correlation/story.ts';
import type { Recording } from '../journal/recording.ts';
import { endingOf, lengthText, notTaken, type Others } from './endings.ts';
import type { Sentence } from './model.ts';
import type { Cast } from './people.ts';

/** Sentences of one call; whoever reads so many reads no story any more. */
const MAX_SENTENCES = 200;

/** Facts that stories tell beside those of records. */
type Extra = FactOf<
  | typeof facts.callDiverted
  | typeof facts.callTransferred
  | typeof facts.transferProgressed
  | typeof facts.menuDialled
  | typeof facts.digitsCollected
  | typeof facts.pinChecked
  | typeof facts.codePressed
  | typeof facts.orderRaised
  | typeof facts.recordingStarted
  | typeof facts.recordingEnded
  | typeof facts.mediaUnanchored
  | typeof facts.streamStalled
  | typeof facts.httpFailed
  | typeof facts.huntIdle
  | typeof facts.actorEnded
>;
const EXTRAS: ReadonlySet<string> = new Set<Extra['type']>([
  ...(['call.diverted', 'call.transferred', 'transfer.progressed', 'menu.dialled', 'digits.collected', 'pin.checked'] as const),
  ...(['code.pressed', 'order.raised', 'recording.started', 'recording.ended', 'media.unanchored', 'stream.stalled'] as const),
  ...(['http.failed', 'hunt.idle', 'actor.ended'] as const),
]);
type Told = Happening | Extra;
type Of<T extends Told['type']> = Extract<Told, { type: T }>;
type Said = readonly [text: string, tone?: Sentence['tone']] | undefined;

/** A call in words. */
export interface Story {
  readonly sentences: readonly Sentence[];
  /** Its ending in a few words; empty while it goes on. */
  readonly why: string;
}

/** The story of a call, as far as it has come. */
export function storyOf(history: History, recording: Recording, cast: Cast, others: Others, isOver: boolean): Story {
  const numbers = new Map<number, number>();
  const told = new Map<number, Told>(history.facts.map((fact) => [fact.seq, fact]));
  for (const [index, { kind, entry }] of recording.kept.entries()) {
    if (kind === 'timer') continue;
    numbers.set(entry.seq, index + 1);
    if (EXTRAS.has(entry.type)) told.set(entry.seq, entry as unknown as Extra);
  }
  const teller = new Teller(history, cast, others);
  const story: Sentence[] = [
    { at: history.birth.at, text: beginning(history, cast, others), tone: 'plain', n: numbers.get(history.birth.seq) ?? 0 },
  ];
  for (const fact of [...told.values()].sort((a, b) => a.seq - b.seq)) {
    const [text, tone = 'plain'] = teller.tell(fact) ?? [''];
    if (text !== '' && story.length < MAX_SENTENCES) story.push({ at: fact.at, text, tone, n: numbers.get(fact.seq) ?? 0 });
  }
  if (!isOver) return { sentences: story, why: '' };
  const { at, seq, why, text } = endingOf(history, recording, cast, others);
  const end: Sentence = { at, text: capital(text), tone: 'end', n: numbers.get(seq) ?? 0 };
  return { sentences: [...story, end], why: capital(why) };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function beginning({ birth }: History, cast: Cast, others: Others): string {
  const { placedBy, continues, transferredBy, code, argument } = birth;
  if (placedBy !== '')
    return `The scenario ${scenarioOf(placedBy)} rang ${cast.callee}, to connect ${cast.callee} with ${cast.caller}`;
  const called = `${capital(cast.caller)} called ${cast.callee}`;
  if (continues !== '') {
    if (others.historyOf(continues)?.birth.placedBy) return `${cast.caller} was connected with ${cast.callee} (${continues})`;
    return transferredBy === ''
      ? `${called}, in the place of ${continues}`
      : `${cast.person(transferredBy)} transferred ${cast.caller} to ${cast.callee} (${continues})`;
  }
  if (code === 'Replaces') return `${capital(cast.caller)} pressed the key of a lamp to take a call of ${cast.callee}`;
  return code === '' ? called : `${capital(cast.caller)} dialled ${code}${argument}`;
}

const scenarioOf = (address: string): string => address.slice(0, address.indexOf(':')) || address;

const FAILED = {
  busy: 'was busy',
  declined: 'declined',
  'no answer': 'did not answer',
  unreachable: 'could not be reached',
  unavailable: 'said that nobody is there',
  redirected: 'sent the call elsewhere',
  refused: 'refused the call',
} as const;

const DIVERTED: Readonly<Record<FactOf<typeof facts.callDiverted>['why'], (who: string) => string>> = {
  always: (who) => `as all calls of ${who} do`,
  busy: (who) => `since ${who} was busy`,
  noAnswer: (who) => `since ${who} did not answer`,
  unreachable: (who) => `since ${who} could not be reached`,
  deflected: (who) => `since a phone of ${who} sent it there`,
  pickedUp: () => 'who picks it up',
};

const KEYS: Readonly<Record<FactOf<typeof facts.digitsCollected>['how'], string>> = {
  matched: 'keys',
  full: 'keys',
  terminated: 'keys',
  silent: 'nothing',
  timeout: 'keys, and no more',
  unmatched: 'keys that mean nothing here',
};

/** Tells one fact after the other. */
class Teller {
  readonly #history: History;
  readonly #cast: Cast;
  readonly #rang = new Set<string>();
  readonly #startedAt = new Map<string, number>();
  readonly #others: Others;
  #answeredBy = '';
  /** A menu has the caller, or had. */
  #isInMenu = false;
  /** Somebody was rung since the menu, or whoever had the call before, sent it on. */
  #isRung = false;

  constructor(history: History, cast: Cast, others: Others) {
    this.#history = history;
    this.#cast = cast;
    this.#others = others;
  }

  tell(fact: Told): Said {
    switch (fact.type) {
      case 'fork.started':
        return this.#forked(fact);
      case 'leg.ringing':
        return this.#ringing(fact);
      case 'leg.silent':
        return [`${this.#leg(fact.leg)} has said nothing so far`, 'bad'];
      case 'leg.failed':
        return this.#failed(fact);
      case 'push.delivered':
        return [`${this.#cast.ofDevice(fact.device)} was pushed`];
      case 'push.failed':
        return [`${this.#cast.ofDevice(fact.device)} could not be pushed: ${fact.why}`, 'bad'];
      case 'route.failed':
        return [`The call could not go on: ${phrased(fact.status, fact.reason)}`, 'bad'];
      case 'call.answered':
        return this.#answered(fact);
      case 'pickup.won':
        return this.#pickedUp(fact);
      case 'pickup.lost':
        return this.#notPickedUp(fact);
      case 'session.lapsed':
        return [`${capital(this.#cast.ofLeg(fact.leg))} ${LAPSED[fact.why]}`, 'bad'];
      default:
        return this.#tellExtra(fact);
    }
  }

  #tellExtra(fact: Told): Said {
    const { ofLeg, person } = {
      ofLeg: (leg: string) => capital(this.#cast.ofLeg(leg)),
      person: (uri: string) => this.#cast.person(uri),
    };
    switch (fact.type) {
      case 'call.diverted':
        return this.#diverted(fact);
      case 'call.transferred':
        return [`${person(fact.caller)} and ${person(fact.callee)} hear each other`, 'good'];
      case 'transfer.progressed':
        return this.#transfer(fact);
      case 'menu.dialled':
        this.#isInMenu = true;
        return [`The menu "${fact.menu}" took the call`];
      case 'hunt.idle':
        return this.#backInMenu(fact);
      case 'digits.collected':
        return [`${ofLeg(fact.leg)} pressed ${KEYS[fact.how]}`];
      case 'pin.checked':
        if (!fact.isGiven) return [`${ofLeg(fact.leg)} gave no PIN`, 'bad'];
        return fact.ok ? [`${ofLeg(fact.leg)} gave the right PIN`, 'good'] : [`${ofLeg(fact.leg)} gave a wrong PIN`, 'bad'];
      case 'code.pressed':
        return [`${ofLeg(fact.leg)} pressed the code "${fact.name}"`];
      case 'order.raised':
        if (fact.by === 'operator') return [`An operator raised "${fact.name}"`];
        return [`${fact.user === '' ? ofLeg(fact.leg) : person(fact.user)} chose "${fact.name}"`];
      case 'recording.started':
        return [`Recording began (${fact.recording})`];
      case 'recording.ended':
        return fact.why === '' ? ['Recording ended'] : [`Recording ended: ${fact.why}`, 'bad'];
      case 'media.unanchored':
        return [`The media of ${this.#cast.ofLeg(fact.leg)} could not be relayed: ${fact.why}`, 'bad'];
      case 'stream.stalled':
        return [`Nothing is heard of ${this.#cast.ofLeg(fact.leg)} any more`, 'bad'];
      case 'http.failed':
        return [`The system "${fact.target}" gave no answer: ${fact.reason || fact.why}`, 'bad'];
      case 'actor.ended':
        return fact.how === 'failed' ? [`${fact.address} crashed, which is a defect of its chart`, 'bad'] : undefined;
      default:
        return undefined;
    }
  }

  #diverted({ why, from, callee }: Of<'call.diverted'>): Said {
    this.#isRung = false;
    const [there, here] = [this.#cast.person(callee), this.#cast.person(from)];
    if (this.#isInMenu && why === 'deflected') return [`The menu sent the call on to ${there}`];
    return [`The call went on from ${here} to ${there}, ${DIVERTED[why](here)}`];
  }

  #backInMenu({ hunter }: Of<'hunt.idle'>): Said {
    if (!hunter.startsWith('ivr-menu:')) return undefined;
    return [this.#isRung ? 'Nobody took the call, and the menu went on' : 'No phone is there, and the menu went on', 'bad'];
  }

  #leg(leg: string): string {
    const fork = this.#cast.forkOf(leg);
    return fork === undefined ? capital(this.#cast.ofLeg(leg)) : this.#cast.ofDevice(fork.device);
  }

  #forked(fork: Of<'fork.started'>): Said {
    this.#startedAt.set(fork.leg, fork.at);
    this.#isRung = true;
    if (isJoin(fork)) return [`${this.#cast.person(fork.aor || fork.callee)} came for the call`];
    const device = this.#cast.ofDevice(fork.device);
    if (isPickers(fork)) return [`${device} was called to pick up`];
    return [isWoken(fork) ? `${device} registered and was called` : `${device} was called`];
  }

  #ringing({ leg, status }: Of<'leg.ringing'>): Said {
    const key = status === 180 ? leg : `${leg} ${status}`;
    if (this.#rang.has(key) || (status !== 180 && status !== 183)) return undefined;
    this.#rang.add(key);
    if (status === 180) return [`${this.#leg(leg)} rang`, 'good'];
    return this.#rang.has(leg) ? undefined : [`${this.#leg(leg)} is heard before it answers (183)`];
  }

  #failed(fact: Of<'leg.failed'>): Said {
    // The caller's own, which could not be answered: what it got is told.
    if (fact.leg === this.#history.birth.leg) return undefined;
    const why = whyFailed(fact);
    const rangMs = fact.at - (this.#startedAt.get(fact.leg) ?? fact.at);
    const said =
      fact.message === 0 ? (why === 'no answer' ? ` in ${lengthText(rangMs)}` : '') : ` (${phrased(fact.status, fact.reason)})`;
    return [`${this.#leg(fact.leg)} ${FAILED[why as keyof typeof FAILED] ?? 'gave up'}${said}`, 'bad'];
  }

  #answered({ leg, device }: Of<'call.answered'>): Said {
    if (leg === '') return this.#isInMenu ? undefined : ['The service itself answered'];
    const fork = this.#cast.forkOf(leg);
    // Its party picks the call up, or was moved here: that is told.
    if (fork !== undefined && isJoin(fork)) return undefined;
    const who = device === '' ? this.#leg(leg) : this.#cast.ofDevice(device);
    if (who === this.#answeredBy) return undefined;
    this.#answeredBy = who;
    return [`${who} answered`, 'good'];
  }

  #pickedUp({ picker, callee, pickerCall }: Of<'pickup.won'>): Said {
    const { call } = this.#history.birth;
    const code = this.#others.historyOf(pickerCall)?.birth.code ?? '';
    const with_ = code === '' || code === 'Replaces' ? '' : ` with ${code}`;
    const who = this.#cast.person(picker);
    return [
      call === pickerCall ? `${who} took the call to ${this.#cast.person(callee)}${with_}` : `${who} picked the call up${with_}`,
      'good',
    ];
  }

  #notPickedUp(lost: Of<'pickup.lost'>): Said {
    if (this.#history.birth.call === lost.pickerCall) return [notTaken(lost, this.#cast), 'bad'];
    return [`${this.#cast.person(lost.picker)} could not pick the call up (${phrased(lost.status, lost.reason)})`, 'bad'];
  }

  #transfer({ what, status, reason }: Of<'transfer.progressed'>): Said {
    if (what === 'ringing') return ['The transfer rings its target'];
    if (what === 'consulting') return ['Who transfers talks with the target first'];
    return what === 'done' ? ['The transfer is done', 'good'] : [`The transfer failed: ${phrased(status, reason)}`, 'bad'];
  }
}
