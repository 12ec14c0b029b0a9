import { expect, it, describe as suite } from 'vitest';
import type { PromptEnd } from '../../machines/vocabulary/media.ts';
import { encode, LINEAR } from '../../src/rtp/g711.ts';
import { middleOf, type RtcpPart, readRtcp, writeReport } from '../../src/rtp/rtcp.ts';
import { keySamples } from '../../src/rtp/tones.ts';
import type { PhoneMedia } from '../../src/testing/phone-media.ts';
import { asked, describe, MediaWorld, OURS, PCMU, sdpOf, text } from '../support/media-world.ts';

const PCMA = ['m=audio 40000 RTP/AVP 9 8 0 96', 'a=rtpmap:96 telephone-event/8000'];

/** a talks to the service. */
function attended(world: MediaWorld, ...offer: string[]) {
  const a = world.phone('10.0.0.2');
  const attendance = world.plane.attend('call:1', world.party('a', '10.0.0.2'));
  const answer = text((told) => attendance.answer(sdpOf('10.0.0.2', ...(offer.length === 0 ? PCMU : offer)), told));
  a.reach(answer);
  return { a, attendance, answer };
}

const lines = (sdp: string): string[] => sdp.split('\r\n').filter((line) => line !== '');
/** What a phone heard, as samples of µ-law, one number a packet. */
const levels = (phone: PhoneMedia): number[] =>
  phone.streams.flatMap(({ latest }) => latest.map(({ payload }) => LINEAR.PCMU[payload[80] ?? 0] ?? 0));

suite('a party that talks to the service', () => {
  it('is answered with one audio that it offered, and keys', () => {
    const { answer } = attended(new MediaWorld(), 'm=video 40002 RTP/AVP 31', ...PCMA, 'a=sendonly');
    expect(lines(answer)).toEqual([
      'v=0',
      expect.stringMatching(/^o=- \d+ 1 IN IP4 10\.0\.0\.1$/),
      's=-',
      'c=IN IP4 10.0.0.1',
      't=0 0',
      'm=video 0 RTP/AVP 31',
      'm=audio 20000 RTP/AVP 8 96',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:96 telephone-event/8000',
      'a=fmtp:96 0-15',
      'a=ptime:20',
      'a=recvonly',
    ]);
  });

  it.each([
    ['no audio that we have', ['m=audio 4 RTP/AVP 9 18'], 'No Audio With PCMU Or PCMA Offered'],
    ['no audio at all', ['m=image 4 udptl t38'], 'No Audio With PCMU Or PCMA Offered'],
    ['refused audio', ['m=audio 0 RTP/AVP 0'], 'No Audio With PCMU Or PCMA Offered'],
    ['encrypted audio', ['m=audio 4 RTP/SAVP 0', 'a=crypto:1 x inline:y'], 'Encrypted Media Is Not Served Here'],
    [
      'encrypted audio of a browser',
      ['m=audio 4 UDP/TLS/RTP/SAVPF 0', 'a=fingerprint:x y'],
      'Encrypted Media Is Not Served Here',
    ],
  ])('is refused with %s', (_, offer, reason) => {
    const world = new MediaWorld();
    const attendance = world.plane.attend('call:1', world.party('a', '10.0.0.2'));
    expect(asked((told) => attendance.answer(sdpOf('10.0.0.2', ...offer), told))).toEqual({ status: 488, reason });
    attendance.close();
    expect([world.plane.size, world.sockets.size, world.timers.size]).toEqual([0, 0, 0]);
  });

  it('is answered again as its offer changes, in the same session (RFC 3264 §8)', () => {
    const world = new MediaWorld();
    const { answer, attendance } = attended(world);
    const again = (...offer: string[]) => text((told) => attendance.answer(sdpOf('10.0.0.2', ...offer), told));
    expect(again(...PCMU)).toBe(answer);
    const held = again(...PCMU, 'a=inactive');
    expect(held).toContain('a=inactive');
    const [before, after] = [answer, held].map((sdp) => /^o=- (\d+) (\d+)/m.exec(sdp));
    expect([after?.[1], after?.[2]]).toEqual([before?.[1], '2']);
    expect(again(...PCMU)).toBe(answer.replace(/^(o=- \d+) 1/m, '$1 3'));
  });

  it('is offered both laws where it made no offer, and its answer counts', () => {
    const world = new MediaWorld();
    const a = world.phone('10.0.0.2');
    const attendance = world.plane.attend('call:1', world.party('a', '10.0.0.2'));
    const offer = text((told) => attendance.answer(undefined, told));
    expect(offer).toContain('m=audio 20000 RTP/AVP 8 0 101\r\n');
    expect(attendance.accept(sdpOf('10.0.0.2', 'm=audio 0 RTP/AVP 0'))).toMatchObject({ status: 488 });
    expect(attendance.accept(sdpOf('10.0.0.2', 'm=audio 40000 RTP/AVP 0'))).toBeUndefined();
    a.reach(offer);
    world.leg('a').play({ prompts: ['tone:beep'], repeats: false, ended: () => undefined });
    world.run(1000);
    expect(a.streams[0]?.payloadTypes).toEqual(new Set([0]));
  });

  it('hears prompts at a steady pace, marked and in order (RFC 3551 §4.1)', () => {
    const world = new MediaWorld();
    const { a } = attended(world);
    world.prompt('welcome', 990);
    const ended: string[] = [];
    const note = (how: PromptEnd): void => void ended.push(`${how} ${world.time.now()}`);
    world.leg('a').play({ prompts: ['welcome', 'silence:100', 'tone:beep'], repeats: false, ended: note });
    world.run(5000);
    expect(ended).toEqual(['played 1600']);
    const [stream] = a.streams;
    const latest = stream?.latest ?? [];
    // 990, 100 and 500 ms, one behind the other.
    expect(latest).toHaveLength(80);
    expect(latest.every(({ marker }, n) => marker === (n === 0))).toBe(true);
    for (const [n, packet] of latest.entries()) {
      expect(packet.payload).toHaveLength(160);
      expect([packet.atMs, packet.payloadType]).toEqual([5 + 20 * n, 0]);
      expect(packet.sequence).toBe(((latest[0]?.sequence ?? 0) + n) & 0xffff);
      expect(packet.timestamp).toBe(((latest[0]?.timestamp ?? 0) + 160 * n) >>> 0);
    }
    expect(Math.abs(levels(a)[0] ?? 0)).toBeGreaterThan(7500);
    expect(levels(a)[52]).toBe(0);
  });

  it('hears a prompt end early as it is stopped, or another one begins', () => {
    const world = new MediaWorld();
    const { a } = attended(world);
    const ended: string[] = [];
    const play = (name: string, repeats = false): void =>
      world.leg('a').play({ prompts: [name], repeats, ended: (how) => void ended.push(`${name} ${how}`) });
    play('tone:ringing', true);
    world.run(12_000);
    play('tone:busy');
    world.run(100);
    world.leg('a').stop('interrupted');
    world.run(1000);
    const packets = a.packets;
    expect(packets).toBeGreaterThan(600);
    world.run(1000);
    expect(a.packets).toBe(packets);
    play('tone:busy');
    world.run(10_000);
    expect(ended).toEqual(['tone:ringing stopped', 'tone:busy interrupted', 'tone:busy played']);
    expect(world.timers.size).toBe(1);
  });

  it.each([
    ['nothing', 'there is nothing to play', []],
    ['no file', '/prompts/none.wav: there is no such file', ['none']],
    ['no tone', 'there is no tone trumpet', ['tone:trumpet']],
    ['a way out', '../../etc/passwd: write the name of a file in media.prompts, without .wav', ['../../etc/passwd']],
    [
      'a long silence',
      'silence:99999: write tone:NAME, silence:MILLISECONDS up to 60000, or the name of a file',
      ['silence:99999'],
    ],
  ])('is told why %s cannot be played', (_, why, prompts) => {
    const world = new MediaWorld();
    attended(world);
    const ended: string[] = [];
    world.leg('a').play({ prompts, repeats: false, ended: (how, reason) => void ended.push(`${how} ${reason}`) });
    expect(ended).toEqual([`failed ${why}`]);
    expect(world.plane.checkPrompt(prompts[0] ?? '')).toBe(
      prompts.length === 0 ? ': write the name of a file in media.prompts, without .wav' : why,
    );
  });

  it('is heard when it presses keys, and by INFO only until then', () => {
    const world = new MediaWorld();
    const { a } = attended(world);
    expect(world.plane.pressed('a', '7', 250)).toBe('passesOn');
    expect(world.plane.pressed('b', '7', 250)).toBe('notHere');
    world.run(1000);
    a.press('12#');
    world.run(1000);
    world.plane.pressed('a', '3', 100);
    expect(world.keys).toEqual(['a 7 250 info', 'a 1 100 rtp', 'a 2 100 rtp', 'a # 100 rtp']);
  });

  it('is not told to pass a key on by whoever lets the next one pass when it hears that', () => {
    const world = new MediaWorld();
    attended(world);
    const leg = world.leg('a');
    const nothing = (): void => {};
    const digit = (): void => leg.withhold(false);
    world.plane.hear({ opened: nothing, heard: nothing, stopped: nothing, closed: nothing, unanchored: nothing, digit });
    leg.withhold(true);
    expect([world.plane.pressed('a', '1', 100), world.plane.pressed('a', '2', 100)]).toEqual(['withheld', 'passesOn']);
  });

  it('is heard when all ends of its presses are lost', () => {
    const world = new MediaWorld();
    const { a } = attended(world);
    for (const key of [5, 5]) {
      for (let n = 1; n <= 3; n++) a.send(Buffer.from([key, 10, n - 1, 160]), 101, { marker: n === 1 });
      world.run(2000);
      a.hush();
      a.talk(20);
      world.run(1000);
    }
    expect(world.keys).toEqual(['a 5 84 rtp', 'a 5 84 rtp']);
  });

  it('is heard pressing keys as tones where the config asks for that', () => {
    for (const inband of [true, false]) {
      const world = new MediaWorld({ inband });
      const { a } = attended(world, 'm=audio 40000 RTP/AVP 8');
      const tones = encode('PCMA', keySamples('9', 120));
      for (let at = 0; at < tones.length; at += 160) a.send(tones.subarray(at, at + 160), 8);
      for (let n = 0; n < 20; n++) a.send(Buffer.alloc(160, 0xd5), 8);
      world.run(100);
      expect(world.keys.map((key) => key.replace(/\d+ inband/, 'inband'))).toEqual(inband ? ['a 9 inband'] : []);
    }
  });
});

suite('RTCP of a party that talks to the service (RFC 3550 §6)', () => {
  it('tells what was sent and heard, and answers its reports', () => {
    const world = new MediaWorld();
    const { a } = attended(world);
    const reports: RtcpPart[] = [];
    a.onRtcp = (bytes) => reports.push(...(readRtcp(bytes) ?? []));
    world.run(20_000);
    expect(reports).toEqual([]);
    a.talk(20_000);
    world.leg('a').play({ prompts: ['tone:ringing'], repeats: true, ended: () => undefined });
    world.run(3000);
    // A sender's report: its middle is what ours name.
    const said = writeReport({
      ...{ ssrc: 7, blocks: [], cname: 'a', isBye: false },
      sender: { atMs: 1_000_000, timestamp: 1, packets: 2, bytes: 3 },
    });
    a.sendRtcp(said);
    world.run(17_000);
    const [last] = reports.slice(-1);
    if (last?.kind !== 'report') throw new Error('there is no report');
    expect(last.ssrc).toBe(a.streams[0]?.ssrc);
    expect(last.packets).toBeGreaterThan(200);
    expect(last.blocks).toEqual([
      expect.objectContaining({ ssrc: 0x5151_0000 + 40_000, lost: 0, lastSenderReport: middleOf(1_000_000) }),
    ]);
    expect(last.blocks[0]?.delay).toBeGreaterThan(0);
    expect(reports.length).toBeGreaterThanOrEqual(2);
    expect(reports.length).toBeLessThanOrEqual(8);
  });

  it('is left to the parties once they talk', () => {
    const world = new MediaWorld();
    const { a, b } = world.talk();
    a.talk(30_000);
    b.talk(30_000);
    world.run(30_000);
    expect([a.rtcp, b.rtcp]).toEqual([0, 0]);
  });
});

suite('an attended caller that is connected', () => {
  /** a was attended, and talks to b, who calls telephone-event something else. */
  function connected(world: MediaWorld) {
    const { a, attendance } = attended(world, ...PCMA);
    const bridge = world.bridge(attendance);
    const b = world.phone('10.0.0.3');
    const offer = text((told) => bridge.offer(told));
    b.reach(offer);
    world.leg('a').play({ prompts: ['tone:ringing'], repeats: true, ended: () => undefined });
    world.run(1000);
    const answer = sdpOf('10.0.0.3', 'm=audio 40000 RTP/AVP 8 101', 'a=rtpmap:101 telephone-event/8000');
    describe(bridge, 'fork', answer, 'answer');
    return { a, b, bridge, offer, attendance };
  }

  it('has its callee offered what it agreed to, and nothing else', () => {
    const world = new MediaWorld();
    const { offer } = connected(world);
    expect(lines(offer).slice(5)).toEqual([
      'm=audio 20002 RTP/AVP 8 96',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:96 telephone-event/8000',
      'a=fmtp:96 0-15',
      'a=ptime:20',
      'a=sendrecv',
    ]);
  });

  it('hears prompts until then, and the callee from then on, keys by their own numbers', () => {
    const world = new MediaWorld();
    const { a, b, bridge, attendance } = connected(world);
    b.talk(3000, 8);
    world.run(1000);
    expect(a.streams).toHaveLength(1);
    bridge.connect();
    a.talk(500, 8);
    world.run(1000);
    // Its own source: who hears it is ready for that (RFC 3550 §8).
    expect(a.streams).toHaveLength(2);
    expect(b.streams[0]).toMatchObject({ packets: 25, payloadTypes: new Set([8]) });
    a.send(Buffer.from([1, 0x8a, 3, 32]), 96);
    world.run(100);
    expect(b.keys).toBe('1');
    expect(world.keys).toEqual(['a 1 100 rtp']);
    bridge.close();
    const { packets } = a;
    world.run(1000);
    expect(a.packets).toBe(packets);
    world.leg('a').play({ prompts: ['tone:busy'], repeats: false, ended: () => undefined });
    world.run(1000);
    expect(a.packets).toBeGreaterThan(packets);
    attendance.close();
    expect([world.plane.size, world.sockets.size, world.timers.size]).toEqual([0, 0, 0]);
    expect(world.told.filter((line) => line.endsWith('ed'))).toEqual(['a opened', 'b opened', 'b closed', 'a closed']);
  });

  it('goes back to the service with one callee, while another one is called', () => {
    const world = new MediaWorld();
    const { a, bridge, attendance } = connected(world);
    bridge.close();
    const other = world.bridge(attendance);
    const b = world.phone('10.0.0.4');
    b.reach(text((told) => other.offer(told)));
    expect(describe(other, 'fork', sdpOf('10.0.0.4', ...PCMA), 'answer')).toContain('m=audio 20000 ');
    other.connect();
    b.talk(500, 8);
    a.talk(500, 8);
    world.run(1000);
    expect(b.packets).toBe(25);
    expect(a.streams.at(-1)?.packets).toBe(25);
    expect(a.remote).toEqual({ host: OURS, port: 20_000 });
  });
});

suite('orders to the parties of a call', () => {
  it('play to one in the place of the other, who hears on', () => {
    const world = new MediaWorld();
    const { a, b } = world.talk();
    a.talk(3000);
    b.talk(3000);
    world.run(1000);
    world.leg('a').play({ prompts: ['tone:beep'], repeats: false, ended: () => undefined });
    world.run(3000);
    expect(a.streams.map(({ packets }) => packets)).toEqual([125, 25]);
    expect(b.packets).toBe(150);
  });

  it('hold one: it hears music, and neither hears the other', () => {
    const world = new MediaWorld();
    const { a, b } = world.talk();
    world.leg('b').hold(['tone:hold']);
    a.talk(1000);
    b.talk(1000);
    world.run(1000);
    expect(a.packets).toBe(0);
    expect(b.streams).toHaveLength(1);
    expect(b.packets).toBe(50);
    world.leg('b').resume();
    world.run(100);
    a.talk(1000);
    b.talk(1000);
    world.run(1000);
    expect([a.packets, b.packets]).toEqual([50, 101]);
  });

  it('withhold keys, and press them later in the place of who pressed', () => {
    const world = new MediaWorld();
    const { a, b } = world.talk();
    world.leg('a').withhold(true);
    expect(world.plane.pressed('a', '4', 100)).toBe('withheld');
    a.press('*1');
    world.run(1000);
    expect(b.packets).toBe(0);
    world.leg('a').press('*11');
    a.talk(2000);
    world.run(2000);
    expect(b.keys).toBe('*11');
    // Each key, and the silence behind it, in the place of what a says meanwhile.
    expect(b.streams.map(({ packets }) => packets)).toEqual([21, 71]);
    world.leg('a').withhold(false);
    a.press('2');
    world.run(1000);
    expect(b.keys).toBe('*112');
    expect(world.keys.map((key) => key.split(' ')[1])).toEqual(['4', '*', '1', '2']);
  });

  it('press keys as tones where the other knows no events', () => {
    const world = new MediaWorld();
    const { b } = world.talk(sdpOf('10.0.0.2', ...PCMU), sdpOf('10.0.0.3', 'm=audio 40000 RTP/AVP 0'));
    world.leg('a').press('5');
    world.run(1000);
    expect(b.packets).toBe(5);
    expect(b.streams[0]?.latest[2]?.payload).toEqual(encode('PCMU', keySamples('5', 100)).subarray(320, 480));
  });
});
