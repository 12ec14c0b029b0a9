import { describe, expect, it } from 'vitest';
import { assign } from 'xstate';
import { binding, fact } from '../../../src/testing/walk/call-stage.ts';
import { walkRule } from '../../../src/testing/walk/rule.ts';
import { walkScenario } from '../../../src/testing/walk/scenario.ts';
import { night, waitingWith } from '../../lint/scenarios.ts';

const CALL = 'call:7';
const born = fact('call.offered', { call: CALL, callee: 'sip:bob@example.com' });
const registers = binding('binding.added', 'desk', false);
const ended = fact('actor.ended', { address: CALL, how: 'done' });
const facts = [registers, ended];

/** It lets the call go before it ends, unless the call itself has ended. */
const letsGo = walkRule<'open' | 'let go' | ''>({
  name: 'what is kept open is let go',
  start: '',
  take: (memory, { type, address }) => {
    if (type === 'call.keepOpen') return 'open';
    return type === 'call.letGo' || (type === 'actor.ended' && address === CALL) ? 'let go' : memory;
  },
  still: (memory, { actors }) => (actors.length === 0 && memory === 'open' ? 'it ended and said nothing' : undefined),
});

describe('a walk of a scenario alone', () => {
  it('counts each order of facts and deadlines once, however they end', () => {
    // From waiting: a registration, the end of the call, or the deadline; each ends the case.
    expect(walkScenario(night(), { born, facts, depth: 1 })).toMatchObject({ walks: 3, broken: undefined });
    expect(walkScenario(night(), { born, facts, depth: 5 })).toMatchObject({ walks: 3, broken: undefined });
    const patient = night({
      config: waitingWith({ on: { 'binding.added': {}, 'actor.ended': 'over', 'call.answered': 'over' } }),
    });
    // One that ignores registrations goes on after each: 1 + 1 that end at every step, and the one that does not.
    expect(walkScenario(patient, { born, facts, depth: 5 })).toMatchObject({ walks: 2 * 5 + 1, broken: undefined });
  });

  it('tells the shortest walk that breaks a rule', () => {
    const hasty = night({ config: waitingWith({ after: { limit: 'over' } }) });
    expect(walkScenario(night(), { born, facts, rules: [letsGo], depth: 3 }).broken).toBeUndefined();
    expect(walkScenario(hasty, { born, facts, rules: [letsGo], depth: 3 }).broken).toEqual({
      rule: 'what is kept open is let go',
      says: 'it ended and said nothing',
      path: ['0 ms  call.offered callee=sip:bob@example.com', '30000 ms  night:1: after.limit.night.waiting'],
    });
  });

  it('holds a case that fails, and one that never comes to rest, against it', () => {
    const failing = night({
      actions: {
        letGo: assign(() => {
          throw new Error('no such phone');
        }),
      },
    });
    expect(walkScenario(failing, { born, facts, depth: 1 }).broken).toEqual({
      rule: 'nothing fails',
      says: 'night:1 failed: Error: no such phone',
      path: ['0 ms  call.offered callee=sip:bob@example.com', '30000 ms  night:1: after.limit.night.waiting'],
    });
    const restless = night({
      config: waitingWith({ after: { limit: { target: 'waiting', reenter: true } } }),
      actions: {
        keepOpen: assign({ turns: (({ context }: { context: { turns?: number } }) => (context.turns ?? 0) + 1) as never }),
      },
    });
    expect(walkScenario(restless, { born, facts, depth: 1 }).broken).toMatchObject({ rule: 'comes to rest' });
  });

  it('tries that commands are refused, where the chart takes that', () => {
    const on = { 'binding.added': {}, 'actor.ended': 'over', 'call.answered': 'over' };
    const heeding = night({ config: waitingWith({ on: { ...on, 'command.refused': { target: 'over', actions: 'letGo' } } }) });
    const deaf = night({ config: waitingWith({ on }) });
    const refused = walkRule<boolean>({
      name: 'nothing is refused',
      start: false,
      take: (was, { type, command }) => was || (type === 'command.refused' && command === 'call.keepOpen'),
      still: (was) => (was ? 'keepOpen was' : undefined),
    });
    expect(walkScenario(deaf, { born, facts, rules: [refused], depth: 2 }).broken).toBeUndefined();
    expect(walkScenario(heeding, { born, facts, rules: [refused], depth: 2 }).broken?.path).toEqual([
      '0 ms  call.offered callee=sip:bob@example.com',
      '0 ms  command.refused why=nobody is there command=call.keepOpen',
    ]);
  });

  it('is bounded in what it keeps', () => {
    const counting = night({
      config: waitingWith({ on: { 'binding.added': { actions: 'count' }, 'actor.ended': 'over', 'call.answered': 'over' } }),
      actions: {
        count: assign({
          heard: (({ context, event }: { context: { heard?: string }; event: { device: string } }) =>
            `${context.heard ?? ''}${event.device}`) as never,
        }),
      },
    });
    const many = ['a', 'b', 'c', 'd'].map((device) => binding('binding.added', device, false));
    expect(() => walkScenario(counting, { born, facts: many, depth: 6, maxStates: 300 })).toThrow(
      'a walk has more than 300 worlds at one depth',
    );
  });
});
