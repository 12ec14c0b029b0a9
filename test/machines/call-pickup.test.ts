import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { callPickupMachine, callPickup as scenario } from '../../machines/supervisors/call-pickup.ts';
import { NO_FORWARDING } from '../../machines/vocabulary/binding.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const SELF = 'call-pickup:1';
const BOB = 'sip:bob@x';
const CAROL = 'sip:carol@x';
const B = 'call:9';
const coverage = new Coverage(callPickupMachine);
// What a call to be chosen was like is told at birth, which goes through no transition that is counted.
afterAll(() =>
  expect(
    coverage.missed.filter((name) => !name.includes('choosing')),
    'transitions of the chart',
  ).toEqual([]),
);

type Fields = Readonly<Record<string, unknown>>;
const fact = (type: string, fields: Fields = {}): EventObject => ({ type, ...fields }) as EventObject;
const asked = (fields: Fields = {}) =>
  fact('pickup.asked', {
    ...{ call: B, leg: 'leg:9/0', picker: CAROL, callees: [CAROL, BOB], target: '', form: 'group', mode: 'join' },
    ...fields,
  });
const ORDER = { call: '', leg: '', target: 'call:1', form: 'order', mode: 'callback' };
const offered = (call: string, fields: Fields = {}) =>
  fact('call.offered', { call, caller: 'sip:alice@x', callee: BOB, pickable: true, ...fields });
const began = (call: string) => fact('pickup.began', { call, callee: BOB, picker: 'sip:dave@x', pickerCall: 'call:8' });

const caseOf = (fields: Fields = {}, current: readonly EventObject[] = [offered('call:1')]): Chart =>
  new Chart(callPickupMachine, { fact: asked(fields), self: SELF, current, settings: {} }, coverage);
/** A case whose chart has told all up to now. */
function caseIn(state: string, fields: Fields, ...events: EventObject[]): Chart {
  const chart = caseOf(fields);
  chart.give(...events);
  expect(chart.state).toBe(state);
  return chart;
}

const acked = fact('caller.answered', { call: B, leg: 'leg:9/0' });
const refused = fact('command.refused');
const ended = (address: string) => fact('actor.ended', { address, how: 'done' });
const ring = { aor: CAROL, device: 'desk', target: { contact: 'sip:carol@192.0.2.3', path: [], flow: 'f', stream: false } };
const found = (fields: Fields = {}) =>
  fact('route.found', {
    ...{ call: 'call:1', route: 1, callee: CAROL, rings: [ring], wakeable: false },
    ...{ accountPush: { provider: '', prid: '', param: '' }, forwarding: { ...NO_FORWARDING, always: 'sip:dave@x' } },
    ...fields,
  });
const about = { call: 'call:1', callee: BOB, picker: CAROL, pickerCall: B };
const end = (status: number, reason: string) => ({ type: 'call.end', to: B, status, reason });
const lost = (status: number, reason: string, who: object = about) => ({ type: 'pickup.lost', ...who, status, reason });
const won = { type: 'pickup.won', ...about };
const byOrder = { ...about, pickerCall: '' };

describe('a pickup chooses', () => {
  const chosen = (fields: Fields, current: readonly EventObject[]) =>
    (caseOf(fields, current).told.find(({ type }) => type === 'pickup.began') as unknown as Fields | undefined)?.call;

  it('the call that has rung longest, and that nobody picks up yet', () => {
    const two = [offered('call:1'), offered('call:2')];
    expect(chosen({}, two)).toBe('call:1');
    expect(chosen({}, [...two, began('call:1')])).toBe('call:2');
    expect(chosen({}, [...two, began('call:1'), began('call:2')])).toBe('call:1');
  });

  it('the call that is meant, if it still rings', () => {
    const two = [offered('call:1'), offered('call:2'), began('call:2')];
    expect(chosen({ target: 'call:2', form: 'replaces' }, two)).toBe('call:2');
    expect(chosen({ target: 'call:3', form: 'replaces' }, two)).toBeUndefined();
  });

  it.each([
    ['the picker’s own call', offered(B)],
    ['a call that the picker makes', offered('call:2', { caller: CAROL })],
    ['what is no call for people', offered('call:2', { pickable: false })],
  ])('never %s', (_, other) => expect(chosen({}, [other])).toBeUndefined());

  it('nothing where nothing rings, and says so at once', () => {
    const nothing = { call: '', callee: '', picker: CAROL, pickerCall: B };
    const told = (fields: Fields) => caseOf(fields, []).told;
    expectTold(told({}), [lost(404, 'Nothing To Pick Up', nothing), end(404, 'Nothing To Pick Up')]);
    expectTold(told({ mode: 'callback' }), [lost(404, 'Nothing To Pick Up', nothing), end(404, 'Nothing To Pick Up')]);
    const replaces = { form: 'replaces', target: 'call:1' };
    expectTold(told(replaces), [lost(481, 'No Such Call Rings', nothing), end(481, 'No Such Call Rings')]);
    expectTold(told(ORDER), [lost(404, 'Nothing To Pick Up', { ...nothing, pickerCall: '' })]);
  });

  it('once a call of the picker’s, and once a picker and call that a scenario names', () => {
    const key = (fields: Fields): unknown => scenario.oncePer?.(asked(fields) as never);
    expect(key({})).toBe(B);
    expect(key(ORDER)).not.toBe(key({ ...ORDER, picker: BOB }));
  });
});

describe('a picker who is joined', () => {
  const joining = (): Chart => caseIn('joining', {}, acked);

  it('is answered without media, becomes one more fork, and has the call when that call says so', () => {
    const chart = caseOf();
    expectTold(chart.told, [
      { type: 'pickup.began', ...about },
      { type: 'call.answer', to: B, forMs: 65_000 },
    ]);
    expectTold(chart.give(acked), [{ type: 'call.join', to: 'call:1', leg: 'leg:9/0', aor: CAROL }]);
    expectTold(chart.give(fact('join.won')), [won]);
    // Its own call ends as its dialog moves.
    expectTold(chart.give(ended(B)), []);
    expect(chart.status).toBe('done');
    expectTold(joining().give(ended(B), fact('join.won')), [won]);
  });

  it('is not left alone where the caller is gone before its ACK', () => {
    const gone = [won, end(487, 'Caller Has Hung Up')];
    expectTold(joining().give(fact('join.won'), fact('join.undone')), gone);
    expectTold(joining().give(fact('join.won'), refused, 33_000), gone);
  });

  it('hears why another has it, or why it is not connected', () => {
    const chart = joining();
    expectTold(chart.give(fact('join.lost', { status: 486, reason: 'Answered By Another' })), [
      lost(486, 'Answered By Another'),
      end(486, 'Answered By Another'),
    ]);
    expectTold(joining().give(refused), [lost(480, 'Nobody Rings Any More'), end(480, 'Nobody Rings Any More')]);
    expectTold(joining().give(32_000), [lost(480, 'Not Connected In Time'), end(480, 'Not Connected In Time')]);
    expectTold(caseOf().give(32_000), [lost(480, 'Not Connected In Time'), end(480, 'Not Connected In Time')]);
  });

  it('hangs up', () => {
    const gone = [lost(487, 'Picker Has Hung Up')];
    expectTold(caseOf().give(ended(B)), gone);
    expectTold(caseOf().give(refused), gone);
    expectTold(joining().give(ended(B), fact('join.lost', { status: 480, reason: 'x' })), [lost(480, 'x')]);
  });

  it('is told if the call that was meant is over before', () => {
    const chart = caseOf({ target: 'call:1', form: 'replaces' });
    expectTold(chart.give(ended('call:1')), [lost(480, 'Nobody Rings Any More'), end(480, 'Nobody Rings Any More')]);
  });
});

describe('a picker who is called back', () => {
  const BACK = { mode: 'callback' };
  const diverting = (): Chart => caseIn('diverting', BACK, found());
  const diverted = fact('call.diverted', { call: 'call:1', callee: CAROL, why: 'pickedUp' });

  it('has the call, is told so, and only then rings', () => {
    const chart = caseOf(BACK);
    expectTold(chart.told, [
      { type: 'pickup.began', ...about },
      { type: 'sip.route', call: '', uri: CAROL, onBehalfOf: CAROL },
    ]);
    expectTold(chart.give(found()), [
      { type: 'call.divert', to: 'call:1', callee: CAROL, why: 'pickedUp', rings: [], forwarding: NO_FORWARDING },
    ]);
    expectTold(chart.give(fact('call.diverted', { call: 'call:2', callee: CAROL })), []);
    expectTold(chart.give(diverted), [
      end(480, 'You Are Called Back'),
      { type: 'call.fork', to: 'call:1', aor: CAROL, device: 'desk', target: ring.target, callId: '' },
      won,
    ]);
    expect(chart.status).toBe('done');
  });

  it('is told if no phone can be rung, and the call rings on', () => {
    const none = [lost(480, 'No Phone Of Yours'), end(480, 'No Phone Of Yours')];
    expectTold(caseOf(BACK).give(found({ rings: [] })), none);
    expectTold(caseOf(BACK).give(fact('route.failed')), none);
    expectTold(caseOf(BACK).give(1_000), none);
    expect(caseIn('diverting', BACK, found({ rings: [], wakeable: true })).status).toBe('active');
  });

  it('is told if the call is gone', () => {
    const none = [lost(480, 'Nobody Rings Any More'), end(480, 'Nobody Rings Any More')];
    expectTold(diverting().give(refused), none);
    expectTold(diverting().give(1_000), none);
  });
});

describe('a picker for whom a scenario picks up', () => {
  const ringing = (): Chart => caseIn('ringing', ORDER, found());
  const answered = (answeredBy: string) => fact('call.answered', { call: 'call:1', answeredBy });
  const letGo = { type: 'call.letGo', to: 'call:1' };

  it('rings beside the others, and has the call by lifting first', () => {
    const chart = caseOf(ORDER);
    expectTold(chart.told, [
      { type: 'pickup.began', ...byOrder },
      { type: 'call.keepOpen', to: 'call:1', forMs: 660_000, progress: 0 },
      { type: 'sip.route', uri: CAROL },
    ]);
    expectTold(chart.give(found()), [{ type: 'call.ring', to: 'call:1', callee: CAROL, rings: [ring], label: '' }]);
    expectTold(chart.give(answered(CAROL)), [{ type: 'pickup.won', ...byOrder }]);
  });

  it.each([
    ['another lifts', [answered(BOB)], [lost(486, 'Answered By Another', byOrder)]],
    ['it goes elsewhere', [fact('call.diverted')], [letGo, lost(480, 'Nobody Rings Any More', byOrder)]],
    ['the caller gives up', [ended('call:1')], [lost(480, 'Nobody Rings Any More', byOrder)]],
  ] as const)('loses it if %s', (_, events, told) => {
    expectTold(ringing().give(...events), [...told]);
    expectTold(caseOf(ORDER).give(...events), [...told]);
  });

  it('is given up if no phone of the picker’s rings, or none is lifted', () => {
    const none = [letGo, lost(480, 'No Phone Of Yours', byOrder)];
    expectTold(caseOf(ORDER).give(found({ rings: [] })), none);
    expectTold(caseOf(ORDER).give(fact('route.failed')), none);
    expectTold(caseOf(ORDER).give(1_000), none);
    expectTold(ringing().give(fact('hunt.idle')), [letGo, lost(480, 'Not Answered', byOrder)]);
    expectTold(ringing().give(660_000), [letGo, lost(480, 'Not Answered', byOrder)]);
    expectTold(ringing().give(refused), [letGo, lost(480, 'Nobody Rings Any More', byOrder)]);
    expectTold(caseOf(ORDER).give(refused), [letGo, lost(480, 'Nobody Rings Any More', byOrder)]);
  });
});

it('what crosses a pickup means nothing to it', () => {
  const crossing = ['call.offered', 'pickup.began', 'caller.answered', 'join.won', 'join.lost', 'join.undone'];
  const chart = caseOf({ mode: 'callback' });
  chart.give(found());
  for (const type of [...crossing, 'route.found', 'route.failed', 'call.answered', 'hunt.idle'])
    expectTold(chart.give(fact(type)), []);
  const joined = caseOf();
  for (const type of ['call.diverted', 'route.found', 'join.won']) expectTold(joined.give(fact(type)), []);
  const order = caseOf(ORDER);
  expectTold(order.give(found(), acked), [{ type: 'call.ring' }]);
  const asking = caseOf({ mode: 'callback' });
  expectTold(asking.give(refused), []);
});
