import { expect } from 'vitest';
import { MediaEnd } from './media-end.ts';
import type { User } from './service.ts';
import type { Sipp } from './sipp.ts';
import { headerOf, type Stage } from './stage.ts';
import { answers, bodyOf, type Cargo, hangsUp, isHungUp, talk, waits } from './talk.ts';
import type { Team } from './team.ts';

export const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';
/** How long a test of the talk may take before it hangs up. */
export const TALK_MS = 2_000;
/** How often and how long it is looked for what shall happen. */
export const POLL = { timeout: 15_000, interval: 20 };

/** Whether a message belongs to a request of that method. */
export const isOf =
  (method: string) =>
  (message: string): boolean =>
    headerOf(message, 'CSeq').endsWith(` ${method}`);

/** The 2xx to a party's INVITE; empty while there is none. */
export const answerTo = (party: Sipp): string => party.received('SIP/2.0 200').find(isOf('INVITE')) ?? '';

/** A party with media of the test's own. */
export interface Voiced {
  readonly voice: MediaEnd;
  readonly party: Sipp;
}

/** Plays pickups between sipp phones of one team. */
export class Picking {
  readonly #stage: Stage;
  readonly #team: Team;
  readonly #ends: MediaEnd[] = [];

  constructor(stage: Stage, team: Team) {
    this.#stage = stage;
    this.#team = team;
  }

  async media(): Promise<MediaEnd> {
    const end = await MediaEnd.open();
    this.#ends.push(end);
    return end;
  }

  /** Alice calls Bob, whose phone plays that scenario and rings by now. */
  async rings(scenario: string, talks: readonly string[] = [waits(TALK_MS), hangsUp()]): Promise<Voiced & { callee: Sipp }> {
    const { alice, bob } = this.#team;
    const voice = await this.media();
    const callee = await this.#stage.phone(scenario, { user: bob });
    const keys = talk(talks, voice.session(1111, 7));
    const party = await this.#stage.sipp('caller-talks', { user: alice, to: bob, keys });
    await party.got('SIP/2.0 180');
    return { voice, callee, party };
  }

  /** A picker, who is answered at first and then offered the caller's session in a re-INVITE; others hang up. */
  async picks(user: User, to: User, more: Cargo = {}): Promise<Voiced & { startedMs: number }> {
    const voice = await this.media();
    const startedMs = performance.now();
    const keys = talk([answers('INVITE', voice.session(2222, 3)), isHungUp()], { ...voice.session(2222, 2), ...more });
    const party = await this.#stage.sipp('caller-talks', { user, to, keys });
    return { voice, party, startedMs };
  }

  /** Each speaks to where its session description says that the other is; resolves with when both had heard the other. */
  async talkBothWays(caller: Voiced, picker: Voiced): Promise<number> {
    await expect.poll(() => answerTo(caller.party), POLL).not.toBe('');
    await expect.poll(() => picker.party.received('INVITE'), POLL).toHaveLength(1);
    caller.voice.speakTo(bodyOf(answerTo(caller.party)));
    picker.voice.speakTo(bodyOf(picker.party.received('INVITE')[0] ?? ''));
    return Math.max(await caller.voice.hears(picker.voice), await picker.voice.hears(caller.voice));
  }

  end(): Promise<unknown> {
    return Promise.all(this.#ends.map((end) => end.stop()));
  }
}
