import { describe, expect, it } from 'vitest';
import type { History } from '../../src/correlation/history.ts';
import { CallShelf } from '../../src/insight/call-shelf.ts';
import { MessageShelf } from '../../src/insight/message-shelf.ts';
import { actorsOf } from '../../src/insight/paths.ts';
import { type Kept, Recording } from '../../src/journal/recording.ts';
import type { Glance } from '../../src/trace/glance.ts';
import { glanceAt } from '../../src/trace/glance.ts';

const flow = {} as Glance['flow'];
const message = (callId: string, n: number, method = 'INFO'): Glance =>
  glanceAt(`${method} sip:bob@example.com SIP/2.0\r\nCall-ID: ${callId}\r\nCSeq: ${n} ${method}\r\n\r\n`, flow, true, n);

describe('messages that are kept', () => {
  it('are of one call the first and the last ones', () => {
    const shelf = new MessageShelf(2 ** 20);
    shelf.legAdded('id', '', 'call:1', 'leg:1/0');
    for (let n = 0; n < 500; n++) shelf.see(message('id', n));
    const box = shelf.of('call:1');
    expect(box?.messages).toHaveLength(200);
    expect(box?.cut).toBe(300);
    expect(box?.messages.map(({ atMs }) => atMs).slice(58, 62)).toEqual([58, 59, 360, 361]);
  });

  it('take no more bytes than they may, whoever began first goes first', () => {
    const shelf = new MessageShelf(10_000);
    for (let n = 0; n < 50; n++) {
      shelf.legAdded(`id-${n}`, '', `call:${n}`, `leg:${n}/0`);
      for (let k = 0; k < 4; k++) shelf.see(message(`id-${n}`, k));
      expect(shelf.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(shelf.of('call:0')).toMatchObject({ messages: [], cut: 4 });
    expect(shelf.of('call:49')?.messages).toHaveLength(4);
    for (let n = 0; n < 50; n++) shelf.forget(`call:${n}`);
    expect(shelf.bytes).toBe(0);
    expect(shelf.callOf('id-49')).toBeUndefined();
  });

  it('begin with the INVITE, which comes before there is a call; of what becomes no call little is kept', () => {
    const shelf = new MessageShelf(2 ** 20);
    shelf.see(message('id', 1, 'INVITE'));
    shelf.see(message('id', 2, 'ACK'));
    shelf.see(message('another', 1, 'REGISTER'));
    for (let n = 0; n < 5; n++) for (let k = 0; k < 40; k++) shelf.see(message(`early-${n}`, k, 'INVITE'));
    shelf.legAdded('id', '', 'call:1', 'leg:1/0');
    shelf.legAdded('another', '', 'call:2', 'leg:2/0');
    shelf.legAdded('early-0', '', 'call:3', 'leg:3/0');
    expect([1, 2, 3].map((n) => shelf.of(`call:${n}`)?.messages.length)).toEqual([2, 0, 8]);
    shelf.see(message('stranger-0', 1, 'INVITE'));
    for (let n = 1; n < 300; n++) shelf.see(message(`stranger-${n}`, 1, 'INVITE'));
    shelf.legAdded('stranger-0', '', 'call:4', 'leg:4/0');
    expect(shelf.of('call:4')?.messages).toEqual([]);
  });

  it('go on in the call that a dialog was handed over to', () => {
    const shelf = new MessageShelf(2 ** 20);
    shelf.legAdded('id', '', 'call:1', 'leg:1/1');
    shelf.see(message('id', 1));
    shelf.legAdded('id', '', 'call:2', 'leg:2/0');
    shelf.see(message('id', 2));
    expect([1, 2].map((n) => shelf.of(`call:${n}`)?.messages.map(({ atMs }) => atMs))).toEqual([[1], [2]]);
    shelf.forget('call:1');
    expect(shelf.callOf('id')).toBe('call:2');
  });
});

describe('calls that are kept', () => {
  const historyOf = (call: string, endedAtMs: number): History =>
    ({ birth: { call, at: 0 }, facts: [], endedAtMs, end: undefined, hasFailed: false }) as never;

  it('are as many as may be, and not too old; those that go on stay', () => {
    let now = 0;
    const forgotten: string[] = [];
    const shelf = new CallShelf({ maxCalls: 3, maxAgeMs: 1000, now: () => now, forgotten: (call) => forgotten.push(call) });
    const recordings = Array.from({ length: 6 }, (_, n) => new Recording(`call:${n}`, 0));
    for (const recording of recordings) shelf.began(recording);
    for (const recording of recordings.slice(1)) {
      shelf.ended(historyOf(recording.call, now));
      shelf.over(recording);
      now += 100;
    }
    expect(forgotten).toEqual(['call:1', 'call:2']);
    expect(shelf.newestFirst().map(({ recording }) => recording.call)).toEqual(['call:5', 'call:4', 'call:3', 'call:0']);
    now = 1350;
    expect(shelf.newestFirst().map(({ recording }) => recording.call)).toEqual(['call:5', 'call:0']);
    expect(shelf.of('call:4')).toBeUndefined();
  });

  it('are fewer where they are long', () => {
    const shelf = new CallShelf({ maxCalls: 1000, maxAgeMs: 1000, now: () => 0, forgotten: () => undefined });
    for (let n = 0; n < 100; n++) {
      const recording = new Recording(`call:${n}`, 0);
      recording.kept.length = 2000;
      shelf.began(recording);
      shelf.ended(historyOf(recording.call, 0));
      shelf.over(recording);
    }
    expect(shelf.newestFirst()).toHaveLength(50);
  });
});

describe('the way of an actor', () => {
  it('is told with its first and its last stays', () => {
    const recording = new Recording('call:1', 0);
    for (let n = 0; n < 400; n++) {
      const born = n === 0 ? [{ address: 'call:1', scenario: 'call' }] : undefined;
      const heard = n === 0 ? undefined : ['call:1'];
      recording.kept.push({
        kind: 'fact',
        entry: { type: 'e', seq: n },
        dueMs: n,
        atMs: n,
        states: [`s${n}`],
        born,
        heard,
      } as unknown as Kept);
    }
    const [actor] = actorsOf(recording, () => undefined);
    expect(actor?.state).toBe('s399');
    expect(actor?.path.map(({ state }) => state)).toHaveLength(200);
    expect(actor?.path.slice(59, 61).map(({ state }) => state)).toEqual(['s59', 's260']);
  });
});

describe('a glance', () => {
  it('finds the Call-ID however it is written, and in no body', () => {
    const idOf = (text: string): string => glanceAt(text, flow, true, 0).callId;
    expect(idOf('OPTIONS sip:a SIP/2.0\r\nCall-ID: one@host\r\n\r\n')).toBe('one@host');
    expect(idOf('OPTIONS sip:a SIP/2.0\r\nCall-ID:   one@host  \r\n\r\n')).toBe('one@host');
    expect(idOf('OPTIONS sip:a SIP/2.0\r\ni: one@host\r\n\r\n')).toBe('one@host');
    expect(idOf('OPTIONS sip:a SIP/2.0\r\nCALL-ID : one@host\n\r\n\r\n')).toBe('one@host');
    expect(idOf('MESSAGE sip:a SIP/2.0\r\nTo: b\r\n\r\nx\r\nCall-ID: body\r\n')).toBe('');
    expect(idOf(`OPTIONS sip:a SIP/2.0\r\nCall-ID: ${'x'.repeat(300)}\r\n\r\n`)).toBe('x'.repeat(256));
    expect(glanceAt('OPTIONS sip:a SIP/2.0\r\nA: b', flow, true, 0).startLine).toBe('OPTIONS sip:a SIP/2.0');
    expect(glanceAt('x'.repeat(600), flow, true, 0)).toMatchObject({ startLine: 'x'.repeat(512), callId: '' });
  });
});
