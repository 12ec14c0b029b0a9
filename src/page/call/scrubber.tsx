/** Goes back and forth through the moments of a call. */
import type { JSX } from 'preact';
import type { CallView } from '../../insight/model.ts';
import type { JournalEntry } from '../../journal/format.ts';
import { momentOf, toldOf } from './moments.ts';
import type { Playback } from './playback.ts';
import { tellingsOf } from './told.ts';
import { actorName, sinceStart } from './words.ts';

interface ScrubberParts {
  readonly call: CallView;
  readonly playback: Playback;
  readonly entry: JournalEntry | undefined;
}

export function Scrubber({ call, playback, entry }: ScrubberParts): JSX.Element {
  const { moments, place, moment, isLatest, isPlaying, go, play } = playback;
  const isOpen = call.outcome === 'open';
  const last = moments.length - 1;
  return (
    <section class="scrubber card" aria-label="Moments of the call">
      <div class="scrubber-keys">
        <button type="button" class="quiet" aria-label="One moment back" disabled={place === 0} onClick={() => go(place - 1)}>
          ‹
        </button>
        <button type="button" class="quiet play" aria-label={isPlaying ? 'Pause' : 'Play'} onClick={() => play(!isPlaying)}>
          <PlaySign isPlaying={isPlaying} />
        </button>
        <button type="button" class="quiet" aria-label="One moment on" disabled={place >= last} onClick={() => go(place + 1)}>
          ›
        </button>
      </div>
      <div class="scrubber-line">
        <Ticks call={call} playback={playback} />
        <input
          type="range"
          min={0}
          max={Math.max(last, 0)}
          value={place}
          aria-label="Moment"
          aria-valuetext={entry === undefined ? '' : `${sinceStart(call, moment.at)} seconds: ${saying(call, entry)}`}
          onInput={(event) => go(Number((event.currentTarget as HTMLInputElement).value))}
        />
      </div>
      <p class="scrubber-says">
        <span class="number">{moments.length === 0 ? '' : `${sinceStart(call, moment.at)} s`}</span>
        <span class="what">{entry === undefined ? '' : saying(call, entry)}</span>
        <button type="button" class={`quiet latest${isLatest ? ' is-on' : ''}`} disabled={isLatest} onClick={() => go(last)}>
          {isOpen ? 'Live' : 'End'}
        </button>
      </p>
    </section>
  );
}

/** `leg.ringing, told by Bob's mobile to the call`. */
function saying(call: CallView, entry: JournalEntry): string {
  const { type } = toldOf(entry);
  if (entry.timer !== undefined) return `a delay of ${actorName(call, entry.by)} is over`;
  const hearers = [...new Set(tellingsOf(entry).map(({ to }) => actorName(call, to)))];
  const to = hearers.length === 0 ? '' : ` → ${hearers.join(', ')}`;
  return `${actorName(call, entry.by)}${to}: ${type}`;
}

/** Where the sentences of the story stand among the moments. */
function Ticks({ call, playback: { moments, place } }: Pick<ScrubberParts, 'call' | 'playback'>): JSX.Element {
  const last = Math.max(moments.length - 1, 1);
  return (
    <svg class="ticks" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
      {call.story.map((sentence) => {
        const at = momentOf(moments, sentence);
        const x = (at / last) * 1000;
        return (
          <line
            key={`${sentence.n} ${sentence.text}`}
            class={`${sentence.tone}${at <= place ? ' past' : ''}`}
            x1={x}
            x2={x}
            y1={0}
            y2={8}
          />
        );
      })}
    </svg>
  );
}

const PlaySign = ({ isPlaying }: { readonly isPlaying: boolean }): JSX.Element => (
  <svg viewBox="0 0 16 16" aria-hidden="true">
    <path d={isPlaying ? 'M4 3h3v10H4z M9 3h3v10H9z' : 'M4.5 2.5v11l9-5.5z'} fill="currentColor" />
  </svg>
);
