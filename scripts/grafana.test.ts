import { readFileSync } from 'node:fs';
import { METRICS } from '@drumline/report';
import { describe, expect, test } from 'vitest';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

const dashboard = JSON.parse(
  readFileSync(new URL('../deploy/grafana/drumline.json', import.meta.url), 'utf8'),
) as Dashboard;

/** Names of series by which each family can be asked for. */
const series = new Map(
  METRICS.flatMap(({ name, type, labels }) =>
    type === 'histogram'
      ? ['bucket', 'sum', 'count'].map((part) => [`${name}_${part}`, [...labels, 'le']] as const)
      : [[name, labels] as const],
  ),
);
const variables = dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));
const expressions = [
  ...variables.filter((query) => query !== 'prometheus'),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];

describe('the Grafana dashboard', () => {
  test.each(expressions)('asks only for metrics and labels that there are: %s', (expression) => {
    const names = expression.match(/drumline_\w+/g) ?? [];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([...series.keys()]).toContain(name);
    const known = new Set(['job', ...names.flatMap((name) => series.get(name) ?? [])]);
    const selected = [...expression.matchAll(/(\w+)(?:=~|=)"/g)].map(([, label = '']) => label);
    const grouped = [...expression.matchAll(/by \(([\w, ]+)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
    for (const label of [...selected, ...grouped]) expect([...known]).toContain(label);
  });

  test('names in legends only labels that there are', () => {
    const labels = new Set([...series.values()].flat());
    for (const { title, targets } of dashboard.panels) {
      const used = targets.flatMap(({ legendFormat }) => [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]);
      for (const [, label = ''] of used) expect([title, labels.has(label)]).toEqual([title, true]);
    }
  });

  test('has panels that do not cover each other', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});
