import { expect, it } from 'vitest';
import { createLog } from '../../../../src/log.ts';
import { logSender } from '../../../../src/ports/push/senders/log-sender.ts';
import { push } from './push-request.ts';

it('writes one line without the token, and always succeeds', () => {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  const sender = logSender(createLog({ level: 'info', format: 'json', clock: { now: () => 5 }, sink }));
  const outcomes: unknown[] = [];
  sender.send(push('p1', { prid: 'hunter2', param: 'team.app' }), (outcome) => outcomes.push(outcome));
  sender.cancel(push('p1', { prid: 'hunter2', kind: 'cancelled', reason: 'answered-elsewhere' }), (outcome) =>
    outcomes.push(outcome),
  );
  expect(outcomes).toEqual([{ ok: true }, { ok: true }]);
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    msg: 'push',
    id: 'p1',
    kind: 'incoming-call',
    aor: 'sip:bob@x',
    callId: 'c1',
  });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ kind: 'cancelled', reason: 'answered-elsewhere' });
  expect(lines.join('')).not.toContain('hunter2');
});
