/**
 * In-call codes: a party presses a code while it talks, and so holds, transfers, records, announces, hangs up, or begins what a
 * scenario of a user's does. One case a party whose media comes to us and who may press something.
 */
import { codesSetup, contextOf } from '../in-call-codes/setup.ts';
import { defineScenario, givenByService } from '../scenario.ts';
import { not } from '../vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  codePressed,
  promptEnded,
  recordingEnded,
  recordingStarted,
  streamClosed,
  streamOpened,
  transferProgressed,
} from '../vocabulary/facts.ts';
import type { InCallSettings } from '../vocabulary/ivr.ts';

const BLIND = { type: 'transfer', params: { consult: false } } as const;
const CONSULT = { type: 'transfer', params: { consult: true } } as const;

export const inCallCodesMachine = codesSetup.createMachine({
  id: 'inCallCodes',
  description: 'A party presses codes in a talk: hold, transfer, recording and what else the config says',
  context: ({ input }) => contextOf(input),
  initial: 'born',
  on: {
    'call.answered': {},
    'code.pressed': {},
    'transfer.progressed': {},
    'prompt.ended': {},
    'recording.started': { actions: 'noteRecording' },
    'recording.ended': { actions: 'noteRecording' },
    'stream.closed': '.over',
    'actor.ended': '.over',
    'command.refused': {},
  },
  states: {
    born: {
      always: [{ guard: 'mayNothing', target: 'over' }, { guard: 'isTalking', target: 'talking' }, { target: 'waiting' }],
    },
    waiting: {
      description: 'Nobody has answered yet; what is pressed meanwhile is a menu’s',
      on: { 'call.answered': [{ guard: 'isTalk', target: 'talking', actions: 'noteOther' }, {}] },
    },
    talking: {
      initial: 'together',
      entry: 'listen',
      on: {
        'code.pressed': [
          { guard: 'hangsUp', actions: 'hangUp' },
          { guard: 'beginsRecording', actions: 'record' },
          { guard: 'endsRecording', actions: 'stopRecording' },
          { guard: 'announces', actions: 'announce' },
          { guard: 'raises', actions: 'raise' },
          {},
        ],
        'command.refused': [{ guard: 'isRecord', actions: 'refuse' }, {}],
      },
      states: {
        together: {
          on: {
            'code.pressed': [
              { guard: 'holds', target: 'holding', actions: 'hold' },
              { guard: 'transfersThere', target: 'transferring', actions: BLIND },
              { guard: 'consultsThere', target: 'consulting', actions: CONSULT },
              // Nowhere.
              { guard: 'transfers', actions: 'refuse' },
            ],
          },
        },
        holding: {
          description: 'The other party hears music; a transfer takes it from there',
          on: {
            'code.pressed': [
              { guard: 'holds', target: 'together', actions: 'resume' },
              { guard: 'transfersThere', target: 'transferring', actions: ['resume', BLIND] },
              { guard: 'consultsThere', target: 'consulting', actions: ['resume', CONSULT] },
              { guard: 'transfers', actions: 'refuse' },
            ],
          },
        },
        transferring: {
          description: 'The other party is on its way to somebody else',
          on: {
            'transfer.progressed': [
              { guard: 'isDone', target: 'together' },
              { guard: 'isFailed', target: 'together', actions: 'refuse' },
              {},
            ],
            'command.refused': [{ guard: 'isTransfer', target: 'together', actions: 'refuse' }],
          },
          after: { transferLimit: 'together' },
        },
        consulting: {
          description: 'The party rings, and then talks with, somebody else first, whom the other one goes to in the end',
          on: {
            'code.pressed': [
              { guard: 'completes', actions: 'complete' },
              { guard: 'cancels', actions: 'cancel' },
              { guard: 'hangsUp', actions: 'hangUp' },
              {},
            ],
            'transfer.progressed': [
              { guard: 'isDone', target: 'together' },
              { guard: 'isFailed', target: 'together', actions: 'refuse' },
              {},
            ],
            'command.refused': [{ guard: 'isTransfer', target: 'together', actions: 'refuse' }],
          },
        },
      },
    },
    over: { type: 'final' },
  },
});

/** Whose streams may be those of somebody who may press something. */
function openedBy({ orders }: InCallSettings) {
  const names = new Set(orders.flatMap(({ users }) => users ?? ['*']));
  // Of many a user, and of names that a pattern would misread, each stream is looked at.
  if (names.size > MOST_NAMES || [...names].some((name) => name.includes('*'))) return [streamOpened.where({ user: not('') })];
  return [...names].map((name) => streamOpened.where({ user: { op: 'glob', pattern: `sip:${name}@*` } }));
}
const MOST_NAMES = 100;

export const inCallCodes = defineScenario({
  name: 'in-call-codes',
  startsOn: [streamOpened.where({ user: not('') })],
  startsFor: openedBy,
  oncePer: ({ leg }) => leg,
  of: ({ call }) => call,
  listensTo: ({ call, leg }, self) => [
    callAnswered.where({ call }, { current: true }),
    codePressed.where({ call, case: self }),
    transferProgressed.where({ call, case: self }),
    promptEnded.where({ call, case: self }),
    recordingStarted.where({ call, case: self }),
    recordingEnded.where({ call, case: self }),
    streamClosed.where({ call, leg }),
    actorEnded.where({ address: call }),
  ],
  settings: givenByService<InCallSettings>,
  machine: inCallCodesMachine,
});
