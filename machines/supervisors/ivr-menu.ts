/**
 * IVR menu: a caller of one of the service's own numbers hears prompts and chooses by keys. One case a call, through all
 * menus; a callee whom the caller chose is rung while the caller hears ringing, and where nobody answers the menu goes on.
 * Digits are looked up as they are told, and are kept nowhere.
 */
import { contextOf, ivrSetup } from '../ivr-menu/setup.ts';
import { defineScenario, givenByService } from '../scenario.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  callDiverted,
  callerAnswered,
  callFailed,
  digitsCollected,
  huntIdle,
  menuDialled,
  pinChecked,
  promptEnded,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';
import type { IvrSettings } from '../vocabulary/ivr.ts';

export const ivrMenuMachine = ivrSetup.createMachine({
  id: 'ivrMenu',
  description: 'A caller is answered by a menu and chooses by digits',
  context: ({ input }) => contextOf(input),
  initial: 'answering',
  on: {
    'call.answered': [{ guard: 'isTaken', target: '.over' }, {}],
    'call.cancelled': '.over',
    'call.failed': '.over',
    'actor.ended': '.over',
    'caller.answered': {},
    // Of orders whose time is over.
    'digits.collected': {},
    'pin.checked': {},
    'prompt.ended': {},
    'route.found': {},
    'route.failed': {},
    'hunt.idle': {},
    'command.refused': {},
  },
  states: {
    answering: {
      description: 'Our answer, with media, waits for the caller’s ACK',
      entry: 'answer',
      on: { 'caller.answered': 'asking', 'command.refused': 'over' },
      after: { stepLimit: 'leaving' },
    },
    asking: {
      description: 'The caller hears the menu, and chooses',
      entry: 'ask',
      on: {
        'digits.collected': [
          { guard: 'isStale' },
          { guard: 'isChoice', target: 'deciding', actions: 'choose' },
          { guard: 'isSilent', target: 'retrying', actions: 'noteSilent' },
          { target: 'retrying', actions: 'noteInvalid' },
        ],
        'command.refused': 'leaving',
      },
      after: { inputLimit: 'leaving' },
    },
    retrying: {
      always: [
        { guard: 'isTired', target: 'leaving' },
        { guard: 'isLast', target: 'leaving' },
        { guard: 'isPatient', target: 'asking' },
        { target: 'deciding', actions: 'fallBack' },
      ],
    },
    deciding: {
      description: 'What does the choice do?',
      always: [
        { guard: 'isTired', target: 'leaving' },
        { guard: 'rings', target: 'finding', actions: 'find' },
        { guard: 'opens', target: 'asking', actions: 'enter' },
        { guard: 'dials', target: 'dialling' },
        { guard: 'checks', target: 'checking' },
        { guard: 'says', target: 'saying' },
        { guard: 'raises', target: 'raising' },
        { guard: 'hangsUp', target: 'leaving' },
        { guard: 'isLast', target: 'leaving' },
        { guard: 'goesBack', target: 'asking', actions: 'goBack' },
        { target: 'asking' },
      ],
    },
    raising: { entry: 'raise', always: 'deciding' },
    saying: {
      entry: 'say',
      on: {
        'prompt.ended': [{ guard: 'isStale' }, { target: 'deciding', actions: 'goOn' }],
        'command.refused': 'leaving',
      },
      after: { inputLimit: 'leaving' },
    },
    dialling: {
      description: 'The caller dials an extension',
      entry: 'askExtension',
      on: {
        'digits.collected': [
          { guard: 'isStale' },
          { guard: 'isNumber', target: 'finding', actions: 'findExtension' },
          { guard: 'isSilent', target: 'retrying', actions: 'noteSilent' },
          { target: 'retrying', actions: 'noteInvalid' },
        ],
        'command.refused': 'leaving',
      },
      after: { inputLimit: 'leaving' },
    },
    checking: {
      description: 'The media port asks for a PIN, and tells only whether it was the one',
      initial: 'deciding',
      states: {
        deciding: {
          always: [
            { guard: 'isTired', target: '#ivrMenu.leaving' },
            { guard: 'hasPinTries', target: 'asking' },
            { target: '#ivrMenu.deciding', actions: 'giveUpPin' },
          ],
        },
        asking: {
          entry: 'askPin',
          on: {
            'pin.checked': [
              { guard: 'isStale' },
              { guard: 'isRight', target: '#ivrMenu.deciding', actions: 'goOn' },
              { target: 'deciding', actions: 'noteWrongPin' },
            ],
            'command.refused': '#ivrMenu.leaving',
          },
          after: { inputLimit: '#ivrMenu.leaving' },
        },
      },
    },
    finding: {
      description: 'Where are those who shall be rung, and what can be rung there now?',
      on: {
        'route.found': [
          { guard: 'isRingable', actions: ['ring', 'noteFound', 'noteAnswer'] },
          { actions: ['noteFound', 'noteAnswer'] },
        ],
        'route.failed': { actions: 'noteAnswer' },
      },
      always: [
        { guard: 'isAskedAndRung', target: 'ringing' },
        { guard: 'isNoExtension', target: 'retrying', actions: 'noteInvalid' },
        { guard: 'isAsked', target: 'unanswered' },
      ],
      after: { answerLimit: [{ guard: 'hasRung', target: 'ringing' }, { target: 'unanswered' }] },
    },
    ringing: {
      description: 'They ring, and so the caller hears; the call tells when nobody does any more',
      entry: 'playRinging',
      on: { 'hunt.idle': 'unanswered' },
      after: {
        ringLimit: [
          { guard: 'isHunt', target: 'leaving' },
          { target: 'dropping', actions: 'drop' },
        ],
      },
    },
    dropping: {
      description: 'They have rung long enough',
      on: { 'hunt.idle': 'unanswered' },
      after: { answerLimit: 'unanswered' },
    },
    unanswered: {
      always: [
        { guard: 'isLast', target: 'deciding', actions: 'part' },
        { target: 'asking', actions: 'noteNobody' },
      ],
    },
    leaving: { entry: 'leave', always: 'over' },
    over: { type: 'final' },
  },
});

export const ivrMenu = defineScenario({
  name: 'ivr-menu',
  startsOn: [menuDialled.where({}), callDiverted.where({})],
  startsFor: ({ numbers }) => [
    menuDialled.where({}),
    // Numbers of the config, and no `*` among them.
    ...Object.keys(numbers).map((number) => callDiverted.where({ callee: { op: 'glob', pattern: `sip:${number}@*` } })),
  ],
  oncePer: ({ call }) => call,
  of: ({ call }) => call,
  listensTo: ({ call }, self) => [
    callerAnswered.where({ call }),
    digitsCollected.where({ call, case: self }),
    pinChecked.where({ call, case: self }),
    promptEnded.where({ call, case: self }),
    routeFound.where({ call, case: self }),
    routeFailed.where({ call, case: self }),
    huntIdle.where({ call, hunter: self }),
    callAnswered.where({ call }),
    callCancelled.where({ call }),
    callFailed.where({ call }),
    actorEnded.where({ address: call }),
  ],
  settings: givenByService<IvrSettings>,
  machine: ivrMenuMachine,
});
