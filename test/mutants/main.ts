/**
 * Breaks the product on purpose, one rule at a time, and looks whether the suite sees it: `npm run test:mutants`, with names
 * of mutants for some of them alone. Exits 1 if one survives, or if a test is red without any.
 */
import { availableParallelism } from 'node:os';
import { Copy, type Verdict } from './copy.ts';
import { MUTANTS } from './list.ts';
import type { Mutant } from './mutant.ts';

const THE_OTHERS = ['--project', 'properties', '--project', 'simulation', '--project', 'unit', '--project', 'sabotage'];
const fileOf = (name: string): string => `test/${name}.test.ts`;

interface Finding {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly isExpected: boolean;
  readonly seconds: number;
}

/** First the test that is expected to fail, then, should it not, all others. */
async function tryOne(copy: Copy, mutant: Mutant): Promise<Finding> {
  const fromMs = performance.now();
  const done = (verdict: Verdict, isExpected: boolean): Finding => ({
    ...{ mutant, verdict, isExpected },
    seconds: (performance.now() - fromMs) / 1000,
  });
  const first = await copy.run(mutant, [fileOf(mutant.caughtBy)]);
  if (first.how !== 'green') return done(first, true);
  return done(await copy.run(mutant, THE_OTHERS), false);
}

const wordsFor = ({ verdict, isExpected }: Finding): string => {
  if (verdict.how === 'red')
    return isExpected ? `caught by ${verdict.test}` : `caught, though not as expected, by ${verdict.test}`;
  if (verdict.how === 'hung') return 'NOT SEEN: the tests did not end in time';
  return verdict.how === 'green' ? 'SURVIVED' : 'NO MUTANT: its tests cannot be loaded';
};
const isCaught = ({ verdict: { how } }: Finding): boolean => how === 'red';

async function main(names: readonly string[]): Promise<number> {
  const chosen = names.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => names.includes(name));
  if (chosen.length < names.length) {
    console.error(`unknown; there are: ${MUTANTS.map(({ name }) => name).join(', ')}`);
    return 1;
  }
  const copies = Array.from({ length: Math.min(availableParallelism(), chosen.length, 4) }, () => new Copy());
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      for (const copy of copies) copy.remove();
      process.exit(130);
    });
  try {
    const [first] = copies;
    const control = await first?.run(undefined, [...new Set(chosen.map(({ caughtBy }) => fileOf(caughtBy)))]);
    console.log(`the tree as it is: ${control?.how}${control?.test === '' ? '' : ` (${control?.test})`}`);
    if (control?.how !== 'green') return 1;
    const waiting = [...chosen];
    const findings: Finding[] = [];
    const work = async (copy: Copy): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const finding = await tryOne(copy, next);
        findings.push(finding);
        console.log(`${finding.seconds.toFixed(1).padStart(6)} s  ${next.name.padEnd(30)}  ${wordsFor(finding)}`);
      }
    };
    await Promise.all(copies.map(work));
    const survivors = findings.filter((finding) => !isCaught(finding));
    console.log(`${findings.length - survivors.length} of ${findings.length} mutants caught`);
    for (const { mutant } of survivors) console.log(`not caught: ${mutant.name}: ${mutant.breaks} (${mutant.file})`);
    return survivors.length === 0 ? 0 : 1;
  } finally {
    for (const copy of copies) copy.remove();
  }
}

process.exitCode = await main(process.argv.slice(2));
