import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { registrationMachine, registration as scenario } from '../../machines/registration.ts';
import type { Binding, ContactOrder } from '../../machines/vocabulary/binding.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const AOR = 'sip:bob@x';
const coverage = new Coverage(registrationMachine);
const NO_PUSH = { provider: '', prid: '', param: '' };
const APNS = { provider: 'apns', prid: 'token', param: 'team' };

interface Contact {
  readonly expires?: number;
  readonly push?: typeof APNS;
  readonly stream?: boolean;
  readonly flow?: string;
}
const contact = (
  device: string,
  { expires = 600, push = NO_PUSH, stream = false, flow = 'flow1' }: Contact = {},
): ContactOrder => ({
  device,
  target: { contact: `sip:${device}@10.0.0.2`, path: [], flow, stream },
  expiresSeconds: expires,
  qThousandths: 1000,
  push,
  params: '',
});
const register = (cseq: number, contacts: readonly ContactOrder[], more: object = {}): EventObject =>
  Object.assign(
    { type: 'register.received' },
    { aor: AOR, exchange: cseq, callId: 'one', cseq, all: false, contacts, userAgent: '', ...more },
  );
const restored = (device: string, expiresAtMs: number, push = NO_PUSH): EventObject => {
  const { target, params, qThousandths } = contact(device, { push, stream: true });
  const binding: Binding = {
    aor: AOR,
    device,
    target,
    push,
    params,
    qThousandths,
    callId: 'old',
    cseq: 5,
    expiresAtMs,
    registeredAtMs: 0,
    userAgent: '',
  };
  return { type: 'binding.restored', aor: AOR, device, binding } as EventObject;
};

/** A registration born of its first fact at instant 0. */
function born(fact: EventObject, settings: { maxBindings?: number; awakeForMs?: number } = {}): Chart {
  const input = {
    fact: { ...fact, at: 0, seq: 1 },
    self: 'registration:1',
    current: [],
    settings: { maxBindings: 3, awakeForMs: 0, ...settings },
  };
  return new Chart(registrationMachine, input, coverage);
}

const accepted = (...devices: string[]) => ({
  type: 'register.accept',
  to: 'port:sip',
  bindings: devices.map((device) => ({ device })),
});
const refused = (status: number) => ({ type: 'register.refuse', to: 'port:sip', status });
const bindingFact = (type: string, device: string, asleep = false) => ({ type, aor: AOR, device, asleep });
const removed = (device: string, why: string) => ({ type: 'binding.removed', aor: AOR, device, why });

afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

describe('a REGISTER (RFC 3261 §10.3)', () => {
  it('binds, tells so, and is accepted after that, so that the store holds it first', () => {
    const chart = born(register(1, [contact('desk'), contact('mobile')]));
    expectTold(chart.told, [
      bindingFact('binding.added', 'desk'),
      bindingFact('binding.added', 'mobile'),
      accepted('desk', 'mobile'),
    ]);
    expect(chart.state).toBe('bound');
  });

  it('refreshes what is bound', () => {
    const chart = born(register(1, [contact('desk')]));
    expectTold(chart.give(register(2, [contact('desk')])), [bindingFact('binding.refreshed', 'desk'), accepted('desk')]);
  });

  it('asks only what is bound, and changes nothing (§10.2.3)', () => {
    const chart = born(register(1, [contact('desk')]));
    expectTold(chart.give(register(1, [])), [accepted('desk')]);
    expect(chart.state).toBe('bound');
  });

  it('asks for nobody: accepted, and nothing stays', () => {
    const chart = born(register(1, []));
    expectTold(chart.told, [accepted()]);
    expect(chart.status).toBe('done');
  });

  it('removes one binding with Expires 0, and the last one ends it (§10.2.2)', () => {
    const chart = born(register(1, [contact('desk'), contact('mobile')]));
    expectTold(chart.give(register(2, [contact('desk', { expires: 0 })])), [removed('desk', 'unregistered'), accepted('mobile')]);
    expectTold(chart.give(register(3, [contact('mobile', { expires: 0 })])), [removed('mobile', 'unregistered'), accepted()]);
    expect([chart.status, chart.armed]).toEqual(['done', 0]);
  });

  it('removes all with * (§10.2.2)', () => {
    const chart = born(register(1, [contact('desk'), contact('mobile')]));
    const told = chart.give(register(2, [], { all: true }));
    expectTold(told, [removed('desk', 'unregistered'), removed('mobile', 'unregistered'), accepted()]);
    expect(chart.status).toBe('done');
  });

  it.each([
    ['a lower CSeq', register(4, [contact('desk')])],
    ['the same CSeq', register(5, [contact('desk')])],
    ['a removal with a lower CSeq', register(4, [contact('desk', { expires: 0 })])],
    ['a * with a lower CSeq', register(4, [], { all: true })],
    ['one stale contact of two, which changes neither', register(5, [contact('new'), contact('desk')])],
  ])('is refused with %s of the same Call-ID (§10.3 step 7)', (_name, late) => {
    const chart = born(register(5, [contact('desk')]));
    expectTold(chart.give(late), [refused(500)]);
    expect(chart.context.bindings).toMatchObject([{ device: 'desk', cseq: 5 }]);
  });

  it('is not held to the CSeq of another Call-ID, as after a restart of the phone', () => {
    const chart = born(register(500, [contact('desk')]));
    expectTold(chart.give(register(1, [contact('desk')], { callId: 'two' })), [
      bindingFact('binding.refreshed', 'desk'),
      accepted('desk'),
    ]);
  });

  it('is refused as a whole beyond the limit of bindings', () => {
    const chart = born(register(1, [contact('a'), contact('b')]));
    expectTold(chart.give(register(2, [contact('c'), contact('d')])), [refused(403)]);
    expect(chart.context.bindings).toHaveLength(2);
    const first = born(
      register(
        1,
        ['a', 'b', 'c', 'd'].map((device) => contact(device)),
      ),
    );
    expectTold(first.told, [refused(403)]);
    expect(first.status).toBe('done');
  });
});

describe('the expiry of a binding', () => {
  it('removes it at its instant, and the last one ends the registration', () => {
    const chart = born(register(1, [contact('desk', { expires: 60 }), contact('mobile', { expires: 90 })]));
    expect(chart.give(59_999)).toEqual([]);
    expectTold(chart.give(1), [removed('desk', 'expired')]);
    const told = chart.give(60_000);
    expectTold(told, [removed('mobile', 'expired')]);
    expect(told[0]?.atMs).toBe(90_000);
    expect(chart.status).toBe('done');
  });

  it('counts from the latest REGISTER of that device, be it shorter or longer', () => {
    const chart = born(register(1, [contact('desk', { expires: 60 })]));
    chart.give(50_000, register(2, [contact('desk', { expires: 60 })]));
    expect(chart.give(59_999)).toEqual([]);
    chart.give(register(3, [contact('desk', { expires: 600 })]), register(4, [contact('desk', { expires: 10 })]));
    expectTold(chart.give(10_000), [removed('desk', 'expired')]);
  });

  it('is forgotten with a binding that is removed before', () => {
    const chart = born(register(1, [contact('desk', { expires: 60 }), contact('mobile')]));
    chart.give(register(2, [contact('desk', { expires: 0 })]));
    expect(chart.armed).toBe(1);
    expect(chart.give(60_000)).toEqual([]);
  });
});

describe('a binding of the last run', () => {
  it('stands until it expires, asleep if it can be woken', () => {
    const chart = born(restored('mobile', 30_000, APNS), { awakeForMs: 60_000 });
    expectTold(chart.told, [bindingFact('binding.added', 'mobile', true)]);
    expectTold(chart.give(restored('desk', 40_000)), [bindingFact('binding.added', 'desk', false)]);
    expectTold(chart.give(30_000), [removed('mobile', 'expired')]);
  });

  it('does not replace what was registered since', () => {
    const chart = born(register(1, [contact('desk')]));
    expect(chart.give(restored('desk', 30_000))).toEqual([]);
    expect(chart.context.bindings).toMatchObject([{ callId: 'one' }]);
  });
});

describe('sleep (RFC 8599 §5.6.2)', () => {
  const mobile = (more: Contact = {}) => contact('mobile', { push: APNS, stream: true, ...more });
  const AWAKE = { awakeForMs: 30_000 };

  it.each<[string, Contact, number, boolean]>([
    ['that cannot be woken is never asleep', { push: NO_PUSH, stream: false }, 0, false],
    ['with push parameters is asleep by default', {}, 0, true],
    ['with push parameters over a datagram is asleep', { stream: false }, 30_000, true],
    ['that has just registered on a connection is awake for a while', {}, 30_000, false],
  ])('a device %s', (_name, how, awakeForMs, asleep) => {
    expect(born(register(1, [mobile(how)]), { awakeForMs }).told[0]).toMatchObject({ device: 'mobile', asleep });
  });

  it('begins when the time passes, counted from the latest REGISTER', () => {
    const chart = born(register(1, [mobile()]), AWAKE);
    chart.give(20_000, register(2, [mobile()]));
    expect(chart.give(29_999)).toEqual([]);
    const told = chart.give(1);
    expectTold(told, [bindingFact('binding.slept', 'mobile', true)]);
    expect(chart.context.awake).toEqual([]);
  });

  it('begins when the connection closes, and not again when the time passes', () => {
    const chart = born(register(1, [mobile()]), AWAKE);
    expectTold(chart.give({ type: 'flow.closed', aor: AOR, flow: 'flow1' } as EventObject), [
      bindingFact('binding.slept', 'mobile', true),
    ]);
    expect(chart.give(60_000)).toEqual([]);
  });

  it('is not begun by the end of another connection, or of one that was left', () => {
    const chart = born(register(1, [mobile()]), AWAKE);
    expect(chart.give({ type: 'flow.closed', aor: AOR, flow: 'flow2' } as EventObject)).toEqual([]);
    chart.give(register(2, [mobile({ flow: 'flow2' })]));
    expect(chart.give({ type: 'flow.closed', aor: AOR, flow: 'flow1' } as EventObject)).toEqual([]);
  });

  it('is no matter of a device that answers no ping: its binding goes, unless it registered elsewhere meanwhile', () => {
    const chart = born(register(1, [mobile(), contact('desk')]), AWAKE);
    const unreachable = (flow: string) => ({ type: 'device.unreachable', aor: AOR, device: 'mobile', flow }) as EventObject;
    expect(chart.give(unreachable('flow2'))).toEqual([]);
    expectTold(chart.give(unreachable('flow1')), [removed('mobile', 'unreachable')]);
    expect(chart.give(30_000)).toEqual([]);
    expect(chart.context.bindings).toMatchObject([{ device: 'desk' }]);
  });

  it('is no matter of a device that an operator removes, who is refused where there is none', () => {
    const chart = born(register(1, [mobile(), contact('desk')]), AWAKE);
    const remove = (device: string) => ({ type: 'binding.remove', to: 'registration:1', device }) as EventObject;
    expect(chart.give(remove('tablet'))).toEqual([]);
    expectTold(chart.give(remove('mobile')), [removed('mobile', 'ordered')]);
    expect(chart.give(30_000)).toEqual([]);
    expect(chart.context.bindings).toMatchObject([{ device: 'desk' }]);
    expectTold(chart.give(remove('desk')), [removed('desk', 'ordered')]);
    expect(chart.status).toBe('done');
  });

  it('is one device’s own', () => {
    const chart = born(
      register(1, [mobile(), contact('tablet', { push: APNS, stream: true, flow: 'flow2' }), contact('desk')]),
      AWAKE,
    );
    expectTold(chart.give({ type: 'flow.closed', aor: AOR, flow: 'flow2' } as EventObject), [
      bindingFact('binding.slept', 'tablet', true),
    ]);
    expectTold(chart.give(30_000), [bindingFact('binding.slept', 'mobile', true)]);
  });

  it('is over with the next REGISTER', () => {
    const chart = born(register(1, [mobile()]), AWAKE);
    chart.give(30_000);
    expectTold(chart.give(register(2, [mobile()])), [bindingFact('binding.refreshed', 'mobile', false), accepted('mobile')]);
    expectTold(chart.give(30_000), [bindingFact('binding.slept', 'mobile', true)]);
  });

  it('is not told of a device that is gone', () => {
    const chart = born(register(1, [mobile({ expires: 10 }), contact('desk')]), AWAKE);
    expectTold(chart.give(10_000), [removed('mobile', 'expired')]);
    expect(chart.give(60_000)).toEqual([]);
    chart.give(register(2, [mobile()]), register(3, [mobile({ expires: 0 })]));
    expect(chart.give(60_000)).toEqual([]);
  });
});

describe('the scenario', () => {
  it('is one actor for each address of record, and hears of no other', () => {
    expect(scenario.oncePer?.({ aor: 'sip:*@x' } as never)).toBe('sip:*@x');
    for (const { where } of scenario.listensTo({ aor: 'sip:*@x' } as never, 'registration:1'))
      expect(where).toEqual([{ attribute: 'aor', test: 'sip:*@x' }]);
  });
});
