/** A chart as a picture, with the states lit that an actor is in, and the way that it came. */
import type { JSX } from 'preact';
import type { ChartView } from '../../insight/model.ts';
import { type Arrow, type Box, type Drawing, headData, pathData } from './drawing.ts';
import { isDot, TEXT } from './graph.ts';
import { pressable } from './pressable.ts';
import { type Lit, NOTHING_LIT } from './way.ts';

interface PictureParts {
  readonly chart: ChartView;
  readonly drawing: Drawing;
  readonly lit?: Lit;
  /** Path of the state that is looked at. */
  readonly chosen?: string | undefined;
  readonly choose?: ((path: string) => void) | undefined;
}

export function ChartPicture({ chart, drawing, lit = NOTHING_LIT, chosen, choose }: PictureParts): JSX.Element {
  const { width, height, boxes, arrows } = drawing;
  const isLast = (keys: readonly number[] | undefined): boolean => keys?.includes(lastOf(lit)) === true;
  const taken = arrows.filter(({ edge }) => lit.taken.has(edge.key));
  const others = arrows.filter(({ edge }) => !lit.taken.has(edge.key));
  return (
    <svg
      class={`chart${lit.now.size > 0 ? ' is-lit' : ''}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={`Chart of ${chart.scenario}${lit.now.size > 0 ? `, now in ${leavesOf(lit)}` : ''}`}
    >
      {boxes.map((box) => (
        <BoxPicture key={box.path} box={box} lit={lit} chosen={chosen} choose={choose} />
      ))}
      {others.map((arrow) => (
        <ArrowPicture key={arrow.edge.key} arrow={arrow} look="" />
      ))}
      {taken.map((arrow) => (
        <ArrowPicture
          key={arrow.edge.key}
          arrow={arrow}
          look={isLast(lit.taken.get(arrow.edge.key)) ? 'taken last' : 'taken'}
          numbers={isDot(arrow.edge.source) ? [] : (lit.taken.get(arrow.edge.key) ?? [])}
        />
      ))}
    </svg>
  );
}

const lastOf = ({ taken }: Lit): number => Math.max(0, ...[...taken.values()].flat());

/** Innermost states alone. */
const leavesOf = ({ now }: Lit): string =>
  [...now].filter((path) => path !== '' && ![...now].some((other) => other.startsWith(`${path}.`))).join(' and ');

interface BoxParts extends Pick<PictureParts, 'chosen' | 'choose'> {
  readonly box: Box;
  readonly lit: Lit;
}

function BoxPicture({ box, lit, chosen, choose }: BoxParts): JSX.Element {
  const { path, name, kind, depth, x, y, width, height, description } = box;
  if (kind === 'dot') return <circle class="dot" cx={x + width / 2} cy={y + height / 2} r={width / 2} />;
  const isOpen = kind === 'compound' || kind === 'parallel';
  const light = lit.now.has(path) ? ' now' : lit.before.has(path) ? ' before' : '';
  const looks = `box${path === '' ? ' root' : ''} ${kind} ${depth % 2 === 0 ? 'even' : 'odd'}${light}${chosen === path ? ' chosen' : ''}`;
  const press = choose === undefined ? {} : pressable(name, () => choose(path));
  return (
    <g class={looks} {...press}>
      <title>{description === '' ? name : `${name}: ${description}`}</title>
      <rect x={x} y={y} width={width} height={height} rx={depth === 0 ? 10 : 7} />
      {kind === 'final' ? <rect class="inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={5} /> : null}
      <text
        x={isOpen ? x + 12 : x + width / 2}
        y={isOpen ? y + 20 : y + height / 2 + 4.5}
        text-anchor={isOpen ? 'start' : 'middle'}
      >
        {name}
      </text>
    </g>
  );
}

interface ArrowParts {
  readonly arrow: Arrow;
  readonly look: string;
  readonly numbers?: readonly number[];
}

function ArrowPicture({ arrow, look, numbers = [] }: ArrowParts): JSX.Element {
  const { edge, points, text, middle } = arrow;
  return (
    <g class={`arrow ${look}`}>
      <title>{edge.transitions.map(({ event, guard }) => (guard === '' ? event : `${event} [${guard}]`)).join('\n')}</title>
      <path class="shaft" d={pathData(points)} />
      <path class="head" d={headData(points)} />
      {text === undefined
        ? null
        : edge.lines.map((line, n) => (
            <text key={line} class="event" x={text.x + 4} y={text.y + 11 + n * TEXT.line}>
              {line}
            </text>
          ))}
      {numbers.length === 0 ? null : <Steps numbers={numbers} at={middle} />}
    </g>
  );
}

/** Which stay in a state it led to: `3`, or of one that was taken often the first and the last, `3…9`. */
function Steps({
  numbers,
  at,
}: {
  readonly numbers: readonly number[];
  readonly at: { readonly x: number; readonly y: number };
}) {
  const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  const text = first === last ? `${first}` : numbers.length === 2 ? `${first} ${last}` : `${first}…${last}`;
  const width = Math.max(17, text.length * 6.5 + 8);
  return (
    <g class="step">
      <rect x={at.x - width / 2} y={at.y - 8.5} width={width} height={17} rx={8.5} />
      <text x={at.x} y={at.y + 3.8} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}
