/** The HTTP API of a service that runs, as commands use it. */
import { exitCode, type Problem, reasonOf } from '../../errors.ts';
import type { ApiProblem } from '../../insight/model.ts';

/** Where the service answers. */
export interface Door {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string | undefined;
}

/** What could not be had, in one line, and the exit code that says so too. */
export interface Refusal extends Problem {
  readonly code: number;
}

/** Exit codes beside those of all commands: there is no such call, or an order was refused; the token is not the right one. */
export const refusedCode = 1;
export const noPermission = 77;

const LIMIT_MS = 15_000;
const API = '/api/v1';

/** Asks for something, or orders it; resolves with the answer's JSON, or undefined where it has none. */
export async function ask(
  door: Door,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown | Refusal> {
  try {
    const response = await fetch(door.url + API + path, {
      method,
      headers: {
        ...headersOf(door),
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const text = await response.text();
    if (!response.ok) return refusalOf(response.status, text, door);
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    return unreachable(error, door);
  }
}

/** Opens a stream of server-sent events. */
export async function listen(door: Door, path: string): Promise<ReadableStream<Uint8Array> | Refusal> {
  try {
    const headers = { ...headersOf(door), accept: 'text/event-stream' };
    const response = await fetch(door.url + API + path, { headers, redirect: 'error' });
    if (response.ok && response.body !== null) return response.body;
    return refusalOf(response.status, await response.text(), door);
  } catch (error) {
    return unreachable(error, door);
  }
}

const headersOf = ({ token }: Door): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` });

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no such host',
  TimeoutError: `it did not answer within ${LIMIT_MS / 1000} s`,
};

function unreachable(error: unknown, { url }: Door): Refusal {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code, name } = Object(cause) as { readonly code?: unknown; readonly name?: unknown };
  const why = WHY[String(code)] ?? WHY[String(name)] ?? reasonOf(cause);
  return {
    problem: `the service does not answer at ${url}: ${why}; start it, or say where it is by --url or --config`,
    code: exitCode.unavailable,
  };
}

/** RFC 9457 says what is wrong; whoever stands before the service may say it otherwise. */
function refusalOf(status: number, text: string, { url, token }: Door): Refusal {
  const { title, detail } = problemIn(text);
  const said = [title, detail].filter((part): part is string => typeof part === 'string' && part !== '');
  if (status === 401 || status === 403) {
    const hint = token === undefined ? 'give its token by CALLWEAVE_TOKEN, --token or --config' : 'this is not its token';
    return { problem: `${url} refuses: ${said.at(-1) ?? `status ${status}`}; ${hint}`, code: noPermission };
  }
  const line = said.at(-1) ?? `${url} answered with status ${status}`;
  return { problem: reasonOf(line), code: status >= 500 ? exitCode.unavailable : refusedCode };
}

function problemIn(text: string): Partial<ApiProblem> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
