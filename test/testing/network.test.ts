import { describe, expect, it } from 'vitest';
import { type Conditions, SimulatedNetwork } from '../../src/testing/network.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { SimulatedTransports } from '../../src/testing/simulated-transports.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { simulatedStreamWire, simulatedUdpWire } from '../../src/testing/wire.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { Flow } from '../../src/transport/transport.ts';

const A = { host: '10.0.0.2', port: 5060 };
const B = { host: '10.0.0.3', port: 5060 };
const SERVICE = { host: '10.0.0.1', port: 5060 };

function world(conditions: Partial<Conditions> = {}, seed = 7) {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const network = new SimulatedNetwork({ timers, random: new SeededRandom(seed), conditions });
  return { time, timers, network };
}
/** A datagram path from A to B: what arrived, with instants. */
function datagrams(conditions: Partial<Conditions> = {}, seed = 7) {
  const { time, timers, network } = world(conditions, seed);
  const arrived: string[] = [];
  const a = simulatedUdpWire(network, timers, A);
  const b = simulatedUdpWire(network, timers, B);
  b.onMessage = (text, from) => arrived.push(`${text}@${timers.now()} from ${from.host}`);
  return { time, network, a, b, arrived };
}
function streams(conditions: Partial<Conditions> = {}) {
  const { time, timers, network } = world(conditions);
  const arrived: string[] = [];
  const gone: string[] = [];
  const a = simulatedStreamWire(network, timers, A);
  const b = simulatedStreamWire(network, timers, B);
  b.onMessage = (text) => arrived.push(text);
  a.onClosed = (_, why) => gone.push(why);
  return { time, network, a, b, arrived, gone };
}
const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

describe('datagrams', () => {
  it('arrive after the latency, and only where a socket is bound', () => {
    const { time, a, b, arrived } = datagrams();
    a.send('one', B);
    time.advance(4);
    expect(arrived).toEqual([]);
    time.advance(1);
    expect(arrived).toEqual(['one@5 from 10.0.0.2']);
    b.close();
    a.send('two', B);
    time.advance(100);
    expect(arrived).toHaveLength(1);
  });
  it('get lost, doubled and overtaken as often as told', () => {
    const count = (conditions: Partial<Conditions>) => {
      const { time, a, arrived } = datagrams(conditions);
      for (const text of numbers(2_000)) a.send(text, B);
      time.advance(1_000);
      return arrived;
    };
    expect(count({ loss: 0.25 }).length / 2_000).toBeCloseTo(0.75, 1);
    expect(count({ duplication: 0.5 }).length / 2_000).toBeCloseTo(1.5, 1);
    const order = count({ reordering: 0.1 }).map((text) => Number.parseInt(text, 10));
    expect(order).toHaveLength(2_000);
    expect(order).not.toEqual(order.toSorted((x, y) => x - y));
    expect(count({ loss: 1 })).toEqual([]);
  });
  it('pass or not by direction, until the network heals', () => {
    const { time, network, a, b, arrived } = datagrams();
    const back: string[] = [];
    a.onMessage = (text) => back.push(text);
    network.block(A.host, B.host);
    a.send('lost', B);
    b.send('passes', A);
    time.advance(10);
    expect([arrived, back]).toEqual([[], ['passes']]);
    network.heal();
    a.send('now', B);
    time.advance(10);
    expect(arrived).toEqual(['now@15 from 10.0.0.2']);
  });
  it('have the same fate for the same seed, and another for another', () => {
    const fate = (seed: number) => {
      const { time, a, arrived } = datagrams({ loss: 0.5, jitterMs: 20, duplication: 0.2, reordering: 0.2 }, seed);
      for (const text of numbers(50)) a.send(text, B);
      time.advance(1_000);
      return arrived;
    };
    expect(fate(1)).toEqual(fate(1));
    expect(fate(1)).not.toEqual(fate(2));
  });
  it('follow what was said of their path last', () => {
    const { time, network, a, arrived } = datagrams();
    network.path('*', '10.0.0.3:5060', { latencyMs: 100 });
    network.path(A.host, '*', { latencyMs: 30 });
    a.send('one', B);
    time.advance(200);
    expect(arrived).toEqual(['one@30 from 10.0.0.2']);
  });
});

describe('streams', () => {
  it('keep order and lose nothing, whatever the network does', () => {
    const { time, a, arrived } = streams({ loss: 0.4, jitterMs: 50, duplication: 1, reordering: 1 });
    for (const text of numbers(200)) a.send(text, B);
    time.advance(60_000);
    expect(arrived).toEqual(numbers(200));
  });
  it('stall while partitioned, and go on', () => {
    const { time, network, a, arrived } = streams();
    a.send('before', B);
    time.advance(20);
    network.partition(A.host, B.host);
    a.send('during', B);
    time.advance(60_000);
    expect(arrived).toEqual(['before']);
    network.heal();
    time.advance(20);
    expect(arrived).toEqual(['before', 'during']);
  });
  it('tell a refused, a broken and a closed connection', () => {
    const { time, network, a, b, gone } = streams();
    a.send('nobody', { host: '10.9.9.9', port: 1 });
    time.advance(20);
    a.send('hello', B);
    time.advance(20);
    expect(network.connections).toBe(1);
    network.breakStreams(A.host);
    a.send('again', B);
    time.advance(20);
    b.close();
    time.advance(20);
    expect(gone).toEqual(['refused', 'reset', 'closed by peer']);
    expect(network.connections).toBe(0);
  });
});

describe('the transports of the service', () => {
  function service() {
    const { time, timers, network } = world();
    const heard: string[] = [];
    const flows: Flow[] = [];
    const transports = new SimulatedTransports(
      network,
      [
        { transport: 'udp', local: SERVICE },
        { transport: 'tcp', local: SERVICE },
      ],
      {
        received: (bytes, flow) => {
          heard.push(bytes.toString('latin1'));
          flows.push(flow);
        },
        failed: (flow, why) => heard.push(`${flow.transport} failed: ${why}`),
      },
    );
    return { time, timers, network, heard, flows, transports };
  }
  it('answer along the flow on which a message came, over both', () => {
    for (const wireOf of [simulatedUdpWire, simulatedStreamWire]) {
      const { time, timers, network, heard, flows } = service();
      const phone = wireOf(network, timers, A);
      const back: string[] = [];
      phone.onMessage = (text) => back.push(text);
      phone.send('h\xe9llo', SERVICE);
      time.advance(20);
      flows[0]?.send('answer');
      time.advance(20);
      expect([heard, back]).toEqual([['h\xe9llo'], ['answer']]);
    }
  });
  it('find a datagram flow again by its id, as after a restart, and a connection only while it lives', () => {
    const { time, timers, network, flows, transports, heard } = service();
    expect(transports.flowById('udp/10.0.0.1:5060/10.0.0.2:5060')?.remote).toEqual(A);
    expect(transports.flowById('udp/10.0.0.9:5060/10.0.0.2:5060')).toBeUndefined();
    simulatedStreamWire(network, timers, A).send('hello', SERVICE);
    time.advance(20);
    const id = flows[0]?.id ?? '';
    expect(transports.flowById(id)).toBe(flows[0]);
    network.breakStreams(A.host);
    expect([transports.flowById(id), flows[0]?.open, heard.at(-1)]).toEqual([undefined, false, 'tcp failed: reset']);
  });
  it('answer a ping on a stream and show no keep-alive', () => {
    const { time, timers, network, heard } = service();
    const phone = simulatedStreamWire(network, timers, A);
    const back: string[] = [];
    phone.onMessage = (text) => back.push(text);
    phone.send('\r\n\r\n', SERVICE);
    time.advance(30);
    expect([heard, back]).toEqual([[], ['\r\n']]);
  });
});
