/** The network as whoever speaks HTTP sees it, and the real one on kept-alive connections. */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { reasonOf } from '../errors.ts';

/** One request. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query; without it those of the client's URL. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why the rest of an answer was not read: it was too long, time was up, or the connection broke. */
export type HttpCut = '' | 'tooLarge' | 'timeout' | 'broken';

/** What came back: an answer, maybe cut short, or why nothing did. */
export type HttpReply =
  | {
      readonly status: number;
      /** Retry-After in seconds, where it is a number. */
      readonly retryAfterSeconds: number | undefined;
      readonly contentType: string;
      /** As UTF-8; empty where it was cut. */
      readonly body: string;
      readonly cut: HttpCut;
    }
  | { readonly failed: string };

/** One server, by the name that a URL gives it; the virtual world has a double of it. */
export interface HttpClient {
  /**
   * Asks once; `done` is called once, later, when the answer has been read or cannot be had. The returned function
   * ends the try at once: with the status if that much has come.
   */
  send(request: HttpRequest, done: (reply: HttpReply) => void): () => void;
  close(): void;
}

export interface HttpClientOptions {
  readonly maxConnections: number;
  /** More of an answer than this is not waited for. */
  readonly maxBodyBytes: number;
  /** Authorities that are believed instead of the system's, as PEM. */
  readonly ca?: string | undefined;
}
/** Opens a client for the server of a URL. */
export type OpenHttpClient = (url: string, options: HttpClientOptions) => HttpClient;

const MAX_HEADER_BYTES = 16 * 1024;

/** `node:http` and `node:https` on kept-alive connections; certificates are checked, redirects are not followed. */
export const nodeHttpClient: OpenHttpClient = (url, { maxConnections, maxBodyBytes, ca }) => {
  const target = urlToHttpOptions(new URL(url));
  const secure = target.protocol === 'https:';
  const keep = { keepAlive: true, maxSockets: maxConnections, maxFreeSockets: 16, scheduling: 'lifo' } as const;
  const agent = secure
    ? new TlsAgent({ ...keep, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) })
    : new Agent(keep);
  const options: RequestOptions = { ...target, agent, maxHeaderSize: MAX_HEADER_BYTES };
  const open = secure ? httpsRequest : httpRequest;
  return {
    send: ({ method, path, headers, body }, done) => {
      const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = open({ ...options, method, path: path ?? target.path, headers: { ...headers, ...length } });
      return new Exchange(request, maxBodyBytes, done).begin(body);
    },
    close: () => agent.destroy(),
  };
};

/** One request on its way and the answer to it. */
class Exchange {
  readonly #request: ClientRequest;
  readonly #maxBodyBytes: number;
  readonly #done: (reply: HttpReply) => void;
  #response: IncomingMessage | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(request: ClientRequest, maxBodyBytes: number, done: (reply: HttpReply) => void) {
    this.#request = request;
    this.#maxBodyBytes = maxBodyBytes;
    this.#done = done;
  }

  begin(body: string): () => void {
    this.#request.on('error', (error) => this.#end('broken', reasonOf(error)));
    this.#request.on('close', () => this.#end('broken', 'connection closed'));
    this.#request.on('response', (response) => this.#read(response));
    this.#request.end(body);
    return () => this.#stop('timeout');
  }

  #read(response: IncomingMessage): void {
    this.#response = response;
    response.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes > this.#maxBodyBytes) this.#stop('tooLarge');
      else this.#chunks.push(chunk);
    });
    response.on('end', () => this.#end('', ''));
    response.on('error', () => this.#end('broken', 'connection broke'));
  }

  #stop(cut: HttpCut): void {
    this.#end(cut, cut);
    this.#request.destroy();
  }

  #end(cut: HttpCut, failed: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const response = this.#response;
    if (response === undefined) this.#done({ failed });
    else
      this.#done({
        status: response.statusCode ?? 0,
        retryAfterSeconds: retryAfter(response),
        contentType: response.headers['content-type'] ?? '',
        body: cut === '' ? Buffer.concat(this.#chunks).toString('utf8') : '',
        cut,
      });
    this.#chunks.length = 0;
  }
}

/** Departs from RFC 9110 §10.2.3: a date is not read, since it would need the two clocks to agree. */
function retryAfter(response: IncomingMessage): number | undefined {
  const text = response.headers['retry-after'] ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
