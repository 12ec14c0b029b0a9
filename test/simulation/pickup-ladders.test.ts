import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import { type Birth, type CallPickUp, callOffered, defineScenario, type FactOf, type Scenario } from '../../src/index.ts';
import { drawLadder } from '../../src/testing/ladder.ts';
import { Recorder, SERVICE } from '../../src/testing/recorder.ts';
import { journalFaults } from '../support/journals.ts';
import { dial, office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const NOTED: ReadonlySet<string> = new Set(['pickup.began', 'caller.answered', 'pickup.won', 'pickup.lost', 'call.answered']);

type Office = ReturnType<typeof office>;
/** Draws what Alice, Bob and Carol say from now on, with the facts that decide between. */
function drawing({ world, alice, bob, carol }: Office): () => string {
  const recorder = new Recorder(() => world.now());
  for (const phone of [alice, bob, carol]) recorder.listenTo(phone);
  world.service.service.engine.journal.observe(({ entry }) => {
    if (NOTED.has(entry.type)) recorder.note(SERVICE, entry.type);
  });
  recorder.start();
  return () => drawLadder(recorder.records, { parties: ['alice', SERVICE, 'bob', 'carol'], width: 110 });
}
/** The stories as the README writes them, one line for each device. */
const stories = ({ world }: Office): string =>
  world.service.stories
    .map(({ caller, callee, outcome, seconds, devices }) =>
      [`${caller} called ${callee}: ${outcome}, over after ${seconds} s`, ...devices.split('; ').map((one) => `  ${one}`)].join(
        '\n',
      ),
    )
    .join('\n');

function expectShown(stage: Office, texts: readonly string[], scenarios: readonly Scenario[] = []): void {
  expectQuiet(stage.world);
  expect(journalFaults(stage.world, scenarios.length === 0 ? {} : { scenarios })).toEqual([]);
  for (const text of texts) expect(readme, text).toContain(`\`\`\`text\n${text.trimEnd()}\n\`\`\``);
}

const orderMachine = setup({
  types: { context: {} as { call: string }, input: {} as Birth<FactOf<typeof callOffered>>, emitted: {} as CallPickUp },
  delays: { patience: 1_000 },
  actions: { pickUp: emit(({ context }) => ({ type: 'call.pickUp', to: context.call, picker: 'sip:carol@example.com' })) },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ call: input.fact.call }),
  initial: 'waiting',
  states: { waiting: { after: { patience: { target: 'over', actions: 'pickUp' } } }, over: { type: 'final' } },
});
const order = defineScenario({
  name: 'order',
  startsOn: [callOffered.where({ callee: 'sip:bob@example.com' })],
  listensTo: () => [],
  machine: orderMachine,
});

describe('the README shows as it is', () => {
  it('a call that is joined to the picker’s own', () => {
    const stage = office({}, { journals: true });
    const { world, alice, carol } = stage;
    const ladder = drawing(stage);
    const call = alice.call('bob');
    world.run(1_000);
    carol.call(dial('*8'));
    world.run(1_000);
    const drawn = ladder();
    call.bye();
    world.run(1_000);
    expectShown(stage, [drawn, stories(stage)]);
  });

  it('a picker who is called back', () => {
    const stage = office({ mode: 'callback' }, { journals: true });
    const { world, alice, carol } = stage;
    const ladder = drawing(stage);
    const call = alice.call('bob');
    world.run(1_000);
    carol.call(dial('**bob'));
    world.run(500);
    carol.incoming?.answer();
    world.run(500);
    const drawn = ladder();
    call.bye();
    expectShown(stage, [drawn]);
  });

  it('a picker whose phones ring because a scenario said so', () => {
    const stage = office({}, { scenarios: [order], journals: true });
    const { world, alice, carol } = stage;
    const ladder = drawing(stage);
    const call = alice.call('bob');
    world.run(1_500);
    carol.incoming?.answer();
    world.run(500);
    const drawn = ladder();
    call.bye();
    expectShown(stage, [drawn], [order]);
  });
});
