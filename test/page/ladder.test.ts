import { describe, expect, it } from 'vitest';
import type { CallView } from '../../src/insight/model.ts';
import type { JournalEntry } from '../../src/journal/format.ts';
import { type FactsShown, ladderOf } from '../../src/page/call/ladder.ts';
import { callView, message } from './fixture.ts';

const alice = { leg: 'leg:7/0', remote: '192.0.2.1:5060' };
const bob = { leg: 'leg:7/1', remote: '192.0.2.2:5060' };
const entry = (n: number, at: number, told: Pick<JournalEntry, 'fact' | 'command' | 'timer'>): JournalEntry => ({
  ...{ n, at, by: 'call:7', cause: 0 },
  ...told,
});

/** Rows as one reads them: `Alice → callweave INVITE`. */
function read(call: CallView, facts: FactsShown = 'some'): string[] {
  const { columns, rows } = ladderOf(call, facts);
  return rows.map((row) => {
    if (row.kind === 'wait') return `${row.forMs} ms`;
    if (row.kind === 'fact') return row.detail === '' ? row.label : `${row.label}: ${row.detail}`;
    return `${columns[row.from]?.name} → ${columns[row.to]?.name} ${row.label}${row.isAgain ? ' (again)' : ''}`;
  });
}

describe('the ladder of a call', () => {
  it('has the caller, the service and whom it rang, from left to right', () => {
    expect(ladderOf(callView(), 'some').columns.map(({ name }) => name)).toEqual(['Alice', 'callweave', "Bob's mobile"]);
    expect(ladderOf(callView({ parties: [] }), 'some').columns.map(({ name }) => name)).toEqual(['the caller', 'callweave']);
  });

  it('tells in one instant first what came, then what it led to, then what went', () => {
    const call = callView({
      messages: [
        message(0, 'INVITE', { ...alice, isIncoming: true }),
        message(0, 'INVITE', bob),
        message(40, '180 Ringing (INVITE)', { ...bob, isIncoming: true }),
        message(40, '180 Ringing', alice),
      ],
      entries: [
        entry(1, 0, { fact: { type: 'push.failed', device: 'pn-1', why: 'gone' } }),
        entry(2, 0, { fact: { type: 'leg.ringing', device: 'pn-1' } }),
      ],
    });
    expect(read(call)).toEqual([
      'Alice → callweave INVITE',
      "push.failed: Bob's mobile, gone",
      "callweave → Bob's mobile INVITE",
      "Bob's mobile → callweave 180 Ringing",
      'callweave → Alice 180 Ringing',
    ]);
  });

  it('draws a REGISTER of no leg at the party that it came from, and a stranger in a column of its own', () => {
    const register = message(0, 'REGISTER', { remote: bob.remote, isIncoming: true });
    const other = message(0, 'OPTIONS', { remote: '198.51.100.9:5060', isIncoming: true });
    expect(read(callView({ messages: [register, other] }))).toEqual([
      "Bob's mobile → callweave REGISTER",
      '198.51.100.9:5060 → callweave OPTIONS',
    ]);
  });

  it('draws pushes to the service that wakes phones, which stands beside ours', () => {
    const push = { transport: 'push', remote: 'apns' };
    const messages = [message(0, 'push: incoming-call', push), message(20, 'push: taken', { ...push, isIncoming: true })];
    expect(read(callView({ messages }))).toEqual([
      'callweave → push service push: incoming-call',
      'push service → callweave push: taken',
    ]);
    expect(ladderOf(callView({ messages }), 'none').columns.map(({ name }) => name)[2]).toBe('push service');
  });

  it('tells long silences, and what was said again', () => {
    const invite = message(0, 'INVITE', { ...bob, text: 'INVITE sip:bob' });
    const again = message(500, 'INVITE', { ...bob, text: 'INVITE sip:bob' });
    const late = message(3500, 'CANCEL', bob);
    expect(read(callView({ messages: [invite, again, late] }))).toEqual([
      "callweave → Bob's mobile INVITE",
      "callweave → Bob's mobile INVITE (again)",
      '3000 ms',
      "callweave → Bob's mobile CANCEL",
    ]);
  });

  it('shows no fact, those that say more than messages do, or all with commands', () => {
    const entries = [
      entry(1, 0, { fact: { type: 'leg.ringing', status: 180 } }),
      entry(2, 0, { fact: { type: 'pickup.lost', status: 481, reason: 'Gone', secret: 'x' } }),
      entry(3, 0, { command: { type: 'leg.answer', to: 'leg:7/0' } }),
      entry(4, 0, { timer: { type: 'xstate.after.0.call' } }),
    ];
    expect(read(callView({ entries }), 'none')).toEqual([]);
    expect(read(callView({ entries }), 'some')).toEqual(['pickup.lost: 481, Gone']);
    expect(read(callView({ entries }), 'all')).toEqual(['leg.ringing', 'pickup.lost: 481, Gone', 'leg.answer → Alice']);
  });

  it('colours answers by their class, and takes a challenge for no failure', () => {
    const labels = ['INVITE', '183 Session Progress', '200 OK (BYE)', '486 Busy Here', '401 Unauthorized'];
    const { rows } = ladderOf(callView({ messages: labels.map((label) => message(0, label, bob)) }), 'none');
    expect(rows.map((row) => row.kind === 'message' && row.tone)).toEqual([
      ...['request', 'progress', 'success', 'failure', 'progress'],
    ]);
  });
});
