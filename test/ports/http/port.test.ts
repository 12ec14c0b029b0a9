import { beforeEach, describe, expect, it } from 'vitest';
import type { AnyCommand, AnyFact } from '../../../src/engine/port.ts';
import { FAILURES, PAUSE_MS } from '../../../src/ports/http/circuit.ts';
import { HttpPort } from '../../../src/ports/http/port.ts';
import { MAX_WAITING } from '../../../src/ports/http/target.ts';
import { SimulatedHttp } from '../../../src/testing/simulated-http.ts';
import { VirtualTime } from '../../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';

const CRM = {
  url: 'https://crm.example.com/api',
  headers: { authorization: 'Bearer key' },
  timeoutMs: 5_000,
  maxOpen: 2,
  maxBodyBytes: 1_000,
};

let time: VirtualTime;
let timers: TimerHeap;
let web: SimulatedHttp;
let port: HttpPort;
let posted: AnyFact[];
let told: [string, boolean, string][];
let refusals: [string, number][];

beforeEach(() => {
  time = new VirtualTime();
  timers = new TimerHeap(time, (error) => {
    throw error;
  });
  web = new SimulatedHttp(timers);
  posted = [];
  told = [];
  refusals = [];
  port = new HttpPort(
    { post: (fact) => void posted.push(fact), mint: () => '', now: () => time.now() },
    {
      targets: new Map([
        ['crm', CRM],
        ['chat', { ...CRM, url: 'http://chat.example.com/' }],
      ]),
      maxOpen: 3,
      openClient: web.open,
      timers,
      tell: (...one) => void told.push(one),
      refused: (target, status) => void refusals.push([target, status]),
    },
  );
});

const order = (request: number, more: object = {}) => ({
  ...{ type: 'http.request', to: 'port:http', by: 'case:1', target: 'crm', request, method: 'POST', path: 'calls', timeoutMs: 0 },
  ...{ body: '{}', contentType: 'application/json' },
  ...more,
});
const ask = (request: number, more: object = {}): string | undefined =>
  port.take(order(request, more) as AnyCommand & ReturnType<typeof order> & { seq: number; at: number; cause: number });
const whys = (): unknown[][] => posted.map(({ request, why, status }) => [request, why ?? status]);

describe('the HTTP port', () => {
  it('asks a configured target with its headers, and tells the answer to the case', () => {
    web.answer = () => ({ status: 201, contentType: 'application/json', body: '{"id":7}', retryAfterSeconds: 3 });
    expect(
      ask(1, { query: { from: Buffer.from('Zoë').toString('latin1') }, body: Buffer.from('{"n":"Zoë 名"}').toString('latin1') }),
    ).toBeUndefined();
    time.advance(20);
    expect(web.asked).toEqual([
      {
        atMs: 0,
        url: 'https://crm.example.com/api/calls?from=Zo%C3%AB',
        method: 'POST',
        headers: { 'user-agent': 'callweave', 'content-type': 'application/json', authorization: 'Bearer key' },
        body: '{"n":"Zoë 名"}',
      },
    ]);
    expect(posted).toEqual([
      {
        ...{ type: 'http.answered', case: 'case:1', request: 1, target: 'crm', status: 201, retryAfterMs: 3_000 },
        ...{ contentType: 'application/json', body: '{"id":7}' },
      },
    ]);
    expect(port.size).toBe(0);
    expect(timers.size).toBe(0);
  });

  it('tells any status as an answer, redirects too, and follows none', () => {
    web.answer = () => ({ status: 302 });
    ask(1);
    time.advance(20);
    expect(posted).toMatchObject([{ type: 'http.answered', status: 302 }]);
    expect(web.asked).toHaveLength(1);
  });

  it('says once that a target refuses, until it does not any more', () => {
    for (const [n, status] of [401, 403, 200, 500].entries()) {
      web.answer = () => ({ status });
      ask(n);
      time.advance(20);
    }
    expect(refusals).toEqual([
      ['crm', 401],
      ['crm', 500],
    ]);
  });

  it('fails with a word: no such target, a path outside, too large, refused, broken, no answer', () => {
    ask(1, { target: 'evil' });
    ask(2, { target: '__proto__' });
    ask(3, { path: '../admin' });
    web.answer = () => ({ body: 'x'.repeat(1_001) });
    ask(4);
    time.advance(20);
    web.answer = () => 'down';
    ask(5);
    time.advance(20);
    web.answer = () => 'broken';
    ask(6);
    time.advance(20);
    web.answer = () => 'mute';
    ask(7, { timeoutMs: 100 });
    ask(8, { timeoutMs: 60_000 });
    time.advance(100);
    expect(whys()).toEqual([
      [1, 'noTarget'],
      [2, 'noTarget'],
      [3, 'badPath'],
      [4, 'tooLarge'],
      [5, 'unreachable'],
      [6, 'unreachable'],
      [7, 'timeout'],
    ]);
    time.advance(4_900);
    expect(whys().at(-1)).toEqual([8, 'timeout']);
    expect(web.abandoned).toBe(2);
    expect(port.size).toBe(0);
  });

  it.each([
    ['another command', { type: 'http.destroy' }],
    ['a method that is none', { method: 'CONNECT' }],
    ['no path', { path: 7 }],
    ['a query of numbers', { query: 7 }],
    ['an object for a body', { body: {} }],
    ['a huge body', { body: 'x'.repeat(70_000) }],
    ['a line break in the content type', { contentType: 'a/b\r\nx: y' }],
    ['a GET with a body', { method: 'GET' }],
    ['no limit', { timeoutMs: Number.NaN }],
    ['no number', { request: 1.5 }],
    ['no target', { target: undefined }],
  ])('refuses %s with a word', (_, more) => {
    expect(ask(1, more)).toBeTypeOf('string');
    expect([web.asked.length, posted.length]).toEqual([0, 0]);
  });

  it('refuses a number that is under way, and takes it again afterwards', () => {
    ask(1);
    expect(ask(1)).toContain('under way');
    expect(ask(1, { by: 'case:2' })).toBeUndefined();
    time.advance(20);
    expect(ask(1)).toBeUndefined();
  });

  it('sends a GET without a body', () => {
    ask(1, { method: 'GET', body: '', contentType: '' });
    expect(web.asked[0]).toMatchObject({ method: 'GET', body: '' });
    expect(web.asked[0]?.headers).not.toHaveProperty('content-type');
  });

  it('has a bounded number under way, of each target and in all, and no target holds up another', () => {
    for (let n = 1; n <= 4; n += 1) ask(n);
    expect(web.asked).toHaveLength(2);
    ask(5, { target: 'chat' });
    ask(6, { target: 'chat' });
    expect(web.asked.map(({ url }) => new URL(url).hostname)).toEqual(['crm.example.com', 'crm.example.com', 'chat.example.com']);
    time.advance(20);
    expect(web.asked).toHaveLength(6);
    time.advance(20);
    expect(posted).toHaveLength(6);
  });

  it('bounds the line and what one case may ask at once', () => {
    web.answer = () => 'mute';
    for (let n = 1; n <= 17; n += 1) ask(n);
    expect(whys()).toEqual([[17, 'busy']]);
    posted.length = 0;
    for (let n = 0; n < MAX_WAITING; n += 1) ask(1, { by: `case:${n + 2}` });
    expect(whys().every(([, why]) => why === 'busy')).toBe(true);
    expect(posted).toHaveLength(14);
    expect(port.size).toBe(MAX_WAITING + 2);
  });

  it('counts the time in line', () => {
    web.answer = () => ({ afterMs: 4_000 });
    ask(1);
    ask(2);
    ask(3);
    time.advance(5_000);
    expect(whys()).toEqual([
      [1, 200],
      [2, 200],
      [3, 'timeout'],
    ]);
    expect(web.abandoned).toBe(1);
  });

  it('leaves a target alone that does not answer, tries it once later, and says both once', () => {
    web.answer = () => 'down';
    for (let n = 1; n <= FAILURES + 2; n += 1) {
      ask(n);
      time.advance(20);
    }
    expect(web.asked).toHaveLength(FAILURES);
    expect(whys().slice(-2)).toEqual([
      [FAILURES + 1, 'down'],
      [FAILURES + 2, 'down'],
    ]);
    expect(told).toEqual([['crm', true, 'connect ECONNREFUSED']]);
    ask(1, { target: 'chat' });
    expect(web.asked, 'another target is asked').toHaveLength(FAILURES + 1);
    time.advance(PAUSE_MS);
    ask(1);
    ask(2);
    expect(web.asked, 'one tries').toHaveLength(FAILURES + 2);
    time.advance(20);
    ask(3);
    expect(web.asked, 'still down').toHaveLength(FAILURES + 2);
    time.advance(PAUSE_MS);
    web.answer = () => ({ status: 500 });
    ask(4);
    time.advance(20);
    ask(5);
    ask(6);
    expect(web.asked, 'up again').toHaveLength(FAILURES + 5);
    expect(told.slice(1)).toEqual([['crm', false, '']]);
  });

  it('fails the whole line when its target turns out dead', () => {
    web.answer = () => 'mute';
    for (let n = 1; n <= 12; n += 1) ask(n, { timeoutMs: n <= FAILURES + 1 ? 1_000 : 5_000 });
    time.advance(5_000);
    expect(port.size).toBe(0);
    expect(posted).toHaveLength(12);
    expect(timers.size).toBe(0);
  });

  it('cancels what a case asked when the case ends, and tells nobody', () => {
    web.answer = () => 'mute';
    for (let n = 1; n <= 4; n += 1) ask(n);
    ask(1, { by: 'case:2', target: 'chat' });
    port.close('case:1');
    port.close('case:9');
    expect([web.abandoned, port.size]).toEqual([2, 1]);
    web.answer = () => ({ status: 200 });
    ask(1, { by: 'case:3' });
    time.advance(20);
    expect(posted).toMatchObject([{ case: 'case:3', status: 200 }]);
  });

  it('lets another one try when the case that tried a dead target ends', () => {
    web.answer = () => 'down';
    for (let n = 1; n <= FAILURES; n += 1) {
      ask(n);
      time.advance(20);
    }
    time.advance(PAUSE_MS);
    web.answer = () => 'mute';
    ask(1);
    port.close('case:1');
    web.answer = () => ({});
    ask(1, { by: 'case:2' });
    time.advance(20);
    expect(posted.at(-1)).toMatchObject({ case: 'case:2', status: 200 });
  });

  it('tells nothing any more once it has stopped', () => {
    web.answer = () => ({ afterMs: 100 });
    ask(1);
    port.stop();
    time.advance(10_000);
    expect(posted).toEqual([]);
    expect(timers.size).toBe(0);
  });
});
