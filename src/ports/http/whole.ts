import type { HttpOrder } from '../../../machines/vocabulary/commands.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** Of a request's body, in characters. */
export const MAX_BODY_LENGTH = 64 * 1024;
/** RFC 9110 §8.3: no line of headers can be made of it. */
const CONTENT_TYPE = /^[\x20-\x7e]{1,128}$/;

/** What is wrong with a command as such: scenarios of users are no typed world at run time. */
export function whyMalformed(order: Partial<HttpOrder>): string | undefined {
  const { type, target, request, method, path, query, body, contentType, timeoutMs } = order;
  if (type !== 'http.request') return 'the HTTP port takes http.request only';
  if (!Number.isSafeInteger(request)) return 'its request is no whole number';
  if (typeof target !== 'string') return 'its target is no text';
  if (typeof method !== 'string' || !METHODS.has(method)) return `its method is none of ${[...METHODS].join(', ')}`;
  if (typeof path !== 'string') return 'its path is no text';
  if (query !== undefined && (typeof query !== 'object' || query === null)) return 'its query is no map of texts';
  if (typeof body !== 'string' || body.length > MAX_BODY_LENGTH)
    return `its body is no text of at most ${MAX_BODY_LENGTH} characters`;
  if (body !== '' && method === 'GET') return 'a GET has no body';
  if (body !== '' && (typeof contentType !== 'string' || !CONTENT_TYPE.test(contentType)))
    return 'its contentType is no content type';
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) return 'its timeoutMs is no number of milliseconds';
  return undefined;
}
