import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { broken } from './copy.ts';
import { MUTANTS } from './list.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

// The mutants themselves are run by main.ts, which takes minutes.

it('there are at least twenty, each with a name of its own', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

it.each(MUTANTS)('$name still has its place, is TypeScript, and has a test that is there', (mutant) => {
  const text = readFileSync(`${root}${mutant.file}`, 'utf8');
  const changed = broken(text, mutant);
  expect(changed).not.toBe(text);
  expect(() => stripTypeScriptTypes(changed)).not.toThrow();
  expect(existsSync(`${root}test/${mutant.caughtBy}.test.ts`)).toBe(true);
});
