import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { callMachine, call as scenario } from '../../machines/call.ts';
import { NO_FORWARDING } from '../../machines/vocabulary/binding.ts';
import { SIXTY_FOUR_T1_MS } from '../../machines/vocabulary/time.ts';
import { Chart, Coverage, expectTold, type Stimulus, type Told } from './chart.ts';

const SELF = 'call:7';
const CALLER = 'leg:7/0';
const fork = (n: number) => `leg:7/${n}`;
const NO_PUSH = { provider: '', prid: '', param: '' };
const target = { contact: 'sip:bob@10.0.0.2', path: [], flow: 'udp/1', stream: false };
const bound = (device: string, asleep = false) => ({
  type: 'binding.added',
  aor: 'sip:bob@x',
  device,
  asleep,
  binding: { target },
});

const coverage = new Coverage(callMachine);

/** A call to so many awake devices, `device1` and on. */
function callTo(
  awake: number,
  how: {
    asleep?: number;
    settings?: object;
    accountPush?: object;
    rings?: readonly object[];
    forwarding?: object;
    diverted?: number;
    fact?: object;
  } = {},
): Chart {
  const current = [
    ...Array.from({ length: awake }, (_, n) => bound(`device${n + 1}`)),
    ...Array.from({ length: how.asleep ?? 0 }, (_, n) => bound(`sleeper${n + 1}`, true)),
  ];
  const fact = {
    type: 'invite.received',
    call: SELF,
    leg: CALLER,
    caller: 'sip:alice@x',
    callerName: 'Alice',
    callee: 'sip:bob@x',
    callIdStem: 'stem',
    accountPush: how.accountPush ?? NO_PUSH,
    rings: how.rings ?? [],
    forwarding: { ...NO_FORWARDING, ...how.forwarding },
    diverted: how.diverted ?? 0,
    direct: false,
    continues: '',
    transferredBy: '',
    ...{ code: '', argument: '', placedBy: '' },
    ...how.fact,
  };
  const settings = { maxForks: 4, declineEndsCall: false, transfer: 'local', ...how.settings };
  return new Chart(callMachine, { fact, self: SELF, current, settings }, coverage);
}
/** The same, past `offering`. */
function ringingCallTo(awake: number, how: Parameters<typeof callTo>[1] = {}): Chart {
  const chart = callTo(awake, how);
  chart.give(0);
  return chart;
}

const of = (n: number) => ({ call: SELF, leg: fork(n), device: `device${n}` });
const rings = (n: number, status = 180) => ({ type: 'leg.ringing', ...of(n), status, message: 20 + n });
const answers = (n: number) => ({ type: 'leg.answered', ...of(n), status: 200, message: 30 + n });
const fails = (n: number, status: number, reason = '') => ({ type: 'leg.failed', ...of(n), status, reason, message: 40 + n });
const isSilent = (n: number) => ({ type: 'leg.silent', ...of(n) });
const ended = (address: string) => ({ type: 'actor.ended', address, of: SELF, how: 'done' });
const callerCancels: EventObject = { type: 'leg.cancelled', call: SELF, leg: CALLER, reason: 'SIP;cause=487' } as EventObject;
const callerAcks = { type: 'leg.acknowledged', call: SELF, leg: CALLER, message: 50 };
const lapses: EventObject = { type: 'session.lapsed', call: SELF, leg: CALLER, why: 'expired' } as EventObject;
const forsakes = (n: number) => ({ type: 'leg.forsaken', call: SELF, leg: CALLER, fork: fork(n) });
const noPrack = { type: 'leg.hungUp', call: SELF, leg: CALLER, how: 'no-prack', message: 0 };
const hangsUp = (leg: string) => ({ type: 'leg.hungUp', call: SELF, leg, how: 'bye', message: 51 });
const request = (leg: string, forkLeg = '') => ({
  type: 'request.received',
  call: SELF,
  leg,
  fork: forkLeg,
  exchange: 9,
  method: 'INFO',
});
const order = (type: string, more: object = {}, by = 'push:1') => ({ type, to: SELF, by, ...more });
const addFork = (device: string, callId = '') => order('call.fork', { aor: 'sip:bob@x', device, target, callId });
const keepOpen = (forMs: number, by = 'push:1', progress: 0 | 180 | 182 = 0) => order('call.keepOpen', { forMs, progress }, by);
const letGo = (by = 'push:1') => order('call.letGo', {}, by);
const claim = (by: string) => order('call.claim', {}, by);
const end = order('call.end', { status: 404, reason: 'No Such User' });

const cancel = (n: number, reason: string, text = '') => ({ type: 'leg.cancel', to: fork(n), reason, text });
const reject = (status: number, more: object = {}) => ({ type: 'leg.reject', to: CALLER, status, ...more });
const missed = (more: object = {}) => ({
  type: 'callee.missed',
  call: SELF,
  caller: 'sip:alice@x',
  callee: 'sip:bob@x',
  ...more,
});
const failed = (status: number) => [
  { type: 'call.failed', call: SELF, caller: 'sip:alice@x', callee: 'sip:bob@x', status },
  missed({ status }),
];
const unanswered = (why: string, target = '') => ({ type: 'call.unanswered', call: SELF, why, target });
const refused = (leg: string) => ({ type: 'sip.refuseRequest', to: 'port:sip', leg, exchange: 9, status: 481 });
const namesOf = (told: readonly Told[]) => told.map(({ type }) => type);

/** While a call talks it has both sides: one that loses a side is released. */
const UNREACHABLE = ['call.talking on request.received #3'];
afterAll(() => {
  const missed = coverage.missed.filter((name) => !UNREACHABLE.includes(name));
  expect(missed, 'transitions of the chart that no case went through').toEqual([]);
});

describe('a call that begins', () => {
  it('opens a fork to each awake device in order, then tells that it is offered', () => {
    expectTold(callTo(2, { asleep: 1 }).told, [
      { type: 'fork.started', call: SELF, leg: fork(1), device: 'device1', callId: 'stem-1', case: '', target },
      { type: 'fork.started', leg: fork(2), device: 'device2', callId: 'stem-2' },
      { type: 'call.offered', call: SELF, callee: 'sip:bob@x', callerName: 'Alice', callIdStem: 'stem', wakeable: true },
    ]);
  });

  it('rings what the dial plan named beside the awake devices', () => {
    const outside = { aor: '', device: 'trunk', target: { ...target, contact: 'sip:112@trunk.example' } };
    expectTold(callTo(1, { rings: [outside] }).told, [
      { type: 'fork.started', leg: fork(1), device: 'device1' },
      { type: 'fork.started', leg: fork(2), aor: '', device: 'trunk', target: outside.target },
      { type: 'call.offered' },
    ]);
  });

  it('is wakeable only with a device that sleeps or an account that can be woken', () => {
    const offered = (chart: Chart) => chart.told.find(({ type }) => type === 'call.offered');
    expect(offered(callTo(2))).toMatchObject({ wakeable: false });
    expect(offered(callTo(0))).toMatchObject({ wakeable: false });
    expect(offered(callTo(0, { asleep: 1 }))).toMatchObject({ wakeable: true });
    expect(offered(callTo(1, { accountPush: { ...NO_PUSH, provider: 'apns' } }))).toMatchObject({ wakeable: true });
  });

  it('forks to no more devices than it may', () => {
    expect(namesOf(callTo(6).told).filter((type) => type === 'fork.started')).toHaveLength(4);
  });

  it('fails with 480 at once, but not before every supervisor has spoken', () => {
    const chart = callTo(0);
    expect([chart.state, chart.now]).toEqual(['ringing.offering', 0]);
    expectTold(chart.give(0), [unanswered('unreachable'), reject(480, { message: 0 }), ...failed(480)]);
    expect(chart.state).toBe('releasing');
  });

  it('does not fail while a supervisor born of the offer keeps it open', () => {
    const chart = callTo(0);
    chart.give(keepOpen(20_000), 0);
    expect(chart.state).toBe('ringing.trying');
  });

  it('outlives forks that all fail while it is offered', () => {
    const chart = callTo(1);
    chart.give(fails(1, 486), keepOpen(20_000), 0);
    expect(chart.state).toBe('ringing.trying');
    expectTold(chart.give(letGo()), [unanswered('busy')]);
    expect(chart.state).toBe('ringing.unanswered');
    expectTold(chart.give(0), [reject(486, { message: 41 }), ...failed(486)]);
  });
});

const CAROL = 'sip:carol@x';
const ring = (device: string, aor = CAROL) => ({ aor, device, target: { ...target, contact: `sip:${device}@10.0.0.9` } });
const divert = (more: object = {}) =>
  order('call.divert', {
    callee: CAROL,
    why: 'busy',
    rings: [ring('carol1')],
    wakeable: false,
    accountPush: NO_PUSH,
    forwarding: NO_FORWARDING,
    ...more,
  });
const diverted = { type: 'call.diverted', call: SELF, from: 'sip:bob@x', callee: CAROL };
const forwarded = { type: 'leg.progress', to: CALLER, status: 181, message: 0 };

describe('a call that is diverted', () => {
  it('tells where its callee wants it to go, and hunts there with a ring limit of its own', () => {
    const chart = ringingCallTo(1, { forwarding: { busy: CAROL, ringMs: 9_000 } });
    expectTold(chart.give(fails(1, 486)), [unanswered('busy', CAROL)]);
    chart.give(keepOpen(1_000), 0);
    expect(chart.state).toBe('ringing.trying');
    const diversions = [{ by: 'sip:bob@x', to: CAROL, why: 'busy' }];
    expectTold(chart.give(divert({ forwarding: { ...NO_FORWARDING, ringMs: 5_000, noAnswer: 'sip:dan@x' } })), [
      diverted,
      forwarded,
      { type: 'fork.started', leg: fork(2), callee: CAROL, aor: CAROL, device: 'carol1', target: { diversions } },
      { type: 'call.offered', callee: CAROL, callIdStem: 'stem-d1', wakeable: false, callerName: 'Alice' },
    ]);
    chart.give(0, rings(2), 4_999);
    expect(chart.state).toBe('ringing.trying');
    expectTold(chart.give(1), [
      cancel(2, 'none'),
      { type: 'call.unanswered', callee: CAROL, why: 'noAnswer', target: 'sip:dan@x' },
      reject(486),
      { type: 'call.failed', callee: CAROL, status: 486 },
      missed({ status: 486 }),
    ]);
  });

  it('goes on although a device that it has just given up answers: its leg ends that', () => {
    const chart = ringingCallTo(2, { forwarding: { busy: CAROL } });
    expectTold(chart.give(fails(1, 600)), [cancel(2, 'none'), unanswered('busy', CAROL)]);
    chart.give(keepOpen(1_000), answers(2), 0);
    expect(chart.state).toBe('ringing.trying');
    chart.give(divert(), answers(3));
    expect(chart.state).toBe('talking.answered');
  });

  it('rings a device of the new callee that an earlier callee has too, and woken ones with the same history', () => {
    const chart = ringingCallTo(1, { forwarding: { unreachable: CAROL } });
    chart.give(
      fails(1, 430),
      keepOpen(1_000),
      0,
      divert({ rings: [ring('device1')], wakeable: true, why: 'unreachable' }),
      keepOpen(20_000),
    );
    const [forked] = chart.give(addFork('carol2', 'woken'));
    expect(forked).toMatchObject({
      type: 'fork.started',
      leg: fork(3),
      callee: CAROL,
      target: { diversions: [{ why: 'unreachable' }] },
    });
    expect(namesOf(chart.told).filter((type) => type === 'fork.started')).toHaveLength(3);
  });

  it('calls nobody at all whose calls always go elsewhere', () => {
    const chart = callTo(2, { asleep: 1, forwarding: { always: CAROL } });
    expectTold(chart.told, []);
    expectTold(chart.give(keepOpen(1_000), 0, letGo()), [unanswered('always', CAROL)]);
    expectTold(chart.give(divert({ why: 'always', forwarding: { ...NO_FORWARDING, always: 'sip:dan@x' } }), 0), [
      diverted,
      forwarded,
      { type: 'call.unanswered', callee: CAROL, why: 'always', target: 'sip:dan@x' },
      reject(480),
      { type: 'call.failed', callee: CAROL, status: 480 },
      missed({ callee: CAROL, status: 480 }),
    ]);
  });

  it('diverts a 600 and a 603 that would end the call, and cancels the others', () => {
    for (const status of [600, 603]) {
      const chart = ringingCallTo(2, { forwarding: { busy: CAROL }, settings: { declineEndsCall: true } });
      expectTold(chart.give(fails(1, status)), [cancel(2, 'none'), unanswered('busy', CAROL)]);
      // What was given up speaks no more for the hunt, however it ends.
      expect(chart.give(rings(2), fails(2, 404), keepOpen(1_000), 0)).toEqual([]);
      expect(chart.context).toMatchObject({ hasRung: false, huntBest: { status } });
      expectTold(ringingCallTo(2, { settings: { declineEndsCall: true } }).give(fails(1, status)), [
        reject(status),
        ...failed(status),
        cancel(2, 'none'),
      ]);
    }
  });

  it('gives up sleeping devices too when the callee has waited long enough', () => {
    const chart = callTo(0, { asleep: 1, forwarding: { unreachable: CAROL, ringMs: 5_000 } });
    chart.give(keepOpen(20_000));
    expectTold(chart.give(5_000), [unanswered('unreachable', CAROL), reject(480), ...failed(480)]);
  });

  it('is diverted no more than five times, those before it came included', () => {
    const chart = ringingCallTo(1, { diverted: 5 });
    expect(chart.give(divert())).toEqual([]);
    expect(chart.taken).toBe(false);
  });

  it('has no ring limit any more once it is answered or over', () => {
    const answered = ringingCallTo(1, { forwarding: { ringMs: 5_000 } });
    answered.give(answers(1), 5_000);
    expect(answered.state).toBe('talking.answered');
    const over = ringingCallTo(1, { forwarding: { ringMs: 5_000 } });
    over.give(callerCancels, 5_000);
    expect(over.state).toBe('releasing');
  });
});

const GROUP = 'ring-group:1';
const ringMember = (callee: string, devices: readonly string[], more: object = {}, by = GROUP) =>
  order(
    'call.ring',
    {
      callee,
      rings: devices.map((device) => ({ device, aor: callee, target: { ...target, contact: device } })),
      ...{ wakeable: false, accountPush: NO_PUSH, label: '', ...more },
    },
    by,
  );
const dropMember = (callee: string) => order('call.drop', { callee }, GROUP);
const keepForGroup = keepOpen(60_000, GROUP);
const idle = (hunter = GROUP, callee = CAROL) => ({ type: 'hunt.idle', call: SELF, hunter, callee });
const DAN = 'sip:dan@x';

describe('callees whom a scenario rings', () => {
  it('ring beside what rings, without a word of diversion, and are offered under stems of their own', () => {
    const chart = callTo(0);
    chart.give(keepForGroup);
    expectTold(chart.give(ringMember(CAROL, ['c1', 'c2'], { label: 'Sales', wakeable: true })), [
      {
        type: 'fork.started',
        leg: fork(1),
        callee: 'sip:bob@x',
        aor: CAROL,
        device: 'c1',
        case: GROUP,
        target: { label: 'Sales' },
      },
      { type: 'fork.started', leg: fork(2), device: 'c2' },
      { type: 'call.offered', callee: CAROL, callerName: 'Sales: Alice', callIdStem: 'stem-g1', wakeable: true },
    ]);
    expectTold(chart.give(ringMember(DAN, ['c1'])), [
      { type: 'fork.started', leg: fork(3), aor: DAN, device: 'c1' },
      { type: 'call.offered', callee: DAN, callerName: 'Alice', callIdStem: 'stem-g2' },
    ]);
    expect(JSON.stringify(chart.told)).not.toContain('diversions');
    const woken = order('call.fork', { aor: CAROL, device: 'c3', target, callId: 'stem-g1-w0' });
    expectTold(chart.give(woken), [{ type: 'fork.started', leg: fork(4), device: 'c3', target: { label: 'Sales' } }]);
  });

  it('are rung by who keeps the call open, each once at a time', () => {
    const chart = callTo(0);
    chart.give(ringMember(CAROL, ['c1']));
    expect(chart.taken, 'nobody keeps it open').toBe(false);
    chart.give(keepForGroup, ringMember(CAROL, ['c1']), ringMember(CAROL, ['c2']));
    expect(chart.taken, 'she rings already').toBe(false);
    expect(chart.give(dropMember(DAN)), 'nobody rang him').toEqual([]);
  });

  it('tell who rang them when nobody rings or wakes any more, once, and again after the next ones', () => {
    const chart = callTo(0);
    expectTold(chart.give(keepForGroup, 0), []);
    chart.give(ringMember(CAROL, ['c1']), keepOpen(20_000, 'push:1'), 0, rings(1));
    expectTold(chart.give(fails(1, 480)), []);
    expectTold(chart.give(letGo('push:1'), 0), [idle()]);
    expectTold(chart.give(ended(fork(1)), 0), []);
    expectTold(chart.give(ringMember(DAN, []), 0), [{ type: 'call.offered', callee: DAN }, idle(GROUP, DAN)]);
    expectTold(chart.give(letGo(GROUP)), [unanswered('noAnswer')]);
    // Nothing else would tell those who hear of one of them alone.
    const dropped = [CAROL, DAN].map((callee) => ({ type: 'callee.dropped', callee }));
    expectTold(chart.give(0), [reject(480, { message: 0 }), ...failed(480), ...dropped]);
  });

  it('speak for themselves alone: neither 486 nor 600 of one is the answer of all', () => {
    for (const status of [486, 600, 603]) {
      const chart = callTo(0, { settings: { declineEndsCall: true }, forwarding: { busy: CAROL } });
      chart.give(keepForGroup, ringMember(CAROL, ['c1', 'c2']), ringMember(DAN, ['d1']), 0);
      // Her other phone need not ring on.
      expectTold(chart.give(fails(1, status)), [cancel(2, 'none'), { type: 'callee.dropped', callee: CAROL }]);
      chart.give(answers(3));
      expect(chart.state).toBe('talking.answered');
      expect(chart.told.at(-1)).toMatchObject({ type: 'call.answered', callee: 'sip:bob@x', answeredBy: DAN });
    }
  });

  it('are given up: what answers too late does not count, nor does what wakes too late', () => {
    const chart = callTo(0, { settings: { maxForks: 1 } });
    chart.give(keepForGroup, ringMember(CAROL, ['c1']), 0, rings(1));
    expectTold(chart.give(dropMember(CAROL)), [cancel(1, 'none'), { type: 'callee.dropped', call: SELF, callee: CAROL }, idle()]);
    chart.give(ringMember(DAN, ['d1']), answers(1), 0);
    expect(chart.state).toBe('ringing.trying');
    chart.give(order('call.fork', { aor: CAROL, device: 'c2', target, callId: '' }));
    expect(chart.taken).toBe(false);
    expectTold(chart.give(answers(2)), [
      { type: 'leg.answer', fork: fork(2) },
      { type: 'call.answered', answeredBy: DAN },
    ]);
  });

  it('may be rung again after they were given up', () => {
    const chart = callTo(0);
    chart.give(keepForGroup, ringMember(CAROL, ['c1']), dropMember(CAROL), ringMember(CAROL, ['c1']), 0);
    expect(namesOf(chart.told).filter((type) => type === 'fork.started')).toHaveLength(2);
    chart.give(answers(2));
    expect(chart.state).toBe('talking.answered');
  });

  it('may be a group again: the inner one is asked first', () => {
    const chart = callTo(0);
    chart.give(keepForGroup, ringMember('sip:sales@x', []), keepOpen(60_000, 'ring-group:2'));
    chart.give(ringMember(CAROL, ['c1'], {}, 'ring-group:2'), 0);
    expectTold(chart.give(fails(1, 480), 0), [idle('ring-group:2')]);
    expect(chart.give(letGo('ring-group:2'), 0)).toEqual([]);
    chart.give(dropMember('sip:sales@x'));
    expectTold(chart.give(ringMember(DAN, ['d1'])), [{ type: 'fork.started', aor: DAN }, { type: 'call.offered' }]);
  });

  it('are bounded', () => {
    const chart = callTo(0);
    chart.give(keepForGroup);
    for (let n = 0; n < 70; n += 1) chart.give(ringMember(`sip:${n}@x`, [`d${n}`]));
    expect(chart.taken).toBe(false);
    expect(chart.context.members).toHaveLength(64);
    expect(chart.context.forks).toHaveLength(4);
  });

  it('are not called any more when the call goes on to somebody else', () => {
    const chart = callTo(0);
    chart.give(keepForGroup, ringMember(CAROL, ['c1']), 0);
    expectTold(chart.give(divert({ callee: DAN, rings: [] })), [
      cancel(1, 'none'),
      { ...diverted, callee: DAN },
      // Nothing else names them: who watches them, or wakes them, hears it so.
      { type: 'callee.dropped', callee: CAROL },
      forwarded,
      { type: 'call.offered', callee: DAN },
    ]);
    expect(chart.context.members).toEqual([]);
  });
});

describe('a missed call', () => {
  const told = (chart: Chart) => chart.told.find(({ type }) => type === 'callee.missed');
  const asked = (more: object, awake = 1) => ringingCallTo(awake, { fact: { anonymous: false, ...more } });

  it('is told with why nobody took it, and with the name of who called', () => {
    const rang = asked({});
    rang.give(rings(1), fails(1, 408, 'No Answer'), 0);
    expect(told(rang)).toMatchObject({
      callee: 'sip:bob@x',
      why: 'noAnswer',
      callerName: 'Alice',
      anonymous: false,
      status: 480,
    });
    const absent = asked({}, 0);
    absent.give(0);
    expect(told(absent)).toMatchObject({ why: 'unreachable' });
    const cancelled = asked({});
    cancelled.give(callerCancels);
    expect(told(cancelled)).toMatchObject({ why: 'gaveUp', status: 487 });
    const asleep = callTo(0, { asleep: 1 });
    asleep.give(keepOpen(20_000), callerCancels);
    expect(told(asleep), 'who sleeps all along was not there').toMatchObject({ why: 'unreachable' });
  });

  it('is one of whom it was for first', () => {
    const chart = ringingCallTo(1, { forwarding: { busy: CAROL } });
    chart.give(fails(1, 486), keepOpen(1_000), divert(), 0, fails(2, 404), 0);
    expect(told(chart)).toMatchObject({ callee: 'sip:bob@x', why: 'busy', status: 486 });
  });

  it.each([
    ['a number outside', { rings: [{ aor: '', device: 'trunk', target }] }],
    ['a party that is taken over', { continues: 'call:3', transferredBy: '' }],
    ['a star code', { code: '*8' }],
    ['one that a scenario placed', { placedBy: 'ring-back:1' }],
  ])('is none that was for %s', (_, fact) => {
    const chart = asked(fact, 0);
    chart.give(fails(1, 480), 0);
    chart.give(callerCancels);
    expect(told(chart)).toBeUndefined();
  });

  it('is none that was answered elsewhere, as the caller’s proxy says (RFC 3326)', () => {
    const chart = asked({});
    chart.give({ ...callerCancels, reason: 'SIP ;cause=200 ;text="Call completed elsewhere"' } as EventObject);
    expect(told(chart)).toBeUndefined();
  });

  it('is offered and pushed without who it was from, if that one wants it so (RFC 3323)', () => {
    const chart = asked({ anonymous: true });
    expect(chart.told.find(({ type }) => type === 'call.offered')).toMatchObject({
      caller: 'sip:anonymous@anonymous.invalid',
      callerName: 'Anonymous',
    });
    chart.give(callerCancels);
    expect(told(chart)).toMatchObject({ anonymous: true, callerName: 'Anonymous' });
  });
});

describe('a device that redirects', () => {
  const redirects = (n: number) => fails(n, 302);
  const found = (route: number, more: object = {}) => ({
    type: 'route.found',
    call: SELF,
    route,
    callee: CAROL,
    rings: [ring('carol1')],
    wakeable: false,
    accountPush: NO_PUSH,
    forwarding: NO_FORWARDING,
    case: '',
    ...more,
  });
  const noRoute = (route: number) => ({ type: 'route.failed', call: SELF, route, status: 403, reason: '', case: '' });

  it('is followed under its user’s permissions, and what it leads to rings', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(redirects(1)), [
      { type: 'sip.follow', to: 'port:sip', call: SELF, route: 1, message: 41, onBehalfOf: 'sip:bob@x' },
    ]);
    chart.give(ended(fork(1)));
    expect(chart.state).toBe('ringing.trying');
    expectTold(chart.give(found(1, { wakeable: true })), [
      {
        type: 'fork.started',
        leg: fork(2),
        callee: 'sip:bob@x',
        aor: CAROL,
        target: { diversions: [{ by: 'sip:bob@x', to: CAROL, why: 'deflected' }] },
      },
      { type: 'call.offered', callee: CAROL, callIdStem: 'stem-r1', wakeable: true },
    ]);
    expect(chart.give(found(1))).toEqual([]);
  });

  it('counts as one that cannot be had where it leads nowhere', () => {
    const chart = ringingCallTo(1);
    chart.give(redirects(1));
    expectTold(chart.give(noRoute(1), 0), [unanswered('unreachable'), reject(480), ...failed(480)]);
    // Late ones.
    expect(chart.give(noRoute(1), found(1))).toEqual([]);
  });

  it('is followed five times in a call', () => {
    const chart = ringingCallTo(1, { settings: { maxForks: 9 } });
    for (let n = 1; n <= 5; n++) chart.give(redirects(n), found(n, { rings: [ring(`carol${n}`)] }));
    expectTold(chart.give(redirects(6), 0), [unanswered('unreachable'), reject(480), ...failed(480)]);
  });
});

describe('keeping a call open', () => {
  it('ends at its deadline, to the millisecond', () => {
    const chart = callTo(0);
    chart.give(keepOpen(20_000), 0, 19_999);
    expect(chart.state).toBe('ringing.trying');
    const told = chart.give(1, 0);
    expectTold(told, [unanswered('unreachable'), reject(480), ...failed(480)]);
    expect(told[0]?.atMs).toBe(20_000);
  });

  it('counts from the latest order of the same keeper', () => {
    const chart = callTo(0);
    chart.give(keepOpen(20_000), 0, 15_000, keepOpen(20_000), 19_999);
    expect(chart.state).toBe('ringing.trying');
    chart.give(1);
    expect(chart.state).toBe('releasing');
  });

  it('ends when the last of several keepers lets go', () => {
    const chart = callTo(0);
    chart.give(keepOpen(20_000, 'push:1'), keepOpen(30_000, 'pickup:1'), 0, letGo('push:1'), 29_999);
    expect(chart.state).toBe('ringing.trying');
    chart.give(letGo('pickup:1'), 0);
    expect(chart.state).toBe('releasing');
  });

  it('ends with its keeper', () => {
    const chart = callTo(0);
    chart.give(keepOpen(20_000), 0, ended('push:1'), 0);
    expect(chart.state).toBe('releasing');
  });

  it('ends no fork that rings', () => {
    const chart = callTo(1);
    chart.give(keepOpen(20_000), 0, rings(1));
    expect(chart.give(40_000)).toEqual([]);
    expect(chart.state).toBe('ringing.trying');
  });

  it('tells the caller of it once, and not after a phone has rung', () => {
    const quiet = callTo(0);
    expectTold(quiet.give(keepOpen(20_000, 'push:1', 182)), [
      { type: 'leg.progress', to: CALLER, fork: '', status: 182, message: 0 },
    ]);
    expect(quiet.give(keepOpen(20_000, 'push:2', 182))).toEqual([]);
    const rung = callTo(1);
    rung.give(rings(1));
    expect(rung.give(keepOpen(20_000, 'push:1', 182))).toEqual([]);
  });

  it('is refused for no time, and beyond its limit of keepers', () => {
    const chart = callTo(1);
    chart.give(keepOpen(0));
    expect(chart.taken).toBe(false);
    for (let n = 0; n < 8; n++) chart.give(keepOpen(1000, `keeper:${n}`));
    expect(chart.taken).toBe(true);
    chart.give(keepOpen(1000, 'keeper:8'));
    expect(chart.taken).toBe(false);
  });
});

describe('the forks of a call (RFC 3261 §16.7)', () => {
  it('adds one that is asked for, with the Call-ID that was announced', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(addFork('mobile', 'stem-w0')), [
      { type: 'fork.started', leg: fork(2), device: 'mobile', callId: 'stem-w0', case: 'push:1', target },
    ]);
    expectTold(chart.give(addFork('tablet')), [{ type: 'fork.started', leg: fork(3), callId: 'stem-3' }]);
  });

  it('refuses a second one to the same device, and more than it may have', () => {
    const chart = ringingCallTo(3);
    expect(chart.give(addFork('device1'))).toEqual([]);
    expect(chart.taken).toBe(false);
    chart.give(addFork('mobile'));
    expect(chart.taken).toBe(true);
    chart.give(addFork('tablet'));
    expect(chart.taken).toBe(false);
  });

  it('passes every ringing on as that fork’s, and tells the first', () => {
    const chart = ringingCallTo(2);
    expectTold(chart.give(rings(1, 183)), [{ type: 'leg.progress', to: CALLER, fork: fork(1), status: 183, message: 21 }]);
    // A 183 is no ringing: the first 180 is.
    expectTold(chart.give(rings(1), rings(2)), [
      { type: 'leg.progress', fork: fork(1), status: 180 },
      { type: 'call.ringing', call: SELF, device: 'device1' },
      { type: 'leg.progress', fork: fork(2), status: 180 },
    ]);
    const other = ringingCallTo(2);
    expectTold(other.give(rings(2), rings(1)), [
      { type: 'leg.progress', fork: fork(2) },
      { type: 'call.ringing', call: SELF, device: 'device2' },
      { type: 'leg.progress', fork: fork(1) },
    ]);
  });

  it('fails with the best answer when the last one has failed', () => {
    const chart = ringingCallTo(3);
    expect(chart.give(fails(1, 480), fails(2, 486, 'Busy Here'))).toEqual([]);
    expectTold(chart.give(fails(3, 503), 0), [
      unanswered('busy'),
      reject(486, { reason: 'Busy Here', message: 42 }),
      ...failed(486),
    ]);
  });

  it('does not wait for a silent one, and cancels it without a Reason', () => {
    const chart = ringingCallTo(2);
    expect(chart.give(isSilent(1))).toEqual([]);
    expectTold(chart.give(fails(2, 404), 0), [unanswered('unreachable'), reject(404), ...failed(404), cancel(1, 'none')]);
  });

  it('waits again for a silent one that rings after all', () => {
    const chart = ringingCallTo(2);
    chart.give(isSilent(1), rings(1), fails(2, 404));
    expect(chart.state).toBe('ringing.trying');
  });

  it.each([
    [600, false],
    [606, false],
    [603, true],
  ])('ends the search at once on %i (declineEndsCall %s)', (status, declineEndsCall) => {
    const chart = ringingCallTo(2, { settings: { declineEndsCall } });
    chart.give(keepOpen(20_000));
    expectTold(chart.give(fails(1, status)), [reject(status), ...failed(status), cancel(2, 'none')]);
  });

  it('goes on after a 603, which is often one phone’s', () => {
    const chart = ringingCallTo(2);
    expect(chart.give(fails(1, 603))).toEqual([]);
    expect(chart.state).toBe('ringing.trying');
  });

  it('ends as it is told to', () => {
    expectTold(ringingCallTo(2).give(end), [
      reject(404, { reason: 'No Such User' }),
      ...failed(404),
      cancel(1, 'none'),
      cancel(2, 'none'),
    ]);
  });

  it('counts a fork whose actor ended without a word as gone', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(ended(fork(1)), 0), [unanswered('unreachable'), reject(480), ...failed(480)]);
  });
});

describe('what the caller ends early', () => {
  it('is one fork, if another rings or somebody keeps the call open (RFC 3261 §15)', () => {
    const chart = ringingCallTo(2);
    expectTold(chart.give(forsakes(1)), [cancel(1, 'none')]);
    expectTold(chart.give(keepOpen(20_000), forsakes(2)), [cancel(2, 'none')]);
    expect(chart.state).toBe('ringing.trying');
    expectTold(chart.give(20_000, 0), [unanswered('unreachable'), reject(480), ...failed(480)]);
  });

  it('is the call, if it is the last fork: 487 (RFC 3261 §15.1.2)', () => {
    const chart = ringingCallTo(2);
    chart.give(fails(2, 486));
    expectTold(chart.give(forsakes(1)), [reject(487), ...failed(487), cancel(1, 'none')]);
    expect(chart.state).toBe('releasing');
  });

  it('is the call, if it gives no PRACK (RFC 3262 §3)', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(noPrack), [reject(504, { reason: 'No PRACK' }), ...failed(504), cancel(1, 'none')]);
    expect(chart.state).toBe('releasing');
  });

  it('is no talk, while there is none', () => {
    const chart = ringingCallTo(1);
    expect(chart.give(lapses)).toEqual([]);
    expect(chart.state).toBe('ringing.trying');
  });
});

describe('a call that a scenario has picked up', () => {
  const pickUp = order('call.pickUp', { picker: 'sip:carol@x' });
  const told = (fact: object, settings: object = { picksUp: true }) => {
    const chart = ringingCallTo(1, { fact, settings });
    const orders = chart.give(pickUp);
    expect(chart.taken).toBe(orders.length > 0);
    return orders;
  };

  it('asks for it, as who dials a code does', () => {
    const asked = { type: 'pickup.asked', call: '', leg: '', picker: 'sip:carol@x', callees: ['sip:bob@x'], target: SELF };
    expectTold(told({}), [{ ...asked, form: 'order', mode: 'callback' }]);
  });

  it('refuses where nothing can be picked up, or where it is no call for people', () => {
    expectTold(told({}, {}), []);
    for (const fact of [{ code: '*37' }, { placedBy: 'case:1' }, { direct: true }]) expectTold(told(fact), []);
  });
});

describe('a claim', () => {
  it('is won by the first; the next one hears who was', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(claim('pickup:1')), [{ type: 'claim.won', call: SELF, winner: 'pickup:1' }]);
    expectTold(chart.give(claim('pickup:2')), [{ type: 'claim.lost', winner: 'pickup:1', loser: 'pickup:2' }]);
    expectTold(chart.give(claim('pickup:3')), [{ type: 'claim.lost', winner: 'pickup:1', loser: 'pickup:3' }]);
  });

  it('may be repeated by who won it, and is free again when that one has ended', () => {
    const chart = ringingCallTo(1);
    chart.give(claim('pickup:1'));
    expectTold(chart.give(claim('pickup:1')), [{ type: 'claim.won', winner: 'pickup:1' }]);
    chart.give(ended('pickup:1'));
    expectTold(chart.give(claim('pickup:2')), [{ type: 'claim.won', winner: 'pickup:2' }]);
  });

  it('loses to the answer', () => {
    const chart = ringingCallTo(1);
    chart.give(answers(1));
    expectTold(chart.give(claim('pickup:1')), [{ type: 'claim.lost', winner: fork(1), loser: 'pickup:1' }]);
  });

  it('is lost once the call is over', () => {
    const chart = ringingCallTo(1);
    chart.give(callerCancels);
    expectTold(chart.give(claim('pickup:1')), [{ type: 'claim.lost', loser: 'pickup:1' }]);
  });
});

describe('an answered call', () => {
  it('gives the answer to the caller and cancels the others as completed elsewhere (RFC 3326)', () => {
    const chart = ringingCallTo(3);
    chart.give(rings(1), keepOpen(20_000), fails(3, 486));
    expectTold(chart.give(answers(1)), [
      { type: 'leg.answer', to: CALLER, fork: fork(1), status: 200, message: 31 },
      { type: 'call.answered', call: SELF, device: 'device1' },
      cancel(2, 'elsewhere'),
    ]);
    expect(chart.state).toBe('talking.answered');
  });

  it('passes the caller’s ACK to the winner once', () => {
    const chart = ringingCallTo(1);
    chart.give(answers(1));
    expectTold(chart.give(callerAcks), [{ type: 'leg.acknowledge', to: fork(1), message: 50 }]);
    expect(chart.state).toBe('talking.connected');
  });

  it('takes no further forks and is kept open by nobody', () => {
    const chart = ringingCallTo(1);
    chart.give(keepOpen(20_000), answers(1));
    for (const one of [addFork('mobile'), keepOpen(5000), letGo()]) {
      expect(chart.give(one)).toEqual([]);
      expect(chart.taken).toBe(false);
    }
    expect(chart.give(30_000)).toEqual([]);
    expect(chart.state).toBe('talking.answered');
  });

  it.each<[string, EventObject]>([
    ['rings', rings(2)],
    ['is silent', isSilent(2)],
    ['fails', fails(2, 487)],
    ['answers too', answers(2)],
    ['was not wanted', forsakes(2)],
  ])('says nothing more when a fork that it cancelled %s', (_what, late) => {
    const chart = ringingCallTo(2);
    chart.give(answers(1));
    expect(chart.give(late)).toEqual([]);
    expect(chart.taken).toBe(true);
    expect(chart.state).toBe('talking.answered');
  });

  it('is not changed by an ACK that no answer waits for', () => {
    const chart = ringingCallTo(1);
    expect(chart.give(callerAcks)).toEqual([]);
    expect([chart.taken, chart.state]).toEqual([true, 'ringing.trying']);
    chart.give(answers(1), callerAcks);
    expect(chart.give(callerAcks)).toEqual([]);
    expect([chart.taken, chart.state]).toEqual([true, 'talking.connected']);
  });

  it.each<[string, EventObject, object[]]>([
    ['the caller hangs up', hangsUp(CALLER), [{ type: 'leg.hangUp', to: fork(1), message: 51 }]],
    ['the callee hangs up', hangsUp(fork(1)), [{ type: 'leg.hangUp', to: CALLER, message: 51 }]],
    [
      'it is ended',
      end,
      [
        { type: 'leg.hangUp', to: fork(1), message: 0 },
        { type: 'leg.hangUp', to: CALLER, message: 0 },
      ],
    ],
    [
      'a party is gone',
      lapses,
      [
        { type: 'leg.hangUp', to: fork(1), message: 0, lapse: 'expired' },
        { type: 'leg.hangUp', to: CALLER, message: 0, lapse: 'expired' },
      ],
    ],
    ['the caller’s leg crashes', ended(CALLER), [{ type: 'leg.hangUp', to: fork(1), message: 0 }]],
    ['the callee’s leg crashes', ended(fork(1)), [{ type: 'leg.hangUp', to: CALLER, message: 0 }]],
    [
      'a CANCEL crossed the 2xx',
      callerCancels,
      [
        { type: 'call.cancelled', reason: 'SIP;cause=487' },
        { type: 'leg.cancel', to: fork(1), reason: 'caller', text: 'SIP;cause=487' },
      ],
    ],
  ])('is released when %s', (_what, cause, told) => {
    const chart = ringingCallTo(1);
    chart.give(answers(1));
    expectTold(chart.give(cause), told);
    expect(chart.state).toBe('releasing');
  });

  it('is not touched by the end of a fork that lost', () => {
    const chart = ringingCallTo(2);
    chart.give(answers(1));
    expect(chart.give(ended(fork(2)))).toEqual([]);
    expect(chart.state).toBe('talking.answered');
  });
});

describe('a command that is refused', () => {
  const refusal = (command: string): EventObject =>
    ({ type: 'command.refused', author: SELF, command, addressee: 'port:sip', why: 'no such request waits' }) as EventObject;

  it.each(['sip.relayRequest', 'sip.relayResponse', 'sip.relayAck', 'sip.refuseRequest', 'sip.transfer'])(
    'is reckoned with if its party may have hung up meanwhile: %s',
    (command) => {
      const chart = ringingCallTo(1);
      chart.give(answers(1), callerAcks);
      expect(chart.give(refusal(command))).toEqual([]);
      expect([chart.taken, chart.state]).toEqual([true, 'talking.connected']);
    },
  );

  it('is none that the call reckons with otherwise', () => {
    const chart = ringingCallTo(1);
    chart.give(answers(1), refusal('leg.answer'));
    expect(chart.taken).toBe(false);
  });
});

describe('transfer', () => {
  const refer = (leg: string) => ({ ...request(leg), method: 'REFER' });

  it.each([
    ['the caller', CALLER, fork(1)],
    ['the callee', fork(1), CALLER],
  ])('asked for by %s is carried out for the other party', (_who, from, to) => {
    const chart = ringingCallTo(1);
    chart.give(answers(1), callerAcks);
    expectTold(chart.give(refer(from)), [{ type: 'sip.transfer', to: 'port:sip', leg: to, exchange: 9 }]);
    expect(chart.state).toBe('talking.connected');
  });

  it('is passed on where phones carry it out', () => {
    const chart = ringingCallTo(1, { settings: { transfer: 'relay' } });
    chart.give(answers(1), callerAcks);
    expectTold(chart.give(refer(fork(1))), [{ type: 'sip.relayRequest', leg: CALLER, exchange: 9 }]);
  });

  it('that a scenario orders is carried out in the name of the other party, completed and taken back', () => {
    const chart = ringingCallTo(1);
    chart.give(answers(1));
    const transfer = (leg: string, consult = false) => order('call.transfer', { leg, callee: '123', consult }, 'codes:1');
    chart.give(transfer(CALLER));
    expect(chart.taken, 'they do not talk yet').toBe(false);
    chart.give(callerAcks);
    const ordered = { type: 'sip.transferParty', to: 'port:sip', callee: '123', case: 'codes:1' };
    expectTold(chart.give(transfer(CALLER)), [{ ...ordered, leg: CALLER, from: fork(1), consult: false }]);
    expectTold(chart.give(transfer(fork(1), true)), [{ ...ordered, leg: fork(1), from: CALLER, consult: true }]);
    expectTold(chart.give(order('call.completeTransfer')), [{ type: 'sip.endTransfer', leg: CALLER, completes: true }]);
    expectTold(chart.give(order('call.cancelTransfer')), [{ type: 'sip.endTransfer', leg: CALLER, completes: false }]);
    chart.give(transfer(fork(9)));
    expect(chart.taken, 'that is no party').toBe(false);
    expect(chart.state).toBe('talking.connected');
  });

  it('makes a call that rings only whom it leads to, and says from where it came once its parties hear each other', () => {
    const party = { aor: '', device: 'party', target: { ...target, adopts: 'leg:5/1' } };
    const fact = { direct: true, continues: 'call:5', transferredBy: 'sip:carol@x' };
    const chart = ringingCallTo(1, { asleep: 1, rings: [party], fact });
    expectTold(chart.told, [
      { type: 'fork.started', leg: fork(1), device: 'party', target: party.target },
      { type: 'call.offered', wakeable: false },
    ]);
    chart.give(answers(1));
    expectTold(chart.give(callerAcks), [
      { type: 'leg.acknowledge', to: fork(1), message: 50 },
      { type: 'call.transferred', call: SELF, from: 'call:5', transferredBy: 'sip:carol@x', caller: 'sip:alice@x' },
    ]);
  });

  it('is released when the dialog of a party went on elsewhere', () => {
    const chart = ringingCallTo(1);
    chart.give(answers(1), callerAcks);
    expectTold(chart.give({ type: 'leg.hungUp', call: SELF, leg: CALLER, how: 'moved', message: 0 } as EventObject), [
      { type: 'leg.hangUp', to: fork(1), message: 0 },
    ]);
    expect(chart.state).toBe('releasing');
  });
});

describe('requests inside dialogs (RFC 3261 §12.2)', () => {
  const relayed = (leg: string) => [{ type: 'sip.relayRequest', to: 'port:sip', leg, exchange: 9 }];

  it.each<[string, readonly Stimulus[], EventObject, object[]]>([
    ['the caller’s, in an early dialog, to its fork', [rings(1)], request(CALLER, fork(1)), relayed(fork(1))],
    ['a fork’s to the caller', [rings(1)], request(fork(1)), relayed(CALLER)],
    ['the caller’s to the winner', [answers(1)], request(CALLER), relayed(fork(1))],
    ['the winner’s to the caller', [answers(1)], request(fork(1)), relayed(CALLER)],
    ['the caller’s while there is no other side: 481', [], request(CALLER), [refused(CALLER)]],
    ['any while the call is released: 481', [callerCancels], request(fork(1)), [refused(fork(1))]],
    ['a fork’s whose caller is gone: 481', [answers(1), ended(CALLER)], request(fork(1)), [refused(fork(1))]],
  ])('%s', (_name, path, on, told) => {
    const chart = ringingCallTo(1);
    chart.give(...path);
    expectTold(chart.give(on), told);
  });

  it.each<[string, readonly Stimulus[]]>([
    ['ringing', []],
    ['talking', [answers(1)]],
    ['releasing', [callerCancels]],
  ])('have their answers and ACKs passed on while %s', (_name, path) => {
    const chart = ringingCallTo(1);
    chart.give(...path);
    const back = { call: SELF, leg: CALLER, exchange: 9, message: 60 };
    expectTold(
      chart.give(
        { type: 'response.received', ...back, status: 200 } as EventObject,
        { type: 'exchange.acknowledged', ...back } as EventObject,
      ),
      [
        { type: 'sip.relayResponse', to: 'port:sip', leg: CALLER, exchange: 9, message: 60 },
        { type: 'sip.relayAck', to: 'port:sip', leg: CALLER, exchange: 9, message: 60 },
      ],
    );
  });
});

describe('the end of a call', () => {
  it('cancels all forks with the caller’s Reason when it gives up (RFC 3261 §9, RFC 3326)', () => {
    const chart = ringingCallTo(3);
    chart.give(keepOpen(20_000), rings(1), fails(3, 486));
    expectTold(chart.give(callerCancels), [
      { type: 'call.cancelled', call: SELF, reason: 'SIP;cause=487' },
      missed({ why: 'gaveUp', status: 487 }),
      cancel(1, 'caller', 'SIP;cause=487'),
      cancel(2, 'caller', 'SIP;cause=487'),
    ]);
    expect(chart.state).toBe('releasing');
  });

  it('cancels all forks when the caller’s leg crashes', () => {
    expectTold(ringingCallTo(2).give(ended(CALLER)), [
      { type: 'call.failed', call: SELF, status: 500 },
      cancel(1, 'none'),
      cancel(2, 'none'),
    ]);
  });

  it.each<[string, readonly Stimulus[], object]>([
    ['answered', [answers(1), callerAcks, hangsUp(CALLER)], { outcome: 'answered', status: 200 }],
    ['failed', [fails(1, 486)], { outcome: 'failed', status: 486 }],
    ['cancelled', [callerCancels], { outcome: 'cancelled', status: 487 }],
  ])('is told once all legs have ended: %s', (_name, path, outcome) => {
    const chart = ringingCallTo(1);
    chart.give(...path, 0, ended(CALLER));
    expect(chart.state).toBe('releasing');
    expectTold(chart.give(ended(fork(1))), [{ type: 'call.ended', call: SELF, ...outcome }]);
    expect(chart.status).toBe('done');
  });

  it('does not wait for ever for a leg that never tells its end', () => {
    const chart = ringingCallTo(1);
    chart.give(callerCancels);
    chart.give(4 * SIXTY_FOUR_T1_MS - 1);
    expect(chart.status).toBe('active');
    expectTold(chart.give(1), [{ type: 'call.ended', outcome: 'cancelled' }]);
  });

  it.each<[string, EventObject]>([
    ['ringing', rings(1)],
    ['silence', isSilent(1)],
    ['a failure', fails(1, 487)],
    ['an answer', answers(1)],
    ['a CANCEL', callerCancels],
    ['an ACK', callerAcks],
    ['a BYE of an early dialog', forsakes(1)],
    ['a lapse', lapses],
    ['a BYE', hangsUp(CALLER)],
  ])('is not changed by %s that comes late', (_what, late) => {
    const chart = ringingCallTo(1);
    chart.give(keepOpen(20_000), callerCancels);
    expect(chart.give(late)).toEqual([]);
    expect(chart.taken).toBe(true);
    expect(chart.give(20_000)).toEqual([]);
    expect(chart.state).toBe('releasing');
  });
});

describe('the scenario', () => {
  it('hears of its callee and of itself, of nobody else', () => {
    const interests = scenario.listensTo({ callee: 'sip:*@x' } as never, SELF);
    for (const { fact, where } of interests)
      expect(where, fact).toEqual(
        fact === 'binding.added'
          ? [{ attribute: 'aor', test: 'sip:*@x' }]
          : [
              { attribute: fact === 'actor.ended' ? 'of' : 'call', test: SELF },
              ...(fact.startsWith('route.') ? [{ attribute: 'case', test: '' }] : []),
            ],
      );
  });

  it('lets a registration pass, which supervisors hear for it', () => {
    const chart = ringingCallTo(1);
    expect(chart.give(bound('late') as EventObject)).toEqual([]);
    expect(chart.taken).toBe(true);
  });
});

describe('a call whose caller the service answers itself', () => {
  const attend = (forMs = 40_000) => order('call.answer', { forMs });
  const accept = { type: 'leg.answer', to: CALLER, fork: '', status: 200, message: 0 };
  const attended = { type: 'call.answered', call: SELF, device: '', answeredBy: '' };
  const dismissed = (status: number, reason: string) => ({
    type: 'leg.hangUp',
    to: CALLER,
    message: 0,
    order: { status, reason },
  });
  function attendedCall(how: Parameters<typeof callTo>[1] = {}): Chart {
    const chart = callTo(0, { fact: { code: '*8', direct: true }, ...how });
    expectTold(chart.give(attend()), [accept, attended]);
    return chart;
  }

  it('tells so once the caller has acknowledged', () => {
    const chart = attendedCall();
    expect(chart.state).toBe('attended.answered');
    expectTold(chart.give(callerAcks), [{ type: 'caller.answered', call: SELF, leg: CALLER }]);
    expect(chart.give(callerAcks)).toEqual([]);
    expect([chart.taken, chart.state]).toEqual([true, 'attended.alone']);
  });

  it('rings nobody any more, and nobody who was rung changes it', () => {
    const chart = ringingCallTo(4);
    expectTold(chart.give(keepOpen(20_000), attend()), [
      accept,
      attended,
      cancel(1, 'none'),
      cancel(2, 'none'),
      cancel(3, 'none'),
      cancel(4, 'none'),
    ]);
    const late = [rings(1), isSilent(2), fails(1, 487), answers(2), forsakes(3), hangsUp(fork(2)), ended(fork(1)), 20_000];
    expect(chart.give(...late)).toEqual([]);
    expect([chart.taken, chart.state]).toEqual([true, 'attended.answered']);
    expectTold(chart.give(claim('pickup:1')), [{ type: 'claim.lost', loser: 'pickup:1' }]);
  });

  it('is refused where nobody calls, and where nobody has time', () => {
    const placed = callTo(1, { fact: { placedBy: 'case:1' } });
    placed.give(attend());
    expect(placed.taken).toBe(false);
    const chart = callTo(1);
    chart.give(attend(0));
    expect(chart.taken).toBe(false);
  });

  it.each<[string, Stimulus, object[]]>([
    ['it is ended', end, [dismissed(404, 'No Such User')]],
    ['it is ended without a final status', order('call.end', { status: 0, reason: '' }), [dismissed(480, '')]],
    ['nobody came in time', 40_000, [dismissed(480, 'Nobody Came')]],
    ['the caller is gone', lapses, [{ type: 'leg.hangUp', to: CALLER, lapse: 'expired' }]],
    ['the caller hangs up', hangsUp(CALLER), []],
    ['the caller’s leg crashes', ended(CALLER), [{ type: 'call.ended', outcome: 'answered', status: 200 }]],
    ['a CANCEL crossed the answer', callerCancels, [{ type: 'call.cancelled' }]],
  ])('is over when %s', (_what, cause, told) => {
    const chart = attendedCall();
    expectTold(chart.give(cause), told);
    expect(['releasing', 'ended']).toContain(chart.state);
  });

  const asking = (method: string): EventObject => Object.assign(request(CALLER), { method });
  it.each([
    ['INVITE', 491, ''],
    ['UPDATE', 491, ''],
    ['OPTIONS', 200, ''],
    ['INFO', 480, 'Nobody Is There Yet'],
    ['REFER', 480, 'Nobody To Transfer Yet'],
  ])('answers the caller’s %s with %i %s', (method, status, reason) => {
    const chart = attendedCall();
    expectTold(chart.give(callerAcks, asking(method)), [{ type: 'caller.answered' }, { ...refused(CALLER), status, reason }]);
  });
});

describe('a party of another call that is joined', () => {
  const PICKER = 'leg:9/0';
  const join = (leg = PICKER, by = 'pickup:1') => order('call.join', { leg, aor: CAROL }, by);
  const lost = (status: number, reason: string, by = 'pickup:1') => ({ type: 'join.lost', case: by, call: SELF, status, reason });
  const diversions = [{ by: 'sip:bob@x', to: CAROL, why: 'pickedUp' }];
  const won = { type: 'join.won', case: 'pickup:1', call: SELF };

  it('is one more fork, and wins if it answers first', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(join()), [
      {
        type: 'fork.started',
        leg: fork(2),
        aor: CAROL,
        device: PICKER,
        case: 'pickup:1',
        target: { adopts: PICKER, diversions },
      },
    ]);
    expectTold(chart.give(answers(2)), [
      { type: 'leg.answer', to: CALLER, fork: fork(2), status: 200 },
      { type: 'call.answered', answeredBy: CAROL },
      won,
      cancel(1, 'elsewhere'),
    ]);
    expect(chart.state).toBe('talking.answered');
  });

  it.each<[string, Stimulus[], object[]]>([
    [
      'another answers first',
      [answers(1)],
      [{ type: 'leg.answer' }, { type: 'call.answered' }, cancel(2, 'elsewhere'), lost(486, 'Answered By Another')],
    ],
    [
      'the caller gives up',
      [callerCancels],
      [
        { type: 'call.cancelled' },
        missed(),
        cancel(1, 'caller', 'SIP;cause=487'),
        cancel(2, 'caller', 'SIP;cause=487'),
        lost(487, 'Caller Has Hung Up'),
      ],
    ],
    [
      'the call is ended',
      [end],
      [{ type: 'leg.reject' }, ...failed(404), cancel(1, 'none'), cancel(2, 'none'), lost(480, 'Nobody Rings Any More')],
    ],
    [
      'the callee says 600',
      [fails(1, 600)],
      [{ type: 'leg.reject' }, ...failed(600), cancel(2, 'none'), lost(480, 'Nobody Rings Any More')],
    ],
    [
      'it goes to somebody else',
      [divert()],
      [
        cancel(1, 'none'),
        cancel(2, 'none'),
        lost(480, 'Call Has Gone Elsewhere'),
        { type: 'call.diverted' },
        { type: 'leg.progress' },
        { type: 'fork.started' },
        { type: 'call.offered' },
      ],
    ],
    [
      'the caller’s leg crashes',
      [ended(CALLER)],
      [{ type: 'call.failed', status: 500 }, cancel(1, 'none'), cancel(2, 'none'), lost(480, 'Nobody Rings Any More')],
    ],
  ])('hears once that it is not when %s', (_what, causes, told) => {
    const chart = ringingCallTo(1);
    chart.give(join());
    expectTold(chart.give(...causes), told);
    expect(chart.give(fails(2, 487))).toEqual([]);
  });

  it.each([
    ['fails', fails(2, 488, 'Not Acceptable Here'), lost(488, 'Not Acceptable Here')],
    ['declines all', fails(2, 603), lost(603, '')],
    ['redirects', fails(2, 302), lost(302, '')],
    ['crashes', ended(fork(2)), lost(500, 'Call Failed Here')],
  ])('that %s leaves the phones ringing, and is no answer of theirs', (_what, cause, told) => {
    const chart = ringingCallTo(1, { settings: { declineEndsCall: true }, forwarding: { busy: CAROL } });
    chart.give(join());
    expectTold(chart.give(cause), [told]);
    expect(chart.state).toBe('ringing.trying');
    expectTold(chart.give(fails(1, 404), 0), [unanswered('unreachable'), reject(404), ...failed(404)]);
  });

  it('keeps the call open while it is being joined, when the callee’s devices have had their time', () => {
    const chart = ringingCallTo(1, { forwarding: { noAnswer: CAROL, ringMs: 5_000 } });
    chart.give(rings(1), join());
    expectTold(chart.give(5_000), [cancel(1, 'none')]);
    expectTold(chart.give(fails(2, 480)), [lost(480, ''), unanswered('noAnswer', CAROL)]);
  });

  it('whose fork the caller forsakes has lost', () => {
    const chart = ringingCallTo(1);
    chart.give(join());
    expectTold(chart.give(forsakes(2)), [cancel(2, 'none'), lost(480, 'Nobody Rings Any More')]);
  });

  it('whose address nobody knows is no diversion', () => {
    const chart = ringingCallTo(1);
    expectTold(chart.give(order('call.join', { leg: PICKER, aor: '' })), [{ type: 'fork.started', aor: '' }]);
    expect(chart.told.at(-1)).toMatchObject({ target: { adopts: PICKER } });
    expect(JSON.stringify(chart.told.at(-1))).not.toContain('diversions');
  });

  it('takes no room from devices', () => {
    const chart = ringingCallTo(1, { settings: { maxForks: 2 } });
    chart.give(join(), join('leg:10/0', 'pickup:2'));
    expectTold(chart.give(addFork('mobile')), [{ type: 'fork.started', device: 'mobile' }]);
    chart.give(addFork('tablet'));
    expect(chart.taken).toBe(false);
  });

  it('is bounded: so many at a time, so many in all, and no leg twice', () => {
    const chart = ringingCallTo(1);
    chart.give(join());
    const full = (by: string) => [lost(480, 'Too Many Pick It Up', by)];
    // That leg is being joined.
    expectTold(chart.give(join(PICKER, 'pickup:2')), full('pickup:2'));
    for (const n of [2, 3, 4]) expectTold(chart.give(join(`leg:${n}0/0`, `pickup:${n}`)), [{ type: 'fork.started' }]);
    expectTold(chart.give(join('leg:50/0', 'pickup:5')), full('pickup:5'));
    for (let n = 2; n <= 13; n += 1)
      expectTold(chart.give(fails(n, 488), join(`leg:${n}1/0`)), [{ type: 'join.lost', status: 488 }, { type: 'fork.started' }]);
    // Sixteen were.
    expectTold(chart.give(fails(14, 488), join('leg:99/0')), [{ type: 'join.lost', status: 488 }, ...full('pickup:1')]);
  });

  it('is never the caller, who may be one that is not shown', () => {
    const chart = ringingCallTo(1, { fact: { anonymous: true } });
    expectTold(chart.give(order('call.join', { leg: PICKER, aor: 'sip:alice@x' }, 'pickup:1')), [lost(403, 'Your Own Call')]);
    chart.give(order('call.divert', { callee: 'sip:alice@x', why: 'pickedUp', rings: [], forwarding: NO_FORWARDING }));
    expect(chart.taken).toBe(false);
  });

  it('that comes too late hears why', () => {
    const why = (...causes: Stimulus[]) => {
      const chart = ringingCallTo(1);
      chart.give(...causes);
      return chart.give(join());
    };
    expectTold(why(answers(1)), [lost(486, 'Answered By Another')]);
    expectTold(why(answers(1), hangsUp(CALLER)), [lost(486, 'Answered By Another')]);
    expectTold(why(callerCancels), [lost(487, 'Caller Has Hung Up')]);
    expectTold(why(end), [lost(480, 'Nobody Rings Any More')]);
    expectTold(why(order('call.answer', { forMs: 5_000 })), [lost(480, 'Nobody Rings Any More')]);
  });
});

describe('a call whose caller the service attends with media', () => {
  const IVR = 'ivr:1';
  const attend = order('call.answer', { forMs: 600_000, media: true }, IVR);
  const ringOther = (callee: string, devices: readonly string[]) => ringMember(callee, devices, {}, IVR);
  const back = (callee = CAROL) => idle(IVR, callee);
  const dropped = (callee: string) => ({ type: 'callee.dropped', call: SELF, callee });
  const bye = (more: object = {}) => ({ type: 'leg.hangUp', to: CALLER, message: 0, ...more });
  function attendedCall(how: Parameters<typeof callTo>[1] = {}): Chart {
    const chart = callTo(0, how);
    chart.give(attend, 0, callerAcks);
    expect(chart.state).toBe('attended.listening');
    return chart;
  }
  /** Carol's phone rings for the caller. */
  function dialled(how: Parameters<typeof callTo>[1] = {}): Chart {
    const chart = attendedCall(how);
    chart.give(ringOther(CAROL, ['c1']), 0, rings(1));
    expect(chart.state).toBe('ringing.trying');
    return chart;
  }

  it('is answered once its 2xx has left, which the ACK tells', () => {
    const chart = callTo(1);
    expectTold(chart.give(attend), [
      { type: 'leg.answer', to: CALLER, fork: '', status: 200, message: 0, media: true },
      cancel(1, 'none'),
    ]);
    expectTold(chart.give(callerAcks), [
      { type: 'call.answered', device: '', answeredBy: '' },
      { type: 'caller.answered', leg: CALLER },
    ]);
  });

  it('fails where there is no media that both have', () => {
    const chart = callTo(0);
    chart.give(attend);
    const refused = { type: 'leg.failed', call: SELF, leg: CALLER, device: '', status: 488, reason: 'No PCMU', message: 0 };
    expectTold(chart.give(refused), [{ type: 'call.failed', status: 488, reason: 'No PCMU' }]);
    expectTold(chart.give(ended(CALLER)), [{ type: 'call.ended', outcome: 'failed', status: 488 }]);
  });

  it('was answered although its caller hangs up instead of an ACK, and was not where its CANCEL was in time', () => {
    const hasty = callTo(0);
    hasty.give(attend);
    expectTold(hasty.give(hangsUp(CALLER)), [{ type: 'call.answered' }]);
    const cancelled = callTo(0);
    cancelled.give(attend);
    expectTold(cancelled.give(callerCancels), [{ type: 'call.cancelled' }, missed()]);
  });

  it('rings others, of whom the caller hears nothing, and connects whom answers first, at once', () => {
    const chart = attendedCall();
    expectTold(chart.give(ringOther(CAROL, ['c1', 'c2']), ringOther(DAN, ['d1']), 0), [
      { type: 'fork.started', leg: fork(1), aor: CAROL, device: 'c1', case: IVR },
      { type: 'fork.started', leg: fork(2) },
      { type: 'call.offered', callee: CAROL, callIdStem: 'stem-g1' },
      { type: 'fork.started', leg: fork(3) },
      { type: 'call.offered', callee: DAN },
    ]);
    expectTold(chart.give(rings(1), rings(2)), [{ type: 'call.ringing', device: 'device1' }]);
    expectTold(chart.give(answers(2)), [
      { type: 'call.answered', device: 'c2', answeredBy: CAROL },
      { type: 'leg.acknowledge', to: fork(2), message: 0 },
      cancel(1, 'elsewhere'),
      cancel(3, 'elsewhere'),
      dropped(DAN),
    ]);
    expect(chart.state).toBe('talking.connected');
    expectTold(chart.give(request(CALLER)), [{ type: 'sip.relayRequest', leg: fork(2) }]);
    expectTold(chart.give(hangsUp(fork(2))), [bye({ message: 51 })]);
  });

  it('is with the service again when nobody rings or wakes any more, as who had them rung hears', () => {
    const chart = dialled();
    chart.give(keepOpen(20_000, 'push:1', 180), fails(1, 486), 0);
    expect(chart.state).toBe('ringing.trying');
    // Carol was given up as she declined.
    expectTold(chart.give(letGo('push:1')), [back()]);
    expect(chart.state).toBe('attended.listening');
    // As often as it likes, each time under another stem.
    expectTold(chart.give(ringOther(CAROL, ['c1']), 0), [
      { type: 'fork.started', leg: fork(2) },
      { type: 'call.offered', callIdStem: 'stem-g2' },
    ]);
    expectTold(chart.give(fails(2, 480)), [back(), dropped(CAROL)]);
    expect(JSON.stringify(chart.told)).not.toContain('leg.progress');
  });

  it('hears that once, whether or not it keeps the call open itself', () => {
    const chart = attendedCall();
    chart.give(keepOpen(20_000, IVR), ringOther(CAROL, ['c1']), 0);
    expectTold(chart.give(fails(1, 480)), [back(), dropped(CAROL)]);
    expectTold(chart.give(20_000), []);
    expectTold(chart.give(keepOpen(5_000, IVR), 5_000), [back('sip:bob@x')]);
  });

  it('asks an inner group first', () => {
    const chart = attendedCall();
    chart.give(ringOther('sip:sales@x', []), keepOpen(60_000, GROUP), ringMember(CAROL, ['c1']), 0);
    expectTold(chart.give(fails(1, 480), 0), [idle()]);
    expectTold(chart.give(letGo(GROUP)), [back('sip:sales@x'), dropped('sip:sales@x'), dropped(CAROL)]);
  });

  it('is with the service again after a 600, and what rang beside it rings no more', () => {
    const chart = attendedCall();
    const one = (device: string) => order('call.fork', { aor: CAROL, device, target, callId: '' }, IVR);
    chart.give(one('c1'), one('c2'), 0);
    expectTold(chart.give(fails(1, 600)), [back('sip:bob@x'), cancel(2, 'none')]);
    expect(chart.state).toBe('attended.listening');
    // Its 2xx crossed the CANCEL: its leg ends that, whatever rings now.
    chart.give(ringOther(DAN, ['d1']), 0);
    expect(chart.give(answers(2), fails(2, 487))).toEqual([]);
    expect(chart.state).toBe('ringing.trying');
  });

  it('goes on to somebody whose diversions are followed, and comes back as it was', () => {
    const chart = attendedCall();
    const to = (callee: string) =>
      divert({ callee, why: 'deflected', rings: [], forwarding: { ...NO_FORWARDING, noAnswer: DAN, ringMs: 9_000 } });
    expectTold(chart.give(to(CAROL)), [
      { ...diverted, callee: CAROL },
      { type: 'call.offered', callee: CAROL, callIdStem: 'stem-d1.1' },
    ]);
    expectTold(chart.give(0), [
      { type: 'call.unanswered', callee: CAROL, target: '' },
      { type: 'hunt.idle', callee: CAROL },
      dropped(CAROL),
    ]);
    expect(chart.context).toMatchObject({ callee: 'sip:bob@x', diversions: [], isAttended: true });
    // The ring limit of that hunt is none of the next one's.
    chart.give(ringOther(DAN, ['d1']), 0);
    expect(chart.give(10_000)).toEqual([]);
    expect(chart.context.callIdStem).toBe('stem');
  });

  it('is claimed by one, kept by nobody, and answered once', () => {
    const chart = attendedCall();
    expectTold(chart.give(claim('ivr:1')), [{ type: 'claim.won' }]);
    expectTold(chart.give(claim('ivr:2')), [{ type: 'claim.lost', winner: 'ivr:1' }]);
    expect(chart.give(letGo(), order('call.drop', { callee: CAROL }))).toEqual([]);
    expect(chart.taken).toBe(true);
    chart.give(attend);
    expect(chart.taken).toBe(false);
    chart.give(ringOther(CAROL, ['c1']), 0, attend);
    expect(chart.taken).toBe(false);
  });

  it('connects the party of another call that takes it', () => {
    const chart = dialled();
    chart.give(order('call.join', { leg: 'leg:9/0', aor: DAN }, 'pickup:1'));
    expectTold(chart.give(answers(2)), [
      { type: 'call.answered', answeredBy: DAN },
      { type: 'join.won', case: 'pickup:1' },
      { type: 'leg.acknowledge', to: fork(2), message: 0 },
      cancel(1, 'elsewhere'),
      dropped(CAROL),
    ]);
  });

  it.each<[string, Stimulus, object[]]>([
    ['the caller hangs up', hangsUp(CALLER), [cancel(1, 'caller'), dropped(CAROL)]],
    ['it is ended', end, [bye({ order: { status: 404, reason: 'No Such User' } }), cancel(1, 'none'), dropped(CAROL)]],
    ['the caller is gone', lapses, [bye({ lapse: 'expired' }), cancel(1, 'none'), dropped(CAROL)]],
    ['the caller’s leg crashes', ended(CALLER), [cancel(1, 'none'), dropped(CAROL)]],
  ])('rings nobody any more when %s', (_what, cause, told) => {
    const chart = dialled();
    expectTold(chart.give(cause), told);
    expect(chart.state).toBe('releasing');
    for (const leg of [CALLER, fork(1)]) if (chart.status === 'active') chart.give(ended(leg));
    expectTold(chart.told.slice(-1), [{ type: 'call.ended', outcome: 'answered', status: 200 }]);
  });

  it('is not touched by what a fork tells that was given up, nor by its own waits', () => {
    const chart = dialled();
    expect(chart.give(hangsUp(fork(1)), { ...lapses, leg: fork(1) } as never, callerAcks)).toEqual([]);
    expect([chart.taken, chart.state]).toEqual([true, 'ringing.trying']);
  });

  const asking = (method: string, leg = CALLER): EventObject => Object.assign(request(leg), { method });
  it.each([
    ['INVITE', { type: 'sip.answerRequest', leg: CALLER, exchange: 9 }],
    ['UPDATE', { type: 'sip.answerRequest', leg: CALLER, exchange: 9 }],
    ['OPTIONS', { ...refused(CALLER), status: 200 }],
    ['REFER', { ...refused(CALLER), status: 480, reason: 'Nobody To Transfer Yet' }],
  ])('answers the caller’s %s itself, whether or not somebody rings', (method, answer) => {
    for (const chart of [attendedCall(), dialled()]) expectTold(chart.give(asking(method)), [answer]);
  });

  it('lets a device that rings offer nothing new meanwhile', () => {
    expectTold(dialled().give(asking('UPDATE', fork(1))), [{ ...refused(fork(1)), status: 491 }]);
  });

  it('waits no longer for anybody than it was asked to', () => {
    expectTold(attendedCall().give(600_000), [bye({ order: { status: 480, reason: 'Nobody Came' } })]);
  });
});
