import { describe, expect, it } from 'vitest';
import { bindingAdded } from '../../machines/vocabulary/facts.ts';
import { Location } from '../../src/correlation/location.ts';

type Folded = Parameters<Location['fold']>[0];
const fact = (type: string, aor: string, device: string, more: object = {}): Folded =>
  ({ type, aor, device, asleep: false, ...more }) as unknown as Folded;
const who = (location: Location, aor: string) =>
  location.of(aor).map(({ device, asleep }) => `${device}${asleep ? ' asleep' : ''}`);

describe('who is where', () => {
  it('is the latest fact of each binding, the latest registration last', () => {
    const location = new Location();
    location.fold(fact('binding.added', 'bob', 'desk'));
    location.fold(fact('binding.added', 'bob', 'mobile'));
    location.fold(fact('binding.refreshed', 'bob', 'desk'));
    location.fold(fact('binding.slept', 'bob', 'mobile', { asleep: true }));
    expect(who(location, 'bob')).toEqual(['desk', 'mobile asleep']);
  });

  it('keeps nothing of a person whose last binding is gone', () => {
    const location = new Location();
    location.fold(fact('binding.added', 'bob', 'desk'));
    location.fold(fact('binding.added', 'bob', 'mobile'));
    location.fold(fact('binding.removed', 'bob', 'desk'));
    expect([who(location, 'bob'), location.size]).toEqual([['mobile'], 1]);
    location.fold(fact('binding.removed', 'bob', 'mobile'));
    location.fold(fact('binding.removed', 'nobody', 'mobile'));
    expect([who(location, 'bob'), location.size]).toEqual([[], 0]);
  });

  it('does not change what it gave out before', () => {
    const location = new Location();
    location.fold(fact('binding.added', 'bob', 'desk'));
    const before = location.of('bob');
    location.fold(fact('binding.removed', 'bob', 'desk'));
    expect(before).toHaveLength(1);
  });

  it('answers for one address of record, which is never read as a pattern', () => {
    const location = new Location();
    location.fold(fact('binding.added', 'sip:bob@x', 'desk'));
    location.fold(fact('binding.added', '__proto__', 'odd'));
    const asked = (aor: string) => location.current(bindingAdded.where({ aor }, { current: true }));
    expect(asked('sip:bob@x')).toHaveLength(1);
    expect(asked('sip:*@x')).toEqual([]);
    expect(asked('__proto__')).toHaveLength(1);
    expect(asked('constructor')).toEqual([]);
    expect(location.current(bindingAdded.where({}))).toEqual([]);
  });
});
