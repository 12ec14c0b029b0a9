import { describe, expect, it } from 'vitest';
import { agreeInterval, askInterval, flawOfInterval } from '../../../src/ports/sip/session-interval.ts';
import type { SipRequest } from '../../../src/sip/message.ts';
import { INVITE, message, wire } from '../../sip/messages.ts';

const BOUNDS = { sessionExpiresSeconds: 1800, minSessionExpiresSeconds: 120 };
const asks = (...lines: string[]): SipRequest =>
  message(wire([...INVITE.slice(0, -1), ...lines, 'Content-Length: 0'])) as SipRequest;
const TIMER = 'Supported: 100rel, timer';

describe('what goes on to the callee (RFC 4028 §8.1)', () => {
  it.each<[string, string[], string | undefined, string | undefined]>([
    ['nothing asked', [], '1800', undefined],
    ['nothing asked, by who knows timers', [TIMER], '1800', undefined],
    ['nothing asked, but a higher minimum', [TIMER, 'Min-SE: 3600'], '3600', '3600'],
    ['as asked', [TIMER, 'Session-Expires: 300;refresher=uac'], '300;refresher=uac', undefined],
    ['longer than ours: not reduced', ['x: 7200'], '7200', undefined],
    ['too small for us, from who does not know timers', ['Session-Expires: 60;refresher=uas'], '120;refresher=uas', '120'],
    ['below its own minimum', [TIMER, 'Session-Expires: 200', 'Min-SE: 400'], '400', '400'],
  ])('%s', (_what, lines, expires, min) => {
    const request = asks(...lines);
    const headers = new Map(request.headers);
    askInterval(BOUNDS, request, headers);
    expect([headers.get('session-expires')?.[0], headers.get('min-se')?.[0]]).toEqual([expires, min]);
  });

  it('is nothing where the config asks for none', () => {
    const request = asks(TIMER);
    const headers = new Map(request.headers);
    askInterval({ ...BOUNDS, sessionExpiresSeconds: 0 }, request, headers);
    expect(headers.has('session-expires')).toBe(false);
    expect(agreeInterval({ ...BOUNDS, sessionExpiresSeconds: 0 }, request, headers).seconds).toBe(0);
  });
});

describe('what is refused', () => {
  it.each<[string[], number | undefined]>([
    [[TIMER, 'Session-Expires: 119'], 422],
    [[TIMER, 'Session-Expires: 120'], undefined],
    [['Session-Expires: 60'], undefined],
    [['Session-Expires: soon'], 400],
    [['Session-Expires: 99999999999'], 400],
    [[], undefined],
  ])('%j', (lines, status) => {
    const flaw = flawOfInterval(BOUNDS, asks(...lines));
    expect(flaw?.status).toBe(status);
    if (status === 422) expect(flaw?.headers?.get('min-se')).toEqual(['120']);
  });
});

describe('what a 2xx agrees on (RFC 4028 §8.2)', () => {
  it.each<[string, string[], string | undefined, object, string | undefined]>([
    ['the callee’s word', [TIMER], '600;refresher=uas', { seconds: 600, refresher: 'uas' }, undefined],
    ['the callee’s word, whatever its case', [], '600 ; Refresher = UAS', { seconds: 600, refresher: 'uas' }, undefined],
    ['a callee without timers, a caller with', [TIMER], undefined, { seconds: 1800, refresher: 'uac' }, 'timer'],
    ['nobody with timers', [], undefined, { seconds: 0, refresher: 'uac' }, undefined],
    ['what no party may ask', [TIMER], '1;refresher=uac', { seconds: 90, refresher: 'uac' }, undefined],
    ['for ever', [TIMER], '4294967295', { seconds: 86_400, refresher: 'uac' }, undefined],
    ['no number', [TIMER], 'x', { seconds: 0, refresher: 'uac' }, undefined],
  ])('%s', (_what, lines, said, agreed, required) => {
    const headers = new Map<string, readonly string[]>(said === undefined ? [] : [['session-expires', [said]]]);
    expect(agreeInterval(BOUNDS, asks(...lines), headers)).toEqual(agreed);
    expect(headers.get('require')?.[0]).toBe(required);
    if (required !== undefined) expect(headers.get('session-expires')).toEqual(['1800;refresher=uac']);
  });
});
