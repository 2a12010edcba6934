import type { Histogram } from '@drumline/core/stats';

export type Labels = Readonly<Record<string, string | number>>;

/** The value of one series now. A histogram counts from the beginning of the run. */
export type Sample =
  | { readonly labels: Labels; readonly value: number }
  | { readonly labels: Labels; readonly histogram: Histogram };

/** What is exposed under one name. `Source` is what its samples are read from. */
export interface MetricFamily<Source> {
  /** With the unit, and `_total` when it is a counter. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  /** Of the base units; absent = a number of things. */
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (source: Source) => readonly Sample[];
}

/** What a scraper can ask for: Prometheus's text format 0.0.4, or OpenMetrics 1.0. */
export type Exposition = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Exposition, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Upper bounds of the buckets, in seconds. */
const BUCKETS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** All families with their present values, for a scraper. */
export function renderMetrics<Source>(
  families: readonly MetricFamily<Source>[],
  source: Source,
  exposition: Exposition,
): string {
  const lines = families.flatMap((family) => [
    ...describe(family, exposition),
    ...family.samples(source).flatMap((sample) => sampleLines(family.name, sample)),
  ]);
  return `${[...lines, ...(exposition === 'openmetrics' ? ['# EOF'] : [])].join('\n')}\n`;
}

function describe<Source>({ name, type, unit, help }: MetricFamily<Source>, exposition: Exposition): string[] {
  if (exposition === 'text') {
    return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type === 'info' ? 'gauge' : type}`];
  }
  // OpenMetrics names the family without what its samples add.
  const family = name.replace(/_(total|info)$/u, '');
  return [
    `# TYPE ${family} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${family} ${unit}`]),
    `# HELP ${family} ${escaped(help)}`,
  ];
}

function sampleLines(name: string, sample: Sample): string[] {
  if (!('histogram' in sample)) return [`${name}${labelText(sample.labels)} ${numberText(sample.value)}`];
  const { histogram, labels } = sample;
  const counts = cumulativeCounts(histogram);
  const buckets = BUCKETS.map((bound, i) => bucketLine(name, labels, boundText(bound), counts[i] ?? 0));
  const seconds = (histogram.mean * histogram.total) / 1e6;
  return [
    ...buckets,
    bucketLine(name, labels, '+Inf', histogram.total),
    `${name}_sum${labelText(labels)} ${numberText(seconds)}`,
    `${name}_count${labelText(labels)} ${numberText(histogram.total)}`,
  ];
}

const bucketLine = (name: string, labels: Labels, le: string, count: number): string =>
  `${name}_bucket${labelText({ ...labels, le })} ${numberText(count)}`;

/** Values at or below each bound; those of the counter that a bound lies in (0.1 % of it wide) count as below. */
function cumulativeCounts(histogram: Histogram): number[] {
  const counts: number[] = [];
  let running = 0;
  for (const { from, count } of histogram.bars()) {
    while (counts.length < BUCKETS.length && from > BUCKETS[counts.length]! * 1e6) counts.push(running);
    running += count;
  }
  while (counts.length < BUCKETS.length) counts.push(running);
  return counts;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(String(value)).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** OpenMetrics wants bounds as floats, so that one series has one name whoever asks. */
const boundText = (bound: number): string => (Number.isInteger(bound) ? bound.toFixed(1) : String(bound));

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
