import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';

const MAX_CONTACTS = 3;
const MIN_EXPIRES = 60;
const MAX_EXPIRES = 600;
const LATENCY_MS = 5;
const DEVICES = ['desk', 'mobile', 'tablet', 'watch'] as const;
type Device = (typeof DEVICES)[number];

interface Line {
  readonly device: Device;
  readonly expires: number;
}
interface Register {
  readonly kind: 'register';
  readonly callId: string;
  /** What is added to the highest CSeq so far; 0 and less is out of order. */
  readonly step: number;
  readonly lines: readonly Line[];
  readonly all: boolean;
}
interface Pass {
  readonly kind: 'pass';
  readonly ms: number;
}

interface Bound {
  readonly callId: string;
  readonly cseq: number;
  readonly expiresAtMs: number;
}
/** RFC 3261 §10.3 in a few lines: what is bound, and the answer to each REGISTER. */
class Model {
  bound = new Map<Device, Bound>();

  register({ callId, lines, all }: Register, cseq: number, nowMs: number): number {
    this.pass(nowMs);
    const isStale = (device: Device) => this.bound.get(device)?.callId === callId && (this.bound.get(device)?.cseq ?? 0) >= cseq;
    if (all) {
      if ([...this.bound.keys()].some(isStale)) return 500;
      this.bound.clear();
      return 200;
    }
    if (lines.some(({ expires }) => expires > 0 && expires < MIN_EXPIRES)) return 423;
    if (lines.some(({ device }) => isStale(device))) return 500;
    const next = new Map(this.bound);
    for (const { device, expires } of lines) {
      if (expires === 0) next.delete(device);
      else next.set(device, { callId, cseq, expiresAtMs: nowMs + 1000 * Math.min(expires, MAX_EXPIRES) });
    }
    if (next.size > MAX_CONTACTS) return 403;
    this.bound = next;
    return 200;
  }

  pass(nowMs: number): void {
    for (const [device, { expiresAtMs }] of this.bound) if (expiresAtMs <= nowMs) this.bound.delete(device);
  }

  /** What is bound and for how many seconds more, as the list in a 200 has it. */
  shown(nowMs: number): Record<string, number> {
    this.pass(nowMs);
    return Object.fromEntries(
      [...this.bound].map(([device, { expiresAtMs }]) => [device, Math.max(Math.round((expiresAtMs - nowMs) / 1000), 1)]),
    );
  }
}

const line = fc.record({ device: fc.constantFrom(...DEVICES), expires: fc.constantFrom(0, 0, 1, 59, 60, 61, 120, 600, 9999) });
const register: fc.Arbitrary<Register> = fc
  .record({
    kind: fc.constant('register' as const),
    callId: fc.constantFrom('one', 'two'),
    step: fc.constantFrom(1, 1, 1, 1, 2, 0, -1, -5),
    // Each device once: RFC 3261 does not say what two lines for one device mean.
    lines: fc.uniqueArray(line, { maxLength: 3, selector: ({ device }) => device }),
    all: fc.constantFrom(false, false, false, false, false, true),
  })
  .map((one) => (one.all ? { ...one, lines: [] } : one));
const pass: fc.Arbitrary<Pass> = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.oneof(fc.constantFrom(1000, 59_990, 60_000, 60_010, 120_000), fc.integer({ min: 1, max: 700_000 })),
});
const history = fc.array(fc.oneof({ weight: 3, arbitrary: register }, { weight: 1, arbitrary: pass }), {
  minLength: 1,
  maxLength: 40,
});

/** A REGISTER client of a few lines before the whole service, and the model beside it. */
class Scene {
  readonly world = serviceWorld({
    config: {
      auth: 'none',
      registrar: {
        maxContacts: MAX_CONTACTS,
        minExpiresMs: MIN_EXPIRES * 1000,
        maxExpiresMs: MAX_EXPIRES * 1000,
        defaultExpiresMs: MAX_EXPIRES * 1000,
      },
    },
  });
  readonly #model = new Model();
  readonly #wire = this.world.wire('10.0.50.1');
  readonly #highest = new Map<string, number>();
  #answers: string[] = [];
  #sent = 0;

  constructor() {
    // Between the answers come the OPTIONS that keep a NAT's binding, since the Contact is not where it came from.
    this.#wire.onMessage = (text) => {
      if (text.startsWith('SIP/2.0 ')) this.#answers.push(text);
    };
  }

  get known() {
    return this.world.service.service.location.of('sip:bob@example.com');
  }

  take(step: Register | Pass): void {
    if (step.kind === 'register') this.#register(step);
    else {
      this.world.run(step.ms);
      this.#model.pass(this.world.now());
    }
    const known = this.known.map(({ device, binding }) => [nameIn(device), binding.callId, binding.cseq]);
    const expected = [...this.#model.bound].map(([device, { callId, cseq }]) => [device, callId, cseq]);
    expect(known.toSorted(), `bound after ${JSON.stringify(step)}`).toEqual(expected.toSorted());
  }

  #register(step: Register): void {
    const before = this.#highest.get(step.callId) ?? 10;
    const cseq = before + step.step;
    this.#highest.set(step.callId, Math.max(before, cseq));
    const arrivesMs = this.world.now() + LATENCY_MS;
    const expected = this.#model.register(step, cseq, arrivesMs);
    this.#answers = [];
    this.#sent += 1;
    this.#wire.send(written(step, cseq, this.#sent), { host: SERVICE_HOST, port: 5060 });
    this.world.run(2 * LATENCY_MS);
    expect(
      this.#answers.map((answer) => Number(answer.split(' ')[1])),
      `answers to ${JSON.stringify(step)}`,
    ).toEqual([expected]);
    const [answer = ''] = this.#answers;
    if (expected === 200) expect(listed(answer)).toEqual(this.#model.shown(arrivesMs));
    if (expected === 423) expect(answer).toContain('\r\nMin-Expires: 60\r\n');
  }
}

describe('the registrar', () => {
  test.prop([history], { numRuns: 150 })(
    'answers and keeps what a simple model of RFC 3261 §10.3 does, for every history of REGISTERs',
    (steps) => {
      const scene = new Scene();
      for (const step of steps) scene.take(step);
      scene.world.run(MAX_EXPIRES * 1000 + 60_000);
      expect(scene.known).toEqual([]);
      expect(scene.world.service.service.engine.countActors()).toBe(0);
      expect(scene.world.serviceTimers.size, 'timers left').toBe(1);
    },
  );
});

const nameIn = (text: string): string => /sip:([a-z]+)@/.exec(text)?.[1] ?? text;

function written({ callId, lines, all }: Register, cseq: number, n: number): string {
  return [
    'REGISTER sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP 10.0.50.1;branch=z9hG4bK${n};rport`,
    'Max-Forwards: 70',
    // Another tag each time: a request that differs in its branch only was merged on its way (RFC 3261 §8.2.2.2).
    `From: <sip:bob@example.com>;tag=${n}`,
    'To: <sip:bob@example.com>',
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} REGISTER`,
    ...lines.map(({ device, expires }) => `Contact: <sip:${device}@10.0.50.1>;expires=${expires}`),
    ...(all ? ['Contact: *', 'Expires: 0'] : []),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** The bindings that a 200 lists, with their seconds. */
const listed = (answer: string): Record<string, number> =>
  Object.fromEntries(
    [...answer.matchAll(/<(sip:[^>]*)>[^,\r]*?expires=(\d+)/g)].map(([, uri = '', seconds]) => [nameIn(uri), Number(seconds)]),
  );
