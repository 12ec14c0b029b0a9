/** What happened and why it ended so, in plain sentences. */
import type { JSX } from 'preact';
import type { CallView, Sentence } from '../../insight/model.ts';
import type { Moment } from './moments.ts';
import { sinceStart } from './words.ts';

interface StoryParts {
  readonly call: CallView;
  readonly moment: Moment;
  readonly goTo: (moment: Moment) => void;
}

export function Story({ call, moment, goTo }: StoryParts): JSX.Element {
  const { story } = call;
  if (story.length === 0) return <p class="faint story-none">Nothing is told of it yet.</p>;
  const last = story.findLastIndex((sentence) => hasHappened(sentence, moment));
  return (
    <ol class="story" data-rows>
      {story.map((sentence, n) => (
        <li
          key={`${sentence.n} ${sentence.text}`}
          class={`${sentence.tone}${n > last ? ' later' : ''}${n === last ? ' now' : ''}`}
        >
          <button type="button" data-row onClick={() => goTo(sentence)} aria-current={n === last ? 'step' : undefined}>
            <span class="number">{sinceStart(call, sentence.at)}</span>
            <span>{sentence.text}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

const hasHappened = ({ n, at }: Sentence, moment: Moment): boolean => (n > 0 ? n <= moment.n : at <= moment.at);
