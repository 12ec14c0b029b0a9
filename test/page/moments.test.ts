import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/journal/format.ts';
import { lightsOf, mapGraph, placesOf, tieKey, tiesOf } from '../../src/page/call/actor-map.ts';
import { momentAt, momentOf, momentsOf, staysBy } from '../../src/page/call/moments.ts';
import { bondsBy, causesOf, tellingsOf } from '../../src/page/call/told.ts';
import { actorName, personOf, sinceStart, userOf } from '../../src/page/call/words.ts';
import { actor, callView, START } from './fixture.ts';

const entries: JournalEntry[] = [
  { n: 1, at: 0, by: 'port:sip', cause: 0, fact: { type: 'invite.received' }, born: [{ scenario: 'call', address: 'call:7' }] },
  { n: 2, at: 0, by: 'call:7', cause: 1, command: { type: 'leg.progress', to: 'leg:7/0' }, heard: ['leg:7/0'] },
  { n: 3, at: 20, by: 'leg:7/1', cause: 0, fact: { type: 'leg.ringing' }, heard: ['call:7', 'push:1'], ignored: ['push:1'] },
  { n: 4, at: 30, takenAt: 45, by: 'call:7', cause: 2, timer: { type: 'xstate.after.30.call' }, heard: ['call:7'] },
];

describe('the moments of a call', () => {
  const moments = momentsOf(callView({ entries }));

  it('are those at which its entries were taken', () => {
    expect(moments.map(({ n, at }) => [n, at - START])).toEqual([
      ...[
        [1, 0],
        [2, 0],
        [3, 20],
        [4, 45],
      ],
    ]);
  });

  it('are found by entry, or else by instant', () => {
    expect(momentOf(moments, { n: 3, at: START })).toBe(2);
    expect(momentOf(moments, { n: 0, at: START + 21 })).toBe(2);
    expect([momentAt(moments, START - 1), momentAt(moments, START), momentAt(moments, START + 999)]).toEqual([0, 1, 3]);
  });

  it('tell in which state an actor was', () => {
    const visits = [
      { at: START, state: 'ringing', event: 'invite.received', n: 1 },
      { at: START + 20, state: 'talking', event: 'leg.ringing', n: 3 },
      { at: START + 45, state: 'ended', event: '', n: 0 },
    ];
    const call = actor('call:7', { path: visits });
    expect(moments.map((moment) => staysBy(call, moment))).toEqual([1, 1, 2, 3]);
    expect(staysBy(actor('leg:7/9', { path: visits.slice(1) }), { n: 1, at: START })).toBe(0);
  });
});

describe('who told whom', () => {
  it('is told of facts by who heard them or was born of them, and of commands by whom they were for', () => {
    expect(entries.flatMap(tellingsOf).map(({ from, to, isIgnored }) => [from, to, isIgnored])).toEqual([
      ['port:sip', 'call:7', false],
      ['call:7', 'leg:7/0', false],
      ['leg:7/1', 'call:7', false],
      ['leg:7/1', 'push:1', true],
    ]);
  });

  it('is counted for each two, up to a moment', () => {
    const twice = [...entries, { ...entries[2], n: 5 } as JournalEntry];
    const bond = bondsBy(twice, 5).find(({ from, to }) => from === 'leg:7/1' && to === 'call:7');
    expect(bond).toMatchObject({ count: 2, last: { n: 5, type: 'leg.ringing' } });
    expect(bondsBy(twice, 2)).toHaveLength(2);
  });

  it('goes back to the first cause', () => {
    expect(causesOf(entries, 4).map(({ n }) => n)).toEqual([1, 2, 4]);
    expect(causesOf(entries, 99)).toEqual([]);
    expect(causesOf([{ ...entries[0], n: 1, cause: 1 } as JournalEntry], 1)).toHaveLength(1);
  });
});

describe('the map of a call', () => {
  const call = callView({ entries, actors: [actor('call:7'), actor('leg:7/0'), actor('leg:7/1')] });

  it('has its actors, and whoever else told them something or was told', () => {
    expect(placesOf(call)).toEqual(['call:7', 'leg:7/0', 'leg:7/1', 'port:sip', 'push:1']);
    expect(mapGraph(call).children?.map(({ id }) => id)).toEqual(placesOf(call));
  });

  it('ties two together once, whoever of them spoke', () => {
    const answer: JournalEntry = { n: 5, at: 50, by: 'call:7', cause: 3, command: { type: 'leg.answer', to: 'leg:7/1' } };
    const tie = tiesOf({ entries: [...entries, answer] }).find(({ key }) => key === tieKey('leg:7/1', 'call:7'));
    expect(tie).toMatchObject({ ends: ['leg:7/1', 'call:7'], count: 2 });
  });

  it('lights what is told at a moment', () => {
    const lights = lightsOf(entries.slice(2, 3).flatMap(tellingsOf));
    expect([...lights.keys()]).toEqual(['call:7|leg:7/1', 'leg:7/1|push:1']);
    expect(lightsOf([]).size).toBe(0);
  });
});

describe('words for people', () => {
  it('name users, parties and ports', () => {
    expect([userOf('sip:bob@example.com'), userOf('tel:+49301234'), userOf('bob')]).toEqual(['bob', '+49301234', 'bob']);
    const addresses = ['call:7', 'leg:7/1', 'port:push', 'stream:7/0', 'ring-group:2', 'call:8', 'leg:8/0'];
    const names = ['the call', "Bob's mobile", 'push', 'media of Alice', 'ring group', 'call:8', 'leg:8/0'];
    expect(addresses.map((address) => actorName(callView(), address))).toEqual(names);
    expect([personOf('sip:bob@example.com'), personOf('tel:+49301234')]).toEqual(['Bob', '+49301234']);
    expect([sinceStart(callView(), START + 3120), sinceStart(callView(), START - 2)]).toEqual(['3.120', '0.000']);
  });
});
