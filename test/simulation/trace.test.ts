import { describe, expect, it } from 'vitest';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { HepFeed } from '../../src/trace/hep.ts';
import { type TraceFilter, Tracer } from '../../src/trace/tracer.ts';
import { readHep } from '../support/hep.ts';
import { type Captured, readPcap } from '../support/pcap.ts';
import { expectQuiet } from '../support/quiet.ts';

const START_MS = Date.UTC(2026, 10, 22, 21, 40);

/** A world with Bob's two phones, Carol's one, and a tracer over it; `files` is what it wrote. */
function scene(options: ServiceWorldOptions & { readonly maxBytes?: number } = {}) {
  const world = serviceWorld({ startMs: START_MS, ...options });
  const files: Buffer[] = [];
  const { wiretap } = world.service.service;
  const tracer = new Tracer({
    wiretap,
    maxBytes: options.maxBytes ?? 1e9,
    report: () => undefined,
    openFile: () => {
      const n = files.push(Buffer.alloc(0)) - 1;
      return {
        write: (chunk) => {
          files[n] = Buffer.concat([files[n] ?? Buffer.alloc(0), chunk]);
        },
        close: (done) => done?.(),
      };
    },
  });
  const alice = world.phone('alice');
  const desk = world.phone('desk', { user: 'bob', onInvite: { ringAfterMs: 50, answerAfterMs: 500 }, transport: 'tcp' });
  const mobile = world.phone('mobile', { user: 'bob', onInvite: { ringAfterMs: 50, answerAfterMs: 60_000 } });
  const carol = world.phone('carol');
  for (const phone of [alice, desk, mobile, carol]) phone.register();
  world.run(500);
  const captured = (): Captured[] => files.flatMap((file) => readPcap(file));
  return { world, wiretap, tracer, alice, desk, mobile, carol, files, captured };
}
const trace = (users: readonly string[] = [], callIds: readonly string[] = []): TraceFilter => ({ users, callIds });
const startOf = ({ text }: Captured): string => text.slice(0, text.indexOf('\r\n'));
const callIdOf = ({ text }: Captured): string => /^Call-ID: *(\S+)/im.exec(text)?.[1] ?? '';

function playCall({ world, alice }: ReturnType<typeof scene>) {
  const call = alice.call('bob');
  world.run(2000);
  call.bye();
  world.run(1000);
  return call;
}

describe('a trace', () => {
  it('has every message of the wire, with its addresses and instants', () => {
    const played = scene();
    const { world, tracer, captured, mobile } = played;
    tracer.start(trace());
    world.packets.length = 0;
    playCall(played);
    tracer.stop();
    const mine = captured();
    const onTheWire = world.packets.map(({ text }) => text.replace(/response="\w+"/, `response="${'x'.repeat(32)}"`));
    expect(mine.map(({ text }) => text).sort()).toEqual(onTheWire.sort());
    const cancel = mine.find((one) => startOf(one).startsWith('CANCEL'));
    expect(cancel).toMatchObject({ from: '10.0.0.1 5060', to: `${mobile.wire.local.host} ${mobile.wire.local.port}` });
    expect(Math.abs((cancel?.atUs ?? 0) / 1000 - START_MS)).toBeLessThan(5000);
    expect(mine.filter((one) => startOf(one).startsWith('INVITE'))).toHaveLength(3);
    expectQuiet(world);
  });

  it('of one user has all legs of the calls with that user, and nothing else', () => {
    const played = scene();
    const { tracer, captured, carol, world, desk, mobile } = played;
    tracer.start(trace(['bob']));
    const call = playCall(played);
    const other = carol.call('alice');
    world.run(1000);
    other.bye();
    world.run(1000);
    tracer.stop();
    const seen = new Set(captured().map(callIdOf));
    expect(seen).toEqual(new Set([call.callId, desk.calls[0]?.callId, mobile.calls[0]?.callId]));
    expectQuiet(world);
  });

  it('of one call that goes on, chosen by its Call-ID, has the other legs too', () => {
    const { world, tracer, captured, alice, desk } = scene();
    const call = alice.call('bob');
    world.run(2000);
    tracer.start(trace([], [call.callId]));
    // The tracer came after the legs: it is told of those that are open.
    call.bye();
    world.run(1000);
    tracer.stop();
    expect(new Set(captured().map(callIdOf))).toEqual(new Set([call.callId, desk.calls[0]?.callId]));
    expectQuiet(world);
  });

  it('has what came before it was known whom the call reaches', () => {
    const played = scene();
    const { world, tracer, captured, wiretap, alice } = played;
    tracer.start(trace(['support']));
    const call = alice.call('bob');
    world.run(200);
    expect(captured()).toEqual([]);
    // As the SIP port tells of a leg towards a user whom the caller did not name.
    wiretap.legAdded('call:1', 'another-leg', 'support', 'leg:1/1');
    expect(captured().map(startOf)[0]).toMatch(/^INVITE sip:bob@/);
    expect(new Set(captured().map(callIdOf))).toContain(call.callId);
    tracer.stop();
    call.cancel();
    expectQuiet(world);
  });

  it('shows no digest response and no push token', () => {
    const { world, tracer, captured } = scene();
    tracer.start(trace());
    const dave = world.phone('alice', { push: { provider: 'apns', prid: 'very-secret-token' } });
    dave.register();
    world.run(500);
    tracer.stop();
    const text = captured()
      .map((one) => one.text)
      .join('\n');
    expect(text).toContain('username="alice"');
    expect(text).toContain('pn-prid=xxxxxxxxxxxxxxxxx');
    expect(text).not.toContain('very-secret-token');
    expect(text).not.toMatch(/response="[0-9a-f]*[0-9a-f]{8}/);
  });

  it('is bounded: a full file is followed by the next', () => {
    const played = scene({ maxBytes: 3000 });
    played.world.packets.length = 0;
    played.tracer.start(trace());
    playCall(played);
    played.tracer.stop();
    expect(played.files.length).toBeGreaterThan(2);
    for (const file of played.files) expect(file.length).toBeLessThanOrEqual(3000);
    expect(played.captured().length).toBe(played.world.packets.length);
  });

  it('is not there when nobody looks', () => {
    const { world, tracer } = scene();
    expect(world.service.service.transactions.tap).toBeUndefined();
    tracer.start(trace());
    expect(world.service.service.transactions.tap).toBeDefined();
    tracer.stop();
    expect(world.service.service.transactions.tap).toBeUndefined();
  });

  it.each([false, true])('of a talk that was there before it, while somebody else watches too: %s', (isWatched) => {
    const played = scene();
    const { world, tracer, captured, wiretap, alice, desk } = played;
    if (isWatched) wiretap.add({ see: () => undefined });
    const call = alice.call('bob');
    world.run(2000);
    tracer.start(trace([], [call.callId]));
    call.bye();
    world.run(1000);
    tracer.stop();
    expect(new Set(captured().map(callIdOf))).toEqual(new Set([call.callId, desk.incoming?.callId]));
  });

  it('that cannot be written costs the trace and no call', () => {
    const played = scene();
    const { world, wiretap } = played;
    wiretap.add({
      see: () => {
        throw new Error('broken');
      },
    });
    expect(() => playCall(played)).toThrow(/detached: broken/);
    expect(world.service.service.transactions.tap).toBeUndefined();
  });
});

describe('the feed to a HEP collector', () => {
  it('has each message with its addresses, and one correlation for all legs of a call', () => {
    const played = scene();
    const { world, wiretap } = played;
    const sent: Map<number, Buffer>[] = [];
    const feed = new HepFeed({ captureId: 77, password: 'key' }, wiretap.kinship, (datagram) => sent.push(readHep(datagram)));
    wiretap.add(feed);
    world.packets.length = 0;
    const call = playCall(played);
    wiretap.remove(feed);
    expect(sent.length).toBe(played.world.packets.length);
    expect(new Set(sent.map((chunks) => chunks.get(17)?.toString()))).toEqual(new Set([call.callId]));
    const [invite] = sent;
    expect(invite?.get(1)).toEqual(Buffer.from([2]));
    expect(invite?.get(2)).toEqual(Buffer.from([17]));
    expect(invite?.get(3)?.join('.')).toBe(played.alice.wire.local.host);
    expect(invite?.get(4)?.join('.')).toBe('10.0.0.1');
    expect(invite?.get(7)?.readUInt16BE()).toBe(played.alice.wire.local.port);
    expect(invite?.get(8)?.readUInt16BE()).toBe(5060);
    expect(invite?.get(9)?.readUInt32BE()).toBe(START_MS / 1000);
    expect(invite?.get(11)).toEqual(Buffer.from([1]));
    expect(invite?.get(12)?.readUInt32BE()).toBe(77);
    expect(invite?.get(14)?.toString()).toBe('key');
    expect(invite?.get(15)?.toString()).toMatch(/^INVITE sip:bob@/);
    expect(sent.some((chunks) => chunks.get(2)?.[0] === 6)).toBe(true);
    expectQuiet(world);
  });
});
