/** What of the README is written from the code: the diagrams of the machines, and the table of metrics. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../../machines/scenario.ts';
import { chartOf } from '../../src/charts/definition.ts';
import { mermaidOf } from '../../src/charts/mermaid.ts';
import { DEFINITIONS, TIMES } from '../../src/metrics/definitions.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Where a scenario's machine stands. Throws if it stands nowhere. */
export function fileOf({ name }: Scenario): string {
  const file = [`machines/${name}.ts`, `machines/supervisors/${name}.ts`].find((path) => existsSync(root + path));
  if (file === undefined) throw new Error(`no file under machines/ is named after ${name}`);
  return file;
}

function drawn(scenario: Scenario): string {
  const chart = chartOf(scenario, true);
  const starts = chart.startsOn.map((fact) => `\`${fact}\``).join(' or ');
  return `<details>
<summary><b>${scenario.name}</b>: ${chart.description}</summary>

\`${fileOf(scenario)}\`, born of ${starts}.

\`\`\`mermaid
${mermaidOf(chart)}\`\`\`

</details>
`;
}

const row = (name: string, type: string, labels: readonly string[], help: string): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;

function tableOfMetrics(): string {
  const rows = [
    ...DEFINITIONS.map(({ name, kind, labels, help }) => row(name, kind, labels, help)),
    ...Object.values(TIMES).map(({ name, help }) => row(name, 'histogram', [], help)),
  ];
  return `| metric | type | labels | what it says |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** Puts a text between the two marks of that name. Throws where the README has no place for it. */
function between(readme: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: written by npm run diagrams -->\n`, `<!-- end of ${name} -->\n`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the README has no place for ${name}: ${begin}${end}`);
  return `${readme.slice(0, from)}${begin}\n${text}\n${readme.slice(to)}`;
}

/** The README with the diagrams of these scenarios and with the metrics, as they are now. */
export const written = (readme: string, scenarios: readonly Scenario[]): string =>
  between(between(readme, 'diagrams', scenarios.map(drawn).join('\n')), 'metrics', tableOfMetrics());
