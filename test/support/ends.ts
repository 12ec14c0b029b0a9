import { type Invariant, invariant, type Phone, type PhoneCall, RoamingWire } from '../../src/testing/index.ts';
import { OutgoingCall } from '../../src/testing/phone-outgoing-call.ts';

const callsOf = (phone: Phone): readonly PhoneCall[] => phone.calls;

/** It is where it always was: what was answered went there. */
const isStill = ({ isGone, wire }: Phone): boolean => !isGone && !(wire instanceof RoamingWire && !wire.isSteady);

/** Holds of every phone that is there in the end, whatever became of the others. */
export const everyCallEnds: Invariant = invariant(
  'every call ends',
  'when all have hung up, each caller has one final answer and nobody is in a call',
  ({ phones }) =>
    phones.flatMap((phone) =>
      callsOf(phone)
        .filter((call) => isStill(phone) && (call.state === 'answered' || (call instanceof OutgoingCall && call.status === 0)))
        .map(({ state, callId }) => `${phone.name} is still ${state} in ${callId}`),
    ),
);

/** Each INVITE that was let in is told as one call, and each told call is over. */
export const everyCallIsTold: Invariant = invariant(
  'every call is told',
  'the service tells the story of each call once',
  ({ service }, took) => {
    const came = took.of({ fact: 'call.ended' }).length;
    return service.stories.length === came ? [] : [`${came} calls ended, and ${service.stories.length} were told`];
  },
);
