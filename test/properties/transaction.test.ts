import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { responseTo } from '../../src/sip/response.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { Transactions } from '../../src/transaction/layer.ts';
import type { ServerTransaction } from '../../src/transaction/transaction.ts';
import type { Endpoint, Flow, TransportName } from '../../src/transport/transport.ts';
import { request } from '../transaction/layer-on-a-wire.ts';

/** What the network does to one message: delays of its copies, none if it is lost; no copy lives for longer than T4. */
type Fate = readonly number[];
interface Request {
  readonly method: string;
  readonly atMs: number;
  readonly cancelAfterMs: number | undefined;
  readonly answers: readonly { readonly afterMs: number; readonly status: number; readonly tag: string }[];
  readonly acknowledges: boolean;
}

const fates = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.nat(300).map((ms): Fate => [ms]) },
    { weight: 2, arbitrary: fc.constant<Fate>([]) },
    { weight: 1, arbitrary: fc.tuple(fc.nat(300), fc.oneof(fc.nat(400), fc.nat(4900))) },
  ),
  { minLength: 1, maxLength: 60 },
);
const requests = fc.array(
  fc.record({
    method: fc.constantFrom('INVITE', 'INVITE', 'OPTIONS', 'BYE'),
    atMs: fc.nat(2000),
    cancelAfterMs: fc.option(fc.nat(5000), { nil: undefined }),
    answers: fc.array(
      fc.record({
        afterMs: fc.nat(40_000),
        status: fc.constantFrom(100, 180, 183, 200, 202, 302, 408, 486, 487, 603),
        tag: fc.constantFrom('one', 'two'),
      }),
      { maxLength: 4 },
    ),
    acknowledges: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

const A: Endpoint = { host: '192.0.2.1', port: 5060 };
const B: Endpoint = { host: '192.0.2.2', port: 5060 };

/** One direction between two layers, with the fates of its messages in turn; over TCP nothing is lost, doubled or overtaken. */
class Line implements Flow {
  readonly transport: TransportName;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly open = true;
  readonly secure = false;
  deliver: (bytes: Buffer) => void = () => {};
  readonly #timers: TimerHeap;
  readonly #fates: readonly Fate[];
  #sent = 0;

  constructor(timers: TimerHeap, transport: TransportName, local: Endpoint, remote: Endpoint, fatesInTurn: readonly Fate[]) {
    this.#timers = timers;
    this.transport = transport;
    this.local = local;
    this.remote = remote;
    this.#fates = fatesInTurn;
  }
  get advertised(): Endpoint {
    return this.local;
  }
  get id(): string {
    return this.transport;
  }
  get reliable(): boolean {
    return this.transport === 'tcp';
  }
  send(message: string): void {
    const fate = this.reliable ? [20] : (this.#fates[this.#sent++ % this.#fates.length] ?? []);
    for (const delayMs of fate) this.#timers.set(delayMs, () => this.deliver(Buffer.from(message, 'latin1')));
  }
}

interface Outcome {
  readonly method: string;
  readonly finals: number[];
  readonly ends: string[];
}

/** A client layer and a server layer with a line each way, and scripted users. */
function play(transport: TransportName, script: readonly Request[], there: readonly Fate[], back: readonly Fate[]) {
  const time = new VirtualTime();
  const errors: unknown[] = [];
  const timers = new TimerHeap(time, (error) => errors.push(error));
  const client = new Transactions({ timers, random: new SeededRandom(1) });
  const server = new Transactions({ timers, random: new SeededRandom(2) });
  const toServer = new Line(timers, transport, A, B, there);
  const toClient = new Line(timers, transport, B, A, back);
  toServer.deliver = (bytes) => server.received(bytes, toClient);
  toClient.deliver = (bytes) => client.received(bytes, toServer);
  const births = new Map<string, number>();
  const cancellations = new Map<string, number>();
  const early: string[] = [];
  const accepted = new Map<string, ServerTransaction>();

  const answer = (transaction: ServerTransaction, status: number, tag: string) => {
    if (status >= 200 && status < 300) accepted.set(transaction.request.callId, transaction);
    transaction.respond(responseTo(transaction.request, status, undefined, status === 100 ? undefined : tag));
  };
  server.serve(
    {
      request(transaction) {
        const { callId } = transaction.request;
        births.set(callId, (births.get(callId) ?? 0) + 1);
        const plan = script[Number(callId)];
        for (const { afterMs, status, tag } of plan?.answers ?? []) timers.set(afterMs, () => answer(transaction, status, tag));
        // Whoever takes an INVITE has to answer it some time.
        timers.set(60_000, () => answer(transaction, 480, 'late'));
      },
      ack: ({ callId }) => accepted.get(callId)?.acknowledged(),
      cancelled(transaction) {
        const { callId } = transaction.request;
        if (transaction.answered) early.push(`${callId} was answered when its CANCEL was told`);
        cancellations.set(callId, (cancellations.get(callId) ?? 0) + 1);
        answer(transaction, 487, 'cancelled');
      },
      unacknowledged: () => {},
      strayAnswer: () => {},
    },
    { flowTo: () => undefined },
  );
  const nobody = { request: () => {}, ack: () => {}, cancelled: () => {}, unacknowledged: () => {}, strayAnswer: () => {} };
  client.serve(nobody, { flowTo: () => undefined });

  const outcomes = script.map(({ method, atMs, cancelAfterMs, acknowledges }, index): Outcome => {
    const outcome: Outcome = { method, finals: [], ends: [] };
    timers.set(atMs, () => {
      const sent = client.send(request({ method, callId: String(index) }), toServer, {
        response(response) {
          if (response.status < 200) return;
          outcome.finals.push(response.status);
          if (acknowledges && method === 'INVITE' && response.status < 300) {
            client.sendAck({ ...request({ method: 'ACK', callId: String(index) }), to: response.to }, toServer);
          }
        },
        timedOut: () => outcome.ends.push('timedOut'),
        failed: () => outcome.ends.push('failed'),
      });
      if (cancelAfterMs !== undefined) timers.set(cancelAfterMs, () => sent.cancel());
    });
    return outcome;
  });
  const idle = time.runUntilIdle(10_000_000);
  return { client, server, timers, errors, outcomes, births, cancellations, early, idle };
}

/** A final response and then another one can reach the user only where both are 2xx to INVITE. */
const isOneOutcome = ({ method, finals, ends }: Outcome): boolean =>
  finals.length + ends.length <= 1 || (method === 'INVITE' && ends.length === 0 && finals.every((status) => status < 300));

for (const transport of ['udp', 'tcp'] as const) {
  test.prop([requests, fates, fates])(
    `over ${transport} each request of ours has one outcome, is told once, and nothing remains`,
    (script, there, back) => {
      // The user gives up every INVITE in the end, as a ring limit does: a lost final response would leave it for ever.
      const cancelled = script.map((one) => ({ ...one, cancelAfterMs: one.cancelAfterMs ?? 90_000 }));
      const { client, server, timers, errors, outcomes, births, cancellations, early, idle } = play(
        transport,
        cancelled,
        there,
        back,
      );
      expect(errors).toEqual([]);
      expect(idle).toBe(true);
      for (const outcome of outcomes) {
        expect(outcome).toSatisfy(isOneOutcome);
        expect(outcome.finals.length + outcome.ends.length).toBeGreaterThan(0);
      }
      expect(Math.max(0, ...cancellations.values())).toBeLessThanOrEqual(1);
      expect(early).toEqual([]);
      // Timer J counts from the answer: a copy that takes longer than T1 may come when its transaction is forgotten.
      if (there.flat().every((delayMs) => delayMs < 500)) expect(Math.max(0, ...births.values())).toBeLessThanOrEqual(1);
      expect({ client: client.size, server: server.size, timers: timers.size }).toEqual({ client: 0, server: 0, timers: 0 });
    },
  );
}

test.prop([fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(10)])(
  'no bytes make the layer throw or keep anything',
  (text, cuts) => {
    const time = new VirtualTime();
    const timers = new TimerHeap(time, () => {});
    const { layer, flow } = deaf(timers);
    const whole = `INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK${text}\r\nFrom: <sip:a@b>;tag=${text}\r\nTo: <sip:b>\r\nCall-ID: ${text}\r\nCSeq: 1 INVITE\r\n\r\n`;
    layer.received(Buffer.from(text, 'latin1'), flow);
    layer.received(Buffer.from(whole, 'latin1'), flow);
    layer.received(Buffer.from(whole.slice(0, whole.length - cuts), 'latin1'), flow);
    expect(layer.size).toBeLessThanOrEqual(2);
    expect(layer.counters.size).toBeLessThanOrEqual(256);
  },
);

function deaf(timers: TimerHeap) {
  const layer = new Transactions({ timers, random: new SeededRandom(3) });
  const flow = new Line(timers, 'udp', A, B, [[]]);
  const user = { request: () => {}, ack: () => {}, cancelled: () => {}, unacknowledged: () => {}, strayAnswer: () => {} };
  layer.serve(user, { flowTo: () => undefined });
  return { layer, flow };
}
