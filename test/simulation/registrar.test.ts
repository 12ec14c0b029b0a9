import { describe, expect, it } from 'vitest';
import { headerOf, linesOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';

const bound = (world: ReturnType<typeof serviceWorld>, user: string): readonly string[] =>
  world.service.service.location.of(`sip:${user}@example.com`).map(({ binding }) => binding.target.contact);

describe('the registrar', () => {
  it('keeps a refreshed binding beyond its first expiry, and drops it at its second', () => {
    const world = serviceWorld();
    const bob = world.phone('bob');
    bob.register({ expiresSeconds: 100, keep: false });
    world.run(60_000);
    bob.register({ expiresSeconds: 100, keep: false });
    world.run(60_000);
    expect(bound(world, 'bob')).toHaveLength(1);
    world.run(45_000);
    expect(bound(world, 'bob')).toHaveLength(0);
    expect(world.service.service.engine.countActors('registration')).toBe(0);
    expect(world.complaints).toEqual([]);
  });

  it('lists all bindings with what is left of their time', () => {
    const world = serviceWorld();
    world.phone('desk', { user: 'bob' }).register({ expiresSeconds: 600, keep: false });
    world.run(100_000);
    const mobile = world.phone('mobile', { user: 'bob' });
    mobile.register({ expiresSeconds: 600, keep: false });
    world.run(1000);
    const contacts = linesOf(mobile.received(200, 'REGISTER')[0]?.message ?? missing(), 'contact');
    const expires = contacts
      .flatMap((line) => [...line.matchAll(/expires=(\d+)/g)].map(([, seconds]) => Number(seconds)))
      .toSorted();
    expect(expires).toEqual([500, 600]);
  });

  it('answers 423 with Min-Expires to an interval that is too brief', () => {
    const world = serviceWorld();
    const bob = world.phone('bob');
    const registration = bob.register({ expiresSeconds: 10, keep: false });
    world.run(1000);
    expect(registration.status).toBe(423);
    expect(headerOf(bob.received(423)[0]?.message ?? missing(), 'min-expires')).toBe('60');
  });

  it('replaces the binding of a relaunched app rather than adding one', () => {
    const world = serviceWorld();
    const bob = world.phone('bob', { instance: 'urn:uuid:00000000-0000-1000-8000-000a95a0e128' });
    bob.register({ keep: false });
    world.run(1000);
    const before = bound(world, 'bob');
    bob.relaunch(world.wire(bob.wire.local.host));
    bob.register({ keep: false });
    world.run(1000);
    expect(bound(world, 'bob')).toHaveLength(1);
    expect(bound(world, 'bob')).not.toEqual(before);
  });

  it('knows nobody without the right password', () => {
    const world = serviceWorld();
    const mallory = world.phone('mallory', { user: 'bob', password: 'guess' });
    mallory.register({ keep: false });
    world.run(1000);
    expect(mallory.received(403)).toHaveLength(1);
    expect(bound(world, 'bob')).toEqual([]);
    const carol = world.phone('carol', { user: 'bob', password: 'carol-secret' });
    carol.register({ keep: false });
    world.run(1000);
    expect(bound(world, 'bob')).toEqual([]);
  });

  it('says which push services it serves, and 555 for others', () => {
    const world = serviceWorld();
    const known = world.phone('known', { user: 'bob', push: { provider: 'apns', prid: 'x' } });
    known.register({ keep: false });
    const unknown = world.phone('unknown', { user: 'carol', push: { provider: 'pigeon', prid: 'x' } });
    unknown.register({ keep: false });
    world.run(1000);
    expect(headerOf(known.received(200, 'REGISTER')[0]?.message ?? missing(), 'feature-caps')).toContain('+sip.pns="apns"');
    expect(unknown.received(555)).toHaveLength(1);
    expect(bound(world, 'carol')).toEqual([]);
  });

  it('never shows one device the push token of another', () => {
    const world = serviceWorld();
    world.phone('mobile', { user: 'bob', push: { provider: 'apns', prid: 'secret-token' } }).register({ keep: false });
    world.run(500);
    const desk = world.phone('desk', { user: 'bob' });
    desk.register({ keep: false });
    world.run(500);
    const answer = desk.received(200, 'REGISTER')[0]?.message ?? missing();
    expect(linesOf(answer, 'contact').join()).not.toContain('secret-token');
  });
});

const missing = (): never => {
  throw new Error('missing');
};
