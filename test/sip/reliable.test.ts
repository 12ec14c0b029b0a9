import { describe, expect, it } from 'vitest';
import { dialogFromResponse, takeDescription } from '../../src/sip/dialog.ts';
import type { SipRequest, SipResponse } from '../../src/sip/message.ts';
import { rackOf, rseqOf, supports, takeRseq } from '../../src/sip/reliable.ts';
import { INVITE, message, OK, wire } from './messages.ts';

const request = () => message(wire(INVITE)) as SipRequest;
const response = (_to: SipRequest, status: number) => ({ ...(message(wire(OK)) as SipResponse), status });

const headers = (...lines: readonly (readonly [string, string])[]) =>
  new Map(lines.map(([name, value]) => [name, [value]] as const));
const reliable = (status: number, rseq: string, require = '100rel'): SipResponse => ({
  ...response(request(), status),
  headers: headers(['rseq', rseq], ['require', require]),
});

describe('a reliable provisional (RFC 3262 §7)', () => {
  it.each([
    [180, '1', '100rel', 1],
    [183, '4294967295', 'timer, 100REL', 4_294_967_295],
    [100, '1', '100rel', undefined],
    [200, '1', '100rel', undefined],
    [180, '0', '100rel', undefined],
    [180, '4294967296', '100rel', undefined],
    [180, 'one', '100rel', undefined],
    [180, '1', 'timer', undefined],
  ])('%i with RSeq %s and Require %s', (status, rseq, require, read) => {
    expect(rseqOf(reliable(status, rseq, require))).toBe(read);
  });

  it('is new if its RSeq is the next one, anew for each INVITE', () => {
    const dialog = dialogFromResponse(request(), response(request(), 180));
    if (dialog === undefined) throw new Error('no dialog');
    const taken = [
      [1, 9],
      [1, 9],
      [1, 11],
      [1, 10],
      [1, 9],
      [2, 3],
      [2, 4],
    ].map(([seq = 0, rseq = 0]) => takeRseq(dialog, seq, rseq));
    expect(taken).toEqual([true, false, false, true, false, true, true]);
  });

  it.each([
    ['776656 1 INVITE', { rseq: 776_656, seq: 1, method: 'INVITE' }],
    ['1\t2  INVITE ', { rseq: 1, seq: 2, method: 'INVITE' }],
    ['1 INVITE', undefined],
    ['-1 1 INVITE', undefined],
    ['12345678901 1 INVITE', undefined],
    ['', undefined],
  ])('RAck "%s"', (rack, read) => {
    expect(rackOf({ ...request(), method: 'PRACK', headers: headers(['rack', rack]) })).toEqual(read);
  });

  it('may be sent to who supports or requires it', () => {
    for (const [name, value, can] of [
      ['supported', 'timer, 100rel', true],
      ['require', '100rel', true],
      ['supported', '100relx', false],
      ['allow', '100rel', false],
    ] as const)
      expect(supports({ ...request(), headers: headers([name, value]) }, '100rel')).toBe(can);
  });
});

describe('the first offer and answer of a dialog (RFC 6337 §2.1)', () => {
  it('is one offer, one answer, and then repetitions', () => {
    const dialog = dialogFromResponse(request(), response(request(), 180));
    if (dialog === undefined) throw new Error('no dialog');
    const described = (by: 'ours' | 'theirs') => {
      takeDescription(dialog, by);
      return dialog.offer;
    };
    expect([described('theirs'), described('theirs'), described('ours'), described('ours'), described('theirs')]).toEqual([
      'theirs',
      'theirs',
      'none',
      'none',
      'none',
    ]);
  });
});
