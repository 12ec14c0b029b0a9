import type { ActorView, CallView, ChartView, MessageView, StateNodeView, TransitionView } from '../../src/insight/model.ts';

/** 2023-11-14T22:13:20Z. */
export const START = 1_700_000_000_000;

/** A transition; without a target it goes nowhere. */
export const transition = (event: string, target: string, more: Partial<TransitionView> = {}): TransitionView => ({
  ...{ event, target, guard: '', actions: [], description: '' },
  ...more,
});

/** A state; its children follow from their paths. */
export function state(path: string, more: Partial<StateNodeView> = {}): StateNodeView {
  const children = more.children ?? [];
  return {
    ...{ path, name: path.split('.').at(-1) ?? '', type: children.length > 0 ? 'compound' : 'atomic', initial: '' },
    ...{ description: '', entry: [], exit: [], transitions: [], children },
    ...more,
  };
}

/** A call in small: it rings, tries, fails by itself or talks. */
export const chart: ChartView = {
  ...{ scenario: 'call', description: '', isOwn: true, startsOn: ['invite.received'] },
  root: state('', {
    initial: 'ringing',
    transitions: [transition('answered', '')],
    children: [
      state('ringing', {
        initial: 'ringing.offering',
        transitions: [
          transition('leg.answered', 'talking', { guard: 'isFirst' }),
          transition('leg.answered', 'talking', { guard: 'isWoken' }),
          transition('call.ring', 'ringing.offering'),
          transition('leg.failed', 'ringing'),
        ],
        children: [
          state('ringing.offering', { transitions: [transition('after 0 ms', 'ringing.trying')] }),
          state('ringing.trying', { transitions: [transition('always', 'failing', { guard: 'isOver' })] }),
        ],
      }),
      state('failing', { transitions: [transition('always', 'ended')] }),
      state('talking', { transitions: [transition('leg.hungUp', 'ended')] }),
      state('ended', { type: 'final' }),
    ],
  }),
};

export const message = (atMs: number, label: string, more: Partial<MessageView> = {}): MessageView => ({
  ...{ at: START + atMs, label, isIncoming: false, transport: 'udp', remote: '', callId: '', leg: '', text: '' },
  ...more,
});

export const actor = (address: string, more: Partial<ActorView> = {}): ActorView => ({
  ...{ address, scenario: address.split(':')[0] ?? '', bornAt: START, endedAt: null, state: '', path: [] },
  ...more,
});

/** Alice calls Bob, whose mobile was woken. */
export function callView(more: Partial<CallView> = {}): CallView {
  return {
    ...{ call: 'call:7', caller: 'sip:alice@example.com', callee: 'sip:bob@example.com', callerName: 'Alice' },
    ...{ outcome: 'answered', state: 'ended', startedAt: START, answeredAt: START + 3000, endedAt: START + 9000 },
    ...{ status: 200, why: 'Alice hung up', callId: 'a@alice' },
    parties: [
      { leg: 'leg:7/0', name: 'Alice', aor: 'sip:alice@example.com', device: '', remote: '192.0.2.1:5060' },
      { leg: 'leg:7/1', name: "Bob's mobile", aor: 'sip:bob@example.com', device: 'pn-1', remote: '192.0.2.2:5060' },
    ],
    ...{ actors: [], entries: [], messages: [], messagesCut: 0, story: [], related: [] },
    ...more,
  };
}
