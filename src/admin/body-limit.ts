/** How large a body may be. hono's own limit makes the request anew, which the adapter's requests, when they are no copies, cannot take. */
import type { MiddlewareHandler } from 'hono';
import { refusal } from './problem.ts';

/** Refuses larger bodies: by what the request says, or on the way where it comes in pieces. Only POST has one that is read. */
export const bodyLimit =
  (maxBytes: number): MiddlewareHandler =>
  async (c, next) => {
    if (c.req.method !== 'POST') return next();
    const tooLarge = (): Response => refusal(413, `A body may have ${maxBytes} bytes.`);
    const said = c.req.header('content-length');
    if (said !== undefined && c.req.header('transfer-encoding') === undefined)
      return Number(said) > maxBytes ? tooLarge() : next();
    const read = await readUpTo(maxBytes, c.req.raw.body);
    if (read === undefined) return tooLarge();
    // Its type says what comes of the promise that it holds.
    Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(read) });
    return next();
  };

async function readUpTo(maxBytes: number, body: ReadableStream<Uint8Array> | null): Promise<ArrayBuffer | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > maxBytes) return undefined;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces)).buffer;
}
