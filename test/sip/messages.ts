import { decode } from '../../src/sip/codec.ts';
import type { Defect, SipMessage, SipRequest, SipResponse } from '../../src/sip/message.ts';

/** Lines as a message on the wire: CRLF between them, and an empty line behind the head. */
export function wire(lines: readonly string[], body = ''): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

export const INVITE: readonly string[] = [
  'INVITE sip:bob@biloxi.example.com SIP/2.0',
  'Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74b43;rport',
  'Max-Forwards: 70',
  'From: "Alice" <sip:alice@atlanta.example.com>;tag=9fxced76sl',
  'To: Bob <sip:bob@biloxi.example.com>',
  'Call-ID: 3848276298220188511@atlanta.example.com',
  'CSeq: 2 INVITE',
  'Contact: <sip:alice@client.atlanta.example.com;transport=udp>',
  'Content-Length: 0',
];

export const OK: readonly string[] = [
  'SIP/2.0 200 OK',
  'Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74b43',
  'From: "Alice" <sip:alice@atlanta.example.com>;tag=9fxced76sl',
  'To: Bob <sip:bob@biloxi.example.com>;tag=8321234356',
  'Call-ID: 3848276298220188511@atlanta.example.com',
  'CSeq: 2 INVITE',
  'Contact: <sip:bob@192.0.2.4>',
  'Content-Length: 0',
];

/** The lines with those that start with `name:` replaced by others (by none: removed). */
export function replacing(lines: readonly string[], name: string, ...others: readonly string[]): string[] {
  const at = lines.findIndex((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  if (at === -1) throw new Error(`no ${name} there`);
  return [...lines.slice(0, at), ...others, ...lines.slice(at + 1)];
}

/** The message these bytes are; throws if they are a defect. */
export function message(bytes: Buffer, how?: { stream?: boolean }): SipMessage {
  const decoded = decode(bytes, how);
  if (decoded.kind === 'defect') throw new Error(`${decoded.name}: ${decoded.reason}`);
  return decoded;
}
export function request(bytes: Buffer): SipRequest {
  const decoded = message(bytes);
  if (decoded.kind !== 'request') throw new Error('a response');
  return decoded;
}
export function response(bytes: Buffer): SipResponse {
  const decoded = message(bytes);
  if (decoded.kind !== 'response') throw new Error('a request');
  return decoded;
}
/** The defect these bytes are; throws if they are a message. */
export function defect(bytes: Buffer, how?: { stream?: boolean }): Defect {
  const decoded = decode(bytes, how);
  if (decoded.kind !== 'defect') throw new Error('no defect');
  return decoded;
}
