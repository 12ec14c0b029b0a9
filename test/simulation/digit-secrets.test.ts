import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { messageLog } from '../../src/trace/message-log.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { code, menu } from '../support/menus.ts';
import { expectQuiet } from '../support/quiet.ts';

const PIN = '815377';
const WRONG = '604291';
const NOBODYS = '739582';
const ARGUMENT = '593628';
const MAIN = menu(
  {
    '3': { does: 'dial', prompts: ['tone:beep'], max: 6 },
    '4': {
      ...{ does: 'pin', pin: 'door', prompts: ['tone:beep'], tries: 3 },
      ...{ next: { does: 'ring', whom: ['bob'] }, otherwise: { does: 'hangUp' } },
    },
  },
  { prompts: ['tone:beep'], invalid: [], silent: [], retries: 9 },
);

describe('digits', () => {
  it.each(['rtp', 'info'])('are in no log, journal, record, story, message log or snapshot: by %s', (way) => {
    const said: string[] = [];
    const messages: string[] = [];
    const say = (...what: unknown[]): void => void said.push(JSON.stringify(what));
    const stage = new IvrStage({
      ivr: { numbers: { '100': 'main' }, menus: { main: MAIN }, pins: { door: PIN } },
      inCallCodes: { orders: [code('raise', '*9', { raises: 'open-door', takesArgument: true })], holdMusic: ['tone:hold'] },
      journals: true,
      hearLog: say,
    });
    const { world } = stage;
    const { service } = world.service;
    const log = { ...silentLog, debug: (fields: object, line: string) => void messages.push(line + JSON.stringify(fields)) };
    service.wiretap.add(messageLog(log));
    const [alice, bob] = [stage.phone('alice'), stage.phone('bob')];
    service.engine.journal.observe(({ steps }) => say(steps.map(({ snapshot }) => snapshot)));
    const call = alice.call('sip:100@example.com');
    world.run(1_000);
    const press = (keys: string): void => {
      if (way === 'rtp') stage.press(alice, keys);
      else
        for (const key of keys) {
          call.request('INFO', { body: `Signal=${key}\r\nDuration=100\r\n`, contentType: 'application/dtmf-relay' });
          world.run(200);
        }
    };
    press(`3${NOBODYS}`);
    world.run(4_000);
    press('4');
    press(`${WRONG}#`);
    press(`${PIN}#`);
    world.run(1_000);
    expect(bob.calls[0]?.state).toBe('answered');
    press(`*9${ARGUMENT}#`);
    world.run(1_000);
    call.bye();
    expectQuiet(world);
    // They were heard, each in its place.
    expect(stage.entries('pin.checked').map(({ ok }) => ok)).toEqual([false, true]);
    expect(stage.entries('digits.collected').map(({ digits }) => digits)).toContain(NOBODYS);
    expect(stage.entries('order.raised')).toMatchObject([{ argument: ARGUMENT }]);
    const { journals, records, stories } = world.service;
    expect([journals.length, records.length, stories.length, messages.length > 10]).toEqual([1, 1, 1, true]);
    const all = [...said, ...messages, ...journals, JSON.stringify([records, stories])].join('\n');
    for (const secret of [PIN, WRONG, NOBODYS, ARGUMENT]) expect(all).not.toContain(secret);
    expect(journals[0]).toContain('"digits":"hidden-');
    // The snapshots of charts are among them.
    expect(all).toContain('"wrongPins":1');
    // Nor is there one digit after the other.
    expect(all).not.toMatch(/"digit":"\d"|Signal=\d/);
  });
});
