import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HttpReply, HttpRequest } from '../../../../src/http/client.ts';
import { httpSender, MAX_CONCURRENT, MAX_QUEUED } from '../../../../src/ports/push/senders/http-sender.ts';
import type { PushOutcome, PushSender } from '../../../../src/ports/push/senders/push-sender.ts';
import { VirtualTime } from '../../../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../../../src/timer-heap.ts';
import { push } from './push-request.ts';

interface Try {
  readonly atMs: number;
  readonly key: string | undefined;
  readonly body: Record<string, unknown>;
  reply(reply: HttpReply): void;
  over: boolean;
}

let time = new VirtualTime();
let tries: Try[] = [];
let outcomes: [string, PushOutcome, number][] = [];
let sender: PushSender;
let fraction = 0.5;
let clientClosed = false;

const client = {
  send({ headers, body }: HttpRequest, done: (reply: HttpReply) => void): () => void {
    const reply = (given: HttpReply): void => {
      if (made.over) return;
      made.over = true;
      done(given);
    };
    const made: Try = { atMs: time.now(), key: headers['idempotency-key'], body: JSON.parse(body), reply, over: false };
    tries.push(made);
    return () => reply({ failed: 'timeout' });
  },
  close: () => {
    clientClosed = true;
  },
};

beforeEach(() => begin(2));

function begin(retries: number): void {
  time = new VirtualTime();
  tries = [];
  outcomes = [];
  fraction = 0.5;
  clientClosed = false;
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const random = { hex: () => '', fraction: () => fraction };
  const options = { url: 'http://unused', timeoutMs: 3000, retries, headers: { authorization: 'Bearer x' } };
  sender = httpSender(options, { timers, random, client });
}

const send = (id: string, more = {}): void =>
  sender.send(push(id, more), (outcome) => void outcomes.push([id, outcome, time.now()]));
const cancel = (id: string): void =>
  sender.cancel(push(id, { kind: 'cancelled', reason: 'answered-elsewhere' }), (outcome) => {
    outcomes.push([`${id} cancel`, outcome, time.now()]);
  });
const answer = (n: number, status: number, retryAfterSeconds?: number): void =>
  tries[n]?.reply({ status, retryAfterSeconds, contentType: '', body: '', cut: '' });
const is = (n: number): unknown => outcomes[n]?.[1];

describe('an HTTP sender', () => {
  it('posts what a gateway needs, text of the wire as text', () => {
    const name = Buffer.from('Zoë').toString('latin1');
    send('p1', { callerName: name, aor: 'sip:名@x' });
    expect(tries).toHaveLength(1);
    expect(tries[0]?.key).toBe('p1');
    expect(tries[0]?.body).toEqual({
      id: 'p1',
      kind: 'incoming-call',
      provider: 'apns',
      prid: 'token',
      param: 'team.app',
      aor: 'sip:名@x',
      callId: 'c1',
      caller: { uri: 'sip:alice@x', name: 'Zoë' },
      ttlMs: 20_000,
    });
    answer(0, 202);
    expect(is(0)).toEqual({ ok: true });
  });

  it('tries 5xx, 429 and no answer again, later each time, under one key, saying what is left to live', () => {
    begin(3);
    send('p1');
    answer(0, 500);
    time.advance(249);
    expect(tries).toHaveLength(1);
    time.advance(1);
    answer(1, 429);
    time.advance(500);
    tries[2]?.reply({ failed: 'ECONNREFUSED' });
    time.advance(1000);
    expect(tries.map(({ atMs }) => atMs)).toEqual([0, 250, 750, 1750]);
    expect(new Set(tries.map(({ key }) => key))).toEqual(new Set(['p1']));
    expect(tries.map(({ body }) => body.ttlMs)).toEqual([20_000, 19_750, 19_250, 18_250]);
    answer(3, 503);
    expect(outcomes).toEqual([['p1', { ok: false, permanent: false, why: 'HTTP 503' }, 1750]]);
    expect(time.runUntilIdle(60_000)).toBe(true);
    expect(tries).toHaveLength(4);
  });

  it('jitters by half around the step', () => {
    for (const [drawn, expected] of [
      [0, 125],
      [0.999, 374],
    ] as const) {
      begin(1);
      fraction = drawn;
      send('p1');
      answer(0, 500);
      time.runUntilIdle(10_000);
      expect(Math.floor(tries[1]?.atMs ?? 0)).toBe(expected);
    }
  });

  it.each([400, 401, 403, 301, 304, 418])('does not try %i again', (status) => {
    send('p1');
    answer(0, status);
    expect(is(0)).toEqual({ ok: false, permanent: false, why: `HTTP ${status}` });
    time.runUntilIdle(60_000);
    expect(tries).toHaveLength(1);
  });

  it.each([404, 410])('says of %i that the token is dead', (status) => {
    send('p1');
    answer(0, status);
    expect(is(0)).toEqual({ ok: false, permanent: true, why: `HTTP ${status}` });
  });

  it('respects Retry-After, and gives up at once if that is beyond the time to live', () => {
    send('p1');
    answer(0, 503, 5);
    time.advance(4999);
    expect(tries).toHaveLength(1);
    time.advance(1);
    expect(tries).toHaveLength(2);
    answer(1, 429, 15);
    expect(outcomes).toEqual([['p1', { ok: false, permanent: false, why: 'HTTP 429' }, 5000]]);
  });

  it('limits a try, and the last one by the time to live', () => {
    send('p1', { ttlMs: 4000 });
    time.advance(2999);
    expect(tries[0]?.over).toBe(false);
    time.advance(1);
    expect(tries[0]?.over).toBe(true);
    time.advance(250);
    expect(tries[1]?.atMs).toBe(3250);
    time.runUntilIdle(60_000);
    expect(tries).toHaveLength(2);
    expect(outcomes).toEqual([['p1', { ok: false, permanent: false, why: 'timeout' }, 4000]]);
  });

  it('has a bounded number under way and in line, oldest first', () => {
    for (let i = 0; i < MAX_CONCURRENT + MAX_QUEUED; i += 1) send(`p${i}`);
    expect(tries).toHaveLength(MAX_CONCURRENT);
    expect(outcomes).toHaveLength(0);
    send('one more');
    expect(is(0)).toEqual({ ok: false, permanent: false, why: 'too many pushes wait' });
    answer(0, 200);
    expect(tries[MAX_CONCURRENT]?.key).toBe(`p${MAX_CONCURRENT}`);
    send('again');
    expect(outcomes.at(-1)?.[0]).toBe('p0');
    time.advance(20_000);
    expect(outcomes.length).toBe(MAX_CONCURRENT + MAX_QUEUED + 2);
    expect(outcomes).toContainEqual(['again', { ok: false, permanent: false, why: 'too late to be of use' }, 20_000]);
  });

  it('takes no second push under a key that is under way', () => {
    send('p1');
    send('p1');
    expect(outcomes).toEqual([['p1', { ok: false, permanent: false, why: 'already under way' }, 0]]);
    answer(0, 200);
    send('p1');
    expect(tries).toHaveLength(2);
  });

  it('drops a push that is cancelled while it is in line', () => {
    for (let i = 0; i <= MAX_CONCURRENT; i += 1) send(`p${i}`);
    cancel(`p${MAX_CONCURRENT}`);
    expect(outcomes.map(([id, { ok }]) => [id, ok])).toEqual([
      [`p${MAX_CONCURRENT}`, false],
      [`p${MAX_CONCURRENT} cancel`, true],
    ]);
    answer(0, 200);
    expect(tries).toHaveLength(MAX_CONCURRENT);
  });

  it('lets a cancellation follow what is under way, which is then tried no more', () => {
    send('p1');
    cancel('p1');
    cancel('p1');
    expect(outcomes).toEqual([['p1 cancel', { ok: false, permanent: false, why: 'already under way' }, 0]]);
    expect(tries).toHaveLength(1);
    answer(0, 500);
    expect(tries[1]).toMatchObject({ key: 'p1/cancelled', atMs: 0, body: { kind: 'cancelled', reason: 'answered-elsewhere' } });
    answer(1, 200);
    expect(outcomes.slice(1).map(([id, { ok }]) => [id, ok])).toEqual([
      ['p1', false],
      ['p1 cancel', true],
    ]);
    time.runUntilIdle(60_000);
    expect(tries).toHaveLength(2);
  });

  it('sends a cancellation instead of the next try, and after a delivered push', () => {
    send('p1');
    answer(0, 500);
    cancel('p1');
    expect(tries[1]?.key).toBe('p1/cancelled');
    answer(1, 200);
    send('p2');
    answer(2, 200);
    cancel('p2');
    expect(tries[3]?.key).toBe('p2/cancelled');
    answer(3, 200);
    expect(time.runUntilIdle(60_000)).toBe(true);
    expect(tries).toHaveLength(4);
  });

  it('keeps what devices sent out of the form of a header', () => {
    send('p\r\nx: y \u00e9');
    expect(tries[0]?.key).toBe('p__x:_y__');
  });

  it('tells no outcome and tries nothing after close', () => {
    send('p1');
    send('p2');
    answer(1, 500);
    sender.close();
    expect(clientClosed).toBe(true);
    expect(tries.every(({ over }) => over)).toBe(true);
    expect(time.runUntilIdle(60_000)).toBe(true);
    expect(outcomes).toEqual([]);
    send('p3');
    expect(is(0)).toEqual({ ok: false, permanent: false, why: 'shutting down' });
  });

  it('tells one outcome of each push, within its time to live, whatever gateway and callers do', () => {
    const reply = fc.oneof(
      fc.record({
        status: fc.constantFrom(200, 404, 429, 500, 503),
        retryAfterSeconds: fc.option(fc.nat(30), { nil: undefined }),
        contentType: fc.constant(''),
        body: fc.constant(''),
        cut: fc.constant('' as const),
      }),
      fc.constant({ failed: 'reset' }),
    );
    type Step = { send: number; ttlMs: number } | { cancel: number } | { reply: HttpReply; to: number } | { advance: number };
    const take = (taken: Step): void => {
      if ('advance' in taken) time.advance(taken.advance);
      else if ('reply' in taken) tries.filter(({ over }) => !over)[taken.to]?.reply(taken.reply);
      else if ('send' in taken) send(`p${taken.send}`, { ttlMs: taken.ttlMs });
      else cancel(`p${taken.cancel}`);
    };
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ send: fc.nat(20), ttlMs: fc.nat(10_000) }),
      fc.record({ cancel: fc.nat(20) }),
      fc.record({ reply, to: fc.nat(5) }),
      fc.record({ advance: fc.nat(2000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        begin(2);
        for (const taken of steps) take(taken);
        const asked = steps.filter((taken) => 'send' in taken || 'cancel' in taken).length;
        expect(time.runUntilIdle(120_000)).toBe(true);
        expect(outcomes).toHaveLength(asked);
        for (const { body, over } of tries) {
          expect(over).toBe(true);
          expect(body.ttlMs).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
