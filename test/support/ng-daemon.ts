import type { DatagramWire } from '../../src/transport/datagrams.ts';

/** What a request said, as far as tests look: strings, whole numbers, lists and dictionaries. */
export type Plain = string | number | Plain[] | { [name: string]: Plain };
export type Request = { [name: string]: Plain };

/**
 * A double of rtpengine's daemon behind a wire without delay: it knows bencode in its own words, remembers what it was asked and
 * answers as the test says.
 */
export class NgDaemon {
  readonly datagrams: string[] = [];
  readonly asked: Request[] = [];
  /** undefined: no answer. */
  answers: (request: Request) => Request | undefined = () => ({ result: 'ok' });
  isClosed = false;
  #heard: (datagram: string) => void = () => {};
  #failed: () => void = () => {};

  readonly wire: DatagramWire = {
    send: (datagram) => this.#received(datagram),
    hear: (heard, failed) => {
      this.#heard = heard;
      this.#failed = failed;
    },
    close: () => {
      this.isClosed = true;
    },
  };

  /** Requests of that kind. */
  of(command: string): Request[] {
    return this.asked.filter((request) => request.command === command);
  }

  say(datagram: string): void {
    this.#heard(datagram);
  }

  /** As the system does where the daemon's port is closed. */
  refuse(): void {
    this.#failed();
  }

  #received(datagram: string): void {
    this.datagrams.push(datagram);
    const [cookie = '', text = ''] = /^(\S+) (.*)$/s.exec(datagram)?.slice(1) ?? [];
    const request = plainOf(text) as Request;
    this.asked.push(request);
    const answer = request.command === 'ping' ? this.#pong(request) : this.answers(request);
    if (answer !== undefined) this.#heard(`${cookie} ${written(answer)}`);
  }

  #pong(request: Request): Request | undefined {
    return this.answers(request) === undefined ? undefined : { result: 'pong' };
  }
}

/** Bencode of plain values. */
export function written(plain: Plain): string {
  if (typeof plain === 'number') return `i${plain}e`;
  if (typeof plain === 'string') return `${plain.length}:${plain}`;
  if (Array.isArray(plain)) return `l${plain.map(written).join('')}e`;
  return `d${Object.entries(plain)
    .map(([name, value]) => written(name) + written(value))
    .join('')}e`;
}

function plainOf(text: string): Plain {
  let rest = text;
  const take = (pattern: RegExp): string => {
    const found = pattern.exec(rest);
    if (found === null) throw new Error(`no bencode: ${rest.slice(0, 40)}`);
    rest = rest.slice(found[0].length);
    return found[1] ?? '';
  };
  const several = (): Plain[] => {
    const all: Plain[] = [];
    while (!rest.startsWith('e')) all.push(one());
    take(/^(e)/);
    return all;
  };
  const one = (): Plain => {
    if (rest.startsWith('i')) return Number(take(/^i(-?\d+)e/));
    if (rest.startsWith('l')) {
      take(/^(l)/);
      return several();
    }
    if (rest.startsWith('d')) {
      take(/^(d)/);
      const parts = several();
      return Object.fromEntries(
        parts.flatMap((name, index) => (index % 2 === 0 ? [[String(name), parts[index + 1] ?? '']] : [])),
      );
    }
    const length = Number(take(/^(\d+):/));
    const string = rest.slice(0, length);
    rest = rest.slice(length);
    return string;
  };
  return one();
}
