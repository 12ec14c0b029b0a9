/** The live page: begins in the browser. */
import { render } from 'preact';
import { startRouting } from './router.ts';
import { Shell } from './shell.tsx';

startRouting();
const place = document.getElementById('page');
if (place !== null) render(<Shell />, place);
