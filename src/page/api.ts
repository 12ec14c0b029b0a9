/** The service's HTTP API as the page asks it. */
import type { ApiProblem } from '../insight/model.ts';
import { after } from './clock.ts';
import { createStore } from './store.ts';

const ROOT = '/api/v1/';
const PATIENCE_MS = 8_000;

/** Whether the service is in reach: `lost` from the first request that nobody answered until the next one that somebody does. */
export const connection = createStore<'fine' | 'lost'>('fine');

/** Whether the service asks who we are. */
export const isLocked = createStore(false);

/** An answer that is no success; `detail` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly title: string;
  readonly detail: string;

  constructor({ status, title, detail }: ApiProblem) {
    super(detail === '' ? title : detail);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

/** `calls` and `{ search: 'bob', limit: 50 }` make `calls?search=bob&limit=50`; what is empty is left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}

/** A path of the API, its parts escaped: `pathOf('calls', 'call:7', 'hangup')`. */
export const pathOf = (...parts: readonly string[]): string => parts.map(encodeURIComponent).join('/');

/** `GET /api/v1/<path>`. */
export const get = <T>(path: string): Promise<T> => ask<T>('GET', path);
export const post = (path: string, body: unknown = {}): Promise<unknown> => ask('POST', path, body);
export const remove = (path: string): Promise<unknown> => ask('DELETE', path);

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await reach(method, path, body);
  if (response.status === 401) isLocked.set(true);
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

async function reach(method: string, path: string, body: unknown): Promise<Response> {
  const patience = new AbortController();
  const stop = after(PATIENCE_MS, () => patience.abort());
  try {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(ROOT + path, { method, signal: patience.signal, ...sent });
    connection.set('fine');
    return response;
  } catch {
    connection.set('lost');
    throw new ApiError({ type: 'about:blank', status: 0, title: 'The service does not answer', detail: '' });
  } finally {
    stop();
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const nothing = { type: 'about:blank', title: response.statusText || `Error ${response.status}`, detail: '' };
  try {
    return { ...nothing, ...((await response.json()) as Partial<ApiProblem>), status: response.status };
  } catch {
    return { ...nothing, status: response.status };
  }
}

/** Logs in; the service remembers it by a cookie that no script can read. */
export async function logIn(token: string): Promise<void> {
  await post('session', { token });
  isLocked.set(false);
}

export async function logOut(): Promise<void> {
  await remove('session');
  isLocked.set(true);
}
