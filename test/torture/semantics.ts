/** RFC 4475 §3.2, §3.3 and §3.4: transaction layer, application layer, backward compatibility. */
import { expect } from 'vitest';
import { headerOf, linesOf, uriOf } from '../../src/testing/phone-message.ts';
import { FINE, type Torture } from './torture.ts';
import { OPEN } from './valid.ts';

const UNSUPPORTED_SCHEME = { status: 416, reason: 'Unsupported URI Scheme' } as const;

export const SEMANTICS: readonly Torture[] = [
  {
    name: 'badbranch',
    section: '§3.2.1',
    title: 'missing transaction identifier',
    from: { host: '192.0.2.1', port: 5060 },
    reads: (message) => expect(message.via[0]?.params.branch).toBe('z9hG4bK'),
    // Known again by the rule of RFC 2543.
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: 'insuf',
    section: '§3.3.1',
    title: 'missing required header fields',
    from: { host: '192.0.2.95', port: 5060 },
    reads: { defect: 'no-from' },
    outcome: {
      status: 400,
      reason: 'Missing From Header',
      as: (answer) => expect(headerOf(answer, 'cseq')).toBe('193942 INVITE'),
    },
  },
  {
    name: 'unkscm',
    section: '§3.3.2',
    title: 'Request-URI with an unknown scheme',
    transport: 'tcp',
    reads: FINE,
    outcome: UNSUPPORTED_SCHEME,
  },
  {
    name: 'novelsc',
    section: '§3.3.3',
    title: 'Request-URI with a known but atypical scheme',
    transport: 'tcp',
    reads: FINE,
    outcome: UNSUPPORTED_SCHEME,
  },
  {
    name: 'unksm2',
    section: '§3.3.4',
    title: 'unknown URI schemes in header fields',
    from: { host: '192.0.2.21', port: 5060 },
    reads: (message) => expect([message.to.uri, message.from.uri]).toEqual(['isbn:2983792873', 'http://www.example.com']),
    outcome: { status: 400, reason: 'To Is Not A SIP URI' },
  },
  {
    name: 'bext01',
    section: '§3.3.5',
    title: 'Proxy-Require and Require',
    transport: 'tls',
    reads: FINE,
    // As a user agent does; Proxy-Require is not for us (RFC 3261 §20.29).
    outcome: {
      status: 420,
      reason: 'Bad Extension',
      as: (answer) => expect(linesOf(answer, 'unsupported')).toEqual(['nothingSupportsThis, nothingSupportsThisEither']),
    },
  },
  {
    name: 'invut',
    section: '§3.3.6',
    title: 'unknown Content-Type',
    users: ['user'],
    reads: FINE,
    // Passed as a proxy would: whether it is understood is the phone's matter.
    outcome: {
      reaches: 'user',
      as: (seen) => {
        expect(headerOf(seen, 'content-type')).toBe('application/unknownformat');
        expect(seen.body).toBe('<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n');
      },
    },
  },
  {
    name: 'regaut01',
    section: '§3.3.7',
    title: 'unknown authorization scheme',
    transport: 'tcp',
    users: ['j.user'],
    reads: (message) => expect(message.headers.get('authorization')).toEqual(['NoOneKnowsThisScheme opaque-data=here']),
    outcome: {
      status: 401,
      reason: 'Unauthorized',
      as: (answer) => expect(headerOf(answer, 'www-authenticate')).toMatch(/^Digest /),
    },
  },
  {
    name: 'multi01',
    section: '§3.3.8',
    title: 'multiple values in single value required fields',
    from: { host: '192.0.2.25', port: 5060 },
    reads: { defect: 'repeated-cseq' },
    outcome: { status: 400, reason: 'Repeated CSeq Header' },
  },
  {
    name: 'mcl01',
    section: '§3.3.9',
    title: 'multiple Content-Length values',
    reads: { defect: 'repeated-content-length' },
    framing: 'closes',
    outcome: { status: 400, reason: 'Repeated Content-Length Header' },
  },
  {
    name: 'bcast',
    section: '§3.3.10',
    title: 'a 200 with a broadcast Via',
    reads: (message) => expect(message.via[1]?.host).toBe('255.255.255.255'),
    outcome: { dropped: 'response-with-many-vias' },
  },
  {
    name: 'zeromf',
    section: '§3.3.11',
    title: 'Max-Forwards of zero',
    reads: FINE,
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: 'cparam01',
    section: '§3.3.12',
    title: 'REGISTER with a Contact header parameter',
    ...OPEN,
    reads: (message) =>
      expect(message.contact).toMatchObject([{ uri: 'sip:+19725552222@gw1.example.net', params: { unknownparam: null } }]),
    outcome: {
      status: 200,
      reason: 'OK',
      as: (answer) => expect(uriOf(headerOf(answer, 'contact'))).toBe('sip:+19725552222@gw1.example.net'),
    },
  },
  {
    name: 'cparam02',
    section: '§3.3.13',
    title: 'REGISTER with a URI parameter',
    ...OPEN,
    reads: (message) =>
      expect(message.contact).toMatchObject([{ uri: 'sip:+19725552222@gw1.example.net;unknownparam', params: {} }]),
    outcome: {
      status: 200,
      reason: 'OK',
      as: (answer) => expect(uriOf(headerOf(answer, 'contact'))).toBe('sip:+19725552222@gw1.example.net;unknownparam'),
    },
  },
  {
    name: 'regescrt',
    section: '§3.3.14',
    title: 'REGISTER with a URI that has an escaped header',
    ...OPEN,
    reads: FINE,
    // Departs from RFC 4475 §3.3.14: its Contact is the very address that it registers, and would be called in a circle
    // (RFC 5393). With another host it is taken: see torture.test.ts.
    outcome: { status: 403, reason: 'Contact Points At This Server' },
  },
  {
    name: 'sdp01',
    section: '§3.3.15',
    title: 'unacceptable Accept offering',
    users: ['user'],
    from: { host: '192.0.2.15', port: 5060 },
    reads: FINE,
    // What is accepted in the answer is between the parties.
    outcome: { reaches: 'user', as: (seen) => expect(headerOf(seen, 'accept')).toBe('text/nobodyKnowsThis') },
  },
  {
    name: 'inv2543',
    section: '§3.4.1',
    title: 'INVITE with RFC 2543 syntax',
    users: ['UserB'],
    reads: (message) => {
      expect(message.from.params.tag).toBeUndefined();
      expect(message.via[0]?.params.branch).toBeUndefined();
      expect(message.body).toMatch(/^v=0[\s\S]*RTP\/AVP 0\r\n$/);
    },
    // Departs from RFC 4475 §3.4.1: RFC 3261 §8.1.1.8 has every INVITE carry a Contact, and without one there is no
    // remote target for what follows.
    outcome: { status: 400, reason: 'An INVITE Has One Contact' },
  },
];
