/** `npm run diagrams`: writes the diagram of every machine, and the table of metrics, into the README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_SCENARIOS } from '../support/all-scenarios.ts';
import { written } from './readme.ts';

const file = fileURLToPath(new URL('../../README.md', import.meta.url));
const readme = readFileSync(file, 'utf8');
const now = written(readme, ALL_SCENARIOS);
if (now !== readme) writeFileSync(file, now);
console.log(`README.md: ${ALL_SCENARIOS.length} diagrams and the metrics${now === readme ? ', as they were' : ''}`);
