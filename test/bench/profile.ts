/**
 * `node test/bench/profile.ts FILE.cpuprofile`: where the time of a profiled run went (CALLWEAVE_BENCH_PROFILE=DIR main.ts takes one of
 * each service it starts):
 * per folder and per function, its own time and share of all that was not idle.
 */
import { readFileSync } from 'node:fs';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP = 40;
const IDLE = new Set(['(idle)', '(program)']);

const profile = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Profile;
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));

const placeOf = (url: string): string => url.replace(/^.*\/(src|machines|node_modules)\//, '$1/').replace(/^file:\/\//, '');
const folderOf = (url: string): string => {
  const place = placeOf(url);
  if (place.startsWith('node_modules/')) return place.split('/').slice(0, 2).join('/');
  return place.split('/').slice(0, -1).join('/') || place || '(native)';
};

function sums(keyOf: (node: ProfileNode) => string): [string, number][] {
  const times = new Map<string, number>();
  for (const [i, id] of profile.samples.entries()) {
    const node = nodes.get(id);
    if (node === undefined || IDLE.has(node.callFrame.functionName)) continue;
    const key = keyOf(node);
    times.set(key, (times.get(key) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1000);
  }
  return [...times].sort((a, b) => b[1] - a[1]);
}

function print(title: string, rows: readonly [string, number][]): void {
  const all = rows.reduce((sum, [, ms]) => sum + ms, 0);
  console.log(`\n| ${title} | ms | share |\n| --- | --- | --- |`);
  for (const [key, ms] of rows.slice(0, TOP))
    console.log(`| ${key.slice(0, 80).replaceAll('|', '/')} | ${ms.toFixed(0)} | ${((ms / all) * 100).toFixed(1)}% |`);
}

print(
  'folder',
  sums(({ callFrame }) => (callFrame.url === '' ? callFrame.functionName || '(native)' : folderOf(callFrame.url))),
);
print(
  'function',
  sums(
    ({ callFrame: { functionName, url, lineNumber } }) => `${functionName || '(anonymous)'} ${placeOf(url)}:${lineNumber + 1}`,
  ),
);
