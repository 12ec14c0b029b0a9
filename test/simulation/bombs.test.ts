import { describe, expect, it } from 'vitest';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { bombs } from '../support/bombs.ts';
import { expectQuiet } from '../support/quiet.ts';

const SERVICE = { host: '10.0.0.1', port: 5060 };

/** A stranger, two users who can call each other, and what the service said to the stranger. */
function scene(transport: 'udp' | 'tcp' = 'udp') {
  const world = serviceWorld({ config: { limits: { requestsPerSecondPerSource: 0, failuresBeforeBan: 0 } } });
  const wire = world.wire('10.0.99.1', transport);
  const heard: number[] = [];
  wire.onMessage = (text) => {
    const status = Number(/^SIP\/2\.0 (\d{3}) /.exec(text)?.[1]);
    if (status >= 200) heard.push(status);
  };
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: 'answer' });
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  const counted = () => [...world.service.service.transactions.counters.values()].reduce((sum, count) => sum + count, 0);
  const expectServing = () => {
    const call = alice.call('bob');
    world.run(1000);
    expect(call.state).toBe('answered');
    call.bye();
    expectQuiet(world);
  };
  return { world, wire, heard, counted, expectServing };
}

describe('a message made to cost much', () => {
  it.each(bombs().map((bomb) => [bomb.name, bomb] as const))('%s', (_name, { text, status }) => {
    const { world, wire, heard, counted, expectServing } = scene();
    wire.send(text, SERVICE);
    world.run(1000);
    expect([...new Set(heard)]).toEqual(status === 'nothing' ? [] : [status]);
    // What gets no answer is counted.
    if (status === 'nothing') expect(counted()).toBe(1);
    expectServing();
  });

  it('all of them one after the other, ten times', () => {
    const { world, wire, counted, expectServing } = scene();
    for (let round = 0; round < 10; round++) {
      for (const { text } of bombs()) wire.send(text, SERVICE);
      world.run(1000);
    }
    expect(counted()).toBeGreaterThan(100);
    expectServing();
  });
});
