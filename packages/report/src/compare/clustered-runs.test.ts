import { expect, test } from 'vitest';
import { clusteringOf } from '../clustering.ts';
import { recordedRun } from '../recorded-run.fixture.ts';
import type { Summary } from '../summary.ts';
import { compareRuns } from './compare-runs.ts';

const OPS = 3_000;
/** In some seconds everything is slow. */
const stalling = (seed: number, factor = 1): Summary =>
  recordedRun({ run: `r${seed}`, points: 60, tasks: [{ seed, ops: OPS, factor, failed: 0, stalls: 0.08 }] }).summary;
const NONE = { p50: 1, p90: 1, p99: 1, p999: 1 };
const independent = (summary: Summary): Summary => ({
  ...summary,
  tasks: summary.tasks.map((task) => ({ ...task, clustering: { errors: 1, response: NONE, service: NONE } })),
});

test('ops that are independent hang together hardly, those of stalls very much', () => {
  const [calm] = recordedRun({ run: 'r1', points: 60, tasks: [{ seed: 1, ops: OPS, factor: 1, failed: 0 }] }).summary
    .tasks;
  const [stalled] = stalling(3).tasks;
  expect(calm?.clustering?.service.p50).toBeLessThan(2);
  expect(stalled?.clustering?.service.p90).toBeGreaterThan(10);
});

test('two runs that stall now and then are rarely different, although their ops taken one by one are', () => {
  let rash = 0;
  let different = 0;
  let all = 0;
  for (let seed = 1; seed < 17; seed += 2) {
    const [a, b] = [stalling(seed), stalling(seed + 1)];
    const { better, worse, same, undecided } = compareRuns(a, b, { tolerance: 0 });
    different += better + worse;
    all += better + worse + same + undecided;
    const taken = compareRuns(independent(a), independent(b), { tolerance: 0 });
    rash += taken.better + taken.worse;
  }
  expect(different / all).toBeLessThan(0.1);
  expect(rash / all).toBeGreaterThan(0.2);
});

test('a run that stalls and is slower as well is worse', () => {
  const { tasks } = compareRuns(stalling(5), stalling(6, 1.5), { tolerance: 0.05 });
  expect(tasks[0]?.figures.find(({ figure }) => figure === 'service p50')?.verdict).toBe('worse');
});

test('a run of a few seconds says nothing of it, and the comparison says so', () => {
  const short = recordedRun({ run: 'r1', points: 4, tasks: [{ seed: 1, ops: 400, factor: 1, failed: 0 }] });
  expect(clusteringOf(short.timeline.points, 0)).toBeUndefined();
  expect(compareRuns(short.summary, short.summary, { tolerance: 0 }).warnings).toContain(
    'a: too short to see how slow ops come in bursts: they count as independent, verdicts may be rash',
  );
});
