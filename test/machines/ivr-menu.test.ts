import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { MAX_STEPS } from '../../machines/ivr-menu/setup.ts';
import { ivrMenu, ivrMenuMachine } from '../../machines/supervisors/ivr-menu.ts';
import { NO_FORWARDING, NO_PUSH } from '../../machines/vocabulary/binding.ts';
import type { IvrSettings } from '../../machines/vocabulary/ivr.ts';
import { MENUS, menu } from '../support/menus.ts';
import { Chart, Coverage, expectTold, type Told } from './chart.ts';

const SELF = 'ivr-menu:1';
const CALL = 'call:1';
const LEG = 'leg:1/0';
const BOB = 'sip:bob@x';
const CAROL = 'sip:carol@x';
const coverage = new Coverage(ivrMenuMachine);
afterAll(() => expect(coverage.missed.filter(isOfTime), 'transitions of the chart').toEqual([]));
/** Limits that only what is broken reaches are below; what is told late is seen by the property. */
const isOfTime = (name: string): boolean => !/^ivrMenu on |inputLimit/.test(name);

type Fields = Readonly<Record<string, unknown>>;
const fact = (type: string, fields: Fields = {}): EventObject => ({ type, ...fields }) as EventObject;
const dialled = { type: 'menu.dialled', call: CALL, leg: LEG, menu: 'main', caller: 'sip:alice@x', callee: 'sip:100@x' };
const caseOf = (settings: IvrSettings = MENUS, birth: object = dialled): Chart =>
  new Chart(ivrMenuMachine, { fact: birth, self: SELF, current: [], settings }, coverage);

const acked = fact('caller.answered', { call: CALL, leg: LEG });
const refused = fact('command.refused', { command: 'media.play' });
const found = (callee = BOB): EventObject =>
  fact('route.found', {
    ...{ call: CALL, route: 1, callee, rings: [], wakeable: true, accountPush: NO_PUSH },
    forwarding: NO_FORWARDING,
  });
const nowhere = fact('route.failed', { status: 404, reason: '' });
const idle = fact('hunt.idle', { call: CALL, hunter: SELF, callee: BOB });
const answered = (device = 'desk'): EventObject => fact('call.answered', { call: CALL, device, answeredBy: BOB });
/** The answer to the latest order. */
const latest = (chart: Chart): unknown => chart.context.order;
const press = (chart: Chart, digits: string, how = 'matched'): Told[] =>
  chart.give(fact('digits.collected', { order: latest(chart), digits, how }));
const pin = (chart: Chart, ok: boolean): Told[] => chart.give(fact('pin.checked', { order: latest(chart), ok, isGiven: true }));
const played = (chart: Chart, how = 'played'): Told[] => chart.give(fact('prompt.ended', { order: latest(chart), how, why: '' }));

const play = (...prompts: string[]) => ({ type: 'media.play', leg: LEG, prompts, repeat: false });
const collect = { type: 'media.collect', leg: LEG, form: { terminator: '#', firstMs: 5_000, betweenMs: 3_000 } };
const hangUp = { type: 'call.end', to: CALL, status: 200 };
const ringing = { type: 'media.play', leg: LEG, prompts: ['tone:ringing'], repeat: true, bargeIn: false };
const ask = (uri: string, more: object = {}) => ({ type: 'sip.route', call: CALL, uri, onBehalfOf: '', ...more });
const divert = { type: 'call.divert', to: CALL, callee: BOB, wakeable: true };
const menuOf = (chart: Chart): unknown => chart.context.menu;

/** A caller who hears the menu. */
function listening(settings?: IvrSettings): Chart {
  const chart = caseOf(settings);
  chart.give(acked);
  expect(chart.state).toBe('asking');
  return chart;
}

describe('a caller of a menu', () => {
  it('is answered with media, and hears it', () => {
    const chart = caseOf();
    expectTold(chart.told, [{ type: 'call.answer', to: CALL, media: true, forMs: 3_600_000 }]);
    expectTold(chart.give(acked), [
      { ...play('welcome'), bargeIn: true, order: 1 },
      {
        ...collect,
        order: 1,
        form: { max: 2, patterns: expect.arrayContaining(['1', '12', '#']), terminator: '#', firstMs: 5_000, betweenMs: 3_000 },
      },
    ]);
  });

  it('comes by diversion too', () => {
    const diverted = { type: 'call.diverted', call: CALL, caller: 'sip:alice@x', from: BOB, callee: 'sip:200@x', why: 'busy' };
    const chart = caseOf(MENUS, diverted);
    expect(menuOf(chart)).toBe('quiet');
    expectTold(chart.give(acked), [{ ...collect, leg: LEG }]);
    const interests = ivrMenu.startsFor?.(MENUS as never) ?? [];
    expect(JSON.stringify(interests)).toContain('sip:200@*');
  });

  it('goes where the call cannot be answered, or its media does not come', () => {
    expectTold(caseOf().give(refused), []);
    expectTold(caseOf().give(33_000), [hangUp]);
    expectTold(listening().give(refused), [hangUp]);
  });

  it('is told of silence and of wrong keys, and rung for at last', () => {
    const chart = listening();
    expectTold(press(chart, '', 'silent'), [play('hello', 'welcome'), collect]);
    expectTold(press(chart, '8', 'unmatched'), [ask('sip:carol@x')]);
    expectTold(chart.give(found(CAROL)), [{ ...divert, callee: CAROL }, ringing]);
    expectTold(chart.give(idle), [play('sorry')]);
    expectTold(played(chart), [hangUp]);
    expect(chart.status).toBe('done');
  });

  it('begins the retries anew in another menu, and comes back', () => {
    const chart = listening();
    press(chart, '', 'silent');
    expectTold(press(chart, '3'), [collect]);
    expect(menuOf(chart)).toBe('quiet');
    expectTold(press(chart, '5', 'unmatched'), [collect]);
    expectTold(press(chart, '7'), [play('welcome'), collect]);
    expect([menuOf(chart), chart.context.tries]).toEqual(['main', 0]);
    // There is nothing behind it.
    expectTold(press(chart, '7'), [play('welcome'), collect]);
    expectTold(press(chart, '9'), [play('welcome'), collect]);
    expectTold(press(chart, '#'), [hangUp]);
  });

  it('falls back to another menu', () => {
    const chart = listening();
    press(chart, '3');
    press(chart, '', 'silent');
    expectTold(press(chart, '', 'silent'), [play('welcome'), collect]);
    expect(menuOf(chart)).toBe('main');
  });

  it('cannot fall back for ever where the last try is one that asks', () => {
    const settings = { ...MENUS, menus: { main: menu({}, { retries: 0, fallBack: { does: 'dial', prompts: [], max: 3 } }) } };
    const chart = listening(settings);
    expectTold(press(chart, '', 'silent'), [collect]);
    expectTold(press(chart, '', 'silent'), [hangUp]);
    const repeats = listening({ ...MENUS, menus: { main: menu({}, { retries: 0, fallBack: { does: 'repeat' } }) } });
    expectTold(press(repeats, '', 'silent'), [hangUp]);
  });

  it('takes no answer to an earlier question', () => {
    const chart = listening();
    const old = { order: 0, digits: '#', how: 'matched', ok: true };
    expectTold(chart.give(fact('digits.collected', old)), []);
    press(chart, '5');
    expectTold(chart.give(fact('pin.checked', old)), []);
    pin(chart, true);
    expect(chart.state).toBe('saying');
    expectTold(chart.give(fact('prompt.ended', old)), []);
    press(chart, '4');
  });
});

describe('a callee whom the caller chose', () => {
  const chosen = (): Chart => {
    const chart = listening();
    expectTold(press(chart, '1'), [ask('sip:bob@x')]);
    expectTold(chart.give(found()), [divert, ringing]);
    return chart;
  };

  it('has the call by answering it', () => {
    const chart = chosen();
    expectTold(chart.give(answered('')), []);
    expect(chart.status).toBe('active');
    expectTold(chart.give(answered()), []);
    expect(chart.status).toBe('done');
  });

  it('leaves the caller in the menu by not answering', () => {
    expectTold(chosen().give(idle), [play('sorry', 'welcome'), collect]);
  });

  it('is not there', () => {
    const chart = listening();
    press(chart, '1');
    expectTold(chart.give(nowhere), [play('sorry', 'welcome'), collect]);
    press(chart, '1');
    // The caller's own phones.
    expectTold(chart.give(found('sip:alice@x')), [play('sorry', 'welcome'), collect]);
    press(chart, '1');
    expectTold(chart.give(1_000), [play('sorry', 'welcome'), collect]);
  });

  it('rings for no longer than anybody', () => {
    expectTold(chosen().give(660_000), [hangUp]);
  });

  it('rings beside others, for as long as the menu says', () => {
    const chart = listening();
    expectTold(press(chart, '2'), [ask('sip:bob@x'), ask('sip:carol@x')]);
    expectTold(chart.give(found(), found(CAROL)), [
      { type: 'call.ring', to: CALL, callee: BOB, wakeable: true, label: '' },
      { type: 'call.ring', callee: CAROL },
      ringing,
    ]);
    expectTold(chart.give(20_000), [
      { type: 'call.drop', callee: BOB },
      { type: 'call.drop', callee: CAROL },
    ]);
    expectTold(chart.give(idle), [play('sorry', 'welcome'), collect]);
    press(chart, '2');
    // One of two questions has no answer in time.
    expectTold(chart.give(found(), 1_000), [{ type: 'call.ring' }, ringing]);
    expectTold(chart.give(20_000, 1_000), [{ type: 'call.drop' }, play('sorry', 'welcome'), collect]);
  });

  it('may be outside, in the name of a user who may', () => {
    const chart = listening({ ...MENUS, callsAs: 'desk', menus: { main: menu({ '1': { does: 'ring', whom: ['+4930'] } }) } });
    expectTold(press(chart, '1'), [ask('sip:+4930@x', { onBehalfOf: 'sip:desk@x' })]);
    const uri = listening({ ...MENUS, menus: { main: menu({ '1': { does: 'ring', whom: ['sip:a@b'] } }) } });
    expectTold(press(uri, '1'), [ask('sip:a@b')]);
  });

  it('is dialled', () => {
    const chart = listening();
    expectTold(press(chart, '4'), [play('extension'), { ...collect, form: { max: 3, patterns: [] } }]);
    expectTold(press(chart, '102', 'full'), [ask('sip:100@x', { digits: '102' })]);
    expectTold(chart.give(found()), [divert, ringing]);
    chart.give(idle);
    press(chart, '4');
    expectTold(press(chart, '', 'silent'), [play('hello', 'welcome'), collect]);
    press(chart, '4');
    expectTold(press(chart, '', 'terminated'), [ask('sip:carol@x')]);
  });

  it('is dialled wrong', () => {
    const chart = listening();
    press(chart, '4');
    expectTold(chart.give(fact('digits.collected', { order: 0, digits: '199', how: 'full' })), []);
    press(chart, '199', 'full');
    expectTold(chart.give(nowhere), [play('wrong', 'welcome'), collect]);
    press(chart, '3');
    expectTold(press(chart, '1'), [collect]);
  });
});

describe('a PIN', () => {
  const gate = { type: 'media.checkPin', leg: LEG, pin: 'door', firstMs: 5_000, betweenMs: 3_000 };

  it('opens what is behind it', () => {
    const chart = listening();
    expectTold(press(chart, '5'), [play('pin'), gate]);
    expectTold(pin(chart, true), [play('open')]);
    expectTold(played(chart, 'interrupted'), [hangUp]);
  });

  it('has so many tries, in all of the call', () => {
    const chart = listening();
    press(chart, '5');
    expectTold(pin(chart, false), [play('wrong', 'pin'), gate]);
    expectTold(pin(chart, false), [play('wrong', 'welcome'), collect]);
    expectTold(press(chart, '5'), [play('welcome'), collect]);
  });

  it('is not asked for where there is no media', () => {
    const chart = listening();
    press(chart, '5');
    expectTold(chart.give(refused), [hangUp]);
  });
});

describe('an order', () => {
  it('is raised for scenarios of users, without a digit', () => {
    const chart = listening();
    expectTold(press(chart, '6'), [
      { type: 'order.raised', name: 'open-door', call: CALL, leg: LEG, user: 'sip:alice@x', from: 'menu', argument: '' },
      play('open'),
    ]);
    expectTold(played(chart), [play('welcome'), collect]);
    press(chart, '6');
    expectTold(chart.give(refused), [hangUp]);
    const silent = listening();
    press(silent, '4');
    expectTold(silent.give(refused), [hangUp]);
  });
});

it.each(['call.cancelled', 'call.failed', 'actor.ended'])('is over with %s', (type) => {
  const chart = listening();
  expectTold(chart.give(fact(type)), []);
  expect(chart.status).toBe('done');
});

/** What a caller and the dial plan may do next, whatever the chart waits for. */
const move = fc.record({
  digits: fc.constantFrom('', '1', '2', '3', '4', '5', '6', '7', '9', '12', '102'),
  how: fc.constantFrom('matched', 'full', 'terminated', 'silent', 'timeout', 'unmatched'),
  ok: fc.boolean(),
  callee: fc.constantFrom(BOB, CAROL, 'sip:alice@x'),
  isFound: fc.boolean(),
});

test.prop([fc.array(move, { minLength: 1, maxLength: 40 }), fc.constantFrom('main', 'quiet')])(
  'ends for every sequence of digits, and keeps none of them',
  (moves, name) => {
    const chart = caseOf(MENUS, { ...dialled, menu: name });
    chart.give(acked);
    // The same caller goes on for ever, and hears or does the next thing whatever it is asked.
    for (let n = 0; chart.status === 'active'; n += 1) {
      expect(n).toBeLessThan(6 * MAX_STEPS);
      const { digits, how, ok, callee, isFound } = moves[n % moves.length] as (typeof moves)[number];
      const next: Readonly<Record<string, () => void>> = {
        asking: () => press(chart, digits, how),
        dialling: () => press(chart, `${digits}0`, how === 'silent' ? 'silent' : 'full'),
        'checking.asking': () => pin(chart, ok),
        saying: () => played(chart),
        finding: () => chart.give(isFound ? found(callee) : nowhere),
        ringing: () => chart.give(ok ? idle : 20_000),
        dropping: () => chart.give(ok ? idle : 1_000),
      };
      const act = next[chart.state];
      if (act === undefined) throw new Error(`nothing to do in ${chart.state}`);
      act();
      const { settings: _, order: __, ...kept } = chart.context;
      expect(JSON.stringify(kept)).not.toMatch(/102|1020|120/);
    }
    expect(chart.told.at(-1)).toMatchObject(hangUp);
  },
);
