/** Tabs of panels, moved along by arrow keys (ARIA authoring practices). */
import type { JSX } from 'preact';

interface TabsParts<Name extends string> {
  readonly names: readonly (readonly [name: Name, label: string])[];
  readonly chosen: Name;
  readonly label: string;
  readonly choose: (name: Name) => void;
}

export function Tabs<Name extends string>({ names, chosen, label, choose }: TabsParts<Name>): JSX.Element {
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const at = names.findIndex(([name]) => name === chosen);
    const next = names[(at + step + names.length) % names.length]?.[0];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="view-tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {names.map(([name, text]) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === chosen}
          aria-controls={`panel-${name}`}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => choose(name)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
