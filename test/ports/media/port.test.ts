import { beforeEach, describe, expect, it } from 'vitest';
import type { DigitForm, InCallCode } from '../../../machines/vocabulary/media.ts';
import type { AnyCommand, AnyFact } from '../../../src/engine/port.ts';
import { MediaPort } from '../../../src/ports/media/port.ts';
import { VirtualTime } from '../../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';
import { type FakeLeg, FakePlane } from '../../support/fake-plane.ts';

let time: VirtualTime;
let timers: TimerHeap;
let plane: FakePlane;
let port: MediaPort;
let posted: AnyFact[];
let leg: FakeLeg;

beforeEach(() => {
  time = new VirtualTime();
  timers = new TimerHeap(time, (error) => {
    throw error;
  });
  plane = new FakePlane();
  posted = [];
  port = new MediaPort(
    { post: (fact) => void posted.push(fact), mint: () => '', now: () => time.now() },
    { plane, timers, pins: new Map([['door', '4711']]), key: Buffer.alloc(32, 7) },
  );
  leg = plane.open();
});

const order = (type: string, more: object = {}, by = 'ivr-menu:1'): string | undefined =>
  port.take({
    ...{ type, to: 'port:media', by, seq: 1, at: 0, cause: 0, call: 'call:1', leg: 'leg:1/0' },
    ...more,
  } as AnyCommand & { by: string; seq: number; at: number; cause: number });
const FORM: DigitForm = { max: 32, patterns: [], terminator: '#', firstMs: 5_000, betweenMs: 3_000 };
const collect = (form: Partial<DigitForm> = {}, number = 1, by?: string): string | undefined =>
  order('media.collect', { order: number, form: { ...FORM, ...form } }, by);
const play = (more: object = {}, number = 1): string | undefined =>
  order('media.play', { order: number, prompts: ['welcome'], bargeIn: true, repeat: false, ...more });
const checkPin = (): string | undefined => order('media.checkPin', { order: 1, pin: 'door', firstMs: 5_000, betweenMs: 3_000 });
const facts = (type: string): AnyFact[] => posted.filter((fact) => fact.type === type);
const collected = (): unknown[] => facts('digits.collected').map(({ digits, how }) => [digits, how]);
const played = (): unknown[] => facts('prompt.ended').map(({ order: number, how }) => [number, how]);
const checked = (): unknown[] => facts('pin.checked').map(({ ok, isGiven }) => [ok, isGiven]);
const press = (keys: string): void => plane.press(leg, keys);
const wait = (ms: number): void => time.advance(ms);

describe('streams', () => {
  it('tells of what comes, stops and is over', () => {
    plane.events.heard(leg, 7, 8);
    plane.events.stopped(leg);
    plane.over(leg);
    const stream = { call: 'call:1', leg: 'leg:1/0', stream: 'stream:1/0' };
    expect(posted).toEqual([
      { type: 'stream.opened', ...stream, user: 'sip:alice@example.com' },
      { type: 'rtp.heard', ...stream, ssrc: 7, payloadType: 8 },
      { type: 'rtp.stopped', ...stream },
      { type: 'stream.closed', ...stream, packets: 100, lost: 2, jitterMs: 1 },
    ]);
    expect(port.size).toBe(0);
  });

  it('is one stream for a party whose media comes another way', () => {
    order('media.listen', { codes: [{ name: 'hold', code: '*1', takesArgument: false, isHidden: true }] });
    const other = plane.open();
    plane.over(leg);
    expect(facts('stream.opened')).toHaveLength(1);
    expect(facts('stream.closed')).toHaveLength(0);
    expect(other.orders).toEqual(['withhold']);
    plane.press(other, '*1');
    expect(facts('code.pressed')).toHaveLength(1);
    plane.over(other);
    expect(facts('stream.closed')).toHaveLength(1);
  });

  it('says why a session passes it by', () => {
    plane.events.unanchored('call:2', 'leg:2/0', 'SRTP');
    expect(posted.at(-1)).toEqual({ type: 'media.unanchored', call: 'call:2', leg: 'leg:2/0', why: 'SRTP' });
  });
});

describe('orders', () => {
  it.each([
    ['media.nothing', {}, 'media.* only'],
    ['media.play', { order: 1, prompts: [], bargeIn: true, repeat: false }, 'prompts'],
    ['media.play', { order: 1, prompts: ['a'], bargeIn: 1, repeat: false }, 'bargeIn'],
    ['media.play', { order: 1.5, prompts: ['a'], bargeIn: true, repeat: false }, 'order'],
    ['media.collect', { order: 1 }, 'form'],
    ['media.collect', { order: 1, form: { ...FORM, max: 33 } }, 'max'],
    ['media.collect', { order: 1, form: { ...FORM, patterns: ['1y'] } }, 'patterns'],
    ['media.collect', { order: 1, form: { ...FORM, patterns: Array(65).fill('1') } }, 'patterns'],
    ['media.collect', { order: 1, form: { ...FORM, terminator: '1' } }, 'terminator'],
    ['media.collect', { order: 1, form: { ...FORM, firstMs: 0 } }, 'firstMs'],
    ['media.checkPin', { order: 1, pin: 'gate', firstMs: 1, betweenMs: 1 }, 'no such PIN'],
    ['media.checkPin', { order: 1, pin: 'door', firstMs: 1 }, 'betweenMs'],
    ['media.listen', { codes: [{ name: 'x', code: '' }] }, 'codes'],
    ['media.listen', { codes: [null] }, 'codes'],
    ['media.hold', { prompts: 'hold' }, 'prompts'],
    ['media.record', { recording: '../../etc/passwd' }, 'recording'],
    ['media.stop', { leg: 'leg:9/0' }, 'does not come to us'],
  ])('refuses %s %j', (type, more, why) => {
    expect(order(type, more)).toContain(why);
  });

  it('passes on why there is no recording', () => {
    leg.refuses = 'no folder';
    expect(order('media.record', { recording: 'talk-1' })).toBe('no folder');
    expect(facts('recording.started')).toHaveLength(0);
  });

  it('records one at a time, and tells', () => {
    expect(order('media.record', { recording: 'talk-1' })).toBeUndefined();
    expect(order('media.record', { recording: 'talk-2' })).toBe('it is being recorded');
    order('media.stopRecording');
    expect(order('media.record', { recording: 'talk-2' })).toBeUndefined();
    leg.recorded?.(500, 'disk full');
    expect(facts('recording.ended').map(({ recording, durationMs, why }) => [recording, durationMs, why])).toEqual([
      ['talk-1', 1_000, ''],
      ['talk-2', 500, 'disk full'],
    ]);
  });

  it('takes back what an author ordered as that one ends, and nothing of another', () => {
    play({ repeat: true });
    collect();
    order('media.hold', { prompts: ['tone:hold'] });
    order('media.record', { recording: 'talk-1' });
    order('media.listen', { codes: [{ name: 'end', code: '*0', takesArgument: false, isHidden: true }] });
    order('media.listen', { codes: [{ name: 'end', code: '*0', takesArgument: false, isHidden: false }] }, 'other:1');
    leg.orders.length = 0;
    port.close('ivr-menu:1');
    expect(leg.orders).toEqual(['stop stopped', 'stop recording', 'resume', 'let pass']);
    wait(60_000);
    expect(collected()).toEqual([]);
    press('*0');
    expect(facts('code.pressed').map((fact) => fact.case)).toEqual(['other:1']);
    port.close('ivr-menu:1');
  });

  it('forgets a leg that is over, with its timers', () => {
    play();
    collect();
    plane.over(leg);
    expect(played()).toEqual([[1, 'stopped']]);
    wait(60_000);
    expect(collected()).toEqual([]);
    expect(timers.size).toBe(0);
    expect(order('media.stop')).toContain('does not come to us');
  });
});

describe('prompts', () => {
  it('tells how each ended, once', () => {
    play({}, 1);
    play({}, 2);
    const second = leg.playing;
    second?.ended('played', '');
    second?.ended('played', '');
    play({}, 3);
    leg.playing?.ended('failed', 'no such file');
    expect(played()).toEqual([
      [1, 'stopped'],
      [2, 'played'],
      [3, 'failed'],
    ]);
  });

  it('tells nothing of one that repeats and is stopped', () => {
    play({ repeat: true });
    order('media.stop');
    expect(leg.orders).toEqual(['play welcome again and again', 'stop stopped']);
    expect(played()).toEqual([]);
  });

  it('is interrupted by a key, if it may be', () => {
    play();
    press('1');
    play({ bargeIn: false }, 2);
    press('2');
    expect(leg.orders).toEqual(['play welcome', 'stop interrupted', 'play welcome']);
    expect(played()).toEqual([[1, 'interrupted']]);
  });
});

describe('collecting', () => {
  it.each([
    ['the terminator', {}, '123#', '123', 'terminated'],
    ['the terminator alone', {}, '#', '', 'terminated'],
    ['the most', { max: 3 }, '123', '123', 'full'],
    ['a pattern', { patterns: ['1', '2'] }, '2', '2', 'matched'],
    ['a pattern with any digits', { patterns: ['0', 'xxx'] }, '123', '123', 'matched'],
    ['what no pattern begins with', { patterns: ['1', '2'] }, '3', '3', 'unmatched'],
    ['what is no digit', { patterns: ['x'] }, '*', '*', 'unmatched'],
    ['a whole pattern and the terminator', { patterns: ['1', '12'] }, '1#', '1', 'matched'],
    ['half a pattern and the terminator', { patterns: ['12'] }, '1#', '1', 'terminated'],
    ['a pattern that ends in the terminator', { patterns: ['1#', '2'] }, '1#', '1#', 'matched'],
    ['half a pattern as the most', { patterns: ['123'], max: 2 }, '12', '12', 'full'],
    ['a shorter pattern as the most', { patterns: ['12', '123'], max: 2 }, '12', '12', 'matched'],
  ])('ends at %s', (_, form, keys, digits, how) => {
    collect(form);
    press(keys);
    expect(collected()).toEqual([[digits, how]]);
    expect(timers.size).toBe(0);
  });

  it('waits for a longer pattern that may still come', () => {
    collect({ patterns: ['1', '12'] });
    press('1');
    expect(collected()).toEqual([]);
    wait(2_999);
    expect(collected()).toEqual([]);
    wait(1);
    expect(collected()).toEqual([['1', 'matched']]);
    collect({ patterns: ['1', '12'] }, 2);
    press('12');
    expect(collected()).toHaveLength(2);
  });

  it('gives the first key its time, and each next one', () => {
    collect();
    wait(4_999);
    expect(collected()).toEqual([]);
    wait(1);
    expect(collected()).toEqual([['', 'silent']]);
    collect();
    press('1');
    wait(2_999);
    press('2');
    wait(2_999);
    expect(collected()).toHaveLength(1);
    wait(1);
    expect(collected()).toEqual([
      ['', 'silent'],
      ['12', 'timeout'],
    ]);
  });

  it('counts the time of the first key from the end of what plays', () => {
    play();
    collect();
    wait(60_000);
    leg.playing?.ended('played', '');
    wait(4_999);
    expect(collected()).toEqual([]);
    wait(1);
    expect(collected()).toEqual([['', 'silent']]);
  });

  it('counts it from the order where something plays that has no end', () => {
    play({ repeat: true });
    collect();
    wait(5_000);
    expect(collected()).toEqual([['', 'silent']]);
  });

  it('begins it again with a prompt that is ordered later', () => {
    collect();
    wait(4_000);
    play();
    wait(60_000);
    expect(collected()).toEqual([]);
    order('media.stop');
    wait(5_000);
    expect(collected()).toEqual([['', 'silent']]);
  });

  it('has a key interrupt the prompt, and counts it', () => {
    play();
    collect({ patterns: ['1'] });
    press('1');
    expect(played()).toEqual([[1, 'interrupted']]);
    expect(collected()).toEqual([['1', 'matched']]);
  });

  it('does not take keys amid a prompt that none may interrupt', () => {
    play({ bargeIn: false });
    collect({ patterns: ['1'] });
    press('1');
    expect(collected()).toEqual([]);
    leg.playing?.ended('played', '');
    press('1');
    expect(collected()).toEqual([['1', 'matched']]);
  });

  it('keeps keys that are pressed too early, for ten seconds', () => {
    press('9');
    wait(10_001);
    press('12');
    wait(10_000);
    play();
    collect({ max: 1 });
    expect(collected()).toEqual([['1', 'full']]);
    expect(played()).toEqual([[1, 'interrupted']]);
    collect({ max: 2 });
    press('3');
    expect(collected().at(-1)).toEqual(['23', 'full']);
  });

  it('keeps 32 keys of them', () => {
    press('1'.repeat(40));
    press('2');
    collect();
    expect(collected()).toEqual([[`${'1'.repeat(31)}2`, 'full']]);
  });

  it('puts a later order in the place of an earlier one', () => {
    collect({}, 1);
    press('1');
    collect({ max: 1 }, 2);
    press('2');
    wait(60_000);
    expect(collected()).toEqual([['2', 'full']]);
  });

  it('keeps what is meant for us from the other party', () => {
    collect({ max: 1 });
    press('1');
    expect(leg.orders).toEqual(['withhold', 'let pass']);
  });

  it('tells each key as a fact, with a secret value', () => {
    press('1');
    expect(posted.at(-1)).toEqual({
      ...{ type: 'digit.heard', call: 'call:1', leg: 'leg:1/0', digit: '1', durationMs: 100, way: 'rtp' },
    });
    plane.events.digit(leg, '12', 1, 'info');
    plane.events.digit(leg, 'x', 1, 'info');
    expect(facts('digit.heard')).toHaveLength(1);
  });
});

describe('PINs', () => {
  it.each([
    ['the right one', '4711#', true, true],
    ['a wrong one', '4712#', false, true],
    ['a longer one', '47110#', false, true],
    ['half of it', '471#', false, true],
    ['none', '#', false, false],
  ])('checks %s', (_, keys, ok, isGiven) => {
    checkPin();
    press(keys);
    expect(checked()).toEqual([[ok, isGiven]]);
  });

  it('ends with a pause, whatever the length', () => {
    checkPin();
    press('4711');
    expect(checked()).toEqual([]);
    wait(3_000);
    expect(checked()).toEqual([[true, true]]);
    checkPin();
    wait(5_000);
    expect(checked().at(-1)).toEqual([false, false]);
  });

  it('tells nobody a digit', () => {
    checkPin();
    press('4711#');
    expect(facts('digit.heard')).toEqual([]);
    expect(JSON.stringify(posted)).not.toMatch(/"[0-9]"|4711/);
    expect(leg.orders).toEqual(['withhold', 'let pass']);
  });
});

describe('codes', () => {
  const code = (name: string, keys: string, more: Partial<InCallCode> = {}): InCallCode => ({
    ...{ name, code: keys, takesArgument: false, isHidden: false },
    ...more,
  });
  const listen = (codes: readonly InCallCode[], by?: string): string | undefined => order('media.listen', { codes }, by);
  const pressed = (): unknown[] => facts('code.pressed').map(({ case: by, name, argument }) => [by, name, argument]);

  it('finds them, wherever they begin', () => {
    listen([code('hold', '*1'), code('end', '*0')]);
    press('12*1**0*2');
    expect(pressed()).toEqual([
      ['ivr-menu:1', 'hold', ''],
      ['ivr-menu:1', 'end', ''],
    ]);
    expect(leg.orders).toEqual([]);
  });

  it('forgets half a code after a pause', () => {
    listen([code('hold', '*1')]);
    press('*');
    wait(3_000);
    press('1');
    expect(pressed()).toEqual([]);
    press('*');
    wait(2_999);
    press('1');
    expect(pressed()).toHaveLength(1);
  });

  it('waits for a longer one, and takes the shorter one for want of it', () => {
    listen([code('one', '*1'), code('two', '*123')]);
    press('*1');
    expect(pressed()).toEqual([]);
    wait(3_000);
    press('*124*123');
    expect(pressed().map((each) => (each as unknown[])[1])).toEqual(['one', 'one', 'two']);
  });

  it('takes an argument, up to # or a pause', () => {
    listen([code('transfer', '*2', { takesArgument: true })]);
    press('*21002#');
    press('*2100');
    wait(3_000);
    press('*2#');
    expect(pressed()).toEqual([
      ['ivr-menu:1', 'transfer', '1002'],
      ['ivr-menu:1', 'transfer', '100'],
      ['ivr-menu:1', 'transfer', ''],
    ]);
  });

  it('hides those from the other party that shall be hidden, and no other key', () => {
    listen([code('hold', '*1', { isHidden: true }), code('end', '*0')]);
    press('5*1');
    press('*2');
    press('*0');
    press('*');
    wait(3_000);
    expect(leg.orders).toEqual(['withhold', 'press 5', 'press *2', 'press *0', 'press *']);
    expect(pressed()).toHaveLength(2);
    listen([]);
    expect(leg.orders.at(-1)).toBe('let pass');
  });

  it('tells each who waits for it', () => {
    listen([code('a', '*1')]);
    listen([code('b', '*1')], 'other:1');
    press('*1');
    expect(pressed()).toEqual([
      ['ivr-menu:1', 'a', ''],
      ['other:1', 'b', ''],
    ]);
    for (let i = 0; i < 14; i += 1) listen([code('x', '*9')], `more:${i}`);
    expect(listen([code('x', '*9')], 'more:15')).toContain('too many');
    expect(listen([code('x', '*9')], 'other:1')).toBeUndefined();
  });

  it('leaves keys to a collection that was asked for', () => {
    listen([code('hold', '*1')]);
    collect({ max: 2 });
    press('*1');
    expect(pressed()).toEqual([]);
    expect(collected()).toEqual([['*1', 'full']]);
  });
});
