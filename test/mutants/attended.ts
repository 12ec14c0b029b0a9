/** Breakages of calls whose caller the service attends, and of transfers that scenarios order. */
import type { Mutant } from './mutant.ts';

export const ATTENDED: readonly Mutant[] = [
  {
    name: 'attended-caller-hears-ringing',
    breaks: 'a caller who has had its 2xx hears no provisional answer',
    file: 'machines/call/hunt.ts',
    find: "      if (!context.isAttended) enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: leg, status, message });",
    replace: "      enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: leg, status, message });",
    caughtBy: 'machines/call',
  },
  {
    name: 'dialled-on-rings-for-ever',
    breaks: 'what was rung for an attended caller is given up as the caller is with the service again',
    file: 'machines/call/attendance.ts',
    find: 'enqueue.assign({ ...home, forks: drop(context.forks), hunted',
    replace: 'enqueue.assign({ ...home, forks: context.forks, hunted',
    caughtBy: 'machines/call',
  },
  {
    name: 'fork-offered-what-the-caller-said',
    breaks: 'who is rung for an attended caller is not asked for reliable provisionals that nobody acknowledges',
    file: 'src/ports/sip/fork-invite.ts',
    find: '  else speakFor(context, headers);\n',
    replace: '',
    caughtBy: 'simulation/attended',
  },
  {
    name: 'attended-offer-not-taken',
    breaks: 'the answer to an offer of the service is taken from the ACK',
    file: 'src/ports/sip/caller.ts',
    find: 'if (side.attended !== undefined && offerOf(side) === undefined && !takeAnswer(context, side, ack)) return;',
    replace: 'void takeAnswer;',
    caughtBy: 'simulation/attended',
  },
  {
    name: 'attended-not-closed',
    breaks: 'media that a caller had with the service ends with its leg',
    file: 'src/ports/sip/attending.ts',
    find: '  side.attended?.close();\n',
    replace: '',
    caughtBy: 'simulation/attended',
  },
  {
    name: 'lent-party-not-given-back',
    breaks: 'whoever consulted somebody talks again to whom it talked before',
    file: 'src/media/bridge.ts',
    find: '        this.#isTaken = false;\n',
    replace: '',
    caughtBy: 'media/lent',
  },
  {
    name: 'transfer-to-anybody',
    breaks: 'a transfer that is ordered leads where the transferor may call',
    file: 'src/ports/sip/ordered-transfers.ts',
    find: "const goal = uri === undefined ? refusal(404, 'Malformed Callee') : this.#transfers.dialled(uri, from);",
    replace: "const goal = uri === undefined ? refusal(404, 'Malformed Callee') : this.#transfers.dialled(uri, transferee);",
    caughtBy: 'simulation/ordered-transfer',
  },
];
