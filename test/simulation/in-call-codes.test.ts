import { describe, expect, it } from 'vitest';
import { assign, emit, setup } from 'xstate';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import type { CallEnd } from '../../machines/vocabulary/commands.ts';
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import { callAnswered, callEnded, digitHeard, orderRaised } from '../../machines/vocabulary/facts.ts';
import type { InCallOrder } from '../../machines/vocabulary/ivr.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { code } from '../support/menus.ts';
import { expectQuiet } from '../support/quiet.ts';

const ORDERS = [
  code('hold', '*1'),
  code('announce', '*5', { prompts: ['tone:beep'], isHidden: false }),
  code('raise', '*9', { raises: 'open-door', takesArgument: true }),
  code('hangUp', '*0'),
];

type Options = NonNullable<ConstructorParameters<typeof IvrStage>[0]>;
/** Alice talks to Bob. */
function talk(orders: readonly InCallOrder[] = ORDERS, options: Options = {}) {
  const stage = new IvrStage({ inCallCodes: { orders, holdMusic: ['tone:hold'] }, ...options });
  const { world } = stage;
  const [alice, bob] = [stage.phone('alice'), stage.phone('bob')];
  const call = alice.call('bob');
  world.run(500);
  expect(call.state).toBe('answered');
  stage.mediaOf(alice).talk(40);
  stage.mediaOf(bob).talk(40);
  world.run(200);
  return { stage, world, alice, bob, call };
}
const info = (digit: string) => ({ body: `Signal=${digit}\r\nDuration=100\r\n`, contentType: 'application/dtmf-relay' });
/** Packets that one hears of the other's talk. */
function heard(stage: IvrStage, by: Phone, from: Phone): number {
  const before = stage.mediaOf(by).packets;
  stage.mediaOf(from).talk(400);
  stage.world.run(600);
  return stage.mediaOf(by).packets - before;
}

describe('a party of a talk', () => {
  it.each(['alice', 'bob'])('holds the other one and takes it back: %s', (name) => {
    const { stage, world, alice, bob, call } = talk();
    const [one, other] = name === 'alice' ? [alice, bob] : [bob, alice];
    stage.press(one, '*1');
    // Music instead of the other, and nothing of who holds.
    expect(heard(stage, one, other)).toBe(0);
    const before = stage.mediaOf(other).packets;
    world.run(1_000);
    expect(stage.mediaOf(other).packets - before).toBeGreaterThan(45);
    stage.press(one, '*1');
    expect([heard(stage, one, other), heard(stage, other, one)]).toEqual([20, 20]);
    expect(stage.mediaOf(other).keys).toBe('');
    expect(stage.refused).toEqual([]);
    call.bye();
    expectQuiet(world);
  });

  it.each(['alice', 'bob'])('hangs up: %s', (name) => {
    const { stage, world, alice, bob, call } = talk();
    stage.press(name === 'alice' ? alice : bob, '*0');
    expect([call.end, bob.calls[0]?.end]).toEqual(['hungUp', 'hungUp']);
    expectQuiet(world);
  });

  it('keeps codes from the other one, and no other key', () => {
    const { stage, world, alice, bob, call } = talk();
    stage.press(alice, '12');
    expect(stage.mediaOf(bob).keys).toBe('12');
    stage.press(alice, '*1*1');
    expect(stage.mediaOf(bob).keys).toBe('12');
    stage.press(alice, '*7');
    world.run(1_000);
    expect(stage.mediaOf(bob).keys).toBe('12*7');
    stage.press(alice, '*5');
    world.run(1_000);
    expect(stage.mediaOf(bob).keys).toBe('12*7*5');
    call.bye();
    expectQuiet(world);
  });

  it('presses them by INFO too', () => {
    const { stage, world, alice, bob, call } = talk();
    for (const key of ['*', '0']) {
      call.request('INFO', info(key));
      world.run(300);
    }
    expect(call.end).toBe('hungUp');
    expect(bob.received('INFO')).toEqual([]);
    expect(alice.received(200).length).toBeGreaterThan(0);
    expect(stage.entries('digit.heard').map(({ way }) => way)).toEqual(['info', 'info']);
    expectQuiet(world);
  });

  it('may press what the config says, and nothing else', () => {
    const { stage, world, alice, bob, call } = talk([code('hangUp', '*0', { users: ['bob'], party: 'callee' })]);
    stage.press(alice, '*0');
    expect([call.end, stage.mediaOf(bob).keys]).toEqual(['', '*0']);
    stage.press(bob, '*0');
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('hears an announcement with the other one', () => {
    const { stage, world, alice, bob, call } = talk();
    const before = [stage.mediaOf(alice).packets, stage.mediaOf(bob).packets];
    stage.press(alice, '*5');
    world.run(1_500);
    expect(stage.mediaOf(alice).packets - (before[0] ?? 0)).toBeGreaterThan(15);
    expect(stage.mediaOf(bob).packets - (before[1] ?? 0)).toBeGreaterThan(15);
    expect(stage.refused).toEqual([]);
    expect([heard(stage, alice, bob), heard(stage, bob, alice)]).toEqual([20, 20]);
    call.bye();
    expectQuiet(world);
  });

  it('is not anchored where its users have no codes', () => {
    const { stage, call, world } = talk([code('hold', '*1', { users: ['carol'] })]);
    expect(stage.entries('stream.opened')).toEqual([]);
    call.bye();
    expectQuiet(world);
  });
});

/** A scenario of a user's: who presses the code ends the call of whom the argument stands for, in another call. */
const doorSetup = setup({
  types: {
    context: {} as { readonly raised: FactOf<typeof orderRaised>; readonly target: string },
    input: {} as Birth<FactOf<typeof orderRaised>>,
    events: {} as FactOf<typeof callEnded>,
    emitted: {} as CallEnd,
  },
});
const door = defineScenario({
  name: 'door',
  startsOn: [orderRaised.where({ name: 'open-door' })],
  listensTo: ({ call }) => [callEnded.where({ call })],
  machine: doorSetup.createMachine({
    id: 'door',
    context: ({ input }) => ({ raised: input.fact, target: '' }),
    on: { 'call.ended': '.over' },
    initial: 'open',
    states: { open: { after: { 1000: 'over' } }, over: { type: 'final' } },
  }),
});

/** Digits of one call drive another: two keys of the doorman's call open what the visitor's call waits for. */
type Digit = FactOf<typeof digitHeard>;
const gateSetup = setup({
  types: {
    context: {} as { readonly guard: string; readonly visitor: string },
    input: {} as Birth<FactOf<typeof callAnswered>>,
    events: {} as Digit | FactOf<typeof callAnswered | typeof callEnded>,
    emitted: {} as CallEnd,
  },
  guards: {
    isGuards: ({ context, event }) => (event as Digit).call === context.guard,
    isOpening: ({ context, event }) => (event as Digit).digit === '5' && context.visitor !== '',
  },
  actions: {
    noteVisitor: assign({ visitor: ({ event }) => (event as FactOf<typeof callAnswered>).call }),
    open: emit(({ context }) => ({ type: 'call.end', to: context.visitor, status: 200, reason: 'Come In' })),
  },
});
const gate = defineScenario({
  name: 'gate',
  startsOn: [callAnswered.where({ callee: 'sip:bob@example.com' })],
  oncePer: () => 'one',
  listensTo: ({ call }) => [
    digitHeard.where({ call }),
    callAnswered.where({ callee: 'sip:dave@example.com' }),
    callEnded.where({ call }),
  ],
  machine: gateSetup.createMachine({
    id: 'gate',
    context: ({ input }) => ({ guard: input.fact.call, visitor: '' }),
    on: {
      'digit.heard': [{ guard: 'isOpening', actions: 'open' }, {}],
      'call.answered': { actions: 'noteVisitor' },
      'call.ended': '.over',
    },
    initial: 'watching',
    states: { watching: { after: { 600000: 'over' } }, over: { type: 'final' } },
  }),
});

describe('a scenario of a user’s', () => {
  it('begins with a code, and is told what was pressed behind it', () => {
    const { stage, world, alice, bob, call } = talk(ORDERS, { scenarios: [door] });
    stage.press(alice, '*942#');
    expect(stage.entries('order.raised')).toMatchObject([
      { name: 'open-door', user: 'sip:alice@example.com', from: 'code', argument: '42' },
    ]);
    expect(stage.mediaOf(bob).keys).toBe('');
    call.bye();
    expectQuiet(world);
  });

  it('has the keys of one call drive another', () => {
    const { stage, world, alice, call } = talk(ORDERS, { scenarios: [gate], users: ['alice', 'bob', 'carol', 'dave'] });
    const [carol] = [stage.phone('carol'), stage.phone('dave')];
    const visit = carol.call('dave');
    world.run(500);
    stage.press(alice, '1');
    expect(visit.state).toBe('answered');
    stage.press(alice, '5');
    expect([visit.end, call.state]).toEqual(['hungUp', 'answered']);
    call.bye();
    expectQuiet(world);
  });
});
