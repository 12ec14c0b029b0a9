/** Orders as the log tells of them: who reads it finds who ended a call that nobody hung up. */
import type { Ordered, Orders } from './insight/insight.ts';
import type { Log, LogFields } from './log.ts';

type Done = (ordered: Ordered) => void;

/** The same orders, each with a line of the log once it was taken or refused; attributes of facts are nobody's business. */
export function audited(orders: Orders, log: Pick<Log, 'info'>): Orders {
  const told =
    (order: keyof Orders, fields: LogFields, done: Done): Done =>
    (ordered) => {
      log.info({ order, ...fields, refused: ordered.refused }, 'an operator ordered');
      done(ordered);
    };
  return {
    hangUp: (call, done) => orders.hangUp(call, told('hangUp', { call }, done)),
    fork: (call, callee, done) => orders.fork(call, callee, told('fork', { call, callee }, done)),
    pickUp: (call, picker, done) => orders.pickUp(call, picker, told('pickUp', { call, picker }, done)),
    raise: (fact, done) => orders.raise(fact, told('raise', { fact: fact.type }, done)),
    removeBinding: (aor, device, done) => orders.removeBinding(aor, device, told('removeBinding', { aor, device }, done)),
  };
}
