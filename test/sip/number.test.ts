import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { dialledNumber, MAX_NUMBER_LENGTH, matchesPattern, parsePattern, writtenNumber } from '../../src/sip/number.ts';
import { parseUri, type SipUri } from '../../src/sip/uri.ts';

const dialled = (uri: string): string | undefined => dialledNumber(parseUri(uri) as SipUri);

describe('a dialled number', () => {
  it.each([
    ['sip:100@example.com', '100'],
    ['sip:*21%23@example.com', '*21#'],
    ['sip:*21#@example.com', '*21#'],
    ['sip:%2B49301234@example.com', '+49301234'],
    ['tel:+49-(30)-12.34', '+49301234'],
    ['tel:1234;phone-context=example.com', '1234'],
    ['sip:+49-30-1234@example.com;user=phone', '+49301234'],
    ['sip:+49301234;phone-context=x@example.com', '+49301234'],
    ['sip:12ab@example.com', '12AB'],
  ])('%s is %s', (uri, number) => expect(dialled(uri)).toBe(number));

  it.each([
    'sip:alice@example.com',
    'sip:12-34@example.com',
    'sip:+@example.com',
    'sip:1+2@example.com',
    'sip:example.com',
    `sip:${'1'.repeat(MAX_NUMBER_LENGTH + 1)}@example.com`,
    'sip:12%@example.com',
    'tel:%20',
  ])('%s is none', (uri) => {
    const parsed = parseUri(uri);
    expect(parsed && dialledNumber(parsed)).toBeUndefined();
  });

  it('is written as people write it', () => {
    expect(writtenNumber('+49 (30) 12-34')).toBe('+49301234');
    expect(writtenNumber('alice')).toBeUndefined();
  });
});

describe('a pattern', () => {
  it.each([
    ['_0X.', ['012', '0123', '01*'], ['0', '01', '1', '0*1', '101']],
    ['_NXX', ['200', '999'], ['100', '20', '2000']],
    ['_Z', ['1'], ['0', '*']],
    ['_[13-5]X', ['10', '39', '41', '55'], ['20', '60']],
    ['_00!', ['00', '00491'], ['0']],
    ['_+49X.', ['+4912'], ['4912', '+49', '+491']],
    ['_*21*X.', ['*21*99'], ['*21*9']],
    ['110', ['110'], ['1100', '11']],
    ['+49 30 1234', ['+49301234'], ['49301234']],
  ])('%s', (pattern, yes, no) => {
    const parsed = parsePattern(pattern);
    if (parsed === undefined) throw new Error('it was not understood');
    for (const number of yes) expect(matchesPattern(parsed, number), number).toBe(true);
    for (const number of no) expect(matchesPattern(parsed, number), number).toBe(false);
  });

  it.each(['', '_', '_X.X', '_[', '_[]X', '_[5-1]', '_[1-', '_Q', 'alice', '_1 2', `_${'X'.repeat(MAX_NUMBER_LENGTH + 1)}`])(
    '%s is none',
    (pattern) => expect(parsePattern(pattern)).toBeUndefined(),
  );

  const place = fc.constantFrom('X', 'Z', 'N', '1', '0', '*', '#', '+', '[15]', '[2-4]', 'x');
  /** The same pattern as a regular expression, which is made of trusted text here. */
  const naive = (places: readonly string[], tail: string): RegExp =>
    new RegExp(
      `^${places
        .map((one) => ({ X: '[0-9]', Z: '[1-9]', N: '[2-9]', '*': '\\*', '+': '\\+' })[one.toUpperCase()] ?? one)
        .join('')}${{ '.': '.+', '!': '.*', '': '' }[tail]}$`,
    );

  test.prop([
    fc.array(place, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', '.', '!'),
    fc.string({ unit: fc.constantFrom(...'0123459*#+'), maxLength: 7 }),
  ])('says what the naive regular expression says', (places, tail, number) => {
    const parsed = parsePattern(`_${places.join('')}${tail}`);
    expect(parsed && matchesPattern(parsed, number)).toBe(naive(places, tail).test(number));
  });
});
