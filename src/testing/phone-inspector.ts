import { cseqOf, headerOf, linesOf, type PhoneMessage, tagOf, valuesOf, viaOf } from './phone-message.ts';

const DIALOG_MAKERS = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY', 'UPDATE']);

/** What RFC 3261 §8.1.1 and §12.2.1.1 ask of every request and this one lacks. */
export function flawsOfRequest(request: PhoneMessage, transport: string): string[] {
  const { method } = request;
  const flaws: string[] = onceEach(request, ['from', 'to', 'call-id', 'cseq', 'max-forwards']);
  const cseq = cseqOf(request);
  if (cseq.method !== method) flaws.push(`CSeq is "${headerOf(request, 'cseq')}" (RFC 3261 §8.1.1.5)`);
  if (cseq.number < 0 || cseq.number >= 2 ** 31) flaws.push('CSeq number out of range (RFC 3261 §8.1.1.5)');
  if (tagOf(request, 'from') === '') flaws.push('no From-tag (RFC 3261 §8.1.1.3)');
  if (!/^\d{1,3}$/.test(headerOf(request, 'max-forwards'))) flaws.push('Max-Forwards is no number (RFC 3261 §20.22)');
  const via = viaOf(valuesOf(request, 'via')[0] ?? '');
  if (!via.branch.startsWith('z9hG4bK') || via.branch.length < 12) flaws.push(`Via branch "${via.branch}" (RFC 3261 §8.1.1.7)`);
  if (via.transport !== transport.toUpperCase()) flaws.push(`Via says ${via.transport} over ${transport} (RFC 3261 §18.1.1)`);
  if (DIALOG_MAKERS.has(method) && valuesOf(request, 'contact').length !== 1)
    flaws.push('not exactly one Contact (RFC 3261 §8.1.1.8)');
  return [...flaws, ...bodyFlaws(request)];
}

/** What a response lacks, held against the request that it answers (RFC 3261 §8.2.6.2). */
export function flawsOfResponse(response: PhoneMessage, request: PhoneMessage): string[] {
  const { status } = response;
  const flaws = onceEach(response, ['from', 'to', 'call-id', 'cseq']);
  if (valuesOf(response, 'via').length !== 1) flaws.push('more than our own Via (RFC 3261 §18.1.2)');
  for (const name of ['from', 'call-id', 'cseq'])
    if (headerOf(response, name) !== headerOf(request, name)) flaws.push(`${name} is not the request's (RFC 3261 §8.2.6.2)`);
  const asked = tagOf(request, 'to');
  if (asked !== '' && tagOf(response, 'to') !== asked) flaws.push("To-tag is not the request's (RFC 3261 §8.2.6.2)");
  if (status > 100 && tagOf(response, 'to') === '') flaws.push('no To-tag (RFC 3261 §8.2.6.2)');
  if (request.method === 'INVITE') flaws.push(...inviteAnswerFlaws(response));
  else if (status > 100 && status < 200) flaws.push('a provisional other than 100 to a non-INVITE (RFC 4320 §4.1)');
  else if (status === 408) flaws.push('408 to a non-INVITE (RFC 4320 §4.2)');
  return [...flaws, ...missingFor(response), ...bodyFlaws(response)];
}

function inviteAnswerFlaws(response: PhoneMessage): string[] {
  const { status } = response;
  const makesDialog = status > 100 && status < 300;
  return makesDialog && valuesOf(response, 'contact').length !== 1 ? ['not exactly one Contact (RFC 3261 §12.1.1)'] : [];
}

const NEEDED: readonly (readonly [status: number, header: string, where: string])[] = [
  [401, 'www-authenticate', 'RFC 3261 §22.1'],
  [405, 'allow', 'RFC 3261 §8.2.1'],
  [407, 'proxy-authenticate', 'RFC 3261 §22.3'],
  [415, 'accept', 'RFC 3261 §8.2.3'],
  [420, 'unsupported', 'RFC 3261 §8.2.2.3'],
  [422, 'min-se', 'RFC 4028 §6'],
  [423, 'min-expires', 'RFC 3261 §10.3'],
  [489, 'allow-events', 'RFC 6665 §8.3.2'],
];
const missingFor = (response: PhoneMessage): string[] =>
  NEEDED.filter(([status, header]) => response.status === status && linesOf(response, header).length === 0).map(
    ([status, header, where]) => `${status} without ${header} (${where})`,
  );

const onceEach = (message: PhoneMessage, names: readonly string[]): string[] =>
  names.filter((name) => linesOf(message, name).length !== 1).map((name) => `not exactly one ${name} (RFC 3261 §8.1.1)`);

const bodyFlaws = (message: PhoneMessage): string[] =>
  message.body !== '' && linesOf(message, 'content-type').length !== 1 ? ['a body without Content-Type (RFC 3261 §20.15)'] : [];
