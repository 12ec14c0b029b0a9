import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { leg, legMachine } from '../../machines/leg.ts';
import { PROVISIONAL_REPEAT_MS, SIXTY_FOUR_T1_MS } from '../../machines/vocabulary/time.ts';
import { Chart, Coverage, expectTold, type Stimulus } from './chart.ts';

const SELF = 'leg:7/1';
const RING_LIMIT_MS = 60_000;
const SILENT_AFTER_MS = 10_000;
const settings = { ringLimitMs: RING_LIMIT_MS, silentAfterMs: SILENT_AFTER_MS };
const target = { contact: 'sip:bob@10.0.0.2', path: [], flow: 'udp/1', stream: false };
const coverage = new Coverage(legMachine);
const born = (fact: object) => new Chart(legMachine, { fact, self: SELF, current: [], settings }, coverage);
const callerLeg = () => born({ type: 'invite.received', call: 'call:7', leg: SELF });
const forkLeg = () =>
  born({ type: 'fork.started', call: 'call:7', leg: SELF, aor: 'sip:bob@x', device: 'desk', callId: 'stem-1', target });

// What a leg is told.
const event = (type: string, more: object = {}): EventObject => Object.assign({ type }, { leg: SELF, ...more });
const order = (type: string, more: object = {}): EventObject => Object.assign({ type }, { to: SELF, by: 'call:7', ...more });
const provisional = (status = 180) => event('provisional.received', { status, message: 11 });
const answer = event('answer.received', { status: 200, message: 12 });
const failure = event('failure.received', { status: 486, reason: 'Busy Here', origin: 'peer', message: 13 });
const cancelled = event('cancel.received', { reason: 'SIP;cause=487' });
const bye = event('bye.received', { fork: '', message: 14 });
const byeOfFork = event('bye.received', { fork: 'leg:7/2', message: 0 });
const moved = event('dialog.moved');
const noPrack = event('prack.missed');
const noMedia = event('media.refused', { status: 488, reason: 'Nothing Both Have' });
const byeFinished = event('bye.finished');
const ack = event('ack.received', { message: 15 });
const noAck = event('ack.missed');
const callCrashed: EventObject = { type: 'actor.ended', address: 'call:7', of: '', how: 'failed' } as EventObject;
const progress = order('leg.progress', { fork: 'leg:7/2', status: 180, message: 11 });
const accept = order('leg.answer', { fork: 'leg:7/2', status: 200, message: 12 });
const reject = order('leg.reject', { status: 486, reason: 'Busy Here', message: 13 });
const acknowledge = order('leg.acknowledge', { message: 15 });
const hangUp = order('leg.hangUp', { message: 14 });
const cancel = order('leg.cancel', { reason: 'elsewhere', text: '' });

// What it tells.
const respond = (status: number, more: object = {}) => ({ type: 'sip.respond', to: 'port:sip', leg: SELF, status, ...more });
const terminated = [respond(487), { type: 'leg.cancelled', call: 'call:7', leg: SELF }];
const sendBye = (message = 0) => ({ type: 'sip.bye', to: 'port:sip', leg: SELF, message });
const hungUp = (how: string, message = 0) => ({ type: 'leg.hungUp', call: 'call:7', leg: SELF, how, message });
const sendCancel = (reason = 'none', text = '') => ({ type: 'sip.cancel', to: 'port:sip', leg: SELF, reason, text });
const discard = (reason = 'none', text = '') => ({ type: 'sip.discard', to: 'port:sip', leg: SELF, reason, text });
const ringing = (status = 180) => ({ type: 'leg.ringing', call: 'call:7', leg: SELF, device: 'desk', status, message: 11 });

/** In which state, what comes, where it leads and what is told. */
type Row = readonly [name: string, path: readonly Stimulus[], on: Stimulus, to: string, told: readonly object[]];

function table(rows: readonly Row[], make: () => Chart): void {
  it.each(rows)('%s', (_name, path, on, to, told) => {
    const chart = make();
    chart.give(...path);
    expectTold(chart.give(on), told);
    expect(chart.state).toBe(to);
    expect(chart.taken).toBe(true);
    expect(chart.status).toBe(to === 'ended' ? 'done' : 'active');
  });
}

afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

describe('the caller’s leg while it waits for its answer (RFC 3261 §13.3)', () => {
  it('says nothing until it is told to', () => {
    const chart = callerLeg();
    expect([chart.state, chart.told]).toEqual(['incoming.waiting', []]);
    chart.give(10 * 60_000);
    expect(chart.told).toEqual([]);
  });

  table(
    [
      ['waiting: progress', [], progress, 'incoming.alerting', [respond(180, { fork: 'leg:7/2', message: 11 })]],
      [
        'alerting: further progress',
        [progress],
        order('leg.progress', { fork: '', status: 182, message: 0 }),
        'incoming.alerting',
        [respond(182, { fork: '' })],
      ],
      ['waiting: answer', [], accept, 'accepted', [respond(200, { fork: 'leg:7/2', message: 12 })]],
      ['alerting: answer', [progress], accept, 'accepted', [respond(200)]],
      ['waiting: rejection', [], reject, 'ended', [respond(486, { reason: 'Busy Here', message: 13 })]],
      ['alerting: rejection', [progress], reject, 'ended', [respond(486)]],
      ['a hang-up is a 500', [progress], hangUp, 'ended', [respond(500)]],
      ['the crash of its call is a 500', [], callCrashed, 'ended', [respond(500)]],
      [
        'CANCEL is answered 487 (RFC 3261 §9.2)',
        [progress],
        cancelled,
        'ended',
        [terminated[0] as object, { ...terminated[1], reason: 'SIP;cause=487' }],
      ],
      ['BYE of the one early dialog ends it with 487 (RFC 3261 §15.1.2)', [progress], bye, 'ended', terminated],
      [
        'BYE of one fork’s early dialog is the call’s to judge (RFC 3261 §15)',
        [progress],
        byeOfFork,
        'incoming.alerting',
        [{ type: 'leg.forsaken', call: 'call:7', leg: SELF, fork: 'leg:7/2' }],
      ],
      ['no PRACK is told to the call (RFC 3262 §3)', [progress], noPrack, 'incoming.alerting', [hungUp('no-prack')]],
    ],
    callerLeg,
  );

  it('repeats its last provisional each minute, counted from the last one (RFC 3261 §13.3.1.1)', () => {
    const chart = callerLeg();
    chart.give(progress, 59_999, order('leg.progress', { fork: 'leg:7/3', status: 183, message: 21 }));
    const told = chart.give(2 * PROVISIONAL_REPEAT_MS);
    expectTold(told, [respond(183, { fork: 'leg:7/3', message: 21 }), respond(183)]);
    expect(told.map(({ atMs }) => atMs)).toEqual([59_999 + 60_000, 59_999 + 120_000]);
    chart.give(accept);
    expect(chart.give(PROVISIONAL_REPEAT_MS - 1)).toEqual([]);
  });
});

describe('the caller’s leg after its 2xx (RFC 3261 §13.3.1.4)', () => {
  table(
    [
      [
        'the ACK is told, with what it carries',
        [accept],
        ack,
        'confirmed',
        [{ type: 'leg.acknowledged', leg: SELF, message: 15 }],
      ],
      ['no ACK within 64*T1 ends it with BYE', [accept], noAck, 'releasing', [hungUp('no-ack'), sendBye()]],
      ['no PRACK while the 2xx waits for it (RFC 3262 §3)', [accept], noPrack, 'ended', [respond(500), hungUp('no-prack')]],
      ['closing: no PRACK', [accept, hangUp], noPrack, 'ended', [respond(500)]],
      [
        'the 2xx never left, for want of media',
        [order('leg.answer', { fork: '', status: 200, message: 0, media: true })],
        noMedia,
        'ended',
        [
          respond(488, { reason: 'Nothing Both Have', message: 0 }),
          { type: 'leg.failed', call: 'call:7', leg: SELF, status: 488, reason: 'Nothing Both Have', message: 0 },
        ],
      ],
      ['closing: the 2xx never left', [accept, hangUp], noMedia, 'ended', [respond(488)]],
      ['BYE may come before the ACK (RFC 3261 §15)', [accept], bye, 'ended', [hungUp('bye', 14)]],
      ['our BYE waits for the ACK (RFC 3261 §15)', [accept], hangUp, 'closing', []],
      ['so it does when its call has crashed', [accept], callCrashed, 'closing', []],
      ['a CANCEL that crossed the 2xx means nothing (RFC 3261 §9.2)', [accept], cancelled, 'accepted', []],
      ['late progress means nothing', [accept], progress, 'accepted', []],
      [
        'the port that never says whether an ACK came does not keep it for ever',
        [accept],
        2 * SIXTY_FOUR_T1_MS,
        'releasing',
        [hungUp('failed'), sendBye()],
      ],
      ['closing: the ACK lets the BYE go', [accept, hangUp], ack, 'releasing', [sendBye(14)]],
      ['closing: the missing ACK lets the BYE go', [accept, hangUp], noAck, 'releasing', [sendBye(14)]],
      ['closing: the party’s own BYE', [accept, hangUp], bye, 'ended', []],
      ['closing: a second hang-up', [accept, hangUp], hangUp, 'closing', []],
      ['closing: its call crashes', [accept, hangUp], callCrashed, 'closing', []],
      ['closing: no word of any ACK', [accept, hangUp], 2 * SIXTY_FOUR_T1_MS, 'releasing', [sendBye(14)]],
    ],
    callerLeg,
  );
});

describe('a confirmed leg (RFC 3261 §15)', () => {
  const path = [accept, ack];
  table(
    [
      ['BYE ends it', path, bye, 'ended', [hungUp('bye', 14)]],
      ['a hang-up sends BYE', path, hangUp, 'releasing', [sendBye(14)]],
      ['the crash of its call sends BYE', path, callCrashed, 'releasing', [sendBye()]],
      ['a cancel that comes too late sends BYE', path, cancel, 'releasing', [sendBye()]],
      ['no ACK to the 2xx of a re-INVITE ends it (RFC 3261 §14.2)', path, noAck, 'releasing', [hungUp('no-ack'), sendBye()]],
      ['a repeated ACK means nothing', path, ack, 'confirmed', []],
      ['media that is refused too late means nothing', path, noMedia, 'confirmed', []],
      ['releasing: media that is refused too late', [...path, hangUp], noMedia, 'releasing', []],
      ['a PRACK that was missed before means nothing', path, noPrack, 'confirmed', []],
      ['releasing: a PRACK that was missed', [...path, hangUp], noPrack, 'releasing', []],
      [
        'a talk that lapsed says so in its BYE',
        path,
        order('leg.hangUp', { message: 0, lapse: 'expired' }),
        'releasing',
        [{ ...sendBye(), lapse: 'expired' }],
      ],
      [
        'a talk that somebody ended says why in its BYE',
        path,
        order('leg.hangUp', { message: 0, order: { status: 486, reason: 'Busy Here' } }),
        'releasing',
        [{ ...sendBye(), order: { status: 486, reason: 'Busy Here' } }],
      ],
      ['its dialog goes on in another call', path, moved, 'ended', [hungUp('moved')]],
      ['releasing: its dialog goes on in another call', [...path, hangUp], moved, 'ended', []],
      ['releasing: the answer to the BYE', [...path, hangUp], byeFinished, 'ended', []],
      ['releasing: the BYEs cross', [...path, hangUp], bye, 'releasing', []],
      ['releasing: a second hang-up', [...path, hangUp], hangUp, 'releasing', []],
      ['releasing: a cancel', [...path, hangUp], cancel, 'releasing', []],
      ['releasing: a repeated ACK', [...path, hangUp], ack, 'releasing', []],
      ['releasing: an ACK that is missed', [...path, hangUp], noAck, 'releasing', []],
      ['releasing: its call crashes', [...path, hangUp], callCrashed, 'releasing', []],
      ['releasing: no answer to the BYE within 64*T1', [...path, hangUp], SIXTY_FOUR_T1_MS, 'ended', []],
    ],
    callerLeg,
  );
});

describe('a fork (RFC 3261 §13.2)', () => {
  it('sends its INVITE at birth, with the Call-ID it was given', () => {
    expectTold(forkLeg().told, [
      { type: 'sip.invite', leg: SELF, call: 'call:7', aor: 'sip:bob@x', device: 'desk', callId: 'stem-1', target },
    ]);
  });

  table(
    [
      ['calling: it is there, and says no more', [], provisional(100), 'outgoing.proceeding', []],
      ['calling: it rings', [], provisional(), 'outgoing.proceeding', [ringing()]],
      ['calling: it says nothing for a while', [], SILENT_AFTER_MS, 'outgoing.silent', [{ type: 'leg.silent', leg: SELF }]],
      ['silent: it is there after all, which nobody waits for', [SILENT_AFTER_MS], provisional(100), 'outgoing.silent', []],
      ['silent: it rings after all', [SILENT_AFTER_MS], provisional(), 'outgoing.proceeding', [ringing()]],
      ['proceeding: it is still there', [provisional()], provisional(100), 'outgoing.proceeding', []],
      ['proceeding: another early dialog', [provisional()], provisional(183), 'outgoing.proceeding', [ringing(183)]],
      ['calling: it answers', [], answer, 'answered', [{ type: 'leg.answered', leg: SELF, status: 200, message: 12 }]],
      ['silent: it answers', [SILENT_AFTER_MS], answer, 'answered', [{ type: 'leg.answered' }]],
      ['proceeding: it answers', [provisional()], answer, 'answered', [{ type: 'leg.answered' }]],
      [
        'it fails',
        [provisional()],
        failure,
        'ended',
        [{ type: 'leg.failed', leg: SELF, device: 'desk', status: 486, reason: 'Busy Here', message: 13 }],
      ],
      ['it is cancelled, and says why (RFC 3326)', [provisional()], cancel, 'cancelling', [sendCancel('elsewhere')]],
      ['it is cancelled before it said a word (RFC 3261 §9.1)', [], cancel, 'cancelling', [sendCancel('elsewhere')]],
      ['a hang-up cancels it', [], hangUp, 'cancelling', [sendCancel()]],
      ['the crash of its call cancels it', [], callCrashed, 'cancelling', [sendCancel()]],
      ['a callee cannot end an early dialog with BYE (RFC 3261 §15)', [provisional()], bye, 'outgoing.proceeding', []],
    ],
    forkLeg,
  );

  it.each([
    ['silent', []],
    ['ringing', [provisional()]],
  ])('is given up at the ring limit when %s, at that instant', (_name, path) => {
    const chart = forkLeg();
    chart.give(...path);
    const told = chart.give(RING_LIMIT_MS).filter(({ type }) => type !== 'leg.silent');
    expectTold(told, [{ type: 'leg.failed', status: 408, device: 'desk', message: 0 }, sendCancel()]);
    expect(told[0]?.atMs).toBe(RING_LIMIT_MS);
    expect(chart.state).toBe('cancelling');
  });

  it('is silent only if it said nothing before', () => {
    const chart = forkLeg();
    chart.give(SILENT_AFTER_MS - 1, provisional());
    expect(chart.give(SILENT_AFTER_MS)).toEqual([]);
  });
});

describe('a fork whose 2xx waits for the ACK (RFC 3261 §13.2.2.4)', () => {
  table(
    [
      ['the caller’s ACK confirms it', [answer], acknowledge, 'confirmed', [{ type: 'sip.ack', leg: SELF, message: 15 }]],
      ['it is not wanted any more: ACK and BYE', [answer], cancel, 'discarding', [discard('elsewhere')]],
      ['a hang-up: ACK and BYE', [answer], hangUp, 'discarding', [discard()]],
      ['its call crashes: ACK and BYE', [answer], callCrashed, 'discarding', [discard()]],
      ['it hangs up first', [answer], bye, 'ended', [hungUp('bye', 14)]],
      ['nobody ever acknowledges', [answer], 2 * SIXTY_FOUR_T1_MS, 'discarding', [discard()]],
      ['discarding: the answer to the BYE', [answer, cancel], byeFinished, 'ended', []],
      ['discarding: the BYEs cross', [answer, cancel], bye, 'discarding', []],
      ['discarding: a hang-up', [answer, cancel], hangUp, 'discarding', []],
      ['discarding: a second cancel', [answer, cancel], cancel, 'discarding', []],
      ['discarding: its call crashes', [answer, cancel], callCrashed, 'discarding', []],
      ['discarding: no answer within 64*T1', [answer, cancel], SIXTY_FOUR_T1_MS, 'ended', []],
      ['confirmed: BYE', [answer, acknowledge], bye, 'ended', [hungUp('bye', 14)]],
    ],
    forkLeg,
  );
});

describe('a cancelled fork (RFC 3261 §9.1)', () => {
  table(
    [
      ['its 487 ends it', [cancel], failure, 'ended', []],
      ['its 2xx crossed the CANCEL: ACK and BYE (RFC 3261 §15)', [cancel], answer, 'discarding', [discard('elsewhere')]],
      ['a provisional means nothing', [cancel], provisional(), 'cancelling', []],
      ['a second cancel means nothing', [cancel], cancel, 'cancelling', []],
      ['a hang-up means nothing', [cancel], hangUp, 'cancelling', []],
      ['its call crashes', [cancel], callCrashed, 'cancelling', []],
      ['it never answers: over after 64*T1', [cancel], SIXTY_FOUR_T1_MS, 'ended', []],
    ],
    forkLeg,
  );
});

describe('what crosses a leg’s steps and means nothing there', () => {
  const ofNoDialog = [byeFinished, noAck, moved];
  const late = [provisional(), answer, failure];
  it.each([
    ['incoming.waiting', callerLeg, [], [...ofNoDialog, ack, noMedia]],
    ['outgoing.calling', forkLeg, [], ofNoDialog],
    ['answered', forkLeg, [answer], [...ofNoDialog, ...late]],
    ['accepted', callerLeg, [accept], [byeFinished, moved]],
    ['closing', callerLeg, [accept, hangUp], [cancelled, byeFinished, moved]],
    ['confirmed', callerLeg, [accept, ack], [cancelled, byeFinished]],
    ['confirmed', forkLeg, [answer, acknowledge], late],
    ['releasing', callerLeg, [accept, ack, hangUp], [cancelled]],
    ['releasing', forkLeg, [answer, acknowledge, hangUp], late],
    ['cancelling', forkLeg, [cancel], [...ofNoDialog, bye]],
    ['discarding', forkLeg, [answer, cancel], [noAck, moved, ...late]],
  ] as const)('%s', (state, make, path, crossing) => {
    const chart = make();
    chart.give(...path);
    for (const one of crossing) {
      expect(chart.give(one), one.type).toEqual([]);
      expect([one.type, chart.taken, chart.state]).toEqual([one.type, true, state]);
    }
  });
});

describe('the scenario', () => {
  it('gives a leg the address and the owner of its fact', () => {
    const fact = { call: 'call:7', leg: SELF } as never;
    expect([leg.address?.(fact), leg.of?.(fact)]).toEqual([SELF, 'call:7']);
  });

  it('hears only of itself, and of its call only that it crashed', () => {
    for (const type of ['invite.received', 'fork.started'])
      for (const { fact, where } of leg.listensTo({ type, call: 'call:7', leg: SELF } as never, SELF))
        expect(where, fact).toEqual(
          fact === 'actor.ended'
            ? [
                { attribute: 'address', test: 'call:7' },
                { attribute: 'how', test: 'failed' },
              ]
            : [{ attribute: 'leg', test: SELF }],
        );
  });
});
