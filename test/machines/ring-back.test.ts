import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { readSettings } from '../../machines/ring-back/settings.ts';
import { ringBackMachine, ringBack as scenario } from '../../machines/supervisors/ring-back.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const ALICE = 'sip:alice@x';
const BOB = 'sip:bob@x';
const SELF = 'ring-back:1';
const coverage = new Coverage(ringBackMachine);
afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

type Fields = Readonly<Record<string, unknown>>;
const fact = (type: string, fields: Fields = {}): EventObject => ({ type, ...fields }) as EventObject;
const unanswered = (why: string, fields: Fields = {}) =>
  fact('call.unanswered', { call: 'call:1', caller: ALICE, callee: BOB, why, status: 486, target: '', diverted: 0, ...fields });
const offered = (code: string, call = 'call:2') => fact('call.offered', { call, caller: ALICE, code, argument: '' });
const answered = (call: string, caller: string, callee: string) => fact('call.answered', { call, caller, callee });
const ended = (call: string, caller: string, callee: string, outcome = 'answered') =>
  fact('call.ended', { call, caller, callee, outcome });
const failed = (party: string, status: number) => fact('place.failed', { party, status });
const registered = fact('binding.added');
const refreshed = fact('binding.refreshed');
const bound = (asleep: boolean) => fact('binding.added', { aor: BOB, device: 'd', asleep });
const told = (reason: string, call = 'call:2') => ({ type: 'call.end', to: call, status: 480, reason });
const placed = (place: number) => ({ type: 'call.place', to: 'port:sip', place, caller: ALICE, callee: BOB, ringMs: 30_000 });

function caseOf(born: EventObject = unanswered('busy'), current: readonly EventObject[] = [], written: object = {}): Chart {
  const input = { fact: born, self: SELF, current, settings: readSettings(written) };
  return new Chart(ringBackMachine, input, coverage);
}
/** Bob talked when Alice called, and she dialled the code. */
function waiting(written: object = {}): Chart {
  const chart = caseOf(unanswered('busy'), [answered('call:9', BOB, 'sip:carol@x') as EventObject], written);
  expectTold(chart.give(offered('*37')), [told('Ring Back Is Set')]);
  return chart;
}
const bobIsFree = ended('call:9', BOB, 'sip:carol@x');
function trying(written: object = {}): Chart {
  const chart = waiting(written);
  expectTold(chart.give(bobIsFree, 3_000), [placed(1)]);
  return chart;
}

describe('a ring-back is offered', () => {
  it.each([
    ['a call that is placed', unanswered('busy', { caller: '' })],
    ['a call of somebody to himself', unanswered('busy', { callee: ALICE })],
    ['a number outside', unanswered('busy', { callee: 'sip:0123@carrier' })],
    ['a star code', unanswered('noAnswer', { callee: 'sip:*99@x' })],
    ['another', unanswered('noAnswer', { callee: 'sip:%2399@x' })],
  ])('not for %s', (_, born) => expect(caseOf(born).status).toBe('done'));

  it('for a while, until the caller calls somebody else or comes through', () => {
    const chart = caseOf();
    chart.give(299_999);
    expect(chart.state).toBe('offered');
    chart.give(1);
    expect(chart.status).toBe('done');
    for (const end of [offered(''), answered('call:3', ALICE, BOB)]) {
      const other = caseOf();
      expect(other.give(offered('*99'), offered('#37'))).toEqual([]);
      other.give(end);
      expect(other.status).toBe('done');
    }
  });

  it('at a code of one’s own', () => {
    const chart = caseOf(unanswered('busy'), [], { setCode: '*5', cancelCode: '#5' });
    expect(chart.give(offered('*37'))).toEqual([]);
    expectTold(chart.give(offered('*5')), [told('Ring Back Is Set')]);
    expectTold(chart.give(offered('#5', 'call:3')), [told('Ring Back Is Cancelled', 'call:3')]);
    expect(chart.status).toBe('done');
  });
});

describe('the callee is there again', () => {
  it('once the last call is over, and the caller talks with nobody', () => {
    const chart = waiting();
    chart.give(answered('call:10', 'sip:dan@x', BOB), answered('call:11', ALICE, 'sip:eve@x'));
    chart.give(bobIsFree, 60_000, ended('call:10', 'sip:dan@x', BOB), 60_000);
    expect(chart.state).toBe('set.waiting');
    chart.give(ended('call:11', ALICE, 'sip:eve@x'), 2_999);
    expect(chart.state).toBe('set.guarding');
    expectTold(chart.give(1), [placed(1)]);
  });

  it('at once, if that call was over before the code was dialled', () => {
    const chart = caseOf(unanswered('busy'), [answered('call:9', 'sip:carol@x', BOB)]);
    chart.give(ended('call:9', 'sip:carol@x', BOB), offered('*37'));
    expect(chart.state).toBe('set.guarding');
  });

  it('not yet, if one of the two calls again within the guard time', () => {
    const chart = waiting();
    chart.give(bobIsFree, 1_000, answered('call:10', BOB, 'sip:dan@x'), 60_000);
    expect(chart.state).toBe('set.waiting');
    expectTold(chart.give(ended('call:10', BOB, 'sip:dan@x'), 3_000), [placed(1)]);
  });

  it.each<[string, EventObject, readonly EventObject[], EventObject, boolean]>([
    ['was busy elsewhere, and calls somebody in vain', unanswered('busy'), [], ended('call:9', BOB, 'sip:z@x', 'failed'), true],
    ['was busy elsewhere, and is called in vain', unanswered('busy'), [], ended('call:9', 'sip:z@x', BOB, 'failed'), false],
    [
      'declined, and talks',
      fact('call.failed', { caller: ALICE, callee: BOB, status: 603 }),
      [],
      ended('call:9', 'sip:z@x', BOB),
      true,
    ],
    ['did not answer, and talks', unanswered('noAnswer'), [], ended('call:9', 'sip:z@x', BOB), true],
    ['did not answer, and refreshes the registration', unanswered('noAnswer'), [], refreshed, false],
    ['did not answer, and registers a phone', unanswered('noAnswer'), [], registered, true],
    ['was not there, and registers', unanswered('unreachable'), [], registered, true],
    ['was not there, and comes back', unanswered('unreachable'), [], refreshed, true],
    [
      'slept until the caller gave up, and comes back',
      fact('call.cancelled', { caller: ALICE, callee: BOB }),
      [bound(true)],
      refreshed,
      true,
    ],
    [
      'rang until the caller gave up, and refreshes',
      fact('call.cancelled', { caller: ALICE, callee: BOB }),
      [bound(true), bound(false)],
      refreshed,
      false,
    ],
  ])('who %s', (_, born, current, sign, isThere) => {
    const chart = caseOf(born, current);
    chart.give(offered('*37'), 1_000, sign);
    expect(chart.state).toBe(isThere ? 'set.guarding' : 'set.waiting');
  });
});

describe('a try', () => {
  it('that connects both ends the case, and the callee’s answer alone does not', () => {
    const chart = trying();
    chart.give(fact('call.placed', { call: 'call:20' }), answered('call:21', ALICE, BOB));
    expect(chart.state).toBe('set.trying');
    expect(chart.give(fact('place.connected'))).toEqual([]);
    expect(chart.status).toBe('done');
  });

  it.each([486, 480, 503])('that the caller does not take (%i) is made again some time later, three in all', (status) => {
    const chart = trying();
    chart.give(failed('caller', status), 59_999);
    expect(chart.state).toBe('set.resting');
    expectTold(chart.give(1, 3_000), [placed(2)]);
    expectTold(chart.give(failed('callee', 503), 63_000), [placed(3)]);
    chart.give(failed('caller', status));
    expect(chart.status).toBe('done');
  });

  it('that finds the callee busy again waits for the next chance', () => {
    const chart = trying();
    chart.give(failed('callee', 486), 600_000);
    expect(chart.state).toBe('set.waiting');
    expectTold(chart.give(ended('call:30', 'sip:dan@x', BOB), 3_000), [placed(2)]);
  });

  it.each([403, 404, 487, 603])('that can never come to anything (%i) is the last', (status) => {
    const chart = trying();
    chart.give(failed('callee', status));
    expect(chart.status).toBe('done');
  });

  it('of which nothing is heard is given up', () => {
    const chart = trying();
    chart.give(fact('call.placed', { call: 'call:20' }));
    expectTold(chart.give(900_000), [told('Ring Back Is Cancelled', 'call:20')]);
    expect(chart.status).toBe('done');
  });
});

describe('the caller’s patience', () => {
  it('ends, but not while phones ring', () => {
    const chart = waiting();
    chart.give(1_799_999);
    expect(chart.state).toBe('set.waiting');
    chart.give(1);
    expect(chart.status).toBe('done');
    const late = waiting({ patienceSeconds: 10 });
    late.give(9_000, bobIsFree, 3_000);
    expect(late.status).toBe('done');
    const ringing = waiting({ patienceSeconds: 10, guardSeconds: 0 });
    ringing.give(9_000, bobIsFree, 60_000);
    expect(ringing.state).toBe('set.trying');
    ringing.give(failed('caller', 480));
    expect(ringing.status).toBe('done');
  });
});

describe('the codes, once it is set', () => {
  it('take it back, a phone that rings too', () => {
    const chart = trying();
    chart.give(fact('call.placed', { call: 'call:20' }));
    expectTold(chart.give(offered('#37', 'call:21')), [
      told('Ring Back Is Cancelled', 'call:21'),
      told('Ring Back Is Cancelled', 'call:20'),
    ]);
    expect(chart.status).toBe('done');
  });

  it('say that it is set, until the caller calls somebody else', () => {
    const chart = waiting({ perUser: 2 });
    expectTold(chart.give(offered('*37', 'call:3')), [told('Ring Back Is Set Already', 'call:3')]);
    expect(chart.give(offered('*99'), offered(''), offered('*37', 'call:4'))).toEqual([]);
    expect(chart.state).toBe('set.waiting');
    chart.give(offered(''), offered('*37', 'call:5'));
    expect(chart.status).toBe('done');
  });

  it('mean nothing any more where the two talk', () => {
    const chart = waiting();
    chart.give(answered('call:12', ALICE, BOB));
    expect(chart.status).toBe('done');
  });
});

it('watches so many calls and no more', () => {
  const chart = waiting();
  for (let n = 0; n < 40; n++) chart.give(answered(`call:${100 + n}`, BOB, 'sip:z@x'));
  expect(chart.context.calleeCalls).toHaveLength(16);
  chart.give(fact('command.refused'), fact('place.failed', { party: 'caller', status: 480 }), fact('place.connected'));
  chart.give(fact('call.placed', { call: 'call:77' }));
  expect(chart.state).toBe('set.waiting');
});

describe('the scenario', () => {
  it('is one case for each two, born of what brought nobody', () => {
    expect(scenario.startsOn.map(({ fact: kind }) => kind)).toEqual(['call.unanswered', 'call.cancelled', 'call.failed']);
    expect(scenario.oncePer?.(unanswered('busy') as never)).toBe(`${ALICE} ${BOB}`);
  });

  it.each<[unknown, string]>([
    [[], 'settings are a map, such as { patienceSeconds: 1800 }'],
    [
      { patience: 3 },
      '"patience" is no setting; write one of setCode, cancelCode, name, offerSeconds, patienceSeconds, guardSeconds, ringSeconds, retrySeconds, tries, perUser',
    ],
    [{ patienceSeconds: '3' }, 'patienceSeconds: "3"; write a number from 10 to 86400, such as 1800'],
    [{ guardSeconds: -1 }, 'guardSeconds: -1; write a number from 0 to 60, such as 3'],
    [{ tries: 1.5 }, 'tries: 1.5; write a whole number from 1 to 20, such as 3'],
    [{ setCode: '37' }, 'setCode: "37"; write a code in quotes, such as "*37"'],
    [{ cancelCode: 37 }, 'cancelCode: 37; write a code in quotes, such as "#37"'],
    [{ name: '' }, 'name: ""; write a name in quotes, such as "Ring Back"'],
    [{ setCode: '#37' }, 'setCode and cancelCode are one; write two'],
  ])('says of %j what to write', (written, line) => expect(() => scenario.settings?.(written)).toThrow(line));
});
