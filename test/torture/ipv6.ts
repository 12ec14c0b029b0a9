/** RFC 5118 §4. Of §4.6, §4.8 and §4.9 the Content-Length is that of the body: the RFC says 268, 181 and 236. */
import { expect } from 'vitest';
import { linesOf } from '../../src/testing/phone-message.ts';
import { messageOf } from './markup.ts';
import { FINE, type Torture } from './torture.ts';

const SENDER = { host: '2001:db8::9:1', port: 5060 };
/** Everybody is a user, and nobody is asked who he is. */
const OPEN = {
  config: { auth: 'none' as const, domains: ['example.com', '2001:db8::10'], nat: { pingMs: 0 } },
  users: [],
};
const OURS = { config: { domains: ['example.net', '2001:db8::10'] }, users: ['user'] };
const bodyOf = (name: string): string => messageOf(`rfc5118/${name}`).split('\r\n\r\n').slice(1).join('\r\n\r\n');

export const IPV6: readonly Torture[] = [
  {
    name: '4.1',
    section: '§4.1',
    title: 'a valid message with an IPv6 reference',
    from: SENDER,
    ...OPEN,
    reads: (message) => expect(message.via[0]).toMatchObject({ host: '2001:db8::9:1', port: undefined }),
    outcome: {
      status: 200,
      reason: 'OK',
      as: (answer) => expect(linesOf(answer, 'contact')[0]).toMatch(/^<sip:caller@\[2001:db8::1\]>;expires=/),
    },
  },
  {
    name: '4.2',
    section: '§4.2',
    title: 'an IPv6 address without brackets in the Request-URI',
    from: SENDER,
    ...OPEN,
    reads: { defect: 'bad-request-uri' },
    outcome: { status: 400, reason: 'Malformed Request-URI' },
  },
  {
    name: '4.3',
    section: '§4.3',
    title: 'a port inside the brackets is part of the address',
    from: SENDER,
    ...OPEN,
    reads: FINE,
    outcome: { status: 404, reason: 'Not A Domain Of Ours' },
  },
  {
    name: '4.4',
    section: '§4.4',
    title: 'a port behind the brackets',
    from: SENDER,
    ...OPEN,
    reads: FINE,
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: '4.5.1',
    section: '§4.5',
    title: 'brackets in the received parameter of a Via',
    from: SENDER,
    ...OPEN,
    reads: (message) => expect(message.via[0]?.params.received).toBe('[2001:db8::9:255]'),
    // What a sender claims of itself is not repeated.
    outcome: {
      status: 481,
      reason: 'Call/Transaction Does Not Exist',
      as: (answer) => expect(linesOf(answer, 'via')).toEqual(['SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111']),
    },
  },
  {
    name: '4.5.2',
    section: '§4.5',
    title: 'no brackets in the received parameter of a Via',
    from: SENDER,
    ...OPEN,
    reads: (message) => expect(message.via[0]?.params.received).toBe('2001:db8::9:255'),
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: '4.6',
    section: '§4.6',
    title: 'IPv6 addresses in SDP',
    from: { host: '2001:db8::20', port: 5060 },
    ...OURS,
    reads: FINE,
    outcome: { reaches: 'user', as: (seen) => expect(seen.body).toBe(bodyOf('4.6')) },
  },
  {
    name: '4.7',
    section: '§4.7',
    title: 'IPv4 and IPv6 addresses in one list of Vias',
    from: { host: '2001:db8::9:1', port: 6050 },
    reads: (message) =>
      expect(message.via.map(({ host, port }) => [host, port])).toEqual([
        ['2001:db8::9:1', 6050],
        ['192.0.2.1', undefined],
        ['2001:db8::9:255', undefined],
      ]),
    outcome: {
      status: 481,
      reason: 'Call/Transaction Does Not Exist',
      as: (answer) => expect(linesOf(answer, 'via')).toHaveLength(3),
    },
  },
  {
    name: '4.8',
    section: '§4.8',
    title: 'IPv4 and IPv6 addresses in one SDP',
    from: SENDER,
    ...OURS,
    reads: FINE,
    outcome: { reaches: 'user', as: (seen) => expect(seen.body).toBe(bodyOf('4.8')) },
  },
  {
    name: '4.9',
    section: '§4.9',
    title: 'IPv4-mapped IPv6 addresses',
    from: { host: '192.0.2.10', port: 19823 },
    users: ['user'],
    reads: (message) =>
      expect(message.via.map(({ host, port }) => [host, port])).toEqual([
        ['::ffff:192.0.2.10', 19823],
        ['::ffff:192.0.2.2', undefined],
      ]),
    outcome: { reaches: 'user', as: (seen) => expect(seen.body).toBe(bodyOf('4.9')) },
  },
  {
    name: '4.10.1',
    section: '§4.10',
    title: 'a colon too many, as the grammar of RFC 3261 has it',
    reads: FINE,
    outcome: { status: 200, reason: 'OK' },
  },
  {
    name: '4.10.2',
    section: '§4.10',
    title: 'the same without it',
    reads: FINE,
    outcome: { status: 200, reason: 'OK' },
  },
];
