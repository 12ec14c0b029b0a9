import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { type Header, headerOf, linesOf, type PhoneMessage } from '../../src/testing/phone-message.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { joiner } from '../support/joiner.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const YAML = (trusted: boolean): string => `
users:
  alice: { password: alice-secret, displayName: "Älice", numbers: ["+49301234"] }
  bob: { password: bob-secret, numbers: ["+49301235"] }
  carol: { password: carol-secret, displayName: Carol, numbers: ["+49301236"] }
trunks:
  carrier: { server: "sip:10.0.8.1:5060", username: office, password: trunk-secret, trusted: ${trusted} }
`;
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function scene({ trusted = false, ...options }: ServiceWorldOptions & { readonly trusted?: boolean } = {}) {
  const world = serviceWorld({
    ...options,
    scenarios: [joiner],
    config: { codes: ['*8'], ...routed(YAML(trusted)), ...options.config },
  });
  const trunk = new TrunkPeer(world as never);
  trunk.challenge = 0;
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name)) as [Phone, Phone, Phone];
  for (const phone of [alice, bob, carol]) phone.register();
  bob.onInvite = 'ring';
  world.run(500);
  return { world, trunk, alice, bob, carol };
}
const missing = (): never => {
  throw new Error('missing');
};
const identityIn = (message: PhoneMessage): string => headerOf(message, 'p-asserted-identity');

/** Carol picks up; what her re-INVITE and the caller's 200 say. */
function picked({ world, alice, carol }: ReturnType<typeof scene>, headers: readonly Header[] = []) {
  carol.call('sip:*81@example.com', { headers });
  world.run(1_000);
  return {
    asked: carol.received('INVITE')[0]?.message ?? missing(),
    answer: alice.received(200, 'INVITE')[0]?.message,
  };
}

describe('who is joined', () => {
  it('sees the caller, and how its call came there; the caller sees who answered', () => {
    const stage = scene();
    const call = stage.alice.call('bob');
    stage.world.run(300);
    const { asked, answer } = picked(stage);
    expect(identityIn(asked)).toBe(`"${latin1('Älice')}" <sip:alice@example.com>`);
    expect(headerOf(asked, 'diversion')).toBe('<sip:bob@example.com>;reason=deflection;counter=1');
    expect(linesOf(asked, 'history-info')).toEqual([
      '<sip:bob@example.com>;index=1',
      '<sip:carol@example.com;cause=480>;index=1.1;mp=1',
    ]);
    expect(identityIn(answer ?? missing())).toBe('"Carol" <sip:carol@example.com>');
    call.bye();
    expectQuiet(stage.world);
  });

  it.each<[string, readonly Header[], string | undefined]>([
    ['Privacy', [['Privacy', 'id']], undefined],
    ['an anonymous From', [], 'sip:anonymous@anonymous.invalid'],
  ])('does not see a caller that asks not to be shown by %s', (_what, headers, from) => {
    const stage = scene();
    const call = stage.alice.call('bob', { headers, ...(from === undefined ? {} : { from }) });
    stage.world.run(300);
    const { asked } = picked(stage);
    expect([identityIn(asked), headerOf(asked, 'privacy')]).toEqual(['', 'id']);
    expect(JSON.stringify(asked)).not.toContain('sip:alice@');
    call.bye();
    expectQuiet(stage.world);
  });

  it('is not seen if it asks so', () => {
    const stage = scene();
    const call = stage.alice.call('bob');
    stage.world.run(300);
    const { answer = missing() } = picked(stage, [['Privacy', 'id']]);
    expect([identityIn(answer), headerOf(answer, 'privacy')]).toEqual(['', 'id']);
    expect(JSON.stringify(answer)).not.toContain('carol@');
    call.bye();
    expectQuiet(stage.world);
  });

  it.each([true, false])(
    'is told who calls from a trunk; a trunk that is trusted (%s) is told who answered, by number',
    (trusted) => {
      const stage = scene({ trusted });
      const { world, trunk, bob } = stage;
      trunk.call('+49301235', { uri: 'sip:+49301235@10.0.0.1' });
      world.run(300);
      expect(bob.incoming?.state).toBe('ringing');
      const { asked } = picked(stage);
      expect(identityIn(asked)).toBe('<sip:+4915112345@10.0.8.1>');
      const answer = trunk.raw.received.find(({ status }) => status === 200) ?? missing();
      expect(identityIn(answer)).toBe(trusted ? '"Carol" <sip:+49301236@10.0.8.1>' : '');
      world.phones.find(({ name }) => name === 'carol')?.calls[0]?.bye();
      expectQuiet(world);
    },
  );

  it('is told nothing of a stranger, who may say to be anybody, nor is that one told who answered', () => {
    const stage = scene();
    const { world, bob } = stage;
    const stranger = world.phone('mallory', { user: 'mallory' });
    const call = stranger.call('bob', { from: 'sip:bank@elsewhere.example' });
    world.run(300);
    expect(bob.incoming?.state).toBe('ringing');
    const { asked } = picked(stage);
    expect(identityIn(asked)).toBe('');
    expect(identityIn(stranger.received(200, 'INVITE')[0]?.message ?? missing())).toBe('');
    call.bye();
    expectQuiet(world);
  });
});
