import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import { createActor, setup } from 'xstate';
import { registration } from '../../machines/registration.ts';
import { inspectionOf } from '../../src/inspecting.ts';
import { definitionOf } from '../../src/inspector/definition.ts';
import type { Inspection } from '../../src/inspector/inspection.ts';
import { type InspectionWish, wishOf } from '../../src/inspector/wish.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { IvrStage } from '../support/ivr-stage.ts';
import { code, menu } from '../support/menus.ts';
import { expectQuiet } from '../support/quiet.ts';

type Event = StatelyInspectionEvent & { readonly parentId?: string; readonly sourceId?: string; readonly name?: string };

const wished = (query: string): InspectionWish => wishOf(new URLSearchParams(query));

/** Alice and Bob registered; whoever looks collects what it is told. */
function scene(options: ServiceWorldOptions = {}) {
  const world = serviceWorld({ insight: true, ...options });
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) =>
    world.phone(name, { onInvite: { ringAfterMs: 50, answerAfterMs: 1_000 } }),
  );
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('three phones');
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  const { service } = world.service;
  if (service.insight === undefined) throw new Error('insight is on');
  const inspection = inspectionOf(service, service.insight);
  return { ...{ world, alice, bob, carol, inspection }, look: (query: string) => look(inspection, wished(query)) };
}
function look(inspection: Inspection, wish: InspectionWish) {
  const told: Event[] = [];
  const close = inspection.open(wish, (event) => void told.push(JSON.parse(event)));
  return { told, close };
}
const actorsIn = (told: readonly Event[]): string[] =>
  told.filter(({ type }) => type === '@xstate.actor').map(({ sessionId }) => sessionId);
const arrow = ({ type, sourceId, sessionId, event }: Event & { event?: { type: string } }): string =>
  type === '@xstate.event' ? `${sourceId} → ${sessionId}: ${event?.type}` : '';
const arrows = (told: readonly Event[]): string[] => told.map(arrow).filter((one) => one !== '');

describe('the events', () => {
  it('have the keys and the forms of those that @statelyai/inspect makes of an actor of XState', async () => {
    const sent: Event[] = [];
    const { inspect } = createInspector({ send: (event) => void sent.push(JSON.parse(JSON.stringify(event))) });
    const chart = { id: 'lamp', initial: 'off', states: { off: { on: { press: 'on' } }, on: {} } } as const;
    const actor = createActor(setup({}).createMachine(chart), { inspect }).start();
    actor.send({ type: 'press' });
    await expect.poll(() => sent.length).toBe(5);
    const { world, alice, look } = scene();
    const { told } = look('sample=1');
    const call = alice.call('bob');
    world.run(200);
    call.cancel();
    expectQuiet(world);
    for (const type of ['@xstate.actor', '@xstate.event', '@xstate.snapshot'] as const) {
      const theirs = sent.findLast((event) => event.type === type) ?? {};
      for (const ours of told.filter((event) => event.type === type)) {
        // Of theirs, undefined ones went with JSON: a root has no parent, and nobody's event no source.
        const { parentId: _parent, sourceId: _source, ...rest } = ours;
        expect(Object.keys(rest).sort()).toEqual(Object.keys(theirs).sort());
        expect(ours).toMatchObject({
          _version: (theirs as Event)._version,
          id: null,
          createdAt: expect.stringMatching(/^\d+$/),
        });
        const { snapshot } = ours as { snapshot?: object };
        if (snapshot !== undefined)
          expect(Object.keys((theirs as { snapshot: object }).snapshot)).toEqual(expect.arrayContaining(Object.keys(snapshot)));
      }
    }
  });

  it('carry the definition that the official inspector would, but no context', () => {
    const { machine } = registration;
    const text = definitionOf(machine);
    const { context: _, ...config } = machine.config;
    expect(JSON.parse(text)).toMatchObject({ id: config.id, initial: config.initial, states: expect.anything() });
    expect(Object.keys(JSON.parse(text))).not.toContain('context');
    expect(definitionOf(machine)).toBe(text);
  });

  it('tell a call from its birth: actors before their events, arrows from who sent, states, and ports at their ends', () => {
    const { world, alice, look } = scene();
    const { told } = look('sample=1');
    const call = alice.call('bob');
    world.run(2_000);
    call.bye();
    expectQuiet(world);
    const actors = actorsIn(told);
    expect(actors).toEqual(expect.arrayContaining(['port:sip', 'call:1', 'leg:1/0', 'leg:1/1']));
    expect(new Set(actors).size).toBe(actors.length);
    const known = new Set<string>();
    for (const { type, sessionId, sourceId } of told) {
      if (type === '@xstate.actor') known.add(sessionId);
      expect(known).toContain(sessionId);
      if (sourceId !== undefined) expect(known).toContain(sourceId);
    }
    expect(arrows(told)).toEqual(
      expect.arrayContaining([
        'port:sip → call:1: invite.received',
        'port:sip → leg:1/1: answer.received',
        expect.stringMatching(/^leg:1\/1 → call:1: leg\.answered$/),
        expect.stringMatching(/^call:1 → leg:1\/0: leg\.\w+$/),
        expect.stringMatching(/^leg:1\/1 → port:sip: /),
      ]),
    );
    const states = told.filter(({ type, sessionId }) => type === '@xstate.snapshot' && sessionId === 'call:1');
    expect(states.length).toBeGreaterThan(3);
    expect((states.at(-1) as { snapshot?: { status: string } }).snapshot?.status).toBe('done');
    expect(told.find(({ sessionId, type }) => type === '@xstate.actor' && sessionId === 'leg:1/1')).toMatchObject({
      ...{ name: 'leg:1/1', parentId: 'call:1', rootId: 'call:1' },
      definition: expect.stringContaining('"id":"leg"'),
    });
  });

  it('hide contexts, tokens and digits', () => {
    const PRID = 'token-of-bobs-mobile';
    const NUMBER = '739582';
    const stage = new IvrStage({
      ivr: { numbers: { '100': 'main' }, menus: { main: menu({ '3': { does: 'dial', prompts: ['tone:beep'], max: 6 } }) } },
      inCallCodes: { orders: [code('raise', '*9', { raises: 'open-door', takesArgument: true })], holdMusic: ['tone:hold'] },
      insight: true,
    });
    const { world } = stage;
    const { service } = world.service;
    if (service.insight === undefined) throw new Error('insight is on');
    const { told } = look(inspectionOf(service, service.insight), wished('sample=5&user=carol'));
    const alice = stage.phone('alice');
    const mobile = world.phone('mobile', { user: 'carol', push: { provider: 'apns', prid: PRID, param: 'TEAM.app.voip' } });
    mobile.register();
    world.run(500);
    alice.call('carol').cancel();
    const call = alice.call('sip:100@example.com');
    world.run(1_000);
    stage.press(alice, `3${NUMBER}`);
    world.run(5_000);
    call.bye();
    world.run(60_000);
    const text = JSON.stringify(told);
    expect(actorsIn(told).some((address) => address.startsWith('ivr-menu:'))).toBe(true);
    expect(actorsIn(told).some((address) => address.startsWith('registration:'))).toBe(true);
    for (const secret of [PRID, NUMBER, 'TEAM.app.voip', 'alice-secret']) expect(text).not.toContain(secret);
    for (const { snapshot } of told as { snapshot?: { context: object } }[])
      if (snapshot !== undefined) expect(snapshot.context).toEqual({});
  });
});

describe('whom they are of', () => {
  it('late: a call that goes on comes with its definitions and where its actors are now, then as it goes on', () => {
    const { world, alice, carol, look } = scene();
    const call = alice.call('bob');
    carol.call('alice').cancel();
    world.run(2_000);
    const { told } = look('call=1');
    expect(actorsIn(told).sort()).toEqual(['call:1', 'leg:1/0', 'leg:1/1']);
    expect(told[0]).toMatchObject({ sessionId: 'call:1', snapshot: { status: 'active', value: { talking: 'connected' } } });
    expect(told.every(({ type }) => type === '@xstate.actor')).toBe(true);
    const other = carol.call('bob');
    call.bye();
    world.run(1_000);
    other.cancel();
    expectQuiet(world);
    expect(arrows(told).some((one) => one.includes('bye.received'))).toBe(true);
    expect(JSON.stringify(told)).not.toContain('call:3');
  });

  it('by user: the registrations, and every call of that user, those to come too', () => {
    const { world, alice, bob, carol, look } = scene();
    const { told } = look('user=bob');
    expect(actorsIn(told)).toEqual([expect.stringMatching(/^registration:\d+$/)]);
    alice.call('carol').cancel();
    world.run(1_000);
    expect(actorsIn(told)).toHaveLength(1);
    carol.call('bob').cancel();
    bob.register();
    expectQuiet(world);
    expect(actorsIn(told)).toEqual(expect.arrayContaining(['call:2', 'leg:2/0', 'leg:2/1', 'port:sip']));
    expect(arrows(told).some((one) => /→ registration:\d+: register\.received$/.test(one))).toBe(true);
  });

  it('sampled: no more calls at a time than asked for, and the next one when one is over', () => {
    const { world, alice, bob, carol, look } = scene();
    const { told } = look('sample=1');
    const first = alice.call('bob');
    world.run(100);
    const second = carol.call('bob');
    world.run(100);
    expect(actorsIn(told).filter((address) => address.startsWith('call:'))).toEqual(['call:1']);
    first.cancel();
    world.run(60_000);
    second.bye();
    bob.call('alice').cancel();
    expectQuiet(world);
    expect(actorsIn(told).filter((address) => address.startsWith('call:'))).toEqual(['call:1', 'call:3']);
  });

  it('several look at once, and nothing is followed or heard when the last one has gone', () => {
    const { world, alice, inspection, look } = scene();
    const [one, two] = [look('call=1&user=alice'), look('sample=3')];
    const call = alice.call('bob');
    world.run(500);
    one.close();
    const seen = one.told.length;
    world.run(2_000);
    expect(one.told).toHaveLength(seen);
    expect(arrows(two.told)).toContain('port:sip → leg:1/1: answer.received');
    expect(inspection.size).toBeGreaterThan(0);
    two.close();
    expect([inspection.viewers, inspection.size]).toEqual([0, 0]);
    const heard = two.told.length;
    call.bye();
    expectQuiet(world);
    expect(two.told).toHaveLength(heard);
  });

  it('reads a wish, bounded', () => {
    expect(wished('')).toEqual({ calls: [], users: [], sample: 10 });
    expect(wished('call=7&call=registration:2&user=bob')).toEqual({
      calls: ['call:7', 'registration:2'],
      users: ['bob'],
      sample: 0,
    });
    expect(wished(`sample=9999&${'user=x&'.repeat(99)}`)).toMatchObject({ sample: 100, users: { length: 20 } });
    for (const wrong of ['-1', 'x', '1e9', '2.5', 'Infinity']) expect(wished(`sample=${wrong}`).sample).toBeLessThanOrEqual(100);
  });
});
