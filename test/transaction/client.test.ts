import { describe, expect, it } from 'vitest';
import { encode } from '../../src/sip/codec.ts';
import type { SipRequest, SipResponse } from '../../src/sip/message.ts';
import { layerOnAWire, parsed, request } from './layer-on-a-wire.ts';

type Bench = ReturnType<typeof layerOnAWire>;
const OPTIONS = { method: 'OPTIONS' };

const sent = (bench: Bench, wanted = {}, flow = bench.udp) => {
  const client = bench.layer.send(request(wanted), flow, bench.handler);
  const arrive = (response: SipResponse, along = flow) => bench.receive(encode(response), along);
  const answer = (status: number, toTag?: string) => arrive(bench.answer(client.request, status, toTag));
  return { client, arrive, answer };
};

describe('every request of ours', () => {
  it('has a Via with our address, an unguessable branch, and rport over UDP', () => {
    const bench = layerOnAWire();
    const { client } = sent(bench, OPTIONS);
    const other = sent(bench, OPTIONS, bench.tcp).client;
    const [udp, tcp] = [client.request.via[0], other.request.via[0]];
    expect(udp).toMatchObject({ transport: 'UDP', host: '192.0.2.1', port: 5060, params: { rport: null } });
    expect(tcp?.transport).toBe('TCP');
    expect(tcp?.params.rport).toBeUndefined();
    expect(udp?.params.branch).toMatch(/^z9hG4bK[0-9a-f]{32}$/);
    expect(udp?.params.branch).not.toBe(tcp?.params.branch);
    expect(parsed(bench.udp.sent[0]?.text ?? '').via).toEqual(client.request.via);
  });

  it('is neither ACK nor CANCEL', () => {
    const bench = layerOnAWire();
    expect(() => sent(bench, { method: 'ACK' })).toThrow('ACK');
    expect(() => sent(bench, { method: 'CANCEL' })).toThrow('CANCEL');
  });

  it('fails when its flow does, in a turn of its own, and leaves nothing', () => {
    const bench = layerOnAWire();
    sent(bench, {}, bench.tcp);
    sent(bench, OPTIONS, bench.tcp);
    sent(bench, OPTIONS, bench.udp);
    bench.tcp.open = false;
    bench.layer.failed(bench.tcp, 'ECONNRESET');
    expect(bench.heard).toEqual([]);
    sent(bench, OPTIONS, bench.tcp);
    bench.time.advance(0);
    expect(bench.heard).toEqual(['failed ECONNRESET @0', 'failed ECONNRESET @0', 'failed the flow is closed @0']);
    expect(bench.layer.size).toBe(1);
    bench.layer.failed(bench.tcp, 'again');
    bench.time.advance(0);
    expect(bench.heard).toHaveLength(3);
  });
});

describe('INVITE client transaction (RFC 3261 §17.1.1, RFC 6026)', () => {
  it('repeats by Timer A without a cap, until Timer B', () => {
    const bench = layerOnAWire();
    sent(bench);
    bench.time.advance(100_000);
    expect(bench.udp.log).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500].map((ms) => `INVITE @${ms}`));
    expect(new Set(bench.udp.sent.map(({ text }) => text)).size).toBe(1);
    expect(bench.heard).toEqual(['timedOut @32000']);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it('repeats nothing over TCP, and has Timer B', () => {
    const bench = layerOnAWire();
    sent(bench, {}, bench.tcp);
    bench.time.advance(100_000);
    expect(bench.tcp.log).toEqual(['INVITE @0']);
    expect(bench.heard).toEqual(['timedOut @32000']);
  });

  it('stops repeating with a provisional, and then waits without end', () => {
    const bench = layerOnAWire();
    const { answer } = sent(bench);
    bench.time.advance(600);
    answer(100);
    answer(180);
    answer(183, 'fork');
    bench.time.advance(180_000);
    expect(bench.udp.log).toEqual(['INVITE @0', 'INVITE @500']);
    expect(bench.heard).toEqual(['trying @600', 'response 180 @600', 'response 183 @600']);
    answer(486);
    expect(bench.heard.at(-1)).toBe('response 486 @180600');
  });

  it('acknowledges a rejection each time it comes, for Timer D, and tells it once', () => {
    const bench = layerOnAWire();
    const { answer, client } = sent(bench, { more: 'Route: <sip:proxy.example.com;lr>\r\nMax-Forwards: 33\r\nSubject: x\r\n' });
    answer(486, 'theirs');
    bench.time.advance(31_999);
    answer(486, 'theirs');
    expect(bench.udp.log).toEqual(['INVITE @0', 'ACK @0', 'ACK @31999']);
    expect(bench.heard).toEqual(['response 486 @0']);
    const ack = bench.udp.last();
    expect(ack).toMatchObject({ uri: client.request.uri, callId: 'call', cseq: { seq: 1, method: 'ACK' }, body: '' });
    expect(ack.via).toEqual(client.request.via);
    expect(ack.route).toEqual(client.request.route);
    expect(ack.from).toEqual(client.request.from);
    expect(ack.to.params.tag).toBe('theirs');
    expect([...ack.headers]).toEqual([['max-forwards', ['70']]]);
    bench.time.advance(1);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it('ends with a rejection over TCP', () => {
    const bench = layerOnAWire();
    sent(bench, {}, bench.tcp).answer(486);
    expect(bench.tcp.log).toEqual(['INVITE @0', 'ACK @0']);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it.each(['udp', 'tcp'] as const)('passes every 2xx on for Timer M over %s, and later ones as strays', (transport) => {
    const bench = layerOnAWire();
    const { answer } = sent(bench, {}, bench[transport]);
    answer(200);
    bench.time.advance(500);
    answer(200);
    answer(180);
    answer(486);
    answer(200, 'fork');
    bench.time.advance(31_500);
    answer(200);
    expect(bench[transport].log).toEqual(['INVITE @0']);
    expect(bench.heard).toEqual(['response 200 @0', 'response 200 @500', 'response 200 @500', 'stray 200 @32000']);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it('takes a 2xx after a rejection for a stray', () => {
    const bench = layerOnAWire();
    const { answer } = sent(bench);
    answer(486);
    answer(200, 'fork');
    expect(bench.heard).toEqual(['response 486 @0', 'stray 200 @0']);
  });
});

describe('CANCEL of ours (RFC 3261 §9.1)', () => {
  const REASON = new Map([['reason', ['SIP;cause=200;text="Call completed elsewhere"']]]);

  it('waits for a provisional, has the branch and route of the INVITE, and the headers given', () => {
    const bench = layerOnAWire();
    const { client, answer } = sent(bench, { more: 'Route: <sip:proxy.example.com;lr>\r\n' });
    client.cancel(REASON);
    client.cancel();
    bench.time.advance(100);
    expect(bench.udp.log).toEqual(['INVITE @0']);
    answer(100);
    expect(bench.udp.log).toEqual(['INVITE @0', 'CANCEL @100']);
    const cancel = bench.udp.last();
    expect(cancel.via).toEqual(client.request.via);
    expect(cancel).toMatchObject({ uri: client.request.uri, cseq: { seq: 1, method: 'CANCEL' }, route: client.request.route });
    expect(cancel.headers.get('reason')).toEqual(REASON.get('reason'));
    bench.receive(encode(bench.answer(cancel as SipRequest, 200)));
    answer(487);
    expect(bench.udp.log.slice(2)).toEqual(['ACK @100']);
    expect(bench.heard).toEqual(['trying @100', 'response 487 @100']);
    bench.time.runUntilIdle(100_000);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it('is repeated as any request is, and 64*T1 after it the INVITE is over', () => {
    const bench = layerOnAWire();
    const { client, answer } = sent(bench);
    answer(180);
    bench.time.advance(1000);
    client.cancel();
    bench.time.advance(100_000);
    const at = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(bench.udp.log.slice(1)).toEqual(at.map((ms) => `CANCEL @${ms + 1000}`));
    expect(bench.heard).toEqual(['response 180 @0', 'timedOut @33000']);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });

  it('loses against a 2xx that crosses it', () => {
    const bench = layerOnAWire();
    const { client, answer } = sent(bench);
    client.cancel();
    answer(200);
    client.cancel();
    expect(bench.udp.log).toEqual(['INVITE @0']);
    expect(bench.heard).toEqual(['response 200 @0']);
  });
});

describe('non-INVITE client transaction (RFC 3261 §17.1.2)', () => {
  it('repeats by Timer E up to T2, until Timer F', () => {
    const bench = layerOnAWire();
    sent(bench, OPTIONS);
    bench.time.advance(100_000);
    const at = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(bench.udp.log).toEqual(at.map((ms) => `OPTIONS @${ms}`));
    expect(bench.heard).toEqual(['timedOut @32000']);
  });

  it('repeats at T2 after a provisional, and keeps Timer F', () => {
    const bench = layerOnAWire();
    const { answer } = sent(bench, OPTIONS);
    bench.time.advance(600);
    answer(100);
    bench.time.advance(2000);
    answer(100);
    bench.time.advance(100_000);
    const at = [0, 500, 4600, 8600, 12_600, 16_600, 20_600, 24_600, 28_600];
    expect(bench.udp.log).toEqual(at.map((ms) => `OPTIONS @${ms}`));
    expect(bench.heard).toEqual(['trying @600', 'trying @2600', 'timedOut @32000']);
  });

  it('tells one final response, and absorbs more for Timer K', () => {
    const bench = layerOnAWire();
    const { answer } = sent(bench, OPTIONS);
    answer(404);
    bench.time.advance(4999);
    answer(200);
    expect(bench.layer.size).toBe(1);
    bench.time.advance(1);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
    answer(200);
    expect(bench.heard).toEqual(['response 404 @0']);
    expect(bench.layer.counters.get('stray-response')).toBe(1);
  });

  it('over TCP repeats nothing and ends with its response', () => {
    const bench = layerOnAWire();
    const { answer } = sent(bench, OPTIONS, bench.tcp);
    bench.time.advance(20_000);
    answer(200);
    expect(bench.tcp.log).toEqual(['OPTIONS @0']);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });
});

describe('a response', () => {
  it('of another method, another branch or with two Vias is nobody’s', () => {
    const bench = layerOnAWire();
    const { client, arrive } = sent(bench, OPTIONS);
    const response = bench.answer(client.request, 200);
    const [via] = response.via;
    if (via === undefined) throw new Error('no Via');
    arrive({ ...response, cseq: { seq: 1, method: 'INFO' } });
    arrive({ ...response, via: [{ ...via, params: { branch: 'z9hG4bKother' } }] });
    arrive({ ...response, via: [via, via] });
    expect(bench.heard).toEqual([]);
    expect(Object.fromEntries(bench.layer.counters)).toEqual({ 'stray-response': 2, 'response-with-many-vias': 1 });
  });
});

describe('sendAck', () => {
  it('sends the ACK to a 2xx with a branch of its own, and keeps nothing', () => {
    const bench = layerOnAWire();
    const ack = bench.layer.sendAck(request({ method: 'ACK', toTag: 'theirs' }), bench.udp);
    expect(bench.udp.log).toEqual(['ACK @0']);
    expect(bench.udp.last().via).toEqual(ack.via);
    expect([bench.layer.size, bench.timers.size]).toEqual([0, 0]);
  });
});
