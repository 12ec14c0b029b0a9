/** A script of its own that runs before the page is drawn, so that a dark page does not begin white. */
import { keptTheme, showTheme } from './theme-memory.ts';

showTheme(keptTheme());
