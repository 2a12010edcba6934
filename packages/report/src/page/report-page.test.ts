import { describe, expect, test } from 'vitest';
import { recordedRun } from '../recorded-run.fixture.ts';
import type { Summary } from '../summary.ts';
import { renderPage } from './report-page.ts';

const TASK = { seed: 3, ops: 600, factor: 1, failed: 6 };
const VOID = new Set(['meta']);

/** The elements of a document by path; throws where tags do not match. Stricter than HTML: every element is closed. */
function elements(page: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const markup = page.replaceAll(/<(script|style)>[^]*?<\/\1>/g, '<$1></$1>').replace('<!DOCTYPE html>', '');
  for (const [whole, closes, name = '', attributes = '', own] of markup.matchAll(
    /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<]*")?)*)\s*(\/?)>|<|&(?![a-z#0-9]+;)/g,
  )) {
    if (name === '') throw new Error(`a stray ${whole}`);
    if (closes === '/') {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> ends <${last}>`);
      continue;
    }
    found.push(`${open.join('/')}/${name}${/class="[^"]*"/.exec(attributes)?.[0] ?? ''}`);
    if (own !== '/' && !VOID.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(' ')}`);
  return found;
}

/** Every text of it, changed. */
function mapTexts(value: unknown, change: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(value, key);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, change, name)]));
}

describe('the page of a run', () => {
  const { summary, timeline } = recordedRun({
    run: 'r1',
    tasks: [TASK, { ...TASK, action: 'getItem' }],
    workers: ['w1', 'w2'],
    plan: '[{"action": "putItem", "qps": 30}]',
    notes: ['a note'],
  });
  const page = renderPage({ summary, points: timeline.points });

  test('is well formed, names its language and has one heading of the first rank', () => {
    const found = elements(page);
    expect(found.filter((path) => path.endsWith('/h1'))).toHaveLength(1);
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(page).toContain('<title>Run r1 finished</title>');
  });

  test('loads nothing, and forbids to', () => {
    expect(page).not.toMatch(/https?:|\bsrc=|\bhref=|url\(|@import|<link|<iframe|<img|\bon[a-z]+=/i);
    expect(page).toContain(`content="default-src &#39;none&#39;;`);
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  test('shows verdict, ledger, latencies of both kinds, errors, workers, notes and the plan', () => {
    for (const text of ['✓ Balanced.', '>duplicate<', 'service (uncorrected)', 'DRUM_OP_TIMEOUT', '>w2<', 'a note'])
      expect(page).toContain(text);
    expect(page).toContain('<pre>[{&quot;action&quot;: &quot;putItem&quot;, &quot;qps&quot;: 30}]</pre>');
  });

  test('has a drawing with a name and a table of the same figures for every chart', () => {
    const found = elements(page);
    const charts = found.filter((path) => path.endsWith('figureclass="chart"'));
    // Rate, backlog, in flight; of each task latency over time, rate, percentiles; errors; workers.
    expect(charts).toHaveLength(3 + 2 * 3 + 1 + 1);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]{20,}"/g)).toHaveLength(charts.length);
    expect(found.filter((path) => path.endsWith('figure/details/div/table'))).toHaveLength(charts.length);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('shows thresholds and the certificate when there are any', () => {
    expect(page).not.toContain('Thresholds');
    const slo = {
      text: 'p99 < 5ms',
      scope: null,
      unit: 'us',
      value: 7_100,
      bound: 5_000,
      decided: true,
      aborted: false,
    } as const;
    const judged = renderPage({ summary: { ...summary, slos: [{ ...slo, ok: false }] } });
    expect(judged).toContain('<li class="is-bad"><b>✗ Thresholds missed.</b> p99 &lt; 5ms.</li>');
    expect(judged).toContain('<td>7.10 ms</td>');
    expect(judged).toContain('<h2>Rate certificate</h2>');
    const none = renderPage({ summary: { ...summary, slos: [{ ...slo, ok: true }], certificate: null } });
    expect(none).toContain('<b>✓ Thresholds kept.</b> p99 &lt; 5ms.');
    expect(none).not.toContain('Rate certificate');
  });

  test('marks disturbed seconds, pauses and rate changes', () => {
    const at = (seconds: number): string => new Date(Date.parse(summary.started) + seconds * 1_000).toISOString();
    const played = {
      ...summary.played!,
      pauses: [{ from: at(5), to: at(6) }],
      rates: [{ at: at(10), factor: '2' }],
    };
    const marked = renderPage({ summary: { ...summary, played }, points: timeline.points });
    expect(page).toContain('<rect class="disturbed" x="550"');
    expect(page).not.toContain('class="paused"');
    expect(marked).toContain('<rect class="paused" x="250" y="0" width="50"');
    expect(marked).toContain('<span class="moment" style="left:50%">rate × 2</span>');
  });

  test('whatever names, codes, notes and plan hold is shown as text', () => {
    const hostile = `<script>alert(1)</script></style></pre><img src=x onerror="a()">"' onload='b()' &lt; \u202e\u0000]]>--`;
    const KEPT = new Set(['started', 'ended', 'hdr', 'from', 'to', 'at', 'shown', 'verdict']);
    const changed = mapTexts(summary, (text, key) => (KEPT.has(key) ? text : text + hostile)) as Summary;
    const tasks = changed.tasks.map((task) => ({ ...task, errors: { [`E${hostile}`]: 6 } }));
    const points = timeline.points.map((point) => ({
      ...point,
      workers: point.workers.map((worker) => ({ ...worker, worker: worker.worker + hostile })),
      tasks: point.tasks.map(({ task, action, response, service, lateness, errors, ...counts }) => {
        const codes = new Map([...errors].map(([code, count]) => [code + hostile, count]));
        return { task, action: action + hostile, response, service, lateness, errors: codes, ...counts };
      }),
    }));
    const attacked = renderPage({ summary: { ...changed, tasks }, points });
    expect(elements(attacked)).toEqual(elements(page));
    for (const part of ['<script>alert', '<img', '\u202e', '\u0000']) expect(attacked).not.toContain(part);
    expect(attacked).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('needs no timeline', () => {
    const found = elements(renderPage({ summary }));
    expect(found.filter((path) => path.endsWith('figureclass="chart"'))).toHaveLength(2);
  });

  test('of a run without a single op says so in tables', () => {
    const none = recordedRun({ run: 'r1', tasks: [{ ...TASK, ops: 0, failed: 0 }], points: 1 });
    expect(() => elements(renderPage({ summary: none.summary, points: none.timeline.points }))).not.toThrow();
  });

  test('weighs less than 1 MB after 24 hours with 2 tasks and 20 workers', () => {
    const workers = Array.from({ length: 20 }, (_, i) => `worker-${i}.eu-central-1.compute.internal`);
    const tasks = [1, 2].map((seed) => ({ seed, ops: 1_400, factor: seed, failed: 300 }));
    const day = recordedRun({ run: 'r1', tasks, workers, points: 610, length: 141_600_000 });
    const { length } = renderPage({ summary: day.summary, points: day.timeline.points });
    expect(length).toBeLessThan(1_000_000);
    expect(length).toBeGreaterThan(100_000);
  });
});
