import { expect, it } from 'vitest';
import { VirtualDialogs } from '../../src/ports/sip/virtual-dialogs.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

const BOB = 'sip:bob@example.com';

function table() {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  return { time, timers, dialogs: new VirtualDialogs(timers, new SeededRandom(1)) };
}

it('a user’s part in a call has one set of identifiers, whoever asks', () => {
  const { dialogs } = table();
  const one = dialogs.of('call:1', BOB, 'recipient');
  expect(dialogs.of('call:1', BOB, 'recipient')).toBe(one);
  const others = [
    dialogs.of('call:1', BOB, 'initiator'),
    dialogs.of('call:2', BOB, 'recipient'),
    dialogs.of('call:1', 'sip:carol@example.com', 'recipient'),
  ];
  const all = [one, ...others].flatMap(({ id, callId, localTag, remoteTag }) => [id, callId, localTag, remoteTag]);
  expect(new Set(all).size).toBe(16);
});

it('is found by its Call-ID and both tags in either order, and not by one of them', () => {
  const { dialogs } = table();
  const one = dialogs.of('call:1', BOB, 'recipient');
  const { callId, localTag, remoteTag } = one;
  const named = (toTag: string, fromTag: string) => dialogs.named({ callId, toTag, fromTag, earlyOnly: false });
  expect([named(localTag, remoteTag), named(remoteTag, localTag)]).toEqual([one, one]);
  expect([named(localTag, localTag), named(remoteTag, remoteTag), named('', '')]).toEqual([undefined, undefined, undefined]);
});

it('is remembered for thirty seconds after its end, and then leaves nothing', () => {
  const { dialogs, time, timers } = table();
  const { callId, localTag: toTag, remoteTag: fromTag } = dialogs.of('call:1', BOB, 'recipient');
  const find = () => dialogs.named({ callId, toTag, fromTag, earlyOnly: false });
  dialogs.of('call:1', 'sip:carol@example.com', 'initiator');
  dialogs.endCall('call:1');
  dialogs.endCall('call:1');
  time.advance(29_999);
  expect(find()?.isEnded).toBe(true);
  time.advance(1);
  expect([find(), dialogs.size, timers.size]).toEqual([undefined, 0, 0]);
});

it('goes on under the same identifiers where the user is rung again by the same call', () => {
  const { dialogs, time, timers } = table();
  const one = dialogs.of('call:1', BOB, 'recipient');
  dialogs.end(one);
  time.advance(10_000);
  dialogs.goOn(one);
  expect(one.isEnded).toBe(false);
  time.advance(60_000);
  expect(dialogs.of('call:1', BOB, 'recipient')).toBe(one);
  dialogs.end(one);
  time.advance(30_000);
  expect([dialogs.size, timers.size]).toEqual([0, 0]);
});
