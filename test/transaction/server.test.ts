import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { serverKey } from '../../src/transaction/key.ts';
import { Transactions } from '../../src/transaction/layer.ts';
import { type layerOnAWire as Bench, layerOnAWire, parsed, RecordedFlow, requestText } from './layer-on-a-wire.ts';

const emptied = ({ time, layer, timers, errors }: ReturnType<typeof Bench>) => {
  time.runUntilIdle(1_000_000);
  expect({ transactions: layer.size, timers: timers.size, errors }).toEqual({ transactions: 0, timers: 0, errors: [] });
};

describe('INVITE server transaction (RFC 3261 §17.2.1, RFC 6026)', () => {
  it('sends 100 after 200 ms if nobody answered, and to each INVITE that comes again', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.time.advance(500);
    bench.receive(requestText());
    expect(bench.udp.log).toEqual(['100 INVITE @200', '100 INVITE @500']);
    expect(bench.heard).toEqual(['request INVITE @0']);
    bench.respond(486);
    emptied(bench);
  });

  it('sends 100 at once when the INVITE is repeated sooner', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.time.advance(50);
    bench.receive(requestText());
    bench.time.advance(1000);
    expect(bench.udp.log).toEqual(['100 INVITE @50']);
  });

  it('sends no 100 after a provisional of its user, and repeats the newest', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(180);
    bench.respond(183);
    bench.time.advance(1000);
    bench.receive(requestText());
    expect(bench.udp.log).toEqual(['180 INVITE @0', '183 INVITE @0', '183 INVITE @1000']);
  });

  it('repeats a rejection by Timer G up to T2, until Timer H', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(486);
    bench.time.advance(40_000);
    const at = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(bench.udp.log).toEqual(at.map((ms) => `486 INVITE @${ms}`));
    expect(bench.layer.size).toBe(0);
    expect(bench.heard).toEqual(['request INVITE @0']);
  });

  it('repeats a rejection at once for an INVITE that comes again', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(486);
    bench.time.advance(100);
    bench.receive(requestText());
    expect(bench.udp.log).toEqual(['486 INVITE @0', '486 INVITE @100']);
    expect(bench.heard).toEqual(['request INVITE @0']);
  });

  it('takes the ACK to a rejection, absorbs what comes again, and ends by Timer I', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(486);
    bench.time.advance(600);
    bench.receive(requestText({ method: 'ACK', toTag: 'to' }));
    bench.receive(requestText({ method: 'ACK', toTag: 'to' }));
    bench.receive(requestText());
    expect(bench.udp.log).toEqual(['486 INVITE @0', '486 INVITE @500']);
    bench.time.advance(4999);
    expect(bench.layer.size).toBe(1);
    bench.time.advance(1);
    expect(bench.layer.size).toBe(0);
    expect(bench.heard).toEqual(['request INVITE @0']);
  });

  it('repeats no rejection over TCP, and ends with its ACK', () => {
    const bench = layerOnAWire();
    bench.receive(requestText(), bench.tcp);
    bench.respond(486);
    bench.time.advance(10_000);
    expect(bench.tcp.log).toEqual(['486 INVITE @0']);
    bench.receive(requestText({ method: 'ACK', toTag: 'to' }), bench.tcp);
    expect(bench.layer.size).toBe(0);
    expect(bench.timers.size).toBe(0);
  });

  it.each(['udp', 'tcp'] as const)('repeats a 2xx over %s until it is acknowledged, and stays for Timer L', (transport) => {
    const bench = layerOnAWire();
    const flow = bench[transport];
    bench.receive(requestText(), flow);
    bench.respond(200);
    bench.time.advance(4000);
    bench.receive(requestText({ method: 'ACK', branch: 'z9hG4bKack', toTag: 'to' }), flow);
    expect(bench.heard).toEqual(['request INVITE @0', 'ack @4000']);
    bench.transaction().acknowledged();
    bench.receive(requestText(), flow);
    bench.time.advance(27_999);
    expect(flow.log).toEqual(['200 INVITE @0', '200 INVITE @500', '200 INVITE @1500', '200 INVITE @3500']);
    expect(bench.layer.size).toBe(1);
    bench.time.advance(1);
    expect(bench.layer.size).toBe(0);
    expect(bench.heard).toHaveLength(2);
  });

  it('says after 64*T1 that a 2xx was not acknowledged', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.time.advance(100);
    bench.respond(200);
    bench.time.advance(60_000);
    expect(bench.heard).toEqual(['request INVITE @0', 'unacknowledged @32100']);
    expect(bench.udp.log).toHaveLength(11);
    expect(bench.layer.size).toBe(0);
  });

  it('passes an ACK on that has the branch of an accepted INVITE', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(200);
    bench.receive(requestText({ method: 'ACK', toTag: 'to' }));
    expect(bench.heard).toEqual(['request INVITE @0', 'ack @0']);
  });

  it('drops a second final response, but a repeated 2xx', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(200);
    bench.respond(486);
    bench.respond(180);
    bench.respond(200);
    expect(bench.udp.log).toEqual(['200 INVITE @0', '200 INVITE @0']);
    expect(bench.transaction().answered).toBe(true);
  });

  it('opens a connection to sent-by when that of the request is gone (§18.2.2)', () => {
    const bench = layerOnAWire();
    bench.receive(requestText({ via: 'SIP/2.0/TCP client.example.com:5070;branch=z9hG4bKpeer' }), bench.tcp);
    bench.tcp.open = false;
    bench.layer.failed(bench.tcp, 'closed');
    bench.respond(486);
    expect(bench.tcp.log).toEqual([]);
    expect(bench.opened.map(({ remote, log }) => ({ remote, log }))).toEqual([
      { remote: { host: '192.0.2.9', port: 5070 }, log: ['486 INVITE @0'] },
    ]);
  });
});

describe('non-INVITE server transaction (RFC 3261 §17.2.2, RFC 4320)', () => {
  const OPTIONS = { method: 'OPTIONS' };

  it('repeats its final response to a repeated request, for Timer J', () => {
    const bench = layerOnAWire();
    bench.receive(requestText(OPTIONS));
    bench.receive(requestText(OPTIONS));
    expect(bench.udp.log).toEqual([]);
    bench.respond(200);
    bench.time.advance(31_999);
    bench.receive(requestText(OPTIONS));
    expect(bench.udp.log).toEqual(['200 OPTIONS @0', '200 OPTIONS @31999']);
    bench.time.advance(1);
    expect(bench.layer.size).toBe(0);
    expect(bench.heard).toEqual(['request OPTIONS @0']);
  });

  it('ends with its response over TCP', () => {
    const bench = layerOnAWire();
    bench.receive(requestText(OPTIONS), bench.tcp);
    bench.respond(200);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it.each(['udp', 'tcp'] as const)('sends 100 over %s when the client has come to T2, and no other provisional', (transport) => {
    const bench = layerOnAWire();
    bench.receive(requestText(OPTIONS), bench[transport]);
    bench.respond(180);
    bench.time.advance(3499);
    expect(bench[transport].log).toEqual([]);
    bench.time.advance(10_000);
    expect(bench[transport].log).toEqual(['100 OPTIONS @3500']);
  });

  it('takes a 100 of its user before that over TCP only', () => {
    const bench = layerOnAWire();
    bench.receive(requestText(OPTIONS));
    bench.receive(requestText({ ...OPTIONS, branch: 'z9hG4bKother', callId: 'other' }), bench.tcp);
    bench.respond(100, 0);
    bench.respond(100, 1);
    bench.time.advance(20_000);
    expect(bench.udp.log).toEqual(['100 OPTIONS @3500']);
    expect(bench.tcp.log).toEqual(['100 OPTIONS @0']);
  });

  it('sends no 408, and nothing after 64*T1', () => {
    const bench = layerOnAWire();
    bench.receive(requestText(OPTIONS), bench.tcp);
    bench.respond(408);
    bench.receive(requestText({ ...OPTIONS, branch: 'z9hG4bKother', callId: 'other' }), bench.tcp);
    bench.time.advance(32_000);
    bench.respond(200, 1);
    expect(bench.tcp.log).toEqual(['100 OPTIONS @3500']);
    expect(bench.layer.size).toBe(0);
  });

  it('does not take the last repetition of an unanswered request for a new one', () => {
    const bench = layerOnAWire();
    bench.receive(requestText(OPTIONS));
    bench.time.advance(32_000);
    bench.respond(200);
    bench.receive(requestText(OPTIONS));
    expect(bench.udp.log).toEqual(['100 OPTIONS @3500', '100 OPTIONS @32000']);
    expect(bench.heard).toHaveLength(1);
    bench.time.advance(5000);
    expect(bench.layer.size).toBe(0);
  });
});

describe('CANCEL (RFC 3261 §9.2)', () => {
  const CANCEL = requestText({ method: 'CANCEL' });

  it('is answered with 200 and told once', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.respond(180);
    bench.receive(CANCEL);
    bench.receive(CANCEL);
    bench.receive(requestText({ method: 'CANCEL', via: 'SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKpeer;other' }));
    expect(bench.udp.log).toEqual(['180 INVITE @0', '200 CANCEL @0', '200 CANCEL @0', '200 CANCEL @0']);
    expect(bench.udp.last().to.params.tag).toBe('to');
    bench.respond(487);
    expect(bench.heard).toEqual(['request INVITE @0', 'cancelled @0']);
    bench.receive(requestText({ method: 'ACK', toTag: 'to' }));
    emptied(bench);
  });

  it('is answered with 481 where nothing matches, and with 200 without effect where the INVITE is answered', () => {
    const bench = layerOnAWire();
    bench.receive(requestText({ method: 'CANCEL', branch: 'z9hG4bKnone' }));
    bench.receive(requestText());
    bench.respond(200);
    bench.receive(CANCEL);
    expect(bench.udp.log).toEqual(['481 CANCEL @0', '200 INVITE @0', '200 CANCEL @0']);
    expect(bench.heard).toEqual(['request INVITE @0']);
  });
});

describe('matching (RFC 3261 §17.2.3)', () => {
  it('tells requests apart by branch, sent-by and method', () => {
    const bench = layerOnAWire();
    const send = (via: string, method: string, callId: string) => bench.receive(requestText({ via, method, callId }));
    send('SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKa', 'OPTIONS', '1');
    send('SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKb', 'OPTIONS', '2');
    send('SIP/2.0/UDP 192.0.2.8:5080;branch=z9hG4bKa', 'OPTIONS', '3');
    send('SIP/2.0/UDP 192.0.2.9:5081;branch=z9hG4bKa', 'OPTIONS', '4');
    send('SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKa', 'MESSAGE', '5');
    send('SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKa;rport', 'OPTIONS', '1');
    expect(bench.heard).toHaveLength(5);
  });

  it('matches INVITE, ACK and CANCEL without the cookie as RFC 2543 does', () => {
    const bench = layerOnAWire();
    const old = { via: 'SIP/2.0/UDP 192.0.2.9:5080', callId: 'old' };
    bench.receive(requestText(old));
    bench.receive(requestText(old));
    bench.receive(requestText({ ...old, method: 'CANCEL' }));
    bench.respond(487);
    bench.receive(requestText({ ...old, method: 'ACK', toTag: 'to' }));
    bench.receive(requestText({ ...old, cseq: 2 }));
    expect(bench.heard).toEqual(['request INVITE @0', 'cancelled @0', 'request INVITE @0']);
    bench.respond(486, 1);
    emptied(bench);
  });

  it('keeps no long key, and tells long branches apart', () => {
    const bench = layerOnAWire();
    const long = (end: string) => requestText({ branch: `z9hG4bK${'x'.repeat(2000)}${end}`, method: 'OPTIONS', callId: end });
    for (const end of ['a', 'a', 'b']) bench.receive(long(end));
    expect(bench.heard).toHaveLength(2);
    const message = parsed(long('a'));
    if (message.kind !== 'request') throw new Error('no request');
    expect(serverKey(message).length).toBeLessThan(100);
  });
});

describe('answers without a transaction', () => {
  it('refuses a request that came along two ways with 482 (§8.2.2.2), and keeps the ACK to that from its user', () => {
    const bench = layerOnAWire();
    bench.receive(requestText());
    bench.receive(requestText({ branch: 'z9hG4bKother' }));
    bench.receive(requestText({ branch: 'z9hG4bKother' }));
    expect(bench.udp.log).toEqual(['482 INVITE @0', '482 INVITE @0']);
    const tag = bench.udp.last().to.params.tag ?? '';
    expect(bench.udp.sent[0]?.text).toBe(bench.udp.sent[1]?.text);
    bench.receive(requestText({ branch: 'z9hG4bKother', method: 'ACK', toTag: tag }));
    expect(bench.heard).toEqual(['request INVITE @0']);
    bench.receive(requestText({ branch: 'z9hG4bKforged', method: 'ACK', toTag: tag }));
    expect(bench.heard).toEqual(['request INVITE @0', 'ack @0']);
    expect(bench.layer.counters.get('merged')).toBe(2);
  });

  it('takes the same request with a To tag, or after the first has ended, for a new one', () => {
    const bench = layerOnAWire();
    bench.receive(requestText({ method: 'OPTIONS', toTag: 'dialog' }));
    bench.receive(requestText({ method: 'OPTIONS', toTag: 'dialog', branch: 'z9hG4bKother' }));
    bench.receive(requestText({ method: 'MESSAGE' }));
    bench.respond(200, 2);
    bench.time.advance(32_000);
    bench.receive(requestText({ method: 'MESSAGE', branch: 'z9hG4bKlater' }));
    expect(bench.heard).toHaveLength(4);
  });

  it('answers what is malformed and can be answered, and counts the rest', () => {
    const bench = layerOnAWire();
    bench.receive(requestText({ more: 'Max-Forwards: many\r\n' }));
    const response = bench.udp.last();
    expect(response).toMatchObject({ status: 400, reason: expect.stringContaining('Max-Forwards') });
    expect(response.to.params.tag).toBeTypeOf('string');
    bench.receive('nonsense');
    bench.receive('SIP/2.0 200 OK\r\n\r\n');
    bench.receive(requestText({ method: 'ACK', more: 'Max-Forwards: many\r\n' }));
    expect(bench.udp.sent).toHaveLength(1);
    expect([...bench.layer.counters.values()].reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(bench.heard).toEqual([]);
  });

  it('refuses new requests with 503 above its bound, but those of dialogs until a quarter more', () => {
    const bench = layerOnAWire({ maxServerTransactions: 4 });
    const send = (n: number, toTag?: string) =>
      bench.receive(
        requestText({ method: 'OPTIONS', branch: `z9hG4bK${n}`, callId: `${n}`, ...(toTag === undefined ? {} : { toTag }) }),
      );
    for (let n = 0; n < 6; n++) send(n);
    expect(bench.udp.log).toEqual(['503 OPTIONS @0', '503 OPTIONS @0']);
    const seconds = Number(bench.udp.last().headers.get('retry-after')?.[0]);
    expect(seconds).toBeGreaterThanOrEqual(10);
    expect(seconds).toBeLessThanOrEqual(20);
    for (let n = 10; n < 13; n++) send(n, 'dialog');
    expect(bench.heard).toHaveLength(5);
    expect(Object.fromEntries(bench.layer.counters)).toEqual({ overload: 2, 'overload-dropped': 2 });
    expect(bench.layer.size).toBe(5);
  });
});

describe('a layer without a user', () => {
  it('drops what arrives', () => {
    const time = new VirtualTime();
    const timers = new TimerHeap(time, () => {});
    const layer = new Transactions({ timers, random: new SeededRandom(1) });
    const flow = new RecordedFlow('udp', () => time.now());
    layer.received(Buffer.from(requestText(), 'latin1'), flow);
    expect([layer.size, timers.size, flow.sent.length]).toEqual([0, 0, 0]);
  });
});

describe('Via (RFC 3261 §18.2, RFC 3581)', () => {
  const viaOf = (via: string) => {
    const bench = layerOnAWire();
    bench.receive(requestText({ method: 'OPTIONS', via }));
    bench.respond(200);
    return {
      via: bench.transaction().request.via[0]?.params,
      udp: bench.udp.log,
      opened: bench.opened.map(({ remote }) => remote),
    };
  };

  it('gets received and rport where they are asked for', () => {
    expect(viaOf('SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKa;rport')).toMatchObject({
      via: { received: '192.0.2.9', rport: '5080' },
      udp: ['200 OPTIONS @0'],
    });
  });

  it('gets received where sent-by is another address, and what the sender claims is replaced', () => {
    const { via } = viaOf('SIP/2.0/UDP host.example.com:5080;branch=z9hG4bKa;received=10.0.0.1;rport=1');
    expect(via).toMatchObject({ received: '192.0.2.9', rport: '5080' });
    expect(viaOf('SIP/2.0/UDP 192.0.2.9:5080;branch=z9hG4bKa;received=10.0.0.1').via?.received).toBeUndefined();
  });

  it('without rport sends the answer to the port of sent-by', () => {
    const seen = viaOf('SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa');
    expect(seen.udp).toEqual([]);
    expect(seen.opened).toEqual([{ host: '192.0.2.9', port: 5060 }]);
  });
});
