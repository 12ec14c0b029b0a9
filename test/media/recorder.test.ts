import fc from 'fast-check';
import { expect, it, describe as suite } from 'vitest';
import { Tape } from '../../src/media/tape.ts';
import { LINEAR } from '../../src/rtp/g711.ts';
import { describe, MediaWorld, PCMU, sdpOf } from '../support/media-world.ts';

/** The two channels of a recording, one sample for each 20 ms. */
function channels(world: MediaWorld, name: string): { left: number[]; right: number[]; seconds: number } {
  const bytes = world.files.all.get(`/recordings/${name}.wav`) ?? Buffer.alloc(0);
  expect(bytes.toString('latin1', 0, 4)).toBe('RIFF');
  expect([bytes.readUInt16LE(20), bytes.readUInt16LE(22), bytes.readUInt32LE(24)]).toEqual([1, 2, 8000]);
  const length = bytes.readUInt32LE(40);
  expect(bytes.length).toBe(44 + length);
  const left: number[] = [];
  const right: number[] = [];
  for (let at = 44; at < bytes.length; at += 4 * 160) {
    left.push(bytes.readInt16LE(at));
    right.push(bytes.readInt16LE(at + 2));
  }
  return { left, right, seconds: length / 32_000 };
}

const A = 0x10;
const B = 0x20;
const spans = (samples: number[], code: number): readonly [number, number] => {
  const level = LINEAR.PCMU[code];
  return [samples.indexOf(level ?? 0), samples.lastIndexOf(level ?? 0)];
};

suite('a recording', () => {
  it('has who is recorded on the left, what it hears on the right, each when it was said', () => {
    const world = new MediaWorld();
    const { a, b, bridge } = world.talk();
    [a.voice, b.voice] = [A, B];
    const ended: string[] = [];
    expect(world.leg('a').record('talk', (durationMs, why) => ended.push(`${durationMs} ${why}`))).toBeUndefined();
    expect(world.leg('a').record('other', () => undefined)).toBe('it is being recorded');
    a.talk(1000);
    world.run(2000);
    b.talk(500);
    world.run(1000);
    world.leg('a').play({ prompts: ['silence:100'], repeats: false, ended: () => undefined });
    world.run(500);
    world.leg('a').stopRecording();
    world.leg('a').stopRecording();
    expect(ended).toEqual(['3500 ']);
    const { left, right, seconds } = channels(world, 'talk');
    expect(seconds).toBe(3.5);
    expect([spans(left, A), spans(right, B)]).toEqual([
      [0, 49],
      [101, 125],
    ]);
    expect(left.filter((sample) => sample === LINEAR.PCMU[A])).toHaveLength(50);
    expect([left, right].map((all) => all.filter((sample) => sample !== 0).length)).toEqual([50, 25]);
    bridge.close();
    expect(world.timers.size).toBe(0);
  });

  it('ends with its party, and takes no audio of who is on hold', () => {
    const world = new MediaWorld();
    const { a, bridge } = world.talk();
    a.voice = A;
    const ended: string[] = [];
    world.leg('a').record('talk', (durationMs, why) => ended.push(`${durationMs} ${why}`));
    world.leg('a').hold(['silence:1000']);
    a.talk(1000);
    world.run(2000);
    bridge.close();
    expect(ended).toEqual(['2000 ']);
    expect(channels(world, 'talk').left.every((sample) => sample === 0)).toBe(true);
  });

  it('is refused with a reason', () => {
    const world = new MediaWorld();
    world.talk();
    const record = (name: string) => world.leg('a').record(name, () => undefined);
    expect(record('../talk')).toBe('the name of a recording is of letters, digits, dots and dashes');
    expect(record('a/b')).toBe('the name of a recording is of letters, digits, dots and dashes');
    expect(record('once')).toBeUndefined();
    world.leg('a').stopRecording();
    expect(record('once')).toBe('/recordings/once.wav: there is a file of that name');
    world.files.full = 'the disk is full';
    expect(record('twice')).toBe('/recordings/twice.wav: the disk is full');
    const other = new MediaWorld({ recordings: undefined });
    other.talk();
    expect(other.leg('a').record('talk', () => undefined)).toBe('nothing is recorded; set media.recordings to a folder');
  });

  it('says that the disk failed, once', () => {
    const world = new MediaWorld();
    const { a } = world.talk();
    const ended: string[] = [];
    world.leg('a').record('talk', (durationMs, why) => ended.push(`${durationMs} ${why}`));
    a.talk(3000);
    world.run(1000);
    world.files.full = 'the disk is full';
    world.run(3000);
    expect(ended).toHaveLength(1);
    expect(ended[0]).toContain('the disk is full');
    world.files.full = undefined;
    expect(world.leg('a').record('again', () => undefined)).toBeUndefined();
  });

  it('goes on where its party talks to somebody else', () => {
    const world = new MediaWorld();
    const { a, bridge } = world.talk();
    a.voice = A;
    world.leg('a').record('talk', () => undefined);
    a.talk(500);
    world.run(1000);
    const next = world.plane.bridge({
      call: 'call:1',
      caller: world.party('a', '10.0.0.2'),
      fork: world.party('c', '10.0.0.4'),
      attended: undefined,
    });
    if (next === undefined) throw new Error('it is not anchored');
    const c = world.phone('10.0.0.4');
    c.voice = B;
    c.reach(describe(next, 'caller', sdpOf('10.0.0.2', ...PCMU), 'offer'));
    a.reach(describe(next, 'fork', sdpOf('10.0.0.4', ...PCMU), 'answer'));
    next.connect();
    bridge.close();
    c.talk(500);
    world.run(1000);
    world.leg('a').stopRecording();
    const { left, right } = channels(world, 'talk');
    expect([spans(left, A), spans(right, B)]).toEqual([
      [0, 24],
      [51, 75],
    ]);
    expect(world.told.filter((line) => line.startsWith('a '))).toEqual(['a opened', 'a heard 0']);
  });
});

suite('the time line of a recording', () => {
  it('is as long as the recording, whatever comes when', () => {
    const put = fc.record({
      afterMs: fc.nat(5000),
      track: fc.constantFrom(0 as const, 1 as const),
      length: fc.nat(1500),
      settles: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(put, { maxLength: 50 }), (puts) => {
        let bytes = 0;
        let nowMs = 1000;
        const tape = new Tape(nowMs, (chunk) => {
          bytes += chunk.length;
        });
        for (const { afterMs, track, length, settles } of puts) {
          nowMs += afterMs;
          tape.put(track, 'PCMA', Buffer.alloc(length), 0, length, nowMs);
          if (settles) tape.settle(nowMs);
          expect(tape.bytes).toBe(bytes);
          expect(bytes).toBeLessThanOrEqual((nowMs - 1000) * 32);
        }
        tape.end(nowMs);
        expect(bytes).toBe((nowMs - 1000) * 32);
      }),
      { numRuns: 40 },
    );
  });
});
