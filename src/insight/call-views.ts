/** A call as a row of a list, and everything that is known of it. */

import type { Happening, History } from '../correlation/history.ts';
import { outcomeOf } from '../correlation/history.ts';
import type { ActorState } from '../engine/engine.ts';
import type { CallJournal } from '../journal/format.ts';
import type { Recording } from '../journal/recording.ts';
import type { CallFile } from './call-shelf.ts';
import type { Others } from './endings.ts';
import type { Box } from './message-shelf.ts';
import { messageViews, pushViews } from './messages.ts';
import type { CallOutcome, CallRow, CallView, PartyView } from './model.ts';
import { actorsOf, stateText } from './paths.ts';
import { Cast, type KnownUsers, userPart } from './people.ts';
import { type Story, storyOf } from './story.ts';

/** A leg on the wire. */
export interface Wire {
  readonly callId: string;
  readonly remote: string;
}

export interface CallViewsParts {
  readonly users: KnownUsers;
  /** A call that is not over, as far as it has come. */
  readonly openHistory: (call: string) => History | undefined;
  /** A leg that is open. */
  readonly wireOf: (leg: string) => Wire | undefined;
  readonly living: (address: string) => ActorState | undefined;
  /** What a device calls itself; empty where that is not known. */
  readonly agentOf: (aor: string, device: string) => string;
  readonly boxOf: (call: string) => Box | undefined;
  /** Its journal, and what else is told of it, without the secrets that the call brought. */
  readonly exportWith: <T>(recording: Recording, shown: T) => { readonly journal: CallJournal; readonly shown: T };
  readonly fileOf: (call: string) => CallFile | undefined;
  /** Kept calls that go on from that one. */
  readonly onwardOf: (call: string) => readonly string[];
}

type Of<T extends Happening['type']> = Extract<Happening, { type: T }>;

export class CallViews {
  readonly #parts: CallViewsParts;
  readonly #others: Others;

  constructor(parts: CallViewsParts) {
    this.#parts = parts;
    this.#others = {
      historyOf: (call) => {
        const file = parts.fileOf(call);
        return file && this.historyOf(file);
      },
      onwardOf: parts.onwardOf,
    };
  }

  /** Undefined in the moment in which its record is not begun. */
  historyOf({ history, recording }: CallFile): History | undefined {
    return history ?? this.#parts.openHistory(recording.call);
  }

  row(file: CallFile): CallRow | undefined {
    if (file.row !== undefined) return file.row;
    const history = this.historyOf(file);
    if (history === undefined) return undefined;
    const row = this.#rowOf(file, history);
    if (file.history !== undefined && file.isOver) file.row = row;
    return row;
  }

  outcome({ history }: CallFile): CallOutcome {
    return history === undefined ? 'open' : outcomeOf(history).outcome;
  }

  /** Where a search looks: who took part, and what it is called; lower-case. */
  text(file: CallFile): string {
    const history = this.historyOf(file);
    if (history === undefined || file.textOf === history.facts.length) return file.text;
    const { birth, facts } = history;
    const parties = new Set([birth.caller, birth.callee]);
    const words = [birth.call, birth.anonymous ? '' : birth.callerName, this.#wireOf(birth.leg, facts)?.callId ?? ''];
    for (const fact of facts) {
      if (fact.type !== 'fork.started') continue;
      parties.add(fact.aor || fact.callee);
      words.push(fact.callId);
    }
    for (const party of parties) words.push(party, this.#parts.users.displayName(userPart(party)) ?? '');
    file.text = words.join('\n').toLowerCase();
    file.textOf = facts.length;
    return file.text;
  }

  view(file: CallFile): CallView | undefined {
    const history = this.historyOf(file);
    const row = this.row(file);
    if (history === undefined || row === undefined) return undefined;
    const { recording } = file;
    const box = this.#parts.boxOf(row.call);
    const parties = this.#partiesOf(history);
    const told = {
      messages: messageViews(box),
      story: this.story(file, history).sentences,
      names: parties.map(({ name }) => name),
    };
    const { journal, shown } = this.#parts.exportWith(recording, told);
    return {
      ...row,
      parties: parties.map((party, index) => ({ ...party, name: shown.names[index] ?? '' })),
      actors: actorsOf(recording, this.#parts.living),
      entries: journal.entries,
      messages: [...shown.messages, ...pushViews(journal.entries, recording.startedAtMs)].sort((a, b) => a.at - b.at),
      messagesCut: box?.cut ?? 0,
      story: shown.story,
      related: this.#relatedOf(history, recording),
    };
  }

  story(file: CallFile, history: History): Story {
    if (file.story !== undefined) return file.story;
    const { recording } = file;
    const told = storyOf(history, recording, this.cast(history), this.#others, file.history !== undefined);
    // What a push service says may name the token that it was given.
    const isSaid = recording.kept.some(({ entry }) => entry.type === 'push.failed');
    const story = isSaid ? this.#parts.exportWith(recording, told).shown : told;
    if (file.isOver) file.story = story;
    return story;
  }

  cast(history: History): Cast {
    return new Cast(history, this.#parts.users, this.#parts.agentOf);
  }

  #rowOf(file: CallFile, history: History): CallRow {
    const { birth, facts } = history;
    const answered = facts.find(({ type }) => type === 'call.answered');
    const isEnded = file.history !== undefined;
    const { outcome, status } = outcomeOf(history);
    return {
      call: birth.call,
      caller: birth.caller,
      callee: birth.callee,
      callerName: birth.anonymous ? '' : birth.callerName,
      outcome: isEnded ? outcome : 'open',
      state: this.#stateOf(file),
      startedAt: birth.at,
      answeredAt: answered?.at ?? null,
      endedAt: isEnded ? history.endedAtMs : null,
      status,
      why: isEnded ? this.story(file, history).why : '',
      callId: this.#wireOf(birth.leg, facts)?.callId ?? '',
    };
  }

  #stateOf({ recording: { call, kept } }: CallFile): string {
    const living = this.#parts.living(call);
    if (living !== undefined) return stateText(living.value);
    for (let index = kept.length - 1; index >= 0; index--) {
      const { born = [], heard, states } = kept[index] ?? {};
      const at = heard?.lastIndexOf(call) ?? -1;
      if (at >= 0) return stateText(states?.[born.length + at]);
    }
    return '';
  }

  #wireOf(leg: string, facts: readonly Happening[]): Wire | undefined {
    return (
      facts.find((fact): fact is Of<'leg.closed'> => fact.type === 'leg.closed' && fact.leg === leg) ?? this.#parts.wireOf(leg)
    );
  }

  #partiesOf(history: History): readonly PartyView[] {
    const { birth, facts } = history;
    const cast = this.cast(history);
    const remoteOf = (leg: string): string => this.#wireOf(leg, facts)?.remote ?? '';
    const caller = { leg: birth.leg, name: cast.caller, aor: birth.caller, device: '', remote: remoteOf(birth.leg) };
    const forks = [...cast.forks].map(({ leg, aor, callee, device }) => ({
      ...{ leg, name: cast.ofDevice(device), aor: aor || callee, device, remote: remoteOf(leg) },
    }));
    return [caller, ...forks];
  }

  #relatedOf({ birth, facts }: History, { kept }: Recording): readonly string[] {
    const related = new Set([birth.continues, ...this.#parts.onwardOf(birth.call)]);
    for (const fact of facts) {
      if (fact.type !== 'pickup.won') continue;
      related.add(fact.call);
      related.add(fact.pickerCall);
    }
    for (const { entry } of kept) {
      const { type, from, onward } = entry as { type: string; from?: unknown; onward?: unknown };
      if (type === 'call.transferred') related.add(String(from));
      else if (type === 'transfer.progressed') related.add(String(onward));
    }
    related.delete('');
    related.delete(birth.call);
    return [...related];
  }
}
