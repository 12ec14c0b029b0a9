import { describe, expect, it } from 'vitest';
import { defineFact, detail, integer, secret, text } from '../../machines/vocabulary/descriptor.ts';
import * as facts from '../../machines/vocabulary/facts.ts';
import type { CallJournal, JournalEntry, Told } from '../../src/journal/format.ts';
import { Hider, SecretsOf } from '../../src/journal/secrets.ts';
import type { JournalWishes } from '../../src/journals.ts';
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
    expect(journal.entries.find((entry) => typeOf(entry) === 'leg.ringing')?.heard).toEqual(['call:1', 'push-notification:1']);
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

describe('journals are kept', () => {
  /** Alice calls Bob, who declines, and Carol, who answers. */
  function kept(wishes: Partial<JournalWishes>): readonly string[] {
    const world = serviceWorld({ journals: { calls: 'all', users: [], ...wishes } });
    const alice = world.phone('alice');
    const bob = world.phone('bob', { onInvite: { decline: 486 } });
    const carol = world.phone('carol', { onInvite: 'answer' });
    for (const phone of [alice, bob, carol]) phone.register();
    world.run(500);
    alice.call('bob');
    world.run(1_000);
    const call = alice.call('carol');
    world.run(1_000);
    call.bye();
    expectQuiet(world);
    return world.service.journals.map((line) => `${read(line).callee} ${read(line).outcome}`);
  }

  it.each<[string, Partial<JournalWishes>, readonly string[]]>([
    ['of all calls', {}, ['sip:bob@example.com failed', 'sip:carol@example.com answered']],
    ['of failed ones', { calls: 'failed' }, ['sip:bob@example.com failed']],
    ['of a callee', { users: ['dave', 'carol'] }, ['sip:carol@example.com answered']],
    ['of a caller', { users: ['alice'] }, ['sip:bob@example.com failed', 'sip:carol@example.com answered']],
    ['of nobody who calls', { users: ['dave'] }, []],
  ])('%s', (_, wishes, expected) => expect(kept(wishes)).toEqual(expected));

  it('of a call that goes on as the service stops', () => {
    const { world } = woken();
    world.service.service.stop();
    expect(read(world.service.journals[0])).toMatchObject({ call: 'call:1', outcome: 'open' });
  });
});

describe('secrets', () => {
  const hide = (told: Told, isFact = true) => new Hider(new SecretsOf([...Object.values(facts), pinTyped])).hide(told, isFact);
  const pinTyped = defineFact('pin.typed', {
    pin: secret(text()),
    tries: secret(integer()),
    note: text(),
    more: secret(detail<unknown>()),
  });

  it.each<[Told, Record<string, unknown>]>([
    [
      { type: 'pin.typed', pin: '1234', tries: 7, note: '1234', more: { a: ['1234', 'b'], is: true } },
      { pin: 'hidden-1', tries: 2, note: '1234', more: { a: ['hidden-1', 'hidden-3'], is: true } },
    ],
    [
      { type: 'pin.typed', pin: '', tries: 0, note: '', more: '' },
      { pin: '', tries: 0, more: '' },
    ],
    [
      { type: 'call.failed', reason: 'no;pn-prid=abc;PN-PRID = "x;y" and sip:a:pw@b' },
      { reason: 'no;pn-prid=hidden-1;PN-PRID = hidden-2 and sip:a:hidden-3@b' },
    ],
    [{ type: 'call.failed', reason: 'sip:bob@10.0.0.1:5060 and call:7' }, { reason: 'sip:bob@10.0.0.1:5060 and call:7' }],
    [{ type: 'call.failed', reason: 'sip:a@b, sip:c:pw@d' }, { reason: 'sip:a@b, sip:c:hidden-1@d' }],
  ])('in %j are hidden', (told, expected) => expect(hide(told)).toMatchObject(expected));

  it('in a command are those that any fact has', () => {
    const command = { type: 'x.y', to: 'port:z', pin: '1', push: { provider: 'apns', prid: 'tok' }, body: 'b' };
    expect(hide(command, false)).toEqual({
      ...{ type: 'x.y', to: 'port:z', pin: 'hidden-1', body: 'hidden-3' },
      push: { provider: 'apns', prid: 'hidden-2' },
    });
  });

  it('are looked for in other texts, but for what the engine reads', () => {
    const hider = new Hider(new SecretsOf([pinTyped]));
    hider.hide({ type: 'pin.typed', pin: 'call.failed' }, true);
    expect(hider.search({ type: 'call.failed', userAgent: 'App (call.failed)' })).toEqual({
      type: 'call.failed',
      userAgent: 'App (hidden-1)',
    });
  });
});
