/** An address the engine minted: `call:7`, `leg:7/1`, `port:sip`. Never taken from the wire. */
export type Address = string;

/** Canonical address of record, `sip:user@host`, lower-case host, no parameters. */
export type Aor = string;

/** Key of one device within an address of record: +sip.instance and reg-id, else a digest of pn-prid, else the Contact. */
export type DeviceKey = string;

export const PORT_SIP = 'port:sip';
export const PORT_PUSH = 'port:push';
export const PORT_HTTP = 'port:http';
export const PORT_MEDIA = 'port:media';

/** The leg of a call towards the caller; forks count from 1. */
export const CALLER_LEG = 0;

/** Address of a call's n-th leg: legs are named after their call, so that ladders read well. */
export const legAddress = (call: Address, n: number): Address => `leg:${call.slice(call.indexOf(':') + 1)}/${n}`;

/** The stream that a leg's party sends: named after its leg. */
export const streamAddress = (leg: Address): Address => leg.replace(/^leg:/, 'stream:');
