import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { reasonOf } from '../../../errors.ts';

/** One POST. */
export interface HttpPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back: a status, or why nothing did. */
export type HttpReply =
  | {
      readonly status: number /** Retry-After in seconds, where it is a number. */;
      readonly retryAfterSeconds: number | undefined;
    }
  | { readonly failed: string };

/** The network as the HTTP sender sees it; tests put a double here. */
export interface HttpClient {
  /**
   * Posts once; `done` is called once, later, when the answer has been read or cannot be had. The returned function
   * ends the try at once: with the status if that much has come.
   */
  post(post: HttpPost, done: (reply: HttpReply) => void): () => void;
  close(): void;
}

/** More of an answer than this is not waited for. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;

/** `node:http` and `node:https` on kept-alive connections; certificates are checked, redirects are not followed. */
export function nodeHttpClient(url: string, maxConnections: number): HttpClient {
  const target = urlToHttpOptions(new URL(url));
  const secure = target.protocol === 'https:';
  const keep = { keepAlive: true, maxSockets: maxConnections, maxFreeSockets: 16, scheduling: 'lifo' } as const;
  const agent = secure ? new TlsAgent({ ...keep, rejectUnauthorized: true }) : new Agent(keep);
  const options: RequestOptions = { ...target, method: 'POST', agent, maxHeaderSize: MAX_HEADER_BYTES };
  const request = secure ? httpsRequest : httpRequest;
  const open: Open = (headers) => request({ ...options, headers });
  return {
    post: (post, done) => postOnce(open, post, done),
    close: () => agent.destroy(),
  };
}

type Open = (headers: HttpPost['headers']) => ClientRequest;

function postOnce(open: Open, { headers, body }: HttpPost, done: (reply: HttpReply) => void): () => void {
  let over = false;
  let reply: HttpReply | undefined;
  const request = open({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
  const end = (failed: string): void => {
    if (over) return;
    over = true;
    // The rest of an answer decides nothing: what counts is the status, if it came.
    done(reply ?? { failed });
  };
  const stop = (why: string): void => {
    end(why);
    request.destroy();
  };
  request.on('error', (error) => end(reasonOf(error)));
  request.on('close', () => end('connection closed'));
  request.on('response', (response) => {
    reply = { status: response.statusCode ?? 0, retryAfterSeconds: retryAfter(response) };
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) stop('answer too long');
    });
    response.on('end', () => end(''));
    response.on('error', () => end(''));
  });
  request.end(body);
  return () => stop('timeout');
}

/** Departs from RFC 9110 §10.2.3: a date is not read, since it would need the two clocks to agree. */
function retryAfter(response: IncomingMessage): number | undefined {
  const text = response.headers['retry-after'] ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
