import { describe, expect, it } from 'vitest';
import { bareAddress, clockLength, count, counted, length, titled } from '../../src/page/format.ts';
import { hrefOf, hrefs, parseRoute, titleOf } from '../../src/page/routes.ts';

describe('numbers and lengths as people read them', () => {
  it.each([
    [0, '0 ms'],
    [412.4, '412 ms'],
    [-5, '0 ms'],
    [3_080, '3.1 s'],
    [9_960, '10 s'],
    [119_000, '119 s'],
    [720_000, '12 min'],
    [11_100_000, '3 h 5 min'],
    [10_799_999, '3 h'],
    [400_000_000, '4 days'],
  ])('length %d', (ms, words) => expect(length(ms)).toBe(words));

  it.each([
    [0, '0:00'],
    [7_900, '0:07'],
    [723_000, '12:03'],
    [3_723_000, '1:02:03'],
    [-1, '0:00'],
  ])('a call of %d', (ms, words) => expect(clockLength(ms)).toBe(words));

  it('counts, and names', () => {
    expect([count(12_345), counted(1, 'call'), counted(2, 'call')]).toEqual(['12,345', '1 call', '2 calls']);
    expect([titled('push-notification'), titled('ivrMenu')]).toEqual(['Push notification', 'IVR menu']);
    expect([bareAddress('sip:bob@example.com'), bareAddress('bob')]).toEqual(['bob@example.com', 'bob']);
  });
});

describe('addresses of pages', () => {
  it('lead back to what they were made of, whatever it holds', () => {
    for (const parts of [[], ['calls', 'call:7'], ['users', 'sip:a/b?c#d%@example.com'], ['users', 'ü &=+']]) {
      for (const query of [{}, { search: 'a b&c=d#e?f', page: '2' }] as Readonly<Record<string, string>>[]) {
        expect(parseRoute(hrefOf(parts, query))).toEqual({ parts, query });
      }
    }
  });

  it('leave out what is not wished, and are legible', () => {
    expect(hrefOf(['users'], { search: '', page: '1' })).toBe('#/users?page=1');
    expect([hrefs.now, hrefs.call('call:7'), hrefs.user('sip:bob@example.com')]).toEqual([
      '#/',
      '#/calls/call:7',
      '#/users/sip:bob@example.com',
    ]);
  });

  it('have titles that tell windows apart', () => {
    const titles = ['', '#/calls', '#/users', '#/users/sip:bob@example.com', '#/calls/call:7'].map((hash) =>
      titleOf(parseRoute(hash)),
    );
    expect(titles.map((title) => title.replace(' · callweave', ''))).toEqual([
      'Now',
      'Now',
      'Registrations',
      'bob@example.com',
      'call:7',
    ]);
  });

  it('take what no escape is as it stands', () =>
    expect(parseRoute('#/users/100%')).toEqual({ parts: ['users', '100%'], query: {} }));
});
