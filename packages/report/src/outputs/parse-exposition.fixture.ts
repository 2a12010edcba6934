type Labels = Readonly<Record<string, string>>;

interface ParsedSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** The line without the value. */
  readonly series: string;
}

export interface ParsedExposition {
  /** Type by family, as declared. */
  readonly families: ReadonlyMap<string, string>;
  readonly samples: readonly ParsedSample[];
  readonly value: (name: string, labels: Labels) => number | undefined;
}

const SAMPLE = /^(?<series>(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})?) (?<value>[-+]?Inf|NaN|[-+\d.e]+)$/;
const LABEL = /(?<name>[a-zA-Z_]\w*)="(?<value>(?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** Reads Prometheus's text format and OpenMetrics, strictly: throws at the first line that is neither's. */
export function parseExposition(text: string): ParsedExposition {
  const families = new Map<string, string>();
  const samples: ParsedSample[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const [, kind, family = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') families.set(family, rest);
    else if (kind === undefined && line !== '# EOF') samples.push(sampleOf(line, families));
  }
  const value = (name: string, labels: Labels): number | undefined =>
    samples.find((sample) => sample.name === name && same(sample.labels, labels))?.value;
  return { families, samples, value };
}

function sampleOf(line: string, families: ReadonlyMap<string, string>): ParsedSample {
  const { series = '', name = '', labels = '', value = '' } = SAMPLE.exec(line)?.groups ?? {};
  const family = name.replace(/_(total|info|bucket|sum|count)$/, '');
  if (series === '') throw new Error(`not a sample: ${line}`);
  if (!families.has(name) && !families.has(family)) throw new Error(`${name} was not declared`);
  return { name, series, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) };
}

function labelsOf(text: string): Labels {
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length; ) {
    const { name = '', value = '' } = LABEL.exec(text)?.groups ?? {};
    if (name === '') throw new Error(`not labels: ${text}`);
    labels[name] = value.replaceAll(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

const same = (a: Labels, b: Labels): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(b).every(([name, value]) => a[name] === value);
