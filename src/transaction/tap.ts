import type { Flow } from '../transport/transport.ts';

/** Sees each message as it enters and leaves, bytes as they are on the wire; it must not throw and changes nothing. */
export interface Tap {
  received(bytes: Buffer, flow: Flow): void;
  sent(message: string, flow: Flow): void;
}
