/** The README's section of charts, as it is written from the machines. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../../machines/scenario.ts';
import { chartOf } from '../../src/charts/definition.ts';
import { mermaidOf } from '../../src/charts/mermaid.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BEGIN = '<!-- diagrams: written by npm run diagrams -->\n';
const END = '<!-- end of diagrams -->\n';

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

/** The README with the diagrams of these scenarios. Throws where it has no place for them. */
export function withDiagrams(readme: string, scenarios: readonly Scenario[]): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the README has no place for diagrams: ${BEGIN}${END}`);
  const diagrams = scenarios.map(drawn).join('\n');
  return `${readme.slice(0, begin)}${BEGIN}\n${diagrams}\n${readme.slice(end)}`;
}
