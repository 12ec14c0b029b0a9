/** All that a state of a chart says: what it means, what it does, and where it leads. */
import type { JSX } from 'preact';
import type { StateNodeView, TransitionView } from '../../insight/model.ts';

interface CardParts {
  readonly state: StateNodeView;
  readonly name: string;
  readonly choose: (path: string) => void;
}

export function StateCard({ state, name, choose }: CardParts): JSX.Element {
  const { description, entry, exit, transitions, path } = state;
  return (
    <aside class={path === '' ? 'card state-card' : 'card state-card is-chosen'} aria-live="polite">
      <header>
        <h2 class="mono">{name}</h2>
        {path === '' ? null : (
          <button type="button" class="quiet" aria-label="Back to the whole chart" onClick={() => choose('')}>
            ✕
          </button>
        )}
      </header>
      {description === '' ? null : <p>{description}</p>}
      <Actions name="On entry" actions={entry} />
      <Actions name="On exit" actions={exit} />
      {transitions.length === 0 ? (
        <p class="faint">{state.type === 'final' ? 'It ends here.' : 'It takes nothing by itself.'}</p>
      ) : (
        <ul class="transitions">
          {transitions.map((transition, n) => (
            <li key={n}>
              <Transition transition={transition} from={path} choose={choose} />
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}

const Actions = ({ name, actions }: { readonly name: string; readonly actions: readonly string[] }): JSX.Element | null =>
  actions.length === 0 ? null : (
    <p class="actions">
      <span class="faint">{name}</span> <span class="mono">{actions.join(', ')}</span>
    </p>
  );

interface TransitionParts {
  readonly transition: TransitionView;
  readonly from: string;
  readonly choose: (path: string) => void;
}

function Transition({ transition, from, choose }: TransitionParts): JSX.Element {
  const { event, guard, actions, target, description } = transition;
  return (
    <>
      <span class="mono">{event}</span>
      {guard === '' ? null : <span class="guard mono">[{guard}]</span>}
      {target === from
        ? null
        : target.split(' ').map((path) => (
            <button key={path} type="button" class="quiet target mono" onClick={() => choose(path)}>
              → {path}
            </button>
          ))}
      {actions.length === 0 ? null : <span class="faint mono actions">{actions.join(', ')}</span>}
      {description === '' ? null : <span class="faint">{description}</span>}
    </>
  );
}
