import { describe, expect, it } from 'vitest';
import { identitiesOf, speaksFor } from '../../src/transport/server-identity.ts';

describe('whom a certificate speaks for (RFC 5922 §7)', () => {
  it.each([
    ['DNS:example.com, DNS:sip.example.com', ['example.com', 'sip.example.com']],
    // §7.1: with a SIP URI the DNS names do not count.
    ['DNS:host.example.com, URI:sip:Example.com', ['example.com']],
    ['URI:sip:bob@example.com, DNS:example.com', ['example.com']],
    ['URI:sips:example.com, URI:http://x.test/, DNS:a.test', ['a.test']],
    ['IP Address:192.0.2.1, DNS:a.test', ['a.test', '192.0.2.1']],
    ['DNS:"evil, DNS:bank.test", DNS:a.test', ['a.test']],
    ['DNS:"quo\\"ted, URI:sip:bank.test", DNS:a.test', ['a.test']],
    ['othername:<unsupported>, DNS:a.test', ['a.test']],
  ])('%s', (subjectaltname, names) => expect(identitiesOf({ subjectaltname, subject: { CN: 'cn.test' } })).toEqual(names));

  it('is the common name only where there is no other', () => {
    expect(identitiesOf({ subject: { CN: 'Example.com' } })).toEqual(['example.com']);
    expect(identitiesOf({ subject: { CN: ['a.test', 'b.test'] } })).toEqual(['a.test', 'b.test']);
    expect(identitiesOf({})).toEqual([]);
  });

  it('is compared without case and final dot, and never by wildcard (§7.2)', () => {
    expect(speaksFor({ subjectaltname: 'DNS:example.com' }, 'EXAMPLE.com.')).toBe(true);
    expect(speaksFor({ subjectaltname: 'DNS:*.example.com' }, 'sip.example.com')).toBe(false);
    expect(speaksFor({ subjectaltname: 'DNS:example.com' }, 'sip.example.com')).toBe(false);
  });

  it('takes no time over names made to take it', () => {
    expect(identitiesOf({ subjectaltname: `DNS:"${'\\"'.repeat(30_000)}` })).toEqual([]);
    expect(identitiesOf({ subjectaltname: 'DNS:a, '.repeat(20_000) })).toEqual([]);
  });
});
