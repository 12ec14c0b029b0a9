/** HEPv3, the encapsulation that Homer collects SIP by: one datagram for each message. */

import type { Glance } from './glance.ts';
import { addressBytes } from './ip.ts';
import type { Kinship } from './kinship.ts';
import { masked } from './mask.ts';
import type { Observer } from './wiretap.ts';

/** What stands in every datagram. */
export interface HepSettings {
  readonly captureId: number;
  /** Empty: none is sent. */
  readonly password: string;
}

// Generic chunk types (vendor 0) of the HEP3 network protocol specification, §4.1.
const FAMILY = 1;
const PROTOCOL = 2;
const ADDRESSES = { v4: [3, 4], v6: [5, 6] } as const;
const SOURCE_PORT = 7;
const TARGET_PORT = 8;
const SECONDS = 9;
const MICROSECONDS = 10;
const PAYLOAD_TYPE = 11;
const CAPTURE_ID = 12;
const AUTH_KEY = 14;
const PAYLOAD = 15;
const CORRELATION = 17;
const SIP = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const IP_UDP = 17;
const IP_TCP = 6;
const HEADER_BYTES = 6;
/** Largest payload of a UDP datagram. */
const MAX_DATAGRAM = 65_507;

function chunk(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(HEADER_BYTES + value.length, 4);
  return Buffer.concat([head, value]);
}
const u8 = (type: number, value: number): Buffer => chunk(type, Buffer.from([value]));
function u16(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return chunk(type, bytes);
}
function u32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value % 2 ** 32);
  return chunk(type, bytes);
}
const text = (type: number, value: string): Buffer => chunk(type, Buffer.from(value, 'latin1'));

/** One message as a datagram for the collector; `correlation` is the same for all legs of a call. Too long a message is cut. */
export function hepDatagram(
  { isIncoming, flow, atMs, text: message }: Glance,
  correlation: string,
  settings: HepSettings,
): Buffer {
  const [from, to] = isIncoming ? [flow.remote, flow.local] : [flow.local, flow.remote];
  const v6 = from.host.includes(':') || to.host.includes(':');
  const [source, target] = v6 ? ADDRESSES.v6 : ADDRESSES.v4;
  const seconds = Math.floor(atMs / 1000);
  const chunks = [
    u8(FAMILY, v6 ? AF_INET6 : AF_INET),
    u8(PROTOCOL, flow.transport === 'udp' ? IP_UDP : IP_TCP),
    chunk(source, addressBytes(from.host, v6)),
    chunk(target, addressBytes(to.host, v6)),
    u16(SOURCE_PORT, from.port),
    u16(TARGET_PORT, to.port),
    u32(SECONDS, seconds),
    u32(MICROSECONDS, Math.floor((atMs - seconds * 1000) * 1000)),
    u8(PAYLOAD_TYPE, SIP),
    u32(CAPTURE_ID, settings.captureId),
    ...(settings.password === '' ? [] : [text(AUTH_KEY, settings.password)]),
    ...(correlation === '' ? [] : [text(CORRELATION, correlation)]),
  ];
  const used = HEADER_BYTES + chunks.reduce((sum, { length }) => sum + length, 0) + HEADER_BYTES;
  const payload = chunk(PAYLOAD, Buffer.from(masked(message), 'latin1').subarray(0, MAX_DATAGRAM - used));
  const header = Buffer.from('HEP3\0\0', 'latin1');
  header.writeUInt16BE(used - HEADER_BYTES + payload.length, 4);
  return Buffer.concat([header, ...chunks, payload]);
}

/** Sends every message to a collector. */
export class HepFeed implements Observer {
  readonly #settings: HepSettings;
  readonly #kinship: Kinship;
  readonly #send: (datagram: Buffer) => void;

  constructor(settings: HepSettings, kinship: Kinship, send: (datagram: Buffer) => void) {
    this.#settings = settings;
    this.#kinship = kinship;
    this.#send = send;
  }

  see(message: Glance): void {
    this.#send(hepDatagram(message, this.#kinship.callerOf(message.callId), this.#settings));
  }
}
