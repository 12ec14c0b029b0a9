import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import type { CallEnd } from '../../machines/vocabulary/commands.ts';
import { type FactOf, not } from '../../machines/vocabulary/descriptor.ts';
import { callOffered } from '../../machines/vocabulary/facts.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

type Offered = FactOf<typeof callOffered>;

/** Answers a code with what it heard. */
const echoMachine = setup({
  types: { context: {} as Offered, input: {} as Birth<Offered>, emitted: {} as CallEnd },
  actions: {
    tell: emit(({ context: { call, code, argument } }) => ({
      type: 'call.end',
      to: call,
      status: 486,
      reason: `${code} and ${argument || 'nothing'}`,
    })),
  },
}).createMachine({
  id: 'echo',
  context: ({ input }) => input.fact,
  initial: 'over',
  states: { over: { type: 'final', entry: 'tell' } },
});

const echo = defineScenario({
  name: 'echo',
  startsOn: [callOffered.where({ code: not('') })],
  listensTo: () => [],
  machine: echoMachine,
});

const CODES = ['*370', '*37', '#37', '**'];

function scene(scenarios = [echo], config: Parameters<typeof serviceWorld>[0] = {}) {
  const world = serviceWorld({ scenarios, ...config, config: { codes: CODES, ...config.config } });
  const [alice, bob] = ['alice', 'bob'].map((name) => world.phone(name));
  if (alice === undefined || bob === undefined) throw new Error('no phones');
  for (const phone of [alice, bob]) phone.register();
  world.run(500);
  return { world, alice, bob };
}
const phraseOf = ({ status, phrase }: { readonly status: number; readonly phrase: string }): string => `${status} ${phrase}`;

describe('a star code', () => {
  it.each([
    ['*37', '*37 and nothing'],
    ['*37#', '*37 and nothing'],
    ['*37%23', '*37 and nothing'],
    ['%2337', '#37 and nothing'],
    ['#37', '#37 and nothing'],
    ['*3712', '*37 and 12'],
    ['*3701', '*370 and 1'],
    ['**bob', '** and bob'],
    ['***', '** and *'],
  ])('%s is for scenarios alone', (dialled, heard) => {
    const { world, alice } = scene();
    const call = alice.call(`sip:${dialled}@example.com`);
    world.run(500);
    expect(phraseOf(call)).toBe(`486 ${heard}`);
    expectQuiet(world);
  });

  it('that no scenario takes is answered 404, and is in the records', () => {
    const { world, alice } = scene([]);
    const call = alice.call('sip:*37@example.com');
    world.run(500);
    expect(phraseOf(call)).toBe('404 Code Does Nothing Now');
    expectQuiet(world);
    expect(world.service.records).toMatchObject([{ callee: 'sip:*37@example.com', status: 404, forks: [] }]);
  });

  it('is asked for a password as any other call', () => {
    const { world } = scene();
    const mallory = world.phone('alice', { name: 'mallory', password: 'wrong' });
    const call = mallory.call('sip:*37@example.com');
    world.run(500);
    expect(call.status).toBe(403);
    expectQuiet(world);
  });

  it('is nothing for strangers, and no code of another domain is ours', () => {
    const { world, alice } = scene();
    const stranger = world.phone('alice', { name: 'stranger', password: 'x' });
    const call = stranger.call('sip:*37@example.com', { from: 'sip:someone@elsewhere.example' });
    const foreign = alice.call('sip:*37@elsewhere.example');
    world.run(500);
    expect([call.status, foreign.status]).toEqual([480, 403]);
    expectQuiet(world);
  });

  it('that is too long to be an order, and one that is not configured, are numbers as any', () => {
    const { world, alice } = scene();
    const calls = [`*37${'1'.repeat(65)}`, '*38'].map((dialled) => alice.call(`sip:${dialled}@example.com`));
    world.run(500);
    expect(calls.map(phraseOf)).toEqual(['404 No Such User', '404 No Such User']);
    expectQuiet(world);
  });

  it('takes no MESSAGE and is no target of a transfer', () => {
    const { world, alice, bob } = scene();
    const sent = alice.request('MESSAGE', 'sip:*37@example.com', { body: 'hello' });
    const call = alice.call('bob');
    world.run(500);
    expect(sent.status).toBe(404);
    const [bobs] = bob.calls;
    bobs?.request('REFER', { headers: [['Refer-To', '<sip:*37@example.com>']] });
    world.run(500);
    const told = bobs?.requests.filter(({ method }) => method === 'NOTIFY').map(({ body }) => body.trim());
    expect(told).toEqual(['SIP/2.0 404 No Such User']);
    call.bye();
    expectQuiet(world);
  });
});
