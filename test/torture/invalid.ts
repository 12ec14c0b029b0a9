/** RFC 4475 §3.1.2: invalid messages. */
import { expect } from 'vitest';
import { headerOf, linesOf } from '../../src/testing/phone-message.ts';
import { FINE, type Torture } from './torture.ts';
import { OPEN } from './valid.ts';

export const INVALID: readonly Torture[] = [
  {
    name: 'badinv01',
    section: '§3.1.2.1',
    title: 'extraneous header field separators',
    from: { host: '192.0.2.15', port: 5060 },
    reads: { defect: 'bad-via' },
    outcome: {
      status: 400,
      reason: 'Malformed Via Header',
      as: (answer) => expect(linesOf(answer, 'via')).toEqual(['SIP/2.0/UDP 192.0.2.15;;,;,,']),
    },
  },
  {
    name: 'clerr',
    section: '§3.1.2.2',
    title: 'Content-Length larger than the message',
    reads: { defect: 'content-length' },
    framing: 'waits',
    outcome: { status: 400, reason: 'Content-Length Does Not Match Body' },
  },
  {
    name: 'ncl',
    section: '§3.1.2.3',
    title: 'negative Content-Length',
    reads: { defect: 'bad-content-length' },
    framing: 'closes',
    outcome: { status: 400, reason: 'Malformed Content-Length Header' },
  },
  {
    name: 'scalar02',
    section: '§3.1.2.4',
    title: 'request scalar fields with overlarge values',
    transport: 'tcp',
    reads: { defect: 'bad-cseq' },
    outcome: {
      status: 400,
      reason: 'Malformed CSeq Header',
      as: (answer) => expect(headerOf(answer, 'cseq')).toBe('36893488147419103232 REGISTER'),
    },
  },
  {
    name: 'scalarlg',
    section: '§3.1.2.5',
    title: 'response scalar fields with overlarge values',
    transport: 'tcp',
    reads: { defect: 'bad-cseq' },
    outcome: { dropped: 'bad-cseq' },
  },
  {
    name: 'quotbal',
    section: '§3.1.2.6',
    title: 'unterminated quoted string in a display name',
    from: { host: '192.0.2.59', port: 5050 },
    reads: { defect: 'bad-to' },
    outcome: {
      status: 400,
      reason: 'Malformed To Header',
      as: (answer) => expect(headerOf(answer, 'call-id')).toBe('quotbal.aksdj'),
    },
  },
  {
    name: 'ltgtruri',
    section: '§3.1.2.7',
    title: '<> enclosing the Request-URI',
    reads: { defect: 'bad-request-uri' },
    outcome: { status: 400, reason: 'Malformed Request-URI' },
  },
  {
    name: 'lwsruri',
    section: '§3.1.2.8',
    title: 'malformed Request-URI (embedded LWS)',
    reads: { defect: 'bad-request-line' },
    outcome: { status: 400, reason: 'Malformed Request Line' },
  },
  {
    name: 'lwsstart',
    section: '§3.1.2.9',
    title: 'multiple SP separating elements of the request line',
    reads: { defect: 'bad-request-line' },
    outcome: { status: 400, reason: 'Malformed Request Line' },
  },
  {
    name: 'trws',
    section: '§3.1.2.10',
    title: 'SP characters at the end of the request line',
    transport: 'tcp',
    reads: { defect: 'bad-request-line' },
    outcome: { status: 400, reason: 'Malformed Request Line' },
  },
  {
    name: 'escruri',
    section: '§3.1.2.11',
    title: 'escaped headers in a Request-URI',
    users: ['user'],
    reads: FINE,
    // They are left out, and become no header.
    outcome: {
      reaches: 'user',
      as: (seen) => {
        expect(seen.uri).not.toContain('?');
        expect(linesOf(seen, 'route')).toEqual([]);
      },
    },
  },
  {
    name: 'baddate',
    section: '§3.1.2.12',
    title: 'invalid time zone in Date',
    users: ['user'],
    reads: FINE,
    outcome: { reaches: 'user', as: (seen) => expect(headerOf(seen, 'date')).toBe('Fri, 01 Jan 2010 16:00:00 EST') },
  },
  {
    name: 'regbadct',
    section: '§3.1.2.13',
    title: 'a URI with headers outside <>',
    ...OPEN,
    reads: { defect: 'bad-contact' },
    outcome: { status: 400, reason: 'Malformed Contact Header' },
  },
  {
    name: 'badaspec',
    section: '§3.1.2.14',
    title: 'spaces within addr-spec',
    reads: { defect: 'bad-to' },
    outcome: { status: 400, reason: 'Malformed To Header' },
  },
  {
    name: 'baddn',
    section: '§3.1.2.15',
    title: 'non-token characters in a display name',
    reads: (message) => expect(message.from).toMatchObject({ name: '"Bell, Alexander"', params: { tag: '43' } }),
    outcome: {
      status: 200,
      reason: 'OK',
      // The error is not passed on.
      as: (answer) => expect(headerOf(answer, 'from')).toBe('"Bell, Alexander" <sip:a.g.bell@example.com>;tag=43'),
    },
  },
  {
    name: 'badvers',
    section: '§3.1.2.16',
    title: 'unknown protocol version',
    reads: { defect: 'version' },
    outcome: { status: 505, reason: 'Version Not Supported' },
  },
  {
    name: 'mismatch01',
    section: '§3.1.2.17',
    title: 'start line and CSeq method mismatch',
    reads: { defect: 'cseq-method' },
    outcome: { status: 400, reason: 'CSeq Method Does Not Match Request Method' },
  },
  {
    name: 'mismatch02',
    section: '§3.1.2.18',
    title: 'unknown method with CSeq method mismatch',
    reads: { defect: 'cseq-method' },
    // Accepted by the RFC beside 501: which methods are known is no matter of the codec.
    outcome: { status: 400, reason: 'CSeq Method Does Not Match Request Method' },
  },
  {
    name: 'bigcode',
    section: '§3.1.2.19',
    title: 'overlarge response code',
    reads: { defect: 'bad-status-line' },
    outcome: { dropped: 'bad-status-line' },
  },
];
