import { describe, expect, it } from 'vitest';
import type { CallJournal, JournalEntry } from '../../src/journal/format.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const PRID = 'very-secret-token';

/** Bob's phone sleeps, and is woken by Alice's call. */
function woken(options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ journals: true, startMs: 1_700_000_000_000, ...options });
  const alice = world.phone('alice');
  const mobile = world.phone('mobile', { user: 'bob', push: { provider: 'apns', prid: PRID }, onInvite: 'answer' });
  alice.register();
  mobile.register();
  world.run(500);
  world.sleepUntilPushed(mobile, PRID, { afterMs: 1000 });
  const call = alice.call('bob');
  world.run(4000);
  return { world, alice, mobile, call };
}

const read = (line: string | undefined): CallJournal => JSON.parse(line ?? 'null');
const typeOf = ({ fact, command, timer }: JournalEntry): string => (fact ?? command ?? timer)?.type ?? '';

describe('the journal of a call', () => {
  it('is one line of JSON when the call is over, and none before', () => {
    const { world, call } = woken();
    expect(world.service.journals).toEqual([]);
    call.bye();
    expectQuiet(world);
    expect(world.service.journals).toHaveLength(1);
    expect(world.service.journals[0]).toMatch(/^\{"callweave":"journal","version":1,"call":"call:1",.*\}\n$/);
    const journal = read(world.service.journals[0]);
    expect(journal).toMatchObject({
      caller: 'sip:alice@example.com',
      callee: 'sip:bob@example.com',
      outcome: 'answered',
      continues: '',
      cut: '',
      startedAt: expect.any(Number),
    });
    expect(journal.scenarios).toContainEqual({ name: 'leg', settings: expect.objectContaining({ ringLimitMs: 60_000 }) });
    expect(journal.entries.map(({ n }) => n)).toEqual(journal.entries.map((_, index) => index + 1));
    expect(journal.entries[0]).toMatchObject({ n: 1, at: 0, by: 'port:sip', cause: 0, input: true });
    expect(journal.entries[0]?.born?.map(({ address }) => address)).toEqual(['call:1', 'leg:1/0']);
  });

  it('has as inputs what ports said, and nothing else', () => {
    const { world, call } = woken();
    call.bye();
    expectQuiet(world);
    const { entries, standing } = read(world.service.journals[0]);
    for (const { input, by } of entries) expect(input === true, by).toBe(by.startsWith('port:'));
    expect([...new Set(entries.filter(({ input }) => input).map(typeOf))].sort()).toEqual([
      'ack.received',
      'answer.received',
      'bye.finished',
      'bye.received',
      'invite.received',
      'provisional.received',
      'push.delivered',
      'register.received',
    ]);
    expect(standing).toMatchObject([
      {
        aor: 'sip:bob@example.com',
        actor: 'registration:2',
        facts: [{ fact: { type: 'register.received', aor: 'sip:bob@example.com' } }],
      },
    ]);
  });

  it('keeps no token, but which tokens are equal', () => {
    const { world, call } = woken();
    call.bye();
    expectQuiet(world);
    const [line] = world.service.journals;
    expect(line).not.toContain(PRID);
    expect(line).toContain('"prid":"hidden-');
    expect(line).toMatch(/pn-prid=hidden-\d/);
    const { entries } = read(line);
    const pushed = entries.find((entry) => typeOf(entry) === 'push.send')?.command?.push as { prid: string };
    const registered = entries.find((entry) => typeOf(entry) === 'register.received')?.fact?.contacts as [
      { push: { prid: string } },
    ];
    expect(pushed.prid).toBe(registered[0].push.prid);
  });

  it('can be asked for while the call goes on', () => {
    const { world, call } = woken();
    const journal = world.service.service.journalOf('call:1');
    expect(journal).toMatchObject({ call: 'call:1', outcome: 'open' });
    expect(world.service.service.journalOf('call:2')).toBeUndefined();
    call.bye();
    expectQuiet(world);
    expect(read(world.service.journals[0]).entries.slice(0, journal?.entries.length)).toEqual(journal?.entries);
    expect(world.service.service.journalOf('call:1')).toBeUndefined();
  });
});
