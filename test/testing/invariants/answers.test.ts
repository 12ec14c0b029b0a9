import { describe, expect, it } from 'vitest';
import { every2xxAcknowledged } from '../../../src/testing/invariants/acks.ts';
import { answersGoBack, oneFinalResponse } from '../../../src/testing/invariants/finals.ts';
import { forgery } from './support.ts';

const [asked, answered] = [{}, { status: 200, toTag: 't' }];

describe('one final response', () => {
  const scene = () => forgery(oneFinalResponse);

  it('is content with provisional answers, one final and its repetitions', () => {
    const { forger, world, brokenAtRest } = scene();
    forger.came(asked);
    for (const status of [100, 180, 183]) forger.left({ status, toTag: 't' });
    forger.left({ status: 486, toTag: 't' });
    forger.came(asked);
    forger.left({ status: 486, toTag: 't' });
    forger.came({ method: 'ACK', toTag: 't' });
    world.run(200_000);
    forger.came({ ...asked, callId: 'next', branch: 'z9hG4bK2' });
    forger.left({ ...answered, callId: 'next', branch: 'z9hG4bK2' });
    expect(brokenAtRest()).toEqual([]);
  });

  it.each([
    [{ status: 200, toTag: 't' }, '200 to INVITE after 487'],
    [{ status: 180, toTag: 't' }, '180 to INVITE after 487'],
    [{ status: 487, toTag: 'other' }, '487 to INVITE after 487 with another To'],
  ])('tells of %o after a final one', (more, what) => {
    const { forger, broken } = scene();
    forger.came(asked);
    forger.left({ status: 487, toTag: 't' });
    forger.left(more);
    expect(broken()).toEqual([`0.000 s, 10.0.0.11:5062, Call-ID c1: ${what}`]);
  });

  it('tells of two final responses to another request than INVITE', () => {
    const { forger, broken } = scene();
    forger.came({ method: 'BYE', toTag: 't' });
    forger.left({ method: 'BYE', toTag: 't', status: 200 });
    forger.left({ method: 'BYE', toTag: 't', status: 481 });
    expect(broken()).toHaveLength(1);
  });

  it('tells at rest of an INVITE that was never answered for good, however long ago', () => {
    const { forger, world, broken, brokenAtRest } = scene();
    forger.came(asked);
    forger.left({ status: 180, toTag: 't' });
    world.run(500_000);
    forger.came({ method: 'OPTIONS', callId: 'other' });
    expect(broken()).toEqual([]);
    expect(brokenAtRest()).toEqual(['0.000 s, 10.0.0.11:5062, Call-ID c1: this INVITE never had a final response']);
  });
});

describe('answers go back', () => {
  it('is content with what goes to the host that asked, on whatever port', () => {
    const { forger, brokenAtRest } = forgery(answersGoBack);
    forger.came(asked);
    forger.left({ ...answered, port: 7000 });
    expect(brokenAtRest()).toEqual([]);
  });

  it.each([{ host: '10.9.9.9' }, { branch: 'z9hG4bKnone' }, { cseq: 2 }, { callId: 'other' }])(
    'tells of an answer with %o',
    (other) => {
      const { forger, broken } = forgery(answersGoBack);
      forger.came(asked);
      forger.left({ ...answered, ...other });
      expect(broken()).toHaveLength(1);
      expect(broken()[0]).toContain('200 to INVITE answers nothing that came from there');
    },
  );
});

describe('every 2xx acknowledged', () => {
  const scene = () => forgery(every2xxAcknowledged);
  const ack = { method: 'ACK', toTag: 't' };

  it('is content with ACKs, with BYE from either side, and with answers to nobody', () => {
    const { forger, world, brokenAtRest } = scene();
    forger.came(asked);
    forger.left(answered);
    forger.came(ack);
    forger.left({ callId: 'fork' });
    forger.came({ ...answered, callId: 'fork' });
    forger.left({ ...ack, callId: 'fork' });
    forger.came({ ...answered, callId: 'fork' });
    forger.left({ ...ack, callId: 'fork' });
    forger.left({ callId: 'byed', branch: 'z9hG4bK2' });
    forger.came({ ...answered, callId: 'byed', branch: 'z9hG4bK2' });
    forger.came({ method: 'BYE', callId: 'byed', fromTag: 't', toTag: 'f' });
    forger.left({ method: 'BYE', status: 200, callId: 'byed', fromTag: 't', toTag: 'f' });
    forger.came({ ...answered, callId: 'nobody', branch: 'z9hG4bKnone' });
    world.run(200_000);
    forger.came({ method: 'OPTIONS', callId: 'other' });
    expect(brokenAtRest()).toEqual([]);
  });

  it.each([
    ['another CSeq', { ...ack, cseq: 2 }],
    ['another To tag', { ...ack, toTag: 'loser' }],
    ['a BYE that was refused', { method: 'BYE', status: 403, fromTag: 't', toTag: 'f' }],
    ['BYE of another dialog', { method: 'BYE', toTag: 'loser' }],
  ])('tells of a 2xx that came and got %s', (_, wrong) => {
    const { forger, world, broken, brokenAtRest } = scene();
    forger.left(asked);
    forger.came(answered);
    forger.left(wrong);
    const line = '0.000 s, 10.0.0.11:5062, Call-ID c1: 200 that came had neither ACK nor BYE';
    expect([broken(), brokenAtRest()]).toEqual([[], [line]]);
    world.run(70_000);
    forger.came({ method: 'OPTIONS', callId: 'other' });
    expect([broken(), brokenAtRest()]).toEqual([[line], [line]]);
  });

  it('tells of a 2xx that left and was never acknowledged, and of an ACK in the wrong direction', () => {
    const { forger, brokenAtRest } = scene();
    forger.came(asked);
    forger.left(answered);
    forger.left(ack);
    expect(brokenAtRest()).toEqual([expect.stringContaining('200 that left had neither ACK nor BYE')]);
  });

  it('tells of a repeated 2xx without an ACK of its own', () => {
    const { forger, world, broken } = scene();
    forger.left(asked);
    forger.came(answered);
    forger.left(ack);
    world.run(500);
    forger.came(answered);
    world.run(1);
    forger.came({ method: 'OPTIONS', callId: 'other' });
    expect(broken()).toEqual([expect.stringContaining('0.500 s')]);
    expect(broken()[0]).toContain('this repeated 200 got no ACK');
  });
});
