/** `npm run diagrams`: writes the diagram of every machine into the README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_SCENARIOS } from '../support/all-scenarios.ts';
import { withDiagrams } from './readme.ts';

const file = fileURLToPath(new URL('../../README.md', import.meta.url));
const readme = readFileSync(file, 'utf8');
const written = withDiagrams(readme, ALL_SCENARIOS);
if (written !== readme) writeFileSync(file, written);
console.log(`README.md: ${ALL_SCENARIOS.length} diagrams${written === readme ? ', as they were' : ''}`);
