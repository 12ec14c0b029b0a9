import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';
import { ownScenarios } from '../src/own-scenarios.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'callweave-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function load(yaml: string): ReturnType<typeof loadConfig> {
  writeFileSync(join(cwd, 'callweave.yaml'), yaml);
  return loadConfig({ argv: [], env: {}, cwd });
}
function lines(yaml: string): string[] {
  const loaded = load(yaml);
  if (!Array.isArray(loaded)) throw new Error('the config was taken');
  return loaded.map(({ line }) => line.replace(/^callweave\.yaml:\d+: /, ''));
}
function taken(yaml: string): Config {
  const loaded = load(yaml);
  if (Array.isArray(loaded)) throw new Error(loaded.map(({ line }) => line).join('\n'));
  return loaded;
}

const USERS = `users:
  alice: { password: x }
  bob: { password: x, numbers: ["1002"], aliases: [desk] }
  reception: { password: x, outside: true }
trunks: { carrier: { server: "sip:192.0.2.1" } }
numbers: [ { match: "_0X.", trunk: carrier } ]
`;
/** A menu with these choices, behind 100. */
const withChoices = (choices: string, more = ''): string =>
  `${USERS}ivr:\n  numbers: { "100": main }\n  pins: { door: "4711" }\n${more}  menus:\n    main:\n      choices: ${choices}\n`;

describe('menus', () => {
  it('are none where nothing is said of them', () => {
    expect(taken(USERS).ivr).toBeUndefined();
    expect(taken(`${USERS}ivr:\n`).ivr).toBeUndefined();
    expect(ownScenarios(taken(USERS)).map(({ scenario }) => scenario.name)).not.toContain('ivr-menu');
  });

  it('have presets, times in milliseconds, and choices in one form', () => {
    const { ivr } = taken(
      `${withChoices('{ "1": { ring: bob }, "2": { ring: [desk, "1002", "sip:x@y"] }, "3": { dial: 4 }, "4": { dial: { digits: 2, prompts: tone:beep } }, "5": { pin: door, next: { ring: bob } }, "6": { say: tone:beep }, "7": { raise: open-door, next: hangUp }, "8": { menu: main }, "9": repeat, "*": back, "#": hangUp }')}      fallBack: { ring: "0301" }\n      prompts: tone:beep\n      betweenDigitsSeconds: 1.5\n`.replace(
        'ivr:\n',
        'ivr:\n  callsAs: reception\n',
      ),
    );
    expect(ivr?.numbers).toEqual({ '100': 'main' });
    expect(ivr?.callsAs).toBe('reception');
    expect(ivr?.menus.main).toEqual({
      ...{ prompts: ['tone:beep'], bargeIn: true, firstMs: 5_000, betweenMs: 1_500, terminator: '#', retries: 3 },
      ...{ invalid: [], silent: [], nobody: [], ringMs: 30_000, fallBack: { does: 'ring', whom: ['0301'] } },
      choices: {
        '1': { does: 'ring', whom: ['bob'] },
        '2': { does: 'ring', whom: ['desk', '1002', 'sip:x@y'] },
        '3': { does: 'dial', prompts: [], max: 4 },
        '4': { does: 'dial', prompts: ['tone:beep'], max: 2 },
        '5': {
          ...{ does: 'pin', pin: 'door', prompts: [], tries: 3 },
          ...{ next: { does: 'ring', whom: ['bob'] }, otherwise: { does: 'hangUp' } },
        },
        '6': { does: 'say', prompts: ['tone:beep'], next: { does: 'repeat' } },
        '7': { does: 'raise', name: 'open-door', next: { does: 'hangUp' } },
        '8': { does: 'menu', menu: 'main' },
        '9': { does: 'repeat' },
        '*': { does: 'back' },
        '#': { does: 'hangUp' },
      },
    });
  });

  it('find their prompts beside tones in the folder', () => {
    mkdirSync(join(cwd, 'prompts'));
    writeFileSync(join(cwd, 'prompts', 'welcome.wav'), '');
    const prompts = 'media: { prompts: ./prompts }\n';
    expect(taken(prompts + withChoices('{ "1": { say: [welcome, silence:500] } }')).ivr).toBeDefined();
    expect(lines(prompts + withChoices('{ "1": { say: welcom } }'))).toEqual([
      'ivr.menus.main.choices.1.say[0]: "welcom"; put welcom.wav into the folder of media.prompts',
    ]);
    expect(lines(withChoices('{ "1": { say: [welcome, "../x", tone:ring, silence:x] } }'))).toEqual([
      'ivr.menus.main.choices.1.say[0]: "welcome"; set media.prompts to the folder where it lies, or write a tone such as tone:beep',
      'ivr.menus.main.choices.1.say[1]: "../x"; write the name of a WAV file without folder and .wav, such as welcome',
      'ivr.menus.main.choices.1.say[2]: "tone:ring"; write one of tone:ringing, tone:busy, tone:congestion, tone:beep, tone:hold',
      'ivr.menus.main.choices.1.say[3]: "silence:x"; write milliseconds, such as silence:500',
    ]);
  });

  it('may be where calls are diverted to, and where a trunk’s calls go', () => {
    const ivr = 'ivr: { numbers: { "100": main }, menus: { main: {} } }\n';
    const { users, trunks } = taken(
      `users: { bob: { password: x, onBusy: "100" } }\ntrunks: { t: { server: "sip:192.0.2.1", inboundTo: "100" } }\n${ivr}`,
    );
    expect(users.get('bob')?.routing?.diversions.busy).toBe('100');
    expect(trunks.get('t')?.inboundTo).toBe('100');
  });

  it('leave their PINs out of what charts are told, which stands in journals', () => {
    const own = ownScenarios(taken(withChoices('{ "5": { pin: door } }')));
    const settings = own.find(({ scenario }) => scenario.name === 'ivr-menu')?.settings;
    expect(settings).toMatchObject({ numbers: { '100': 'main' } });
    expect(JSON.stringify(own.map((one) => one.settings))).not.toContain('4711');
  });

  it.each<[string, string, ...string[]]>([
    [
      'choices that lead nowhere',
      withChoices(
        '{ "1": { ring: bobb }, "2": { menu: mian }, "3": { ring: "0301" }, "4": { ring: "77" }, "5": { ring: "100" } }',
      ),
      'ivr.menus.main.choices.1.ring: "bobb"; did you mean bob?',
      'ivr.menus.main.choices.2.menu: "mian"; write one of ivr.menus: main',
      'ivr.menus.main.choices.3.ring: "0301"; set ivr.callsAs to a user with outside: true, since this number is outside',
      'ivr.menus.main.choices.4.ring: "77"; write one of users: alice, bob, reception',
      'ivr.menus.main.choices.5.ring: "100"; write menu: main',
    ],
    [
      'choices that are none',
      withChoices(
        '{ "1": ring bob, "2": { ring: bob, menu: main }, "3": { dial: 0 }, "4": { say: [] }, "5": { raise: "1" }, "6": { ring: [] }, "7": { ring: 7 } }',
      ),
      expect.stringMatching(/^ivr\.menus\.main\.choices\.1: "ring bob"; write repeat, back, hangUp, or a map such as/) as never,
      expect.stringMatching(/^ivr\.menus\.main\.choices\.2: a map; write repeat/) as never,
      'ivr.menus.main.choices.3.dial: 0; write a whole number from 1 to 32, such as 3',
      'ivr.menus.main.choices.4.say: a list; write a prompt such as welcome, tone:beep or silence:500, or a list of at most 8',
      'ivr.menus.main.choices.5.raise: "1"; write a name such as open-door, which a scenario hears in order.raised',
      'ivr.menus.main.choices.6.ring: a list; write one to 16 users, such as [bob, carol]',
      'ivr.menus.main.choices.7.ring: 7; write a user, an alias, a number in quotes or a sip: URI',
    ],
    [
      'misspelt keys of choices',
      withChoices('{ "1": { pin: door, nxt: repeat, tries: 99 }, "2": { dial: { digits: 3, prompt: tone:beep } } }'),
      'ivr.menus.main.choices.1.nxt: unknown key; did you mean next?',
      'ivr.menus.main.choices.1.tries: 99; write a whole number from 1 to 10, such as 3',
      'ivr.menus.main.choices.2.dial.prompt: unknown key; did you mean prompts?',
    ],
    [
      'numbers that are somebody’s, or lead nowhere',
      `${USERS}codes: ["*37"]\nivr:\n  numbers: { "1002": main, desk: main, "200": nowhere, "+49 30 1": main, "+49301": main }\n  menus: { main: {}, lost: {} }\n`,
      'ivr.numbers.1002: "1002"; write another number, this one is bob’s',
      'ivr.numbers.desk: "desk"; write another number, this one is bob’s',
      'ivr.numbers.200: "nowhere"; write one of ivr.menus: main, lost',
      'ivr.numbers.+49301: "+49301"; remove it, it is there already',
      'ivr.menus.lost: nothing leads there; remove it, or name it in ivr.numbers or in a choice',
    ],
    [
      'menus that are none',
      'ivr: { numbers: { "*1": main }, callsAs: [], menus: { 1: {}, main: { prompts: 7, choices: { x: repeat }, retries: 99, terminator: "0", firstDigitSeconds: 0, choice: {} } } }',
      'ivr.numbers.*1: wrong name; write a number in quotes or a name, such as "100"',
      'ivr.callsAs: a list; write the name of a user, such as reception',
      'ivr.menus.1: wrong name; write a name that begins with a letter, such as main',
      'ivr.menus.main.choice: unknown key, set to a map; did you mean choices?',
      'ivr.menus.main.prompts: 7; write a prompt such as welcome, tone:beep or silence:500, or a list of at most 8',
      'ivr.menus.main.choices.x: wrong name; write 1 to 8 of 0 to 9, * and # in quotes, such as "1"',
      'ivr.menus.main.firstDigitSeconds: 0; write a number of seconds from 0.5 to 60, such as 5',
      'ivr.menus.main.terminator: "0"; write "#", "*", or "" for none',
      'ivr.menus.main.retries: 99; write a whole number from 0 to 10, such as 3',
    ],
    [
      'a user who is not there',
      `${USERS}ivr: { numbers: { "100": main }, callsAs: receptoin, menus: { main: {} } }`,
      'ivr.callsAs: "receptoin"; did you mean reception?',
    ],
  ])('name %s in one line each', (_, yaml, ...expected) => expect(lines(yaml).toSorted()).toEqual(expected.toSorted()));

  it.each([
    ['a PIN that is none', 'ivr: { pins: { door: "81S3" } }'],
    ['a PIN that is no text', 'ivr: { pins: { door: 8153 } }'],
    ['a PIN in the place of its name', 'ivr: { pins: { "8153": door } }'],
    ['a PIN in the place of all', 'ivr: { pins: "8153" }'],
    ['a PIN under a misspelt key', 'ivr: { pin: "8153" }'],
    ['a PIN in a choice', withChoices('{ "1": { pin: "8153" } }')],
  ])('show nobody %s', (_, yaml) => {
    const said = lines(yaml);
    expect(said).not.toEqual([]);
    expect(said.join('\n')).not.toMatch(/81S3|8153/);
  });
});

describe('codes in calls', () => {
  const withCodes = (codes: string, more = ''): string => `${USERS}inCallCodes:\n  codes: ${codes}\n${more}`;

  it('are none where nothing is said of them', () => {
    expect(taken(USERS).inCallCodes).toBeUndefined();
    expect(ownScenarios(taken(USERS)).map(({ scenario }) => scenario.name)).not.toContain('in-call-codes');
  });

  it('are for all users, either way and hidden, unless something else is said', () => {
    const written = withCodes(
      '{ "*1": hold, "*2": transfer, "*5": { announce: tone:beep, hidden: false }, "*9": { raise: open-door, takesArgument: true }, "*0": { does: hangUp, users: [bob], party: callee } }',
    );
    const preset = { prompts: [], raises: '', takesArgument: false, isHidden: true, users: undefined, party: 'both' };
    expect(taken(written).inCallCodes).toEqual({
      holdMusic: ['tone:hold'],
      orders: [
        { ...preset, name: '*1', code: '*1', does: 'hold' },
        { ...preset, name: '*2', code: '*2', does: 'transfer', takesArgument: true },
        { ...preset, name: '*5', code: '*5', does: 'announce', prompts: ['tone:beep'], isHidden: false },
        { ...preset, name: '*9', code: '*9', does: 'raise', raises: 'open-door', takesArgument: true },
        { ...preset, name: '*0', code: '*0', does: 'hangUp', users: ['bob'], party: 'callee' },
      ],
    });
    const all = taken(
      withCodes('{ "*1": hold }', '  users: [alice]\n  party: caller\n  hidden: false\n  holdMusic: tone:beep\n'),
    );
    expect(all.inCallCodes).toMatchObject({
      holdMusic: ['tone:beep'],
      orders: [{ isHidden: false, users: ['alice'], party: 'caller' }],
    });
  });

  it.each<[string, string, ...string[]]>([
    [
      'codes that hide each other',
      withCodes('{ "*1": hold, "*12": record }'),
      'inCallCodes.codes.*12: "*12"; write another code: it begins with "*1"',
    ],
    [
      'codes that do nothing',
      withCodes(
        '{ "*1": holt, "*2": { does: hold, announce: tone:beep }, "*3": { announce: [] }, "*4": { raise: "1" }, "*5": {}, "*6": hold, "1": hold }',
      ),
      'inCallCodes.codes.1: wrong name; write * or # and up to 7 of 0 to 9, * and # in quotes, such as "*1"',
    ],
    [
      'the same with right names',
      withCodes('{ "*1": holt, "*2": { does: hold, announce: tone:beep }, "*3": { announce: [] }, "*4": { raise: "1" } }'),
      'inCallCodes.codes.*1: "holt"; did you mean hold?',
      'inCallCodes.codes.*2.does: "hold"; write one of hold, transfer, attendedTransfer, complete, cancel, record, hangUp, or a map such as { announce: tone:beep }, { raise: open-door } or { does: hold, users: [bob] }',
      'inCallCodes.codes.*3.announce: a list; write a prompt such as welcome, tone:beep or silence:500, or a list of at most 8',
      'inCallCodes.codes.*4.raise: "1"; write a name such as open-door, which a scenario hears in order.raised',
    ],
    [
      'users and parties that are none',
      withCodes(
        '{ "*1": { does: hold, users: [bop], party: both of them, hidden: 1 }, "*2": { does: hold, user: bob } }',
        '  users: [alize]\n',
      ),
      'inCallCodes.users[0]: "alize"; did you mean alice?',
      'inCallCodes.codes.*1.users[0]: "bop"; did you mean bob?',
      'inCallCodes.codes.*1.party: "both of them"; write one of both, caller, callee',
      'inCallCodes.codes.*1.hidden: 1; write true or false',
      'inCallCodes.codes.*2.user: unknown key; did you mean users?',
    ],
    [
      'a section that is none',
      'inCallCodes: { codes: [], users: everybody, party: nobody, hidden: 1, holdMusic: 7, code: {} }',
      'inCallCodes.code: unknown key, set to a map; did you mean codes?',
      'inCallCodes.codes: a list; write a map of at most 64 codes, such as { "*1": hold, "*2": transfer, "*0": hangUp }',
      'inCallCodes.users: "everybody"; write all, or a list of at most 1000 users, such as [alice, bob]',
      'inCallCodes.party: "nobody"; write one of both, caller, callee',
      'inCallCodes.hidden: 1; write true or false',
      'inCallCodes.holdMusic: 7; write a prompt such as welcome, tone:beep or silence:500, or a list of at most 8',
    ],
  ])('name %s in one line each', (_, yaml, ...expected) => expect(lines(yaml).toSorted()).toEqual(expected.toSorted()));
});
