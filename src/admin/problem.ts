/** Errors of the API (RFC 9457). */
import { STATUS_CODES } from 'node:http';
import { z } from '@hono/zod-openapi';
import type { ApiProblem } from '../insight/model.ts';

/** The media type of RFC 9457 §3. */
export const PROBLEM_TYPE = 'application/problem+json';

export const apiProblem: z.ZodType<ApiProblem> = z
  .strictObject({
    // The status says what kind it is (RFC 9457 §4.2.1); `detail` is for people.
    type: z.string().openapi({ example: 'about:blank' }),
    title: z.string().openapi({ example: 'Not Found' }),
    status: z.number().int(),
    detail: z.string().openapi({ description: 'What is wrong and what to do about it.' }),
  })
  .openapi('Problem');

/** An answer that says what is wrong and what to do about it. */
export function refusal(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Response {
  const body: ApiProblem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': PROBLEM_TYPE, ...headers } });
}
