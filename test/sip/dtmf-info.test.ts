import { describe, expect, it } from 'vitest';
import { dtmfInfo, isDtmfInfo, readDtmfInfo } from '../../src/sip/dtmf-info.ts';

const RELAY = 'application/dtmf-relay';

describe('a key in an INFO', () => {
  it.each([
    [RELAY, 'Signal=5\r\nDuration=160\r\n', '5', 160],
    ['Application/DTMF-Relay; charset=utf-8', 'Signal=5\nDuration=160', '5', 160],
    [RELAY, 'Signal= *\r\nDuration= 250', '*', 250],
    [RELAY, 'signal = #\r\nduration = 1000\r\n', '#', 1000],
    [RELAY, 'Signal=#', '#', 250],
    [RELAY, 'Signal=10\r\nDuration=100', '*', 100],
    [RELAY, 'Signal=11', '#', 250],
    [RELAY, 'Signal=d', 'D', 250],
    [RELAY, 'Duration=80\r\nSignal=0', '0', 80],
    [RELAY, 'Signal=1\r\nDuration=999999', '1', 10_000],
    [RELAY, 'Signal=1\r\nDuration=0', '1', 40],
    [RELAY, 'Signal=1\r\nDuration=long', '1', 250],
    ['application/dtmf', '7', '7', 250],
    ['application/dtmf', '11\r\n', '#', 250],
    ['application/dtmf', 'Signal=7\r\nDuration=90', '7', 90],
  ])('of %s %j is %s for %d ms', (type, body, digit, durationMs) => {
    expect(readDtmfInfo(type, body)).toEqual({ digit, durationMs });
  });

  it.each([
    [RELAY, ''],
    [RELAY, '5'],
    [RELAY, 'Signal=hf'],
    [RELAY, 'Signal=16'],
    [RELAY, 'Signal=!'],
    [RELAY, 'Signal=55'],
    [RELAY, 'Signal=123'],
    [RELAY, `Signal=5\r\n${'x'.repeat(300)}`],
    ['application/dtmf', '16'],
    ['application/dtmf', ''],
    ['application/sdp', 'Signal=5'],
    ['', 'Signal=5'],
  ])('is none in %s %j', (type, body) => expect(readDtmfInfo(type, body)).toBeUndefined());

  it('is known by its type alone', () => {
    expect([RELAY, 'APPLICATION/dtmf ; q=1', 'application/dtmfx', 'text/plain', ''].map(isDtmfInfo)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('is written as it is read', () => {
    for (const digit of '0123456789*#ABCD') {
      const { type, body } = dtmfInfo({ digit, durationMs: 120.4 });
      expect(readDtmfInfo(type, body)).toEqual({ digit, durationMs: 120 });
    }
  });
});
