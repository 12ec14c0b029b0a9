import type { MediaCommand } from '../../../machines/vocabulary/commands.ts';
import type { DigitForm, InCallCode } from '../../../machines/vocabulary/media.ts';
import { KEYS, MAX_DIGITS, MAX_PATTERNS, PATTERN } from './patterns.ts';

const MAX_PROMPTS = 32;
/** Longer than anybody waits for a key. */
const MAX_WAIT_MS = 3_600_000;
const PROMPT = /^[^\p{Cc}]{1,128}$/u;
/** No path leads out of the folder of recordings. */
const RECORDING = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/;
const NAME = /^[^\p{Cc}]{1,64}$/u;
const CODE = /^[0-9*#A-D]{1,32}$/;

const isWait = (ms: unknown): boolean => typeof ms === 'number' && ms > 0 && ms <= MAX_WAIT_MS;
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isForm = (form: RegExp, value: unknown): boolean => typeof value === 'string' && form.test(value);

function whyNoPrompts(prompts: unknown): string | undefined {
  if (!Array.isArray(prompts) || prompts.length === 0 || prompts.length > MAX_PROMPTS)
    return `its prompts are no list of 1 to ${MAX_PROMPTS}`;
  return prompts.every((one) => isForm(PROMPT, one)) ? undefined : 'one of its prompts is no name';
}

function whyNoForm(form: Partial<DigitForm> | undefined): string | undefined {
  if (typeof form !== 'object' || form === null) return 'it has no form of digits';
  const { max, patterns, terminator, firstMs, betweenMs } = form;
  if (!Number.isInteger(max) || Number(max) < 1 || Number(max) > MAX_DIGITS) return `its max is none of 1 to ${MAX_DIGITS}`;
  if (!Array.isArray(patterns) || patterns.length > MAX_PATTERNS) return `its patterns are no list of at most ${MAX_PATTERNS}`;
  if (!patterns.every((one) => isForm(PATTERN, one))) return 'one of its patterns is none of 0 to 9, *, #, A to D and x';
  if (terminator !== '' && terminator !== '#' && terminator !== '*') return 'its terminator is none of #, * and nothing';
  return isWait(firstMs) && isWait(betweenMs) ? undefined : 'its firstMs or betweenMs is no time';
}

function whyNoCodes(codes: unknown): string | undefined {
  if (!Array.isArray(codes) || codes.length > MAX_PATTERNS) return `its codes are no list of at most ${MAX_PATTERNS}`;
  const isCode = (one: Partial<InCallCode>): boolean =>
    isForm(NAME, one?.name) && isForm(CODE, one.code) && isFlag(one.takesArgument) && isFlag(one.isHidden);
  return codes.every(isCode) ? undefined : 'one of its codes is no code';
}

type Order = { readonly [K in keyof MediaCommand]?: MediaCommand[K] } & { readonly [key: string]: unknown };
const whyNoOrder = ({ order }: Order): string | undefined =>
  Number.isSafeInteger(order) ? undefined : 'its order is no whole number';

const WHY: Readonly<Record<MediaCommand['type'], (command: Order) => string | undefined>> = {
  'media.play': (one) =>
    whyNoOrder(one) ??
    whyNoPrompts(one.prompts) ??
    (isFlag(one.bargeIn) && isFlag(one.repeat) ? undefined : 'its bargeIn or repeat is none of true and false'),
  'media.stop': () => undefined,
  'media.collect': (one) => whyNoOrder(one) ?? whyNoForm(one.form as Partial<DigitForm>),
  'media.checkPin': (one) =>
    whyNoOrder(one) ?? (isWait(one.firstMs) && isWait(one.betweenMs) ? undefined : 'its firstMs or betweenMs is no time'),
  'media.listen': ({ codes }) => whyNoCodes(codes),
  'media.hold': ({ prompts }) => whyNoPrompts(prompts),
  'media.resume': () => undefined,
  'media.record': ({ recording }) =>
    isForm(RECORDING, recording) ? undefined : 'its recording is no name of letters, digits, dots and hyphens',
  'media.stopRecording': () => undefined,
};

/** What is wrong with a command as such: scenarios of users are no typed world at run time. */
export function whyMalformed(command: { readonly type: string }): string | undefined {
  if (!Object.hasOwn(WHY, command.type)) return 'the media port takes media.* only';
  return WHY[command.type as MediaCommand['type']](command as Order);
}

/** A key as it may be heard; everything else is no digit. */
export const isKey = (digit: string): boolean => digit.length === 1 && KEYS.test(digit);
