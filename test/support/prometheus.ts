/** Reads the text format of Prometheus strictly, and holds names to its conventions as `promtool check metrics` does. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const LABELS = /^\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\}$/;
const SAMPLE = /^([a-z][a-z0-9_]*)(\{.*\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+Inf|NaN))$/;

function labelsOf(text: string, line: string): Readonly<Record<string, string>> {
  const inner = LABELS.exec(text)?.[1];
  if (inner === undefined) throw new Error(`no labels: ${line}`);
  const pairs = [...inner.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g)].map(
    ([, name = '', value = '']) => [name, value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))] as const,
  );
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error(`a label twice: ${line}`);
  return Object.fromEntries(pairs);
}

/** Every family with its samples. Throws with the line that Prometheus would not take, or that its conventions do not. */
export function readPrometheus(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const reader = new Reader();
  for (const line of text.split('\n').filter((each) => each !== '')) reader.read(line);
  for (const each of reader.families.values()) lint(each);
  return reader.families;
}

class Reader {
  readonly families = new Map<string, Family>();
  readonly #seen = new Set<string>();
  #family: { name: string; type: string; help: string; samples: Sample[] } | undefined;

  read(line: string): void {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([a-z][a-z0-9_]*) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') this.#open(name, rest);
    else if (kind === 'TYPE') this.#type(name, rest);
    else this.#sample(line);
  }

  #open(name: string, help: string): void {
    if (this.families.has(name)) throw new Error(`a family twice: ${name}`);
    this.#family = { name, help, type: '', samples: [] };
    this.families.set(name, this.#family);
  }

  #type(name: string, type: string): void {
    if (this.#family?.name !== name || this.#family.type !== '') throw new Error(`a type without its help: ${name}`);
    this.#family.type = type;
  }

  #sample(line: string): void {
    const [, name = '', labels, value = ''] = SAMPLE.exec(line) ?? [];
    const end = this.#family?.type === 'histogram' ? /_(?:bucket|sum|count)$/ : /$^/;
    if (name === '' || name.replace(end, '') !== this.#family?.name) throw new Error(`no sample: ${line}`);
    const key = line.slice(0, line.lastIndexOf(' '));
    if (this.#seen.has(key)) throw new Error(`a series twice: ${line}`);
    this.#seen.add(key);
    const number = Number(value.replace('+Inf', 'Infinity'));
    this.#family.samples.push({ name, labels: labels === undefined ? {} : labelsOf(labels, line), value: number });
  }
}

function lint({ name, type, help, samples }: Family): void {
  const wrong = (why: string): never => {
    throw new Error(`${name}: ${why}`);
  };
  if (!['counter', 'gauge', 'histogram'].includes(type)) wrong(`no type: ${type}`);
  if (help.length < 10) wrong('no help');
  if ((type === 'counter') !== name.endsWith('_total')) wrong('counters, and they alone, end in _total');
  if (/_(?:count|sum|bucket|ms|millis|milliseconds|minutes|percent|kb|mb)(?:_total)?$/.test(name)) wrong('no base unit');
  if (samples.some(({ value }) => !(value >= 0))) wrong('a value below 0');
  if (type === 'histogram') lintHistogram(samples, wrong);
}

function lintHistogram(samples: readonly Sample[], wrong: (why: string) => never): void {
  const buckets = samples.filter(({ name }) => name.endsWith('_bucket'));
  const bounds = buckets.map(({ labels }) => Number((labels.le ?? '').replace('+Inf', 'Infinity')));
  const ascends = (numbers: readonly number[]): boolean =>
    numbers.every((number, n) => n === 0 || number >= (numbers[n - 1] ?? 0));
  if (!ascends(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) wrong('its bounds do not ascend to +Inf');
  if (!ascends(buckets.map(({ value }) => value))) wrong('its buckets do not add up');
  const count = samples.find(({ name }) => name.endsWith('_count'));
  if (count === undefined || count.value !== buckets.at(-1)?.value) wrong('its count is not what is in the last bucket');
}

/** The value of one series; 0 where there is none.  */
export function sampleOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name.replace(/_(?:sum|count)$/, (end) => (families.has(name) ? end : '')));
  if (family === undefined) throw new Error(`there is no ${name}`);
  const wanted = Object.entries(labels);
  return (
    family.samples.find((sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value))
      ?.value ?? 0
  );
}
