/** Breakages of call pickup. */
import type { Mutant } from './mutant.ts';

export const PICKUP: readonly Mutant[] = [
  {
    name: 'join-won-twice',
    breaks: 'who is joined to a call hears so once',
    file: 'machines/call/bridge.ts',
    find: "      if (joinedBy !== '') enqueue.emit({ type: 'join.won', case: joinedBy, call });",
    replace: "      for (const _ of [1, 2]) if (joinedBy !== '') enqueue.emit({ type: 'join.won', case: joinedBy, call });",
    caughtBy: 'testing/walk/pickup',
  },
  {
    name: 'join-not-cancelled-on-answer',
    breaks: 'a picker who is not joined hears so as another answers',
    file: 'machines/call/bridge.ts',
    find: '        if (isJoin(fork)) enqueue.emit(lostJoin(context.self, fork, WHY_LOST[reason]));\n',
    replace: '',
    caughtBy: 'testing/walk/pickup',
  },
  {
    name: 'loser-not-hung-up',
    breaks: 'a picker who has not got the call is hung up',
    file: 'machines/call-pickup/setup.ts',
    find: "      if (context.pickerLeg !== '') enqueue.emit(endPicker(context, status, reason));\n",
    replace: '',
    caughtBy: 'testing/walk/pickup',
  },
  {
    name: 'hung-up-without-a-reason',
    breaks: 'a picker who is hung up hears why (RFC 3326)',
    file: 'src/ports/sip/fork.ts',
    find: 'const why = order === null ? LAPSES[command.lapse] : reasonOf(order);',
    replace: 'const why = LAPSES[command.lapse];',
    caughtBy: 'properties/pickup',
  },
  {
    name: 'taken-call-chosen-again',
    breaks: 'of two pickers each takes another call, while there are as many',
    file: 'machines/call-pickup/setup.ts',
    find: 'return offers.find((one) => !isTaken(one)) ?? offers[0];',
    replace: 'void isTaken;\n  return offers[0];',
    caughtBy: 'simulation/pickup',
  },
  {
    name: 'picked-up-again-while-called-back',
    breaks: 'who is called back has the call',
    file: 'machines/call/hunt.ts',
    find: "pickable: context.pickable && why !== 'pickedUp',",
    replace: 'pickable: context.pickable,',
    caughtBy: 'simulation/pickup-races',
  },
  {
    name: 'pickup-rights-not-asked',
    breaks: 'nobody takes calls of whose group he is not',
    file: 'src/ports/sip/pickup-codes.ts',
    find: 'if (!this.#rights.mayPickUp(picker, callee))',
    replace: "if (!this.#rights.mayPickUp(picker, callee) && callee === '')",
    caughtBy: 'simulation/pickup',
  },
  {
    name: 'ringing-view-not-cleaned',
    breaks: 'what rings no more cannot be picked up',
    file: 'src/correlation/ringing.ts',
    find: "      case 'call.answered':\n",
    replace: '',
    caughtBy: 'simulation/pickup-races',
  },
];
