/** The bar at the top: where one is, search, and light or dark. */
import type { JSX } from 'preact';
import { useNow } from './heart.tsx';
import { hrefOf, hrefs, type Route, replaceQuery } from './router.ts';
import { useStore } from './store.ts';
import { chooseTheme, type Theme, theme } from './theme.ts';

/** Pages that have a list which can be searched; from the others a search leads to the calls. */
const LISTS: readonly string[] = ['', 'calls', 'users', 'streams', 'cases'];
const isList = ({ parts }: Route): boolean => parts.length < 2 && LISTS.includes(parts[0] ?? '');

export function Bar({ route }: { readonly route: Route }): JSX.Element {
  const now = useNow();
  const isMachines = route.parts[0] === 'machines';
  return (
    <header class="bar">
      <a class="brand" href={hrefs.now} title={now === undefined ? 'callweave' : `callweave ${now.version}`}>
        <Mark />
        <span>callweave</span>
      </a>
      <nav aria-label="Pages">
        <a href={hrefs.now} aria-current={isMachines ? undefined : 'page'}>
          Now
        </a>
        <a href={hrefs.machines} aria-current={isMachines ? 'page' : undefined}>
          Machines
        </a>
      </nav>
      <Search route={route} />
      <ThemeSwitch />
    </header>
  );
}

function Search({ route }: { readonly route: Route }): JSX.Element {
  const search = (event: Event): void => {
    const { value } = event.currentTarget as HTMLInputElement;
    if (isList(route)) replaceQuery(route, { search: value, page: '' });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const { value } = (event.currentTarget as HTMLFormElement).elements.namedItem('search') as HTMLInputElement;
    if (!isList(route)) location.hash = hrefOf([], { search: value });
  };
  return (
    <search class="search">
      <form onSubmit={submit}>
        <input
          id="search"
          name="search"
          type="search"
          autocomplete="off"
          maxLength={200}
          spellcheck={false}
          placeholder="User, number or Call-ID"
          aria-label="Search by user, number or Call-ID"
          aria-keyshortcuts="/"
          value={isList(route) ? (route.query.search ?? '') : ''}
          onInput={search}
        />
        <kbd>/</kbd>
      </form>
    </search>
  );
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };
const SIGN: Readonly<Record<Theme, string>> = { system: 'Auto', dark: 'Dark', light: 'Light' };

function ThemeSwitch(): JSX.Element {
  const chosen = useStore(theme);
  return (
    <button
      type="button"
      class="quiet theme"
      title="Light, dark, or as the system says"
      aria-label={`Theme: ${SIGN[chosen]}`}
      onClick={() => chooseTheme(NEXT[chosen])}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" />
        {chosen === 'light' ? null : (
          <path
            d={
              chosen === 'dark'
                ? 'M8 1.75a6.25 6.25 0 1 1 0 12.5z M8 1.75a6.25 6.25 0 1 0 0 12.5z'
                : 'M8 1.75a6.25 6.25 0 0 1 0 12.5z'
            }
            fill="currentColor"
          />
        )}
      </svg>
      <span>{SIGN[chosen]}</span>
    </button>
  );
}

const Mark = (): JSX.Element => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M7 11c6 0 6 10 12 10h6M7 21c6 0 6-10 12-10h6" />
  </svg>
);
