/** The media that a leg's party sends, where it comes to us: silent, flowing, stalled, ended. No packet comes here, only what changed. */
import { emit, setup } from 'xstate';
import { type Birth, defineScenario, givenByService } from './scenario.ts';
import type { CallEnd } from './vocabulary/commands.ts';
import type { FactOf, Raw } from './vocabulary/descriptor.ts';
import type { Address } from './vocabulary/identity.ts';
import {
  rtpHeard,
  rtpStopped,
  streamClosed,
  type streamEnded,
  type streamFlowing,
  streamOpened,
  type streamStalled,
} from './vocabulary/media-facts.ts';

export interface StreamSettings {
  /** A stream that has been stalled for so long ends its call; 0: none does. */
  readonly endsCallAfterMs: number;
}

type Born = FactOf<typeof streamOpened>;
type Heard = FactOf<typeof rtpHeard | typeof rtpStopped | typeof streamClosed>;

interface Context {
  readonly call: Address;
  readonly leg: Address;
  readonly stream: Address;
  readonly endsCallAfterMs: number;
}

const named = ({ call, leg, stream }: Context) => ({ call, leg, stream });

export const streamMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Born, Heard, StreamSettings>,
    events: {} as Heard,
    emitted: {} as Raw<typeof streamFlowing | typeof streamStalled | typeof streamEnded> | CallEnd,
  },
  delays: { endsCall: ({ context }) => context.endsCallAfterMs },
  guards: { endsCall: ({ context }) => context.endsCallAfterMs > 0 },
  actions: {
    tellFlowing: emit(({ context }) => ({ type: 'stream.flowing', ...named(context) })),
    tellStalled: emit(({ context }) => ({ type: 'stream.stalled', ...named(context) })),
    tellEnded: emit(({ context, event }) => {
      const { packets, lost, jitterMs } = event as FactOf<typeof streamClosed>;
      return { type: 'stream.ended', ...named(context), packets, lost, jitterMs };
    }),
    endCall: emit(({ context }) => ({ type: 'call.end', to: context.call, status: 408, reason: 'Media Stopped' })),
  },
}).createMachine({
  id: 'stream',
  description: 'The media of one party in one call: silent, flowing, stalled, ended',
  context: ({ input: { fact, settings } }) => ({
    call: fact.call,
    leg: fact.leg,
    stream: fact.stream,
    endsCallAfterMs: settings.endsCallAfterMs,
  }),
  initial: 'silent',
  on: { 'stream.closed': { target: '.ended', actions: 'tellEnded' } },
  states: {
    silent: {
      description: 'Nothing has come yet: its party may only listen, or be on hold',
      on: { 'rtp.heard': 'flowing', 'rtp.stopped': 'stalled' },
    },
    flowing: {
      entry: 'tellFlowing',
      // The same stream under another number, or what stopped came again before anybody was told.
      on: { 'rtp.heard': {}, 'rtp.stopped': 'stalled' },
    },
    stalled: {
      description: 'Nothing comes any more, though it should',
      entry: 'tellStalled',
      initial: 'judged',
      on: { 'rtp.heard': 'flowing', 'rtp.stopped': {} },
      states: {
        judged: { always: [{ guard: 'endsCall', target: 'counted' }, { target: 'borne' }] },
        counted: { after: { endsCall: { target: 'borne', actions: 'endCall' } } },
        borne: {},
      },
    },
    ended: { type: 'final' },
  },
});

export const stream = defineScenario({
  name: 'stream',
  startsOn: [streamOpened.where({})],
  address: (fact) => fact.stream,
  oncePer: (fact) => fact.stream,
  of: (fact) => fact.leg,
  listensTo: ({ stream: address }) => [
    rtpHeard.where({ stream: address }),
    rtpStopped.where({ stream: address }),
    streamClosed.where({ stream: address }),
  ],
  settings: givenByService<StreamSettings>,
  machine: streamMachine,
  unbounded: {
    silent: 'as long as its media could come; the media port tells its end',
    flowing: 'as its call talks',
    'stalled.borne': 'as long as its call, which others end',
  },
});
