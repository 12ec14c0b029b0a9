import { describe, expect, it } from 'vitest';
import { drawLadder, type LadderRecord } from '../../src/testing/ladder.ts';

const message = (atMs: number, from: string, to: string, label: string): LadderRecord => ({
  atMs,
  from,
  to,
  label,
  kind: 'message',
});
const note = (atMs: number, from: string, label: string): LadderRecord => ({ atMs, from, to: from, label, kind: 'note' });

describe('drawLadder', () => {
  it('draws arrows both ways, across lifelines, notes between, and the time only where it changes', () => {
    const drawn = drawLadder(
      [
        message(5_000, 'Alice', 'proxy', 'INVITE'),
        note(5_000, 'proxy', 'call.offered'),
        message(5_012, 'proxy', 'Bob', 'INVITE'),
        message(5_012, 'Bob', 'proxy', '180 Ringing'),
        message(65_250, 'Bob', 'Alice', 'RTP'),
      ],
      { width: 60 },
    );
    expect(drawn).toBe(
      [
        '         Alice                  proxy                   Bob',
        '  0.000    │─────── INVITE ──────▶│                      │',
        '           │                      │ · call.offered       │',
        '  0.012    │                      │─────── INVITE ──────▶│',
        '           │                      │◀─── 180 Ringing ─────│',
        ' 60.250    │◀─────────────────── RTP ────────────────────│',
        '',
      ].join('\n'),
    );
  });

  it('cuts long labels, breaks long notes, and marks what was lost', () => {
    const drawn = drawLadder(
      [
        { ...message(0, 'A', 'B', 'INVITE sip:somebody@example.com'), lost: true },
        note(1, 'B', 'one two three four five six seven eight nine ten eleven twelve'),
      ],
      { width: 50 },
    );
    expect(drawn).toBe(
      [
        '         A                                 B',
        '  0.000  │─ INVITE sip:somebody@example.… ✕│',
        '  0.001 · one two three four five six seven eight',
        '          nine ten eleven twelve           │',
        '',
      ].join('\n'),
    );
  });

  it('puts a short note of the last party on the side where there is room', () => {
    const drawn = drawLadder([message(0, 'A', 'B', 'INVITE'), note(0, 'B', 'is busy')], { width: 50 });
    expect(drawn.split('\n')[2]).toBe('         │                       is busy · │');
  });

  it('keeps within its width for any number of parties', () => {
    const parties = ['Alice', 'callweave', 'push service', 'desk phone', "Bob's mobile", 'trunk'];
    const records = parties.flatMap((from) => parties.map((to) => message(1, from, to, 'x'.repeat(200))));
    const notes = parties.map((party) => note(2, party, 'word '.repeat(40)));
    for (const line of drawLadder([...records, ...notes], { parties }).split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('lets no control character through, and knows its parties', () => {
    expect(drawLadder([message(0, 'A', 'B', 'a\r\n\x1b[2Jb')])).toContain('a???[2Jb');
    expect(() => drawLadder([message(0, 'A', 'B', 'x')], { parties: ['A'] })).toThrow('no party "B"');
  });
});
