import type { TransportName } from '../../transport/transport.ts';
import type { Conditions } from '../network.ts';
import type { TimerScript } from '../phone-session.ts';

/** What a phone does with calls by itself, beside what acts make it do; all in milliseconds after the INVITE. */
export type Habit = 'answer' | 'ring' | 'silent' | { readonly decline: number; readonly afterMs: number } | Answering;

/** Rings and answers so much later. */
export interface Answering {
  readonly ringAfterMs: number;
  readonly answerAfterMs: number;
  /** 183 with a session description instead of 180. */
  readonly early?: boolean;
}

/** One phone of a history. */
export interface PhonePlan {
  /** Whose it is: the user of that number, counted from 0 and round again. */
  readonly user: number;
  readonly transport: TransportName;
  readonly habit: Habit;
  /** An app that sleeps and is woken by push: so long after it, so often; 0 times: the push is lost on the way. */
  readonly app?: { readonly wakesAfterMs: number; readonly wakes: number } | undefined;
  /** How it takes part in session timers (RFC 4028). */
  readonly timer?: TimerScript | undefined;
  /** Whether it names itself by +sip.instance (RFC 5626 §4.1). */
  readonly hasInstance?: boolean;
  /** Statuses with which it answers requests inside its calls, in turn; 200 by default. */
  readonly answers?: readonly number[];
}

/** One act of a history: what somebody does at an instant. */
export interface ActAt {
  /** Milliseconds since all phones have registered. */
  readonly atMs: number;
  /** Name of the act. */
  readonly act: string;
  /** What the act's arbitrary drew. */
  readonly with: unknown;
}

/**
 * A whole story of phones, network and push services, as plain data: the same history gives the same run. Its arbitraries
 * are `histories`, `callHistories`, `registrationHistories` and `pushHistories`.
 */
export interface History {
  /** The world's own luck: network, tags, nonces. */
  readonly seed: number;
  readonly phones: readonly PhonePlan[];
  /** How the network behaves until it is healed. */
  readonly network: Partial<Conditions>;
  readonly acts: readonly ActAt[];
}

/** `1.250 s`, right-aligned. */
export const instant = (atMs: number): string => `${(atMs / 1000).toFixed(3).padStart(8)} s`;

/** The history's circumstances as readable lines; what was done at which instant is told by the run itself. */
export function describeHistory({ phones, network, seed }: History, names: readonly string[]): string[] {
  const weather = Object.entries(network).map(([what, value]) => `${what} ${value}`);
  return [
    `network  ${weather.length === 0 ? 'calm' : weather.join(', ')} (seed ${seed})`,
    ...phones.map((plan, n) => `${n === 0 ? 'phones ' : '       '}  ${names[n]}: ${describePhone(plan)}`),
  ];
}

function describePhone({ transport, habit, app, timer, hasInstance, answers }: PhonePlan): string {
  const parts: string[] = [transport, describeHabit(habit)];
  if (app !== undefined)
    parts.push(
      app.wakes === 0
        ? 'an app that sleeps, and whose pushes get lost'
        : `an app that sleeps, and wakes ${app.wakesAfterMs} ms after a push${app.wakes > 1 ? ` that comes ${app.wakes} times` : ''}`,
    );
  if (timer !== undefined) parts.push('session timers');
  if (hasInstance === true) parts.push('+sip.instance');
  if (answers?.some((status) => status !== 200) === true) parts.push(`answers requests in calls with ${answers.join(', ')}`);
  return parts.join('; ');
}

function describeHabit(habit: Habit): string {
  if (habit === 'answer') return 'answers at once';
  if (habit === 'ring') return 'only rings';
  if (habit === 'silent') return 'says nothing to calls';
  if ('decline' in habit) return `declines with ${habit.decline} after ${habit.afterMs} ms`;
  return `rings after ${habit.ringAfterMs} ms, answers after ${habit.answerAfterMs} ms`;
}
