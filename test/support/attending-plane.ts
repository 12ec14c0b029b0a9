/** A media plane that also talks to parties itself, without a packet: what it says of sessions, and who is connected to whom. */
import type {
  Attended,
  BridgeOrder,
  MediaBridge,
  MediaParty,
  MediaPlane,
  Side,
  Told,
  Undescribed,
} from '../../src/media/media.ts';
import type { TimerQueue } from '../../src/timers.ts';

export const SERVICE_MEDIA_HOST = '203.0.113.7';

const family = (host: string): string => (host.includes(':') ? 'IP6' : 'IP4');

/** One audio stream of ours at that port, and as many refused ones as the offer has beside it. */
function sessionOf(port: number, offer: string | undefined, version: number): string {
  const lines = offer === undefined ? ['m=audio'] : (offer.match(/^m=\S+ \S+ \S+ .*$/gm) ?? []);
  const spoken = lines.findIndex((line) => line.startsWith('m=audio'));
  const direction = /^a=(sendonly|inactive)\r?$/m.exec(offer ?? '')?.[1];
  return [
    'v=0',
    `o=- 77${port} ${version} IN IP4 ${SERVICE_MEDIA_HOST}`,
    's=-',
    `c=IN ${family(SERVICE_MEDIA_HOST)} ${SERVICE_MEDIA_HOST}`,
    't=0 0',
    ...lines.flatMap((line, n) =>
      n === spoken
        ? [
            `m=audio ${port} RTP/AVP 0 101`,
            'a=rtpmap:0 PCMU/8000',
            'a=rtpmap:101 telephone-event/8000',
            ...(direction === undefined ? [] : [`a=${direction === 'sendonly' ? 'recvonly' : 'inactive'}`]),
          ]
        : [line.replace(/^(m=\S+) \S+/, '$1 0').trimEnd()],
    ),
    '',
  ].join('\r\n');
}

/** What the plane does; all at once unless it takes its time. */
export interface AttendingOptions {
  readonly delayMs?: number;
  /** Whether parties of a talk can talk to others for a while; by default they can. */
  readonly lends?: boolean;
  /** Why it does not take that offer; undefined: it does. */
  readonly refuses?: (offer: string | undefined) => Undescribed | undefined;
}

/** A party that talks to the service. */
export class AttendedParty implements Attended {
  readonly party: MediaParty;
  /** What it said last, as offer or answer. */
  heard = '';
  isOpen = true;
  readonly port: number;
  readonly #plane: AttendingPlane;
  #version = 0;

  constructor(plane: AttendingPlane, party: MediaParty, port: number) {
    this.#plane = plane;
    this.party = party;
    this.port = port;
  }

  answer(offer: string | undefined, told: Told): void {
    this.heard = offer ?? '';
    this.#version += 1;
    const refused = this.#plane.options.refuses?.(offer);
    this.#plane.later(() => told(refused ?? sessionOf(this.port, offer, this.#version)));
  }

  accept(answer: string): Undescribed | undefined {
    this.heard = answer;
    return this.#plane.options.refuses?.(answer);
  }

  close(): void {
    this.isOpen = false;
  }
}

/** A bridge of such a party, or of any two, and one fork: each is told of ports of ours. */
export class AttendingBridge implements MediaBridge {
  /** Whether one of the two talks to somebody else. */
  lent: Side | undefined;
  readonly order: BridgeOrder;
  readonly ports: Readonly<Record<Side, number>>;
  readonly heard: Record<Side, string> = { caller: '', fork: '' };
  isOpen = true;
  isConnected = false;
  readonly #plane: AttendingPlane;
  #version = 0;

  constructor(plane: AttendingPlane, order: BridgeOrder, port: number) {
    this.#plane = plane;
    this.order = order;
    this.ports = { caller: port, fork: port + 2 };
  }

  describe(from: Side, sdp: string, _what: 'offer' | 'answer', told: Told): void {
    this.heard[from] = sdp;
    const port = this.ports[from === 'caller' ? 'fork' : 'caller'];
    const said = sdp.replace(/^c=IN IP[46] \S+/gm, `c=IN IP4 ${SERVICE_MEDIA_HOST}`).replace(/^(m=\S+) [1-9]\d*/gm, `$1 ${port}`);
    this.#plane.later(() => told(said));
  }

  offer(told: Told): void {
    this.#version += 1;
    this.#plane.later(() => told(sessionOf(this.ports.fork, undefined, this.#version)));
  }

  connect(): void {
    this.isConnected = true;
    this.#plane.taken.get(this.order.attended)?.();
  }

  lend(side: Side): Attended | undefined {
    if (this.#plane.options.lends === false || !this.isOpen) return undefined;
    const lent: Attended = {
      answer: (_, told) => told({ status: 488, reason: 'Lent' }),
      accept: () => ({ status: 488, reason: 'Lent' }),
      close: () => {
        this.lent = undefined;
      },
    };
    this.#plane.taken.set(lent, () => {
      this.lent = side;
    });
    return lent;
  }

  close(): void {
    this.isOpen = false;
  }
}

export class AttendingPlane implements MediaPlane {
  readonly attended: AttendedParty[] = [];
  readonly bridges: AttendingBridge[] = [];
  /** What happens as one that is lent is connected. */
  readonly taken = new Map<Attended | undefined, () => void>();
  readonly options: AttendingOptions;
  readonly #timers: TimerQueue;
  readonly codesOf = (): readonly never[] => [];

  constructor(timers: TimerQueue, options: AttendingOptions = {}) {
    this.#timers = timers;
    this.options = options;
  }

  later(act: () => void): void {
    if ((this.options.delayMs ?? 0) === 0) act();
    else this.#timers.set(this.options.delayMs ?? 0, act);
  }

  get size(): number {
    return [...this.attended, ...this.bridges].filter(({ isOpen }) => isOpen).length;
  }

  bridge(order: BridgeOrder): MediaBridge | undefined {
    const bridge = new AttendingBridge(this, order, 30_000 + 4 * this.bridges.length);
    this.bridges.push(bridge);
    return bridge;
  }

  attend(_call: string, party: MediaParty): Attended {
    const attended = new AttendedParty(this, party, 20_000 + 2 * this.attended.length);
    this.attended.push(attended);
    return attended;
  }

  /** What becomes of keys that come by INFO. */
  pressing: 'notHere' | 'passesOn' | 'withheld' = 'notHere';
  pressed(): 'notHere' | 'passesOn' | 'withheld' {
    return this.pressing;
  }

  leg(): undefined {
    return undefined;
  }

  hear(): void {
    // It hears no packet.
  }

  close(): void {
    for (const open of [...this.attended, ...this.bridges]) open.close();
  }
}
