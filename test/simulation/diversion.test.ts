import { describe, expect, it } from 'vitest';
import type { InviteScript } from '../../src/testing/phone.ts';
import { headerOf, linesOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const BUSY: InviteScript = { decline: 486 };
const TAKES: InviteScript = { ringAfterMs: 50, answerAfterMs: 300 };

/** Alice calls; what users want is written for each, and so is what their phones do. */
function scene(wishes: Record<string, string>, scripts: Record<string, InviteScript>) {
  const users = ['alice', 'bob', 'carol', 'dan', 'erin', 'frank', 'grace', 'heidi'];
  const section = users.map((name) => `  ${name}: { password: ${name}-secret, ${wishes[name] ?? ''} }`).join('\n');
  const yaml = `users:\n${section}\ntrunks: { carrier: { server: "sip:10.0.8.1" } }\nnumbers: [ { match: "_0X.", trunk: carrier } ]\n`;
  const world = serviceWorld({ config: routed(yaml) });
  const trunk = new TrunkPeer(world as never);
  trunk.challenge = 0;
  const alice = world.phone('alice');
  alice.register();
  const phones = Object.fromEntries(
    Object.entries(scripts).map(([name, onInvite]) => {
      const phone = world.phone(name, { onInvite });
      phone.register();
      return [name, phone] as const;
    }),
  );
  world.run(500);
  return { world, trunk, alice, phones, phone: (name: string) => phones[name] ?? fail() };
}

const fail = (): never => {
  throw new Error('missing');
};

describe('a diverted call', () => {
  it('goes to the next one when the callee is busy, and says so to both sides', () => {
    const { world, alice, phone } = scene({ bob: 'onBusy: carol' }, { bob: BUSY, carol: TAKES });
    const call = alice.call('bob');
    world.run(2000);
    expect(call.state).toBe('answered');
    expect(call.progress.map(({ status }) => status)).toContain(181);
    const invite = phone('carol').received('INVITE')[0]?.message ?? fail();
    expect(headerOf(invite, 'diversion')).toBe('<sip:bob@example.com>;reason=user-busy;counter=1');
    expect(linesOf(invite, 'history-info').join(', ')).toBe(
      '<sip:bob@example.com>;index=1, <sip:carol@example.com;cause=486>;index=1.1;mp=1',
    );
    expect(headerOf(phone('bob').received('INVITE')[0]?.message ?? fail(), 'diversion')).toBe('');
    call.bye();
    expectQuiet(world);
  });

  it('goes on when nobody answers, after the seconds that the callee wants', () => {
    const { world, alice, phone } = scene({ bob: 'onNoAnswer: carol, ringSeconds: 5' }, { bob: 'ring', carol: TAKES });
    const call = alice.call('bob');
    world.run(4900);
    expect(call.state).toBe('ringing');
    expect(phone('carol').calls).toHaveLength(0);
    world.run(1500);
    expect(call.state).toBe('answered');
    expect(phone('bob').calls[0]?.end).toBe('cancelled');
    call.bye();
    expectQuiet(world);
  });

  it('goes on at once when the callee is not there, or wants all calls elsewhere', () => {
    const { world, alice, phone } = scene({ bob: 'onUnreachable: carol', dan: 'always: carol' }, { carol: TAKES, dan: TAKES });
    for (const name of ['bob', 'dan']) {
      const call = alice.call(name);
      world.run(1000);
      expect(call.state, name).toBe('answered');
      call.bye();
      world.run(1000);
    }
    expect(phone('dan').calls).toHaveLength(0);
    expect(phone('carol').calls).toHaveLength(2);
    expectQuiet(world);
  });

  it('wakes the one it goes to', () => {
    const { world, alice, phones } = scene({ bob: 'onBusy: carol' }, { bob: BUSY });
    const carol = world.phone('carol', { onInvite: TAKES, push: { provider: 'apns', prid: 'carol-token' } });
    carol.register();
    world.run(500);
    world.sleepUntilPushed(carol, 'carol-token', { afterMs: 1500 });
    const call = alice.call('bob');
    world.run(4000);
    expect(call.state).toBe('answered');
    const invite = carol.received('INVITE')[0]?.message ?? fail();
    expect(headerOf(invite, 'call-id')).toMatch(/-d1-w0$/);
    expect(headerOf(invite, 'diversion')).toContain('user-busy');
    expect(phones.bob?.calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it('takes back the pushes of who is not called any more', () => {
    const { world, alice, phone } = scene({ bob: 'onUnreachable: carol, ringSeconds: 3' }, { carol: TAKES });
    const bob = world.phone('bob', { onInvite: TAKES, push: { provider: 'apns', prid: 'bob-token' } });
    bob.register();
    world.run(500);
    world.sleepUntilPushed(bob, 'bob-token', { afterMs: 8000 });
    const call = alice.call('bob');
    world.run(12_000);
    expect(call.state).toBe('answered');
    expect(bob.received('INVITE')).toHaveLength(0);
    expect(phone('carol').calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it('ends with the first failure where users divert to each other, and after five at most', () => {
    const loop = scene({ bob: 'onBusy: carol', carol: 'onBusy: bob' }, { bob: BUSY, carol: BUSY });
    const call = loop.alice.call('bob');
    loop.world.run(2000);
    expect([call.state, call.status]).toEqual(['ended', 486]);
    expect([loop.phone('bob').calls.length, loop.phone('carol').calls.length]).toEqual([1, 1]);
    expectQuiet(loop.world);

    const names = ['bob', 'carol', 'dan', 'erin', 'frank', 'grace', 'heidi'];
    const wishes = Object.fromEntries(names.slice(0, -1).map((name, n) => [name, `onBusy: ${names[n + 1]}`]));
    const chain = scene(wishes, Object.fromEntries(names.map((name) => [name, name === 'heidi' ? TAKES : BUSY])));
    const long = chain.alice.call('bob');
    chain.world.run(3000);
    expect(long.status).toBe(486);
    expect(names.map((name) => chain.phone(name).calls.length)).toEqual([1, 1, 1, 1, 1, 1, 0]);
    const diversion = chain.phone('grace').received('INVITE')[0]?.message ?? fail();
    expect(linesOf(diversion, 'diversion')).toHaveLength(5);
    expectQuiet(chain.world);
  });

  it('is not diverted any more when it was diverted too often before it came', () => {
    const { world, phone, trunk } = scene({ bob: 'onBusy: carol, numbers: ["100"]' }, { bob: BUSY, carol: TAKES });
    trunk.call('100', { uri: 'sip:100@10.0.0.1', headers: [['Diversion', '<sip:x@y>;reason=unconditional;counter=5']] });
    world.run(1000);
    expect(trunk.raw.answer.status).toBe(486);
    expect(phone('carol').calls).toHaveLength(0);
    expectQuiet(world);
  });

  it('leaves by a trunk with the permission of who diverts, not of who calls', () => {
    const allowed = scene({ bob: 'onBusy: "0891234", outside: true, numbers: ["100"]' }, { bob: BUSY });
    const call = allowed.alice.call('bob');
    allowed.world.run(1000);
    expect(call.state).toBe('answered');
    const invite = allowed.trunk.requests('INVITE')[0] ?? fail();
    expect(invite.uri).toBe('sip:0891234@10.0.8.1');
    expect(headerOf(invite, 'from')).toContain('<sip:100@10.0.8.1>');
    expect(headerOf(invite, 'diversion')).toContain('sip:bob@example.com');
    call.bye();
    expectQuiet(allowed.world);

    const refused = scene({ alice: 'outside: true', bob: 'onBusy: "sip:0891234@example.com"' }, { bob: BUSY });
    const other = refused.alice.call('bob');
    refused.world.run(1000);
    expect(other.status).toBe(486);
    expect(refused.trunk.requests('INVITE')).toHaveLength(0);
    expectQuiet(refused.world);
  });

  it('ends with the caller’s CANCEL wherever it is', () => {
    const { world, alice, phone } = scene({ bob: 'onBusy: carol' }, { bob: BUSY, carol: 'ring' });
    const call = alice.call('bob');
    world.run(1000);
    call.cancel();
    world.run(1000);
    expect(call.status).toBe(487);
    expect(phone('carol').calls[0]?.end).toBe('cancelled');
    expectQuiet(world);
  });
});

describe('a phone that redirects', () => {
  const redirecting = (contacts: readonly string[], wishes: Record<string, string> = {}) =>
    scene(wishes, { bob: { redirect: contacts }, carol: TAKES, dan: { ringAfterMs: 50, answerAfterMs: 20_000 } });

  it('is followed to users of ours, all of its contacts, and the caller sees no 3xx', () => {
    const { world, alice, phone } = redirecting(['sip:dan@example.com', 'sip:carol@10.0.0.1', 'mailto:bob@x']);
    const call = alice.call('bob');
    world.run(1500);
    expect(call.state).toBe('answered');
    expect(phone('dan').calls[0]?.end).toBe('cancelled');
    const invite = phone('carol').received('INVITE')[0]?.message ?? fail();
    expect(headerOf(invite, 'diversion')).toBe('<sip:bob@example.com>;reason=deflection;counter=1');
    expect(call.progress.some(({ status }) => status >= 300)).toBe(false);
    call.bye();
    expectQuiet(world);
  });

  it.each([
    ['a foreign domain', 'sip:x@elsewhere.example'],
    ['a number that its user may not call', 'sip:0891234@example.com'],
    ['a trunk', 'sip:+49891234@10.0.8.1'],
    ['nobody', 'sip:nobody@example.com'],
    ['nothing that is SIP', 'mailto:bob@x'],
  ])('that leads to %s counts as one that cannot be had', (_, contact) => {
    const { world, alice, trunk } = redirecting([contact]);
    const call = alice.call('bob');
    world.run(1500);
    expect([call.state, call.status]).toEqual(['ended', 480]);
    expect(trunk.requests('INVITE')).toHaveLength(0);
    expectQuiet(world);
  });

  it('to itself ends, and the call goes where its user wants calls to go that reach no phone', () => {
    const { world, alice, phone } = redirecting(['sip:bob@example.com'], { bob: 'onUnreachable: carol' });
    const call = alice.call('bob');
    world.run(1500);
    expect(call.state).toBe('answered');
    expect(phone('bob').calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it('wakes whom it leads to', () => {
    const { world, alice } = redirecting(['sip:erin@example.com']);
    const erin = world.phone('erin', { onInvite: TAKES, push: { provider: 'apns', prid: 'erin-token' } });
    erin.register();
    world.run(500);
    world.sleepUntilPushed(erin, 'erin-token', { afterMs: 1500 });
    const call = alice.call('bob');
    world.run(4000);
    expect(call.state).toBe('answered');
    expect(headerOf(erin.received('INVITE')[0]?.message ?? fail(), 'call-id')).toMatch(/-r1-w0$/);
    call.bye();
    expectQuiet(world);
  });
});
