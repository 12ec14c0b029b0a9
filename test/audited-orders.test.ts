import { expect, it } from 'vitest';
import { audited } from '../src/audited-orders.ts';
import type { Ordered, Orders } from '../src/insight/insight.ts';
import type { LogFields } from '../src/log.ts';

it('tells of each order what came of it, and of facts no attributes', () => {
  const lines: (LogFields & { message: string })[] = [];
  const answers: Ordered[] = [];
  const taken = (...given: unknown[]): void => (given.at(-1) as (ordered: Ordered) => void)({});
  const refused = (...given: unknown[]): void => (given.at(-1) as (ordered: Ordered) => void)({ refused: 'call:1 is over' });
  const orders: Orders = { hangUp: refused, fork: taken, pickUp: taken, raise: taken, removeBinding: taken };
  const logged = audited(orders, { info: (fields, message) => void lines.push({ ...fields, message }) });
  const done = (ordered: Ordered): void => void answers.push(ordered);
  logged.hangUp('call:1', done);
  logged.fork('call:1', 'carol', done);
  logged.pickUp('call:1', 'dave', done);
  logged.raise({ type: 'door.opened', attributes: { code: '4711' } }, done);
  logged.removeBinding('sip:bob@example.com', 'desk', done);
  expect(answers).toEqual([{ refused: 'call:1 is over' }, {}, {}, {}, {}]);
  expect(lines.map(({ message, ...fields }) => fields)).toEqual([
    { order: 'hangUp', call: 'call:1', refused: 'call:1 is over' },
    { order: 'fork', call: 'call:1', callee: 'carol', refused: undefined },
    { order: 'pickUp', call: 'call:1', picker: 'dave', refused: undefined },
    { order: 'raise', fact: 'door.opened', refused: undefined },
    { order: 'removeBinding', aor: 'sip:bob@example.com', device: 'desk', refused: undefined },
  ]);
  expect(new Set(lines.map(({ message }) => message))).toEqual(new Set(['an operator ordered']));
  expect(JSON.stringify(lines)).not.toContain('4711');
});
