/** The media port: streams, digits and prompts as facts, and what scenarios order of them. No packet passes through here. */
import type { MediaCommand } from '../../../machines/vocabulary/commands.ts';
import type { Stamp } from '../../../machines/vocabulary/descriptor.ts';
import { type Address, PORT_MEDIA, streamAddress } from '../../../machines/vocabulary/identity.ts';
import type { DigitForm, DigitWay } from '../../../machines/vocabulary/media.ts';
import type { AnyCommand, FactSink, Port } from '../../engine/port.ts';
import type { MediaEvents, MediaLeg, MediaPlane } from '../../media/media.ts';
import type { TimerQueue } from '../../timers.ts';
import { Party, type Tells } from './party.ts';
import { MAX_DIGITS } from './patterns.ts';
import { Pins } from './pins.ts';
import { isKey, whyMalformed } from './whole.ts';

export interface MediaPortParts {
  readonly plane: MediaPlane;
  readonly timers: TimerQueue;
  /** PINs of the config, by name. */
  readonly pins: ReadonlyMap<string, string>;
  /** Random: under it PINs are compared. */
  readonly key: Buffer;
}

const MAX_REASON = 200;
/** Authors that wait for codes of one party. */
const MAX_LISTENERS = 16;

export class MediaPort implements Port {
  readonly address = PORT_MEDIA;
  readonly #engine: FactSink;
  readonly #timers: TimerQueue;
  readonly #pins: Pins;
  /** By leg: those whose media comes to us. */
  readonly #parties = new Map<Address, Party>();
  /** Whose end concerns whom. */
  readonly #servedBy = new Map<Address, Set<Party>>();

  constructor(engine: FactSink, { plane, timers, pins, key }: MediaPortParts) {
    this.#engine = engine;
    this.#timers = timers;
    this.#pins = new Pins(pins, key);
    plane.hear(this.#events);
  }

  /** Parties whose media comes to us; none when all is quiet. */
  get size(): number {
    return this.#parties.size;
  }

  // What happens.

  readonly #events: MediaEvents = {
    opened: (media) => this.#opened(media),
    heard: (media, ssrc, payloadType) =>
      this.#engine.post({ type: 'rtp.heard', ...named(media), ...streamOf(media), ssrc, payloadType }),
    stopped: (media) => this.#engine.post({ type: 'rtp.stopped', ...named(media), ...streamOf(media) }),
    closed: (media, counted) => this.#closed(media, counted),
    digit: (media, digit, durationMs, way) => this.#pressed(media, digit, durationMs, way),
    unanchored: (call, leg, why) => this.#engine.post({ type: 'media.unanchored', call, leg, why: why.slice(0, MAX_REASON) }),
  };

  #opened(media: MediaLeg): void {
    const party = this.#parties.get(media.leg);
    if (party !== undefined) {
      party.move(media);
      return;
    }
    this.#parties.set(media.leg, new Party(media, this.#timers, this.#tells));
    this.#engine.post({ type: 'stream.opened', ...named(media), ...streamOf(media), user: media.user });
  }

  #closed(media: MediaLeg, { packets, lost, jitterMs }: Parameters<MediaEvents['closed']>[1]): void {
    const party = this.#parties.get(media.leg);
    // Its media comes another way by now.
    if (party?.media !== media) return;
    this.#parties.delete(media.leg);
    party.close();
    for (const author of party.authors) this.#forget(author, party);
    const counted = { packets, lost: Math.max(0, Math.round(lost)), jitterMs: Math.round(jitterMs) };
    this.#engine.post({ type: 'stream.closed', ...named(media), ...streamOf(media), ...counted });
  }

  #pressed(media: MediaLeg, digit: string, durationMs: number, way: DigitWay): void {
    const party = this.#parties.get(media.leg);
    if (party === undefined || !isKey(digit)) return;
    if (!party.isSecret)
      this.#engine.post({ type: 'digit.heard', ...named(media), digit, durationMs: Math.round(durationMs), way });
    party.press(digit);
  }

  readonly #tells: Tells = {
    promptEnded: ({ media }, { by, order }, how, why) =>
      this.#engine.post({ type: 'prompt.ended', case: by, ...named(media), order, how, why: why.slice(0, MAX_REASON) }),
    codePressed: ({ media }, { by, name, argument }) =>
      this.#engine.post({ type: 'code.pressed', case: by, ...named(media), name, argument }),
    recordingEnded: ({ media: { call } }, by, recording, durationMs, why) =>
      this.#engine.post({
        type: 'recording.ended',
        case: by,
        call,
        recording,
        durationMs: Math.round(durationMs),
        why: why.slice(0, MAX_REASON),
      }),
  };

  // What is ordered.

  take(command: AnyCommand & Stamp): string | undefined {
    const malformed = whyMalformed(command);
    if (malformed !== undefined) return malformed;
    const order = command as MediaCommand & Stamp;
    const party = this.#parties.get(order.leg);
    if (party === undefined) return 'the media of that leg does not come to us';
    const why = this.#carryOut(order, party);
    this.#note(order.by, party);
    return why;
  }

  #carryOut(order: MediaCommand & Stamp, party: Party): string | undefined {
    switch (order.type) {
      case 'media.play':
        party.play(order);
        return undefined;
      case 'media.stop':
        party.stop();
        return undefined;
      case 'media.collect':
        return this.#collect(order, order.form, party);
      case 'media.checkPin':
        return this.#checkPin(order, party);
      case 'media.listen':
        if (party.listeners >= MAX_LISTENERS && !party.isListening(order.by)) return 'too many wait for codes of that party';
        party.listen(order.by, order.codes);
        return undefined;
      case 'media.hold':
        party.hold(order.by, order.prompts);
        return undefined;
      case 'media.resume':
        party.resume();
        return undefined;
      case 'media.record':
        return this.#record(order, party);
      case 'media.stopRecording':
        party.media.stopRecording();
        return undefined;
    }
  }

  #collect({ by, order }: Ordered, form: DigitForm, party: Party): undefined {
    const { media } = party;
    party.collect({
      by,
      form,
      isSecret: false,
      done: (how, digits) => this.#engine.post({ type: 'digits.collected', case: by, ...named(media), order, digits, how }),
    });
  }

  /** `#` or a pause ends it, whatever the length of the PIN: nobody learns how long it is. */
  #checkPin(asked: Extract<MediaCommand, { type: 'media.checkPin' }> & Stamp, party: Party): string | undefined {
    const { by, order, pin, firstMs, betweenMs } = asked;
    if (!this.#pins.has(pin)) return 'the config has no such PIN';
    const { media } = party;
    party.collect({
      by,
      form: { max: MAX_DIGITS, patterns: [], terminator: '#', firstMs, betweenMs },
      isSecret: true,
      done: (_, digits) => {
        const ok = this.#pins.isRight(pin, digits);
        this.#engine.post({ type: 'pin.checked', case: by, ...named(media), order, ok, isGiven: digits !== '' });
      },
    });
    return undefined;
  }

  #record({ by, recording }: Extract<MediaCommand, { type: 'media.record' }> & Stamp, party: Party): string | undefined {
    const why = party.record(by, recording);
    if (why === undefined) this.#engine.post({ type: 'recording.started', case: by, call: party.media.call, recording });
    return why;
  }

  /** Remembers whose end will concern a party. */
  #note(by: Address, party: Party): void {
    party.authors.add(by);
    const parties = this.#servedBy.get(by);
    if (parties === undefined) this.#servedBy.set(by, new Set([party]));
    else parties.add(party);
  }

  #forget(author: Address, party: Party): void {
    const parties = this.#servedBy.get(author);
    parties?.delete(party);
    if (parties?.size === 0) this.#servedBy.delete(author);
  }

  close(owner: Address): void {
    const parties = this.#servedBy.get(owner);
    if (parties === undefined) return;
    this.#servedBy.delete(owner);
    for (const party of parties) party.leave(owner);
  }
}

interface Ordered {
  readonly by: Address;
  readonly order: number;
}
const named = ({ call, leg }: MediaLeg) => ({ call, leg });
const streamOf = ({ leg }: MediaLeg) => ({ stream: streamAddress(leg) });
