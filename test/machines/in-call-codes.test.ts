import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { inCallCodes, inCallCodesMachine } from '../../machines/supervisors/in-call-codes.ts';
import { codesBetween, type InCallAction, type InCallOrder, type InCallSettings } from '../../machines/vocabulary/ivr.ts';
import { CODES, code } from '../support/menus.ts';
import { Chart, Coverage, expectTold, type Told } from './chart.ts';

const CALL = 'call:1';
const [A, B] = ['leg:1/0', 'leg:1/2'];
const ALICE = 'sip:alice@x';
const coverage = new Coverage(inCallCodesMachine);
afterAll(() =>
  expect(
    coverage.missed.filter((name) => !/^inCallCodes on /.test(name)),
    'transitions of the chart',
  ).toEqual([]),
);

type Fields = Readonly<Record<string, unknown>>;
const fact = (type: string, fields: Fields = {}): EventObject => ({ type, call: CALL, ...fields }) as EventObject;
const opened = (leg = A, user = ALICE) => fact('stream.opened', { leg, stream: leg, user });
const answered = (leg = B) => fact('call.answered', { leg, device: leg === '' ? '' : 'desk' });
const caseOf = (birth = opened(), current: readonly EventObject[] = [], settings: InCallSettings = CODES): Chart =>
  new Chart(inCallCodesMachine, { fact: birth, self: 'in-call-codes:1', current, settings }, coverage);
function talking(): Chart {
  const chart = caseOf();
  chart.give(answered());
  expect(chart.state).toBe('talking.together');
  return chart;
}
const press = (chart: Chart, does: InCallAction, argument = ''): Told[] =>
  chart.give(fact('code.pressed', { leg: A, name: KEYS.get(does), argument }));
const progress = (what: string) => fact('transfer.progressed', { what, onward: '', status: 0, reason: '' });
const refused = (command: string) => fact('command.refused', { command });
const KEYS = new Map(CODES.orders.map((one) => [one.does, one.code]));
const sorry = { type: 'media.play', leg: A, prompts: ['tone:congestion', 'silence:200'], repeat: false };

describe('a party with codes', () => {
  it('is listened to once somebody has answered, and not by a menu', () => {
    const chart = caseOf();
    expect(chart.state).toBe('waiting');
    expectTold(chart.give(answered('')), []);
    expectTold(chart.give(answered()), [{ type: 'media.listen', call: CALL, leg: A }]);
    expect((chart.told[0] as unknown as { codes: unknown }).codes).toContainEqual({
      name: '*1',
      code: '*1',
      takesArgument: false,
      isHidden: true,
    });
  });

  it('may be the one who was called, and come late', () => {
    const called = caseOf(opened(B), [answered(), answered('')]);
    expectTold(called.told, [{ type: 'media.listen', leg: B }]);
    expectTold(press(called, 'hold'), [{ type: 'media.hold', leg: A, prompts: ['tone:hold'] }]);
  });

  it('is nobody outside, and nobody who may press nothing', () => {
    expect(caseOf(opened(A, '')).status).toBe('done');
    const forBob: InCallSettings = { ...CODES, orders: [code('hold', '*1', { users: ['bob'], party: 'callee' })] };
    expect(caseOf(opened(), [], forBob).status).toBe('done');
    expect(caseOf(opened(A, 'sip:bob@x'), [], forBob).status).toBe('done');
    expect(caseOf(opened(B, 'sip:bob@x'), [], forBob).status).toBe('active');
    expect(codesBetween(forBob, ALICE, 'sip:bob@x').map((one) => one.code)).toEqual(['*1']);
    expect(codesBetween(forBob, 'sip:bob@x', ALICE)).toEqual([]);
    expect(codesBetween(undefined, ALICE, ALICE)).toEqual([]);
  });

  it('has a case only where its user may press something', () => {
    const startsFor = (orders: readonly InCallOrder[]) => inCallCodes.startsFor?.({ ...CODES, orders } as never);
    expect(startsFor([code('hold', '*1', { users: ['bob', 'eve'] })])).toMatchObject([
      { where: [{ test: { pattern: 'sip:bob@*' } }] },
      { where: [{ test: { pattern: 'sip:eve@*' } }] },
    ]);
    const everybody = [{ where: [{ test: { op: 'not', of: '' } }] }];
    expect(startsFor([code('hold', '*1'), code('hangUp', '*0', { users: ['bob'] })])).toMatchObject(everybody);
    expect(startsFor([code('hold', '*1', { users: ['bo*b'] })])).toMatchObject(everybody);
  });

  it('holds the other one, and takes it back', () => {
    const chart = talking();
    expectTold(press(chart, 'hold'), [{ type: 'media.hold', call: CALL, leg: B, prompts: ['tone:hold'] }]);
    expectTold(press(chart, 'hold'), [{ type: 'media.resume', call: CALL, leg: B }]);
    expect(chart.state).toBe('talking.together');
  });

  it('transfers the other one', () => {
    const chart = talking();
    const order = { type: 'call.transfer', to: CALL, leg: B, callee: '1002', consult: false };
    expectTold(press(chart, 'transfer', '1002'), [order]);
    expectTold(chart.give(progress('ringing'), progress('failed')), [sorry]);
    expectTold(press(chart, 'transfer'), [sorry]);
    press(chart, 'hold');
    expectTold(press(chart, 'attendedTransfer'), [sorry]);
    expectTold(press(chart, 'transfer', '1002'), [{ type: 'media.resume', leg: B }, order]);
    expectTold(chart.give(refused('media.resume'), refused('call.transfer')), [sorry]);
    press(chart, 'transfer', '1002');
    expectTold(chart.give(progress('done')), []);
    expect(chart.state).toBe('talking.together');
    press(chart, 'transfer', '1002');
    expectTold(chart.give(660_000), []);
    expect(chart.state).toBe('talking.together');
  });

  it('asks somebody first', () => {
    const chart = talking();
    const order = { type: 'call.transfer', to: CALL, leg: B, callee: '1002', consult: true };
    expectTold(press(chart, 'attendedTransfer', '1002'), [order]);
    expectTold(chart.give(refused('call.transfer')), [sorry]);
    press(chart, 'hold');
    expectTold(press(chart, 'attendedTransfer', '1002'), [{ type: 'media.resume' }, order]);
    expectTold(press(chart, 'hold'), []);
    expectTold(press(chart, 'cancel'), [{ type: 'call.cancelTransfer', to: CALL }]);
    expectTold(chart.give(progress('failed')), [sorry]);
    press(chart, 'attendedTransfer', '1002');
    expectTold(chart.give(progress('ringing'), progress('consulting')), []);
    expectTold(press(chart, 'complete'), [{ type: 'call.completeTransfer', to: CALL }]);
    expectTold(chart.give(progress('done')), []);
    press(chart, 'attendedTransfer', '1002');
    expectTold(press(chart, 'hangUp'), [{ type: 'call.end' }]);
  });

  it('records, and stops it', () => {
    const chart = talking();
    const [first] = press(chart, 'record');
    expect(first).toMatchObject({ type: 'media.record', leg: A, recording: expect.stringMatching(/^call-1-\d+$/) });
    expectTold(chart.give(refused('media.record')), [sorry]);
    press(chart, 'record');
    chart.give(fact('recording.started'));
    expectTold(press(chart, 'record'), [{ type: 'media.stopRecording', leg: A }]);
    chart.give(fact('recording.ended'));
    expectTold(press(chart, 'record'), [{ type: 'media.record' }]);
  });

  it('has both hear an announcement, raises orders, and hangs up', () => {
    const chart = talking();
    const play = { type: 'media.play', prompts: ['tone:beep'], bargeIn: false };
    expectTold(press(chart, 'announce'), [
      { ...play, leg: A },
      { ...play, leg: B },
    ]);
    expectTold(press(chart, 'raise', '42'), [
      { type: 'order.raised', name: 'open-door', call: CALL, leg: A, user: ALICE, from: 'code', argument: '42' },
    ]);
    expectTold(press(chart, 'complete'), []);
    expectTold(chart.give(refused('media.hold')), []);
    expectTold(press(chart, 'hangUp'), [{ type: 'call.end', to: CALL, status: 200, reason: 'Hung Up By Code' }]);
    expect(JSON.stringify(chart.context)).not.toContain('42');
  });

  it.each(['stream.closed', 'actor.ended'])('is over with %s', (type) => {
    const chart = talking();
    expectTold(chart.give(fact(type, { leg: A })), []);
    expect(chart.status).toBe('done');
  });
});
