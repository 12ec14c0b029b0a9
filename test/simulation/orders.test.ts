import { describe, expect, it } from 'vitest';
import { assign, setup } from 'xstate';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import { defineFact, type FactOf, integer, text } from '../../machines/vocabulary/descriptor.ts';
import type { Ordered } from '../../src/insight/insight.ts';
import { ServiceOrders } from '../../src/orders.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const doorOpened = defineFact('door.opened', { door: text(), times: integer() });
const machine = setup({
  types: { context: {} as { door: string }, input: {} as Birth<FactOf<typeof doorOpened>>, events: {} as { type: 'none' } },
  delays: { limit: 60_000 },
  actions: { nothing: assign({}) },
}).createMachine({
  id: 'door',
  context: ({ input }) => ({ door: input.fact.door }),
  initial: 'open',
  states: { open: { after: { limit: 'closed' } }, closed: { type: 'final' } },
});
const doors = defineScenario({ name: 'doors', startsOn: [doorOpened.where({})], listensTo: () => [], machine });

function stage(options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ insight: true, scenarios: [doors], facts: [doorOpened], ...options });
  const { service, timers } = { service: world.service.service, timers: world.timers };
  const orders = new ServiceOrders({
    ...{ engine: service.engine, timers, facts: ['door.opened'] },
    aorOf: (user) => service.insight?.user(user)?.aor,
    uriOf: (callee) => (callee === '?' ? undefined : `sip:${callee}@example.com`),
    ringMs: 20_000,
  });
  /** What came of an order, at once or within its second. */
  const told = (order: (done: (ordered: Ordered) => void) => void): Ordered | undefined => {
    let found: Ordered | undefined;
    order((ordered) => {
      expect(found).toBeUndefined();
      found = ordered;
    });
    world.run(1_500);
    return found;
  };
  const [alice, bob, carol] = [world.phone('alice'), world.phone('bob', { onInvite: 'ring' }), world.phone('carol')];
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  return { world, service, orders, told, alice, bob, carol };
}

describe('an operator', () => {
  it('ends a call that rings, and one that talks; one that is over is refused', () => {
    const { world, orders, told, alice, bob } = stage();
    const ringing = alice.call('bob');
    world.run(1000);
    expect(told((done) => orders.hangUp('call:1', done))).toEqual({});
    world.run(2000);
    expect(ringing.status).toBe(480);
    bob.onInvite = 'answer';
    const talking = alice.call('bob');
    world.run(3000);
    expect(talking.status).toBe(200);
    expect(told((done) => orders.hangUp('call:2', done))).toEqual({});
    world.run(40_000);
    expect(told((done) => orders.hangUp('call:2', done))).toEqual({ refused: 'call:2 is over' });
    expect(told((done) => orders.hangUp('port:sip', done))).toEqual({ refused: 'port:sip is over' });
    expectQuiet(world);
  });

  it('has somebody rung beside whoever rings, who may take the call or leave it', () => {
    const { world, service, orders, told, alice, bob, carol } = stage();
    const fork = (call: string, callee: string) => told((done) => orders.fork(call, callee, done));
    expect(fork('call:1', 'carol')).toEqual({ refused: 'call:1 is over' });
    carol.onInvite = 'ring';
    const call = alice.call('bob');
    world.run(1000);
    expect(fork('call:1', '?')).toEqual({ refused: '? is no user, number or sip: URI' });
    expect(fork('call:1', 'nobody')?.refused).toMatch(/^nobody cannot be rung: 404/);
    expect(fork('call:1', 'carol')).toEqual({});
    expect(fork('call:1', 'carol')?.refused).toBe('the call does not ring any more, or rings them already');
    expect(carol.incoming?.state).toBe('ringing');
    carol.incoming?.answer();
    world.run(2000);
    expect(call.status).toBe(200);
    expect(bob.incoming?.state).toBe('ended');
    expect(fork('call:1', 'bob')?.refused).toBe('the call does not ring any more, or rings them already');
    orders.hangUp('call:1', () => undefined);
    world.run(60_000);
    expect(service.engine.countActors('operator-fork')).toBe(0);
    expectQuiet(world);
  });

  it('keeps a call open while such a fork rings, and no longer', () => {
    const { world, orders, told, alice, bob, carol } = stage();
    carol.onInvite = 'ring';
    const other = alice.call('bob');
    world.run(500);
    expect(told((done) => orders.fork('call:1', 'carol', done))).toEqual({});
    bob.incoming?.decline(486);
    world.run(5000);
    expect(other.status).toBeLessThan(200);
    world.run(30_000);
    expect(other.status).toBeGreaterThanOrEqual(400);
    world.run(60_000);
    expectQuiet(world);
  });

  it('forgets a phone, which is rung no more until it registers again', () => {
    const { world, service, orders, told, alice, bob } = stage();
    const aor = 'sip:bob@example.com';
    const [binding] = service.location.of(aor);
    const device = binding?.device ?? '';
    expect(told((done) => orders.removeBinding(aor, 'other', done))).toEqual({ refused: `${aor} has no phone other` });
    expect(told((done) => orders.removeBinding('sip:dave@example.com', device, done))?.refused).toMatch(/has no phone/);
    expect(told((done) => orders.removeBinding(aor, device, done))).toEqual({});
    expect(service.location.of(aor)).toEqual([]);
    const call = alice.call('bob');
    world.run(2000);
    expect(call.status).toBe(480);
    bob.register();
    world.run(1000);
    expect(service.location.of(aor)).toHaveLength(1);
  });

  it("raises facts of users' scenarios, and orders by name into calls, and nothing else", () => {
    const { world, service, orders, told, alice } = stage();
    const raise = (type: string, attributes: Record<string, unknown> = {}) =>
      told((done) => orders.raise({ type, attributes }, done));
    expect(raise('door.opened', { door: 'front', times: 3 })).toEqual({});
    expect(service.engine.countActors('doors')).toBe(1);
    expect(raise('door.opened', { door: 'front' })?.refused).toMatch(/times/);
    expect(raise('door.opened', { door: 'front', times: 'three' })?.refused).toMatch(/times/);
    expect(raise('door.opened', { door: 'front', times: 3, to: 'call:1' })?.refused).toMatch(/addressed to nobody/);
    expect(raise('call.answered', {})?.refused).toBe(
      'call.answered is no fact of your scenarios; there is door.opened, order.raised',
    );
    expect(raise('order.raised', { name: 'open-door', call: 'call:1' })?.refused).toMatch(/needs call/);
    alice.call('bob');
    world.run(1000);
    expect(raise('order.raised', { name: 'open-door', call: 'call:1' })).toEqual({});
  });

  it('has a user pick a ringing call up where the config lets calls be picked up, and hears where it does not', () => {
    const without = stage();
    without.alice.call('bob');
    without.world.run(1000);
    expect(without.told((done) => without.orders.pickUp('call:1', 'carol', done))?.refused).toMatch(/no pickup section/);
    expect(without.told((done) => without.orders.pickUp('call:1', 'nobody', done))?.refused).toMatch(/^nobody is no user/);
  });

  it('is not left without an answer by an engine that takes nothing', () => {
    const { world, service, orders } = stage();
    const heard: Ordered[] = [];
    service.engine.order = () => false;
    orders.hangUp('call:1', (ordered) => heard.push(ordered));
    world.run(2000);
    expect(heard).toEqual([{ refused: 'the service is too busy; try again' }]);
  });
});
