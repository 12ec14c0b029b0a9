/** What the service itself says to a party: prompts, hold music and keys, in place of what its peer says. */
import type { PromptEnd } from '../../machines/vocabulary/media.ts';
import { OutgoingStream, streamStart } from '../rtp/outgoing.ts';
import { RTP_HEADER_BYTES } from '../rtp/packet.ts';
import { eventOf, type PressPacket, pressPackets, TELEPHONE_EVENT_BYTES } from '../rtp/telephone-event.ts';
import { isDeaf, type Payload } from '../sip/sdp-media.ts';
import type { TimerQueue } from '../timers.ts';
import { type AudioFormat, audioOf, eventsOf } from './formats.ts';
import type { LineEnd } from './line-end.ts';
import type { Sound, Sounds } from './sounds.ts';
import { FRAME_MS, type Ticker, type Ticking } from './ticker.ts';
import { FRAME_BYTES, Track } from './track.ts';

export interface VoiceParts {
  readonly timers: TimerQueue;
  readonly ticker: Ticker;
  readonly sounds: Sounds;
  readonly hex: (bytes: number) => string;
}

interface Playing {
  readonly track: Track;
  readonly ended: (how: PromptEnd, why: string) => void;
}
interface Press {
  readonly event: number;
  readonly packets: Iterator<PressPacket, void>;
  readonly beganAt: number;
}

const MAX_KEYS = 64;
const KEY_MS = 100;
/** Silent frames between two keys, so that two of the same are two (RFC 4733 §2.5.1.2 leaves that to who sends). */
const KEY_PAUSE_FRAMES = 3;
const TICKS = FRAME_BYTES;

export class Voice implements Ticking {
  readonly #parts: VoiceParts;
  #end: LineEnd | undefined;
  #format: AudioFormat | undefined;
  #events: Payload | undefined;
  #stream: OutgoingStream | undefined;
  #playing: Playing | undefined;
  /** What plays where nothing else does. */
  #held: Track | undefined;
  #keys = '';
  #press: Press | undefined;
  #pauseFrames = 0;
  #isTalking = false;
  /** The party wants packets: it is not on hold. */
  #isHeard = false;

  constructor(parts: VoiceParts) {
    this.#parts = parts;
  }

  /** Who is spoken to from now on, or what is known of it has changed; what plays goes on there. */
  face(end: LineEnd | undefined): void {
    if (this.#end !== end && this.#end !== undefined) this.#end.isTaken = false;
    this.#end = end;
    this.#format = end?.said && audioOf(end.said, end.told);
    this.#events = end?.said && eventsOf(end.said.payloads);
    this.#isHeard = end?.said !== undefined && !isDeaf(end.said);
    this.#update();
  }

  /** What played before stops. `ended` is called once, at once where it cannot play. */
  play(prompts: readonly string[], repeats: boolean, ended: Playing['ended']): void {
    this.stop('stopped');
    const sounds = this.#soundsOf(prompts);
    if (typeof sounds === 'string') ended('failed', sounds);
    else this.#playing = { track: new Track(sounds, repeats), ended };
    this.#update();
  }

  stop(how: PromptEnd): void {
    const playing = this.#playing;
    this.#playing = undefined;
    this.#update();
    playing?.ended(how, '');
  }

  /** Plays these where nothing else plays; nothing of them can be played: silence. */
  hold(prompts: readonly string[]): void {
    const sounds = this.#soundsOf(prompts);
    this.#held = new Track(typeof sounds === 'string' ? [silence] : sounds, true);
    this.#update();
  }

  resume(): void {
    this.#held = undefined;
    this.#update();
  }

  /** Presses keys, as telephone-events, or as tones for whom those are unknown; not while anything plays. */
  press(digits: string): void {
    if (this.#playing !== undefined || this.#held !== undefined) return;
    this.#keys = (this.#keys + digits).slice(0, MAX_KEYS);
    this.#update();
  }

  close(): void {
    this.stop('stopped');
    this.#held = undefined;
    this.#keys = '';
    this.#press = undefined;
    this.face(undefined);
  }

  /** What it says now, if it does. */
  get stream(): OutgoingStream | undefined {
    return this.#isTalking ? this.#stream : undefined;
  }

  get isBusy(): boolean {
    return this.#playing !== undefined || this.#held !== undefined || this.#keys !== '' || this.#press !== undefined;
  }

  #soundsOf(prompts: readonly string[]): readonly Sound[] | string {
    if (this.#end !== undefined && this.#format === undefined) return 'the party takes neither PCMU nor PCMA';
    const sounds: Sound[] = [];
    for (const prompt of prompts) {
      const sound = this.#parts.sounds.of(prompt);
      if (typeof sound === 'string') return sound;
      if (sound.PCMU.length > 0) sounds.push(sound);
    }
    return sounds.length === 0 ? 'there is nothing to play' : sounds;
  }

  /** Speaks, or leaves the party to its peer. */
  #update(): void {
    const isBusy = this.#end !== undefined && this.#format !== undefined && this.isBusy;
    if (this.#end !== undefined) this.#end.isTaken = isBusy;
    if (isBusy === this.#isTalking) return;
    this.#isTalking = isBusy;
    if (isBusy) {
      // A source of its own each time: who hears us is ready for that (RFC 3550 §8), and the peer's packets stay untouched.
      this.#stream = new OutgoingStream(streamStart(this.#parts.hex));
      this.#parts.ticker.add(this);
    } else this.#parts.ticker.remove(this);
  }

  tick(skipped: number): void {
    const stream = this.#stream;
    const end = this.#end;
    const format = this.#format;
    if (stream === undefined || end === undefined || format === undefined) return;
    stream.advance(skipped * TICKS);
    if (this.#playing !== undefined) this.#tickTrack(this.#playing.track, stream, end, format);
    else if (this.#held !== undefined) this.#tickTrack(this.#held, stream, end, format);
    else this.#tickKeys(stream, end);
    stream.advance(TICKS);
  }

  #tickTrack(track: Track, stream: OutgoingStream, end: LineEnd, { law, payloadType }: AudioFormat): void {
    // Its own for each packet: a socket that is full keeps it for a while.
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + FRAME_BYTES);
    if (track.next(law, packet, RTP_HEADER_BYTES)) {
      stream.writeAudio(packet, payloadType, stream.packets === 0, FRAME_BYTES);
      if (this.#isHeard) end.send(packet, this.#parts.timers.now());
      return;
    }
    this.stop('played');
  }

  #tickKeys(stream: OutgoingStream, end: LineEnd): void {
    if (this.#pauseFrames > 0) {
      this.#pauseFrames--;
      if (this.#pauseFrames === 0 && this.#keys === '') this.#update();
      return;
    }
    this.#press ??= this.#nextPress(stream);
    const press = this.#press;
    const next = press?.packets.next();
    if (press !== undefined && next?.done === false) {
      const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + TELEPHONE_EVENT_BYTES);
      stream.writePress(packet, this.#events?.payloadType ?? 0, press.beganAt, next.value, press.event);
      end.send(packet, this.#parts.timers.now());
      return;
    }
    this.#press = undefined;
    // This frame was silent already.
    this.#pauseFrames = KEY_PAUSE_FRAMES - 1;
  }

  #nextPress(stream: OutgoingStream): Press | undefined {
    const key = this.#keys.charAt(0);
    this.#keys = this.#keys.slice(1);
    const event = eventOf(key);
    if (event === -1) return undefined;
    if (this.#events !== undefined) {
      const packets = pressPackets(KEY_MS, this.#events.clockRate, FRAME_MS);
      return { event, packets, beganAt: stream.timestamp };
    }
    this.#playing = { track: new Track([this.#parts.sounds.key(key, KEY_MS)], false), ended: () => undefined };
    return undefined;
  }
}

const silence: Sound = { PCMU: new Uint8Array(FRAME_BYTES).fill(0xff), PCMA: new Uint8Array(FRAME_BYTES).fill(0xd5) };
