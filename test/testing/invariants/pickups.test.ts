import { describe, expect, it } from 'vitest';
import { noForkOutlives, oneDeviceTalks } from '../../../src/testing/invariants/forks.ts';
import { onePickupWins, virtualDialogs } from '../../../src/testing/invariants/pickups.ts';
import { forgery } from './support.ts';

const ALICE = { callId: 'a', fromTag: 'alice', branch: 'z9hG4bKa' };
const DESK = { callId: 'stem1-1', fromTag: 'ours1', branch: 'z9hG4bKd', host: '10.0.0.21' };
const CASE = 'call-pickup:1';
const carol = (n = 2) => ({ callId: `c${n}`, fromTag: `carol${n}`, branch: `z9hG4bKc${n}`, host: `10.0.0.3${n}` });
/** What we send to the picker in that dialog. */
const toCarol = (n = 2) => ({ ...carol(n), fromTag: 'us', toTag: `carol${n}`, branch: `z9hG4bKr${n}` });

/** Bob's desk rings for Alice, and Carol wants to take that call; all of it forged. */
function scene(invariant: Parameters<typeof forgery>[0]) {
  const played = forgery(invariant);
  const { forger, world } = played;
  forger.came(ALICE);
  forger.fact('invite.received', { call: 'call:1', leg: 'leg:1/0', callIdStem: 'stem1' });
  forger.fact('fork.started', { call: 'call:1', leg: 'leg:1/1', callId: 'stem1-1' });
  forger.left(DESK);
  forger.came({ ...DESK, status: 180, toTag: 'bob' });
  const asks = (n = 2, mode = 'join'): void => {
    forger.came(carol(n));
    forger.fact('invite.received', { call: `call:${n}`, leg: `leg:${n}/0`, callIdStem: `stem${n}` });
    const who = { picker: `sip:carol${n}@x`, by: `call-pickup:${n - 1}` };
    forger.fact('pickup.asked', { ...who, mode, call: `call:${n}`, leg: `leg:${n}/0`, callees: ['sip:bob@x'] });
    forger.fact('pickup.began', { ...who, call: 'call:1', callee: 'sip:bob@x', pickerCall: `call:${n}` });
  };
  const answered = (n = 2): void => {
    forger.left({ ...carol(n), status: 200, toTag: 'us' });
    forger.came({ ...carol(n), method: 'ACK', toTag: 'us' });
    forger.command('call.join', { to: 'call:1', by: `call-pickup:${n - 1}` });
    const target = { contact: '', path: [], flow: '', stream: false, adopts: `leg:${n}/0` };
    forger.fact('fork.started', { call: 'call:1', leg: `leg:1/${n}`, callId: `stem1-${n}`, target });
    forger.left(toCarol(n));
  };
  const ends = (type: string, more: object = {}, n = 2): void => {
    const by = `call-pickup:${n - 1}`;
    forger.fact(type, { by, call: 'call:1', picker: `sip:carol${n}@x`, pickerCall: `call:${n}`, callee: 'sip:bob@x', ...more });
  };
  const joined = (type: 'join.won' | 'join.lost', n = 2): void =>
    forger.fact(type, { by: 'call:1', call: 'call:1', case: `call-pickup:${n - 1}` });
  const takes = (n = 2): void => forger.came({ ...toCarol(n), status: 200 });
  const later = (ms = 1): void => {
    world.run(ms);
    forger.came({ method: 'OPTIONS', callId: 'other', branch: `z9hG4bKo${world.now()}` });
  };
  const cancelled = (): void => forger.left({ ...DESK, method: 'CANCEL' });
  return { ...played, asks, answered, ends, joined, takes, later, cancelled };
}

describe('one pickup wins', () => {
  it('is content with a picker who takes the call, and with one who does not and hears BYE', () => {
    const { forger, asks, answered, takes, ends, joined, later, brokenAtRest } = scene(onePickupWins);
    asks(2);
    asks(3);
    answered(2);
    answered(3);
    takes(2);
    forger.left({ ...ALICE, status: 200, toTag: 'us' });
    forger.fact('call.answered', { call: 'call:1', answeredBy: 'sip:carol2@x' });
    joined('join.won', 2);
    joined('join.lost', 3);
    ends('pickup.won');
    ends('pickup.lost', { status: 486 }, 3);
    forger.left({ ...toCarol(3), method: 'BYE', headers: ['Reason: SIP;cause=486;text="Answered By Another"'] });
    forger.fact('actor.ended', { address: 'call:3', how: 'done' });
    later(80_000);
    later(80_000);
    expect(brokenAtRest()).toEqual([]);
  });

  it.each([
    ['two winners', ['pickup.won', 2, 'pickup.won', 3], 'sip:carol3@x has won call:1, which sip:carol2@x had won'],
    ['two outcomes of one try', ['pickup.won', 2, 'pickup.lost', 2], 'has lost call:1 after it told won'],
    ['a status that is none', ['pickup.lost', 2, 'pickup.lost', 3], 'has lost call:1 with status 0'],
  ])('tells of %s', (_what, [one, n, other, m], line) => {
    const { asks, ends, broken } = scene(onePickupWins);
    asks(2);
    asks(3);
    ends(String(one), { status: one === 'pickup.lost' ? 0 : 486 }, Number(n));
    ends(String(other), { status: 486 }, Number(m));
    expect(broken()).toEqual([expect.stringContaining(line)]);
  });

  it('lets a call be picked up again from who is called back, by whoever asks later', () => {
    for (const isLater of [true, false]) {
      const { asks, ends, broken } = scene(onePickupWins);
      asks(2, 'callback');
      if (!isLater) asks(3, 'callback');
      ends('pickup.won', {}, 2);
      if (isLater) asks(3, 'callback');
      ends('pickup.won', {}, 3);
      expect(broken()).toHaveLength(isLater ? 0 : 1);
    }
  });

  it('tells of a picker who has won what another answered, before or after', () => {
    for (const isBefore of [true, false]) {
      const { forger, asks, ends, broken } = scene(onePickupWins);
      asks();
      const answers = () => forger.fact('call.answered', { call: 'call:1', answeredBy: 'sip:bob@x' });
      if (isBefore) answers();
      ends('pickup.won');
      if (!isBefore) answers();
      expect(broken()).toHaveLength(1);
    }
  });

  it('tells of a winner whose caller was refused', () => {
    const { forger, asks, ends, later, broken } = scene(onePickupWins);
    asks();
    forger.left({ ...ALICE, status: 480, toTag: 'us' });
    ends('pickup.won');
    later();
    expect(broken()).toEqual([expect.stringContaining('whose caller was refused')]);
  });

  it('tells of a loser without BYE, or with one that does not say why', () => {
    for (const isHungUp of [true, false]) {
      const { forger, asks, answered, joined, ends, later, brokenAtRest } = scene(onePickupWins);
      asks();
      answered();
      joined('join.lost');
      ends('pickup.lost', { status: 486 });
      if (isHungUp) forger.left({ ...toCarol(), method: 'BYE' });
      forger.fact('actor.ended', { address: 'call:2', how: 'done' });
      later(80_000);
      expect(brokenAtRest()).toEqual([
        expect.stringContaining(
          isHungUp ? 'hears BYE without a Reason' : 'sip:carol2@x was answered, has not got call:1, and had no BYE',
        ),
      ]);
    }
  });

  it('tells of phones that are cancelled because a picker’s cannot take the call', () => {
    for (const status of [488, 486]) {
      const { asks, answered, joined, ends, cancelled, later, broken } = scene(onePickupWins);
      asks();
      answered();
      joined('join.lost');
      ends('pickup.lost', { status });
      cancelled();
      later();
      const line = 'sip:carol2@x could not take it (488), and this phone was cancelled for it';
      expect(broken()).toEqual(status === 488 ? [expect.stringContaining(line)] : []);
    }
  });

  it('tells of tries and joins that nobody hears the end of, and of ends of what was never begun', () => {
    const { forger, asks, answered, joined, broken, brokenAtRest } = scene(onePickupWins);
    asks();
    expect(brokenAtRest()).toEqual([expect.stringContaining(`${CASE}: nobody told whether sip:carol2@x has call:1`)]);
    answered();
    expect(brokenAtRest()).toHaveLength(2);
    joined('join.lost');
    expect(brokenAtRest()).toHaveLength(1);
    joined('join.won');
    expect(broken()).toEqual([expect.stringContaining('whose join was told of')]);
    answered();
    forger.fact('actor.ended', { address: 'call:1', how: 'done' });
    expect(broken()).toHaveLength(2);
  });
});

describe('with pickers', () => {
  it('one device talks: one that was joined counts, until it is hung up', () => {
    for (const isHungUp of [true, false]) {
      const { forger, asks, answered, takes, later, broken } = scene(oneDeviceTalks);
      asks();
      answered();
      forger.came({ ...DESK, status: 200, toTag: 'bob' });
      if (isHungUp) forger.left({ ...toCarol(), method: 'BYE' });
      takes();
      later();
      expect(broken()).toEqual(isHungUp ? [] : [expect.stringContaining('Call-ID stem1-2: answered call:1, which stem1-1')]);
    }
  });

  it('no fork outlives its call: who was joined is hung up with the caller, also when the picker’s own call is forgotten', () => {
    for (const isHungUp of [true, false]) {
      const { forger, asks, answered, takes, cancelled, later, broken } = scene(noForkOutlives);
      asks();
      answered();
      takes();
      forger.left({ ...ALICE, status: 200, toTag: 'us' });
      cancelled();
      forger.fact('dialog.moved', { leg: 'leg:2/0' });
      forger.fact('actor.ended', { address: 'call:2', how: 'done' });
      later(100_000);
      later(100_000);
      forger.came({ ...ALICE, method: 'BYE', toTag: 'us', branch: 'z9hG4bKbye' });
      forger.left({ ...ALICE, method: 'BYE', toTag: 'us', branch: 'z9hG4bKbye', status: 200 });
      if (isHungUp) forger.left({ ...toCarol(), method: 'BYE' });
      later();
      expect(broken()).toEqual(isHungUp ? [] : [expect.stringContaining('it still talks, without a BYE')]);
    }
  });
});

describe('published dialogs are virtual', () => {
  const body =
    '<?xml version="1.0"?><dialog-info><dialog id="1" call-id="v1" local-tag="v2" remote-tag="v3" direction="recipient"/></dialog-info>';
  const notify = { method: 'NOTIFY', callId: 'subscription', toTag: 'watcher', branch: 'z9hG4bKn', body };

  it.each([
    ['the Call-ID', { callId: 'v1' }],
    ['a tag', { toTag: 'v2' }],
    ['a tag', { fromTag: 'v3' }],
  ])('tells of %s on a leg', (_what, part) => {
    const { forger, later, broken } = scene(virtualDialogs);
    forger.left(notify);
    later();
    expect(broken()).toEqual([]);
    forger.left({ ...DESK, ...part });
    expect(broken()).toEqual([expect.stringContaining('stands on a leg: v')]);
  });

  it('tells of the Call-ID of a leg that is published', () => {
    const { forger, broken } = scene(virtualDialogs);
    forger.left({ ...notify, body: body.replace('v1', DESK.callId) });
    expect(broken()).toEqual([expect.stringContaining('watchers are told the Call-ID of a leg: stem1-1')]);
  });
});
