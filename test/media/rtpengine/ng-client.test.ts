import { expect, it } from 'vitest';
import { isRefusal, NgClient } from '../../../src/media/rtpengine/ng-client.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';
import { NgDaemon } from '../../support/ng-daemon.ts';

function asking() {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const daemon = new NgDaemon();
  const turns: string[] = [];
  const client = new NgClient({
    wire: daemon.wire,
    timers,
    random: new SeededRandom(1),
    timeoutMs: 1_000,
    turned: (isUp) => void turns.push(`${time.now()} ${isUp ? 'up' : 'down'}`),
  });
  const heard: string[] = [];
  const ask = (command: string, said = {}): void =>
    client.ask(command, said, (reply) =>
      heard.push(`${time.now()} ${command} ${isRefusal(reply) ? `${reply.refused} ${reply.isTold}` : 'ok'}`),
    );
  return { time, timers, daemon, client, turns, heard, ask };
}
const silent = (): undefined => undefined;

it('says what is asked behind a cookie of its own, and hears the answer once', () => {
  const { daemon, heard, ask, client } = asking();
  ask('offer', { 'call-id': 'c', flags: ['a', 'b'] });
  expect(daemon.datagrams.at(-1)).toMatch(/^[0-9a-f]{16}_1 d7:command5:offer7:call-id1:c5:flagsl1:a1:bee$/);
  expect(new Set(daemon.datagrams.map((datagram) => datagram.split(' ')[0])).size).toBe(2);
  daemon.say(`${daemon.datagrams.at(-1)?.split(' ')[0]} d6:result2:oke`);
  expect(heard).toEqual(['0 offer ok']);
  expect(client.size).toBe(0);
});

it('hears why the daemon refuses, and goes on', () => {
  const { daemon, heard, ask, client } = asking();
  daemon.answers = () => ({ result: 'error', 'error-reason': 'Unknown call-id' });
  ask('query');
  daemon.answers = () => ({ result: 'load limit' });
  ask('offer');
  expect(heard).toEqual(['0 query Unknown call-id true', '0 offer load limit true']);
  expect(client.isUp).toBe(true);
});

it('asks again with the same words, and takes the late answer', () => {
  const { time, daemon, heard, ask } = asking();
  daemon.answers = silent;
  ask('offer', { sdp: 'v=0' });
  time.advance(600);
  const offers = daemon.datagrams.filter((datagram) => datagram.includes('offer'));
  expect(offers).toHaveLength(3);
  expect(new Set(offers).size).toBe(1);
  daemon.say(`${offers[0]?.split(' ')[0]} d6:result2:oke`);
  expect(heard).toEqual(['600 offer ok']);
});

it('takes a daemon without an answer for dead, tells all who wait, and those who come then at once', () => {
  const { time, daemon, heard, turns, ask, client } = asking();
  daemon.answers = silent;
  ask('offer');
  time.advance(500);
  ask('answer');
  time.advance(499);
  expect(heard).toEqual([]);
  time.advance(1);
  expect(heard).toEqual(['1000 offer timeout false', '1000 answer timeout false']);
  expect(turns).toEqual(['1000 down']);
  const before = daemon.datagrams.length;
  ask('delete');
  expect(heard.at(-1)).toBe('1000 delete down false');
  expect(daemon.datagrams).toHaveLength(before);
  expect(client.size).toBe(0);
});

it('knows at once what the system tells of a closed port', () => {
  const { daemon, heard, turns, ask } = asking();
  daemon.answers = silent;
  ask('offer');
  daemon.refuse();
  daemon.refuse();
  expect(heard).toEqual(['0 offer down false']);
  expect(turns).toEqual(['0 down']);
});

it('finds out by itself that the daemon died, and that it is back', () => {
  const { time, daemon, turns, heard, ask } = asking();
  daemon.answers = silent;
  time.advance(6_100);
  expect(turns).toEqual(['6000 down']);
  time.advance(60_000);
  expect(daemon.of('ping').length).toBeLessThan(100);
  daemon.answers = () => ({ result: 'ok' });
  time.advance(1_000);
  expect(turns).toHaveLength(2);
  expect(turns[1]).toMatch(/up$/);
  ask('offer');
  expect(heard.at(-1)).toMatch(/offer ok$/);
});

it('costs a ping in five quiet seconds', () => {
  const { time, daemon } = asking();
  time.advance(60_000);
  expect(daemon.of('ping')).toHaveLength(13);
});

it('is not moved by what nobody asked for, and by nonsense', () => {
  const { time, daemon, heard, ask } = asking();
  daemon.answers = silent;
  ask('offer');
  const cookie = daemon.datagrams.at(-1)?.split(' ')[0];
  for (const nonsense of [
    '',
    ' ',
    'x',
    'd6:result2:oke',
    'x_1 d6:result2:oke',
    `${cookie}`,
    `${cookie} `,
    `${cookie} i1e`,
    `${cookie} d6:result`,
  ]) {
    daemon.say(nonsense);
  }
  expect(heard).toEqual([]);
  time.advance(10);
  daemon.say(`${cookie} d6:result2:oke`);
  expect(heard).toEqual(['10 offer ok']);
});

it('has a bound for what waits and for what it says', () => {
  const { daemon, heard, ask, client } = asking();
  ask('play media', { blob: 'x'.repeat(70_000) });
  expect(heard).toEqual(['0 play media too long false']);
  daemon.answers = silent;
  for (let n = 0; n < 1_000; n += 1) ask('query');
  expect(client.size).toBe(1_000);
  ask('offer');
  expect(heard.at(-1)).toBe('0 offer busy false');
});

it('leaves nothing behind when it is closed', () => {
  const { time, timers, daemon, heard, ask, client } = asking();
  daemon.answers = silent;
  ask('offer');
  client.close();
  client.close();
  ask('offer');
  expect(heard).toEqual(['0 offer closed false', '0 offer closed false']);
  expect(daemon.isClosed).toBe(true);
  expect(timers.size).toBe(0);
  time.advance(10_000);
});
