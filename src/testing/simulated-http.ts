/** Web servers of the virtual world: they answer by script, late or never. */
import type { HttpClient, HttpClientOptions, HttpReply, HttpRequest, OpenHttpClient } from '../http/client.ts';
import type { TimerQueue } from '../timers.ts';

/** A request as it arrived. */
export interface HttpAsked {
  readonly atMs: number;
  /** Whole, with path and query. */
  readonly url: string;
  readonly method: string;
  /** Those of the config too, so that tests see what a real server would. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a server says, after `SimulatedHttp.delayMs` unless it says otherwise. */
export interface HttpAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly body?: string;
  readonly retryAfterSeconds?: number;
  readonly afterMs?: number;
}
/** What is wrong with a server: the connection is refused, nothing ever comes, it breaks amid the answer. */
export type HttpFault = 'down' | 'mute' | 'broken';

/** All web servers of a world in one; plugged in where the service has the network. */
export class SimulatedHttp {
  /** Every request that arrived, in order. */
  readonly asked: HttpAsked[] = [];
  /** Answers each request; 204 by default. */
  answer: (request: HttpAsked) => HttpAnswer | HttpFault = () => ({ status: 204 });
  /** How long an answer takes. */
  delayMs = 20;
  /** Requests that were given up before their answer had come. */
  abandoned = 0;
  readonly #timers: TimerQueue;

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  /** Opens a client as the real one is opened. */
  readonly open: OpenHttpClient = (url, options): HttpClient => {
    const under = new Set<() => void>();
    return {
      send: (request, done) => this.#send(new URL(url), request, options, done, under),
      close: () => {
        for (const abandon of [...under]) abandon();
      },
    };
  };

  #send(
    base: URL,
    { method, path = base.pathname + base.search, headers, body }: HttpRequest,
    { maxBodyBytes }: HttpClientOptions,
    done: (reply: HttpReply) => void,
    under: Set<() => void>,
  ): () => void {
    const asked: HttpAsked = { atMs: this.#timers.now(), url: base.origin + path, method, headers, body };
    this.asked.push(asked);
    const said = this.answer(asked);
    const timer =
      said === 'mute' ? undefined : this.#timers.set(delayOf(said) ?? this.delayMs, () => end(replyOf(said, maxBodyBytes)));
    const end = (reply: HttpReply): void => {
      if (!under.delete(abandon)) return;
      this.#timers.clear(timer);
      done(reply);
    };
    const abandon = (): void => {
      if (!under.has(abandon)) return;
      this.abandoned += 1;
      end({ failed: 'timeout' });
    };
    under.add(abandon);
    return abandon;
  }
}

const delayOf = (said: HttpAnswer | HttpFault): number | undefined => (typeof said === 'string' ? undefined : said.afterMs);

function replyOf(said: HttpAnswer | Exclude<HttpFault, 'mute'>, maxBodyBytes: number): HttpReply {
  if (said === 'down') return { failed: 'connect ECONNREFUSED' };
  const { status = 200, contentType = '', body = '', retryAfterSeconds } = said === 'broken' ? {} : said;
  const cut = said === 'broken' ? said : Buffer.byteLength(body) > maxBodyBytes ? 'tooLarge' : '';
  return { status, contentType, retryAfterSeconds, body: cut === '' ? body : '', cut };
}
