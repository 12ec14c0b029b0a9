/** Which of light and dark this browser's user chose last time; imports nothing, since it runs before all else. */

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'callweave.theme';

export function keptTheme(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return found === 'light' || found === 'dark' ? found : 'system';
  } catch {
    // A browser that keeps nothing.
    return 'system';
  }
}

export function keepTheme(chosen: Theme): void {
  try {
    if (chosen === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // It lasts as long as the page, then.
  }
}

export function showTheme(chosen: Theme): void {
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
