/** A word on a coloured ground: how something is. */
import type { JSX } from 'preact';
import type { CallRow } from '../../insight/model.ts';

export type Tone = 'good' | 'wait' | 'bad' | 'off' | 'accent';

interface BadgeProps {
  readonly tone: Tone;
  readonly text: string;
  readonly title?: string;
  /** It goes on. */
  readonly isLive?: boolean;
}

export function Badge({ tone, text, title, isLive = false }: BadgeProps): JSX.Element {
  return (
    <span class={isLive ? `badge ${tone} live` : `badge ${tone}`} title={title}>
      {text}
    </span>
  );
}

const OVER: Readonly<Record<Exclude<CallRow['outcome'], 'open'>, readonly [Tone, string]>> = {
  answered: ['good', 'Answered'],
  failed: ['bad', 'Failed'],
  cancelled: ['off', 'Given up'],
  crashed: ['bad', 'Crashed'],
};

/** How a call is or came out, in a word. */
export function callTone({ outcome, state }: Pick<CallRow, 'outcome' | 'state'>): readonly [tone: Tone, word: string] {
  if (outcome !== 'open') return OVER[outcome];
  if (state.startsWith('talking')) return ['good', 'Talking'];
  if (state.startsWith('ringing')) return ['wait', 'Ringing'];
  if (state.startsWith('attended')) return ['accent', 'In a menu'];
  return ['off', 'Ending'];
}

export function CallBadge({ call }: { readonly call: Pick<CallRow, 'outcome' | 'state'> }): JSX.Element {
  const [tone, word] = callTone(call);
  return <Badge tone={tone} text={word} title={call.state} isLive={call.outcome === 'open'} />;
}
