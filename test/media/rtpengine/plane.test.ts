import { describe, expect, it } from 'vitest';
import type { InCallCode } from '../../../machines/vocabulary/media.ts';
import type { RtpengineConfig } from '../../../src/config.ts';
import type { Attended, MediaBridge, MediaEvents, MediaParty, MediaPlane, Side, Told } from '../../../src/media/media.ts';
import { RtpenginePlane } from '../../../src/media/rtpengine/plane.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../../src/timer-heap.ts';
import { NgDaemon, type Plain, type Request } from '../../support/ng-daemon.ts';

const sdpOf = (host: string, port: number, protocol = 'RTP/AVP', more = ''): string =>
  `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio ${port} ${protocol} 8 101\r\n` +
  `a=rtpmap:101 telephone-event/8000\r\n${more}`;
const OFFER = sdpOf('192.0.2.1', 4000);
const ANSWER = sdpOf('192.0.2.2', 5000);
const DTLS = sdpOf('192.0.2.3', 9, 'UDP/TLS/RTP/SAVPF', 'a=fingerprint:sha-256 AB\r\na=setup:actpass\r\n');

const partyOf = (leg: string, host: string, isWebRtc = false): MediaParty => ({
  leg,
  user: `${leg}@example.com`,
  host,
  local: '192.0.2.9',
  isWebRtc,
});
const A = partyOf('leg:a', '192.0.2.1');
const B = partyOf('leg:b', '192.0.2.2');
const HIDDEN: InCallCode = { name: 'hold', code: '*1', takesArgument: false, isHidden: true };

/** The built-in engine's place: says who spoke through it. */
class Standing implements MediaPlane {
  readonly said: string[] = [];
  readonly codesOf: MediaPlane['codesOf'];
  readonly size = 0;

  constructor(codes: readonly InCallCode[]) {
    this.codesOf = () => codes;
  }

  bridge({ attended, fork }: Parameters<MediaPlane['bridge']>[0]): MediaBridge {
    this.said.push(
      `bridge to ${fork.leg}${fork.isWebRtc ? ' of a browser' : ''}${attended === undefined ? '' : ` of ${(attended as unknown as { name: string }).name}`}`,
    );
    return {
      describe: (from, sdp, what, told) => told(`built-in ${what} of ${from}: ${sdp}`),
      offer: (told) => told(sdpOf('127.0.0.1', 7_000)),
      connect: () => void this.said.push('connect'),
      close: () => void this.said.push('close'),
    };
  }

  attend(_: string, party: MediaParty): Attended {
    const name = `${party.leg} at ${party.host}`;
    const own = {
      name,
      answer: (offer: string | undefined, told: Told) =>
        told(offer === undefined ? sdpOf('127.0.0.1', 8_000) : `answer to ${offer}`),
      accept: (answer: string) => void this.said.push(`accept ${answer}`),
      close: () => void this.said.push(`close ${name}`),
    };
    return own;
  }

  pressed(): 'notHere' {
    return 'notHere';
  }
  leg(): undefined {
    return undefined;
  }
  hear(): void {}
  close(): void {}
}

const party = (packets: number, flags: string[] = ['initialized', 'send', 'recv']): Plain => ({
  medias: [{ type: 'audio', codec: 'PCMA/8000', flags, streams: [{ SSRC: 7, stats: { packets, bytes: 0, errors: 0 } }] }],
});

function relaying(settings: Partial<RtpengineConfig> = {}, codes: readonly InCallCode[] = []) {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const daemon = new NgDaemon();
  const builtin = new Standing(codes);
  const reports: string[] = [];
  const heard: string[] = [];
  const plane = new RtpenginePlane(
    { address: { host: '127.0.0.1', port: 2223 }, dtmfLog: undefined, timeoutMs: 1_000, whenDown: 'builtin', ...settings },
    {
      wire: daemon.wire,
      timers,
      random: new SeededRandom(1),
      builtin,
      prompts: '/prompts',
      stalledAfterMs: 10_000,
      report: ({ problem }) => void reports.push(problem),
    },
  );
  const events: MediaEvents = {
    opened: ({ leg }) => void heard.push(`opened ${leg}`),
    heard: ({ leg }, ssrc, payloadType) => void heard.push(`heard ${leg} ${ssrc} ${payloadType}`),
    stopped: ({ leg }) => void heard.push(`stopped ${leg}`),
    closed: ({ leg }, { packets, lost, jitterMs }) => void heard.push(`closed ${leg} ${packets} ${lost} ${jitterMs}`),
    digit: ({ leg }, digit, durationMs, way) => void heard.push(`digit ${leg} ${digit} ${durationMs} ${way}`),
    unanchored: () => undefined,
  };
  plane.hear(events);
  /** Packets that came, by tag. */
  const packets = new Map<string, Plain>();
  const sdp = { result: 'ok', sdp: '' };
  daemon.answers = (request) => {
    switch (request.command) {
      case 'offer':
      case 'answer':
        return { ...sdp, sdp: `relayed ${request.command}` };
      case 'query':
      case 'delete':
        return { result: 'ok', tags: Object.fromEntries(packets) };
      case 'play media':
        return { result: 'ok', duration: 2_000 };
      default:
        return { result: 'ok' };
    }
  };
  const told: unknown[] = [];
  const tell: Told = (said) => void told.push(said);
  const bridge = (caller = A, fork = B): MediaBridge =>
    plane.bridge({ call: 'call:1', caller, fork, attended: undefined }) as MediaBridge;
  const last = (): Request => daemon.asked.findLast(({ command }) => command !== 'ping') ?? {};
  const say = (one: MediaBridge, from: Side, text: string, what: 'offer' | 'answer'): unknown => {
    one.describe(from, text, what, tell);
    return told.at(-1);
  };
  /** A call that talks. */
  const talking = () => {
    const one = bridge();
    say(one, 'caller', OFFER, 'offer');
    say(one, 'fork', ANSWER, 'answer');
    one.connect();
    const { 'call-id': id, 'from-tag': a, 'to-tag': b } = last() as Record<string, string>;
    return { one, id: id as string, a: a as string, b: b as string };
  };
  const orders = (): string[] =>
    daemon.asked
      .filter(({ command }) => !['ping', 'query', 'offer', 'answer'].includes(String(command)))
      .map((request) => String(request.command));
  return { time, timers, daemon, builtin, plane, reports, heard, told, tell, bridge, say, last, talking, orders, packets };
}
type World = ReturnType<typeof relaying>;

function down({ daemon, time }: World): void {
  daemon.answers = () => undefined;
  time.advance(7_000);
}
const silent = (): undefined => undefined;

describe('descriptions', () => {
  it('go through the daemon in either direction, under the tags of who speaks', () => {
    const world = relaying();
    const one = world.bridge();
    expect(world.say(one, 'caller', OFFER, 'offer')).toBe('relayed offer');
    const offer = world.last();
    expect(offer).toMatchObject({
      command: 'offer',
      sdp: OFFER,
      'transport protocol': 'RTP/AVP',
      ICE: 'remove',
      DTLS: 'off',
      'rtcp-mux': ['demux'],
      replace: ['session connection'],
      flags: ['strict source'],
      'address family': 'IP4',
    });
    expect(offer).not.toHaveProperty('to-tag');
    expect(world.say(one, 'fork', ANSWER, 'answer')).toBe('relayed answer');
    const answer = world.last();
    expect(answer).toMatchObject({ command: 'answer', 'call-id': offer['call-id'], 'from-tag': offer['from-tag'], sdp: ANSWER });
    expect(answer).not.toHaveProperty('transport protocol');
    world.say(one, 'fork', ANSWER, 'offer');
    expect(world.last()).toMatchObject({ 'from-tag': answer['to-tag'], 'to-tag': offer['from-tag'] });
    world.say(one, 'caller', OFFER, 'answer');
    expect(world.last()).toMatchObject({ 'from-tag': answer['to-tag'], 'to-tag': offer['from-tag'] });
    expect(String(offer['call-id'])).toMatch(/^[0-9a-f]{32}$/);
  });

  it('of a phone become those of a browser, and back', () => {
    const world = relaying();
    const browser = partyOf('leg:w', '192.0.2.3', true);
    const to = world.bridge(A, browser);
    world.say(to, 'caller', OFFER, 'offer');
    expect(world.last()).toMatchObject({
      'transport protocol': 'UDP/TLS/RTP/SAVPF',
      ICE: 'force',
      'rtcp-mux': ['require'],
      SDES: ['off'],
    });
    world.say(to, 'fork', DTLS, 'answer');
    expect(world.last()).toMatchObject({ ICE: 'remove', 'rtcp-mux': ['demux'] });
    const from = world.bridge(browser, B);
    world.say(from, 'caller', DTLS, 'offer');
    expect(world.last()).toMatchObject({ 'transport protocol': 'RTP/AVP', ICE: 'remove', DTLS: 'off' });
    world.say(from, 'fork', ANSWER, 'answer');
    expect(world.last()).toMatchObject({ ICE: 'force', 'rtcp-mux': ['accept'] });
  });

  it('towards a phone that encrypts stay encrypted once it has said so', () => {
    const world = relaying();
    const one = world.bridge();
    world.say(one, 'caller', sdpOf('192.0.2.1', 4_000, 'RTP/SAVP', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n'), 'offer');
    expect(world.last()['transport protocol']).toBe('RTP/AVP');
    world.say(one, 'fork', ANSWER, 'answer');
    world.say(one, 'fork', ANSWER, 'offer');
    expect(world.last()['transport protocol']).toBe('RTP/SAVP');
  });

  it('of a party behind NAT go with where it is', () => {
    const world = relaying();
    const one = world.bridge();
    world.say(one, 'caller', sdpOf('10.1.1.1', 4_000), 'offer');
    expect(world.last()).toMatchObject({ flags: ['strict source', 'SIP source address'], 'received from': ['IP4', '192.0.2.1'] });
    world.say(one, 'fork', ANSWER, 'answer');
    expect(world.last()).toMatchObject({ flags: ['strict source'] });
  });

  it('that the daemon does not take are refused with a reason', () => {
    const world = relaying();
    world.daemon.answers = () => ({ result: 'error', 'error-reason': 'Error rewriting SDP' });
    expect(world.say(world.bridge(), 'caller', OFFER, 'offer')).toEqual({
      status: 488,
      reason: 'Session Description Not Understood',
    });
    world.daemon.answers = () => ({ result: 'error', 'error-reason': 'Ran out of ports' });
    expect(world.say(world.bridge(), 'caller', OFFER, 'offer')).toEqual({ status: 503, reason: 'Media Relay Refuses' });
    world.daemon.answers = () => ({ result: 'ok' });
    expect(world.say(world.bridge(), 'caller', '', 'offer')).toMatchObject({ status: 488 });
    expect(world.say(world.bridge(), 'caller', `${OFFER}${'a=x\r\n'.repeat(20_000)}`, 'offer')).toMatchObject({ status: 488 });
    expect(world.told).toHaveLength(4);
  });
});

describe('a daemon that is down', () => {
  it('costs the first call its time limit, and the next ones nothing: the service relays them', () => {
    const world = relaying();
    world.daemon.answers = silent;
    const one = world.bridge();
    world.say(one, 'caller', OFFER, 'offer');
    world.time.advance(999);
    expect(world.told).toEqual([]);
    world.time.advance(1);
    expect(world.told).toEqual([`built-in offer of caller: ${OFFER}`]);
    expect(world.say(one, 'fork', ANSWER, 'answer')).toBe(`built-in answer of fork: ${ANSWER}`);
    expect(world.say(world.bridge(), 'caller', OFFER, 'offer')).toMatch(/^built-in/);
    expect(world.reports).toEqual(['rtpengine at 127.0.0.1:2223 does not answer: new calls are relayed by the service itself']);
    one.close();
    expect(world.builtin.said).toContain('close');
    expect(world.heard).toEqual([]);
  });

  it('refuses calls where the config says so', () => {
    const world = relaying({ whenDown: 'refuse' });
    down(world);
    expect(world.say(world.bridge(), 'caller', OFFER, 'offer')).toEqual({ status: 503, reason: 'Media Relay Is Down' });
    expect(world.builtin.said).toEqual([]);
    expect(world.reports).toEqual(['rtpengine at 127.0.0.1:2223 does not answer: new calls are refused']);
  });

  it('takes no answer to what it was offered, but another relay takes the next offer', () => {
    const world = relaying();
    const { one } = world.talking();
    const half = world.bridge(partyOf('leg:c', '192.0.2.4'), partyOf('leg:d', '192.0.2.5'));
    world.say(half, 'caller', OFFER, 'offer');
    down(world);
    expect(world.say(half, 'fork', ANSWER, 'answer')).toEqual({ status: 503, reason: 'Media Relay Is Down' });
    expect(world.say(one, 'fork', ANSWER, 'offer')).toBe(`built-in offer of fork: ${ANSWER}`);
    expect(world.builtin.said).toEqual(['bridge to leg:b', 'connect']);
    expect(world.heard).toContain('closed leg:a 0 0 0');
  });

  it('serves again once it answers, and whoever it forgot has stalled', () => {
    const world = relaying();
    const { a, b } = world.talking();
    world.packets.set(a, party(50));
    world.packets.set(b, party(50));
    world.time.advance(3_000);
    expect(world.heard).toEqual(['opened leg:a', 'opened leg:b', 'heard leg:a 7 8', 'heard leg:b 7 8']);
    const before = world.daemon.answers;
    world.daemon.refuse();
    world.daemon.answers = (request) =>
      request.command === 'query' ? { result: 'error', 'error-reason': 'Unknown call-id' } : before(request);
    world.time.advance(5_000);
    expect(world.reports).toHaveLength(2);
    expect(world.reports[1]).toBe('rtpengine at 127.0.0.1:2223 answers again');
    expect(world.heard.slice(4)).toEqual(['stopped leg:a', 'stopped leg:b']);
    const queries = world.daemon.of('query').length;
    world.time.advance(20_000);
    expect(world.daemon.of('query')).toHaveLength(queries);
    expect(world.say(world.bridge(), 'caller', OFFER, 'offer')).toBe('relayed offer');
  });
});

describe('streams', () => {
  it('flow, stall, and end with what the daemon counted', () => {
    const world = relaying();
    const { one, id, a, b } = world.talking();
    world.packets.set(a, party(50));
    world.packets.set(b, party(0));
    world.time.advance(12_000);
    expect(world.heard.slice(2)).toEqual(['heard leg:a 7 8']);
    world.time.advance(3_000);
    expect(world.heard.slice(3)).toEqual(['stopped leg:a']);
    world.packets.set(a, party(60));
    world.time.advance(3_000);
    expect(world.heard.slice(4)).toEqual(['heard leg:a 7 8']);
    one.close();
    one.close();
    expect(world.last()).toMatchObject({ command: 'delete', 'call-id': id, 'from-tag': a, 'delete delay': 0 });
    expect(world.daemon.of('delete')).toHaveLength(1);
    expect(world.heard.slice(5)).toEqual(['closed leg:a 60 0 0', 'closed leg:b 0 0 0']);
    expect(world.plane.size).toBe(0);
  });

  it('of who is on hold do not stall', () => {
    const world = relaying();
    const { a } = world.talking();
    world.packets.set(a, party(50));
    world.time.advance(3_000);
    world.packets.set(a, party(50, ['initialized', 'send']));
    world.time.advance(60_000);
    expect(world.heard).not.toContain('stopped leg:a');
  });

  it('are asked for at a bounded rate, however many calls there are', () => {
    const world = relaying();
    for (let n = 0; n < 500; n += 1)
      world.say(world.bridge(partyOf(`leg:a${n}`, '192.0.2.1'), partyOf(`leg:b${n}`, '192.0.2.2')), 'caller', OFFER, 'offer');
    world.time.advance(2_500);
    const before = world.daemon.of('query').length;
    world.time.advance(10_000);
    const queries = world.daemon.of('query').slice(before);
    expect(queries.length).toBeLessThanOrEqual(1_000);
    expect(new Set(queries.map((query) => query['call-id'])).size).toBe(500);
  });

  it('of a caller are one, whatever number of forks it may talk to', () => {
    const world = relaying();
    const forks = [world.bridge(A, B), world.bridge(A, partyOf('leg:c', '192.0.2.3'))];
    for (const one of forks) world.say(one, 'caller', OFFER, 'offer');
    expect(world.heard).toEqual(['opened leg:a']);
    forks[0]?.close();
    expect(world.heard).toEqual(['opened leg:a']);
    forks[1]?.close();
    expect(world.heard).toEqual(['opened leg:a', 'closed leg:a 0 0 0']);
  });

  it('are deleted behind an offer that is not answered yet', () => {
    const world = relaying();
    const { answers } = world.daemon;
    world.daemon.answers = silent;
    const one = world.bridge();
    world.say(one, 'caller', OFFER, 'offer');
    one.close();
    expect(world.last().command).toBe('offer');
    world.daemon.answers = answers;
    world.time.advance(300);
    expect(world.told).toEqual(['relayed offer']);
    expect(world.last().command).toBe('delete');
    expect(world.plane.size).toBe(0);
  });

  it('leave nothing behind', () => {
    const world = relaying();
    const { a } = world.talking();
    world.plane.leg('leg:a')?.play({ prompts: ['welcome'], repeats: true, ended: () => {} });
    world.packets.set(a, party(1));
    world.time.advance(3_000);
    world.plane.close();
    expect(world.plane.size).toBe(0);
    expect(world.timers.size).toBe(0);
    expect(world.daemon.isClosed).toBe(true);
  });
});

describe('digits', () => {
  const line = (id: string, tag: string, event: unknown): string =>
    JSON.stringify({
      callid: id,
      source_tag: tag,
      tags: [tag],
      type: 'DTMF',
      timestamp: 1,
      source_ip: '192.0.2.1',
      event,
      duration: 100,
      volume: 10,
    });

  it('are heard from the log, of the party that pressed', () => {
    const world = relaying();
    const { id, a, b } = world.talking();
    world.plane.logged(line(id, a, 5));
    world.time.advance(150);
    world.plane.logged(line(id, a, 5));
    world.plane.logged(line(id, b, 11));
    expect(world.heard.slice(2)).toEqual(['digit leg:a 5 100 rtp', 'digit leg:a 5 100 rtp', 'digit leg:b # 100 rtp']);
  });

  it('that were pressed by two ways are one', () => {
    const world = relaying();
    const { id, a } = world.talking();
    expect(world.plane.pressed('leg:a', '5', 100)).toBe('passesOn');
    world.time.advance(100);
    world.plane.logged(line(id, a, 5));
    expect(world.heard.slice(2)).toEqual(['digit leg:a 5 100 info']);
    world.time.advance(1_000);
    world.plane.logged(line(id, a, 6));
    world.plane.pressed('leg:a', '6', 100);
    expect(world.heard.slice(3)).toEqual(['digit leg:a 6 100 rtp']);
    expect(world.plane.pressed('leg:x', '5', 100)).toBe('notHere');
  });

  it('are nobody’s where the log says nonsense', () => {
    const world = relaying();
    const { id, a } = world.talking();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '5',
      line('x', a, 5),
      line(id, 'x', 5),
      line(id, a, 16),
      line(id, a, '5'),
      line(id, a, 1.5),
      line(id, a, -1),
    ]) {
      world.plane.logged(text);
    }
    world.plane.logged(`${line(id, a, 5)}${' '.repeat(5_000)}`);
    expect(world.heard).toHaveLength(2);
  });

  it('are kept from the other party, and pressed in its place', () => {
    const world = relaying({}, [HIDDEN]);
    const { id, a } = world.talking();
    expect(world.daemon.of('offer')[0]?.flags).toContain('inject DTMF');
    expect(world.daemon.of('answer')[0]?.flags).toContain('inject DTMF');
    const leg = world.plane.leg('leg:a');
    leg?.withhold(true);
    expect(world.last()).toEqual({ command: 'block DTMF', 'call-id': id, 'from-tag': a });
    expect(world.plane.pressed('leg:a', '1', 100)).toBe('withheld');
    leg?.press('*1');
    expect(world.daemon.of('play DTMF')).toEqual(
      ['*', '1'].map((code) => ({ command: 'play DTMF', 'call-id': id, 'from-tag': a, code, duration: 100, pause: 100 })),
    );
    // The daemon reports those as the party's own; a further one is.
    const before = world.heard.length;
    for (const event of [10, 1, 3]) world.plane.logged(line(id, a, event));
    expect(world.heard.slice(before)).toEqual(['digit leg:a 3 100 rtp']);
    leg?.press('2');
    world.time.advance(5_000);
    world.plane.logged(line(id, a, 2));
    expect(world.heard.slice(before)).toEqual(['digit leg:a 3 100 rtp', 'digit leg:a 2 100 rtp']);
    leg?.withhold(false);
    expect(world.last()).toEqual({ command: 'unblock DTMF', 'call-id': id, 'from-tag': a });
  });
});

describe('prompts', () => {
  it('play one after the other, and the other party is not heard meanwhile', () => {
    const world = relaying();
    const { id, a, b } = world.talking();
    const ended: string[] = [];
    world.plane.leg('leg:a')?.play({
      prompts: ['welcome', 'silence:500', 'tone:beep'],
      repeats: false,
      ended: (how) => void ended.push(`${world.time.now()} ${how}`),
    });
    expect(world.daemon.asked.slice(-2)).toEqual([
      { command: 'block media', 'call-id': id, 'from-tag': b },
      { command: 'play media', 'call-id': id, 'from-tag': a, file: '/prompts/welcome.wav' },
    ]);
    world.time.advance(2_400);
    expect(world.daemon.of('play media')).toHaveLength(1);
    world.time.advance(100);
    expect(String(world.daemon.of('play media')[1]?.blob).slice(0, 4)).toBe('RIFF');
    world.time.advance(2_000);
    expect(ended).toEqual(['4500 played']);
    expect(world.last()).toEqual({ command: 'unblock media', 'call-id': id, 'from-tag': b });
  });

  it('stop, once, and say why they cannot be played', () => {
    const world = relaying();
    world.talking();
    const leg = world.plane.leg('leg:a');
    const ended: string[] = [];
    const play = (...prompts: string[]): void =>
      leg?.play({ prompts, repeats: false, ended: (how, why) => void ended.push(`${how} ${why}`) });
    play('welcome');
    leg?.stop('interrupted');
    leg?.stop('stopped');
    expect(world.orders().slice(-2)).toEqual(['stop media', 'unblock media']);
    for (const name of ['../../etc/passwd', 'tone:none', 'silence:999999', 'noise:1']) play(name);
    world.daemon.answers = () => ({ result: 'error', 'error-reason': 'Failed to start media playback from file' });
    play('gone');
    world.daemon.answers = () => ({ result: 'ok' });
    play('endless');
    expect(ended).toEqual([
      'interrupted ',
      'failed ../../etc/passwd: write the name of a file in media.prompts, without .wav',
      'failed there is no tone none',
      'failed silence:999999: write tone:NAME, silence:MILLISECONDS or the name of a file',
      'failed noise:1: write tone:NAME, silence:MILLISECONDS or the name of a file',
      'failed rtpengine cannot play gone: Failed to start media playback from file',
      'failed rtpengine does not say how long endless is',
    ]);
  });

  it('are all that a held party hears, and nobody hears it', () => {
    const world = relaying();
    const { a, b } = world.talking();
    const leg = world.plane.leg('leg:a');
    leg?.hold(['music']);
    const blocked = world.daemon.asked
      .filter(({ command }) => String(command).startsWith('block'))
      .map(({ command, 'from-tag': tag }) => [command, tag]);
    expect(blocked).toEqual([
      ['block media', a],
      ['block media', b],
      ['block DTMF', a],
    ]);
    world.time.advance(9_000);
    expect(world.daemon.of('play media')).toHaveLength(5);
    leg?.resume();
    expect(world.orders().slice(-4)).toEqual(['stop media', 'unblock media', 'unblock media', 'unblock DTMF']);
    world.time.advance(9_000);
    expect(world.daemon.of('play media')).toHaveLength(5);
    expect(leg?.record('x.wav', () => {})).toMatch(/builtin/);
  });
});

describe('parties that the service talks to', () => {
  const browser = partyOf('leg:w', '192.0.2.3', true);

  it('are served by its own sockets where they can be', () => {
    const world = relaying();
    const attended = world.plane.attend('call:1', A);
    attended.answer(OFFER, world.tell);
    expect(world.told).toEqual([`answer to ${OFFER}`]);
    expect(world.daemon.of('offer')).toEqual([]);
    attended.close();
    expect(world.builtin.said).toEqual(['close leg:a at 192.0.2.1']);
  });

  it('are served through the daemon where they encrypt', () => {
    const world = relaying();
    const attended = world.plane.attend('call:1', browser);
    attended.answer(DTLS, world.tell);
    expect(world.told).toEqual(['relayed answer']);
    expect(world.daemon.of('offer')[0]).toMatchObject({ sdp: DTLS, 'transport protocol': 'RTP/AVP' });
    expect(world.daemon.of('answer')[0]).toMatchObject({ sdp: 'answer to relayed offer', ICE: 'force' });
    attended.close();
    expect(world.last()).toMatchObject({ command: 'delete' });
    expect(world.builtin.said).toEqual(['close leg:w at 127.0.0.1']);
  });

  it('and that it offers to are too', () => {
    const world = relaying();
    const attended = world.plane.attend('call:1', browser);
    attended.answer(undefined, world.tell);
    expect(world.told).toEqual(['relayed offer']);
    expect(world.last()).toMatchObject({ 'transport protocol': 'UDP/TLS/RTP/SAVPF' });
    expect(attended.accept(DTLS)).toBeUndefined();
    expect(world.builtin.said).toEqual(['accept relayed answer']);
  });

  it('are bridged by its own sockets, with the daemon before each that needs it', () => {
    const world = relaying();
    const attended = world.plane.attend('call:1', browser);
    attended.answer(DTLS, world.tell);
    const other = partyOf('leg:v', '192.0.2.6', true);
    const one = world.plane.bridge({ call: 'call:1', caller: browser, fork: other, attended });
    expect(world.builtin.said).toEqual(['bridge to leg:v of leg:w at 127.0.0.1']);
    one?.offer(world.tell);
    expect(world.told.at(-1)).toBe('relayed offer');
    expect(world.last()).toMatchObject({ sdp: sdpOf('127.0.0.1', 7_000), 'transport protocol': 'UDP/TLS/RTP/SAVPF' });
    one?.describe('fork', DTLS, 'answer', world.tell);
    expect(world.daemon.asked.slice(-2)).toMatchObject([
      { command: 'answer', sdp: DTLS, ICE: 'remove' },
      { command: 'answer', sdp: 'built-in answer of fork: relayed answer', ICE: 'force' },
    ]);
    expect(world.told.at(-1)).toBe('relayed answer');
    one?.close();
    expect(world.daemon.of('delete')).toHaveLength(1);
    attended.close();
    expect(world.daemon.of('delete')).toHaveLength(2);
  });
});
