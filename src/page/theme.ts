/** Light or dark: as the system says, until the user chooses. */
import { createStore } from './store.ts';
import { keepTheme, keptTheme, showTheme, type Theme } from './theme-memory.ts';

export type { Theme };

export const theme = createStore<Theme>(keptTheme());

export function chooseTheme(chosen: Theme): void {
  theme.set(chosen);
  showTheme(chosen);
  keepTheme(chosen);
}
