import { describe, expect, it } from 'vitest';
import type { Taking } from '../../../src/engine/journal.ts';
import { missedStaysMissed, noForkOutlives, noLateFork, oneDeviceTalks } from '../../../src/testing/invariants/forks.ts';
import { noRefusalUnheard, nothingUnheard } from '../../../src/testing/invariants/hearing.ts';
import { noLostWakeUp, onePush } from '../../../src/testing/invariants/pushes.ts';
import { everyWaitEnds } from '../../../src/testing/invariants/waits.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../../../src/testing/world.ts';
import { forgery } from './support.ts';

const STEM = 'stem';
const CALLER = { fromTag: 'alice', branch: 'z9hG4bKa' };
const device = (n: number) => ({ callId: `${STEM}-${n}`, fromTag: `ours${n}`, branch: `z9hG4bK${n}`, host: `10.0.0.${20 + n}` });

/** Alice calls, and as many devices are rung as are asked for; all of it forged. */
function call(invariant: Parameters<typeof forgery>[0], forks = 2) {
  const scene = forgery(invariant, { config: { push: { wakeLimitMs: 20_000 }, calls: { ringLimitMs: 60_000 } } });
  const { forger, world } = scene;
  forger.came(CALLER);
  forger.fact('invite.received', { call: 'call:1', leg: 'leg:1/0', callIdStem: STEM });
  const fork = (n: number): void => {
    forger.fact('fork.started', { call: 'call:1', leg: `leg:1/${n}`, callId: `${STEM}-${n}` });
    forger.left({ ...device(n), uri: `sip:bob@10.0.0.${20 + n}:5060;pn-prid=token${n}` });
  };
  for (let n = 1; n <= forks; n += 1) fork(n);
  /** Time moves on, and something else is seen. */
  const later = (ms = 1): void => {
    world.run(ms);
    forger.came({ method: 'OPTIONS', callId: 'other', branch: `z9hG4bKo${world.now()}` });
  };
  const answers = (n: number): void => forger.came({ ...device(n), status: 200, toTag: `bob${n}` });
  const hears = (status: number): void => forger.left({ ...CALLER, status, toTag: 'us' });
  const push = (kind: 'incoming-call' | 'cancelled', prid = 'token9', n = 9): void =>
    world.push.tap({
      atMs: world.now(),
      request: {
        ...{ id: `${STEM}-w${n}`, callId: `${STEM}-w${n}`, provider: 'apns', prid, param: '', aor: 'sip:bob@example.com' },
        ...{ callerUri: '', callerName: '', ttlMs: 0, kind },
      },
    });
  return { ...scene, fork, later, answers, hears, push };
}

describe('no fork outlives its call', () => {
  it('is content where the losers are cancelled, refused or hung up, and the winner too in the end', () => {
    const { forger, later, answers, hears, brokenAtRest } = call(noForkOutlives, 4);
    for (const n of [1, 2, 4]) forger.came({ ...device(n), status: 180, toTag: `bob${n}` });
    answers(1);
    hears(200);
    forger.left({ ...device(2), method: 'CANCEL' });
    forger.came({ ...device(4), status: 486, toTag: 'bob4' });
    later();
    // It says its first word now.
    forger.came({ ...device(3), status: 180, toTag: 'bob3' });
    forger.left({ ...device(3), method: 'CANCEL' });
    later();
    answers(2);
    forger.left({ ...device(2), method: 'BYE', toTag: 'bob2' });
    forger.came({ method: 'BYE', fromTag: 'alice', toTag: 'us' });
    forger.left({ method: 'BYE', fromTag: 'alice', toTag: 'us', status: 200 });
    forger.left({ ...device(1), method: 'BYE', toTag: 'bob1' });
    later();
    expect(brokenAtRest()).toEqual([]);
  });

  it.each([200, 486])('tells of one that rings on after the caller’s %i', (status) => {
    const { forger, later, hears, broken } = call(noForkOutlives);
    forger.came({ ...device(2), status: 180, toTag: 'bob2' });
    hears(status);
    later();
    expect(broken()).toEqual([expect.stringContaining(`Call-ID ${STEM}-2: the call is`)]);
    expect(broken()[0]).toContain('it still rings, without a CANCEL');
  });

  it('tells of one that rings after a CANCEL, though it said its first word later', () => {
    const { forger, later, broken } = call(noForkOutlives);
    forger.came({ ...CALLER, method: 'CANCEL' });
    later();
    expect(broken()).toEqual([]);
    forger.came({ ...device(1), status: 183, toTag: 'bob1' });
    later();
    expect(broken()).toHaveLength(1);
  });

  it('tells of one that still talks after the caller hung up, unless its dialog moved', () => {
    for (const isMoved of [false, true]) {
      const { forger, later, answers, hears, broken } = call(noForkOutlives);
      answers(1);
      hears(200);
      if (isMoved) forger.fact('dialog.moved', { leg: 'leg:1/1' });
      forger.came({ method: 'BYE', fromTag: 'alice', toTag: 'us' });
      forger.left({ method: 'BYE', fromTag: 'alice', toTag: 'us', status: 200 });
      later();
      expect(broken()).toEqual(isMoved ? [] : [expect.stringContaining('it still talks, without a BYE')]);
    }
  });

  it.each([
    [true, 'MESSAGE', true],
    [false, 'MESSAGE', false],
    // The service has forgotten it by then, and says so: it counts as where its INVITE went.
    [true, 'MESSAGE after its leg', true],
    // It is acknowledged all the same, and has to be told.
    [true, '200 after its leg', true],
  ])('looks for a talker where it was heard last; that stands: %s; by %s', (stands, how, isFound) => {
    const { world, forger, later, answers, hears, broken } = call(noForkOutlives, 1);
    answers(1);
    hears(200);
    // What is left behind does not close with the connection that it went to.
    const stream = world.network.connect('10.0.0.77', { host: SERVICE_HOST, port: SERVICE_PORT.tcp });
    later(20);
    const { port } = stream.local;
    const there = { host: '10.0.0.77', port, transport: 'tcp' } as const;
    if (how.endsWith('after its leg')) forger.fact('actor.ended', { address: 'leg:1/1' });
    if (how.startsWith('200')) forger.came({ ...device(1), status: 200, toTag: 'bob1', ...there });
    else forger.came({ callId: `${STEM}-1`, method: 'MESSAGE', fromTag: 'bob1', toTag: 'ours1', ...there });
    if (!stands) world.network.breakStreams('10.0.0.77');
    later();
    forger.came({ method: 'BYE', fromTag: 'alice', toTag: 'us' });
    forger.left({ method: 'BYE', fromTag: 'alice', toTag: 'us', status: 200 });
    later();
    const at = how === 'MESSAGE after its leg' ? '10.0.0.21:5062' : `10.0.0.77:${port}`;
    expect(broken()).toEqual(isFound ? [expect.stringContaining(`${at}, Call-ID ${STEM}-1`)] : []);
  });

  it('takes a BYE that was refused for none', () => {
    const { forger, later, answers, hears, broken } = call(noForkOutlives);
    answers(1);
    hears(200);
    forger.came({ method: 'BYE', fromTag: 'alice', toTag: 'us' });
    forger.left({ method: 'BYE', fromTag: 'alice', toTag: 'us', status: 403 });
    later();
    expect(broken()).toEqual([]);
  });
});

describe('one device talks', () => {
  it.each([true, false])('second 2xx, hung up at once: %s', (isHungUp) => {
    const { forger, later, answers, hears, broken } = call(oneDeviceTalks);
    answers(1);
    hears(200);
    later();
    answers(2);
    forger.left({ ...device(2), method: 'ACK', toTag: 'bob2' });
    if (isHungUp) forger.left({ ...device(2), method: 'BYE', toTag: 'bob2', cseq: 2 });
    later();
    expect(broken()).toEqual(isHungUp ? [] : [expect.stringContaining(`Call-ID ${STEM}-2: answered call:1, which ${STEM}-1`)]);
  });
});

describe('no late fork', () => {
  it.each(['200', '486', 'CANCEL'])('tells of a new INVITE and of a push after %s, and of no repetition', (how) => {
    const { forger, fork, later, hears, push, broken } = call(noLateFork, 1);
    fork(2);
    push('incoming-call');
    if (how === 'CANCEL') forger.came({ ...CALLER, method: 'CANCEL' });
    else hears(Number(how));
    later();
    forger.left({ ...device(1), uri: 'sip:bob@10.0.0.21:5060;pn-prid=token1' });
    push('cancelled');
    expect(broken()).toEqual([]);
    fork(3);
    // With credentials, or to another server.
    forger.left({ ...device(1), cseq: 2, branch: 'z9hG4bKanother' });
    push('incoming-call', 'token8', 8);
    const after = how === 'CANCEL' ? 'cancelled' : how === '200' ? 'answered' : 'refused';
    expect(broken()).toEqual([
      expect.stringContaining(`Call-ID ${STEM}-3: a new INVITE after its call was ${after}`),
      expect.stringContaining(`Call-ID ${STEM}-1: a new INVITE after its call was ${after}`),
      expect.stringContaining(`Call-ID ${STEM}-w8: a push to sip:bob@example.com after its call was ${after}`),
    ]);
  });
});

describe('missed stays missed', () => {
  const GAVE_UP = { ...CALLER, method: 'CANCEL' };
  const elsewhere = {
    ...device(1),
    method: 'CANCEL',
    headers: ['Reason: SIP ;cause=200 ;text="Call completed elsewhere"'],
  };

  it('tells of a device that is cancelled as completed elsewhere though the caller gave up', () => {
    const { forger, broken } = call(missedStaysMissed);
    forger.came(GAVE_UP);
    forger.left({ ...elsewhere, ...device(2), headers: [] });
    expect(broken()).toEqual([]);
    forger.left(elsewhere);
    expect(broken()).toEqual([expect.stringContaining('completed elsewhere')]);
  });

  it('is content where it was answered or sent elsewhere, or the caller says so', () => {
    const answered = call(missedStaysMissed);
    answered.hears(200);
    const diverted = call(missedStaysMissed);
    diverted.forger.came(GAVE_UP);
    diverted.forger.fact('call.diverted', { call: 'call:1' });
    const told = call(missedStaysMissed);
    told.forger.came({ ...GAVE_UP, headers: elsewhere.headers });
    for (const { forger, broken } of [answered, diverted, told]) {
      forger.left(elsewhere);
      expect(broken()).toEqual([]);
    }
  });
});

describe('one push', () => {
  it('is content with a push and its cancellation for each device', () => {
    const { push, broken } = call(onePush);
    for (const [prid, n] of [
      ['a', 1],
      ['b', 2],
    ] as const)
      push('incoming-call', prid, n);
    for (const [prid, n] of [
      ['b', 2],
      ['a', 1],
    ] as const)
      push('cancelled', prid, n);
    expect(broken()).toEqual([]);
  });

  it.each([
    [['incoming-call', 'incoming-call'], 'another push'],
    [['incoming-call', 'cancelled', 'cancelled'], 'another cancellation'],
    [['cancelled'], 'a cancellation of no push'],
  ] as const)('tells of %j', (kinds, what) => {
    const { push, broken } = call(onePush);
    for (const [n, kind] of kinds.entries()) push(kind, 'token', n);
    expect(broken()).toEqual([expect.stringContaining(`${what} to a device of sip:bob@example.com`)]);
  });
});

describe('no lost wake-up', () => {
  const contact = '<sip:bob@10.0.0.29:5060;pn-provider=apns;pn-prid=token9>';
  const register = { method: 'REGISTER', callId: 'r', branch: 'z9hG4bKr', host: '10.0.0.29', headers: [`Contact: ${contact}`] };
  const granted = { ...register, status: 200, toTag: 'x', headers: [`Contact: ${contact};expires=600`] };
  const scene = () => {
    const played = call(noLostWakeUp, 1);
    played.push('incoming-call');
    return played;
  };

  it('tells of a device that registered in time and is not rung', () => {
    const { forger, later, broken } = scene();
    later(19_000);
    forger.came(register);
    forger.left(granted);
    expect(broken()).toEqual([]);
    later();
    expect(broken()).toEqual([
      expect.stringContaining('19.000 s, 10.0.0.29:5062, Call-ID c1: this device was pushed for call:1'),
    ]);
  });

  it.each<readonly [string, (played: ReturnType<typeof scene>) => void]>([
    [
      'is rung',
      ({ fork, forger }) => {
        fork(2);
        forger.fact('fork.started', { call: 'call:1', leg: 'leg:1/9', callId: `${STEM}-w9` });
        forger.left({ ...device(9), callId: `${STEM}-w9`, uri: 'sip:bob@10.0.0.29:5060;pn-provider=apns;pn-prid=token9' });
      },
    ],
    ['finds the caller answered', ({ hears }) => hears(486)],
    ['finds the call cancelled', ({ forger }) => forger.came({ ...CALLER, method: 'CANCEL' })],
    ['finds that somebody else is called', ({ forger }) => forger.fact('call.diverted', { call: 'call:1' })],
  ])('is content where it %s', (_, play) => {
    const played = scene();
    if (_ === 'is rung') played.forger.came(register);
    else play(played);
    if (_ !== 'is rung') played.forger.came(register);
    played.forger.left(granted);
    if (_ === 'is rung') play(played);
    played.later();
    expect(played.broken()).toEqual([]);
  });

  it.each([
    ['too late', {}, granted, 20_001],
    ['refused', {}, { ...granted, status: 403 }, 0],
    ['for no time', {}, { ...granted, headers: [] }, 0],
    ['another device', { headers: ['Contact: <sip:bob@10.0.0.28;pn-provider=apns;pn-prid=token8>'] }, granted, 0],
  ] as const)('is content with one that registers %s', (_, asked, answered, afterMs) => {
    const { forger, later, broken } = scene();
    later(Math.max(afterMs, 1));
    forger.came({ ...register, ...asked });
    forger.left(answered);
    later();
    expect(broken()).toEqual([]);
  });
});

describe('every wait ends', () => {
  it('is content with a call that ends at its ring limit, or is kept open', () => {
    const { forger, later, hears, broken } = call(everyWaitEnds, 1);
    forger.came({ ...device(1), status: 180, toTag: 'bob1' });
    forger.command('call.keepOpen', { to: 'call:1', forMs: 300_000 });
    later(60_000);
    forger.left({ ...device(1), method: 'CANCEL' });
    later(200_000);
    expect(broken()).toEqual([]);
    hears(480);
    later(400_000);
    expect(broken()).toEqual([]);
  });

  it('tells of a device that rings beyond the ring limit', () => {
    const { forger, later, broken } = call(everyWaitEnds, 1);
    forger.came({ ...device(1), status: 180, toTag: 'bob1' });
    later(60_002);
    expect(broken()).toEqual([expect.stringContaining(`Call-ID ${STEM}-1: it rings for longer than 60 s`)]);
  });

  it('tells of a caller that waits though nobody rings any more', () => {
    const { later, broken } = call(everyWaitEnds, 1);
    later(92_000);
    expect(broken()).toEqual([]);
    later(2_000);
    expect(broken()).toEqual([
      expect.stringContaining('Call-ID c1: no final answer, though the last that call:1 could wait for'),
    ]);
    later(300_000);
    expect(broken().length).toBeGreaterThan(0);
  });
});

const step = (address: string, taken: boolean, isBirth = false) =>
  ({ address, scenario: 'x', isBirth, taken, status: 'active', snapshot: undefined, interests: undefined }) as const;
const taking = (kind: Taking['kind'], entry: object, steps: Taking['steps'], refused?: string): Taking =>
  ({ kind, entry: { seq: 7, at: 1500, by: 'leg:1', cause: 3, ...entry }, steps, refused }) as Taking;

describe('nothing unheard', () => {
  it('tells of a fact that an actor does not take, and of none that gives birth', () => {
    const { forger, broken } = forgery(nothingUnheard);
    forger.take(taking('fact', { type: 'leg.ringing' }, [step('call:2', false, true), step('call:1', true)]));
    forger.take(taking('timer', { type: 'late' }, [step('call:3', true)]));
    expect(broken()).toEqual([]);
    forger.take(taking('fact', { type: 'leg.ringing' }, [step('call:1', false)]));
    expect(broken()).toEqual(['1.500 s: leg.ringing of leg:1 means nothing to call:1 in its state']);
  });
});

describe('no refusal unheard', () => {
  it('tells of a command that is refused, unless its author takes that', () => {
    const { forger, broken } = forgery(noRefusalUnheard);
    const refusal = { type: 'command.refused', cause: 7, author: 'leg:1' };
    const order = taking('command', { type: 'call.fork', to: 'call:1' }, [], 'nobody is there');
    forger.take(taking('command', { type: 'call.end', to: 'call:1', by: 'service', cause: 0 }, [], 'nobody is there'));
    forger.take(taking('fact', { ...refusal, author: 'service' }, []));
    forger.take(order);
    forger.take(taking('fact', refusal, [step('leg:1', true)]));
    expect(broken()).toEqual([]);
    forger.take(order);
    forger.take(taking('fact', refusal, [step('somebody', true)]));
    expect(broken()).toEqual(['1.500 s: call.fork of leg:1 was refused, and it does not take the refusal: nobody is there']);
  });
});
