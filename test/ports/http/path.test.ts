import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { below } from '../../../src/ports/http/path.ts';

const BASE = new URL('https://crm.example.com/api/v2/');
const at = (path: string, query: Record<string, string> = {}, base = BASE) => below(base, path, query);

describe('the path of a request', () => {
  it.each([
    ['', '/api/v2/'],
    ['calls', '/api/v2/calls'],
    ['/calls/', '/api/v2/calls/'],
    ['calls/%2B49301234/notes', '/api/v2/calls/%2B49301234/notes'],
    ['a:b@c;d=1', '/api/v2/a:b@c;d=1'],
    ['...', '/api/v2/...'],
  ])('%s is below the URL', (path, asSent) => expect(at(path)).toBe(asSent));

  it.each([
    '..',
    '../admin',
    'calls/../../admin',
    './calls',
    '%2e%2e/admin',
    '%2E./admin',
    '..%2fadmin',
    'calls/..%5cadmin',
    '..;/admin',
    '..;x=1/admin',
    '%252e%252e/admin',
    '//evil.example/x',
    'calls//x',
    'calls/%00',
    'calls%0d%0aHost:%20evil',
    'calls?x=1',
    'calls#x',
    'calls x',
    'calls\r\nHost: evil',
    '\\\\evil.example',
    'http://evil.example/',
    'https:evil',
    '%zz',
    '%ff',
    'käse',
    'a'.repeat(3000),
  ])('%j is refused or stays below', (path) => {
    const sent = at(path);
    if (path === 'https:evil') expect(sent).toBe('/api/v2/https:evil');
    else expect(sent).toBeUndefined();
  });

  it('adds what callers say to the query, encoded, behind what the URL has', () => {
    const base = new URL('https://x/hook?key=secret');
    expect(at('', {}, base)).toBe('/hook?key=secret');
    expect(at('', { from: 'sip:a&admin=1#@x', name: 'Zoë ?' }, base)).toBe(
      '/hook?key=secret&from=sip%3Aa%26admin%3D1%23%40x&name=Zo%C3%AB+%3F',
    );
    expect(at('sub', { a: '1' }, base)).toBe('/hook/sub?key=secret&a=1');
    expect(at('', { a: 'x'.repeat(3000) })).toBeUndefined();
    expect(at('', Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, '']))), 'too many').toBeUndefined();
  });

  it('never leaves the URL, whatever it is made of', () => {
    const part = fc.constantFrom(
      '.',
      '..',
      '/',
      '%2e',
      '%2F',
      '%5C',
      '%25',
      ';',
      'a',
      '\\',
      '?',
      '#',
      '@',
      ':',
      '\n',
      '%c0%ae',
      'é',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const sent = at(parts.join(''));
        if (sent === undefined) return;
        // A server that decodes once more and resolves dots comes out below, too.
        for (const seen of [sent, decodeURIComponent(sent)])
          expect(new URL(seen.replaceAll('\\', '/'), BASE).href.startsWith(BASE.href), sent).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
