import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { pushNotificationMachine, pushNotification as scenario } from '../../machines/supervisors/push-notification.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const SELF = 'push-notification:1';
const CALL = 'call:7';
const BOB = 'sip:bob@x';
const WAKE_LIMIT_MS = 20_000;
const NO_PUSH = { provider: '', prid: '', param: '' };
const pushOf = (device: string) => ({ provider: 'apns', prid: `token of ${device}`, param: '' });
const target = { contact: 'sip:bob@10.0.0.2', path: [], flow: 'udp/1', stream: false };
const coverage = new Coverage(pushNotificationMachine);
/** `seq` of the INVITE that the call was born of. */
const INVITE = 100;

interface Bound {
  readonly asleep?: boolean;
  readonly seq?: number;
  readonly type?: string;
}
const bound = (device: string, { asleep = true, seq = 50, type = 'binding.added' }: Bound = {}) => ({
  type,
  aor: BOB,
  device,
  asleep,
  seq,
  binding: { device, target, push: asleep ? pushOf(device) : NO_PUSH },
});

function caseOf(current: readonly object[], how: { accountPush?: object; progress?: number } = {}): Chart {
  const fact = {
    type: 'call.offered',
    call: CALL,
    caller: 'sip:alice@x',
    callerName: 'Alice',
    callee: BOB,
    callIdStem: 'stem',
    wakeable: true,
    accountPush: how.accountPush ?? NO_PUSH,
    cause: INVITE,
  };
  const settings = { wakeLimitMs: WAKE_LIMIT_MS, progress: how.progress ?? 182 };
  return new Chart(pushNotificationMachine, { fact, self: SELF, current, settings }, coverage);
}

const registers = (device: string, type = 'binding.refreshed'): EventObject => bound(device, { type, seq: 200 });
const added = (device: string) => registers(device, 'binding.added');
const removed = (device: string, why: string) => ({ type: 'binding.removed', aor: BOB, device, why });
const delivered = (device: string) => ({ type: 'push.delivered', case: SELF, call: CALL, device });
const notDelivered = (device: string) => ({ type: 'push.failed', case: SELF, call: CALL, device, permanent: true, why: 'gone' });
const fails = (device: string, status: number) => ({
  type: 'leg.failed',
  call: CALL,
  leg: 'leg:7/1',
  device,
  status,
  reason: '',
  message: 1,
});
const rang = (device: string) => ({ type: 'leg.ringing', call: CALL, leg: 'leg:7/1', device, status: 180, message: 1 });
const answered = (device = 'desk') => ({ type: 'call.answered', call: CALL, device });
const cancelled = { type: 'call.cancelled', call: CALL, reason: '' };
const failed = { type: 'call.failed', call: CALL, status: 480, reason: '' };
const callEnded = { type: 'actor.ended', address: CALL, of: '', how: 'failed' };

const keepOpen = { type: 'call.keepOpen', to: CALL, forMs: WAKE_LIMIT_MS, progress: 182 };
const letGo = { type: 'call.letGo', to: CALL };
const send = (device: string, n = 0) => ({
  type: 'push.send',
  to: 'port:push',
  device,
  push: pushOf(device),
  callId: `stem-w${n}`,
  ttlMs: WAKE_LIMIT_MS,
});
const fork = (device: string, callId = 'stem-w0') => ({ type: 'call.fork', to: CALL, aor: BOB, device, callId, target });
const takeBack = (device: string, reason: string, callId = 'stem-w0') => ({
  type: 'push.cancel',
  to: 'port:push',
  device,
  callId,
  reason,
});

afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

describe('the birth of a case', () => {
  it('keeps the call open before it pushes, once to each sleeper, with the Call-ID its leg will have (RFC 8599 §5.6.2)', () => {
    expectTold(caseOf([bound('mobile'), bound('desk', { asleep: false }), bound('tablet')]).told, [
      keepOpen,
      { ...send('mobile'), caller: 'sip:alice@x', callerName: 'Alice', aor: BOB, call: CALL },
      send('tablet', 1),
    ]);
  });

  it('pushes to the account where nothing sleeps, and only there', () => {
    const accountPush = { provider: 'fcm', prid: 'bob', param: '' };
    expectTold(caseOf([bound('desk', { asleep: false })], { accountPush }).told, [
      keepOpen,
      { type: 'push.send', device: 'account', push: accountPush, callId: 'stem-w0' },
    ]);
    expectTold(caseOf([bound('mobile')], { accountPush }).told, [keepOpen, send('mobile')]);
    const awake = { ...bound('mobile'), asleep: false };
    expectTold(caseOf([awake], { accountPush }).told, [keepOpen, { type: 'call.letGo' }]);
  });

  it('forks to a device that registered between the INVITE and now, without a push', () => {
    const chart = caseOf([bound('early', { seq: INVITE + 1 }), bound('mobile')]);
    expectTold(chart.told, [keepOpen, fork('early', ''), send('mobile')]);
  });

  it('pushes to a device that fell asleep between the INVITE and now', () => {
    expectTold(caseOf([bound('mobile', { seq: INVITE + 1, type: 'binding.slept' })]).told, [keepOpen, send('mobile')]);
  });

  it('lets the call go at once where nobody is left to be woken', () => {
    const chart = caseOf([bound('early', { seq: INVITE + 1 })]);
    expectTold(chart.told, [keepOpen, fork('early', ''), letGo]);
    expect(chart.state).toBe('settled');
  });
});

describe('a REGISTER during a case', () => {
  it('forks to the sleeper it wakes, refresh or new, with the Call-ID its push announced', () => {
    for (const registered of [registers('mobile'), added('mobile')]) {
      const chart = caseOf([bound('mobile')]);
      expectTold(chart.give(5000, registered), [fork('mobile'), letGo]);
      expect(chart.state).toBe('settled');
    }
  });

  it('forks once, however often it comes', () => {
    const chart = caseOf([bound('mobile'), bound('tablet')]);
    expectTold(chart.give(registers('mobile'), registers('mobile'), added('mobile')), [fork('mobile')]);
    chart.give(rang('mobile'));
    expect(chart.give(registers('mobile'))).toEqual([]);
  });

  it('waits on for the other sleepers', () => {
    const chart = caseOf([bound('mobile'), bound('tablet')]);
    chart.give(registers('mobile'));
    expect(chart.state).toBe('waking');
    expectTold(chart.give(registers('tablet')), [fork('tablet', 'stem-w1'), letGo]);
  });

  it('forks to a device that nobody knew, once', () => {
    const chart = caseOf([bound('mobile')]);
    expectTold(chart.give(added('new'), registers('new'), added('new')), [fork('new', '')]);
    expect(chart.state).toBe('waking');
  });

  it('is nothing new of a device that the call rings itself', () => {
    const chart = caseOf([bound('desk', { asleep: false }), bound('mobile')]);
    for (const one of [registers('desk'), added('desk'), registers('unheard')]) {
      expect(chart.give(one)).toEqual([]);
      expect(chart.taken, 'knowingly').toBe(true);
    }
  });

  it('is the account’s, whichever device it comes from, and only the first', () => {
    const chart = caseOf([], { accountPush: { provider: 'fcm', prid: 'bob', param: '' } });
    expectTold(chart.give(registers('any'), registers('any')), [fork('any'), letGo]);
  });

  it('still forks when the push could not be delivered, or when the wake limit has passed', () => {
    const lost = caseOf([bound('mobile'), bound('tablet')]);
    lost.give(notDelivered('mobile'));
    expectTold(lost.give(registers('mobile')), [fork('mobile')]);
    const late = caseOf([bound('mobile')]);
    late.give(WAKE_LIMIT_MS);
    expectTold(late.give(registers('mobile')), [fork('mobile')]);
  });
});

describe('the wake limit', () => {
  it('lets the call go at its instant', () => {
    const chart = caseOf([bound('mobile')]);
    expect(chart.give(WAKE_LIMIT_MS - 1)).toEqual([]);
    const told = chart.give(1);
    expectTold(told, [letGo]);
    expect([chart.state, told[0]?.atMs]).toEqual(['settled', WAKE_LIMIT_MS]);
  });

  it.each<[string, EventObject]>([
    ['its push cannot be delivered', notDelivered('mobile')],
    ['it unregisters', removed('mobile', 'unregistered')],
  ])('is not waited for when the only sleeper is lost: %s', (_why, lost) => {
    const chart = caseOf([bound('mobile')]);
    expectTold(chart.give(1000, lost), [letGo]);
  });

  it('is waited for when a binding expires, since the push is on its way', () => {
    const chart = caseOf([bound('mobile')]);
    expect(chart.give(delivered('mobile'), removed('mobile', 'expired'))).toEqual([]);
    expect(chart.taken).toBe(true);
    expect(chart.state).toBe('waking');
  });

  it('is waited for while one of several can still be woken', () => {
    const chart = caseOf([bound('mobile'), bound('tablet')]);
    expect(chart.give(notDelivered('mobile'), removed('somebody', 'unregistered'))).toEqual([]);
    expectTold(chart.give(notDelivered('tablet')), [letGo]);
  });

  it('is not told of twice when a device is lost after it', () => {
    const chart = caseOf([bound('mobile')]);
    chart.give(WAKE_LIMIT_MS);
    expect(chart.give(notDelivered('mobile'), removed('mobile', 'unregistered'), delivered('mobile'))).toEqual([]);
    expect(chart.taken).toBe(true);
  });
});

describe('the end of a case', () => {
  it.each<[string, EventObject, string]>([
    ['answered elsewhere', answered(), 'answered-elsewhere'],
    ['cancelled', cancelled, 'cancelled'],
    ['failed', failed, 'failed'],
    ['crashed', callEnded, 'failed'],
  ])('takes the pushes back from who was pushed and has not rung: %s', (_how, cause, reason) => {
    for (const delayMs of [0, WAKE_LIMIT_MS]) {
      const chart = caseOf([bound('mobile'), bound('tablet'), bound('watch'), bound('lost'), bound('desk', { asleep: false })]);
      chart.give(registers('tablet'), rang('tablet'), registers('watch'), notDelivered('lost'), delayMs);
      expectTold(chart.give(cause), [takeBack('mobile', reason), takeBack('watch', reason, 'stem-w2')]);
      expect(chart.status).toBe('done');
    }
  });

  it('takes nothing back from a device that declined, but from one that was not heard', () => {
    const chart = caseOf([bound('mobile'), bound('tablet'), bound('watch')]);
    chart.give(registers('mobile'), fails('mobile', 486), registers('tablet'), fails('tablet', 408));
    expectTold(chart.give(failed), [takeBack('tablet', 'failed', 'stem-w1'), takeBack('watch', 'failed', 'stem-w2')]);
  });

  it('ends where the call goes to somebody else', () => {
    const chart = caseOf([bound('mobile')]);
    const diverted: EventObject = { type: 'call.diverted', call: CALL, callee: 'sip:carol@x' } as EventObject;
    expectTold(chart.give(diverted), [takeBack('mobile', 'failed', 'stem-w0')]);
    expect(chart.status).toBe('done');
  });

  it('takes its pushes back when a group gives its callee up', () => {
    const chart = caseOf([bound('mobile')]);
    const dropped = { type: 'callee.dropped', call: CALL, callee: 'sip:bob@x' } as EventObject;
    expectTold(chart.give(dropped), [takeBack('mobile', 'failed', 'stem-w0')]);
    expect(chart.status).toBe('done');
  });

  it('takes nothing back from the device that answered', () => {
    const chart = caseOf([bound('mobile'), bound('tablet')]);
    chart.give(registers('mobile'));
    expectTold(chart.give(answered('mobile')), [takeBack('tablet', 'answered-elsewhere', 'stem-w1')]);
  });

  it('takes nothing back from devices that were never pushed', () => {
    const chart = caseOf([bound('early', { seq: INVITE + 1 }), bound('mobile')]);
    const cannotBeWoken: EventObject = bound('plain', { asleep: false, seq: 200 });
    // One that can be woken, and came by itself.
    chart.give(cannotBeWoken, added('new'), registers('mobile'), rang('mobile'));
    expect(chart.give(cancelled)).toEqual([]);
  });

  it('takes nothing back where the push failed, though nobody waited for it any more', () => {
    const chart = caseOf([bound('mobile')]);
    chart.give(WAKE_LIMIT_MS, notDelivered('mobile'));
    expect(chart.give(cancelled)).toEqual([]);
  });
});

describe('the scenario', () => {
  it('is born only of calls that can be woken, and belongs to its call', () => {
    expect(scenario.startsOn).toMatchObject([{ fact: 'call.offered', where: [{ attribute: 'wakeable', test: true }] }]);
    expect(scenario.of?.({ call: CALL } as never)).toBe(CALL);
  });

  it('hears of its callee, its call and its own pushes, of nobody else', () => {
    const tests = scenario
      .listensTo({ call: CALL, callee: 'sip:*@x' } as never, SELF)
      .map(({ where }) => where.map(({ test }) => test));
    expect(new Set(tests.flat())).toEqual(new Set(['sip:*@x', SELF, CALL]));
    // A group gives up one of those it rings, in this call.
    expect(tests.filter((where) => where.length !== 1)).toEqual([[CALL, 'sip:*@x']]);
  });
});
