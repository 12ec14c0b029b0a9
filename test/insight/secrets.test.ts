import { describe, expect, it } from 'vitest';
import { defineFact, secret, text } from '../../machines/vocabulary/descriptor.ts';
import type { FactView } from '../../src/insight/model.ts';
import type { ServiceWorld } from '../../src/testing/service-world.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { insightOf, query } from '../support/insight.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { code, menu } from '../support/menus.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';

const PRID = 'f00dface-token-of-bob';
const PARAM = 'TEAM77.app.voip';
const SRTP_KEY = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';

const SDP = `v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${SRTP_KEY}\r\n`;

/** Everything that can be seen of a world, as text; `facts` are those that were told. */
function allOf(world: ServiceWorld, facts: readonly FactView[]): string {
  const insight = insightOf(world);
  const { rows } = insight.calls(query());
  expect(rows.length).toBeGreaterThan(0);
  const scenarios = Object.keys(insight.now().actors);
  return JSON.stringify([
    insight.now(),
    rows,
    rows.map(({ call }) => [insight.call(call), insight.journal(call)]),
    insight.users(query()).rows.map(({ aor }) => [aor, insight.user(aor)]),
    ['', ...scenarios].map((scenario) => insight.actors(scenario, query())),
    insight.charts(),
    facts,
  ]);
}

/** Hears all facts of a world from now on. */
function hear(world: ServiceWorld): FactView[] {
  const facts: FactView[] = [];
  insightOf(world).facts({ kinds: [], attributes: {} }, (fact) => facts.push(fact));
  return facts;
}

describe('nothing that is shown holds', () => {
  it('a push token, wherever a phone has it, nor a password', () => {
    const world = serviceWorld({ insight: true });
    const facts = hear(world);
    const alice = world.phone('alice');
    const push = { provider: 'apns', prid: PRID, param: PARAM };
    const mobile = world.phone('mobile', { user: 'bob', push, userAgent: `Talky/${PRID}`, onInvite: 'answer' });
    alice.register();
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, PRID, { afterMs: 1000, times: 1 });
    const call = alice.call('bob', { sdp: SDP });
    world.run(3000);
    expect(call.state).toBe('answered');
    const shown = [allOf(world, facts)];
    call.bye();
    world.run(40_000);
    world.push.fault = 'unknown';
    alice.call('bob');
    world.run(1000);
    shown.push(allOf(world, facts));
    expectQuiet(world);
    shown.push(allOf(world, facts));
    const responses = world.packets.flatMap(({ text: packet }) => /response="(\w+)"/.exec(packet)?.[1] ?? []);
    expect(responses.length).toBeGreaterThan(0);
    for (const text of shown)
      for (const hidden of [PRID, PARAM, SRTP_KEY, 'alice-secret', 'bob-secret', ...responses])
        expect(text).not.toContain(hidden);
    expect(facts.length).toBeGreaterThan(20);
  });

  it('a digit that was pressed, in a menu, in a talk or in a message', () => {
    const [pin, argument, info] = ['81537', '718391', '5550199'];
    const main = menu(
      {
        '4': {
          does: 'pin',
          pin: 'door',
          prompts: [],
          tries: 1,
          next: { does: 'ring', whom: ['bob'] },
          otherwise: { does: 'hangUp' },
        },
      },
      { prompts: ['tone:beep'], nobody: [], invalid: [], silent: [], fallBack: { does: 'hangUp' } },
    );
    const { users } = routed('users:\n  alice: { password: alice-secret }\n  bob: { password: bob-secret }\n');
    const stage = new IvrStage({
      insight: true,
      ivr: { numbers: { '100': 'main' }, menus: { main }, pins: { door: pin } },
      inCallCodes: { orders: [code('raise', '*9', { raises: 'open-door', takesArgument: true })], holdMusic: [] },
      config: { users },
    });
    const { world } = stage;
    const facts = hear(world);
    const [alice] = [stage.phone('alice'), stage.phone('bob', { onInvite: 'answer' })];
    const call = alice.call('sip:100@example.com');
    world.run(1000);
    stage.press(alice, '4');
    world.run(1000);
    stage.press(alice, pin);
    world.run(2000);
    expect(call.state).toBe('answered');
    stage.press(alice, `*9${argument}#`);
    call.request('INFO', { body: `Signal=${info}\r\nDuration=100\r\n`, contentType: 'application/dtmf-relay' });
    world.run(2000);
    const shown = [allOf(world, facts)];
    call.bye();
    expectQuiet(world);
    shown.push(allOf(world, facts));
    for (const text of shown) for (const hidden of [pin, argument, info]) expect(text).not.toContain(hidden);
    const digits = facts.filter(({ type }) => type === 'digit.heard');
    expect(digits.length).toBeGreaterThan(0);
    expect(new Set(digits.map(({ attributes }) => attributes.digit))).toEqual(new Set(['***']));
  });

  it('what a fact of the user’s own calls secret, and nobody can find it out by asking for it', () => {
    const cardRead = defineFact('card.read', { door: text(), card: secret(text()) });
    const world = serviceWorld({ insight: true, facts: [cardRead] });
    const guessed: FactView[] = [];
    const facts = hear(world);
    insightOf(world).facts({ kinds: ['card.*'], attributes: { card: '4242-77' } }, (fact) => guessed.push(fact));
    const byDoor: FactView[] = [];
    insightOf(world).facts({ kinds: ['card.read'], attributes: { door: 'front' } }, (fact) => byDoor.push(fact));
    world.service.service.engine.post(cardRead({ door: 'front', card: '4242-77' }), 'outside');
    world.run(10);
    expect(guessed).toEqual([]);
    expect(byDoor.map(({ attributes }) => attributes)).toEqual([{ door: 'front', card: '***' }]);
    expect(JSON.stringify(facts)).not.toContain('4242');
    expectQuiet(world);
  });
});
