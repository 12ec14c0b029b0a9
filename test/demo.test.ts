import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { askedBy } from '../src/demo/asked.ts';
import { Missed, Stage } from '../src/demo/stage.ts';
import type { CallRow, Listing } from '../src/insight/model.ts';
import { VirtualTime } from '../src/testing/virtual-time.ts';
import { TimerHeap } from '../src/timer-heap.ts';

const main = fileURLToPath(new URL('../src/demo/main.ts', import.meta.url));

/** Runs the demo as `npm run demo` does. */
function perform(...names: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; output: string; errors: string }>();
  const child = spawn(process.execPath, [main, ...names]);
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  child.on('close', (code) => resolve({ code, output, errors }));
  return promise;
}

describe('npm run demo', () => {
  it('lists its plays where it is asked for another', async () => {
    const { code, output, errors } = await perform('toString');
    expect(errors).toContain('no demo is named "toString"; the demos are:\n  npm run demo push ');
    expect(errors).toContain('\n  npm run demo pickup ');
    expect(errors).toContain('\n  npm run demo ivr ');
    expect(output).toBe('');
    expect(code).toBe(78);
  });

  const PUSH = ['push: a call for you', '182 Queued', '486 Busy Here', 'the push wakes the app', '200 OK (REGISTER)', 'INVITE'];
  const PICKUP = [
    '180 Ringing',
    'dials *8',
    'pickup.asked (group)',
    'pickup.began',
    '200 OK',
    'caller.answered',
    'INVITE',
    '200 OK',
  ];
  const UNREACHABLE = ['push: a call for you', 'push.failed', 'call.failed (480)', 'call.ended'];
  const IVR = [
    'menu.dialled (demo)',
    '200 OK',
    'caller.answered',
    'presses a key',
    'digits.collected (matched)',
    'INVITE',
    '486 Busy Here',
    'hunt.idle',
    'presses another',
    'INVITE',
  ];
  it.each([
    ['push', [], [...PUSH, '180 Ringing', 'call.answered', 'ACK', 'BYE', 'call.ended'], 'sip:alice@callweave called sip:bob@'],
    [
      'pickup',
      ['pickup'],
      [...PICKUP, 'call.answered (Carol)', 'pickup.won', '200 OK', 'shows Alice', 'BYE'],
      'was picked up by sip:carol@',
    ],
    [
      'menu',
      ['ivr'],
      [...IVR, 'call.answered (Carol)', 'ACK', 'Alice and Carol talk', 'BYE', 'call.ended'],
      'sip:alice@callweave called sip:100@',
    ],
    ['call in vain', ['unreachable'], UNREACHABLE, 'could not be pushed (no such token)'],
  ])('tells the story of a %s from the call to its end', async (_, names, told, story) => {
    const { code, output, errors } = await perform(...names);
    expect(errors).toBe('');
    expect(output).not.toContain('The demo failed');
    expect(code).toBe(0);
    // In the order in which a newcomer reads it.
    let at = 0;
    for (const line of told) {
      const next = output.indexOf(line, at);
      expect(next, line).toBeGreaterThanOrEqual(0);
      at = next;
    }
    expect(output).toContain(story);
    for (const line of output.split('\n').filter((each) => each.includes('│'))) expect(line.length).toBeLessThanOrEqual(110);
  });
});

describe('npm run demo -- --stay', () => {
  it('stays with a page on which its calls can be looked at, until it is ended', async () => {
    const child = spawn(process.execPath, [main, 'pickup', '--stay=0']);
    const { promise: url, resolve: found } = Promise.withResolvers<string>();
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
      const said = /looked at, as charts too: (http:\S+)/.exec(output)?.[1];
      if (said !== undefined) found(said);
    });
    const ended = new Promise<number | null>((resolve) => void child.on('close', resolve));
    const page = await Promise.race([url, ended.then(() => output)]);
    const calls = (await fetch(`${page}/api/v1/calls`).then((answer) => answer.json())) as Listing<CallRow>;
    expect(calls.rows.map(({ outcome, why }) => [outcome, why])).toEqual([
      ['answered', 'Carol took the call to Bob'],
      ['answered', expect.stringMatching(/^Alice hung up after 0\.\d s of talk$/)],
    ]);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it.each([
    [['--stay=70000'], '70000 is no port'],
    [['--page'], 'the demo knows --stay alone, not --page'],
    [['push', 'pickup'], 'one demo at a time'],
  ])('refuses %s', (args, why) => expect(askedBy(args)).toBe(why));

  it('plays all of them where none is named', () => {
    const names = (args: string[]) => {
      const asked = askedBy(args);
      return typeof asked === 'string' ? asked : [asked.plays.length, asked.pagePort];
    };
    expect([names([]), names(['--stay']), names(['ivr', '--stay=0'])]).toEqual([
      [1, undefined],
      [4, 8060],
      [1, 0],
    ]);
  });
});

describe('the stage', () => {
  const stage = () => {
    const time = new VirtualTime();
    const timers = new TimerHeap(time, (error) => {
      throw error;
    });
    return { time, stage: new Stage(timers, 15_000) };
  };
  const soon = () => new Promise((resolve) => setImmediate(resolve));

  it('goes on when what it waits for has happened, and says in plain words what did not', async () => {
    const { time, stage: waiting } = stage();
    let rung = false;
    const done = waiting.until('the phone rings', () => rung);
    rung = true;
    time.advance(5);
    await done;
    const missed = waiting.until('the phone is answered', () => false).catch((error: unknown) => error);
    for (let ms = 0; ms < 15_000; ms += 5) {
      time.advance(5);
      await Promise.resolve();
      await Promise.resolve();
    }
    await soon();
    const error = await missed;
    expect(error).toBeInstanceOf(Missed);
    expect(String(error)).toContain('the phone is answered: this did not happen within 15 s');
  });
});
