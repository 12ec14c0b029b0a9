import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Phone } from '../../src/testing/phone.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { openSocketWire, takeMessages } from '../../src/testing/socket-wire.ts';
import type { Wire } from '../../src/testing/wire.ts';

const opened: Wire[] = [];
afterEach(() => {
  for (const wire of opened.splice(0)) wire.close();
});
async function open(transport: 'udp' | 'tcp'): Promise<Wire> {
  const wire = await openSocketWire(transport, '127.0.0.1');
  opened.push(wire);
  return wire;
}
const until = (holds: () => boolean) => expect.poll(holds, { interval: 2, timeout: 5_000 }).toBe(true);

describe('the same phone on real sockets', () => {
  for (const transport of ['udp', 'tcp'] as const)
    it(`calls, talks and hangs up over ${transport}`, async () => {
      const [a, b] = [await open(transport), await open(transport)];
      const common = { domain: 'example.com', proxy: b.local };
      const bob = new Phone({ ...common, wire: b, random: new SeededRandom(1), user: 'bob' });
      const alice = new Phone({ ...common, wire: a, random: new SeededRandom(2), user: 'alice' });
      bob.onInvite = { ringAfterMs: 5, answerAfterMs: 20 };
      const call = alice.call(bob.contactUri);
      await until(() => bob.incoming?.confirmed === true);
      const info = call.request('INFO', { body: 'x'.repeat(40_000), contentType: 'text/plain' });
      await until(() => info.status === 200);
      bob.incoming?.bye();
      await until(() => call.end === 'hungUp');
      expect(bob.incoming?.requests[0]?.body.length).toBe(40_000);
      expect([...alice.complaints, ...bob.complaints]).toEqual([]);
    });

  it('hears of a connection that is gone, and gives its timers up when closed', async () => {
    const wire = await open('tcp');
    const gone: number[] = [];
    wire.onClosed = (remote) => gone.push(remote.port);
    const socket = connect(wire.local.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const port = socket.localPort;
    socket.destroy();
    await until(() => gone.length === 1);
    expect(gone).toEqual([port]);
    let fired = false;
    wire.after(1, () => {
      fired = true;
    });
    wire.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).toBe(false);
  });
});

describe('takeMessages', () => {
  it('cuts by Content-Length however the stream is split', () => {
    const one = 'A\r\nContent-Length: 3\r\n\r\nabc';
    const two = 'B\r\nl:0\r\n\r\n';
    const stream = `\r\n\r\n${one}${two}${one}`;
    for (let size = 1; size < stream.length; size += 1) {
      const taken: string[] = [];
      let rest = '';
      for (let at = 0; at < stream.length; at += size)
        rest = takeMessages(rest + stream.slice(at, at + size), (text) => taken.push(text));
      expect([taken, rest]).toEqual([[one, two, one], '']);
    }
  });
});
